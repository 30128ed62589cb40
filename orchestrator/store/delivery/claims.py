"""Claiming what is due for a while (a lease), and recording how it ended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    CursorResult,
    Row,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.alerts import AlertKind, NewAlert
from orchestrator.domain.meetings.meeting import Attendee
from orchestrator.domain.timelines.actions import (
    TRANSITIONS,
    ActionState,
    CancelCode,
    StoredAction,
)
from orchestrator.domain.timelines.kinds import ActionKind, Work
from orchestrator.domain.timelines.objections import TOO_LATE
from orchestrator.facts import Fact
from orchestrator.store.engine import Executor
from orchestrator.store.meetings import alerts
from orchestrator.store.meetings.attendees import ATTENDEE_COLUMNS, attendee_of
from orchestrator.store.rows.base import FactColumn, Instant, table_of
from orchestrator.store.rows.meetings import AttendeeRow
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.store.timelines.actions import (
    IN_FLIGHT,
    PENDING,
    PLANNED,
    stands,
    stored_action,
    transition,
)

_ACTION, _ATTENDEE = table_of(ActionRow), table_of(AttendeeRow)
_A, _P = _ACTION.c, _ATTENDEE.c


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claimed action, as far as publishing needs it; what belongs to no meeting has no ``meeting_id``."""

    id: int
    meeting_id: int | None
    kind: ActionKind


@dataclass(frozen=True, slots=True)
class Taken:
    """An action a worker has in hand; ``attempt`` is the fence against a newer claim."""

    id: int
    meeting_id: int | None
    kind: ActionKind
    attempt: int

    @property
    def of_meeting(self) -> int:
        """The meeting's id; raises ``ValueError`` for an action that belongs to none."""
        if self.meeting_id is None:
            raise ValueError(f"action {self.id} belongs to no meeting")
        return self.meeting_id


_SCHEDULED = stands(ActionState.SCHEDULED)
_UNCLAIMED = stands(ActionState.SCHEDULED, ActionState.BLOCKED)
_DUE = (
    select(ActionRow.id, ActionRow.meeting_id, ActionRow.kind)
    .where(
        _SCHEDULED,
        ActionRow.lane == bindparam("lane"),
        ActionRow.due_at <= bindparam("now", type_=Instant()),
        ActionRow.expires_at > bindparam("now", type_=Instant()),
    )
    .order_by(ActionRow.due_at, ActionRow.id)
    .limit(bindparam("room"))
    .with_for_update(skip_locked=True)
)


def claim(session: Session, lane: Work, *, now: datetime, lease_until: datetime, limit: int) -> list[Claimed]:
    """Claim up to ``limit`` due actions of a lane for a lease, oldest first.

    Several beats may do so at once: rows that another one is looking at are skipped.
    """
    rows = session.execute(_DUE, {"lane": lane, "now": now, "room": limit}).all()
    # Rows are taken in primary-key order, or two claimers could deadlock.
    ids = sorted(row.id for row in rows)
    if ids:
        transition(
            session,
            ids,
            ActionState.CLAIMED,
            sources=(ActionState.SCHEDULED,),
            attempt=ActionRow.attempt + 1,
            lease_until=lease_until,
        )
    return [Claimed(row.id, row.meeting_id, ActionKind(row.kind)) for row in rows]


def unclaim(session: Session, ids: Sequence[int]) -> None:
    """Give claims back that could not be published, as if never made: nobody has tried anything."""
    locked = _in_order(session, ids, ActionState.CLAIMED)
    transition(
        session, locked, ActionState.SCHEDULED, sources=(ActionState.CLAIMED,), attempt=ActionRow.attempt - 1
    )


def lanes_of(session: Session, ids: Sequence[int]) -> dict[Work, list[int]]:
    """Return actions by lane, those of each in the order of their ids."""
    wanted = select(ActionRow.lane, ActionRow.id).where(ActionRow.id.in_(ids)).order_by(ActionRow.id)
    found: dict[Work, list[int]] = {}
    for lane, number in session.execute(wanted):
        found.setdefault(Work(lane), []).append(number)
    return found


def meetings_of(session: Session, ids: Sequence[int]) -> list[int]:
    """Return the meetings that actions belong to, in the order of their ids."""
    found = session.scalars(select(ActionRow.meeting_id).where(ActionRow.id.in_(ids)).distinct())
    return sorted(item for item in found if item is not None)


