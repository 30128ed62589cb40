"""The schedule: applying plans, claiming what is due, and the one way an action changes state."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    CursorResult,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from orchestrator.domain.meetings.meeting import Attendee
from orchestrator.domain.timelines.actions import (
    ENDED_BADLY,
    TRANSITIONS,
    ActionState,
    CancelCode,
    sources_of,
)
from orchestrator.domain.timelines.kinds import ActionKind, kinds_where
from orchestrator.domain.timelines.reconciling import Cancel, Insert, Move, Reconciliation, StoredAction
from orchestrator.errors import NotFound
from orchestrator.store.engine import Executor
from orchestrator.store.meetings.meetings import ATTENDEE_COLUMNS, attendee_of
from orchestrator.store.rows.base import Instant, table_of
from orchestrator.store.rows.meetings import AttendeeRow, MeetingRow
from orchestrator.store.rows.timelines import ActionRow

PENDING = (ActionState.BLOCKED, ActionState.SCHEDULED)
IN_FLIGHT = (ActionState.CLAIMED, ActionState.RUNNING)


_ACTION, _ATTENDEE = table_of(ActionRow), table_of(AttendeeRow)
_A, _P = _ACTION.c, _ATTENDEE.c
_PLANNED = (
    _A.id,
    _A.key,
    _A.obligation,
    _A.kind,
    _A.attendee_id,
    _A.revision,
    _A.state,
    _A.planned_at,
    _A.expires_at,
    _A.blocked_by,
    _A.cancel_code,
    _A.note,
)


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


def stored(
    session: Session, meeting_id: int, attendee_ids: Sequence[int] | None = None
) -> list[StoredAction]:
    """Return the actions of a meeting as planning needs them, locked so that none is claimed meanwhile.

    With ``attendee_ids`` only theirs and those that belong to no attendee.
    """
    wanted = select(*_PLANNED).where(_A.meeting_id == meeting_id)
    if attendee_ids is not None:
        wanted = wanted.where(or_(_A.attendee_id.is_(None), _A.attendee_id.in_(attendee_ids)))
    rows = session.connection().execute(wanted.order_by(_A.id).with_for_update())
    return [_stored_action(row) for row in rows]


def _stored_action(row: Row[*tuple[Any, ...]]) -> StoredAction:
    return StoredAction(
        id=row.id,
        key=row.key,
        obligation=row.obligation,
        kind=ActionKind(row.kind),
        attendee_id=row.attendee_id,
        revision=row.revision,
        state=ActionState(row.state),
        planned_at=row.planned_at,
        expires=row.expires_at,
        blocked_by=row.blocked_by,
        cancel_code=CancelCode(row.cancel_code) if row.cancel_code else None,
        note=row.note,
    )


def apply(session: Session, meeting_id: int, result: Reconciliation, now: datetime) -> None:
    """Write a reconciliation; the plan and the meeting commit together or not at all."""
    if result.changes_nothing:
        return
    blockers = {item.blocked_by for item in result.inserts} | {item.blocked_by for item in result.moves}
    ids = _ids(session, meeting_id, blockers - {None})
    _cancel(session, result.cancels, now)
    waiting = list(result.inserts)
    while waiting:
        # What others wait for is added before them, so that they can name it.
        ready = [item for item in waiting if item.blocked_by is None or item.blocked_by in ids]
        waiting = [item for item in waiting if item.blocked_by is not None and item.blocked_by not in ids]
        if not ready:
            raise ValueError(f"nothing can be added that {waiting[0].key} waits for")
        ids |= _insert(session, [_values(item, meeting_id, ids, now) for item in ready])
    for moves in _alike(result.moves).values():
        _move(session, moves, ids, now)
    session.flush()


def _ids(session: Session, meeting_id: int, keys: Collection[str | None]) -> dict[str, int]:
    """Return the ids of those of a meeting's actions that are there already, by key."""
    if not keys:
        return {}
    wanted = select(_A.key, _A.id).where(_A.meeting_id == meeting_id, _A.key.in_(keys))
    return {row.key: row.id for row in session.connection().execute(wanted)}


