"""Which messages an edit calls for: case by case, then as properties over whole lives of meetings.

``O`` numbers the organizer's cases as other implementations test them. These do not apply, because every
meeting here is a single one that the service itself organizes, stores and writes:

O4 O5            several meetings or organizers in one object: a meeting is a row with one of each
O7 O16           SCHEDULE-AGENT, SCHEDULE-FORCE-SEND: CalDAV; sending once more is asked for by name
O8 O9 O27        overrides of single occurrences
O17 O19 O25 O26  EXDATE and RRULE
O31 O32          cancelling one occurrence
O36              the same reply address for the same person: ``test_links``
O37              VTIMEZONE: times are in UTC, ``test_invitation``
O38              private properties: the lines of a calendar are all our own, ``test_invitation``
"""
# ruff: noqa: DTZ001, N802 - wall times have no zone on purpose; tests are named after their cases.

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from icalendar import Calendar

from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.letters.invitation import CalendarFacts, CalendarTemplate
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.meeting import (
    AgendaEntry,
    Attendee,
    Conference,
    Meeting,
    MeetingStatus,
    Participation,
    Refusal,
)
from orchestrator.domain.meetings.revision import (
    RevisionMessage,
    Weight,
    cancel_to,
    messages_of_change,
    request_to,
    revised,
    to_cancel,
    weigh,
)
from orchestrator.domain.timelines.actions import ActionState, CancelCode, StoredAction
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.objections import objection
from orchestrator.domain.timelines.planning import plan
from orchestrator.domain.timelines.reconciling import reconcile
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.errors import Conflict
from orchestrator.facts import plain
from tests.effort import examples

ORGANIZER = "meetings@accsm.example"
NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
AFTER = NOW + timedelta(days=2)
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)
ENDS = STARTS + timedelta(hours=3)
LINK = Conference("external-1", "provider-1", "https://meet.example.org/1", attempted=True)
OTHER_LINK = replace(LINK, join_url="https://meet.example.org/2")
NA, ACCEPTED, DECLINED = Participation.NEEDS_ACTION, Participation.ACCEPTED, Participation.DECLINED
REQUEST, CANCEL = Method.REQUEST, Method.CANCEL


def person(number: int, **fields: Any) -> Attendee:
    whole: dict[str, Any] = {
        "name": f"Person {number}",
        "email": f"person{number}@example.org",
        "delegation": "VN",
        "group": "SOM",
        "role": Role.SENIOR_OFFICIAL,
        "id": number,
    }
    return Attendee(**(whole | fields))


ONE, TWO, THREE = person(1), person(2), person(3)


def draft(**fields: Any) -> Meeting:
    whole: dict[str, Any] = {
        "id": 1,
        "reference": "SOM-2026",
        "programme": None,
        "kind": "som",
        "title_en": "SOM",
        "title_vi": None,
        "host": "VN",
        "coordinator_name": "K",
        "coordinator_email": "k@vn.example.org",
        "wall_start": datetime(2026, 12, 3, 14),
        "zone": "Asia/Ho_Chi_Minh",
        "duration": timedelta(hours=3),
        "timeline": "standard",
        "conference": LINK,
        "agenda": (AgendaEntry("Opening", "Khai mạc", "VN", number=1),),
        "attendees": (ONE, TWO),
    }
    return Meeting(**(whole | fields))


def publish(meeting: Meeting, *, save_the_date: bool = False, now: datetime = NOW) -> Meeting:
    return lifecycle.publish(meeting, "uid-1", now, organizer=ORGANIZER, save_the_date=save_the_date)


def delivered(meeting: Meeting, told: Iterable[RevisionMessage]) -> Meeting:
    """The meeting once these messages have left, with new attendees stored."""
    methods = {notice.attendee.address: notice.method for notice in told}
    return replace(
        meeting,
        attendees=tuple(
            replace(
                item,
                id=item.id or 100 + number,
                notified=item.notified or (item.invited and methods.get(item.address) is REQUEST),
                withdrawn=methods.get(item.address, REQUEST if item.invited else None) is CANCEL
                or (item.withdrawn and not item.invited),
            )
            for number, item in enumerate(meeting.attendees)
        ),
    )


def told_at_1(*people: Attendee, **fields: Any) -> Meeting:
    """A meeting of SEQUENCE 1 that everybody has in the calendar: One has accepted, Two has not answered."""
    people = people or (replace(ONE, participation=ACCEPTED), TWO)
    numbers = {"sequence": 1, "revised_sequence": 1}
    meeting = replace(publish(draft(attendees=people)), **(numbers | fields))
    return replace(meeting, attendees=tuple(replace(item, notified=True) for item in meeting.attendees))


def listed(*people: Attendee) -> Change:
    """The attendees as a coordinator lists them, without what only the store knows."""
    return Change(
        attendees=tuple(
            Attendee(item.name, item.email, item.delegation, item.group, item.role, seat=item.seat)
            for item in people
        )
    )


def also(change: Change, **fields: Any) -> Change:
    return replace(change, **fields)


Message = tuple[Method, str, int, datetime, EventStatus, Participation, bool, bool]


def message(
    method: Method,
    to: Attendee,
    sequence: int,
    stamp: datetime,
    participation: Participation = NA,
    *,
    significant: bool = True,
    tentative: bool = False,
) -> Message:
    """One message as it is expected; only a REQUEST to who has not answered asks for an answer."""
    status = EventStatus.CANCELLED
    if method is REQUEST:
        status = EventStatus.TENTATIVE if tentative else EventStatus.CONFIRMED
    rsvp = method is REQUEST and participation is NA
    return method, to.address, sequence, stamp, status, participation, rsvp, significant


def messages(before: Meeting | None, after: Meeting, now: datetime = LATER) -> set[Message]:
    """What an edit calls for, in all that the rules decide; nothing twice."""
    found = [
        (
            item.method,
            item.attendee.address,
            item.sequence,
            item.stamp,
            item.status,
            item.participation,
            item.rsvp,
            item.significant,
        )
        for item in messages_of_change(before, after, now)
    ]
    assert len({item[:2] for item in found}) == len(found)
    return set(found)


def revise(
    meeting: Meeting, change: Change, now: datetime = LATER, *, notify: bool = True
) -> tuple[Meeting, set[Message]]:
    after = lifecycle.revise(meeting, change, now, notify=notify)
    return after, messages(meeting, after, now)


