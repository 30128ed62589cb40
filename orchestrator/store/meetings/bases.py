"""What the plans of meetings rest on, and which meetings things are planned for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.domain.time.zones import tzdata_version
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.store.rows.base import table_of
from orchestrator.store.rows.meetings import (
    AttendeeRow,
    MeetingRow,
    RevisionRow,
)
from orchestrator.store.rows.timelines import ActionRow

_A = table_of(AttendeeRow).c


@dataclass(frozen=True, slots=True)
class PlanBasis:
    """A meeting that things are planned for, with what its plan rests on.

    ``starts_at`` was derived from the zone data ``tzdata``; ``told_start`` is the start that attendees were
    told of, ``None`` where nobody was told any.
    """

    id: int
    reference: str
    status: MeetingStatus
    timeline: str
    own_timeline: str | None
    basis: str
    tzdata: str
    starts_at: datetime
    told_start: datetime | None


def note_basis(session: Session, meeting_id: int, basis: str) -> None:
    """Record what a meeting's plan rests on, as ``Planner.basis`` says it."""
    session.execute(
        update(MeetingRow)
        .where(MeetingRow.id == meeting_id)
        .where(MeetingRow.basis != basis)
        .values(basis=basis)
        .execution_options(synchronize_session=False)
    )


def planned(session: Session, since: datetime, *, delegation: str | None = None) -> list[PlanBasis]:
    """Return the published meetings, and the concluded ones with something left to do, in a fixed order.

    Of the concluded ones only those that ended after ``since``. With ``delegation`` only the meetings that
    it hosts or is invited to.
    """
    pending = (ActionState.BLOCKED, ActionState.SCHEDULED)
    left = exists().where(ActionRow.meeting_id == MeetingRow.id, ActionRow.state.in_(pending))
    over = (MeetingRow.status == MeetingStatus.CONCLUDED) & (MeetingRow.ends_at > since) & left
    wanted = or_(MeetingRow.status == MeetingStatus.PUBLISHED, over)
    if delegation is not None:
        invited = exists().where(
            _A.meeting_id == MeetingRow.id, _A.delegation == delegation, _A.removed_sequence.is_(None)
        )
        wanted = wanted & or_(MeetingRow.host == delegation, invited)
    return _planned(session, wanted)


def drafts_of_other_zone_data(session: Session) -> list[PlanBasis]:
    """Return the drafts whose instants were derived from another version of the zone data."""
    other = MeetingRow.tzdata != tzdata_version()
    return _planned(session, (MeetingRow.status == MeetingStatus.DRAFT) & other)


_PLANNED = (
    select(
        MeetingRow.id,
        MeetingRow.reference,
        MeetingRow.status,
        MeetingRow.timeline,
        MeetingRow.own_timeline,
        MeetingRow.basis,
        MeetingRow.tzdata,
        MeetingRow.starts_at,
        RevisionRow.starts_at,
    )
    .outerjoin(
        RevisionRow,
        (RevisionRow.meeting_id == MeetingRow.id) & (RevisionRow.revision == MeetingRow.time_revision),
    )
    .order_by(MeetingRow.id)
)


def _planned(session: Session, wanted: ColumnElement[bool]) -> list[PlanBasis]:
    rows = session.execute(_PLANNED.where(wanted))
    return [PlanBasis(row[0], row[1], MeetingStatus(row[2]), *row[3:]) for row in rows]


def basis_of(session: Session, meeting_id: int) -> PlanBasis:
    """Return what the plan of one meeting rests on."""
    return _planned(session, MeetingRow.id == meeting_id)[0]
