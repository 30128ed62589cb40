"""What is on record for sessions of an event, on which letters rest: files, minutes, attendance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.domain.minutes.files import FileAudience
from orchestrator.domain.timelines.policy.context import NOTHING, Records
from orchestrator.store.rows.minutes import MeetingFileRow, MinutesRow
from orchestrator.store.rows.readiness import AttendanceRow


def of_meetings(session: Session, meeting_ids: Sequence[int]) -> dict[int, Records]:
    """Return what is on record, by meeting; many meetings take no more statements than one."""
    files, minutes = _files(session, meeting_ids), _minutes(session, meeting_ids)
    attendance = _attendance(session, meeting_ids)
    found = {}
    for number in meeting_ids:
        documents, open_documents = files.get(number, (None, None))
        draft, final = minutes.get(number, (None, None))
        noted, present = attendance.get(number, (None, frozenset()))
        records = Records(
            documents_at=documents,
            open_documents_at=open_documents,
            draft_at=draft,
            final_at=final,
            attendance_at=noted,
            present=present,
        )
        if records != NOTHING:
            found[number] = records
    return found


_Moments = dict[int, tuple[datetime | None, datetime | None]]


def _files(session: Session, meeting_ids: Sequence[int]) -> _Moments:
    """When the newest file was put up that has not been withdrawn, for members and for partners too."""
    rows = session.execute(
        select(MeetingFileRow.meeting_id, MeetingFileRow.audience, func.max(MeetingFileRow.at))
        .where(MeetingFileRow.meeting_id.in_(meeting_ids), MeetingFileRow.withdrawn_at.is_(None))
        .group_by(MeetingFileRow.meeting_id, MeetingFileRow.audience)
    ).all()
    newest = {(number, audience): at for number, audience, at in rows}
    found: _Moments = {}
    for number in {number for number, _ in newest}:
        open_at = newest.get((number, FileAudience.PARTNERS))
        every = [at for at in (newest.get((number, FileAudience.MEMBERS)), open_at) if at is not None]
        found[number] = max(every), open_at
    return found


def _minutes(session: Session, meeting_ids: Sequence[int]) -> _Moments:
    """When the newest version of the minutes was attached, and when one was last marked as adopted."""
    rows = session.execute(
        select(MinutesRow.meeting_id, func.max(MinutesRow.attached_at), func.max(MinutesRow.adopted_at))
        .where(MinutesRow.meeting_id.in_(meeting_ids))
        .group_by(MinutesRow.meeting_id)
    )
    return {number: (attached, adopted) for number, attached, adopted in rows}


def _attendance(
    session: Session, meeting_ids: Sequence[int]
) -> dict[int, tuple[datetime | None, frozenset[str]]]:
    """When attendance was last noted, and which delegations were there."""
    rows = session.execute(
        select(AttendanceRow.meeting_id, AttendanceRow.delegation, AttendanceRow.present, AttendanceRow.at)
        .where(AttendanceRow.meeting_id.in_(meeting_ids))
        .order_by(AttendanceRow.meeting_id, AttendanceRow.at)
    )
    found: dict[int, tuple[datetime | None, frozenset[str]]] = {}
    for number, code, there, at in rows:
        _, present = found.get(number, (None, frozenset[str]()))
        found[number] = at, present | {code} if there else present
    return found
