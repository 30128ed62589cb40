"""Events and their sessions: made of files and of meetings, and published at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.definitions.files import WrittenFile
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput, NotFound
from tests.integration.conftest import NHUNG, TAN, THIDA, World, contents, definition
from tests.integration.meetings.eventful import (
    BY,
    EVENT,
    EVERYBODY,
    LATER,
    SATO,
    SOM,
    create,
    event,
    fields_of,
    seen,
    session,
    standing,
)

# --- creating


def test_sessions_with_a_start_are_drafts_and_the_others_wait_for_their_day(world: World) -> None:
    created = world.events.create(WrittenFile(events=(event(),), alone=True), caller=BY)
    assert [item.reference for item in created.drafts] == ["PREP", "SOM"]
    assert [item.planned for item in created.events] == [("WS",)]
    found = seen(world)
    assert standing(world) == {"PREP": "draft", "SOM": "draft", "WS": "planned"}
    assert (found.title_en, found.month, found.lead, found.named) == (
        *("Meetings of February", "2027-02", "SOM"),
        True,
    )
    assert {item.reference: item.invited for item in found.sessions} == {"PREP": 2, "SOM": 3, "WS": 3}
    assert [item.reference for item in world.reading.meetings()] == ["PREP", "SOM"]
    som = world.reading.meeting("SOM")
    assert (som.programme, som.fed_by, som.title_en) == (
        *("ACCSM 21", ("PREP",)),
        "Senior Officials' Meeting (SOM), February",
    )
    with pytest.raises(NotFound, match="event date E-2027-02 WS"):
        world.reading.meeting("WS")
    assert seen(world, "WS").reference == seen(world, "PREP").reference == EVENT


def test_all_of_a_file_is_made_or_nothing(world: World) -> None:
    create(world, event(LATER, event="OLD", lead="WS"))
    before = contents(world.database)
    with pytest.raises(Conflict, match="WS"):
        create(world)
    with pytest.raises(Conflict, match="OLD"):
        create(world, event(session("X"), event="OLD", lead="X"))
    with pytest.raises(Conflict, match="whose day is not known"):
        world.create(reference="WS")
    assert contents(world.database) == before


def test_every_problem_is_told_at_once_at_its_field(world: World) -> None:
    bad = event(
        session("A", start="2027-03-01 09:00"),
        session("B", groups=["HCS"], lead=False),
        session("C", start="2027-02-01 09:00", timeline="none"),
        lead="D",
    )
    file = WrittenFile(events=(event(), bad), meetings=(definition("M", host="XX"),))
    with pytest.raises(InvalidInput) as caught:
        world.events.create(file, caller=BY)
    assert fields_of(caught) == [
        "events[1].lead",
        "events[1].sessions[0].start",
        "events[1].sessions[1].groups[0]",
        "events[1].sessions[2].timeline",
        "meetings[0].host",
    ]


def test_a_fault_that_all_sessions_share_is_told_once(world: World) -> None:
    people = [item | {"delegation": "XX"} for item in EVERYBODY[:1]]
    sessions = [LATER | {"groups": None}, SOM | {"groups": None}, SOM | {"reference": "Z", "host": "YY"}]
    with pytest.raises(InvalidInput) as caught:
        create(world, event(*sessions, attendees=people, host="XX", lead="WS"))
    assert fields_of(caught) == ["sessions[2].groups[1]", "host", "attendees[0].delegation"]


def test_sessions_that_prepare_each_other_in_a_circle_are_refused_also_without_days(world: World) -> None:
    sessions = [session("A", feeds="B"), session("B", feeds="A")]
    with pytest.raises(InvalidInput) as caught:
        create(world, event(*sessions, lead="A"))
    assert fields_of(caught) == ["sessions[1].feeds"]


def test_a_preparatory_meeting_that_is_asked_for_is_a_session_too(world: World) -> None:
    create(world, event(SOM | {"preparatory": True}))
    assert standing(world) == {"SOM-PREP": "draft", "SOM": "draft"}


# --- meetings that nobody put into an event


def test_a_meeting_alone_is_an_event_of_one_session(world: World) -> None:
    world.create()
    found = seen(world, "SOM-2026")
    assert (found.reference, found.title_en, found.named) == ("SOM-2026", "Senior Officials Meeting", False)
    assert world.event_reading.events() == [], "a list of events says nothing of it that the meetings do not"


def test_what_is_linked_is_one_event_in_whatever_order_it_comes(world: World) -> None:
    world.create(reference="PREP-1", kind="preparatory", feeds="SOM-2026")
    world.create(reference="PREP-2", kind="preparatory", feeds="SOM-2026")
    assert seen(world, "PREP-2").reference == "PREP-2"
    world.create(preparatory={"reference": "PREP-3"})
    (found,) = world.event_reading.events()
    assert (found.reference, found.lead) == ("SOM-2026", "SOM-2026")
    assert {item.reference for item in found.sessions} == {"PREP-1", "PREP-2", "PREP-3", "SOM-2026"}
    assert [item.id for item in world.event_reading.events()] == [seen(world, "PREP-2").id]


def test_what_is_linked_to_a_session_comes_to_its_event(world: World) -> None:
    create(world)
    world.create(reference="EXTRA", kind="preparatory", feeds="SOM")
    assert "EXTRA" in standing(world)
    assert seen(world).lead == "SOM"


# --- publishing


def test_an_event_is_published_at_once_and_the_preview_says_what_follows(world: World) -> None:
    create(world)
    before = contents(world.database)
    preview = world.events.publish(EVENT, caller=BY, dry_run=True)
    assert contents(world.database) == before
    version = seen(world).version
    effect = world.events.publish(EVENT, caller=BY, version=version)
    assert (effect.reference, effect.version) == (EVENT, seen(world).version)
    assert effect.version > version
    assert preview.consequences == effect.consequences
    assert {item.meeting for item in effect.consequences} == {"PREP", "SOM"}
    invited = [
        (item.meeting, item.recipient_email) for item in effect.consequences if item.kind == ActionKind.INVITE
    ]
    assert sorted(map(str, invited)) == sorted(
        map(str, [("PREP", NHUNG), ("PREP", THIDA), ("SOM", NHUNG), ("SOM", THIDA), ("SOM", TAN)])
    )
    assert standing(world) == {"PREP": "published", "SOM": "published", "WS": "planned"}
    assert world.wake_up.notified
    world.run()
    assert SATO not in {mail.recipient for mail in world.mailer.accepted}, "nothing leaves without a day"
    with pytest.raises(Conflict, match="left to publish"):
        world.events.publish(EVENT, caller=BY)


def test_what_one_session_lacks_keeps_all_of_them_back(world: World) -> None:
    create(world)
    world.clock.at = world.reading.meeting("PREP").starts_at + timedelta(hours=1)
    before = contents(world.database)
    with pytest.raises(Conflict, match="PREP"):
        world.events.publish(EVENT, caller=BY)
    assert contents(world.database) == before


def test_only_what_was_seen_is_published(world: World) -> None:
    create(world)
    version = seen(world).version
    update = MeetingUpdate.model_validate({"title": "Other"})
    world.meetings.update("SOM", update, caller=BY, version=world.reading.meeting("SOM").version)
    for dry_run in (True, False):
        with pytest.raises(Conflict, match="changed"):
            world.events.publish(EVENT, caller=BY, version=version, dry_run=dry_run)


def test_a_version_never_comes_back(world: World) -> None:
    create(world)
    found = [seen(world).version]
    world.event_sessions.remove(EVENT, "WS", caller=BY)
    found.append(seen(world).version)
    world.event_sessions.remove(EVENT, "PREP", caller=BY)
    found.append(seen(world).version)
    assert found == sorted(set(found))


def test_an_event_of_which_only_the_month_is_known_is_announced_once_and_sends_nothing(world: World) -> None:
    create(world, event(LATER, lead="WS"))
    preview = world.events.publish(EVENT, caller=BY, dry_run=True)
    assert (preview.previewed, preview.consequences, seen(world).announced_at) == (True, (), None)
    effect = world.events.publish(EVENT, caller=BY, version=seen(world).version)
    assert effect.version == seen(world).version
    assert seen(world).announced_at == world.clock.now()
    world.run()
    assert world.mailer.accepted == []
    with pytest.raises(Conflict, match="left to publish"):
        world.events.publish(EVENT, caller=BY)
