"""When delegations try their connection."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Row, delete, func, select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import ConnectionTest, MeetingStatus
from orchestrator.domain.meetings.place import Mode
from orchestrator.facts import Fact
from orchestrator.store.by_meeting import WANTED, by_meeting
from orchestrator.store.rows.meetings import AttendeeRow, MeetingRow
from orchestrator.store.rows.readiness import ConnectionTestRow

_OF_MEETINGS = (
    select(
        ConnectionTestRow.meeting_id,
        ConnectionTestRow.delegation,
        ConnectionTestRow.starts_at,
        ConnectionTestRow.ends_at,
        ConnectionTestRow.note,
        ConnectionTestRow.moves,
    )
    .where(ConnectionTestRow.meeting_id.in_(WANTED))
    .order_by(ConnectionTestRow.starts_at, ConnectionTestRow.delegation)
)


def of_meetings(session: Session, meeting_ids: Collection[int]) -> Mapping[int, tuple[ConnectionTest, ...]]:
    """Return the connection tests of meetings, by their ids, in the order of time."""
    return by_meeting(session, _OF_MEETINGS, meeting_ids, _connection_test)


def _connection_test(row: Row[int, str, datetime, datetime, Fact | None, int]) -> ConnectionTest:
    _, delegation, starts_at, ends_at, note, moves = row
    return ConnectionTest(delegation, starts_at, ends_at, note, moves)


def time_revision(session: Session, meeting_id: int) -> int | None:
    """Return for which time of the meeting (its time revision) tests were allotted, if any were."""
    wanted = select(ConnectionTestRow.time_revision).where(ConnectionTestRow.meeting_id == meeting_id)
    return session.scalar(wanted.limit(1))


def earlier_sessions(
    session: Session, meeting_id: int, event_id: int | None, before: datetime, now: datetime
) -> dict[str, datetime]:
    """Return when the first published session of an event begins to which each delegation is invited.

    Only sessions that people join over the internet count, and that begin after ``now`` and ``before`` the
    meeting itself (aware UTC). A delegation that has none is left out.
    """
    if event_id is None:
        return {}
    wanted = (
        select(AttendeeRow.delegation, func.min(MeetingRow.starts_at))
        .join(MeetingRow, AttendeeRow.meeting_id == MeetingRow.id)
        .where(MeetingRow.event_id == event_id, MeetingRow.id != meeting_id)
        .where(MeetingRow.status == MeetingStatus.PUBLISHED, MeetingRow.mode != Mode.IN_PERSON)
        .where(MeetingRow.starts_at > now, MeetingRow.starts_at < before)
        .where(AttendeeRow.removed_sequence.is_(None))
        .group_by(AttendeeRow.delegation)
    )
    return {row[0]: row[1] for row in session.execute(wanted)}


def write(session: Session, meeting_id: int, wanted: Iterable[ConnectionTest], time_revision: int) -> None:
    """Store all connection tests of a meeting in place of those that were there."""
    session.execute(delete(ConnectionTestRow).where(ConnectionTestRow.meeting_id == meeting_id))
    session.add_all(
        ConnectionTestRow(
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
