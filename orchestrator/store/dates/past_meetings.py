"""The meetings that took place, for who bore what of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.domain.dates.costs import PastMeeting
from orchestrator.domain.meetings.meeting import (
    MeetingStatus,
    Participation,
)
from orchestrator.store.rows.base import table_of
from orchestrator.store.rows.meetings import (
    AttendeeRow,
    MeetingRow,
)

_A = table_of(AttendeeRow).c


def held(session: Session, since: datetime, before: datetime) -> list[PastMeeting]:
    """Return the concluded meetings that began within that time, oldest first.

    The host took part, and every delegation with an attendee invited who had not declined.
    """
    rows = session.execute(
        select(MeetingRow.id, MeetingRow.starts_at, MeetingRow.ends_at, MeetingRow.host, _A.delegation)
        .outerjoin(
            table_of(AttendeeRow),
            (_A.meeting_id == MeetingRow.id)
            & _A.removed_sequence.is_(None)
            & (_A.participation != Participation.DECLINED),
        )
        .where(MeetingRow.status == MeetingStatus.CONCLUDED)
        .where(MeetingRow.starts_at >= since, MeetingRow.starts_at < before)
        .order_by(MeetingRow.starts_at, MeetingRow.id, _A.delegation)
        .distinct()
    )
    return [_held(list(together)) for _, together in groupby(rows, key=lambda row: (row.starts_at, row.id))]


def _held(rows: Sequence[Any]) -> PastMeeting:
    taking_part = {rows[0].host, *(row.delegation for row in rows if row.delegation)}
    return PastMeeting(rows[0].starts_at, rows[0].ends_at, tuple(sorted(taking_part)))
