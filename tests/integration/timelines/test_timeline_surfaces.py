"""Files of timelines, and timelines on the command line and through the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from config import DATA
from config.settings import Settings
from orchestrator import cli as command_line
from orchestrator.bootstrap import Container
from orchestrator.errors import ConfigurationError, InvalidInput, NotFound
from orchestrator.services.timelines.timelines import timeline_text
from tests.integration.conftest import World
from tests.integration.serving import TestClient, application
from tests.integration.timelines.adjusted import REFERENCE, TWO_DAYS, standard


def test_two_files_of_one_name_and_an_unknown_text_stop_the_service(tmp_path: Path) -> None:
    folder = tmp_path / "timelines"
    folder.mkdir()
    step = {"do": "notice", "about": "papers", "to": "members", "at": "-5WD"}
    for file in ("a", "b"):
        text = yaml.safe_dump({"name": "mine", "title": "Mine", "steps": [step]})
        (folder / f"{file}.yaml").write_text(text, "utf-8")
    with pytest.raises(
        ConfigurationError, match=r"b\.yaml: name: is the name of another file's timeline too"
    ):
        _ = Container(Settings(data_dir=tmp_path, timelines_dir=folder)).timelines
    (folder / "b.yaml").write_text(text.replace("papers", "weather").replace("mine", "other"), "utf-8")
    with pytest.raises(ConfigurationError, match=r"b.yaml: steps\[0\].about: is not a text of notices.yaml"):
        _ = Container(Settings(data_dir=tmp_path, timelines_dir=folder)).timelines


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "timelines/a.yaml",
            "at: -P1D",
            "at: -P1D, at: -P2D",
            r"a\.yaml: line 4, column 35: .* .at. is there twice",
        ),
        ("timelines/a.yaml", "steps:", "steps: [", r"a\.yaml: line \d+, column \d+: is not readable YAML"),
        (
            "notices.yaml",
            "  - key: papers",
            "  - key: papers\n    key: paper",
            r"notices\.yaml: line .* 'key' is",
        ),
        (
            "delegations.yaml",
            "- code: KH",
            "- code: KH\n    code: BN",
            r"delegations\.yaml: line .* 'code' is",
        ),
    ],
)
def test_what_is_written_twice_or_not_yaml_in_a_file_of_the_service_stops_it_and_says_where(
    tmp_path: Path, name: str, old: str, new: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Plain YAML would silently keep the last of two."""
    (tmp_path / "timelines").mkdir()
    for shipped in ("notices.yaml", "delegations.yaml"):
        (tmp_path / shipped).write_bytes((DATA / shipped).read_bytes())
    text = "name: a\ntitle: A\nsteps:\n  - {do: remind, id: x, at: -P1D}\n"
    (tmp_path / "timelines" / "a.yaml").write_text(text, "utf-8")
    before = (tmp_path / name).read_text("utf-8")
    assert old in before
    settings = Settings(
        data_dir=tmp_path,
        timelines_dir=tmp_path / "timelines",
        notices_file=tmp_path / "notices.yaml",
        delegations_file=tmp_path / "delegations.yaml",
    )
    assert set(Container(settings).timelines) == {"a"}
    assert caplog.messages == []
    (tmp_path / name).write_text(before.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigurationError, match=message):
        _ = Container(settings).timelines


def test_an_old_name_in_a_file_of_the_service_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    step = {"do": "rehearse", "id": "try", "at": "-3WD", "day": "-1WD", "slot": "PT15M"}
    text = yaml.safe_dump({"name": "mine", "title": "Mine", "steps": [step]})
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    assert set(Container(Settings(data_dir=tmp_path, timelines_dir=tmp_path)).timelines) == {"mine"}
    (said,) = caplog.messages
    assert said.startswith("mine.yaml: 'do: rehearse' is called 'do: connection-test' now")


