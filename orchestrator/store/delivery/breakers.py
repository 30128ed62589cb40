"""The breakers of the lanes, as the processes share them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from orchestrator.domain.delivery.breaker import Breaker
from orchestrator.domain.timelines.kinds import Work
from orchestrator.store.rows.delivery import BreakerRow


def all_of(session: Session, *, lock: bool = False) -> dict[Work, Breaker]:
    """Return the breakers that are there, by lane; a lane without one works."""
    wanted = select(BreakerRow).order_by(BreakerRow.lane)
    rows = session.scalars(wanted.with_for_update() if lock else wanted)
    return {Work(row.lane): _breaker(row) for row in rows}


def of(session: Session, lane: Work, *, lock: bool = False) -> Breaker | None:
    """Return the breaker of a lane; ``None`` while it works."""
    wanted = select(BreakerRow).where(BreakerRow.lane == lane)
    row = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    return _breaker(row) if row else None


def put(session: Session, breaker: Breaker) -> None:
    """Store a breaker. Raises ``IntegrityError`` when another process has just made the first of its lane."""
    row = session.get(BreakerRow, breaker.lane)
    if row is None:
        row = BreakerRow(lane=breaker.lane)
        session.add(row)
    row.failures, row.since, row.reason = breaker.failures, breaker.since, breaker.reason
    row.retry_at, row.probe, row.probe_until = breaker.retry_at, breaker.probe, breaker.probe_until
    session.flush()


def forget(session: Session, lanes: Iterable[Work]) -> None:
    """Let lanes work again."""
    session.execute(delete(BreakerRow).where(BreakerRow.lane.in_(list(lanes))))


def probe_now(session: Session, now: datetime) -> None:
    """Let every lane that pauses be tried at once."""
    pausing = update(BreakerRow).where(BreakerRow.retry_at > now)
    session.execute(pausing.values(retry_at=now).execution_options(synchronize_session=False))


def end_probe(session: Session, breaker: Breaker) -> None:
    """Let another action probe: this one has lost its point without trying anything."""
    put(session, replace(breaker, probe=None, probe_until=None))


def _breaker(row: BreakerRow) -> Breaker:
    return Breaker(
        Work(row.lane), row.failures, row.since, row.reason, row.retry_at, row.probe, row.probe_until
    )
