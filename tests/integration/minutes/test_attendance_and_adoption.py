"""What thanks and minutes rest on: who was there, and which minutes are adopted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestrator import bootstrap, cli
from orchestrator.domain.readiness.attendance import Presence
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.store.engine import Database
from tests.callers import caller
from tests.integration.conftest import ENDS, STARTS, TAN, World, emptied
from tests.integration.serving import TestClient, application

SOM, HERE = "SOM-2026", "/meetings/SOM-2026"
KHOI, LAN = caller("Khoi"), caller("Lan")
ORIGIN = {"Origin": "http://localhost"}


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path) -> World:
    made = World(emptied(sqlite_of_session), tmp_path / "data")
    made.invited()
    return made


@pytest.fixture
def begun(world: World) -> World:
    world.clock.at = STARTS
    return world


@pytest.fixture
def over(world: World) -> World:
    world.clock.at = ENDS
    world.run()
    world.minutes.attach(SOM, "minutes.txt", b"One.", caller=KHOI)
    world.minutes.attach(SOM, "minutes.txt", b"Two.", caller=KHOI)
    return world


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(application(world), base_url="http://localhost", follow_redirects=False) as made:
        yield made


def stands(world: World) -> dict[str, str]:
    return {item.delegation: item.presence for item in world.attendance.of(SOM)}


def command(world: World, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setattr(bootstrap, "container", lambda: world)
    done = CliRunner().invoke(cli.cli, [*words], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.output


def test_nobody_is_known_to_be_there_before_it_is_noted(begun: World) -> None:
    assert stands(begun) == {"MM": "not known", "SG": "not known", "VN": "not known"}
    begun.attendance.note(SOM, {"VN": Presence.PRESENT, "mm": Presence.ABSENT}, caller=KHOI)
    assert stands(begun) == {"MM": "absent", "SG": "not known", "VN": "present"}
    line = begun.reading.meeting(SOM).history[0]
    assert (line.what.key, line.actor) == ("readiness.history.attendance-noted", "Khoi")


def test_who_noted_it_first_stays_and_a_correction_is_its_own(begun: World) -> None:
    begun.attendance.note(SOM, {"VN": Presence.PRESENT}, caller=KHOI)
    lines = len(begun.reading.meeting(SOM).history)
    begun.clock.move(minutes=5)
    begun.attendance.note(SOM, {"VN": Presence.PRESENT}, caller=LAN)
    found = {item.delegation: item for item in begun.attendance.of(SOM)}["VN"]
    assert (found.actor, found.at, len(begun.reading.meeting(SOM).history)) == ("Khoi", STARTS, lines)
    begun.attendance.note(SOM, {"VN": Presence.ABSENT}, caller=LAN, note="Left at once.")
    found = {item.delegation: item for item in begun.attendance.of(SOM)}["VN"]
    assert (found.presence, found.actor, found.note) == (Presence.ABSENT, "Lan", "Left at once.")
    begun.attendance.note(SOM, {"VN": Presence.NOT_KNOWN}, caller=LAN)
    assert stands(begun)["VN"] == "not known"


def test_attendance_is_noted_from_the_start_on_only(world: World) -> None:
    world.clock.at = STARTS
    world.clock.move(seconds=-1)
    with pytest.raises(Conflict, match="has not begun"):
        world.attendance.note(SOM, {"VN": Presence.PRESENT}, caller=KHOI)
    world.meetings.cancel(SOM, caller=KHOI, reason="A typhoon.")
    world.clock.move(days=1)
    with pytest.raises(Conflict):
        world.attendance.note(SOM, {"VN": Presence.PRESENT}, caller=KHOI)


def test_only_invited_delegations_are_noted_and_none_if_one_is_not(begun: World) -> None:
    with pytest.raises(NotFound):
        begun.attendance.note(SOM, {"VN": Presence.PRESENT, "JP": Presence.PRESENT}, caller=KHOI)
    assert stands(begun)["VN"] == "not known"


def test_attendance_through_console_api_and_commands(
    begun: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Note who was there" in client.get(HERE).text
    chosen = {"VN": "present", "MM": "absent", "SG": "not known"}
    assert client.post(f"{HERE}/attendance", data=chosen, headers=ORIGIN).status_code == 303
    assert "by console" in client.get(f"{HERE}/attendance").text
    assert client.post(f"{HERE}/attendance", data={"VN": "perhaps"}, headers=ORIGIN).status_code == 422
    bearer = {"Authorization": f"Bearer {begun.api_token}"}
    path = f"/api/v1{HERE}/attendance"
    sent = client.put(f"{path}/sg", json={"presence": "present", "note": "Late."}, headers=bearer)
    assert {item["delegation"]: item["presence"] for item in sent.json()} == stands(begun)
    assert client.get(path, headers=bearer).json() == sent.json()
    command(begun, monkeypatch, "meeting", "attendance", "note", SOM, "SG", "absent")
    listed = json.loads(command(begun, monkeypatch, "meeting", "attendance", "list", SOM, "--json"))
    assert [(item["delegation"], item["presence"]) for item in listed] == list(stands(begun).items())
    assert stands(begun)["SG"] == "absent"


def test_minutes_are_a_draft_until_one_is_adopted(over: World) -> None:
    assert [item.adopted_on for item in over.reading.meeting(SOM).minutes] == [None, None]
    over.clock.move(days=10)
    over.minutes.adopt(SOM, 2, date(2026, 12, 10), caller=KHOI)
    one, two = over.reading.meeting(SOM).minutes
    assert (one.adopted_on, two.adopted_on, two.adopted_by) == (None, date(2026, 12, 10), "Khoi")
    line = over.reading.meeting(SOM).history[0]
    assert (line.what.key, line.actor) == ("minutes.history.adopted", "Khoi")
    with pytest.raises(Conflict, match="took the place"):
        over.minutes.adopt(SOM, 1, date(2026, 12, 10), caller=KHOI)
    over.minutes.adopt(SOM, 2, date(2026, 12, 11), caller=LAN)
    over.minutes.adopt(SOM, 2, None, caller=LAN)
    assert over.reading.meeting(SOM).minutes[1].adopted_on is None
    over.minutes.adopt(SOM, 1, date(2026, 12, 10), caller=KHOI)


@pytest.mark.parametrize("day", [date(2026, 12, 2), date(2026, 12, 5), date(9999, 1, 1)])
def test_minutes_are_not_adopted_before_the_meeting_or_in_days_to_come(over: World, day: date) -> None:
    over.clock.move(days=1)
    with pytest.raises(InvalidInput) as caught:
        over.minutes.adopt(SOM, 1, day, caller=KHOI)
    assert caught.value.problems[0].field == "adopted_on"
    assert "minutes." not in caught.value.message


def test_adoption_through_console_api_and_commands(
    over: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound):
        over.minutes.adopt(SOM, 3, date(2026, 12, 3), caller=KHOI)
    path = f"{HERE}/minutes/2/adoption"
    assert client.post(path, data={"adopted_on": "2026-12-03"}, headers=ORIGIN).status_code == 303
    assert "Adopted on Thursday, 3 December 2026" in client.get(HERE).text
    page = "/a/" + over.personal_links.link_of(SOM, TAN).rpartition("/")[2]
    assert "version 2, adopted on Thursday, 3 December 2026" in client.get(page).text
    assert "version 1, draft" in client.get(page).text
    assert client.post(path, data={"adopted_on": "soon"}, headers=ORIGIN).status_code == 422
    bearer = {"Authorization": f"Bearer {over.api_token}"}
    undone = client.put(f"/api/v1{path}", json={"adopted_on": None}, headers=bearer)
    assert [item["adopted_on"] for item in undone.json()] == [None, None]
    command(over, monkeypatch, "minutes", "adopt", SOM, "2", "--on", "2026-12-03")
    assert "adopted on 2026-12-03" in command(over, monkeypatch, "minutes", "list", SOM)
    command(over, monkeypatch, "minutes", "adopt", SOM, "2", "--undo")
    assert "adopted on" not in command(over, monkeypatch, "minutes", "list", SOM)
