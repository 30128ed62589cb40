"""What replanning moves: from when to when, for whom, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import ConnectionTest, Meeting
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.domain.timelines.actions import StoredAction
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.reconciling import Move, Reconciliation
from orchestrator.facts import Fact, chained
from orchestrator.services.timelines.days_off import with_late_days_off
from orchestrator.services.timelines.explaining import Explainer
from orchestrator.services.timelines.planner import Planned, Planner
from orchestrator.services.timelines.views import Consequence
from orchestrator.store.meetings import saving
from orchestrator.store.readiness import connection_tests
from orchestrator.store.timelines import actions


@dataclass(frozen=True, slots=True)
class Shift:
    """One thing that happens at another moment than before, or newly, or not any more.

    ``effect`` is ``moved``, ``new``, ``cancelled`` or ``skipped``; ``was`` and ``when`` are local times of
    its recipient, the host's for what nobody receives. ``when`` is ``None`` for at once.
    """

    effect: str
    kind: str
    what: Fact
    recipient_name: str | None
    recipient_email: str | None
    delegation: str | None
    was: LocalTime | None
    when: LocalTime | None
    reason: Fact | None

    @classmethod
    def of(cls, item: Consequence, was: LocalTime | None = None) -> Shift:
        """Return a consequence together with when it was planned before."""
        return cls(
            item.effect,
            item.kind,
            item.what,
            item.recipient_name,
            item.recipient_email,
            item.delegation,
            was,
            item.when,
            item.reason,
        )


@dataclass(frozen=True, slots=True)
class MeetingShifts:
    """What moves in one meeting, and on which days off it now takes place that were none before."""

    reference: str
    title: str
    shifts: tuple[Shift, ...]
    days_off: tuple[Fact, ...] = ()


def replanned(session: Session, planner: Planner, meeting: Meeting, now: datetime) -> MeetingShifts:
    """Replan a meeting and return what moved; what stays at its time is not named."""
    known, late = with_late_days_off(session, planner, meeting, now)
    if known.days_off != meeting.days_off:
        saving.know_days_off(session, meeting.id, known.days_off)
        meeting = known
    before = actions.stored(session, meeting.id)
    result = planner.replan(session, meeting, now)
    tests = connection_tests.of_meetings(session, [meeting.id]).get(meeting.id, ())
    planned = Planned(replace(meeting, connection_tests=tests), result, tuple(before))
    return replace(_shifts(session, planner, meeting, planned), days_off=late)


def foreseen(session: Session, planner: Planner, meeting: Meeting, now: datetime) -> MeetingShifts:
    """Return what ``replanned`` would move; only reads."""
    meeting, late = with_late_days_off(session, planner, meeting, now)
    found = _shifts(session, planner, meeting, planner.look(session, meeting, now))
    return replace(found, days_off=late)


def _shifts(session: Session, planner: Planner, meeting: Meeting, planned: Planned) -> MeetingShifts:
    """What planning moves in a meeting; ``meeting`` is as it was before."""
    before = {item.id: item for item in planned.rows}
    explainer = Explainer(planner)
    moved = []
    for move in sorted(only_elsewhere(planned.result, planned.rows).moves, key=_due):
        for consequence in explainer.explain(session, meeting, Reconciliation(moves=(move,))):
            moved.append(Shift.of(consequence, _was(planner, meeting, before[move.action_id])))
    rest = explainer.explain(session, meeting, replace(planned.result, moves=(), skips=()))
    tests = _moved_tests(planner, meeting, planned.meeting.connection_tests)
    return MeetingShifts(meeting.reference, meeting.title_en, (*moved, *tests, *map(Shift.of, rest)))


def _moved_tests(planner: Planner, meeting: Meeting, tests: Iterable[ConnectionTest]) -> Iterator[Shift]:
    """The connectivity tests that take place at another time than before, each in its delegation's time."""
    before = {item.delegation: item for item in meeting.connection_tests}
    for test in tests:
        old = before.get(test.delegation)
        if old is not None and old.starts_at != test.starts_at:
            was, when = (
                local_time(moment, planner.directory.place_of(test.delegation, moment))
                for moment in (old.starts_at, test.starts_at)
            )
            what = Fact.of("timelines.time-of-test", delegation=test.delegation)
            yield Shift(
                "moved", ActionKind.CONNECTION_TEST, what, None, None, test.delegation, was, when, test.note
            )


def only_elsewhere(result: Reconciliation, before: Iterable[StoredAction]) -> Reconciliation:
    """Leave out of a replan what keeps its moment, and only learns until when it makes sense.

    ``before`` are the actions of the meeting as they were stored before it.
    """
    stored = {item.id: item for item in before}
    moves = tuple(item for item in result.moves if _is_elsewhere(item, stored[item.action_id]))
    return replace(result, moves=moves)


def only_meant(result: Reconciliation, is_meant: Callable[[Obligation], bool]) -> Reconciliation:
    """Leave of a replan what its caller meant, and nothing that moved or was passed over on the way."""
    return Reconciliation(
        tuple(item for item in result.inserts if is_meant(item.obligation)),
        tuple(item for item in result.moves if is_meant(item.obligation)),
    )


def _is_elsewhere(move: Move, stored: StoredAction) -> bool:
    """Whether a move is one in time, or brings back what had been cancelled."""
    return move.obligation.due != stored.planned_at or not stored.state.is_pending


def _due(move: Move) -> float:
    return move.obligation.due.timestamp() if move.obligation.due else 0.0


def _was(planner: Planner, meeting: Meeting, stored: StoredAction) -> LocalTime | None:
    if stored.planned_at is None or not stored.state.is_pending:
        return None
    attendee = meeting.attendee(stored.attendee_id) if stored.attendee_id is not None else None
    code = attendee.delegation if attendee else meeting.host
    return local_time(stored.planned_at, planner.directory.place_of(code, stored.planned_at))


@dataclass(frozen=True, slots=True)
class SharedShift:
    """What moves in the same way for several people of a delegation."""

    shift: Shift
    names: tuple[str, ...]


def together(shifts: Iterable[Shift]) -> list[SharedShift]:
    """Put together what is the same but for the person."""
    found: dict[Shift, list[str]] = {}
    for item in shifts:
        alike = replace(item, recipient_name=None, recipient_email=None)
        found.setdefault(alike, []).extend([item.recipient_name] if item.recipient_name else [])
    return [SharedShift(alike, tuple(names)) for alike, names in found.items()]


def history_of(shifts: Sequence[Shift]) -> Fact:
    """Return what moved, action by action, for a meeting's history."""
    return chained([_said(item) for item in together(shifts)])


_EFFECTS = {
    "new": "timelines.was-planned",
    "cancelled": "timelines.was-cancelled",
    "skipped": "timelines.was-planned-again",
    "moved": "timelines.was-planned-again",
}


def _said(item: SharedShift) -> Fact:
    shift = item.shift
    what = shift.what
    if item.names:
        what = Fact.of("timelines.to-people", what=what, names=item.names, delegation=shift.delegation)
    when = shift.when or Fact.of("timelines.at-once")
    if shift.effect == "moved" and shift.was is not None:
        return Fact.of("timelines.was-moved", what=what, was=shift.was, when=when)
    said = Fact.of(_EFFECTS[shift.effect], what=what, when=when)
    return Fact.of("timelines.because", said=said, reason=shift.reason) if shift.reason else said