def take(session: Session, wanted: Sequence[int], lease_until: datetime) -> list[Taken]:
    """Put claimed actions into a worker's hand and return them, in the order of their ids.

    Their lease begins now, for it measures work and not waiting. A message that comes twice finds nothing the
    second time: only a claim that nobody has taken yet can be taken.
    """
    rows = session.execute(
        select(ActionRow.id, ActionRow.meeting_id, ActionRow.kind, ActionRow.attempt)
        .where(ActionRow.id.in_(wanted), ActionRow.state == ActionState.CLAIMED)
        .order_by(ActionRow.id)
        .with_for_update()
    ).all()
    if rows:
        ids = [row.id for row in rows]
        transition(session, ids, ActionState.RUNNING, sources=(ActionState.CLAIMED,), lease_until=lease_until)
    return [Taken(row.id, row.meeting_id, ActionKind(row.kind), row.attempt) for row in rows]


def renew(session: Session, taken: Sequence[Taken], lease_until: datetime) -> None:
    """Extend the lease of what a worker still has in hand (its heartbeat)."""
    locked = _in_order(session, [item.id for item in taken], ActionState.RUNNING)
    session.execute(
        update(ActionRow)
        .where(ActionRow.id.in_(locked))
        .where(or_(*(and_(ActionRow.id == item.id, ActionRow.attempt == item.attempt) for item in taken)))
        .values(lease_until=lease_until)
    )


