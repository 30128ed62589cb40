"""Calendar feeds: which meetings are in one, when it last changed, closing its address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
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


def close(session: Session, address: str) -> None:
    """Let the address of the feed of a person, by case-folded address, open nothing any more."""
    session.execute(
        update(PersonRow)
        .where(PersonRow.email == address)
        .values(feed_version=PersonRow.feed_version + 1)
        .execution_options(synchronize_session=False)
    )