def _insert(session: Session, values: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Add actions in one statement and return their ids by key."""
    if not values:
        return {}
    adding = insert(_ACTION).returning(_A.key, _A.id)
    return dict(session.connection().execute(adding, values).all())


def _values(item: Insert, meeting_id: int, ids: dict[str, int], now: datetime) -> dict[str, Any]:
    wanted = item.obligation
    return {
        "meeting_id": meeting_id,
        "key": item.key,
        "obligation": wanted.key,
        "kind": wanted.kind,
        "step": wanted.step,
        "attendee_id": wanted.attendee_id,
        "revision": wanted.revision,
        "state": ActionState.BLOCKED if item.blocked_by else ActionState.SCHEDULED,
        "planned_at": wanted.due,
        "due_at": wanted.due or now,
        "expires_at": wanted.expires,
        "blocked_by": ids[item.blocked_by] if item.blocked_by else None,
        "attempt": 0,
        "note": wanted.note,
        "created_at": now,
    }


_REPLANNED = frozenset((*PENDING, ActionState.FAILED))
"""The states that replanning may take an action out of."""
_CANCEL = (
    update(_ACTION)
    # A list of values could not be sent for many rows at once.
    .where(_A.id == bindparam("wanted"))
    .where(or_(*(_A.state == state for state in sorted(sources_of(ActionState.CANCELLED) & _REPLANNED))))
    .values(
        state=ActionState.CANCELLED,
        lease_until=None,
        finished_at=bindparam("at", type_=Instant()),
        cancel_code=bindparam("code"),
        reason=bindparam("why"),
    )
)


def _cancel(session: Session, cancels: Sequence[Cancel], now: datetime) -> None:
    """Cancel actions, each with its own reason, in one statement and in the order of their ids."""
    rows = [
        {"wanted": item.action_id, "code": item.code.value, "why": item.reason, "at": now}
        for item in sorted(cancels, key=lambda item: item.action_id)
    ]
    if rows:
        session.connection().execute(_CANCEL, rows)


def _alike(moves: Iterable[Move]) -> dict[tuple[Any, ...], list[Move]]:
    """Group moves that set the same values, so that each group is one statement."""
    groups: dict[tuple[Any, ...], list[Move]] = {}
    for move in moves:
        wanted = move.obligation
        key = (wanted.due, wanted.expires, wanted.revision, wanted.note, move.blocked_by, move.at_once)
        groups.setdefault(key, []).append(move)
    return groups


def _move(session: Session, moves: Sequence[Move], ids: dict[str, int], now: datetime) -> None:
    first, numbers = moves[0], sorted(move.action_id for move in moves)
    wanted = first.obligation
    values: dict[str, Any] = {
        "planned_at": wanted.due,
        "expires_at": wanted.expires,
        "revision": wanted.revision,
        "note": wanted.note,
        "blocked_by": ids[first.blocked_by] if first.blocked_by else None,
    }
    if wanted.due is not None:
        values["due_at"] = wanted.due
    elif first.at_once:
        values["due_at"] = now
    else:
        # What waited for its hour waits no longer; what is tried again later is so still.
        waited = (ActionRow.planned_at.is_not(None), literal(now, Instant()))
        values["due_at"] = case(waited, else_=ActionRow.due_at)
    state = ActionState.BLOCKED if first.blocked_by else ActionState.SCHEDULED
    if not first.at_once:
        kept = update(ActionRow).where(ActionRow.id.in_(numbers), ActionRow.state == state)
        session.execute(kept.values(**values).execution_options(synchronize_session=False))
        return
    sources = {*PENDING, ActionState.CANCELLED} - {state}
    _transition(
        session,
        numbers,
        state,
        sources=sources,
        cancel_code=None,
        reason=None,
        finished_at=None,
        **values,
    )


def _transition(
    session: Session,
    ids: Sequence[int],
    target: ActionState,
    *,
    sources: Iterable[ActionState],
    fence: int | None = None,
    **values: Any,
) -> int:
    """Change the state of actions that stand in ``sources``; returns how many rows changed.

    Every change of state in the store goes through here, so that none can leave the table of
    allowed transitions. With ``fence``, a row that a newer attempt holds is left alone (fencing).
    """
    allowed = sources_of(target)
    if not allowed.issuperset(sources):
        raise ValueError(f"an action may not go from {sorted(sources)} to {target}")
    if target not in IN_FLIGHT:
        values["lease_until"] = None
    statement = (
        update(ActionRow)
        .where(ActionRow.id.in_(ids), ActionRow.state.in_(sources))
        .values(state=target, **values)
        .execution_options(synchronize_session=False)
    )
    if fence is not None:
        statement = statement.where(ActionRow.attempt == fence)
    return cast(CursorResult[Any], session.execute(statement)).rowcount


def claim(
    session: Session, *, now: datetime, lease_until: datetime, limit: int, most_claimed: int
) -> list[Claimed]:
    """Claim up to ``limit`` due actions for a lease, oldest first.

    Several beats may do so at once: rows that another one is looking at are skipped. No more than
    ``most_claimed`` are ever handed out, so that a slow queue does not fill the broker and run its
    own leases out.
    """
    out = session.scalar(select(func.count()).where(ActionRow.state == ActionState.CLAIMED)) or 0
    room = min(limit, most_claimed - out)
    if room <= 0:
        return []
    due = (
        select(ActionRow.id, ActionRow.meeting_id, ActionRow.kind)
        .where(ActionRow.state == ActionState.SCHEDULED, ActionRow.due_at <= now, ActionRow.expires_at > now)
        .order_by(ActionRow.due_at, ActionRow.id)
        .limit(room)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(due).all()
    # Rows are taken in primary-key order, or two claimers could deadlock.
    ids = sorted(row.id for row in rows)
    if ids:
        _transition(
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
    _transition(
        session, locked, ActionState.SCHEDULED, sources=(ActionState.CLAIMED,), attempt=ActionRow.attempt - 1
    )


def meetings_of(session: Session, ids: Sequence[int]) -> list[int]:
    """Return the meetings that actions belong to, in the order of their ids."""
    found = session.scalars(select(ActionRow.meeting_id).where(ActionRow.id.in_(ids)).distinct())
    return sorted(item for item in found if item is not None)


def take(session: Session, wanted: Sequence[int], lease_until: datetime) -> list[Taken]:
    """Put claimed actions into a worker's hand and return them, in the order of their ids.

    A message that comes twice finds nothing the second time: only a claim that nobody has taken
    yet can be taken.
    """
    rows = session.execute(
        select(ActionRow.id, ActionRow.meeting_id, ActionRow.kind, ActionRow.attempt)
        .where(ActionRow.id.in_(wanted), ActionRow.state == ActionState.CLAIMED)
        .order_by(ActionRow.id)
        .with_for_update()
    ).all()
    if rows:
        ids = [row.id for row in rows]
        _transition(
            session, ids, ActionState.RUNNING, sources=(ActionState.CLAIMED,), lease_until=lease_until
        )
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


@dataclass(frozen=True, slots=True)
class Held:
    """An action that an attempt holds, with its attendee, both as of now."""

    action: StoredAction
    step: str
    attempt: int
    attendee: Attendee | None


# Statements of the way of every single message are built once; building costs more than running.
_RUNNING = (
    select(*_PLANNED, _A.attempt, _A.step, *ATTENDEE_COLUMNS)
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
    return Held(_stored_action(row), row.step, row.attempt, attendee)


def finish(
    executor: Executor,
    taken: Taken,
    state: ActionState,
    now: datetime,
    *,
    reason: str | None = None,
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
    _release(executor, [ended.id], ended.kind.is_mail, now)


def _release(executor: Executor, ended: Sequence[int], of_mail: bool, now: datetime) -> None:
    kinds = [kind for kind in ActionKind if of_mail or not kind.rules.let_go_by_link]
    executor.execute(_WAITERS, {"ended": ended, "kinds": kinds, "due": now})


def expire_leases(session: Session, real_now: datetime) -> int:
    """Make actions due again whose claim ran out: their worker died or lost its message.

    ``real_now`` is the machine's time, for leases measure work, not the rehearsal's calendar.
    """
    ids = session.scalars(
        select(ActionRow.id)
        .where(ActionRow.state.in_(IN_FLIGHT), ActionRow.lease_until < real_now)
        .order_by(ActionRow.id)
        .with_for_update(skip_locked=True)
    ).all()
    if ids:
        reason = "its worker did not report back in time; it is tried again"
        _transition(session, ids, ActionState.SCHEDULED, sources=IN_FLIGHT, reason=reason)
    return len(ids)


def mark_missed(session: Session, now: datetime) -> int:
    """Record as missed what waits past its grace; it is shown, and never done late."""
    rows = session.execute(
        select(ActionRow.id, ActionRow.kind)
        .where(ActionRow.state.in_(PENDING), ActionRow.expires_at <= now)
        .order_by(ActionRow.id)
        .limit(1000)
        .with_for_update(skip_locked=True)
    ).all()
    ids = [row.id for row in rows]
    if ids:
        late = "it could not be done in time, and doing it late would mislead"
        reason = case((ActionRow.reason.is_(None), late), else_=ActionRow.reason)
        _transition(session, ids, ActionState.MISSED, sources=PENDING, finished_at=now, reason=reason)
        for of_mail in (True, False):
            ended = [row.id for row in rows if ActionKind(row.kind).is_mail is of_mail]
            _release(session, ended, of_mail, now)
    return len(ids)


def next_due(session: Session, *, routine: bool = True) -> datetime | None:
    """Return when the next scheduled action is due, if there is one.

    Without ``routine``, what comes round again and again (reading the mailbox) does not count.
    """
    due = select(func.min(ActionRow.due_at)).where(ActionRow.state == ActionState.SCHEDULED)
    return session.scalar(due if routine else due.where(ActionRow.kind.not_in(_ROUTINE)))


_ROUTINE = kinds_where(lambda rules: rules.routine)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def keep_polling(session: Session, now: datetime, *, wanted: bool) -> None:
    """Make the action that reads the mailbox exist and be due, or end it when no mailbox is wanted."""
    own = select(ActionRow).where(ActionRow.kind == ActionKind.READ_MAILBOX).with_for_update()
    row = session.scalars(own).one_or_none()
    if row is None and wanted:
        session.add(
            ActionRow(
                key=ActionKind.READ_MAILBOX,
                obligation=ActionKind.READ_MAILBOX,
                kind=ActionKind.READ_MAILBOX,
                step=ActionKind.READ_MAILBOX,
                revision=1,
                state=ActionState.SCHEDULED,
                due_at=now,
                expires_at=_NEVER,
                created_at=now,
            )
        )
    elif row is not None and not wanted and row.state in PENDING:
        code, reason = CancelCode.NOT_NEEDED, "no mailbox is set"
        _transition(
            session, [row.id], ActionState.CANCELLED, sources=PENDING, cancel_code=code, reason=reason
        )
    elif row is not None and wanted and row.state in (*ENDED_BADLY, ActionState.CANCELLED):
        _transition(
            session,
            [row.id],
            ActionState.SCHEDULED,
            sources=(*ENDED_BADLY, ActionState.CANCELLED),
            due_at=now,
            cancel_code=None,
            reason=None,
            finished_at=None,
        )


def poll_now(session: Session, now: datetime) -> bool:
    """Make reading the mailbox due now; false when somebody has it in hand or there is none."""
    due = (
        update(ActionRow)
        .where(ActionRow.kind == ActionKind.READ_MAILBOX, ActionRow.state == ActionState.SCHEDULED)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], session.execute(due)).rowcount == 1


def polling(session: Session) -> ActionRow | None:
    """Return the action that reads the mailbox, if there is one."""
    return session.scalars(select(ActionRow).where(ActionRow.kind == ActionKind.READ_MAILBOX)).one_or_none()


def overdue_or_in_flight(session: Session, now: datetime) -> int:
    """Count what is due or being worked on at ``now``; zero means quiet."""
    busy = or_(
        ActionRow.state.in_(IN_FLIGHT),
        and_(ActionRow.state == ActionState.SCHEDULED, ActionRow.due_at <= now),
    )
    return session.scalar(select(func.count()).select_from(ActionRow).where(busy)) or 0


def counts(session: Session) -> dict[str, int]:
    """Return how many actions stand in each state."""
    rows = session.execute(select(ActionRow.state, func.count()).group_by(ActionRow.state))
    return dict(rows.all())


_EARLIER = aliased(ActionRow)
_TOLD_BEFORE = and_(
    ActionRow.kind == ActionKind.INVITE,
    exists().where(
        _EARLIER.attendee_id == ActionRow.attendee_id,
        _EARLIER.kind == ActionKind.INVITE,
        _EARLIER.id < ActionRow.id,
        _EARLIER.state.in_((ActionState.SUCCEEDED, *IN_FLIGHT)),
    ),
)


_Listed = tuple[
    ActionRow,
    str | None,
    str | None,
    str | None,
    str | None,
    bool | None,
    str | None,
    str | None,
    str | None,
    bool,
]
"""The columns of ``listing``."""


def listing(*, state: ActionState | None = None, meeting_id: int | None = None) -> Select[*_Listed]:
    """Select actions with their meeting and recipient, in the order they are due.

    The last column says of an invitation whether its recipient was sent another before it.
    """
    statement = (
        select(
            ActionRow,
            MeetingRow.reference,
            MeetingRow.timeline,
            MeetingRow.own_timeline,
            MeetingRow.host,
            MeetingRow.tentative,
            AttendeeRow.name,
            AttendeeRow.email,
            AttendeeRow.delegation,
            _TOLD_BEFORE,
        )
        .outerjoin(MeetingRow, MeetingRow.id == ActionRow.meeting_id)
        .outerjoin(AttendeeRow, AttendeeRow.id == ActionRow.attendee_id)
        .order_by(ActionRow.due_at, ActionRow.id)
    )
    if state is not None:
        statement = statement.where(ActionRow.state == state)
    if meeting_id is not None:
        statement = statement.where(ActionRow.meeting_id == meeting_id)
    return statement


ListedAction = Row[*_Listed]


def get(session: Session, action_id: int) -> ActionRow:
    """Return one action, locked after its meeting as everywhere; raises ``NotFound``."""
    session.execute(
        select(MeetingRow.id)
        .join(ActionRow, ActionRow.meeting_id == MeetingRow.id)
        .where(ActionRow.id == action_id)
        .with_for_update(read=True, of=MeetingRow)
    )
    row = session.scalars(select(ActionRow).where(ActionRow.id == action_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(f"There is no action {action_id}. 'orchestrator actions list' shows them.")
    return row


def reschedule(session: Session, action_id: int, now: datetime) -> bool:
    """Make a failed or missed action due now; false when it is in another state."""
    return bool(
        _transition(
            session,
            [action_id],
            ActionState.SCHEDULED,
            sources=ENDED_BADLY,
            due_at=now,
            finished_at=None,
            reason=None,
        )
    )


def discard(session: Session, row: ActionRow, now: datetime, reason: str) -> bool:
    """Cancel a waiting, failed or missed action for good; false when it is in another state."""
    discarded = _transition(
        session,
        [row.id],
        ActionState.CANCELLED,
        sources=(*PENDING, *ENDED_BADLY),
        finished_at=now,
        cancel_code=CancelCode.DISCARDED,
        reason=reason,
    )
    if discarded:
        _release(session, [row.id], ActionKind(row.kind).is_mail, now)
    return bool(discarded)


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
