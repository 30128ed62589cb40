"""The addresses that attendees answer to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.store.rows.meetings import MeetingRow


def told_another(session: Session, address: str, now: datetime) -> Sequence[str]:
    """Return the references of coming meetings whose attendees answer to another address, soonest first."""
    found = (
        select(MeetingRow.reference)
        .where(MeetingRow.status == MeetingStatus.PUBLISHED, MeetingRow.ends_at > now)
        .where(MeetingRow.organizer != address)
        .order_by(MeetingRow.starts_at)
    )
    return session.scalars(found).all()
