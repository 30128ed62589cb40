"""Reconciling: how what is planned differs from what is called for.

``reconcile`` compares obligations with the stored actions and says what to add, move, cancel or bring
back: what is done stays, what is pending moves, what no longer applies is cancelled with its reason. What
failed stays too, whatever the plan calls for by then: only a person closes a failure. It is pure, and doing
it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.timelines.actions import ActionState, CancelCode, StoredAction
from orchestrator.domain.timelines.kinds import ActionKind, Reach, Work
from orchestrator.domain.timelines.objections import CALLED_OFF, CHANGED_MEANWHILE, no_longer_called_for
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.facts import Fact


@dataclass(frozen=True, slots=True)
class Insert:
    """Add an action under ``key``; blocked while ``blocked_by`` (an obligation's key) is undone."""

    key: str
    obligation: Obligation
    blocked_by: str | None


@dataclass(frozen=True, slots=True)
class Move:
    """Give a pending or cancelled action the obligation's present values and state."""

    action_id: int
    obligation: Obligation
    blocked_by: str | None
    at_once: bool


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a pending action, with its reason for programs and for people."""

    action_id: int
    code: CancelCode
    reason: Fact


@dataclass(frozen=True, slots=True)
class Skip:
    """An obligation that is not planned because its time has passed."""

    obligation: Obligation
    reason: Fact


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What has to change in the stored actions so that they match the plan."""

    inserts: tuple[Insert, ...] = ()
    moves: tuple[Move, ...] = ()
    cancels: tuple[Cancel, ...] = ()
    skips: tuple[Skip, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        """Whether the stored actions match the plan already."""
        return not (self.inserts or self.moves or self.cancels)

    def since(self, before: Reconciliation) -> Reconciliation:
        """Leave out what was passed over ``before`` already, and is not wanted for another time now."""
        known = {(item.obligation.key, item.obligation.revision) for item in before.skips}
        new = (item for item in self.skips if (item.obligation.key, item.obligation.revision) not in known)
        return replace(self, skips=tuple(new))


def _unexplained(_: StoredAction) -> None:
    return None


def reconcile(
    meeting: Meeting,
    wanted: Sequence[Obligation],
    stored: Iterable[StoredAction],
    now: datetime,
    why_dropped: Callable[[StoredAction], Fact | None] = _unexplained,
) -> Reconciliation:
    """Say how the stored actions of ``meeting`` must change so that they match ``wanted``.

    ``why_dropped`` says why the plan does not hold an action any more, where more than the meeting
    explains it. Nothing is ever planned into the past: an obligation whose time is over is skipped with its
    reason. An overdue action that is already planned stays, for its grace decides about it.
    """
    rows = list(stored)
    latest = _latest(rows)
    called_for = [item for item in wanted if not item.left_out]
    planned_keys = {item.key for item in called_for}
    decision = _Decision(meeting, latest, rows, now)
    for obligation in called_for:
        decision.take(obligation)
    decision.skips += [
        Skip(item, item.left_out) for item in wanted if item.left_out and item.key not in latest
    ]
    left_out = {item.key: item.left_out for item in wanted if item.left_out}
    decision.cancels += [
        Cancel(row.id, *_why_not(meeting, row, left_out.get(row.obligation), why_dropped))
        for row in rows
        if row.state.is_pending and row.obligation not in planned_keys
    ]
    decision.cancels += [
        Cancel(row.id, CancelCode.SUPERSEDED, CHANGED_MEANWHILE)
        for row in rows
        if row.state.is_pending and row.obligation in planned_keys
        if row is not latest[row.obligation] or row.obligation in decision.added
    ]
    return Reconciliation(
        tuple(decision.inserts), tuple(decision.moves), tuple(decision.cancels), tuple(decision.skips)
    )


def _latest(rows: Iterable[StoredAction]) -> dict[str, StoredAction]:
    """The newest action of each obligation; ids rise."""
    latest: dict[str, StoredAction] = {}
    for row in sorted(rows, key=lambda item: item.id):
        latest[row.obligation] = row
    return latest


def _calendar_mail_in_flight(meeting: Meeting, rows: Iterable[StoredAction]) -> dict[str, str]:
    """Per address the key of the calendar message that a worker has in hand.

    Those that follow queue behind it, one after the other, so that a CANCEL never overtakes its REQUEST,
    nor a REQUEST the CANCEL of an earlier time in the meeting: the address counts, for a person invited
    again is another attendee.
    """
    return {
        meeting.attendee(row.attendee_id).address: row.key
        for row in rows
        if row.attendee_id is not None and row.kind.carries_calendar and row.state.is_in_flight
    }


def _told(rows: Iterable[StoredAction]) -> dict[int | None, dict[str, int]]:
    """By attendee and obligation the newest revision that an invitation has told, or is telling now."""
    told: dict[int | None, dict[str, int]] = {}
    for row in rows:
        if row.kind is ActionKind.INVITE and (row.state is ActionState.SUCCEEDED or row.state.is_in_flight):
            own = told.setdefault(row.attendee_id, {})
            own[row.obligation] = max(row.revision, own.get(row.obligation, 0))
    return told


_CHASED_LATELY = timedelta(days=4)
"""A rung that has gone out is not repeated sooner: moving over a weekend moves it by three days."""


class _Decision:
    """Collects what to do about one obligation after another."""

    def __init__(
        self,
        meeting: Meeting,
        latest: Mapping[str, StoredAction],
        rows: Sequence[StoredAction],
        now: datetime,
    ) -> None:
        self._address = {item.id: item.address for item in meeting.attendees}
        self._time_revision = meeting.time_revision
        self._told = _told(rows)
        self._latest = latest
        self._ids: dict[str | None, int] = {row.key: row.id for row in rows}
        self._last_mail = _calendar_mail_in_flight(meeting, rows)
        self._conference_in_flight = next(
            (row.key for row in rows if row.kind.rules.work is Work.CONFERENCE and row.state.is_in_flight),
            None,
        )
        self.added: dict[str, str] = {}
        self._now = now
        self.inserts: list[Insert] = []
        self.moves: list[Move] = []
        self.cancels: list[Cancel] = []
        self.skips: list[Skip] = []

    def take(self, wanted: Obligation) -> None:
        wanted = self._as_news(wanted)
        if self._told_along(wanted):
            return
        row = self._latest.get(wanted.key)
        if row is None:
            self._insert(wanted, wanted.key)
        elif row.state.is_pending:
            self._adjust(wanted, row)
        elif row.state is ActionState.CANCELLED:
            self._revive(wanted, row)
        elif row.revision < wanted.revision and not self._passed(wanted) and _chased_lately(wanted, row):
            self.skips.append(Skip(wanted, Fact.of("timelines.chased-lately")))
        elif row.revision < wanted.revision:
            self._insert(wanted, _next_key(row))

    def _told_along(self, wanted: Obligation) -> bool:
        """Whether a letter that says the same has gone out since there was something to say."""
        known = (self._latest.get(key) for key in wanted.told_by)
        return any(
            row is not None
            and row.state is ActionState.SUCCEEDED
            and row.planned_at is not None
            and wanted.due is not None
            and row.planned_at >= wanted.due
            for row in known
        )

    def _as_news(self, wanted: Obligation) -> Obligation:
        """Let an update go at once: only a first invitation waits for the hour that the timeline gives it.

        Who knows the date from its announcement alone waits for the invitation too, unless it has moved.
        """
        if wanted.kind is not ActionKind.INVITE or wanted.due is None:
            return wanted
        known = self._told.get(wanted.attendee_id, {})
        if wanted.key in known or (known and max(known.values()) < self._time_revision):
            return replace(wanted, due=None, note=None)
        return wanted

    def _insert(self, wanted: Obligation, key: str) -> None:
        if self._passed(wanted):
            self.skips.append(Skip(wanted, Fact.of("timelines.time-passed")))
        else:
            self.inserts.append(Insert(key, wanted, self._blocker(wanted, key)))
            self.added[wanted.key] = key

    def _adjust(self, wanted: Obligation, row: StoredAction) -> None:
        blocked_by = self._blocker(wanted, row.key)
        same_state = (row.state is ActionState.BLOCKED) == (blocked_by is not None)
        same_time = wanted.due == row.planned_at
        # Waiting for the wrong action would be waiting for ever.
        same_wait = same_state and row.blocked_by == self._ids.get(blocked_by)
        same_rest = (row.revision, row.expires, row.note) == (wanted.revision, wanted.expires, wanted.note)
        if same_time and same_wait and same_rest:
            return
        if not same_time and self._passed(wanted) and not self._still_useful(wanted, row):
            moved = row.revision < wanted.revision
            reason = Fact.of("timelines.moved-too-late" if moved else "timelines.calendar-changed-too-late")
            self.cancels.append(Cancel(row.id, CancelCode.TIME_PASSED, reason))
        else:
            self.moves.append(Move(row.id, wanted, blocked_by, at_once=not same_state))

    def _still_useful(self, wanted: Obligation, row: StoredAction) -> bool:
        """Whether what a new day off has put into the past may go out at once, within its grace.

        A recipient who has just been told that the meeting moved needs no reminder that is late already.
        """
        late = wanted.due is not None and wanted.due < self._now < wanted.expires
        return late and row.revision == wanted.revision

    def _revive(self, wanted: Obligation, row: StoredAction) -> None:
        if row.cancel_code is CancelCode.DISCARDED and row.revision >= wanted.revision:
            return
        if self._passed(wanted):
            self.skips.append(Skip(wanted, Fact.of("timelines.time-passed")))
        else:
            self.moves.append(Move(row.id, wanted, self._blocker(wanted, row.key), at_once=True))

    def _passed(self, wanted: Obligation) -> bool:
        """Whether it is too late, or would be: a reminder at 09:00 may fall after an early start."""
        if wanted.due is None or wanted.late:
            return wanted.expires <= self._now
        return wanted.due < self._now or wanted.due >= wanted.expires

    def _blocker(self, wanted: Obligation, key: str) -> str | None:
        """The key of the action that has to end before the one under ``key`` may start."""
        before = self._mail_before(wanted, key)
        if wanted.waits_for is not None:
            first = self._latest.get(wanted.waits_for)
            return self.added.get(wanted.waits_for) or (first.key if first else wanted.waits_for)
        return self._conference_in_flight if wanted.kind.rules.work is Work.CONFERENCE else before

    def _mail_before(self, wanted: Obligation, key: str) -> str | None:
        """The calendar message to the same person that goes before this one, which is then the last."""
        if wanted.attendee_id is None or not wanted.kind.carries_calendar:
            return None
        address = self._address[wanted.attendee_id]
        before = self._last_mail.get(address)
        self._last_mail[address] = key
        return before


def _chased_lately(wanted: Obligation, row: StoredAction) -> bool:
    """Whether a rung went out so shortly before its hour for a new time that it need not go out again."""
    if wanted.kind is not ActionKind.CHASE or row.state is not ActionState.SUCCEEDED:
        return False
    if wanted.due is None or row.planned_at is None:
        return False
    return wanted.due < row.planned_at + _CHASED_LATELY


def _next_key(row: StoredAction) -> str:
    _, _, number = row.key.partition("#")
    return f"{row.obligation}#{int(number or 1) + 1}"


def _why_not(
    meeting: Meeting,
    row: StoredAction,
    left_out: Fact | None,
    why_dropped: Callable[[StoredAction], Fact | None],
) -> tuple[CancelCode, Fact]:
    """Why a pending action is no longer wanted; ``left_out`` is what the plan says of it, if anything."""
    if left_out:
        return CancelCode.NOT_NEEDED, left_out
    if meeting.status is MeetingStatus.CANCELLED:
        return CancelCode.MEETING_CANCELLED, CALLED_OFF
    if row.kind is ActionKind.CANCEL:
        return CancelCode.SUPERSEDED, Fact.of("timelines.no-cancel-needed")
    if row.attendee_id is not None:
        attendee = meeting.attendee(row.attendee_id)
        if not attendee.invited:
            return CancelCode.REMOVED, Fact.of("timelines.removed", name=attendee.name)
        if attendee.declined and row.kind.rules.reach is Reach.COMING:
            return CancelCode.DECLINED, Fact.of("timelines.declined", name=attendee.name)
    if meeting.status is MeetingStatus.CONCLUDED:
        return CancelCode.MEETING_OVER, Fact.of("timelines.meeting-over")
    against = no_longer_called_for(row, why_dropped(row))
    return CancelCode.NOT_NEEDED, against.reason
