"""Which delegations were in meetings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.domain.people.caller import Caller
from orchestrator.domain.readiness.attendance import Attendance, Presence
from orchestrator.store.rows.readiness import AttendanceRow


def of_meeting(session: Session, meeting_id: int) -> Mapping[str, Attendance]:
    """Return what was noted, by delegation."""
    rows = session.scalars(
        select(AttendanceRow).where(AttendanceRow.meeting_id == meeting_id).order_by(AttendanceRow.delegation)
    )
    return {
        row.delegation: Attendance(
            row.delegation,
            Presence.PRESENT if row.present else Presence.ABSENT,
            row.note,
            row.actor,
            row.channel,
            row.at,
        )
        for row in rows
    }


def write(
    session: Session, meeting_id: int, noted: Sequence[Attendance], caller: Caller, now: datetime
) -> None:
    """Store what was noted in place of what stood; what is not known has no row."""
    for item in noted:
        row = session.get(AttendanceRow, (meeting_id, item.delegation))
        if item.presence is Presence.NOT_KNOWN:
            if row is not None:
                session.delete(row)
            continue
        if row is None:
            row = AttendanceRow(meeting_id=meeting_id, delegation=item.delegation)
            session.add(row)
        row.present = item.presence is Presence.PRESENT
        row.note, row.actor, row.channel, row.at = item.note, caller.actor.name, caller.channel, now
    session.flush()
