"""What the policy promises for every SOM of two years and every member (statements 1, 2, 4 and 5)."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.offsets import Offset
from orchestrator.domain.timelines.policy.context import EventContext, Records
from orchestrator.domain.timelines.policy.rules import Bounded, Counted
from orchestrator.domain.timelines.policy.wanted import WantedDays
from tests.effort import examples
from tests.unit.real import CALENDARS, people_of
from tests.unit.timelines.policy.events import MEMBERS, SOM_POLICY, answered, event_of, letters, session

PEOPLE = people_of(*MEMBERS)
POINTS = {item.delegation: item for item in PEOPLE if item.role is Role.FOCAL_POINT}
HOST = CALENDARS.of("VN")
ONE_DAY = timedelta(days=1)
EXACT = ("remind:hour",)
days = st.dates(date(2020, 3, 2), date(2035, 10, 31)).filter(lambda day: HOST.sends_on(day))


def preparatory_day(som: date) -> date:
    """The nearest host working day before, at most eight back, on which fewest are off."""
    found, day = [], som
    for back in range(8):
        day = HOST.add(day, -1)
        off = sum(not CALENDARS.of(code).day(day).working for code in MEMBERS)
        found.append((off, back, day))
    return min(found)[2]


def event_on(som: date, *answering: str, records: bool = True) -> EventContext:
    first = session(1, datetime.combine(preparatory_day(som), time(14)), PEOPLE)
    lead = session(2, datetime.combine(som, time(14)), PEOPLE, minutes_version=1)
    kept = {2: on_record(lead)} if records else {}
    return event_of(answered(first, *answering), answered(lead, *answering), lead=2, records=kept)


def on_record(lead: Meeting) -> Records:
    put_up = HOST.add(HOST.local_date(lead.starts_at), -2)
    return Records(
        documents_at=HOST.instant(put_up, time(15)),
        draft_at=HOST.instant(HOST.add(HOST.local_date(lead.starts_at), 2), time(15)),
        final_at=HOST.instant(HOST.add(HOST.local_date(lead.starts_at), 22), time(15)),
        attendance_at=lead.ends_at,
        present=frozenset(MEMBERS),
    )


def check_days(found: list[Obligation], code: str) -> None:
    """At most one letter a day, none beside an invitation, none on a day off or out of hours."""
    calendar = CALENDARS.of(code)
    letters_by_day = Counter(
        calendar.local_date(item.due) for item in found if item.due and item.step not in ("invite", *EXACT)
    )
    invited = {calendar.local_date(item.due) for item in found if item.due and item.step == "invite"}
    assert max(letters_by_day.values(), default=0) <= 1
    assert not invited & set(letters_by_day)
    for item in found:
        if item.step not in EXACT:
            assert item.due is not None
            day = calendar.local_date(item.due)
            assert calendar.sends_on(day)
            assert item.due == calendar.land(day, time(9), forward=True).instant


def check_order(found: list[Obligation]) -> None:
    rank = {"invite": 0, "ask": 1, "chase/1": 2, "chase/2": 3, "chase/3": 4}
    asked = [rank[item.step] for item in found if item.step in rank]
    assert all(one <= following for one, following in pairwise(asked))
    steps = [item.step for item in found]
    assert steps[-1] == "minutes:final"
    assert steps.index("minutes:draft") < steps.index("minutes:final")


def check_reminders(found: list[Obligation], event: EventContext, code: str) -> None:
    """No reminder is ever more than three calendar days earlier than wanted."""
    for item in found:
        if item.step == "remind:day":
            meeting = next(
                one for one in event.sessions if any(a.id == item.attendee_id for a in one.invited)
            )
            wanted = HOST.local_date(meeting.starts_at) - ONE_DAY
            assert item.due is not None
            assert -1 <= (wanted - CALENDARS.of(code).local_date(item.due)).days <= 3


@pytest.mark.parametrize("code", ["MM", "VN", "PH", "BN", "ID"])
@given(som=days)
@settings(max_examples=examples(6), deadline=None)
def test_a_silent_focal_point_is_spared(code: str, som: date) -> None:
    event = event_on(som)
    found = letters(event, POINTS[code].address)
    check_days(found, code)
    check_order(found)
    check_reminders(found, event, code)
    assert len(found) <= 14
    assert sum(item.step.startswith("chase/") for item in found) <= 3


@given(som=days)
@settings(max_examples=examples(6), deadline=None)
def test_who_gives_everything_in_time_gets_ten_mails_at_most(som: date) -> None:
    event = event_on(som, *MEMBERS)
    for code in ("MM", "KH", "SG"):
        found = letters(event, POINTS[code].address)
        check_days(found, code)
        assert len([item for item in found if item.step != "minutes:final"]) <= 10
        assert not [item for item in found if item.step.startswith(("chase", "ask"))]


@given(som=days)
@settings(max_examples=examples(15), deadline=None)
def test_the_deadline_leaves_everybody_five_days_or_says_whom_it_does_not(som: date) -> None:
    event = event_on(som, records=False)
    deadline, request = event.deadline, WantedDays(event, CALENDARS).request
    assert deadline is not None
    assert deadline.at is not None
    assert request is not None
    day = HOST.local_date(deadline.at)
    assert HOST.day(day).working
    assert deadline.at == HOST.instant(day, time(16))
    assert deadline.at < event.first.starts_at
    for code in MEMBERS:
        own = CALENDARS.of(code)
        began = request if own.sends_on(request) else own.add(request, 1)
        assert (own.add(began, 5) <= day) is (code not in deadline.short)


def test_no_letter_promises_documents_or_thanks_that_are_not_on_record() -> None:
    event = event_on(date(2027, 4, 22), records=False)
    steps = {item.step for point in POINTS.values() for item in letters(event, point.address)}
    assert steps == {"invite", "ask", "chase/1", "chase/2", "chase/3", "remind:day", "remind:hour"}


def test_a_meeting_published_half_an_hour_ahead_sends_its_invitation_alone() -> None:
    start = datetime(2027, 4, 22, 14)
    lead = session(2, start, PEOPLE, published_at=datetime(2027, 4, 22, 6, 30, tzinfo=UTC))
    event = event_of(lead, lead=2)
    for point in POINTS.values():
        assert [item.step for item in letters(event, point.address)] == ["invite"]


def test_a_start_at_eleven_leaves_no_morning_for_the_letter_of_the_day() -> None:
    """Myanmar is off until the eve of 22 April 2027; with a start at 11:00 only the hour mail goes out."""
    lead = session(2, datetime(2027, 4, 22, 11, 30), PEOPLE)
    event = event_of(lead, lead=2)
    steps = [item.step for item in letters(event, POINTS["MM"].address)]
    assert "remind:day" not in steps
    assert steps[-1] == "remind:hour"


def test_a_move_asks_for_nothing_but_replies_again() -> None:
    """List, papers and test stay valid; of the letters only those of the new day come again."""
    before = event_on(date(2027, 4, 22), "VN")
    moved = session(2, datetime(2027, 4, 29, 14), PEOPLE, time_revision=2, revision=2)
    after = event_of(before.first, answered(moved, "VN"), lead=2)
    again = {
        item.step: item.revision for item in letters(after, POINTS["VN"].address) if item.step != "invite"
    }
    assert set(again) == {"remind:day", "remind:hour"}


def test_the_spacing_of_chasers_is_that_of_the_timeline() -> None:
    assert SOM_POLICY.chase is not None
    rare = replace(SOM_POLICY, chase=replace(SOM_POLICY.chase, spacing=6))
    first = session(1, datetime(2027, 4, 12, 14), PEOPLE)
    lead = session(2, datetime(2027, 4, 22, 14), PEOPLE)
    steps = [item.step for item in letters(event_of(first, lead, lead=2, policy=rare), POINTS["VN"].address)]
    assert [item for item in steps if item.startswith("chase")] == ["chase/1", "chase/3"]


@pytest.mark.parametrize(("fold", "alone"), [(2, False), (0, True)])
def test_documents_wait_as_long_for_a_letter_as_the_timeline_says(fold: int, alone: bool) -> None:
    """Put up on Monday 29 March, they are due on 30 March; the first chaser of 31 March would tell them."""
    assert SOM_POLICY.documents is not None
    policy = replace(SOM_POLICY, documents=replace(SOM_POLICY.documents, fold=fold))
    lead = session(2, datetime(2027, 4, 22, 14), PEOPLE)
    first = session(1, datetime(2027, 4, 12, 14), PEOPLE)
    records = {2: Records(documents_at=datetime(2027, 3, 29, 8, tzinfo=UTC))}
    found = letters(event_of(first, lead, lead=2, policy=policy, records=records), POINTS["VN"].address)
    assert ("notice:documents" in [item.step for item in found]) is alone


@pytest.mark.parametrize(("days", "announced"), [(45, True), (33, False)])
def test_a_save_the_date_shortly_before_the_invitation_is_left_out(days: int, announced: bool) -> None:
    """The invitation is due on 22 March 2027; 33 days before the SOM is Saturday 20 March."""
    at = Offset(after=False, days=days, clock=time(9))
    policy = replace(SOM_POLICY, save_the_date=Bounded(Counted(at)))
    lead = session(2, datetime(2027, 4, 22, 14), PEOPLE, tentative=True)
    steps = [item.step for item in letters(event_of(lead, lead=2, policy=policy), POINTS["VN"].address)]
    assert ("invite:save-the-date" in steps) is announced
