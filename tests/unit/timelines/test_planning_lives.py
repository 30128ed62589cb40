"""Planning as properties over whole lives of meetings.

This file and its class are longer than others, because the model of a world is one thing: what may happen
in it, and what must hold afterwards.
"""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.domain.meetings.lifecycle import (
    Change,
    cancel,
    conclude,
    publish,
    reinstate,
    revise,
    with_link,
    with_organizer,
)
from orchestrator.domain.meetings.meeting import MeetingStatus, News, Participation, Refusal
from orchestrator.domain.time.zones import zone
from orchestrator.domain.timelines.actions import TRANSITIONS, ActionState, CancelCode, StoredAction
from orchestrator.domain.timelines.objections import objection
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.planning import plan
from orchestrator.domain.timelines.reconciling import Reconciliation, reconcile
from orchestrator.errors import Conflict
from tests.effort import examples
from tests.saying import said
from tests.unit.plans import (
    CALENDARS,
    LINK,
    NO_LINK,
    NOW,
    ORGANIZER,
    TIMELINE,
    ZONES,
    K,
    S,
    draft,
    person,
    stored,
)

# Whole lives of meetings, against a small store in memory.


class World:
    """A meeting with its stored actions, which a step after another changes."""

    def __init__(self, now: datetime = NOW) -> None:
        people = [person(number, code) for number, code in enumerate(ZONES, 1)]
        self.meeting = draft(attendees=tuple(people))
        self.responses = 0
        self.rows: dict[int, StoredAction] = {}
        self.now = now
        self.links = 1

    def replan(self) -> None:
        self._store_attendees()
        wanted = plan(self.meeting, TIMELINE, CALENDARS)
        self._apply(reconcile(self.meeting, wanted, self.rows.values(), self.now))
        again = reconcile(self.meeting, wanted, self.rows.values(), self.now)
        assert again.changes_nothing, again
        self._check(wanted)

    def _store_attendees(self) -> None:
        last = max(item.id for item in self.meeting.attendees)
        people = []
        for item in self.meeting.attendees:
            last += item.id == 0
            people.append(item if item.id else replace(item, id=last))
        self.meeting = replace(self.meeting, attendees=tuple(people))

    def _apply(self, found: Reconciliation) -> None:
        for insert in found.inserts:
            due = insert.obligation.due
            assert due is None or due >= self.now or insert.obligation.late
            assert insert.obligation.expires > self.now
            assert insert.key not in {row.key for row in self.rows.values()}
            number = len(self.rows) + 1
            state = S.BLOCKED if insert.blocked_by else S.SCHEDULED
            self.rows[number] = stored(insert.obligation, state, number, key=insert.key)
        ids: dict[str | None, int] = {row.key: row.id for row in self.rows.values()}
        for insert in found.inserts:
            number = ids[insert.key]
            self.rows[number] = replace(self.rows[number], blocked_by=ids.get(insert.blocked_by))
        for move in found.moves:
            row, wanted = self.rows[move.action_id], move.obligation
            state = S.BLOCKED if move.blocked_by else S.SCHEDULED
            assert move.at_once == (state != row.state)
            assert state == row.state or state in TRANSITIONS[row.state]
            self.rows[row.id] = replace(
                row,
                state=state,
                revision=wanted.revision,
                planned_at=wanted.due,
                expires=wanted.expires,
                blocked_by=ids.get(move.blocked_by),
                cancel_code=None,
            )
        for gone in found.cancels:
            assert said(gone.reason)
            self._end(gone.action_id, S.CANCELLED, gone.code)

    def _end(self, number: int, state: ActionState, code: CancelCode | None = None) -> None:
        row = self.rows[number]
        assert state in TRANSITIONS[row.state], (row, state)
        self.rows[number] = replace(row, state=state, cancel_code=code)

    def _check(self, wanted: list[Obligation]) -> None:
        """The pending actions are what the plan calls for and nobody has seen to yet."""
        pending = [row for row in self.rows.values() if row.state.is_pending]
        count = Counter(row.obligation for row in pending)
        assert all(number == 1 for number in count.values()), count
        assert set(count) <= {item.key for item in wanted}
        by_obligation = {row.obligation: row for row in pending}
        queues: set[str] = set()
        for item in wanted:
            seen_to = any(
                row.revision >= item.revision
                and (
                    row.state in (S.SUCCEEDED, S.FAILED, S.MISSED, S.CLAIMED, S.RUNNING)
                    or row.cancel_code is CancelCode.DISCARDED
                )
                for row in self.rows.values()
                if row.obligation == item.key
            )
            overdue = item.due is not None and item.due < self.now and not item.late
            passed = overdue or item.expires <= self.now
            found = by_obligation.get(item.key)
            if seen_to:
                assert found is None, item
            elif found is None:
                assert passed, item
            else:
                assert (found.revision, found.planned_at, found.expires) == (
                    item.revision,
                    item.due,
                    item.expires,
                )
                queue = self._queue_of(item)
                waits = item.waits_for is not None or self._in_hand(item) or queue in queues
                assert (found.state is S.BLOCKED) is waits, item
                assert (found.blocked_by is not None) is waits, item
                if waits and item.waits_for is None:
                    before = self.rows[found.blocked_by or 0]
                    assert before.state.is_in_flight or (before.state.is_pending and queue in queues), item
                queues |= {queue} - {""}

    def _queue_of(self, item: Obligation) -> str:
        """The address whose calendar messages leave one after the other; nothing for other work."""
        ordered = item.kind.carries_calendar and item.attendee_id is not None
        return self.meeting.attendee(item.attendee_id or 0).address if ordered else ""

    def _in_hand(self, item: Obligation) -> bool:
        provider = (K.CONFERENCE, K.CONFERENCE_DELETE)
        return any(
            (
                item.kind.carries_calendar
                and row.kind.carries_calendar
                and self._address(item.attendee_id) == self._address(row.attendee_id)
            )
            or (item.kind in provider and row.kind in provider)
            for row in self.rows.values()
            if row.state.is_in_flight
        )

    def _address(self, attendee_id: int | None) -> str:
        assert attendee_id is not None
        return self.meeting.attendee(attendee_id).address

    # Steps. Each takes a number with which it chooses.

    def publish(self, number: int) -> None:
        self.meeting = publish(
            self.meeting, "uid", self.now, organizer=ORGANIZER, save_the_date=number % 2 > 0
        )

    def confirm(self, _: int) -> None:
        self.meeting = publish(self.meeting, "uid", self.now, organizer=ORGANIZER)

    def reinstate(self, _: int) -> None:
        self.meeting = reinstate(self.meeting, self.now)

    def mailbox(self, number: int) -> None:
        self.meeting = with_organizer(self.meeting, f"meetings{number % 2}@accsm.example", self.now)

    def ask_again(self, number: int) -> None:
        people = list(self.meeting.attendees)
        at = number % len(people)
        people[at] = replace(people[at], resends=people[at].resends + 1)
        self.meeting = replace(self.meeting, attendees=tuple(people))

    def refuse(self, number: int) -> None:
        people = self.meeting.invited
        refusal = Refusal(len(self.meeting.refusals) + 1, people[number % len(people)].id)
        self.meeting = replace(self.meeting, refusals=(*self.meeting.refusals, refusal))

    def move(self, number: int) -> None:
        wall = datetime(2026, 11, 3, 14) + timedelta(days=number % 40, hours=number % 3)
        self.meeting = revise(self.meeting, Change(wall_start=wall), self.now)

    def retitle(self, number: int) -> None:
        self.meeting = revise(
            self.meeting, Change(title_en=f"Title {number}"), self.now, notify=number % 4 > 0
        )

    def answer(self, number: int) -> None:
        people = list(self.meeting.attendees)
        at = number % len(people)
        people[at] = replace(people[at], participation=list(Participation)[number % 5])
        self.responses += 1
        self.meeting = replace(self.meeting, attendees=tuple(people), news=self._news())

    def _news(self) -> News:
        """As the store has it: a digest in hand counts as sent."""
        known = self.meeting.news
        told = (S.CLAIMED, S.RUNNING, S.SUCCEEDED)
        digests = [row for row in self.rows.values() if row.kind is K.DIGEST and row.state in told]
        last = max((row.planned_at for row in digests if row.planned_at), default=None)
        waits = known.first_at is not None and (last is None or known.first_at >= last)
        return News(self.responses, last, last, known.first_at if waits else self.now)

    def remove(self, number: int) -> None:
        people = list(self.meeting.invited)
        if len(people) > 1:
            people.pop(number % len(people))
            self.meeting = revise(self.meeting, Change(attendees=tuple(people)), self.now)

    def add(self, number: int) -> None:
        code = list(ZONES)[number % len(ZONES)]
        new = person(1 + number % 9, code, id=0)
        if new.email not in {item.email for item in self.meeting.invited}:
            self.meeting = revise(self.meeting, Change(attendees=(*self.meeting.invited, new)), self.now)

    def link_by_hand(self, number: int) -> None:
        url = f"https://meet.example.org/hand-{number % 3}"
        self.meeting = with_link(
            self.meeting, replace(self.meeting.conference, join_url=url, by_hand=True), self.now
        )

    def cancel(self, number: int) -> None:
        if number % 3 == 0:
            self.meeting = cancel(self.meeting, self.now)

    def minutes(self, _: int) -> None:
        if self.meeting.status is MeetingStatus.CONCLUDED:
            version = self.meeting.minutes_version + 1
            self.meeting = replace(self.meeting, minutes_version=version, minutes_at=self.now)

    def claim(self, number: int) -> None:
        """Claim one due action."""
        due = [
            row
            for row in self.rows.values()
            if row.state is S.SCHEDULED and (row.planned_at is None or row.planned_at <= self.now)
        ]
        if due:
            self._end(due[number % len(due)].id, S.CLAIMED)

    def start(self, number: int) -> None:
        """Look at a claimed action again and begin it; from then on an invitation may have left."""
        claimed = [row for row in self.rows.values() if row.state is S.CLAIMED]
        if not claimed:
            return
        row = claimed[number % len(claimed)]
        self._end(row.id, S.RUNNING)
        attendee = self.meeting.attendee(row.attendee_id) if row.attendee_id else None
        no = objection(row, self.meeting, attendee, self.now)
        if no is not None:
            self._end(row.id, no.state, no.code)
        elif row.kind.carries_calendar and row.kind is not K.CANCEL:
            self._note(row, notified=True, withdrawn=False)

    def _note(self, row: StoredAction, **fields: Any) -> None:
        people = (
            replace(item, **fields) if item.id == row.attendee_id else item for item in self.meeting.attendees
        )
        self.meeting = replace(self.meeting, attendees=tuple(people))

    def finish(self, number: int) -> None:
        """End what runs: it succeeds, fails, or is put back for a retry."""
        running = [row for row in self.rows.values() if row.state is S.RUNNING]
        if not running:
            return
        row = running[number % len(running)]
        if number % 5 == 0:
            self._end(row.id, S.SCHEDULED)
        elif number % 5 == 1:
            self._end(row.id, S.FAILED)
        else:
            self._end(row.id, S.SUCCEEDED)
            self._done(row)

    def _done(self, row: StoredAction) -> None:
        if row.kind is K.CONFERENCE and not self.meeting.conference.by_hand:
            self.meeting = with_link(self.meeting, LINK, self.now)
        elif row.kind is K.CONFERENCE_DELETE:
            self.meeting = with_link(self.meeting, replace(NO_LINK, attempted=True), self.now)
        elif row.kind is K.CANCEL:
            self._note(row, withdrawn=True)
        elif row.kind is K.DIGEST and row.revision == self.meeting.news.latest:
            self.meeting = replace(self.meeting, news=replace(self.meeting.news, first_at=None))
        elif row.kind is K.CONCLUDE and self.meeting.status is MeetingStatus.PUBLISHED:
            self.meeting = conclude(self.meeting, self.now)

    def retry(self, number: int) -> None:
        self._by_ops(number, (S.FAILED, S.MISSED), S.SCHEDULED)

    def discard(self, number: int) -> None:
        self._by_ops(number, (S.FAILED, S.MISSED, S.SCHEDULED, S.BLOCKED), S.CANCELLED)

    def _by_ops(self, number: int, sources: tuple[ActionState, ...], target: ActionState) -> None:
        rows = [row for row in self.rows.values() if row.state in sources]
        if rows:
            code = CancelCode.DISCARDED if target is S.CANCELLED else None
            self._end(rows[number % len(rows)].id, target, code)

    def wait(self, number: int) -> None:
        """Let time pass; what is pending beyond its grace is missed, as beat does it."""
        self.now += timedelta(hours=number)
        for row in list(self.rows.values()):
            if row.state.is_pending and row.expires <= self.now:
                self._end(row.id, S.MISSED)

    def work(self, _: int) -> None:
        """Do everything that is due, until nothing is."""
        for _round in range(200):
            self.claim(0)
            self.start(0)
            self.finish(4)
            self.replan()
            due = (
                row.state is S.SCHEDULED and (row.planned_at is None or row.planned_at <= self.now)
                for row in self.rows.values()
            )
            if not any(row.state.is_in_flight for row in self.rows.values()) and not any(due):
                return
        raise AssertionError("there is always more to do")