# The command line.


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command line against the world."""
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: world)

    def command(*words: object) -> Result:
        return CliRunner().invoke(command_line.cli, [str(word) for word in words])

    return command


def test_the_command_line_lists_and_shows_timelines(run: Any, world: World) -> None:
    listed = run("timeline", "list")
    assert "heads, heads-plus-three" in listed.output
    assert json.loads(run("timeline", "list", "--json").output)[0]["name"] == "heads"
    shown = run("timeline", "show", "som")
    assert yaml.safe_load(shown.output) == world.meeting_timelines.one("som").document
    assert json.loads(run("timeline", "show", "som", "--json").output)["name"] == "som"
    assert isinstance(run("timeline", "show", "fast").exception, NotFound)


def test_the_command_line_sets_a_timeline_and_takes_it_back(run: Any, world: World, tmp_path: Path) -> None:
    world.published()
    file = tmp_path / "own.yaml"
    file.write_text(timeline_text(standard(world, remind_P2D=TWO_DAYS)), "utf-8")
    look = run("meeting", "timeline", REFERENCE, "--set", file, "--preview")
    assert look.exit_code == 0
    assert "Reminder, 2 days before" in look.output
    assert not world.meeting_timelines.of(REFERENCE).own
    done = run("meeting", "timeline", REFERENCE, "--set", file, "--yes")
    assert "Done: SOM-2026, now version 3." in done.output
    shown = run("meeting", "timeline", REFERENCE)
    assert yaml.safe_load(shown.output)["title"] == "Our own"
    assert json.loads(run("meeting", "timeline", REFERENCE, "--json").output)["own"] is True
    back = run("meeting", "timeline", REFERENCE, "--reset", "--yes", "--json")
    assert json.loads(back.output)["version"] == 4
    assert not world.meeting_timelines.of(REFERENCE).own


def test_the_command_line_refuses_what_contradicts_itself(run: Any, world: World, tmp_path: Path) -> None:
    world.create()
    both = run("meeting", "timeline", REFERENCE, "--set", "x.yaml", "--reset")
    assert (both.exit_code, "--set and --reset contradict each other" in both.output) == (2, True)
    alone = run("meeting", "timeline", REFERENCE, "--preview")
    assert (alone.exit_code, "--preview goes with --set FILE" in alone.output) == (2, True)
    missing = run("meeting", "timeline", REFERENCE, "--set", tmp_path / "missing.yaml", "--yes")
    assert isinstance(missing.exception, InvalidInput)


# The API.


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(application(world), base_url="http://127.0.0.1", headers=headers) as found:
        yield found


def test_the_api_shows_sets_and_resets_a_timeline(client: TestClient, world: World) -> None:
    world.published()
    names = [item["name"] for item in client.get("/api/v1/timelines").json()]
    assert names == sorted(world.timelines)
    document = client.get("/api/v1/timelines/standard").json()["document"]
    assert client.get("/api/v1/timelines/fast").status_code == 404
    document["steps"].append(TWO_DAYS)
    address = f"/api/v1/meetings/{REFERENCE}/timeline"
    look = client.put(address, json={"timeline": document}, params={"preview": True}).json()
    assert look["previewed"] is True
    assert client.get(address).json()["own"] is False
    done = client.put(address, json={"timeline": document, "version": 2}).json()
    assert (done["consequences"], done["version"]) == (look["consequences"], 3)
    found = client.get(address).json()
    assert (found["own"], found["named"], found["timeline"]["document"]) == (True, "standard", document)
    assert client.put(address, json={"timeline": document, "version": 2}).json()["code"] == "version-conflict"
    assert client.delete(address, params={"version": 2}).status_code == 409
    assert client.delete(address, params={"version": 3}).json()["version"] == 4
    assert client.get(address).json()["own"] is False


def test_the_api_names_what_is_wrong_with_a_timeline(client: TestClient, world: World) -> None:
    world.create()
    step = {"do": "chase", "when": "it rains", "at": ["-5WD", "soon"]}
    body = {"timeline": {"name": "x", "title": "X", "steps": [step]}}
    answer = client.put(f"/api/v1/meetings/{REFERENCE}/timeline", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    found = {item["field"]: item["value"] for item in answer.json()["problems"]}
    assert found == {"steps[0].at[1]": "soon", "steps[0].when": "it rains"}
