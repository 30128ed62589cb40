"""The decisions of meetings as rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.decisions import Decision
from orchestrator.store.rows.meetings import DecisionRow


def of_meeting(session: Session, meeting_id: int) -> tuple[Decision, ...]:
    """Return the decisions of a meeting by number."""
    return of_meetings(session, [meeting_id])[meeting_id]


def of_meetings(session: Session, meeting_ids: Collection[int]) -> Mapping[int, tuple[Decision, ...]]:
    """Return the decisions of meetings by number, for each of their ids."""
    found: dict[int, list[Decision]] = {number: [] for number in meeting_ids}
    for row in _rows(session, meeting_ids):
        item = Decision(row.number, row.text, row.is_open, row.by, row.at, row.id)
        found[row.meeting_id].append(item)
    return {number: tuple(items) for number, items in found.items()}


def write(session: Session, meeting_id: int, items: Sequence[Decision]) -> None:
    """Store all decisions of a meeting in place of those that were there; what stays keeps its row."""
    rows = {row.id: row for row in _rows(session, [meeting_id])}
    for gone in set(rows) - {item.id for item in items}:
        session.delete(rows.pop(gone))
    for row in rows.values():
        row.number = -row.id  # Two that change places would for a moment have the same number.
    session.flush()
    for item in items:
        target = rows.get(item.id)
        if target is None:
            target = DecisionRow(meeting_id=meeting_id)
            session.add(target)
        target.number, target.text, target.is_open = item.number, item.text, item.is_open
        target.by, target.at = item.by, item.at
    session.flush()


def _rows(session: Session, meeting_ids: Collection[int]) -> Sequence[DecisionRow]:
    wanted = select(DecisionRow).where(DecisionRow.meeting_id.in_(meeting_ids)).order_by(DecisionRow.number)
    return session.scalars(wanted.execution_options(populate_existing=True)).all()
