"""When things go out, as properties: for any meeting in 2020-2035, any host and any shipped timeline.

The oracle says what the rules ask of a moment; it does not compute the moment again.
"""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orchestrator.domain.delegations.working_calendar import WorkingCalendar
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus
from orchestrator.domain.time.zones import zone
from orchestrator.domain.timelines.actions import ActionState, StoredAction
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.offsets import Offset
from orchestrator.domain.timelines.planning import plan
from orchestrator.domain.timelines.reconciling import reconcile
from orchestrator.domain.timelines.steps import Step
from orchestrator.domain.timelines.timeline import Timeline
from tests.effort import examples
from tests.saying import said
from tests.unit.real import CALENDARS, DIRECTORY, EVERYBODY, SHIPPED, meeting_of, planned

ONE_DAY = timedelta(days=1)
CODES = [item.code for item in DIRECTORY.delegations]
PROPERTY = settings(deadline=None, max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])


@st.composite
def meetings(draw: st.DrawFn, statuses: tuple[MeetingStatus, ...] = (MeetingStatus.PUBLISHED,)) -> Meeting:
    """Any meeting of all delegations."""
    day = draw(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
    clock = timedelta(minutes=30 * draw(st.integers(0, 47)))
    status = draw(st.sampled_from(statuses))
    return meeting_of(
        datetime.combine(day, time()) + clock,
        host=draw(st.sampled_from(CODES)),
        timeline=draw(st.sampled_from(sorted(SHIPPED))),
        duration=timedelta(minutes=30 * draw(st.integers(1, 20))),
        tentative=status is MeetingStatus.PUBLISHED and draw(st.integers(0, 4)) == 0,
        status=status,
    )


@dataclass(frozen=True)
class Case:
    """One obligation with the rule it comes from."""

    meeting: Meeting
    timeline: Timeline
    wanted: Obligation
    step: Step
    at: Offset

    @property
    def calendar(self) -> WorkingCalendar:
        number = self.wanted.attendee_id
        return CALENDARS.of(self.meeting.attendee(number).delegation if number else self.meeting.host)

    @property
    def due(self) -> datetime:
        assert self.wanted.due is not None
        return self.wanted.due

    @property
    def there(self) -> datetime:
        """The local wall time at which it is due."""
        place = self.calendar.place(self.calendar.local_date(self.due))
        return self.due.astimezone(zone(place.zone))

    @property
    def slot(self) -> date | None:
        """The day of the connectivity test that it tells of, which it comes before."""
        if self.wanted.kind != "connection-test":
            return None
        own = self.calendar.delegation.code
        found = (item.starts_at for item in self.meeting.connection_tests if item.delegation == own)
        return next((self.calendar.local_date(item) for item in found), None)

    @property
    def anchor(self) -> datetime:
        return self.meeting.ends_at if self.at.after else self.meeting.starts_at


def cases(meeting: Meeting) -> Iterator[Case]:
    """What the timeline gives a moment, without what is at once."""
    timeline = SHIPPED[meeting.timeline]
    for wanted in planned(meeting).values():
        step = timeline.named(wanted.step)
        if step is None or wanted.due is None:
            continue
        at = step.at[int(wanted.step.partition("/")[2] or 1) - 1]
        if at is not None:
            yield Case(meeting, timeline, wanted, step, at)


def may_go_out(calendar: WorkingCalendar, day: date) -> bool:
    """Whether offices are open at some time between nine and four."""
    return any(item.opens < time(16) and item.closes > time(9) for item in calendar.day(day).stretches)


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last."""
    while first <= last:
        yield first
        first += ONE_DAY


def wanted_day(case: Case) -> date:
    """The day that the timeline wants; of working days, the one with so many from it to the meeting."""
    calendar, day, left = case.calendar, case.calendar.local_date(case.anchor), case.at.days
    step = ONE_DAY if case.at.after else -ONE_DAY
    while left:
        day += step
        left -= not case.at.working or calendar.day(day).working
    return day


@PROPERTY
@example(meeting_of(datetime(2026, 12, 11, 14)))
@given(meetings())
def test_what_counts_days_lands_in_office_hours_of_a_working_day_on_the_right_side(meeting: Meeting) -> None:
    for case in cases(meeting):
        if case.at.clock is None:
            continue
        day, clock, calendar = case.there.date(), case.there.time(), case.calendar
        assert time(9) <= clock <= time(16), case
        assert any(item.opens <= clock <= item.closes for item in calendar.day(day).stretches), case
        hours = calendar.delegation.on(day).hours
        assert any(item.opens <= clock <= item.closes for item in hours), case
        wanted = wanted_day(case)
        # None of the days between would have done.
        if case.at.after:
            assert day >= wanted, case
            assert case.due >= meeting.ends_at, case
            passed_over = [item for item in days_between(wanted, day - ONE_DAY) if may_go_out(calendar, item)]
            assert all(item <= calendar.local_date(meeting.ends_at) for item in passed_over), case
        else:
            assert day <= wanted, case
            latest = wanted if case.slot is None else min(wanted, case.slot - ONE_DAY)
            assert not any(may_go_out(calendar, item) for item in days_between(day + ONE_DAY, latest)), case


@PROPERTY
@given(meetings())
def test_what_counts_hours_is_exact_at_any_hour_of_any_day(meeting: Meeting) -> None:
    exact = [case for case in cases(meeting) if case.at.clock is None]
    assert exact or meeting.tentative
    for case in exact:
        length = case.at.exact if case.at.after else -case.at.exact
        assert case.due == case.anchor + length
        assert said(case.wanted.note) == ""


@PROPERTY
@given(meetings())
def test_nothing_comes_after_the_start_that_is_meant_for_before(meeting: Meeting) -> None:
    for case in cases(meeting):
        if case.timeline.is_after(case.step):
            assert case.due >= meeting.ends_at, case
            assert case.wanted.expires > case.due, case
        elif case.due >= meeting.starts_at:
            assert said(case.wanted.left_out) == "it would come after the start", case
        else:
            last = meeting.ends_at if case.step.do is ActionKind.INVITE else meeting.starts_at
            assert case.due < case.wanted.expires <= last, case


@PROPERTY
@given(meetings())
def test_what_is_put_off_says_why_and_nothing_else_does(meeting: Meeting) -> None:
    found = list(cases(meeting))
    for case in found:
        if case.at.clock is not None:
            as_wanted = (case.there.date(), case.there.time()) == (wanted_day(case), case.at.clock)
            assert (said(case.wanted.note) == "") is as_wanted, case
            assert as_wanted or "so it goes out on " in said(case.wanted.note), case
    others = {item.key for item in planned(meeting).values()} - {case.wanted.key for case in found}
    assert all(not said(planned(meeting)[key].note) for key in others)


@PROPERTY
@given(meetings((MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED)))
def test_planning_twice_is_the_same_and_reconciling_twice_changes_nothing(meeting: Meeting) -> None:
    timeline = SHIPPED[meeting.timeline]
    wanted = plan(meeting, timeline, CALENDARS)
    assert plan(meeting, timeline, CALENDARS) == wanted
    now = meeting.published_at
    assert now is not None
    first = reconcile(meeting, wanted, [], now)
    assert {item.obligation.key for item in first.inserts} == {
        item.key for item in wanted if not said(item.left_out)
    }
    assert {said(item.reason) for item in first.skips} == {
        said(item.left_out) for item in wanted if said(item.left_out)
    }
    ids: dict[str | None, int] = {item.key: number for number, item in enumerate(first.inserts, 1)}
    rows = [
        StoredAction(
            ids[item.key],
            item.key,
            item.obligation.key,
            item.obligation.kind,
            item.obligation.attendee_id,
            item.obligation.revision,
            ActionState.BLOCKED if item.blocked_by else ActionState.SCHEDULED,
            item.obligation.due,
            item.obligation.expires,
            blocked_by=ids.get(item.blocked_by),
            note=item.obligation.note,
        )
        for item in first.inserts
    ]
    assert reconcile(meeting, wanted, rows, now).changes_nothing


@PROPERTY
@given(
    meetings((MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED)),
    st.sets(st.sampled_from([item.id for item in EVERYBODY]), max_size=6),
)
def test_planning_for_some_is_what_the_whole_plan_holds_for_them(meeting: Meeting, ids: set[int]) -> None:
    timeline = SHIPPED[meeting.timeline]
    whole = plan(meeting, timeline, CALENDARS)
    expected = [item for item in whole if item.attendee_id is None or item.attendee_id in ids]
    assert plan(meeting, timeline, CALENDARS, ids) == expected


@PROPERTY
@given(meetings(), st.integers(0, 60 * 24 * 4))
def test_published_late_what_is_overdue_waits_for_working_hours_and_reminders_are_let_go(
    meeting: Meeting, quarters: int
) -> None:
    """What invites or asks goes out in the next working hours before the start; or, to invite, at once."""
    published_at = meeting.starts_at - timedelta(minutes=15 * quarters + 1)
    early = planned(meeting)
    late = replace(meeting, published_at=published_at)
    now = planned(late)
    skipped = {item.obligation.key for item in reconcile(late, [*now.values()], [], published_at).skips}
    for case in cases(meeting):
        found, kind = now[case.wanted.key], case.step.do
        if kind in (ActionKind.CHASE, ActionKind.REMIND) and said(found.left_out):
            # Whether it comes too soon after what is late itself is looked at below.
            found = replace(found, left_out=early[found.key].left_out)
        if case.at.clock is None or case.due >= published_at:
            assert early[case.wanted.key] == found, case
            continue
        asks = kind is ActionKind.INVITE or case.step.ask is not None
        if kind is ActionKind.CONFIRM:
            # Who announces the date so late does it by hand, and confirms it by hand.
            assert said(found.left_out), case
            assert found.key in skipped, case
        elif kind is ActionKind.CONNECTION_TEST:
            # Who has a test still to come is told of it before, in working hours if there are some.
            moved = replace(case, wanted=found)
            assert (found.key in skipped) is (found.expires <= published_at), case
            assert moved.due < found.expires <= meeting.starts_at, case
            assert time(9) <= moved.there.time() <= time(16), case
        elif found.due is None:
            assert kind is ActionKind.INVITE, case
            assert case.calendar.soonest(published_at).instant >= meeting.starts_at, case
        elif asks and found.due != case.due:
            moved = replace(case, wanted=found)
            assert published_at <= found.due < meeting.starts_at, case
            assert said(found.note), case
            assert time(9) <= moved.there.time() <= time(16), case
            assert case.calendar.day(moved.there.date()).working, case
            assert found.key not in skipped, case
        else:
            assert found == early[found.key], case
            # The service's own work is done late.
            assert (found.key in skipped) is not found.late, case


@PROPERTY
@given(meetings(), st.integers(0, 60 * 24 * 4))
def test_nobody_is_chased_before_the_day_after_the_question(meeting: Meeting, quarters: int) -> None:
    """However late the meeting is published, and wherever holidays push the days together."""
    published_at = meeting.starts_at - timedelta(minutes=15 * quarters + 1)
    found = planned(replace(meeting, published_at=published_at))
    asked = {
        "chase:answer": "invite",
        "chase:delegation-list": "notice:delegation-list",
        "chase:papers": "notice:papers",
    }
    for item in found.values():
        step = item.step.partition("/")[0]
        question = found.get(f"{asked.get(step)}:attendee-{item.attendee_id}")
        if said(item.left_out) or question is None or item.attendee_id is None or meeting.tentative:
            continue
        assert item.due is not None
        if item.due < published_at:
            continue
        calendar = CALENDARS.of(meeting.attendee(item.attendee_id).delegation)
        moment = question.due or published_at
        assert calendar.local_date(item.due) > calendar.local_date(moment), (item, question)


def test_every_shipped_timeline_plans_something_of_each_of_its_steps() -> None:
    for name, timeline in SHIPPED.items():
        meeting = meeting_of(datetime(2026, 12, 11, 14), timeline=name)
        found = {item.step.partition("/")[0] for item in planned(meeting).values()}
        found |= {item.step for item in planned(replace(meeting, tentative=True)).values()}
        concluded = replace(meeting, status=MeetingStatus.CONCLUDED, minutes_version=1)
        found |= {item.step for item in planned(replace(concluded, minutes_at=meeting.ends_at)).values()}
        assert {step.name for step in timeline.steps} <= found, name


def test_every_attendee_is_somebody_a_timeline_can_speak_of() -> None:
    assert {item.delegation for item in EVERYBODY} == set(CODES)
    assert len({item.id for item in EVERYBODY}) == len(EVERYBODY)
    assert all(isinstance(item, Attendee) for item in EVERYBODY)
