"""What a plan has stored: reading it, writing what changed, and the one way an action changes state."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Row,
    bindparam,
    case,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from orchestrator.domain.timelines.actions import (
    ActionState,
    CancelCode,
    StoredAction,
    sources_of,
)
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.reconciling import Cancel, Insert, Move, Reconciliation
from orchestrator.facts import Fact
from orchestrator.store.rows.base import Instant, table_of
from orchestrator.store.rows.meetings import AttendeeRow
from orchestrator.store.rows.timelines import ActionRow

PENDING = (ActionState.BLOCKED, ActionState.SCHEDULED)
IN_FLIGHT = (ActionState.CLAIMED, ActionState.RUNNING)
_ACTION, _ATTENDEE = table_of(ActionRow), table_of(AttendeeRow)
_A, _P = _ACTION.c, _ATTENDEE.c
PLANNED = (
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


def stands(*states: ActionState) -> ColumnElement[bool]:
    """Return the condition that an action stands in states, in the words of the index over these.

    A partial index serves only statements that say its condition literally; a bound value could be any.
    """
    words: list[ColumnElement[str]] = [literal_column(f"'{state.value}'") for state in states]
    return ActionRow.state == words[0] if len(words) == 1 else ActionRow.state.in_(words)


def stored(
    session: Session, meeting_id: int, attendee_ids: Sequence[int] | None = None, *, lock: bool = True
) -> list[StoredAction]:
    """Return the actions of a meeting as planning needs them, locked so that none is claimed meanwhile.

    With ``attendee_ids`` only theirs and those that belong to no attendee. Without ``lock`` it is for a look
    that changes nothing.
    """
    wanted = select(*PLANNED).where(_A.meeting_id == meeting_id)
    if attendee_ids is not None:
        wanted = wanted.where(or_(_A.attendee_id.is_(None), _A.attendee_id.in_(attendee_ids)))
    wanted = wanted.order_by(_A.id)
    rows = session.connection().execute(wanted.with_for_update() if lock else wanted)
    return [stored_action(row) for row in rows]


def ends(session: Session, meeting_id: int, kind: ActionKind) -> dict[str, tuple[str, Fact | None]]:
    """Return the state of each action of a kind, and its reason, by the key of its obligation."""
    rows = session.execute(
        select(ActionRow.obligation, ActionRow.state, ActionRow.reason)
        .where(ActionRow.meeting_id == meeting_id, ActionRow.kind == kind)
        .order_by(ActionRow.id)
    )
    return {obligation: (str(state), reason) for obligation, state, reason in rows}


def stored_action(row: Row[*tuple[Any, ...]]) -> StoredAction:
    """Return a row with the columns of ``PLANNED`` as planning reads it."""
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


def named(session: Session, ids: Collection[int]) -> Sequence[ActionRow]:
    """Return actions by their ids, in that order."""
    if not ids:
        return []
    return session.scalars(select(ActionRow).where(ActionRow.id.in_(ids)).order_by(ActionRow.id)).all()


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


_CANCEL = (
    update(_ACTION)
    # A list of values could not be sent for many rows at once.
    .where(_A.id == bindparam("wanted"))
    .where(or_(*(_A.state == state for state in PENDING)))
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
    transition(
        session,
        numbers,
        state,
        sources=sources,
        cancel_code=None,
        reason=None,
        finished_at=None,
        **values,
    )


def transition(
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
