"""Which revision of a meeting was in force when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.store.rows.meetings import RevisionRow


def revision_at(session: Session, meeting_id: int, moment: datetime) -> int:
    """Return the revision that was in force at a moment; 0 for none."""
    newest = select(func.max(RevisionRow.revision))
    return session.scalar(newest.where(RevisionRow.meeting_id == meeting_id, RevisionRow.at <= moment)) or 0


def times_and_titles_before(
    session: Session, moments: Mapping[int, datetime]
) -> dict[int, tuple[str, datetime, datetime]]:
    """Return title, start and end that meetings had just before a moment each, by meeting id.

    A revision of that very moment does not count. One statement, however many meetings.
    """
    if not moments:
        return {}
    wanted = (
        select(
            RevisionRow.meeting_id,
            RevisionRow.revision,
            RevisionRow.at,
            RevisionRow.title,
            RevisionRow.starts_at,
            RevisionRow.ends_at,
        )
        .where(RevisionRow.meeting_id.in_(moments))
        .order_by(RevisionRow.meeting_id, RevisionRow.revision)
    )
    found: dict[int, tuple[str, datetime, datetime]] = {}
    for row in session.execute(wanted):
        # The first revision counts even where it came at the very moment.
        if row.meeting_id not in found or row.at < moments[row.meeting_id]:
            found[row.meeting_id] = (row.title, row.starts_at, row.ends_at)
    return found
