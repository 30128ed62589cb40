"""What an event may hold, what its sessions take from it, and what is wrong with it."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml

from orchestrator.domain.definitions.checking import check
from orchestrator.domain.definitions.definition import MeetingKind
from orchestrator.domain.definitions.event_checks import event_problems, lead_of
from orchestrator.domain.definitions.events import (
    EventDefinition,
    Frame,
    SessionDefinition,
    SessionDraft,
    SessionTexts,
    dated,
    drafted,
)
from orchestrator.domain.definitions.files import WrittenFile, read_definitions, read_file, read_yaml
from orchestrator.domain.meetings.place import Mode
from orchestrator.domain.time.months import Month
from orchestrator.errors import InvalidInput, Unfit
from tests.unit.definitions.documents import CONFIG, DIRECTORY, TIMELINES

TEXTS = SessionTexts.of(read_yaml((CONFIG / "sessions.yaml").read_text("utf-8")))
EXAMPLE = (CONFIG / "examples" / "accsm21.yaml").read_text("utf-8")
PEOPLE = [
    {"group": "SOM", "delegation": "VN", "name": "Lê Thị Hồng Nhung", "email": "nhung@vn.example.org"},
    {"group": "ACCSM_FP", "delegation": "MM", "name": "Thida Aye", "email": "thida@mm.example.org"},
    {"group": "PLUS3", "delegation": "JP", "name": "Sato Yui", "email": "sato@jp.example.org"},
]
VENUE = {"city": "Ha Noi", "zone": "Asia/Ho_Chi_Minh"}


def session(reference: str = "SOM", **fields: Any) -> dict[str, Any]:
    return {"reference": reference, "kind": "som"} | fields


def event(*sessions: dict[str, Any], **fields: Any) -> EventDefinition:
    whole: dict[str, Any] = {
        "event": "E-2027-08",
        "title": {"en": "Meetings of August", "vi": "Các cuộc họp tháng 8", "short": "August"},
        "host": "VN",
        "coordinator": {"name": "Trần Minh Khôi", "email": "coordinator@vn.example.org"},
        "when": {"month": "2027-08"},
        "attendees": PEOPLE,
        "sessions": list(sessions) or [session()],
    }
    return EventDefinition.of(whole | fields)


def written(**fields: Any) -> dict[str, Any]:
    return event().model_dump(mode="json", exclude_unset=True) | fields


def drafts(found: EventDefinition) -> list[SessionDraft]:
    frame = Frame.of(found)
    return [
        drafted(item, frame, DIRECTORY, TEXTS, f"sessions[{place}].")
        for place, item in enumerate(found.sessions)
    ]


def fields_of(found: EventDefinition) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        drafts(found)
    assert all(item.message and item.remedy for item in caught.value.problems)
    return [item.field for item in caught.value.problems]


def test_what_an_event_says_holds_for_its_sessions_unless_they_say_their_own() -> None:
    first, second = drafts(
        event(
            session("A", start="2027-08-12 09:00"),
            session("B", start="2027-08-13 09:00", mode="online", duration="PT1H", zone="Asia/Tokyo"),
            mode="in person",
            venue=VENUE,
            duration="PT3H",
            programme="ACCSM 21",
        )
    )
    assert (first.meeting.mode, first.meeting.length) == (Mode.IN_PERSON, timedelta(hours=3))
    assert (first.meeting.zone, first.meeting.programme) == ("Asia/Ho_Chi_Minh", "ACCSM 21")
    assert first.meeting.venue is not None
    assert (second.meeting.mode, second.meeting.venue) == (Mode.ONLINE, None), "nobody travels to it"
    assert (second.meeting.zone, second.meeting.length) == ("Asia/Tokyo", timedelta(hours=1))


def test_an_end_of_its_own_is_a_length_of_its_own() -> None:
    (draft,) = drafts(event(session(start="2027-08-12 09:00", end="2027-08-12 10:30"), duration="PT3H"))
    assert draft.meeting.length == timedelta(minutes=90)


def test_null_takes_back_what_the_event_says() -> None:
    (draft,) = drafts(
        event(session(start="2027-08-12 09:00", timeline=None), timeline="som", duration="PT1H")
    )
    assert draft.meeting.timeline is None


def test_groups_choose_who_of_the_people_takes_part() -> None:
    own = PEOPLE[1] | {"name": "Thida Aye Aye"}
    everybody, plus_three, named, alone = drafts(
        event(
            session("A"),
            session("B", groups=["PLUS3", "SOM"]),
            session("C", groups=["SOM"], attendees=[own]),
            session("D", attendees=[own]),
        )
    )
    assert len(everybody.meeting.attendees) == 3
    assert [item.delegation for item in plus_three.meeting.attendees] == ["VN", "JP"]
    assert [item.name for item in named.meeting.attendees] == ["Lê Thị Hồng Nhung", "Thida Aye Aye"]
    assert [item.name for item in alone.meeting.attendees] == ["Thida Aye Aye"]


def test_a_session_without_a_title_is_called_by_its_kind_and_event() -> None:
    (draft,) = drafts(event(session(kind="forum")))
    assert (draft.meeting.title.en, draft.meeting.title.vi) == (
        "Forum, August",
        "Diễn đàn, Các cuộc họp tháng 8",
    )


def test_every_kind_has_a_title_in_both_languages() -> None:
    assert set(TEXTS.titles) == set(MeetingKind)
    assert all(item.vi and "{event}" in item.en and "{event}" in item.vi for item in TEXTS.titles.values())


def test_a_session_is_kept_without_a_day_and_gets_one_within_the_month() -> None:
    found = event(session(groups=["SOM"]), duration="PT2H")
    (draft,) = drafts(found)
    assert not draft.dated
    assert "start" not in draft.written
    later = dated(draft.written, {"start": "2027-08-31 14:00"}, Frame.of(found), DIRECTORY)
    assert later.dated
    assert (later.meeting.start, later.meeting.length) == (datetime(2027, 8, 31, 14), timedelta(hours=2))
    assert [item.delegation for item in later.meeting.attendees] == ["VN"]
    longer = dated(
        draft.written, {"start": "2027-08-31 14:00", "end": "2027-08-31 17:00"}, Frame.of(found), DIRECTORY
    )
    assert longer.meeting.length == timedelta(hours=3)


@pytest.mark.parametrize(
    ("start", "field"),
    [
        ({"start": "2027-09-01 09:00"}, "start"),
        ({"start": "2027-07-31 23:59"}, "start"),
        ({"start": "soon"}, "start"),
        ({"start": "2027-08-12 09:00", "host": 7}, "host"),
    ],
)
def test_no_other_day_is_taken(start: dict[str, Any], field: str) -> None:
    found = event(duration="PT2H")
    (draft,) = drafts(found)
    with pytest.raises(InvalidInput) as caught:
        dated(draft.written, start, Frame.of(found), DIRECTORY)
    assert [item.field for item in caught.value.problems] == [field]


# --- what is refused


def test_a_session_outside_the_month_is_refused() -> None:
    assert fields_of(event(session(start="2027-09-01 09:00", duration="PT1H"))) == ["sessions[0].start"]


def test_a_session_without_a_start_needs_a_month() -> None:
    assert fields_of(event(session(), when=None)) == ["sessions[0].start"]


def test_a_group_that_nobody_is_in_is_refused() -> None:
    assert fields_of(event(session("A"), session(groups=["SOM", "HCS"]))) == ["sessions[1].groups[1]"]


@pytest.mark.parametrize("month", ["2027-13", "2027-8", "2027-08-01", 202708, "1969-12", "2201-01", ""])
def test_what_is_no_month_is_refused(month: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        event(when={"month": month})
    assert [item.field for item in caught.value.problems] == ["when.month"]


def test_an_event_without_sessions_is_refused() -> None:
    found = EventDefinition.of(event().model_dump(mode="json", exclude_unset=True) | {"sessions": []})
    (problem,) = event_problems(found)
    assert (problem.field, "at least one session" in problem.message) == ("sessions", True)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"lead": ["A", "B"]}, "more than one"),
        ({"lead": "A", "sessions": [session("A"), session("B", lead=True)]}, "more than one"),
        ({"sessions": [session("A", lead=True), session("B", lead=True)]}, "more than one"),
        ({"lead": "C"}, "none of the sessions"),
        ({}, "which session leads"),
    ],
)
def test_one_of_the_sessions_leads(fields: dict[str, Any], said: str) -> None:
    (problem,) = event_problems(event(session("A"), session("B"), **fields))
    assert problem.field == "lead"
    assert said in problem.message
    assert problem.remedy


@pytest.mark.parametrize(
    ("sessions", "lead"),
    [
        ([session("A")], "A"),
        ([session("A", feeds="B"), session("B")], "B"),
        ([session("B", fed_by=["A"]), session("A"), session("C")], "B"),
        ([session("A"), session("B", lead=True)], "B"),
    ],
)
def test_what_the_others_prepare_leads_unless_it_is_said(sessions: list[dict[str, Any]], lead: str) -> None:
    found = event(*sessions)
    assert event_problems(found) == []
    assert lead_of(found) == lead


def test_a_reference_twice_and_another_programme_are_refused() -> None:
    found = event(
        session("A", lead=True), session("A"), session("B", programme="ACCSM 22"), programme="ACCSM 21"
    )
    assert [item.field for item in event_problems(found)] == [
        "sessions[1].reference",
        "sessions[2].programme",
    ]


def test_sessions_of_two_programmes_are_refused_also_where_the_event_names_none() -> None:
    found = event(session("A", programme="X", lead=True), session("B", programme="Y"), session("C"))
    assert [item.field for item in event_problems(found)] == ["sessions[1].programme"]


def test_a_problem_with_a_person_is_told_where_the_person_was_written() -> None:
    people = [*PEOPLE, PEOPLE[0] | {"delegation": "JP", "email": "other@jp.example.org"}]
    (draft,) = drafts(event(session(groups=["SOM"]), attendees=people))
    (problem,) = check(draft.meeting, DIRECTORY, TIMELINES)
    assert draft.placed("sessions[0].", problem).field == "attendees[3].group"
    (own,) = drafts(event(session(groups=["SOM"], attendees=[people[3]])))
    (problem,) = check(own.meeting, DIRECTORY, TIMELINES)
    assert own.placed("sessions[0].", problem).field == "sessions[0].attendees[0].group"


def test_in_person_without_a_venue_is_refused_also_before_the_day_is_known() -> None:
    (draft,) = drafts(event(session(), mode="in person"))
    (problem,) = check(draft.meeting, DIRECTORY, TIMELINES)
    assert draft.placed("sessions[0].", problem).field == "venue", "the event says how people meet"


# --- months


def test_a_month_knows_its_days_and_moves() -> None:
    month = Month.of("2027-12")
    assert (str(month.first), str(month.last)) == ("2027-12-01", "2027-12-31")
    assert str(month.moved_by(31)) == "2028-01"
    assert str(Month.of("2028-02").last) == "2028-02-29"
    with pytest.raises(Unfit):
        Month.of("2027-00")


def test_what_is_partly_known_keeps_its_month_around_what_is_known() -> None:
    found = event(session("A", start="2027-08-30 09:00", duration="PT1H"), session("B"))
    moved = found.moved_by(3)
    assert moved.sessions[0].start == datetime(2027, 9, 2, 9)
    assert str(moved.month) == "2027-09"
    assert event(session("A", start="2027-08-30 09:00")).moved_by(1).when is None


# --- files


def test_a_file_is_one_event_or_lists_of_events_and_meetings_or_a_list() -> None:
    meeting = {"kind": "som", "start": "2027-08-12 09:00", "zone": "Asia/Ho_Chi_Minh", "duration": "PT1H"}
    one = read_file(yaml.safe_dump(written()))
    assert (one.alone, [item.event for item in one.events]) == (True, ["E-2027-08"])
    shared = {key: written()[key] for key in ("host", "coordinator", "attendees", "title")}
    both = read_file(
        yaml.safe_dump(
            shared
            | {
                "events": [{"event": "E", "sessions": [session()], "when": {"month": "2027-08"}}],
                "meetings": [meeting | {"reference": "M"}],
            }
        )
    )
    assert ([item.event for item in both.events], [item.reference for item in both.meetings]) == (
        ["E"],
        ["M"],
    )
    listed = read_file(yaml.safe_dump([written(), shared | meeting | {"reference": "M"}]))
    assert ([item.event for item in listed.events], len(listed.meetings)) == (["E-2027-08"], 1)
    assert listed.prefix_of_event(0) == "events[0]."


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"events": []}, "events"),
        ({"events": {"event": "E"}}, "events"),
        ([], "document"),
        ([written(), 7], "document"),
        ({"event": "E", "title": "T", "host": "VN"}, "coordinator"),
        ({"events": [{"event": "E E"}]}, "events[0].event"),
        (written(session=[]), "session"),
        (written(sessions=[session(groups=[])]), "sessions[0].groups"),
        (written(sessions=[session()] * 51), "sessions"),
        (written(title={"en": "T", "short": "x" * 41}), "title.short"),
        (written(sessions=[session(start="2027-08-12T09:00+07:00")]), "sessions[0].start"),
    ],
)
def test_what_is_no_file_of_events_is_refused(document: object, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_file(yaml.safe_dump(document))
    assert field in [item.field for item in caught.value.problems]


def test_a_file_of_meetings_holds_no_events() -> None:
    with pytest.raises(InvalidInput):
        read_definitions(yaml.safe_dump(written()))


# --- the shipped example


def whole() -> WrittenFile:
    return read_file(EXAMPLE)


def test_the_shipped_example_is_the_programme_of_three_events() -> None:
    first, second, third = whole().events
    prep, som = meetings_of(first)
    assert [(item.reference, item.kind, item.start, item.length) for item in (prep, som)] == [
        ("ACCSM21-PREP-2021-04", MeetingKind.PREPARATORY, datetime(2021, 4, 21, 14), timedelta(hours=2)),
        ("ACCSM21-SOM-2021-04", MeetingKind.SOM, datetime(2021, 4, 22, 14), timedelta(hours=3)),
    ]
    assert (prep.feeds, som.fed_by) == (som.reference, (prep.reference,))
    assert [item.lead for item in som.agenda] == ["ASEC", "VN", "all", None, "all", "VN", "VN"]
    assert len(som.attendees) == 23
    ranks = [DIRECTORY.rank(item.delegation) for item in som.attendees]
    assert ranks == sorted(ranks)
    assert [str(item.month) for item in (second, third)] == ["2021-08", "2022-08"]
    assert [item.kind.value for item in second.sessions] == ["focal-point", "som", "workshop"]
    assert [item.kind.value for item in third.sessions] == [
        *("som", "som-plus-three", "forum", "heads", "heads-plus-three")
    ]
    assert (third.mode, lead_of(third)) == (Mode.IN_PERSON, "ACCSM21-HCS-2022-08")


def meetings_of(found: EventDefinition) -> list[Any]:
    return [item.meeting for item in drafts(found)]


def test_the_shipped_example_is_without_fault_at_a_coming_date() -> None:
    for found in whole().events:
        moved = found.moved_by(2100)
        assert event_problems(moved) == []
        for draft in drafts(moved):
            assert check(draft.meeting, DIRECTORY, TIMELINES) == []


def test_at_its_date_of_2021_only_timor_leste_is_in_the_way() -> None:
    for found in whole().events:
        for draft in drafts(found):
            assert {item.value for item in check(draft.meeting, DIRECTORY, TIMELINES)} == {"TL"}
            without = draft.meeting.without_inactive(DIRECTORY)
            assert check(without, DIRECTORY, TIMELINES) == []


def test_a_session_takes_the_fields_of_a_meeting() -> None:
    given = session(room="A", mode="hybrid", venue=VENUE, fed_by=["P"], preparatory=True)
    found = SessionDefinition.of(given)
    assert (found.room, found.mode, found.fed_by) == ("A", Mode.HYBRID, ("P",))
    assert found.preparatory is not None
