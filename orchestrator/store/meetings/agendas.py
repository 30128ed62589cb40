"""The agendas of meetings, as rows and as values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.fields import AgendaFields, values
from orchestrator.domain.meetings.meeting import (
    AgendaEntry,
    Meeting,
)
from orchestrator.domain.meetings.points import Point
from orchestrator.store.by_meeting import WANTED, by_meeting
from orchestrator.store.rows.base import table_of
from orchestrator.store.rows.meetings import (
    AgendaRow,
    MeetingRow,
)

_G = table_of(AgendaRow).c

_AGENDA = (
    select(_G.meeting_id, _G.number, *(_G[item.name] for item in fields(AgendaFields)), _G.points)
    .where(_G.meeting_id.in_(WANTED))
    .order_by(_G.number)
)


def of_meetings(session: Session, meeting_ids: Collection[int]) -> dict[int, tuple[AgendaEntry, ...]]:
    """Return the agendas of meetings by their ids."""
    return by_meeting(session, _AGENDA, meeting_ids, _entry_of)


def _entry_of(row: Any) -> AgendaEntry:
    return AgendaEntry(
        **values(AgendaFields, row), number=row.number, points=tuple(Point(**item) for item in row.points)
    )


def write(session: Session, row: MeetingRow, meeting: Meeting) -> None:
    """Store the agenda of a meeting, whose row has it loaded."""
    if tuple(_entry_of(item) for item in row.agenda) == meeting.agenda:
        return
    row.agenda.clear()
    session.flush()  # The old numbers must be gone before the new ones come.
    row.agenda += [
        AgendaRow(
            **values(AgendaFields, item), number=item.number, points=[asdict(point) for point in item.points]
        )
        for item in meeting.agenda
    ]