def calendar(meeting: Meeting, notice: RevisionMessage) -> Any:
    """The calendar object of a notice, as a parser reads it."""
    facts = CalendarFacts(
        method=notice.method,
        status=notice.status,
        uid=meeting.uid or "",
        sequence=notice.sequence,
        stamp=notice.stamp,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        summary=meeting.title_en,
        description="",
        organizer_name=meeting.coordinator_name,
        organizer_address=meeting.organizer or "",
        join_url=meeting.conference.join_url,
    )
    (event,) = Calendar.from_ical(CalendarTemplate.of(facts).copy_for(notice.attendee)).subcomponents
    return event


def named(event: Any) -> list[str]:
    people = event["attendee"]
    return [str(item) for item in (people if isinstance(people, list) else [people])]


# A new meeting.


def test_O1_a_new_meeting_is_one_request_to_each_attendee_who_is_asked_for_an_answer() -> None:
    after = publish(draft())
    expected = {message(REQUEST, ONE, 0, NOW), message(REQUEST, TWO, 0, NOW)}
    assert messages(draft(), after, NOW) == messages(None, after, NOW) == expected
    for notice in messages_of_change(None, after, NOW):
        assert named(calendar(after, notice))[1:] == [f"mailto:{notice.attendee.email}"]
        assert calendar(after, notice).decoded("dtstamp") == NOW


def test_O1_the_organizer_is_not_written_to() -> None:
    after = publish(draft())
    assert ORGANIZER not in {notice.attendee.email for notice in messages_of_change(None, after, NOW)}


def test_O2_a_meeting_without_organizer_which_is_a_draft_is_told_to_nobody() -> None:
    changed = lifecycle.revise(draft(), Change(title_en="New"), LATER)
    assert (draft().organizer, changed.organizer) == (None, None)
    assert messages(None, draft()) == messages(draft(), changed) == set()
    assert messages(draft(), lifecycle.cancel(draft(), LATER)) == set()


def test_O3_a_meeting_without_attendees_is_not_published_and_tells_nobody() -> None:
    with pytest.raises(Conflict, match="has no attendees"):
        publish(draft(attendees=()))
    empty = lifecycle.revise(told_at_1(), listed(), LATER)
    assert revise(empty, Change(title_en="New"), AFTER)[1] == set()


def test_O6_an_organizer_in_other_letters_is_the_same_and_nothing_is_sent() -> None:
    before = told_at_1()
    after = lifecycle.with_organizer(before, ORGANIZER.upper(), LATER)
    assert (after.sequence, after.revision) == (before.sequence, before.revision)
    assert messages(before, after) == set()


def test_O12_a_draft_that_gets_its_organizer_is_a_request_to_each() -> None:
    after = publish(draft(attendees=(ONE,)))
    assert messages(draft(attendees=(ONE,)), after, NOW) == {message(REQUEST, ONE, 0, NOW)}


def test_O13_a_meeting_that_ends_as_one_is_a_cancel_to_the_only_attendee() -> None:
    before = told_at_1(ONE)
    assert messages(before, lifecycle.cancel(before, LATER)) == {message(CANCEL, ONE, 2, LATER)}


# Other attendees.


def test_O10_one_removed_and_three_added_two_hears_nothing() -> None:
    before = told_at_1()
    after, found = revise(before, listed(TWO, THREE))
    assert found == {
        message(CANCEL, ONE, 2, LATER, ACCEPTED),
        message(REQUEST, THREE, 2, LATER),
    }
    (cancel,) = (item for item in messages_of_change(before, after, LATER) if item.method is CANCEL)
    assert named(calendar(after, cancel)) == ["mailto:person1@example.org"]


def test_O11_the_same_with_a_longer_duration_is_significant_to_two_as_well() -> None:
    _, found = revise(told_at_1(), also(listed(TWO, THREE), duration=timedelta(hours=4)))
    assert found == {
        # Everybody's answer is put back before One is looked at.
        message(CANCEL, ONE, 2, LATER),
        message(REQUEST, TWO, 2, LATER),
        message(REQUEST, THREE, 2, LATER),
    }


def test_O14_when_all_are_removed_each_has_a_cancel_of_their_own() -> None:
    after, found = revise(told_at_1(), listed())
    assert found == {message(CANCEL, ONE, 2, LATER, ACCEPTED), message(CANCEL, TWO, 2, LATER)}
    assert after.status is MeetingStatus.PUBLISHED
    assert after.invited == ()


def test_O29_a_removal_is_a_cancel_to_the_removed_alone_with_the_next_sequence() -> None:
    _, found = revise(told_at_1(), listed(ONE))
    assert found == {message(CANCEL, TWO, 2, LATER)}


def test_O30_two_removals_are_two_cancels_of_one_sequence() -> None:
    _, found = revise(told_at_1(ONE, TWO, THREE), listed(THREE))
    assert found == {message(CANCEL, ONE, 2, LATER), message(CANCEL, TWO, 2, LATER)}


def test_attendee_added_has_the_current_revision_and_nobody_else_hears_of_it() -> None:
    before = told_at_1()
    after, found = revise(before, listed(ONE, TWO, THREE))
    assert found == {message(REQUEST, THREE, 1, LATER)}
    assert after.sequence == 1


def test_attendee_removed_before_anything_left_hears_nothing() -> None:
    _, found = revise(publish(draft()), listed(ONE))
    assert found == set()


def test_attendee_removed_who_has_had_a_cancel_already_hears_nothing() -> None:
    before = told_at_1(ONE, replace(TWO, withdrawn=True))
    assert revise(before, listed(ONE))[1] == set()


def test_attendee_removed_who_had_declined_has_the_cancel_all_the_same() -> None:
    declined = replace(TWO, participation=DECLINED)
    _, found = revise(told_at_1(ONE, declined), listed(ONE))
    assert found == {message(CANCEL, TWO, 2, LATER, DECLINED)}


def test_attendee_re_added_after_the_cancel_has_a_request_above_it() -> None:
    gone, told = revise(told_at_1(), listed(ONE))
    assert told == {message(CANCEL, TWO, 2, LATER)}
    gone = delivered(gone, messages_of_change(told_at_1(), gone, LATER))
    back, found = revise(gone, listed(ONE, TWO), AFTER)
    assert found == {message(REQUEST, TWO, 3, AFTER)}
    back = delivered(back, messages_of_change(gone, back, AFTER))
    _, found = revise(back, listed(ONE), AFTER + timedelta(days=1))
    assert found == {message(CANCEL, TWO, 4, AFTER + timedelta(days=1))}