STEPS = [
    "move",
    "retitle",
    "answer",
    "remove",
    "add",
    "link_by_hand",
    "ask_again",
    "refuse",
    "mailbox",
    "cancel",
    "confirm",
    "reinstate",
    "minutes",
    "retry",
    "discard",
    "wait",
    "work",
    # More often than the others, so that much is in hand while things change.
    *["claim", "start", "finish"] * 3,
    "retitle",
    "move",
]


@settings(deadline=None, max_examples=examples(300), suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans(), st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 200)), max_size=30))
def test_whatever_happens_the_pending_actions_are_what_the_plan_calls_for(
    save_the_date: bool, steps: list[tuple[str, int]]
) -> None:
    world = World()
    world.replan()
    assert world.rows == {}
    world.publish(save_the_date)
    world.replan()
    for step, number in steps:
        try:
            getattr(world, step)(number)
        except Conflict:
            continue
        world.replan()


@settings(deadline=None, max_examples=examples(40))
@given(st.lists(st.tuples(st.sampled_from(STEPS[:6]), st.integers(0, 200)), max_size=8))
def test_a_meeting_left_alone_reaches_its_end_with_nothing_pending(steps: list[tuple[str, int]]) -> None:
    world = World()
    world.publish(0)
    world.replan()
    for step, number in steps:
        try:
            getattr(world, step)(number)
        except Conflict:
            continue
        world.replan()
    for _ in range(60):
        world.wait(24)
        world.replan()
        world.work(0)
    assert world.meeting.status is MeetingStatus.CONCLUDED
    assert not [row for row in world.rows.values() if row.state.is_pending or row.state.is_in_flight]


