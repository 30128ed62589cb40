"""When delegations try their connection."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Row, delete, select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import ConnectionTest
from orchestrator.facts import Fact
from orchestrator.store.by_meeting import WANTED, by_meeting
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