def test_attendee_re_added_before_the_cancel_left_has_the_request_instead() -> None:
    gone, _ = revise(told_at_1(), listed(ONE))
    back, found = revise(gone, listed(ONE, TWO), AFTER)
    assert found == {message(REQUEST, TWO, 3, AFTER)}
    assert to_cancel(back) == ()


def test_attendee_re_added_and_removed_before_anything_left_is_due_one_cancel_the_newest() -> None:
    gone, _ = revise(told_at_1(), listed(ONE))
    back, _ = revise(gone, listed(ONE, TWO), AFTER)
    last = AFTER + timedelta(days=1)
    again, found = revise(back, listed(ONE), last)
    assert found == {message(CANCEL, TWO, 4, last)}
    assert [item.id for item in to_cancel(again)] == [0]


def test_attendee_re_added_and_removed_unwritten_after_having_had_the_cancel_hears_nothing() -> None:
    had_it = replace(TWO, removed_sequence=2, removed_at=NOW, withdrawn=True)
    unwritten = person(5, email=TWO.email, joined_sequence=3, joined_at=NOW)
    before = replace(told_at_1(ONE, had_it), sequence=3)
    before = replace(before, attendees=(*before.attendees, unwritten))
    assert revise(before, listed(ONE))[1] == set()


def test_a_cancel_to_a_row_that_was_never_invited_itself_settles_the_rows_before_it() -> None:
    held = replace(TWO, removed_sequence=2, removed_at=NOW, notified=True)
    told = person(5, email=TWO.email, joined_sequence=3, removed_sequence=4, removed_at=NOW, withdrawn=True)
    meeting = replace(told_at_1(ONE), sequence=4)
    meeting = replace(meeting, attendees=(*meeting.attendees, held, told))
    assert to_cancel(meeting) == ()
    back, _ = revise(meeting, listed(ONE, TWO), LATER)
    assert revise(back, listed(ONE), AFTER)[1] == set()


def test_a_removal_in_an_edit_of_text_cancels_one_and_updates_the_others_alone() -> None:
    _, found = revise(told_at_1(), also(listed(ONE), title_en="New"))
    assert found == {
        message(CANCEL, TWO, 2, LATER),
        message(REQUEST, ONE, 1, LATER, ACCEPTED, significant=False),
    }


def test_after_a_removal_the_others_keep_the_sequence_of_their_revision() -> None:
    gone = delivered(revise(told_at_1(), listed(ONE))[0], ())
    _, found = revise(gone, Change(title_en="New"), AFTER)
    assert found == {message(REQUEST, ONE, 1, AFTER, ACCEPTED, significant=False)}


def test_whoever_joined_later_keeps_the_sequence_of_joining_until_the_revision_overtakes_it() -> None:
    gone = delivered(revise(told_at_1(), listed(ONE))[0], ())
    joined = delivered(*_edit(gone, listed(ONE, TWO), LATER))
    renamed, found = revise(joined, Change(title_en="New"), AFTER)
    assert found == {
        message(REQUEST, ONE, 1, AFTER, ACCEPTED, significant=False),
        message(REQUEST, TWO, 3, AFTER, significant=False),
    }
    _, found = revise(renamed, Change(duration=timedelta(hours=1)), AFTER + timedelta(days=1))
    assert {item[2] for item in found} == {4}


def _edit(before: Meeting, change: Change, now: datetime) -> tuple[Meeting, tuple[RevisionMessage, ...]]:
    after = lifecycle.revise(before, change, now)
    return after, messages_of_change(before, after, now)


# Another time.


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(Change(wall_start=datetime(2026, 12, 4, 14)), id="O22_DTSTART_moved"),
        pytest.param(Change(zone="Asia/Dili"), id="O22_DTSTART_moved_by_zone"),
        pytest.param(Change(duration=timedelta(hours=2)), id="O22_DTEND_shortened"),
        pytest.param(Change(duration=timedelta(hours=4)), id="O22_DTEND_lengthened"),
    ],
)
def test_O22_O24_another_time_is_significant_and_asks_everybody_again(change: Change) -> None:
    after, found = revise(told_at_1(), change)
    assert found == {message(REQUEST, ONE, 2, LATER), message(REQUEST, TWO, 2, LATER)}
    assert weigh(told_at_1(), after) is Weight.TIME
    assert after.reset_sequence == after.revised_sequence == after.sequence == 2


def test_O24_who_had_declined_the_old_time_is_asked_too() -> None:
    before = told_at_1(replace(ONE, participation=DECLINED), TWO)
    _, found = revise(before, Change(wall_start=datetime(2026, 12, 4, 14)))
    assert found == {message(REQUEST, ONE, 2, LATER), message(REQUEST, TWO, 2, LATER)}


def test_another_time_always_tells_even_when_it_should_be_saved_silently() -> None:
    _, found = revise(told_at_1(), Change(duration=timedelta(hours=2)), notify=False)
    assert {item[:3] for item in found} == {(REQUEST, ONE.address, 2), (REQUEST, TWO.address, 2)}


def test_the_same_instant_in_another_zone_is_no_change() -> None:
    after, found = revise(told_at_1(), Change(wall_start=datetime(2026, 12, 3, 16), zone="Asia/Dili"))
    assert found == set()
    assert after.sequence == 1


# Another text.

TEXTS = [
    pytest.param(Change(title_en="New"), id="title"),
    pytest.param(Change(title_vi="Mới"), id="vietnamese_title"),
    pytest.param(Change(agenda=(AgendaEntry("Welcome", "Khai mạc", "VN", number=1),)), id="agenda_text"),
    pytest.param(Change(agenda=(AgendaEntry("Opening", "Khai mạc", "TH", number=1),)), id="agenda_lead"),
    pytest.param(Change(agenda=()), id="agenda_emptied"),
    pytest.param(Change(coordinator_name="L"), id="coordinator_name"),
    pytest.param(Change(coordinator_email="l@vn.example.org"), id="coordinator_address"),
]


@pytest.mark.parametrize("change", TEXTS)
def test_O23_O40_another_text_keeps_sequence_and_answers_and_is_told_with_a_fresh_dtstamp(
    change: Change,
) -> None:
    after, found = revise(told_at_1(), change)
    assert found == {
        message(REQUEST, ONE, 1, LATER, ACCEPTED, significant=False),
        message(REQUEST, TWO, 1, LATER, significant=False),
    }
    assert weigh(told_at_1(), after) is Weight.TEXT
    assert (after.sequence, after.reset_sequence) == (1, 0)


