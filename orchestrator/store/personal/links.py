"""Whose a personal link is, and closing links."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import update
from sqlalchemy.orm import Session

from orchestrator.store.rows.meetings import AttendeeRow


def set_version(session: Session, attendee_ids: Collection[int], version: int) -> None:
    """Let the links of attendees be those of ``version``; all earlier ones open nothing any more."""
    session.execute(
        update(AttendeeRow)
        .where(AttendeeRow.id.in_(attendee_ids))
        .values(link_version=version)
        .execution_options(synchronize_session=False)
    )
