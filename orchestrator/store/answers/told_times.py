"""What attendees were told of a meeting's time, by which their answers are understood."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.domain.answers.answered_time import Told, ToldTime
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.timelines.kinds import Tells, purposes_where
from orchestrator.store.rows.delivery import DeliveryRow
from orchestrator.store.rows.meetings import RevisionRow

_STAMPED_WHEN_SENT = purposes_where(lambda rules: rules.tells is Tells.REQUEST)
"""What carries a REQUEST with a DTSTAMP of its own."""


def of_meeting(session: Session, meeting: Meeting) -> Told:
    """Return the times that attendees of a meeting were told, and the DTSTAMPs of our requests."""
    revisions = session.execute(
        select(RevisionRow.sequence, RevisionRow.starts_at, RevisionRow.ends_at, RevisionRow.at)
        .where(RevisionRow.meeting_id == meeting.id)
        .order_by(RevisionRow.revision)
    ).all()
    again = session.scalars(
        select(DeliveryRow.started_at).where(
            DeliveryRow.meeting_id == meeting.id, DeliveryRow.purpose.in_(_STAMPED_WHEN_SENT)
        )
    )
    stamps = {row.at for row in revisions} | set(again)
    stamps |= {moment for item in meeting.attendees if (moment := item.joined_at) is not None}
    stamps |= {meeting.revised_at} if meeting.revised_at is not None else set()
    return Told(
        tuple(ToldTime(row.sequence, row.starts_at, row.ends_at) for row in revisions),
        tuple(sorted(stamps)),
    )