@pytest.mark.parametrize("change", TEXTS)
def test_another_text_saved_silently_tells_nobody_but_is_in_whatever_leaves_next(change: Change) -> None:
    after, found = revise(told_at_1(), change, notify=False)
    assert found == set()
    _, found = revise(after, listed(ONE, TWO, THREE), AFTER)
    assert found == {message(REQUEST, THREE, 1, AFTER)}
    assert request_to(after, after.attendees[0]).stamp == LATER


def test_another_text_is_not_told_to_who_has_declined() -> None:
    _, found = revise(told_at_1(replace(ONE, participation=DECLINED), TWO), Change(title_en="New"))
    assert found == {message(REQUEST, TWO, 1, LATER, significant=False)}


def test_another_vietnamese_agenda_text_is_no_change_because_mails_carry_the_english() -> None:
    before = told_at_1()
    translated = (AgendaEntry("Opening", "Mở đầu", "VN", number=1),)
    after, found = revise(before, Change(agenda=translated))
    assert found == set()
    assert after == replace(before, agenda=translated)


# Nothing to tell.


def test_O15_a_change_that_changes_nothing_raises_nothing_and_tells_nobody() -> None:
    before = told_at_1()
    same = Change(
        title_en=before.title_en,
        wall_start=before.wall_start,
        zone=before.zone,
        duration=before.duration,
        agenda=before.agenda,
        attendees=listed(ONE, TWO).attendees,
    )
    for change in (same, Change()):
        assert revise(before, change) == (before, set())
    assert weigh(before, before) is Weight.NOTHING


def test_O18_the_same_attendees_in_another_order_are_no_change() -> None:
    before = told_at_1()
    assert revise(before, listed(TWO, ONE)) == (before, set())


def test_O28_the_answer_of_one_is_nothing_to_the_others() -> None:
    before = told_at_1()
    answered = replace(TWO, notified=True, participation=ACCEPTED, answer_stamp=LATER)
    assert messages(before, replace(before, attendees=(before.attendees[0], answered))) == set()


@pytest.mark.parametrize(
    "fields",
    [
        {"participation": ACCEPTED, "comment": "Gladly"},
        {"participation": DECLINED},
        {"link_version": 2},
        {"resends": 1},
        {"seat": Seat.HEAD},
        {"name": "Another name"},
        {"role": Role.OBSERVER},
    ],
)
def test_O39_what_concerns_one_person_keeps_sequence_and_is_told_to_nobody(fields: dict[str, Any]) -> None:
    before = told_at_1()
    after = replace(before, attendees=(before.attendees[0], replace(before.attendees[1], **fields)))
    assert revised(before, after, LATER) == after
    assert messages(before, after) == set()


@pytest.mark.parametrize("now", [ENDS, ENDS + timedelta(days=1)])
def test_O33_a_meeting_wholly_in_the_past_tells_nobody_anything(now: datetime) -> None:
    before = told_at_1()
    edits = [
        Change(title_en="New"),
        listed(ONE),
        listed(ONE, TWO, THREE),
    ]
    for change in edits:
        assert revise(before, change, now)[1] == set()
    assert messages(before, lifecycle.with_link(before, OTHER_LINK, now), now) == set()
    assert messages(before, lifecycle.conclude(before, now), now) == set()
    with pytest.raises(Conflict, match="is over"):
        lifecycle.cancel(before, now)


def test_O33_a_removal_after_the_end_is_not_due_a_cancel_later_either() -> None:
    before = told_at_1()
    late = lifecycle.revise(before, listed(ONE), ENDS)
    in_time = lifecycle.revise(before, listed(ONE), ENDS - timedelta(seconds=1))
    assert to_cancel(late) == ()
    assert [item.address for item in to_cancel(in_time)] == [TWO.address]


def test_O33_a_meeting_under_way_still_tells_of_a_removal_and_of_its_end() -> None:
    now = STARTS + timedelta(hours=1)
    assert revise(told_at_1(), listed(ONE), now)[1] == {message(CANCEL, TWO, 2, now)}
    over = lifecycle.cancel(told_at_1(), now)
    assert messages(told_at_1(), over, now) == {
        message(CANCEL, ONE, 2, now, ACCEPTED),
        message(CANCEL, TWO, 2, now),
    }


# The whole meeting.


def test_O20_a_cancelled_meeting_is_a_cancel_to_each_with_the_next_sequence() -> None:
    before = told_at_1(sequence=2, revised_sequence=2)
    after = lifecycle.cancel(before, LATER)
    assert messages(before, after) == {
        message(CANCEL, ONE, 3, LATER, ACCEPTED),
        message(CANCEL, TWO, 3, LATER),
    }


def test_O21_a_cancel_names_its_recipient_alone_and_keeps_uid_organizer_start_and_end() -> None:
    before = told_at_1()
    after = lifecycle.cancel(before, LATER)
    for notice in messages_of_change(before, after, LATER):
        event = calendar(after, notice)
        assert named(event) == [f"mailto:{notice.attendee.email}"]
        assert (str(event["uid"]), event["sequence"], str(event["status"])) == ("uid-1", 2, "CANCELLED")
        assert str(event["organizer"]) == f"mailto:{ORGANIZER}"
        assert (event.decoded("dtstart"), event.decoded("dtend")) == (STARTS, ENDS)
        assert event.decoded("dtstamp") == LATER


def test_cancelled_tells_who_declined_but_not_who_never_had_it_or_has_it_no_longer() -> None:
    people = (replace(ONE, participation=DECLINED), TWO, replace(THREE, withdrawn=True))
    before = told_at_1(*people)
    before = replace(before, attendees=(before.attendees[0], TWO, before.attendees[2]))
    after = lifecycle.cancel(before, LATER)
    assert messages(before, after) == {message(CANCEL, ONE, 2, LATER, DECLINED)}


def test_cancelled_while_a_removal_is_not_told_yet_adds_nothing_for_the_removed() -> None:
    gone, _ = revise(told_at_1(), listed(ONE))
    after = lifecycle.cancel(gone, AFTER)
    assert messages(gone, after, AFTER) == {message(CANCEL, ONE, 3, AFTER, ACCEPTED)}
    assert {cancel_to(after, item).sequence for item in to_cancel(after)} == {2, 3}


def test_cancelled_is_told_once_whatever_becomes_of_the_link_afterwards() -> None:
    over = lifecycle.cancel(told_at_1(), LATER)
    without = lifecycle.with_link(over, replace(LINK, provider_id=None, join_url=None), AFTER)
    assert messages(over, without, AFTER) == set()