def give_back(session: Session, taken: Sequence[Taken], reason: Fact) -> int:
    """Give actions back that a worker has not tried; no attempt counts. Returns how many there were.

    What a newer attempt holds by now is left alone.
    """
    locked = _in_order(session, [item.id for item in taken], ActionState.RUNNING)
    mine = or_(*(and_(ActionRow.id == item.id, ActionRow.attempt == item.attempt) for item in taken))
    ids = session.scalars(select(ActionRow.id).where(ActionRow.id.in_(locked), mine)).all()
    return transition(
        session,
        ids,
        ActionState.SCHEDULED,
        sources=(ActionState.RUNNING,),
        attempt=ActionRow.attempt - 1,
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class Held:
    """An action that an attempt holds, with its attendee, both as of now."""

    action: StoredAction
    step: str
    attempt: int
    attendee: Attendee | None


# Statements of the way of every single message are built once; building costs more than running.
_RUNNING = (
    select(*PLANNED, _A.attempt, _A.step, *ATTENDEE_COLUMNS)
    .outerjoin_from(_ACTION, _ATTENDEE, _P.id == _A.attendee_id)
    .where(_A.state == ActionState.RUNNING)
)
_HELD = _RUNNING.where(_A.id == bindparam("wanted"), _A.attempt == bindparam("fence"))
_FINISH = (
    update(_ACTION)
    .where(ActionRow.id == bindparam("wanted"), ActionRow.attempt == bindparam("fence"))
    .where(ActionRow.state == ActionState.RUNNING)
    .values(
        state=bindparam("to_state"),
        lease_until=None,
        reason=bindparam("why"),
        cancel_code=bindparam("code"),
        finished_at=bindparam("finished"),
        due_at=func.coalesce(bindparam("due", type_=Instant()), ActionRow.due_at),
    )
)
_WAITERS = (
    update(_ACTION)
    .where(ActionRow.blocked_by.in_(bindparam("ended", expanding=True)))
    .where(ActionRow.state == ActionState.BLOCKED)
    .where(ActionRow.kind.in_(bindparam("kinds", expanding=True)))
    .values(
        state=ActionState.SCHEDULED,
        blocked_by=None,
        # What waited for an earlier mail may still have its own hour to wait for.
        due_at=case(
            (ActionRow.planned_at > bindparam("due", type_=Instant()), ActionRow.planned_at),
            else_=bindparam("due", type_=Instant()),
        ),
    )
)


def held(executor: Executor, taken: Taken) -> Held | None:
    """Return the action if this attempt still holds it; ``None`` when a newer one does."""
    values = {"wanted": taken.id, "fence": taken.attempt}
    row = executor.execute(_HELD, values).one_or_none()
    return None if row is None else _held(row)


def held_of(session: Session, taken: Sequence[Taken]) -> dict[int, Held]:
    """Return, by id, the actions of a batch that these attempts still hold; in one query."""
    attempts = {item.id: item.attempt for item in taken}
    rows = session.execute(_RUNNING.where(_A.id.in_(attempts)))
    return {row.id: _held(row) for row in rows if row.attempt == attempts[row.id]}


def _held(row: Row[*tuple[Any, ...]]) -> Held:
    attendee = None if row.attendee_id is None else attendee_of(row, attendee_id=row.attendee_id)
    return Held(stored_action(row), row.step, row.attempt, attendee)


def finish(
    executor: Executor,
    taken: Taken,
    state: ActionState,
    now: datetime,
    *,
    reason: Fact | None = None,
    code: CancelCode | None = None,
    due_at: datetime | None = None,
) -> bool:
    """Record how an attempt ended; false when a newer attempt holds the action by now (fencing)."""
    if state not in TRANSITIONS[ActionState.RUNNING]:
        raise ValueError(f"an attempt cannot end as {state}")
    values = {
        "wanted": taken.id,
        "fence": taken.attempt,
        "to_state": state,
        "why": reason,
        "code": code,
        "finished": None if state is ActionState.SCHEDULED else now,
        "due": due_at,
    }
    return cast(CursorResult[Any], executor.execute(_FINISH, values)).rowcount == 1


def release_waiters(executor: Executor, ended: Taken, now: datetime) -> None:
    """Make due what waited for an action to end.

    Invitations that wait for the conference are not among them: they wait for the link, not for an
    attempt to end, and the replan that follows the link lets them go.
    """
    release(executor, [ended.id], ended.kind.is_mail, now)


def release(executor: Executor, ended: Sequence[int], of_mail: bool, now: datetime) -> None:
    """Make due what waited for actions to end, which were mails or all were not; see ``release_waiters``."""
    kinds = [kind for kind in ActionKind if of_mail or not kind.rules.let_go_by_link]
    executor.execute(_WAITERS, {"ended": ended, "kinds": kinds, "due": now})


def keep(session: Session, ids: Collection[int], lease_until: datetime) -> None:
    """Extend claims that wait in the broker: a lease counts work, not waiting."""
    locked = _in_order(session, sorted(ids), ActionState.CLAIMED)
    kept = update(ActionRow).where(ActionRow.id.in_(locked)).values(lease_until=lease_until)
    session.execute(kept.execution_options(synchronize_session=False))


def expire_leases(session: Session, real_now: datetime) -> int:
    """Make actions due again whose claim ran out: their worker died or lost its message.

    ``real_now`` is the machine's time, for leases measure work, not the rehearsal's calendar.
    """
    ids = session.scalars(
        select(ActionRow.id)
        .where(stands(*IN_FLIGHT), ActionRow.lease_until < real_now)
        .order_by(ActionRow.lease_until)
        .with_for_update(skip_locked=True)
    ).all()
    if ids:
        reason = Fact.of("delivery.worker-lost")
        transition(session, ids, ActionState.SCHEDULED, sources=IN_FLIGHT, reason=reason)
    return len(ids)


def _dropped(rows: Sequence[Row[*tuple[Any, ...]]]) -> Iterator[NewAlert]:
    """Yield, once for each step of a meeting, that its letters have not gone out."""
    steps: dict[tuple[int, str, str, int], list[datetime]] = {}
    for row in rows:
        if row.meeting_id is not None and row.attendee_id is not None and ActionKind(row.kind).is_mail:
            steps.setdefault((row.meeting_id, row.kind, row.step, row.revision), []).append(row.due_at)
    for (meeting_id, kind, step, revision), due in steps.items():
        params = {"kind": kind, "step": step, "count": str(len(due))}
        key = f"letters-dropped:{step}:{revision}"
        yield NewAlert(meeting_id, AlertKind.LETTERS_DROPPED, key, min(due), tuple(sorted(params.items())))


def mark_missed(session: Session, now: datetime) -> int:
    """Record as missed what waits past its grace; it is shown, and never done late."""
    rows = session.execute(
        select(
            ActionRow.id,
            ActionRow.kind,
            ActionRow.meeting_id,
            ActionRow.step,
            ActionRow.attendee_id,
            ActionRow.revision,
            ActionRow.due_at,
        )
        .where(_UNCLAIMED, ActionRow.expires_at <= now)
        .order_by(ActionRow.expires_at)
        .limit(1000)
        .with_for_update(skip_locked=True)
    ).all()
    ids = [row.id for row in rows]
    if ids:
        late = literal(TOO_LATE, FactColumn())
        reason = case((ActionRow.reason.is_(None), late), else_=ActionRow.reason)
        transition(session, ids, ActionState.MISSED, sources=PENDING, finished_at=now, reason=reason)
        for of_mail in (True, False):
            ended = [row.id for row in rows if ActionKind(row.kind).is_mail is of_mail]
            release(session, ended, of_mail, now)
        alerts.note(session, _dropped(rows))
    return len(ids)


def _in_order(session: Session, ids: Sequence[int], state: ActionState) -> Sequence[int]:
    """Lock the rows that stand in a state, in primary-key order, and return their ids.

    A bulk update that follows must touch no others: a row that came into the state only after this
    would be locked out of order, and two such updates could each wait for the other.
    """
    return session.scalars(
        select(ActionRow.id)
        .where(ActionRow.id.in_(ids), ActionRow.state == state)
        .order_by(ActionRow.id)
        .with_for_update()
    ).all()
