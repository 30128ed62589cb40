"""The processes that run, as each tells of itself."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from orchestrator.store.rows.operations import ProcessRow


def tell(session: Session, row: ProcessRow) -> None:
    """Write what a process tells of itself, over what it told before."""
    session.merge(row)


def end(session: Session, ids: Collection[str]) -> None:
    """Forget processes that have ended."""
    session.execute(delete(ProcessRow).where(ProcessRow.id.in_(ids)))


def forget(session: Session, before: datetime) -> None:
    """Forget processes that have told nothing since an instant: they were killed."""
    session.execute(delete(ProcessRow).where(ProcessRow.seen_at < before))


def all_of(session: Session) -> list[ProcessRow]:
    """Return all processes, those of a role together."""
    return list(session.scalars(select(ProcessRow).order_by(ProcessRow.role, ProcessRow.id)))