def test_reinstated_is_a_request_to_each_above_the_cancel_and_asks_again() -> None:
    over = lifecycle.cancel(told_at_1(), LATER)
    over = delivered(over, messages_of_change(told_at_1(), over, LATER))
    assert [item.withdrawn for item in over.attendees] == [True, True]
    after = lifecycle.reinstate(over, AFTER)
    assert messages(over, after, AFTER) == {message(REQUEST, ONE, 3, AFTER), message(REQUEST, TWO, 3, AFTER)}
    assert after.uid == "uid-1"


def test_reinstated_asks_who_had_declined_too_but_nobody_who_was_removed() -> None:
    before = told_at_1(replace(ONE, participation=DECLINED), TWO)
    gone = delivered(*_edit(before, listed(ONE), LATER))
    over = lifecycle.cancel(gone, LATER)
    after = lifecycle.reinstate(delivered(over, messages_of_change(gone, over, LATER)), AFTER)
    assert messages(over, after, AFTER) == {message(REQUEST, ONE, 4, AFTER)}


def test_reinstated_and_cancelled_again_before_anything_left_tells_nobody_twice() -> None:
    over = lifecycle.cancel(told_at_1(), LATER)
    over = delivered(over, messages_of_change(told_at_1(), over, LATER))
    again = lifecycle.cancel(lifecycle.reinstate(over, AFTER), AFTER)
    assert to_cancel(again) == ()


def test_reinstated_before_the_cancel_left_needs_no_cancel_and_is_above_it_all_the_same() -> None:
    over = lifecycle.cancel(told_at_1(), LATER)
    after = lifecycle.reinstate(over, AFTER)
    assert to_cancel(after) == ()
    assert {item[2] for item in messages(over, after, AFTER)} == {3}


# Link and mailbox.


def test_join_link_changed_raises_sequence_and_keeps_answers() -> None:
    before = told_at_1()
    after = lifecycle.with_link(before, OTHER_LINK, LATER)
    assert messages(before, after) == {
        message(REQUEST, ONE, 2, LATER, ACCEPTED, significant=False),
        message(REQUEST, TWO, 2, LATER, significant=False),
    }
    assert weigh(before, after) is Weight.MATERIAL
    assert (after.reset_sequence, after.time_revision) == (0, 1)


def test_join_link_that_comes_before_the_first_invitation_is_no_change() -> None:
    before = publish(draft(conference=Conference("external-1")))
    after = lifecycle.with_link(before, LINK, LATER)
    assert messages(before, after) == set()
    assert (after.sequence, after.revision) == (0, 1)


def test_join_link_that_comes_after_the_invitations_is_told() -> None:
    before = told_at_1(conference=Conference("external-1"))
    after = lifecycle.with_link(before, LINK, LATER)
    assert {item[:3] for item in messages(before, after)} == {
        (REQUEST, ONE.address, 2),
        (REQUEST, TWO.address, 2),
    }


def test_host_mailbox_changed_raises_sequence_under_the_same_uid_and_keeps_answers() -> None:
    before = told_at_1()
    after = lifecycle.with_organizer(before, "new@accsm.example", LATER)
    assert messages(before, after) == {
        message(REQUEST, ONE, 2, LATER, ACCEPTED, significant=False),
        message(REQUEST, TWO, 2, LATER, significant=False),
    }
    assert weigh(before, after) is Weight.MATERIAL
    for notice in messages_of_change(before, after, LATER):
        event = calendar(after, notice)
        assert str(event["organizer"]) == named(event)[0] == "mailto:new@accsm.example"
        assert str(event["uid"]) == "uid-1"


def test_O34_the_organizer_is_among_the_attendees_of_a_request_under_the_same_address() -> None:
    after = publish(draft())
    for notice in messages_of_change(None, after, NOW):
        event = calendar(after, notice)
        assert named(event) == [f"mailto:{ORGANIZER}", f"mailto:{notice.attendee.email}"]
        assert str(event["organizer"]) == f"mailto:{ORGANIZER}"


def test_O35_names_may_be_missing_and_the_addresses_are_there_all_the_same() -> None:
    after = publish(draft(coordinator_name="", attendees=(replace(ONE, name=""),)))
    (notice,) = messages_of_change(None, after, NOW)
    event = calendar(after, notice)
    assert named(event) == [f"mailto:{ORGANIZER}", "mailto:person1@example.org"]


# Save the date.


def test_save_the_date_is_tentative_and_asks_for_an_answer() -> None:
    after = publish(draft(), save_the_date=True)
    assert messages(draft(), after, NOW) == {
        message(REQUEST, ONE, 0, NOW, tentative=True),
        message(REQUEST, TWO, 0, NOW, tentative=True),
    }
    assert {str(calendar(after, item)["status"]) for item in messages_of_change(None, after, NOW)} == {
        "TENTATIVE"
    }


def test_save_the_date_confirmed_under_the_same_uid_raises_sequence_and_keeps_answers() -> None:
    before = told_at_1(tentative=True)
    after = publish(before, now=LATER)
    assert messages(before, after) == {
        message(REQUEST, ONE, 2, LATER, ACCEPTED),
        message(REQUEST, TWO, 2, LATER),
    }
    assert (after.uid, after.reset_sequence) == (before.uid, before.reset_sequence)
    assert {str(calendar(after, item)["status"]) for item in messages_of_change(before, after, LATER)} == {
        "CONFIRMED"
    }


def test_save_the_date_that_is_called_off_or_moved_follows_the_same_rules() -> None:
    before = told_at_1(tentative=True)
    assert messages(before, lifecycle.cancel(before, LATER)) == {
        message(CANCEL, ONE, 2, LATER, ACCEPTED),
        message(CANCEL, TWO, 2, LATER),
    }
    _, found = revise(before, Change(wall_start=datetime(2026, 12, 4, 14)))
    assert found == {
        message(REQUEST, ONE, 2, LATER, tentative=True),
        message(REQUEST, TWO, 2, LATER, tentative=True),
    }


# Single messages.


def test_a_request_is_no_older_than_the_revision_and_no_lower_than_its_recipient_s_joining() -> None:
    meeting = told_at_1()
    for joined_sequence, joined_at, expected in (
        (0, None, (1, NOW)),
        (3, LATER, (3, LATER)),
        (1, NOW - timedelta(days=1), (1, NOW)),
    ):
        found = request_to(meeting, replace(THREE, joined_sequence=joined_sequence, joined_at=joined_at))
        assert (found.sequence, found.stamp) == expected


