"""What delegations have done of what they owe a meeting, and when they try their connection."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import Contribution, ContributionState, Need, RehearsalSlot
from orchestrator.domain.readiness.readiness import Joined
from orchestrator.store.batches import WANTED, by_meeting
from orchestrator.store.rows.base import table_of
from orchestrator.store.rows.meetings import AttendeeRow
from orchestrator.store.rows.readiness import ContributionRow, JoinRow, RehearsalSlotRow

_C, _S = table_of(ContributionRow).c, table_of(RehearsalSlotRow).c
_CONTRIBUTIONS = (
    select(_C.meeting_id, _C.delegation, _C.need, _C.state, _C.by, _C.at, _C.note)
    .where(_C.meeting_id.in_(WANTED))
    .order_by(_C.delegation, _C.need)
)
_SLOTS = (
    select(_S.meeting_id, _S.delegation, _S.starts_at, _S.ends_at, _S.note, _S.moves)
    .where(_S.meeting_id.in_(WANTED))
    .order_by(_S.starts_at, _S.delegation)
)


def of_meetings(session: Session, meeting_ids: Collection[int]) -> Mapping[int, tuple[Contribution, ...]]:
    """Return what is recorded for meetings, by their ids."""
    return by_meeting(session, _CONTRIBUTIONS, meeting_ids, _contribution)


def _contribution(row: Any) -> Contribution:
    return Contribution(
        row.delegation, Need(row.need), ContributionState(row.state), row.by, row.at, row.note
    )


def record(session: Session, meeting_id: int, item: Contribution) -> None:
    """Store what a delegation has done; what was recorded of the same need before is replaced."""
    row = session.get(ContributionRow, (meeting_id, item.delegation, item.need.value))
    if row is None:
        row = ContributionRow(meeting_id=meeting_id, delegation=item.delegation, need=item.need.value)
        session.add(row)
    row.state, row.note, row.by, row.at = item.state.value, item.note, item.by, item.at
    session.flush()


def take_back(session: Session, meeting_id: int, delegation: str, need: Need) -> bool:
    """Delete what was recorded of a need; false when nothing was."""
    row = session.get(ContributionRow, (meeting_id, delegation, need.value))
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True


def slots(session: Session, meeting_ids: Collection[int]) -> Mapping[int, tuple[RehearsalSlot, ...]]:
    """Return the rehearsal slots of meetings, by their ids, in the order of time."""
    return by_meeting(session, _SLOTS, meeting_ids, _slot)


def _slot(row: Any) -> RehearsalSlot:
    return RehearsalSlot(row.delegation, row.starts_at, row.ends_at, row.note, row.moves)


def slots_are_for(session: Session, meeting_id: int) -> int | None:
    """Return for which time of the meeting (its time revision) slots were allotted, if any were."""
    wanted = select(RehearsalSlotRow.time_revision).where(RehearsalSlotRow.meeting_id == meeting_id)
    return session.scalar(wanted.limit(1))


def write_slots(
    session: Session, meeting_id: int, wanted: Iterable[RehearsalSlot], time_revision: int
) -> None:
    """Store all slots of a meeting in place of those that were there."""
    session.execute(delete(RehearsalSlotRow).where(RehearsalSlotRow.meeting_id == meeting_id))
    session.add_all(
        RehearsalSlotRow(
            meeting_id=meeting_id,
            delegation=item.delegation,
            starts_at=item.starts_at,
            ends_at=item.ends_at,
            note=item.note,
            time_revision=time_revision,
            moves=item.moves,
        )
        for item in wanted
    )
    session.flush()


def joined(session: Session, meeting_id: int) -> Mapping[str, Joined]:
    """Return when each delegation was first seen in the meeting, and who says so."""
    wanted = select(JoinRow.delegation, JoinRow.at, JoinRow.by).where(JoinRow.meeting_id == meeting_id)
    return {row.delegation: Joined(row.at, row.by) for row in session.execute(wanted)}


def record_joined(session: Session, meeting_id: int, delegation: str, by: str, at: datetime) -> bool:
    """Record that a delegation is in the meeting; false when that was known."""
    if session.get(JoinRow, (meeting_id, delegation)) is not None:
        return False
    session.add(JoinRow(meeting_id=meeting_id, delegation=delegation, at=at, by=by))
    session.flush()
    return True


def nudge(session: Session, attendee_ids: Collection[int], now: datetime) -> None:
    """Count that a coordinator asks people for what is missing."""
    session.execute(
        update(AttendeeRow)
        .where(AttendeeRow.id.in_(attendee_ids))
        .values(nudges=AttendeeRow.nudges + 1, nudged_at=now)
        .execution_options(synchronize_session=False)
    )


def last_nudged(session: Session, meeting_id: int) -> Mapping[int, datetime]:
    """Return when attendees of a meeting, by id, were last nudged."""
    wanted = select(AttendeeRow.id, AttendeeRow.nudged_at).where(
        AttendeeRow.meeting_id == meeting_id, AttendeeRow.nudged_at.is_not(None)
    )
    return {number: at for number, at in session.execute(wanted).all() if at is not None}
