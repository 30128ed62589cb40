"""Counting tries: one row for what is counted and for whom, in periods that begin with the first try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.store.engine import Executor
from orchestrator.store.rows.base import Instant, table_of
from orchestrator.store.rows.people import ThrottleRow

_THROTTLE = table_of(ThrottleRow)


@dataclass(frozen=True, slots=True)
class Tries:
    """How many there were in the present period, and when it ends (UTC)."""

    count: int
    ends_at: datetime


def add(executor: Executor, bucket: str, now: datetime, period: timedelta, amount: int = 1) -> Tries:
    """Count ``amount`` more tries, in one statement, so that of two at once none is lost."""
    insert: Any = postgresql.insert if _dialect(executor) == "postgresql" else sqlite.insert
    table, over = _THROTTLE.c, _THROTTLE.c.ends_at <= now
    statement = (
        insert(_THROTTLE)
        .values(bucket=bucket, count=amount, ends_at=now + period)
        .on_conflict_do_update(
            index_elements=[table.bucket],
            set_={
                "count": case((over, amount), else_=table.count + amount),
                "ends_at": case((over, literal(now + period, Instant())), else_=table.ends_at),
            },
        )
        .returning(table.count, table.ends_at)
    )
    row = executor.execute(statement).one()
    return Tries(row[0], row[1])


def present(executor: Executor, bucket: str, now: datetime) -> Tries | None:
    """Return the tries of the present period; ``None`` when there was none."""
    found = select(_THROTTLE.c.count, _THROTTLE.c.ends_at).where(
        _THROTTLE.c.bucket == bucket, _THROTTLE.c.ends_at > now
    )
    row = executor.execute(found).one_or_none()
    return None if row is None else Tries(row[0], row[1])


def forget(executor: Executor, bucket: str) -> None:
    """Begin from nothing."""
    executor.execute(delete(_THROTTLE).where(_THROTTLE.c.bucket == bucket))


def forget_over(executor: Executor, now: datetime) -> None:
    """Delete what counts for nothing any more, so that strangers cannot fill the table for good."""
    executor.execute(delete(_THROTTLE).where(_THROTTLE.c.ends_at <= now))


def _dialect(executor: Executor) -> str:
    bind = executor.get_bind() if hasattr(executor, "get_bind") else executor
    return str(bind.dialect.name)