def test_a_cancel_to_one_who_was_removed_has_the_number_and_the_time_of_that_for_ever() -> None:
    gone, _ = revise(told_at_1(), listed(ONE))
    later = lifecycle.cancel(lifecycle.revise(gone, Change(title_en="New"), AFTER), AFTER)
    for meeting in (gone, later):
        found = cancel_to(meeting, meeting.attendees[1])
        assert (found.sequence, found.stamp, found.significant) == (2, LATER, True)


def test_what_was_never_published_cannot_be_cancelled_by_a_message() -> None:
    with pytest.raises(ValueError, match="SOM-2026 has not been published, so there is nothing to cancel"):
        cancel_to(draft(), ONE)


@pytest.mark.parametrize("participation", list(Participation))
def test_a_request_asks_who_has_not_answered_and_a_cancel_nobody(participation: Participation) -> None:
    meeting = told_at_1(replace(ONE, participation=participation))
    attendee = meeting.attendees[0]
    assert request_to(meeting, attendee).rsvp is (participation is NA)
    assert request_to(meeting, attendee).participation is participation
    assert cancel_to(lifecycle.cancel(meeting, LATER), attendee).rsvp is False


# Whole lives of meetings, with everything that the plan calls for being sent, or not, in between.

TIMELINE = Timeline.of(
    {
        "name": "standard",
        "title": "Online meeting",
        "steps": [
            {"do": "conference", "at": "immediately"},
            {"do": "invite", "at": "immediately"},
        ],
    }
)
CALENDARS = Calendars(
    Directory.of(
        {
            "delegations": [
                {
                    "code": "VN",
                    "kind": "member",
                    "order": 1,
                    "name": "Viet Nam",
                    "zone": "Asia/Ho_Chi_Minh",
                    "city": "Ha Noi",
                }
            ],
            "groups": [],
        }
    )
)
K, S = ActionKind, ActionState
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Mail:
    """A message as it left, or may have: its numbers and all it says."""

    action: int
    kind: ActionKind
    attendee_id: int
    address: str
    method: Method
    sequence: int
    stamp: datetime
    facts: tuple[object, ...]
    text: tuple[object, ...]
    revision: int

    @property
    def order(self) -> tuple[int, datetime]:
        """What a calendar compares; DTSTAMP counts whole seconds."""
        return self.sequence, self.stamp.replace(microsecond=0)

    @property
    def content(self) -> tuple[object, ...]:
        return self.method, self.facts, self.text


def facts_of(meeting: Meeting) -> tuple[object, ...]:
    """What is never changed without telling."""
    over = meeting.status is MeetingStatus.CANCELLED
    state = "cancelled" if over else "tentative" if meeting.tentative else "confirmed"
    # The link of a cancelled meeting is taken down whenever that succeeds.
    link = None if over else meeting.conference.join_url
    return state, meeting.starts_at, meeting.ends_at, meeting.organizer, link


def text_of(meeting: Meeting) -> tuple[object, ...]:
    return meeting.title_en, meeting.coordinator_name


@dataclass
class Attempt:
    """One try to send: in hand, left for certain, perhaps left, or certainly not."""

    mail: Mail
    state: str = "in hand"


