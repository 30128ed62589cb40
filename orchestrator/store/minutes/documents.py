"""Which documents the database names, and which of them were found missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from orchestrator.store.rows.answers import IncomingRow
from orchestrator.store.rows.minutes import DocumentRow

_AT_ONCE = 500
"""Fewer than any database takes as parameters of one statement."""


def named(session: Session, digests: Sequence[str]) -> set[str]:
    """Return those of ``digests`` that a row names: a document, or a mail that version 0.1 kept there."""
    found: set[str] = set()
    for start in range(0, len(digests), _AT_ONCE):
        part = digests[start : start + _AT_ONCE]
        found.update(session.scalars(select(DocumentRow.digest).where(DocumentRow.digest.in_(part))))
        kept = select(IncomingRow.digest).where(IncomingRow.digest.in_(part), IncomingRow.body_kept)
        found.update(session.scalars(kept))
    return found


def digests(session: Session) -> list[str]:
    """Return what all rows of documents name, each once."""
    return list(session.scalars(select(DocumentRow.digest).distinct().order_by(DocumentRow.digest)))


def mark(session: Session, lost: Collection[str], now: datetime) -> None:
    """Say of which documents the content is missing, since when, and that all others are there."""
    wanted = set(lost)
    marked = set(session.scalars(select(DocumentRow.digest).where(DocumentRow.lost_since.is_not(None))))
    for ids, since in ((wanted - marked, now), (marked - wanted, None)):
        for digest in sorted(ids):
            session.execute(
                update(DocumentRow)
                .where(DocumentRow.digest == digest)
                .values(lost_since=since)
                .execution_options(synchronize_session=False)
            )


def count(session: Session) -> int:
    """Return how many rows of documents there are."""
    return session.scalar(select(func.count()).select_from(DocumentRow)) or 0
