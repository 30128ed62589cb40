"""Who can have sent an answer."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.domain.people.addresses import compared
from orchestrator.store.rows.meetings import AttendeeRow, MeetingRow


class PossibleSender(NamedTuple):
    """Somebody invited to a published meeting; ``address`` is as addresses are compared."""

    meeting: str
    attendee_id: int
    email: str
    address: str
    name: str
    delegation: str
    group: str


def invited_to_published(session: Session) -> list[PossibleSender]:
    """Return everybody invited to a published meeting."""
    wanted = (
        select(
            MeetingRow.reference,
            AttendeeRow.id,
            AttendeeRow.email,
            AttendeeRow.address,
            AttendeeRow.name,
            AttendeeRow.delegation,
            AttendeeRow.group,
        )
        .join(AttendeeRow, AttendeeRow.meeting_id == MeetingRow.id)
        .where(MeetingRow.status == MeetingStatus.PUBLISHED, AttendeeRow.removed_sequence.is_(None))
        .order_by(AttendeeRow.id)
    )
    found = [PossibleSender(*row) for row in session.execute(wanted)]
    return [item._replace(address=compared(item.email)) for item in found]
