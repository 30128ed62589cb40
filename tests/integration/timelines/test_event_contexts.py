"""The event around a session is put together from what is stored, in a bounded number of statements."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from orchestrator.domain.minutes.files import FileAudience, MeetingFile
from orchestrator.domain.readiness.attendance import Presence
from orchestrator.domain.timelines.policy.context import NOTHING, EventContext
from orchestrator.services.timelines.event_contexts import context_of
from orchestrator.store.meetings import meetings as store
from orchestrator.store.minutes import files
from tests.integration.conftest import World, statements
from tests.integration.meetings.eventful import BY, SATO, create, event, session
from tests.unit.timelines.policy.events import SOM_POLICY


def context(world: World, reference: str = "SOM") -> EventContext:
    with world.database.reading() as reading:
        meeting = store.load(reading, store.find_id(reading, reference))
        return context_of(reading, meeting, SOM_POLICY)


def put_up(world: World, reference: str, number: int, audience: FileAudience, days: int) -> None:
    at = world.clock.at + timedelta(days=days)
    file = MeetingFile(
        0,
        f"paper-{number}.pdf",
        "application/pdf",
        3,
        f"{number:064}",
        1,
        None,
        None,
        audience,
        "K",
        "console",
        at,
    )
    with world.database.transaction() as writing:
        files.add(writing, store.find_id(writing, reference), file, BY)


@pytest.fixture
def told(world: World) -> World:
    """An event of which two sessions are published, and one has no day."""
    create(world)
    world.events.publish("SOM", caller=BY)
    return world


def test_the_published_sessions_stand_in_the_order_of_their_starts(told: World) -> None:
    found = context(told)
    assert [item.reference for item in found.sessions] == ["PREP", "SOM"]
    assert (found.lead.reference, found.first.reference) == ("SOM", "PREP")
    assert found.deadline is None
    assert found.records_of(found.lead) == NOTHING


def test_a_draft_or_cancelled_session_is_not_of_it_and_the_session_itself_always_is(world: World) -> None:
    create(world)
    assert [item.reference for item in context(world).sessions] == ["SOM"]
    world.events.publish("SOM", caller=BY)
    world.meetings.cancel("PREP", caller=BY, reason="The room is closed.")
    assert [item.reference for item in context(world).sessions] == ["SOM"]
    assert [item.reference for item in context(world, "PREP").sessions] == ["PREP", "SOM"]


def test_letters_stand_in_the_lead_session_or_in_the_first_one_of_a_person(world: World) -> None:
    create(
        world,
        event(
            session("PREP", start="2027-02-10 14:00", groups=["SOM", "PLUS3"]),
            session("SOM", start="2027-02-11 14:00", groups=["SOM"]),
        ),
    )
    world.events.publish("SOM", caller=BY)
    found = context(world)
    nhung = found.lead.invited[0].address
    assert found.letters_of(nhung) is found.lead
    assert found.letters_of(SATO) is found.first
    assert found.letters_of("nobody@example.org") is None


def test_what_is_on_record_is_of_each_session(told: World) -> None:
    put_up(told, "SOM", 1, FileAudience.PARTNERS, 1)
    put_up(told, "SOM", 2, FileAudience.MEMBERS, 2)
    put_up(told, "PREP", 3, FileAudience.MEMBERS, 3)
    now = told.clock.at
    found = context(told)
    records = found.records_of(found.lead)
    assert (records.documents_at, records.open_documents_at) == (
        now + timedelta(days=2),
        now + timedelta(days=1),
    )
    first = found.records_of(found.first)
    assert (first.documents_at, first.open_documents_at) == (now + timedelta(days=3), None)


def test_attendance_and_minutes_are_on_record_once_a_person_has_noted_them(told: World) -> None:
    told.clock.at = context(told).lead.ends_at + timedelta(hours=1)
    told.attendance.note("SOM", {"VN": Presence.PRESENT, "MM": Presence.ABSENT}, caller=BY)
    told.meetings.conclude("SOM", caller=BY)
    told.minutes.attach("SOM", "minutes.md", b"# Minutes", caller=BY)
    found = context(told)
    records = found.records_of(found.lead)
    assert records.present == {"VN"}
    assert records.attendance_at == records.draft_at == told.clock.at
    assert records.final_at is None
    told.clock.move(days=3)
    told.minutes.adopt("SOM", 1, date(2027, 2, 14), caller=BY)
    assert context(told).records_of(found.lead).final_at == told.clock.at


def test_more_sessions_take_no_more_statements(world: World) -> None:
    several = [
        session(f"S{number}", start=f"2027-02-{number:02} 14:00", groups=["SOM"]) for number in range(10, 16)
    ]
    create(world, event(*several[:2], lead="S10"))
    world.events.publish("S10", caller=BY)
    with statements(world.database) as two:
        context(world, "S10")
    create(
        world,
        event(
            *[item | {"reference": f"T{item['reference']}"} for item in several], event="OTHER", lead="TS10"
        ),
    )
    world.events.publish("TS10", caller=BY)
    with statements(world.database) as six:
        assert len(context(world, "TS10").sessions) == 6
    assert len(six) == len(two)


def test_where_the_lead_session_has_no_day_a_persons_letters_stand_in_one_session_all_the_same(
    world: World,
) -> None:
    sessions = [
        session("PREP", start="2027-02-10 14:00", groups=["SOM"]),
        session("WS", start="2027-02-12 14:00", groups=["SOM"]),
        session("SOM", groups=["SOM"]),
    ]
    create(world, event(*sessions))
    world.events.publish("SOM", caller=BY)
    address = context(world, "PREP").first.invited[0].address
    homes = [context(world, name).letters_of(address) for name in ("PREP", "WS")]
    assert [home.reference for home in homes if home] == ["PREP", "PREP"]
