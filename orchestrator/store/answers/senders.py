"""Who can have sent an answer."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.store.rows.meetings import AttendeeRow, MeetingRow


def invited_to_published(session: Session) -> list[tuple[str, str, str, str]]:
    """Return reference, address, name and delegation of everybody invited to a published meeting."""
    wanted = (
        select(MeetingRow.reference, AttendeeRow.email, AttendeeRow.name, AttendeeRow.delegation)
        .join(AttendeeRow, AttendeeRow.meeting_id == MeetingRow.id)
        .where(MeetingRow.status == MeetingStatus.PUBLISHED, AttendeeRow.removed_sequence.is_(None))
        .order_by(AttendeeRow.id)
    )
    return [(reference, email, name, code) for reference, email, name, code in session.execute(wanted)]
