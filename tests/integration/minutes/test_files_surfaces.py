"""Files of a meeting in the console and on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestrator import bootstrap, cli
from orchestrator.errors import InvalidInput, OrchestratorError
from orchestrator.store.engine import Database
from tests import made_files as made
from tests.integration.conftest import World, emptied
from tests.integration.serving import TestClient, application

FILES = "/meetings/SOM-2026/files"
ORIGIN = {"Origin": "http://localhost"}


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path) -> World:
    made_world = World(emptied(sqlite_of_session), tmp_path / "data")
    made_world.invited()
    return made_world


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(application(world), base_url="http://localhost", follow_redirects=False) as found:
        yield found


def command(world: World, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setattr(bootstrap, "container", lambda: world)
    done = CliRunner().invoke(cli.cli, ["files", *words], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.output


def test_a_coordinator_puts_a_file_up_in_the_console(client: TestClient, world: World) -> None:
    form = client.get(FILES)
    assert "There are no files yet." in form.text
    answer = client.post(
        FILES,
        files={"file": ("<b>.pdf", made.PDF)},
        data={"item": "1", "audience": "partners", "delegation": ""},
        headers=ORIGIN,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"{FILES}?done=put-up")
    (file,) = world.meeting_files.all("SOM-2026")
    assert (file.filename, file.item, file.audience, file.delegation) == ("b.pdf", 1, "partners", None)
    assert (file.actor, file.channel) == ("console", "console")
    page = client.get(FILES).text
    assert "b.pdf" in page
    assert "members and partners" in page
    assert "b.pdf" in client.get("/meetings/SOM-2026").text
    content = client.get(f"{FILES}/{file.id}")
    assert content.content == made.PDF
    assert content.headers["content-disposition"].startswith("attachment;")


def test_what_cannot_be_taken_is_said_beside_its_field(client: TestClient) -> None:
    sent = {"item": "2", "audience": "partners"}
    answer = client.post(FILES, files={"file": ("a.pdf", b"MZ")}, data=sent, headers=ORIGIN)
    assert answer.status_code == 422
    assert 'id="file-wrong"' in answer.text
    assert 'value="2" selected' in answer.text
    assert 'value="partners" selected' in answer.text
    assert client.post(FILES, data={"item": "1"}, headers=ORIGIN).status_code == 400


def test_a_file_is_withdrawn_in_the_console_only_with_a_reason(client: TestClient, world: World) -> None:
    client.post(FILES, files={"file": ("a.pdf", made.PDF)}, headers=ORIGIN)
    (file,) = world.meeting_files.all("SOM-2026")
    refused = client.post(f"{FILES}/{file.id}/withdraw", data={"reason": " "}, headers=ORIGIN)
    assert (refused.status_code, f'id="reason-{file.id}-wrong"' in refused.text) == (422, True)
    done = client.post(f"{FILES}/{file.id}/withdraw", data={"reason": "Wrong one."}, headers=ORIGIN)
    assert done.status_code == 303
    assert "Wrong one." in client.get(FILES).text
    assert client.post(f"{FILES}/999/withdraw", data={"reason": "x"}, headers=ORIGIN).status_code == 404


def test_the_console_wants_its_own_page(client: TestClient, world: World) -> None:
    evil = {"Origin": "https://evil.example"}
    assert client.post(FILES, files={"file": ("a.pdf", made.PDF)}, headers=evil).status_code == 403
    assert world.meeting_files.all("SOM-2026") == []


def test_a_file_goes_in_and_out_by_commands(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "Agenda.docx"
    source.write_bytes(made.DOCX)
    said = command(world, monkeypatch, "put-up", "SOM-2026", str(source), "--item", "2", "--json")
    number = json.loads(said)["id"]
    assert "Agenda.docx" in command(world, monkeypatch, "list", "SOM-2026")
    target = tmp_path / "out.docx"
    command(world, monkeypatch, "download", "SOM-2026", str(number), str(target))
    assert target.read_bytes() == made.DOCX
    with pytest.raises(InvalidInput, match="cannot be written"):
        command(world, monkeypatch, "download", "SOM-2026", str(number), str(target))
    command(world, monkeypatch, "withdraw", "SOM-2026", str(number), "--reason", "An old one.")
    (listed,) = json.loads(command(world, monkeypatch, "list", "SOM-2026", "--json"))
    assert listed["withdrawn_reason"] == "An old one."


@pytest.mark.parametrize("name", ["missing.pdf", ""])
def test_what_a_command_cannot_read_is_said(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with pytest.raises(OrchestratorError, match="cannot be read"):
        command(world, monkeypatch, "put-up", "SOM-2026", str(tmp_path / name))
