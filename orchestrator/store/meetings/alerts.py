"""What coordinators must know at once: written where it happens, read when their meetings are planned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.alerts import Alert, AlertKind, NewAlert
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.store.by_meeting import WANTED, by_meeting
from orchestrator.store.engine import Executor
from orchestrator.store.rows.alerts import AlertRow
from orchestrator.store.rows.base import table_of
from orchestrator.store.rows.timelines import ActionRow

_ALERT = table_of(AlertRow)
_A, _ACTION = _ALERT.c, table_of(ActionRow).c
_TOLD = (
    select(func.coalesce(func.max(_ACTION.revision), 0))
    .where(
        _ACTION.meeting_id == _A.meeting_id,
        _ACTION.kind == ActionKind.ALERT,
        _ACTION.obligation == ActionKind.ALERT.value,
        _ACTION.state == ActionState.SUCCEEDED,
    )
    .correlate(_ALERT)
    .scalar_subquery()
)
_COLUMNS = (_A.meeting_id, _A.id, _A.kind, _A.key, _A.since, _A.params)
_UNTOLD = select(*_COLUMNS).where(_A.meeting_id.in_(WANTED), _A.id > _TOLD).order_by(_A.id)


def note(executor: Executor, alerts: Iterable[NewAlert]) -> None:
    """Write facts that were met; of what is known already nothing is written."""
    rows = [
        {
            "meeting_id": item.meeting_id,
            "kind": item.kind.value,
            "key": item.key,
            "since": item.since,
            "params": dict(item.params),
            "is_planned": False,
        }
        for item in alerts
    ]
    if not rows:
        return
    connection = executor.connection() if isinstance(executor, Session) else executor
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    known = insert(_ALERT).on_conflict_do_nothing(index_elements=[_A.meeting_id, _A.key])
    for row in rows:
        connection.execute(known, row)


def untold(session: Session, meeting_ids: Collection[int]) -> Mapping[int, tuple[Alert, ...]]:
    """Return what no mail has told yet, oldest first, by the ids of the meetings."""
    return by_meeting(session, _UNTOLD, meeting_ids, _alert)


def of_meetings(session: Session, meeting_ids: Collection[int]) -> Mapping[int, tuple[Alert, ...]]:
    """Return everything that was ever noted, oldest first, by the ids of the meetings."""
    every = select(*_COLUMNS).where(_A.meeting_id.in_(WANTED)).order_by(_A.id)
    return by_meeting(session, every, meeting_ids, _alert)


def unplanned(session: Session) -> Sequence[int]:
    """Return the meetings that something was noted of since they were planned."""
    return session.scalars(select(_A.meeting_id).where(_is_new()).distinct().order_by(_A.meeting_id)).all()


def planned(session: Session, meeting_id: int) -> None:
    """Keep that a meeting has been planned with everything that was noted of it."""
    own = update(_ALERT).where(_A.meeting_id == meeting_id, _is_new())
    session.connection().execute(own.values(is_planned=True))


def _is_new() -> ColumnElement[bool]:
    return _A.is_planned.is_(False)


def _alert(row: Row[int, int, str, str, datetime, dict[str, Any]]) -> Alert:
    return Alert(row.id, AlertKind(row.kind), row.key, row.since, tuple(sorted(row.params.items())))
