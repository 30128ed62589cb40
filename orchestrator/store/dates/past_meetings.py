"""The meetings that took place, for who bore what of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from orchestrator.domain.dates.costs import PastMeeting
from orchestrator.domain.meetings.meeting import (
    MeetingStatus,
    Participation,
)
from orchestrator.store.rows.meetings import (
    AttendeeRow,
    MeetingRow,
)


def held(session: Session, since: datetime, before: datetime) -> list[PastMeeting]:
    """Return the concluded meetings that began within that time, oldest first.

    The host took part, and every delegation with an attendee invited who had not declined.
    """
    rows = session.execute(
        select(
            MeetingRow.id,
            MeetingRow.starts_at,
            MeetingRow.ends_at,
            MeetingRow.host,
            AttendeeRow.delegation,
            MeetingRow.zone,
        )
        .outerjoin(
            AttendeeRow,
            (AttendeeRow.meeting_id == MeetingRow.id)
            & AttendeeRow.removed_sequence.is_(None)
            & (AttendeeRow.participation != Participation.DECLINED),
        )
        .where(MeetingRow.status == MeetingStatus.CONCLUDED)
        .where(MeetingRow.starts_at >= since, MeetingRow.starts_at < before)
        .order_by(MeetingRow.starts_at, MeetingRow.id, AttendeeRow.delegation)
        .distinct()
    )
    return [_held(list(together)) for _, together in groupby(rows, key=lambda row: (row.starts_at, row.id))]


def _held(rows: Sequence[Row[int, datetime, datetime, str, str, str]]) -> PastMeeting:
    _, starts_at, ends_at, host, _, in_zone = rows[0]
    # Where nobody else took part, the join has found no delegation.
    taking_part = {host, *(delegation for _, _, _, _, delegation, _ in rows if delegation)}
    return PastMeeting(starts_at, ends_at, tuple(sorted(taking_part)), in_zone)
