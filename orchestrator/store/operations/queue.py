"""The queue as operators see it: listed and counted, and an action tried again or discarded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    exists,
    func,
    select,
)
from sqlalchemy.orm import Session, aliased

from orchestrator.domain.timelines.actions import (
    ENDED_BADLY,
    ActionState,
    CancelCode,
)
from orchestrator.domain.timelines.kinds import ActionKind, Work
from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.store.delivery.claims import release
from orchestrator.store.rows.meetings import AttendeeRow, MeetingRow
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.store.timelines.actions import IN_FLIGHT, PENDING, stands, transition

_SCHEDULED = and_(stands(ActionState.SCHEDULED), ActionRow.lane.in_(list(Work)))
"""Names every lane, because the index of what is due begins with it."""


def overdue_or_in_flight(session: Session, now: datetime) -> int:
    """Count what is due or being worked on at ``now``; zero means quiet."""
    return _count(session, stands(*IN_FLIGHT)) + _count(session, _SCHEDULED, ActionRow.due_at <= now)


def unfinished(session: Session, before: datetime) -> int:
    """Count what was due before an instant and is not done, claimed or not."""
    due = ActionRow.due_at < before
    return _count(session, stands(*IN_FLIGHT), due) + _count(session, _SCHEDULED, due)


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(ActionRow).where(*conditions)) or 0


def counts(session: Session) -> dict[str, int]:
    """Return how many actions stand in each state."""
    rows = session.execute(select(ActionRow.state, func.count()).group_by(ActionRow.state))
    return dict(rows.all())


_EARLIER = aliased(ActionRow)
_TOLD_BEFORE = and_(
    ActionRow.kind == ActionKind.INVITE,
    exists().where(
        _EARLIER.attendee_id == ActionRow.attendee_id,
        _EARLIER.kind == ActionKind.INVITE,
        _EARLIER.id < ActionRow.id,
        _EARLIER.state.in_((ActionState.SUCCEEDED, *IN_FLIGHT)),
    ),
)
_Listed = tuple[
    ActionRow,
    str | None,
    str | None,
    str | None,
    str | None,
    bool | None,
    str | None,
    str | None,
    str | None,
    bool,
]
"""The columns of ``listing``."""


def listing(*, state: ActionState | None = None, meeting_id: int | None = None) -> Select[*_Listed]:
    """Select actions with their meeting and recipient, in the order they are due.

    The last column says of an invitation whether its recipient was sent another before it.
    """
    statement = (
        select(
            ActionRow,
            MeetingRow.reference,
            MeetingRow.timeline,
            MeetingRow.own_timeline,
            MeetingRow.host,
            MeetingRow.tentative,
            AttendeeRow.name,
            AttendeeRow.email,
            AttendeeRow.delegation,
            _TOLD_BEFORE,
        )
        .outerjoin(MeetingRow, MeetingRow.id == ActionRow.meeting_id)
        .outerjoin(AttendeeRow, AttendeeRow.id == ActionRow.attendee_id)
        .order_by(ActionRow.due_at, ActionRow.id)
    )
    if state is not None:
        statement = statement.where(ActionRow.state == state)
    if meeting_id is not None:
        statement = statement.where(ActionRow.meeting_id == meeting_id)
    return statement


ListedAction = Row[*_Listed]


def get(session: Session, action_id: int) -> ActionRow:
    """Return one action, locked after its meeting as everywhere; raises ``NotFound``."""
    session.execute(
        select(MeetingRow.id)
        .join(ActionRow, ActionRow.meeting_id == MeetingRow.id)
        .where(ActionRow.id == action_id)
        .with_for_update(read=True, of=MeetingRow)
    )
    row = session.scalars(select(ActionRow).where(ActionRow.id == action_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(Fact.of("operations.no-action", id=action_id))
    return row


def reschedule(session: Session, action_id: int, now: datetime) -> bool:
    """Make a failed or missed action due now; false when it is in another state."""
    return bool(
        transition(
            session,
            [action_id],
            ActionState.SCHEDULED,
            sources=ENDED_BADLY,
            due_at=now,
            finished_at=None,
            reason=None,
        )
    )


def discard(session: Session, row: ActionRow, now: datetime, reason: Fact) -> bool:
    """Cancel a waiting, failed or missed action for good; false when it is in another state."""
    discarded = transition(
        session,
        [row.id],
        ActionState.CANCELLED,
        sources=(*PENDING, *ENDED_BADLY),
        finished_at=now,
        cancel_code=CancelCode.DISCARDED,
        reason=reason,
    )
    if discarded:
        release(session, [row.id], ActionKind(row.kind).is_mail, now)
    return bool(discarded)
