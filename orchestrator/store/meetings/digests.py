"""Which meetings lack their next digest, and which digests of one event fall on one morning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.store.rows.events import EventRow
from orchestrator.store.rows.meetings import AttendeeRow, MeetingRow
from orchestrator.store.rows.timelines import ActionRow

_WAITS = (ActionState.SCHEDULED, ActionState.BLOCKED, ActionState.CLAIMED, ActionState.RUNNING)


def without_next(session: Session, now: datetime) -> Sequence[int]:
    """Return the published meetings to come for which no digest is planned."""
    planned = exists().where(
        ActionRow.meeting_id == MeetingRow.id,
        ActionRow.kind == ActionKind.DIGEST,
        ActionRow.state.in_(_WAITS),
    )
    return session.scalars(
        select(MeetingRow.id).where(
            MeetingRow.status == MeetingStatus.PUBLISHED, MeetingRow.ends_at > now, ~planned
        )
    ).all()


def sessions(session: Session, meeting_id: int) -> list[int]:
    """Return the sessions of a meeting's event that have the same coordinator, the lead session first."""
    own = select(MeetingRow.event_id, MeetingRow.coordinator_email).where(MeetingRow.id == meeting_id)
    event_id, coordinator = session.execute(own).one()
    is_lead = case((EventRow.lead == MeetingRow.reference, 0), else_=1)
    found = session.scalars(
        select(MeetingRow.id)
        .join(EventRow, EventRow.id == MeetingRow.event_id)
        .where(
            MeetingRow.event_id == event_id,
            func.lower(MeetingRow.coordinator_email) == coordinator.lower(),
            MeetingRow.published_at.is_not(None),
        )
        .order_by(is_lead, MeetingRow.starts_at, MeetingRow.id)
    ).all()
    return list(found) or [meeting_id]


def spoken_for(session: Session, meeting_id: int, day: int) -> int | None:
    """Return the session whose digest of a day tells of this one too; ``None`` where it tells for itself.

    It is the first session of the event that has a digest on that day (its number is the revision).
    """
    together = sessions(session, meeting_id)
    if len(together) == 1:
        return None
    telling = set(
        session.scalars(
            select(ActionRow.meeting_id).where(
                ActionRow.meeting_id.in_(together),
                ActionRow.kind == ActionKind.DIGEST,
                ActionRow.revision == day,
                ActionRow.state.not_in((ActionState.CANCELLED, ActionState.MISSED)),
            )
        )
    )
    first = next((number for number in together if number in telling), meeting_id)
    return None if first == meeting_id else first


@dataclass(frozen=True, slots=True)
class Chased:
    """How often a delegation was asked for what is missing, and when last."""

    delegation: str
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A letter that goes out next: to how many, and from when on."""

    kind: ActionKind
    at: datetime
    count: int


def told_before(session: Session, meeting_id: int, at: datetime) -> datetime | None:
    """Return up to when a meeting's coordinator has been told of it before the digest of ``at``."""
    return session.scalar(
        select(func.max(ActionRow.planned_at)).where(
            ActionRow.meeting_id == meeting_id,
            ActionRow.kind == ActionKind.DIGEST,
            ActionRow.state == ActionState.SUCCEEDED,
            ActionRow.planned_at < at,
        )
    )


def chased(session: Session, meeting_id: int) -> list[Chased]:
    """Return which delegations of a meeting were asked for what is missing."""
    rows = session.execute(
        select(
            AttendeeRow.delegation,
            func.count(ActionRow.step.distinct()).label("number"),
            func.max(ActionRow.finished_at).label("at"),
        )
        .join(AttendeeRow, AttendeeRow.id == ActionRow.attendee_id)
        .where(
            ActionRow.meeting_id == meeting_id,
            ActionRow.kind == ActionKind.CHASE,
            ActionRow.state == ActionState.SUCCEEDED,
        )
        .group_by(AttendeeRow.delegation)
    ).all()
    return [Chased(row.delegation, row.number, row.at) for row in rows]


def upcoming(session: Session, meeting_id: int, until: datetime) -> list[Upcoming]:
    """Return the letters to attendees that are due up to a moment, those of one step together."""
    rows = session.execute(
        select(
            ActionRow.kind,
            func.min(ActionRow.due_at).label("at"),
            func.count().label("number"),
        )
        .where(
            ActionRow.meeting_id == meeting_id,
            ActionRow.attendee_id.is_not(None),
            ActionRow.state.in_((ActionState.SCHEDULED, ActionState.BLOCKED)),
            ActionRow.due_at <= until,
        )
        .group_by(ActionRow.kind, ActionRow.step)
        .order_by(func.min(ActionRow.due_at))
    ).all()
    return [Upcoming(ActionKind(row.kind), row.at, row.number) for row in rows]
