"""Sessions of events get their days, come and go; events get other titles, leads and months."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.definitions.events import EventUpdate, SessionDefinition
from orchestrator.domain.meetings.linked import Linked
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.services.dates.fair_starts import FairStartQuery
from orchestrator.services.dates.proposals import DatePollRequest
from orchestrator.store.engine import Database
from tests.integration.conftest import NHUNG, TAN, THIDA, World, contents, statements
from tests.integration.meetings.eventful import (
    BY,
    EVENT,
    LATER,
    PREP,
    SATO,
    SOM,
    create,
    event,
    fields_of,
    seen,
    session,
    standing,
)

# --- the day of a session


def test_a_session_gets_its_day_and_is_a_draft_for_the_people_of_its_groups(world: World) -> None:
    create(world)
    world.events.publish(EVENT, caller=BY)
    made = world.event_sessions.date(EVENT, "WS", {"start": "2027-02-12 09:00"}, caller=BY)
    assert made.reference == "WS"
    assert standing(world)["WS"] == "draft"
    workshop = world.reading.meeting("WS")
    assert {item.email for item in workshop.attendees} == {NHUNG, THIDA, SATO}
    assert (workshop.start, workshop.duration, workshop.timeline) == ("2027-02-12 09:00", "PT2H", "standard")
    assert seen(world).history[0].what.key == "meetings.history.session-dated"
    world.events.publish(EVENT, caller=BY)
    world.run()
    assert SATO in {mail.recipient for mail in world.mailer.accepted}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"start": "2027-03-01 09:00"}, "start"),
        ({"start": "2027-02-12 9:00"}, "start"),
        ({"start": "2027-02-12 09:00", "zone": "Asia/Hanoi"}, "zone"),
        ({"start": "2027-02-12 09:00", "duration": "PT0S"}, "duration"),
        ({}, "start"),
    ],
)
def test_a_day_that_cannot_be_is_refused_at_its_field(
    world: World, given: dict[str, str], field: str
) -> None:
    create(world)
    before = contents(world.database)
    with pytest.raises(InvalidInput) as caught:
        world.event_sessions.date(EVENT, "WS", given, caller=BY)
    assert fields_of(caught) == [field]
    assert contents(world.database) == before


def test_what_has_its_day_or_is_no_session_gets_none(world: World) -> None:
    create(world)
    with pytest.raises(Conflict, match="has its day"):
        world.event_sessions.date(EVENT, "SOM", {"start": "2027-02-12 09:00"}, caller=BY)
    with pytest.raises(NotFound, match="PREP"):
        world.event_sessions.date(EVENT, "NONE", {"start": "2027-02-12 09:00"}, caller=BY)
    with pytest.raises(Conflict, match="changed"):
        world.event_sessions.date(EVENT, "WS", {"start": "2027-02-12 09:00"}, caller=BY, version=99)


def test_sessions_move_together_as_linked_meetings_do(world: World) -> None:
    create(world)
    update = MeetingUpdate.model_validate({"start": "2027-02-12 14:00"})
    version = world.reading.meeting("SOM").version
    with pytest.raises(Conflict) as asked:
        world.meetings.update("SOM", update, caller=BY, version=version)
    assert asked.value.code == "linked-meetings"
    world.meetings.update("SOM", update, caller=BY, version=version, linked=Linked.MOVE)
    assert [item.start for item in map(world.reading.meeting, ("PREP", "SOM"))] == [
        "2027-02-11 14:00",
        "2027-02-12 14:00",
    ]


# --- changing


def change(world: World, name: str = EVENT, **fields: Any) -> None:
    world.event_sessions.change(name, EventUpdate.of(fields), caller=BY)


def test_title_lead_and_month_change_and_history_says_so(world: World) -> None:
    create(world, event(PREP, SOM, LATER, session("X", groups=["SOM"])))
    change(world, title={"en": "New", "short": None}, lead="WS")
    found = seen(world)
    assert (found.title_en, found.title_vi, found.short, found.lead) == (
        *("New", "Các cuộc họp tháng 2", None, "WS"),
    )
    assert [item.leads for item in found.sessions] == [False, False, True, False]
    assert [item.what.key for item in found.history] == [
        *("meetings.history.event-led", "meetings.history.event-renamed", "meetings.history.event-created"),
    ]
    assert {item.actor for item in found.history} == {BY.actor.name}


def test_the_month_changes_only_where_no_session_contradicts(world: World) -> None:
    create(world)
    with pytest.raises(InvalidInput) as caught:
        change(world, when={"month": "2027-03"})
    assert fields_of(caught) == ["when.month", "when.month"]
    with pytest.raises(InvalidInput) as caught:
        change(world, when=None)
    assert fields_of(caught) == ["when"]
    with pytest.raises(InvalidInput) as caught:
        change(world, lead="NONE")
    assert fields_of(caught) == ["lead"]
    world.event_sessions.remove(EVENT, "WS", caller=BY)
    change(world, when=None)
    assert seen(world).month is None


def test_an_event_that_nobody_has_named_can_be_named(world: World) -> None:
    world.create(preparatory=True)
    change(world, "SOM-2026", title="Meetings of December")
    assert (seen(world, "SOM-2026").title_en, seen(world, "SOM-2026").named) == ("Meetings of December", True)


# --- sessions come and go


def add(world: World, name: str = EVENT, **fields: Any) -> None:
    world.event_sessions.add(name, SessionDefinition.of(session("NEW") | fields), caller=BY)


def test_a_session_is_added_with_or_without_its_day(world: World) -> None:
    create(world)
    add(world, groups=["PLUS3"])
    add(world, reference="DATED", start="2027-02-15 09:00", groups=["SOM"])
    assert standing(world) == {
        "PREP": "draft",
        "SOM": "draft",
        "DATED": "draft",
        "WS": "planned",
        "NEW": "planned",
    }
    assert world.reading.meeting("DATED").programme == "ACCSM 21"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"start": "2027-03-15 09:00"}, "start"),
        ({"groups": ["HCS"]}, "groups[0]"),
        ({"programme": "ACCSM 22"}, "programme"),
        ({"host": "XX"}, "host"),
        ({"feeds": "NEW"}, "feeds"),
    ],
)
def test_a_session_that_does_not_fit_is_not_added(world: World, fields: dict[str, Any], field: str) -> None:
    create(world)
    before = contents(world.database)
    with pytest.raises(InvalidInput) as caught:
        add(world, **fields)
    assert field in fields_of(caught)
    assert contents(world.database) == before


@pytest.mark.parametrize("reference", ["SOM", "WS"])
def test_a_reference_is_given_once(world: World, reference: str) -> None:
    create(world)
    with pytest.raises(Conflict):
        add(world, reference=reference)


def test_an_event_that_nobody_has_named_gives_its_sessions_what_its_lead_has(world: World) -> None:
    world.create()
    add(world, "SOM-2026", start="2026-12-04 09:00", duration="PT1H", groups=["ACCSM_FP"])
    new = world.reading.meeting("NEW")
    assert (new.host, new.zone, [item.email for item in new.attendees]) == ("VN", "Asia/Ho_Chi_Minh", [TAN])
    with pytest.raises(InvalidInput) as caught:
        add(world, "SOM-2026", reference="OTHER")
    assert fields_of(caught) == ["start"], "its event names no month"


def test_a_session_without_a_day_is_gone_and_a_meeting_goes_on_alone(world: World) -> None:
    create(world)
    world.events.publish(EVENT, caller=BY)
    world.event_sessions.remove(EVENT, "WS", caller=BY)
    world.event_sessions.remove(EVENT, "PREP", caller=BY)
    assert standing(world) == {"SOM": "published"}
    assert standing(world, "PREP") == {"PREP": "published"}
    with pytest.raises(NotFound):
        seen(world, "WS")
    with pytest.raises(Conflict, match="leads"):
        world.event_sessions.remove(EVENT, "SOM", caller=BY)


def test_many_events_take_as_many_statements_as_one(world: World) -> None:
    create(world)
    with statements(world.database) as one:
        world.event_reading.events()
    create(world, *(event(session(f"S{n}"), event=f"E{n}", lead=f"S{n}") for n in range(5)))
    with statements(world.database) as more:
        found = world.event_reading.events()
    assert len(found) == 6
    assert len(more) == len(one)


# --- what works with meetings works with sessions


def test_delegations_are_asked_for_the_day_of_a_session_and_nothing_else_leaves(world: World) -> None:
    create(world)
    world.event_sessions.date(EVENT, "WS", {"start": "2027-02-16 09:00"}, caller=BY)
    asked = {"starts": ["2027-02-16 09:00", "2027-02-17 14:00"], "closes": "2027-01-12 12:00"}
    world.date_polls.open("WS", DatePollRequest.of(asked), caller=BY)
    with pytest.raises(Conflict, match="WS"):
        world.events.publish(EVENT, caller=BY)
    world.clock.move(days=1)
    world.run()
    assert {mail.method for mail in world.mailer.accepted} == {"no calendar"}
    assert {row.purpose for row in world.deliveries()} == {"date-poll"}
    world.date_polls.close("WS", 2, caller=BY)
    assert world.reading.meeting("WS").start == "2027-02-17 14:00"
    world.events.publish(EVENT, caller=BY)
    assert set(standing(world).values()) == {"published"}


def test_the_slot_finder_takes_a_session_and_says_of_one_without_a_day_what_it_lacks(world: World) -> None:
    create(world)
    asked = {"meeting": "SOM", "from": "2027-02-08", "to": "2027-02-12"}
    assert world.fair_starts.find(FairStartQuery.of(asked))
    with pytest.raises(NotFound, match="event date E-2027-02 WS"):
        world.fair_starts.find(FairStartQuery.of(asked | {"meeting": "WS"}))


def test_what_was_called_off_or_is_over_is_not_published_with_the_rest(world: World) -> None:
    create(world)
    world.meetings.cancel("PREP", caller=BY)
    effect = world.events.publish(EVENT, caller=BY)
    assert {item.meeting for item in effect.consequences} == {"SOM"}
    assert standing(world) == {"PREP": "cancelled", "SOM": "published", "WS": "planned"}


def test_of_two_who_give_a_session_its_day_at_once_one_does(postgres: Database, tmp_path: Path) -> None:
    world = World(postgres, tmp_path / "data")
    create(world)

    def dated(day: int) -> str:
        try:
            world.event_sessions.date(EVENT, "WS", {"start": f"2027-02-{day} 09:00"}, caller=BY)
        except Conflict as error:
            return error.fact.key
        return "dated"

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(dated, (15, 16, 17, 18)))
    assert found == ["dated", *["meetings.has-its-day"] * 3]
    assert standing(world)["WS"] == "draft"


def test_of_two_who_publish_an_event_at_once_one_does(postgres: Database, tmp_path: Path) -> None:
    world = World(postgres, tmp_path / "data")
    create(world)
    version = seen(world).version

    def published(_: int) -> str:
        try:
            world.events.publish(EVENT, caller=BY, version=version)
        except Conflict as error:
            return error.code
        return "published"

    with ThreadPoolExecutor(3) as pool:
        found = sorted(pool.map(published, range(3)))
    assert found == ["published", "version-conflict", "version-conflict"]
    assert standing(world) == {"PREP": "published", "SOM": "published", "WS": "planned"}
