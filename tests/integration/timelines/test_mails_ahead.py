"""What one person will be sent of an event, before anything is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner

from orchestrator import cli as command_line
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import InvalidInput, NotFound
from orchestrator.services.timelines.mails_ahead import MailAhead
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.words import say
from tests.callers import caller
from tests.integration.conftest import NHUNG, NOW, THIDA, World, contents, statements
from tests.integration.meetings import eventful
from tests.integration.serving import TestClient, application

FOCAL_POINTS = [
    {
        "name": "Nguyen Thi Nhung",
        "email": NHUNG,
        "delegation": "VN",
        "group": "ACCSM_FP",
        "role": "focal point",
    },
    {"name": "Daw Thida", "email": THIDA, "delegation": "MM", "group": "ACCSM_FP", "role": "focal point"},
]
REFERENCE = "SOM-2026"


@pytest.fixture
def som(world: World) -> World:
    """A draft of a SOM nine weeks ahead, by the timeline of its kind."""
    start = f"{NOW + timedelta(days=64):%Y-%m-%d} 14:00"
    world.create(start=start, timeline="som", attendees=FOCAL_POINTS)
    return world


def lines(mails: Iterable[MailAhead]) -> list[str]:
    return [say(item.what) for item in mails]


def test_a_draft_is_looked_at_as_if_it_were_published_and_nothing_is_written(som: World) -> None:
    before = contents(som.database)
    found = som.foreseeing_mails.of(REFERENCE, "MM")
    assert contents(som.database) == before
    assert (found.name, found.address, found.delegation) == ("Daw Thida", THIDA, "MM")
    assert lines(found.silent)[0] == "Save-the-date"
    assert "Invitation" in lines(found.silent)
    chasers = [item for item in lines(found.silent) if item.startswith("Chaser")]
    assert len(chasers) > 5
    moments = [item.at for item in found.silent if item.at is not None]
    assert moments == sorted(moments)
    assert {item.when.city for item in found.silent if item.when is not None} == {"Nay Pyi Taw"}


def test_who_gives_all_in_time_is_not_chased(som: World) -> None:
    found = som.foreseeing_mails.of(REFERENCE, THIDA)
    assert not [item for item in lines(found.in_time) if item.startswith("Chaser")]
    assert "Invitation" in lines(found.in_time)
    assert len(found.in_time) < len(found.silent)


def test_what_has_gone_out_is_not_ahead_any_more(world: World) -> None:
    world.invited()
    found = world.foreseeing_mails.of(REFERENCE, "VN")
    assert "Invitation" not in lines(found.silent)
    assert any(item.startswith("Reminder") for item in lines(found.silent))


def test_where_nothing_is_asked_both_are_said_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.invited()
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: world)
    printed = CliRunner().invoke(command_line.cli, ["meeting", "mails-ahead", REFERENCE, "--to", NHUNG])
    assert "Answering or not: 3 mails" in printed.output
    assert "While nothing is answered" not in printed.output


def test_what_was_planned_is_what_is_sent(world: World) -> None:
    """Each mail that was foreseen of a draft is an action once it is published, at the same moment."""
    world.create()
    found = world.foreseeing_mails.of(REFERENCE, NHUNG)
    world.meetings.publish(REFERENCE, caller=caller("Khoi"))
    number = next(item.id for item in world.reading.meeting(REFERENCE).attendees if item.email == NHUNG)
    planned = [row for row in world.rows() if row.attendee_id == number]
    assert [item.at for item in found.silent] == [row.planned_at for row in sorted(planned, key=_due)]


def _due(row: ActionRow) -> tuple[bool, datetime]:
    return row.planned_at is not None, row.due_at


def test_who_has_answered_is_taken_as_they_stand(world: World) -> None:
    world.invited()
    world.answers.answer(REFERENCE, NHUNG, Participation.DECLINED, caller=caller("Khoi"))
    assert world.foreseeing_mails.of(REFERENCE, NHUNG).silent == ()


def test_each_role_has_its_budget_and_more_than_fourteen_is_much(som: World) -> None:
    (points,) = som.foreseeing_mails.budget(REFERENCE)
    assert (points.role, points.people, points.is_much) == ("focal point", 2, True)
    person = som.foreseeing_mails.of(REFERENCE, points.address)
    assert (points.silent, points.in_time) == (len(person.silent), len(person.in_time))


def test_the_budget_is_shown_without_a_name(som: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: som)
    printed = CliRunner().invoke(command_line.cli, ["meeting", "mails-ahead", REFERENCE])
    assert "More than 14 mails for one person and event is much." in printed.output
    headers = {"Authorization": f"Bearer {som.api_token}"}
    with TestClient(application(som), base_url="http://127.0.0.1", headers=headers) as client:
        (told,) = client.get(f"/api/v1/meetings/{REFERENCE}/mail-budget").json()
        page = client.get(f"/meetings/{REFERENCE}/mails-ahead").text
        assert f"/meetings/{REFERENCE}/mails-ahead" in client.get(f"/meetings/{REFERENCE}/publish").text
    assert (told["role"], told["people"], told["is_much"]) == ("focal point", 2, True)
    assert "How many mails one person gets at most" in page
    assert f"to={told['address'].replace('@', '%40')}" in page


@pytest.mark.parametrize("whom", ["nobody@example.org", "TH", ""])
def test_nobody_of_the_event_is_an_error_that_names_the_delegations(som: World, whom: str) -> None:
    with pytest.raises(InvalidInput, match=r"to: is nobody who is invited.*MM, VN|to: .*VN"):
        som.foreseeing_mails.of(REFERENCE, whom)


def test_an_unknown_meeting_is_not_found(som: World) -> None:
    with pytest.raises(NotFound):
        som.foreseeing_mails.of("SOM-1999", "VN")


def test_the_command_and_the_api_show_the_same(som: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: som)
    runner = CliRunner()
    printed = runner.invoke(command_line.cli, ["meeting", "mails-ahead", REFERENCE, "--to", "VN"])
    assert printed.exit_code == 0, printed.output
    assert "While nothing is answered: " in printed.output
    assert "When all is given a day after the invitation: " in printed.output
    as_json = runner.invoke(command_line.cli, ["meeting", "mails-ahead", REFERENCE, "--to", "VN", "--json"])
    written = json.loads(as_json.output)
    headers = {"Authorization": f"Bearer {som.api_token}"}
    with TestClient(application(som), base_url="http://127.0.0.1", headers=headers) as client:
        answered = client.get(f"/api/v1/meetings/{REFERENCE}/mails-ahead", params={"to": "VN"})
        wrong = client.get(f"/api/v1/meetings/{REFERENCE}/mails-ahead", params={"to": "TH"})
    assert answered.status_code == 200, answered.text
    assert [item["what"] for item in answered.json()["silent"]] == lines(
        som.foreseeing_mails.of(REFERENCE, "VN").silent
    )
    assert len(written["silent"]) == len(answered.json()["silent"])
    assert wrong.status_code == 422


def test_the_console_asks_for_whom_and_shows_their_mails(som: World) -> None:
    address = f"/meetings/{REFERENCE}/mails-ahead"
    with TestClient(application(som), base_url="http://127.0.0.1") as client:
        assert address in client.get(f"/meetings/{REFERENCE}").text
        asked = client.get(address)
        shown = client.get(address, params={"to": "mm"})
        wrong = client.get(address, params={"to": "Malaysia"})
    assert asked.status_code == 200
    assert "Daw Thida" in shown.text
    assert "Save-the-date" in shown.text
    assert "if it were published now" in shown.text
    assert (wrong.status_code, 'value="Malaysia"' in wrong.text) == (422, True)
    assert "is nobody who is invited" in wrong.text


def test_an_address_is_known_in_every_spelling_of_its_domain(world: World) -> None:
    asked = {"name": "Lan", "email": "Lan@bộ.example", "delegation": "VN", "group": "ACCSM_FP"}
    world.create(attendees=[asked, FOCAL_POINTS[1]])
    for spelling in ("lan@BỘ.example", " LAN@xn--b-8xm.example "):
        assert world.foreseeing_mails.of(REFERENCE, spelling).name == "Lan"


def test_what_tells_a_new_time_is_called_an_update(world: World) -> None:
    world.invited()
    moved = MeetingUpdate.model_validate({"start": "2026-12-04 14:00"})
    version = world.reading.meeting(REFERENCE).version
    world.meetings.update(
        REFERENCE, moved, caller=caller("Khoi"), version=version, reason={"en": "The hall is taken."}
    )
    assert lines(world.foreseeing_mails.of(REFERENCE, NHUNG).silent)[0] == "Updated invitation"


def test_more_sessions_are_loaded_with_no_more_statements(world: World) -> None:
    days = [
        eventful.session(f"S{number}", start=f"2027-02-{number} 14:00", groups=["SOM"])
        for number in (10, 11, 12)
    ]
    eventful.create(world, eventful.event(*days[:1], event="ONE", lead="S10"))
    with statements(world.database) as one:
        world.foreseeing_mails.of("S10", NHUNG)
    three = [item | {"reference": f"T{item['reference']}"} for item in days]
    eventful.create(world, eventful.event(*three, event="THREE", lead="TS10"))
    with statements(world.database) as several:
        world.foreseeing_mails.of("TS10", NHUNG)
    assert sum("FROM meeting " in item for item in several) == sum("FROM meeting " in item for item in one)


def test_a_number_is_that_of_the_meeting_and_not_of_its_event(world: World) -> None:
    eventful.create(world)
    world.create(attendees=FOCAL_POINTS)
    number = str(world.reading.meeting(REFERENCE).id)
    assert {item.meeting for item in world.foreseeing_mails.of(number, "MM").silent} == {REFERENCE}