class Life:
    """A meeting with its actions and mails, which one step after another changes."""

    def __init__(self, *, provider: bool) -> None:
        conference = Conference("external-1") if provider else replace(LINK, by_hand=True)
        self.meeting = draft(conference=conference, attendees=(ONE, TWO, THREE))
        self.now = NOW
        self.rows: dict[int, StoredAction] = {}
        self.attempts: list[Attempt] = []
        self.mails: list[Mail] = []
        self.texts: dict[int, set[tuple[object, ...]]] = defaultdict(set)

    # What the services do.

    def replan(self) -> None:
        last = max(item.id for item in self.meeting.attendees)
        people = []
        for item in self.meeting.attendees:
            last += item.id == 0
            people.append(item if item.id else replace(item, id=last))
        self.meeting = replace(self.meeting, attendees=tuple(self._told(item) for item in people))
        self.texts[self.meeting.revision].add(text_of(self.meeting))
        wanted = plan(self.meeting, TIMELINE, CALENDARS)
        result = reconcile(self.meeting, wanted, self.rows.values(), self.now)
        assert result.skips == ()
        for gone in result.cancels:
            self._set(gone.action_id, S.CANCELLED, code=gone.code)
        for insert in result.inserts:
            due = insert.obligation
            number = len(self.rows) + 1
            self.rows[number] = StoredAction(
                id=number,
                key=insert.key,
                obligation=due.key,
                kind=due.kind,
                attendee_id=due.attendee_id,
                revision=due.revision,
                state=S.SCHEDULED,
                planned_at=due.due,
                expires=due.expires,
            )
        ids = {row.key: row.id for row in self.rows.values()}
        for insert in result.inserts:
            self._wait(ids[insert.key], insert.blocked_by, ids)
        for move in result.moves:
            row = self.rows[move.action_id]
            self.rows[row.id] = replace(
                row, revision=move.obligation.revision, expires=move.obligation.expires
            )
            self._wait(row.id, move.blocked_by, ids)

    def _wait(self, number: int, blocker: str | None, ids: dict[str, int]) -> None:
        state = S.BLOCKED if blocker else S.SCHEDULED
        blocked_by = ids[blocker] if blocker else None
        self.rows[number] = replace(self.rows[number], state=state, blocked_by=blocked_by, cancel_code=None)

    def _set(self, number: int, state: ActionState, code: CancelCode | None = None) -> None:
        self.rows[number] = replace(self.rows[number], state=state, cancel_code=code)

    def _told(self, attendee: Attendee) -> Attendee:
        """What is known to have left for somebody: the newest REQUEST that may, and CANCEL that has."""
        requests, cancels = (
            [
                number
                for number, item in enumerate(self.attempts)
                if item.mail.attendee_id == attendee.id
                and item.mail.method is method
                and item.state in states
            ]
            for method, states in ((REQUEST, ("in hand", "left", "unknown")), (CANCEL, ("left",)))
        )
        request, cancel = max(requests, default=-1), max(cancels, default=-1)
        return replace(attendee, notified=request >= 0, withdrawn=cancel > request)

    def claim(self, number: int) -> None:
        """Take what is due."""
        due = [row for row in self.rows.values() if row.state is S.SCHEDULED]
        if due:
            self._set(due[number % len(due)].id, S.CLAIMED)

    def begin(self, number: int) -> None:
        """Take an action that is claimed, look at it again, and write its mail."""
        claimed = [row for row in self.rows.values() if row.state is S.CLAIMED]
        if not claimed:
            return
        row = claimed[number % len(claimed)]
        attendee = self.meeting.attendee(row.attendee_id) if row.attendee_id else None
        against = objection(row, self.meeting, attendee, self.now)
        if against is not None:
            self._set(row.id, against.state, against.code)
            self._release(row.id)
            return
        self._set(row.id, S.RUNNING)
        if attendee is not None:
            self.attempts.append(Attempt(self._mail(row, attendee)))
            self.refresh()

    def refresh(self) -> None:
        """Read the meeting again, as whoever loads it next does."""
        people = tuple(self._told(item) for item in self.meeting.attendees)
        self.meeting = replace(self.meeting, attendees=people)

    def _mail(self, row: StoredAction, attendee: Attendee) -> Mail:
        build = cancel_to if row.kind is K.CANCEL else request_to
        notice = build(self.meeting, attendee)
        stamp = notice.stamp
        if row.kind in (K.RESEND, K.REFUSAL):
            # It is asked for and sent in moments of its own.
            self.now += SECOND
            stamp = max(stamp, self.now)
            self.now += SECOND
        # What a cancelled entry says of the meeting does not matter.
        told = notice.method is REQUEST
        return Mail(
            row.id,
            row.kind,
            attendee.id,
            attendee.address,
            notice.method,
            notice.sequence,
            stamp,
            facts_of(self.meeting) if told else (),
            text_of(self.meeting) if told else (),
            self.meeting.revision,
        )

    def end(self, number: int) -> None:
        """What is in hand leaves; or is refused for now; or its worker dies before or after that."""
        running = [row for row in self.rows.values() if row.state is S.RUNNING]
        if not running:
            return
        row = running[number % len(running)]
        outcome = ("left", "left", "left", "not", "unknown", "unknown and left")[number % 6]
        if row.attendee_id is None:
            self._confer(row, outcome)
            return
        attempt = next(
            item for item in self.attempts if item.mail.action == row.id and item.state == "in hand"
        )
        attempt.state = outcome.partition(" ")[0]
        if "left" in outcome:
            self.mails.append(attempt.mail)
        self._set(row.id, S.SUCCEEDED if outcome == "left" else S.SCHEDULED)
        self.refresh()
        if outcome == "left":
            self._release(row.id)

    def _release(self, ended: int) -> None:
        """Nothing is replanned when a mail has left: what waited for it is due."""
        for row in self.rows.values():
            if row.blocked_by == ended and row.state is S.BLOCKED:
                self.rows[row.id] = replace(row, state=S.SCHEDULED, blocked_by=None)

    def _confer(self, row: StoredAction, outcome: str) -> None:
        if outcome != "left":
            self._set(row.id, S.SCHEDULED)
            return
        self._set(row.id, S.SUCCEEDED)
        known = self.meeting.conference
        url = None if row.kind is K.CONFERENCE_DELETE else f"https://meet.example.org/{row.id}"
        if row.kind is K.CONFERENCE and known.provider_id:
            url = known.join_url
        provided = replace(known, provider_id=url and "provider-1", join_url=url, attempted=True)
        if not known.by_hand:
            self.meeting = lifecycle.with_link(self.meeting, provided, self.now)
        self.replan()

    def settle(self) -> None:
        """Do all that is to be done, until nothing is left."""
        self.replan()
        for _ in range(300):
            self.claim(0)
            self.begin(0)
            self.end(0)
            if not any(row.state.is_pending or row.state.is_in_flight for row in self.rows.values()):
                return
        raise AssertionError([row for row in self.rows.values() if row.state.is_pending])

    # Edits. Each takes a number with which it chooses.

    def save_the_date(self, _: int) -> Meeting:
        return publish(self.meeting, save_the_date=True, now=self.now)

    def publish(self, _: int) -> Meeting:
        return publish(self.meeting, now=self.now)

    def move(self, number: int) -> Meeting:
        wall = datetime(2026, 12, 1, 14) + timedelta(days=number % 3)
        return lifecycle.revise(self.meeting, Change(wall_start=wall), self.now)

    def shorten(self, number: int) -> Meeting:
        return lifecycle.revise(self.meeting, Change(duration=timedelta(hours=1 + number % 3)), self.now)

    def rename(self, number: int) -> Meeting:
        return lifecycle.revise(self.meeting, Change(title_en=f"Title {number % 3}"), self.now)

    def rename_silently(self, number: int) -> Meeting:
        change = Change(coordinator_name=f"K {number % 3}")
        return lifecycle.revise(self.meeting, change, self.now, notify=False)

    def link(self, number: int) -> Meeting:
        lifecycle.require_status(self.meeting, plain("given a link"), MeetingStatus.PUBLISHED)
        url = f"https://meet.example.org/hand-{number % 3}"
        by_hand = replace(self.meeting.conference, join_url=url, by_hand=True)
        return lifecycle.with_link(self.meeting, by_hand, self.now)

    def mailbox(self, number: int) -> Meeting:
        return lifecycle.with_organizer(self.meeting, f"meetings{number % 2}@accsm.example", self.now)

    def add(self, number: int) -> Meeting:
        """Somebody new, or somebody who was in the meeting before."""
        addresses = {item.address for item in self.meeting.invited}
        news = [item for item in map(person, range(1, 5)) if item.address not in addresses]
        if not news:
            return self.meeting
        new = news[number % len(news)]
        return lifecycle.revise(self.meeting, listed(*self.meeting.invited, new), self.now)

    def remove(self, number: int) -> Meeting:
        people = list(self.meeting.invited)
        if people:
            people.pop(number % len(people))
        return lifecycle.revise(self.meeting, listed(*people), self.now)

    def replace_and_move(self, number: int) -> Meeting:
        """Everything in one edit."""
        addresses = {item.address for item in self.meeting.invited}
        news = [item for item in map(person, range(1, 5)) if item.address not in addresses][:1]
        change = also(
            listed(*self.meeting.invited[1:], *news),
            duration=timedelta(hours=1 + number % 3),
            title_en=f"Title {number % 3}",
        )
        return lifecycle.revise(self.meeting, change, self.now)

    def answer(self, number: int) -> Meeting:
        lifecycle.require_status(self.meeting, plain("answered"), MeetingStatus.PUBLISHED)
        people = list(self.meeting.attendees)
        at = number % len(people)
        if people[at].invited:
            answer = (ACCEPTED, DECLINED, Participation.TENTATIVE, DECLINED)[number % 4]
            people[at] = replace(people[at], participation=answer, answer_stamp=self.now)
        return replace(self.meeting, attendees=tuple(people))

    def cancel(self, _: int) -> Meeting:
        return lifecycle.cancel(self.meeting, self.now)

    def reinstate(self, _: int) -> Meeting:
        return lifecycle.reinstate(self.meeting, self.now)

    def ask_again(self, number: int) -> Meeting:
        people = list(self.meeting.attendees)
        at = number % len(people)
        people[at] = replace(people[at], resends=people[at].resends + 1)
        return replace(self.meeting, attendees=tuple(people))

    def refuse(self, number: int) -> Meeting:
        invited = [item for item in self.meeting.invited if item.notified]
        if not invited:
            return self.meeting
        refusal = Refusal(1 + len(self.meeting.refusals), invited[number % len(invited)].id)
        return replace(self.meeting, refusals=(*self.meeting.refusals, refusal))

    def wait(self, number: int) -> Meeting:
        self.now += timedelta(seconds=number)
        return self.meeting

    def work(self, _: int) -> Meeting:
        """Let the workers finish what there is to do."""
        self.settle()
        return self.meeting

    def step(self, name: str, number: int) -> None:
        if name in ("claim", "begin", "end"):
            getattr(self, name)(number)
            return
        try:
            self.meeting = getattr(self, name)(number)
        except Conflict:
            return
        self.replan()

    # What has to be so.

    def sent_to(self, address: str) -> list[Mail]:
        return [mail for mail in self.mails if mail.address == address]

    def check_order(self) -> None:
        """Numbers never fall, tell different contents apart, and rise over every change of method."""
        for address in {mail.address for mail in self.mails}:
            mails = self.sent_to(address)
            for earlier, later in pairwise(mails):
                assert later.sequence >= earlier.sequence, (earlier, later)
                if later.method is not earlier.method:
                    assert later.sequence > earlier.sequence, (earlier, later)
                if later.content != earlier.content:
                    assert later.order > earlier.order, (earlier, later)

    def check_nothing_twice(self) -> None:
        """Only what was asked for again, or whose fate nobody knew, is sent again."""
        seen: dict[tuple[object, ...], int] = {}
        for mail in self.mails:
            if mail.kind in (K.INVITE, K.CANCEL):
                key = (mail.address, mail.method, mail.sequence, mail.stamp)
                assert seen.setdefault(key, mail.action) == mail.action, mail

    def check_end(self) -> None:
        rows: dict[str, list[Attendee]] = defaultdict(list)
        for item in self.meeting.attendees:
            rows[item.address].append(item)
        for address, own in rows.items():
            mails = self.sent_to(address)
            wanted = self.meeting.status is MeetingStatus.PUBLISHED and own[-1].invited
            if not wanted:
                self._check_gone(address, mails)
            elif not own[-1].declined:
                self._check_there(own[-1], mails)

    def _check_there(self, attendee: Attendee, mails: list[Mail]) -> None:
        for shown in (newest(mails), in_order(mails)):
            assert shown is not None, attendee
            assert (shown.method, shown.facts) == (REQUEST, facts_of(self.meeting)), attendee
            assert shown.text in self.texts[self.meeting.revision], attendee
            assert shown.sequence == request_to(self.meeting, attendee).sequence, attendee

    def _check_gone(self, address: str, mails: list[Mail]) -> None:
        written = any(
            item.mail.address == address and item.mail.method is REQUEST and item.state != "not"
            for item in self.attempts
        )
        assert bool(mails) <= written, address
        if written:
            last = newest(mails)
            assert last is not None, address
            assert last.method is CANCEL, last
        shown = in_order(mails)
        assert shown is None or shown.method is CANCEL, shown


