"""The minutes of meetings, in numbered versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.store.rows.minutes import DocumentRow, MinutesRow


def add(session: Session, meeting_id: int, document: DocumentRow, now: datetime) -> int:
    """Store the next version of a meeting's minutes and return its number."""
    session.add(document)
    session.flush()
    latest = session.scalar(select(func.max(MinutesRow.version)).where(MinutesRow.meeting_id == meeting_id))
    version = (latest or 0) + 1
    session.add(MinutesRow(meeting_id=meeting_id, version=version, document_id=document.id, attached_at=now))
    session.flush()
    return version


def of_meeting(session: Session, meeting_id: int) -> Sequence[MinutesRow]:
    """Return all versions of a meeting's minutes, oldest first."""
    return session.scalars(
        select(MinutesRow).where(MinutesRow.meeting_id == meeting_id).order_by(MinutesRow.version)
    ).all()


def document_of(session: Session, meeting_id: int, version: int) -> DocumentRow:
    """Return the document of one version of a meeting's minutes; raises ``NotFound``."""
    return version_of(session, meeting_id, version).document


def version_of(session: Session, meeting_id: int, version: int) -> MinutesRow:
    """Return one version of a meeting's minutes; raises ``NotFound``."""
    row = session.scalars(
        select(MinutesRow).where(MinutesRow.meeting_id == meeting_id, MinutesRow.version == version)
    ).one_or_none()
    if row is None:
        raise NotFound(Fact.of("minutes.no-such-version", version=version))
    return row


def adopt(session: Session, meeting_id: int, version: int, on: date | None, by: str, now: datetime) -> None:
    """Store the day on which a version was adopted; without one it is a draft again."""
    row = version_of(session, meeting_id, version)
    row.adopted_on = on
    row.adopted_at, row.adopted_by = (now, by) if on else (None, None)
    session.flush()
