"""Calendar feeds: which meetings are in one, when it last changed, closing its address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.store.rows.meetings import AttendeeRow, HistoryRow, MeetingRow
from orchestrator.store.rows.people import PersonRow

_ANSWERED = "answers.history.answered"


def meetings_of(session: Session, address: str) -> Sequence[int]:
    """Return the published meetings in which a case-folded address is or was, in the order of their start."""
    was_in = select(AttendeeRow.meeting_id).where(AttendeeRow.address == address)
    wanted = select(MeetingRow.id).where(MeetingRow.id.in_(was_in), MeetingRow.uid.is_not(None))
    return session.scalars(wanted.order_by(MeetingRow.starts_at, MeetingRow.id)).all()


def last_change(session: Session, meeting_ids: Sequence[int]) -> datetime | None:
    """Return when one of the meetings last changed; other people's answers do not count."""
    newest = select(func.max(HistoryRow.at)).where(
        HistoryRow.meeting_id.in_(meeting_ids), HistoryRow.what != _ANSWERED
    )
    return session.scalar(newest)


def close(session: Session, email: str) -> PersonRow | None:
    """Let the address of a person's feed open nothing any more; ``None`` for nobody of that address."""
    wanted = select(PersonRow).where(PersonRow.email == email.strip().casefold()).with_for_update()
    person = session.scalars(wanted).one_or_none()
    if person is not None:
        person.feed_version += 1
        session.flush()
    return person
