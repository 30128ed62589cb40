"""What delegations have done of what they owe a meeting, who has joined it, and who was nudged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import Contribution, ContributionState, Need
from orchestrator.domain.readiness.readiness import Joined
from orchestrator.store.by_meeting import WANTED, by_meeting
from orchestrator.store.rows.meetings import AttendeeRow
from orchestrator.store.rows.readiness import ContributionRow, JoinRow

_CONTRIBUTIONS = (
    select(
        ContributionRow.meeting_id,
        ContributionRow.delegation,
        ContributionRow.need,
        ContributionRow.state,
        ContributionRow.by,
        ContributionRow.at,
        ContributionRow.note,
    )
    .where(ContributionRow.meeting_id.in_(WANTED))
    .order_by(ContributionRow.delegation, ContributionRow.need)
)


def of_meetings(session: Session, meeting_ids: Collection[int]) -> Mapping[int, tuple[Contribution, ...]]:
    """Return what is recorded for meetings, by their ids."""
    return by_meeting(session, _CONTRIBUTIONS, meeting_ids, _contribution)


def _contribution(row: Row[int, str, str, str, str, datetime, str | None]) -> Contribution:
    _, delegation, need, state, by, at, note = row
    return Contribution(delegation, Need(need), ContributionState(state), by, at, note)


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
