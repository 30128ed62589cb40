"""``--json`` answers scripts with the same keys as ever; keys may be added, none goes."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orchestrator.cli import cli
from orchestrator.store.engine import Database
from tests.integration.conftest import ENDS, NHUNG, STARTS, TAN, World, emptied

GOLDEN = Path(__file__).parents[2] / "golden" / "json-keys.json"
REF = "SOM-2026"
LONG = "LONG-2026"
"""A meeting on the whole timeline, with connection tests."""
DATES = ("--start", "2027-02-03 14:00", "--start", "2027-02-04 14:00", "--closes", "2026-11-20 17:00")

LOOKS = (
    "meeting list",
    f"meeting show {REF}",
    f"meeting plan {LONG}",
    f"meeting deliveries {REF}",
    f"meeting readiness {LONG}",
    f"meeting timeline {REF}",
    f"meeting attendee responses {REF}",
    f"meeting attendee personal-link {REF} {TAN}",
    f"meeting connection-test list {LONG}",
    f"meeting decision list {REF}",
    "meeting date-poll show ASKED",
    f"minutes list {REF}",
    "mailbox list",
    "actions list",
    "timeline list",
    "timeline show som",
    "calendar show VN --month 2027-02",
    "calendar overrides",
    "calendar versions",
    "fair-starts --for SG --host VN --duration PT2H --from 2027-01-04 --to 2027-01-05 --why-not 2027-01-04",
)
CHANGES = (
    f"meeting attendee answer {REF} {TAN} declined",
    f"meeting attendee send-again {REF} {NHUNG}",
    f"meeting delegation record {LONG} VN paper in",
    f"meeting delegation nudge {LONG} --preview",
    f"meeting update {REF} --title New --preview",
    f"meeting cancel {REF} --preview",
    "calendar close VN 2027-02-15 --name Day --why Gazette --preview",
)
DURING = (
    f"meeting delegation joined {REF} VN",
    f"meeting decision add {REF} Agreed",
    f"meeting conclude {REF} --preview",
)


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A meeting whose invitations have left, with something of everything, and a draft with a date poll."""
    found = World(emptied(sqlite_of_session), tmp_path / "data")
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: found)
    for reference, timeline in ((REF, "standard"), (LONG, "som")):
        found.create(reference=reference, timeline=timeline)
        ran("meeting", "publish", reference, "--yes")
    found.run()
    found.create(reference="ASKED", start="2027-02-03 14:00")
    for words in (
        ("meeting", "attendee", "answer", REF, NHUNG, "accepted", "--comment", "With pleasure"),
        ("calendar", "close", "SG", "2027-03-01", "--name", "Day", "--why", "Gazette", "--yes"),
        ("meeting", "date-poll", "open", "ASKED", *DATES, "--yes"),
    ):
        ran(*words)
    return found


def ran(*words: str) -> str:
    result = CliRunner().invoke(cli, [*words], catch_exceptions=False, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.stdout


def keys(value: Any, path: str = "") -> set[str]:
    """Every key of an answer with its path; the names of things in mappings by name count as keys too."""
    if isinstance(value, list):
        return {key for item in value for key in keys(item, f"{path}[]")}
    if isinstance(value, dict):
        own = {f"{path}.{key}".lstrip(".") for key in value}
        return own.union(*(keys(item, f"{path}.{key}") for key, item in value.items())) if own else own
    return set()


def answers(world: World, minutes: Path) -> dict[str, list[str]]:
    """The keys of every command's answer: changes first, so that looking has something to show."""
    found = {words: keys_of(words) for words in CHANGES}
    world.clock.at = STARTS
    world.run()
    found |= {words: keys_of(words) for words in DURING}
    world.mailbox.arrive(b"From: x@example.org\r\nSubject: Hello\r\n\r\nHello\r\n")
    for moment in (ENDS, ENDS + timedelta(seconds=world.settings.poll_seconds)):
        world.clock.at = moment
        world.run()
    minutes.write_text("# Minutes", "utf-8")
    ran("minutes", "attach", REF, str(minutes), "--yes")
    world.run()
    return found | {words: keys_of(words) for words in LOOKS}


def keys_of(words: str) -> list[str]:
    return sorted(keys(json.loads(ran(*words.split(), "--json"))))


def test_no_key_of_an_answer_goes(world: World, tmp_path: Path) -> None:
    found = answers(world, tmp_path / "minutes.md")
    expected = json.loads(GOLDEN.read_text("utf-8"))
    assert found.keys() == expected.keys()
    missing = {words: set(expected[words]) - set(found[words]) for words in expected}
    assert {words: gone for words, gone in missing.items() if gone} == {}


def test_people_read_sentences_and_no_values(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (*CHANGES, *LOOKS, f"meeting plan {LONG} --all"):
        capsys.readouterr()
        said = ran(*words.split()) + capsys.readouterr().out
        assert "Fact(" not in said, words
        assert "LocalTime(" not in said, words
