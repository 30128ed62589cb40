"""The files of meetings, version by version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from orchestrator.domain.minutes.files import FileAudience, MeetingFile
from orchestrator.domain.people.caller import Caller
from orchestrator.store.rows.minutes import DocumentRow, MeetingFileRow


def add(session: Session, meeting_id: int, file: MeetingFile, caller: Caller) -> MeetingFile:
    """Store a version of a file, and return it with its id."""
    document = DocumentRow(
        digest=file.digest, filename=file.filename, media_type=file.media_type, size=file.size
    )
    row = MeetingFileRow(
        meeting_id=meeting_id,
        document=document,
        delegation=file.delegation or "",
        name_key=file.name_key,
        version=file.version,
        item=file.item,
        audience=file.audience.value,
        actor=caller.actor.name,
        actor_kind=caller.actor.kind,
        actor_id=caller.actor.id,
        channel=caller.channel,
        at=file.at,
    )
    session.add(row)
    session.flush()
    return _file(row)


def of_meeting(session: Session, meeting_id: int) -> Sequence[MeetingFile]:
    """Return all versions of all files of a meeting, withdrawn ones too, in the order they were put up."""
    rows = session.scalars(
        select(MeetingFileRow).where(MeetingFileRow.meeting_id == meeting_id).order_by(MeetingFileRow.id)
    )
    return [_file(row) for row in rows]


def withdraw(
    session: Session, meeting_id: int, ids: Sequence[int], caller: Caller, reason: str | None, now: datetime
) -> None:
    """Take versions of files back; their rows stay."""
    session.execute(
        update(MeetingFileRow)
        .where(MeetingFileRow.meeting_id == meeting_id, MeetingFileRow.id.in_(ids))
        .values(withdrawn_at=now, withdrawn_by=caller.actor.name, withdrawn_reason=reason)
        .execution_options(synchronize_session=False)
    )


def _file(row: MeetingFileRow) -> MeetingFile:
    return MeetingFile(
        id=row.id,
        filename=row.document.filename,
        media_type=row.document.media_type,
        size=row.document.size,
        digest=row.document.digest,
        version=row.version,
        delegation=row.delegation or None,
        item=row.item,
        audience=FileAudience(row.audience),
        actor=row.actor,
        channel=row.channel,
        at=row.at,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by,
        withdrawn_reason=row.withdrawn_reason,
        lost_since=row.document.lost_since,
    )