def newest(mails: list[Mail]) -> Mail | None:
    """What a calendar shows that has got the mails in whatever order: the highest number, then the latest."""
    return max(mails, key=lambda mail: mail.order, default=None)


def in_order(mails: list[Mail]) -> Mail | None:
    """What a calendar shows that has got them as they left and ignores a CANCEL of what it does not know."""
    shown: Mail | None = None
    for mail in mails:
        if (shown is None and mail.method is REQUEST) or (shown is not None and mail.order >= shown.order):
            shown = mail
    return shown


EDITS = [
    "publish",
    "move",
    "shorten",
    "rename",
    "rename_silently",
    "link",
    "mailbox",
    "add",
    "remove",
    "replace_and_move",
    "answer",
    "cancel",
    "reinstate",
    "wait",
]
STEPS = [*EDITS, "add", "remove", "ask_again", "refuse", *["work", "claim", "begin", "end"] * 5]
LIVES = settings(deadline=None, max_examples=examples(400), suppress_health_check=[HealthCheck.too_slow])


@LIVES
@given(
    st.booleans(),
    st.sampled_from(["publish", "save_the_date"]),
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 60)), max_size=40),
)
def test_however_a_meeting_lives_everybody_ends_with_what_is_so(
    provider: bool, first: str, steps: list[tuple[str, int]]
) -> None:
    life = Life(provider=provider)
    life.step(first, 0)
    for name, number in steps:
        life.step(name, number)
        life.check_order()
    life.settle()
    for mail in life.mails:
        note(str(mail))
    life.check_order()
    life.check_nothing_twice()
    life.check_end()


@LIVES
@given(
    st.sampled_from(["publish", "save_the_date"]),
    st.lists(st.tuples(st.sampled_from(EDITS), st.integers(0, 60)), max_size=20),
)
def test_when_all_leaves_at_once_exactly_the_notices_of_each_edit_are_sent(
    first: str, steps: list[tuple[str, int]]
) -> None:
    life = Life(provider=False)
    for name, number in [(first, 0), *steps]:
        before, sent = life.meeting, len(life.mails)
        life.step(name, number)
        expected = [*messages_of_change(before, life.meeting, life.now), *caught_up(before, life)]
        life.settle()
        assert sorted(
            (mail.address, mail.method, mail.sequence, mail.stamp) for mail in life.mails[sent:]
        ) == sorted((item.attendee.address, item.method, item.sequence, item.stamp) for item in expected)
    life.check_order()
    life.check_end()


def caught_up(before: Meeting, life: Life) -> list[RevisionMessage]:
    """Who had declined and comes after all is told what was missed in between."""
    if before.revision != life.meeting.revision:
        return []
    known = {mail.attendee_id: mail.revision for mail in life.mails if mail.method is REQUEST}
    declined = {item.id for item in before.attendees if item.declined}
    return [
        request_to(life.meeting, item)
        for item in life.meeting.invited
        if item.id in declined and not item.declined and known.get(item.id) != life.meeting.revision
    ]
