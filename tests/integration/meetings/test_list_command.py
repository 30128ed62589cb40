"""``orchestrator meeting list``: everything, or a page that says where the next one begins."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestrator.cli import cli
from orchestrator.errors import InvalidInput
from orchestrator.store.engine import Database
from tests.integration.conftest import World, emptied


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(emptied(sqlite_of_session), tmp_path / "data")
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: found)
    for day in range(1, 6):
        found.create(reference=f"M-{day}", start=f"2026-12-0{day} 14:00")
    return found


def ran(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    done = CliRunner().invoke(cli, ["meeting", "list", *words], standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.stdout + capsys.readouterr().out


def test_pages_follow_one_another_and_together_are_the_list(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []
    words: tuple[str, ...] = ("--limit", "2")
    while words:
        shown = ran(capsys, *words)
        seen += re.findall(r"^M-\d", shown, re.MULTILINE)
        words = tuple(found[1].split()) if (found := re.search(r"meeting list (.*)", shown)) else ()
    whole = json.loads(ran(capsys, "--json"))
    assert seen == [item["reference"] for item in whole] == [f"M-{day}" for day in range(1, 6)]


def test_a_page_as_json_says_where_the_next_one_begins(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    first = json.loads(ran(capsys, "--limit", "3", "--json"))
    assert [item["reference"] for item in first["meetings"]] == ["M-1", "M-2", "M-3"]
    last = json.loads(ran(capsys, "--limit", "3", "--after", first["following"], "--json"))
    assert [item["reference"] for item in last["meetings"]] == ["M-4", "M-5"]
    assert last["following"] is None


def test_a_place_that_no_page_said_is_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidInput):
        ran(capsys, "--limit", "2", "--after", "nowhere")
