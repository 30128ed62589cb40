"""What attendees were told in each revision of a meeting."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.meetings.changes import Snapshot
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.meetings.place import Venue, Where
from orchestrator.store.rows.meetings import RevisionRow


def write(session: Session, meeting: Meeting, now: datetime) -> None:
    """Store what attendees are told in the present revision of a meeting, as long as nobody was told it."""
    if not meeting.revision:
        return
    snapshot = Snapshot.of(meeting)
    stored = session.get(RevisionRow, (meeting.id, meeting.revision))
    if stored is None:
        stored = RevisionRow(meeting_id=meeting.id, revision=meeting.revision, at=now)
        session.add(stored)
    elif any(item.notified for item in meeting.attendees):
        return  # What an attendee was told is never rewritten.
    stored.sequence, stored.tentative = meeting.revised_sequence, snapshot.tentative
    stored.title, stored.title_vi, stored.coordinator = (
        snapshot.title,
        snapshot.title_vi,
        snapshot.coordinator,
    )
    stored.starts_at, stored.ends_at = snapshot.starts_at, snapshot.ends_at
    stored.join_url, stored.agenda = snapshot.join_url, list(snapshot.agenda)
    stored.wall_start, stored.zone = snapshot.wall_start, snapshot.zone
    where = snapshot.where
    stored.mode, stored.room = where.mode, where.room
    stored.venue = where.venue.to_json() if where.venue else None


def snapshot(session: Session, meeting_id: int, revision: int) -> Snapshot | None:
    """Return what attendees were told in that revision."""
    row = session.get(RevisionRow, (meeting_id, revision))
    if row is None:
        return None
    return Snapshot(
        row.revision,
        row.title,
        row.title_vi,
        row.tentative,
        row.coordinator,
        row.starts_at,
        row.ends_at,
        row.join_url,
        tuple(row.agenda),
        row.wall_start,
        row.zone,
        Where(row.mode, Venue.from_json(row.venue), row.room),
    )
