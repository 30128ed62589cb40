"""Events and their sessions: made, published at once, changed, and given their days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.definitions.events import EventDefinition, EventUpdate, SessionDefinition
from orchestrator.domain.definitions.files import MeetingFile
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.services.meetings.event_views import EventView
from tests.callers import caller
from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World, contents, definition, statements

BY = caller("coordinator")
SATO = "sato@jp.example.org"
EVENT = "E-2027-02"
EVERYBODY = [*PEOPLE.values(), {"group": "PLUS3", "delegation": "JP", "name": "Sato Yui", "email": SATO}]


def session(reference: str, **fields: Any) -> dict[str, Any]:
    return {"reference": reference, "kind": "som", "timeline": "standard"} | fields


PREP = session("PREP", kind="preparatory", start="2027-02-10 14:00", groups=["SOM"], feeds="SOM")
SOM = session("SOM", start="2027-02-11 14:00", groups=["SOM", "ACCSM_FP"])
LATER = session("WS", kind="workshop", groups=["SOM", "PLUS3"])


def event(*sessions: dict[str, Any], **fields: Any) -> EventDefinition:
    whole: dict[str, Any] = {
        "event": EVENT,
        "title": {"en": "Meetings of February", "vi": "Các cuộc họp tháng 2", "short": "February"},
        "programme": "ACCSM 21",
        "host": "VN",
        "coordinator": {"name": "Trần Minh Khôi", "email": "coordinator@vn.example.org"},
        "duration": "PT2H",
        "when": {"month": "2027-02"},
        "lead": "SOM",
        "attendees": EVERYBODY,
        "sessions": sessions or [PREP, SOM, LATER],
    }
    return EventDefinition.of(whole | fields)


def create(world: World, *events: EventDefinition) -> None:
    world.events.create(MeetingFile(events=events or (event(),), alone=True), caller=BY)


def seen(world: World, name: str = EVENT) -> EventView:
    return world.event_reading.event(name)


def standing(world: World, name: str = EVENT) -> dict[str, str]:
    return {item.reference: item.status for item in seen(world, name).sessions}


def fields_of(caught: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [item.field for item in caught.value.problems]


# --- creating


def test_sessions_with_a_start_are_drafts_and_the_others_wait_for_their_day(world: World) -> None:
    created = world.events.create(MeetingFile(events=(event(),), alone=True), caller=BY)
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
    with pytest.raises(NotFound):
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
    file = MeetingFile(events=(event(), bad), meetings=(definition("M", host="XX"),))
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