@settings(deadline=None)
@given(
    # Around the changes of clocks: Toronto 8 March and 1 November, Sydney 5 April and 4 October,
    # Auckland 5 April and 27 September, all of 2026.
    st.sampled_from(
        [datetime(2026, month, day) for month, day in ((3, 8), (4, 5), (9, 27), (10, 4), (11, 1))]
    ),
    st.integers(-8 * 48, 16 * 48),
    st.lists(st.integers(-14 * 48, 14 * 48), max_size=3),
)
def test_across_changes_of_clocks_every_reminder_is_at_nine_there_and_only_once(
    change_of_clocks: datetime, half_hours: int, moves: list[int]
) -> None:
    world = World(now=datetime(2026, 1, 1, tzinfo=UTC))
    start = change_of_clocks + timedelta(minutes=30 * half_hours)
    world.meeting = replace(world.meeting, wall_start=start)
    world.publish(0)
    world.replan()
    for move in moves:
        world.meeting = revise(
            world.meeting, Change(wall_start=start + timedelta(minutes=30 * move)), world.now
        )
        world.replan()
    reminders = [row for row in world.rows.values() if row.obligation.startswith("remind:P7D:")]
    assert sorted(row.attendee_id or 0 for row in reminders) == [1, 2, 3, 4, 5, 6]
    for row in reminders:
        there = zone(ZONES[world.meeting.attendee(row.attendee_id or 0).delegation])
        assert row.planned_at is not None
        local, starts = row.planned_at.astimezone(there), world.meeting.starts_at.astimezone(there)
        assert (local.hour, local.minute, local.fold) == (9, 0, 0)
        assert starts.date() - local.date() == timedelta(days=7)
