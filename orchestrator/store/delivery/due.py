"""What beats look at before they claim: what is due in each lane, what is out, and what nobody has begun."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import Work, kinds_where
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.store.timelines.actions import IN_FLIGHT, stands

_ROUTINE = kinds_where(lambda rules: rules.routine)
_SCHEDULED = stands(ActionState.SCHEDULED)
_CLAIMED = and_(stands(*IN_FLIGHT), stands(ActionState.CLAIMED))
_OUT = (
    select(ActionRow.lane, func.count())
    # Every claim has a lease; saying so lets the index of leases count them.
    .where(_CLAIMED, ActionRow.lease_until.is_not(None))
    .group_by(ActionRow.lane)
)
_NEXT = select(
    *(
        select(func.min(ActionRow.due_at))
        .where(_SCHEDULED, ActionRow.lane == lane)
        .scalar_subquery()
        .label(lane.name)
        for lane in Work
    )
)


def next_due(session: Session) -> datetime | None:
    """Return when the next action is due; what comes round again and again does not count."""
    due = select(func.min(ActionRow.due_at)).where(_SCHEDULED, ActionRow.kind.not_in(_ROUTINE))
    return session.scalar(due)


def next_by_lane(session: Session) -> dict[Work, datetime]:
    """Return when the next action of each lane is due; a lane with nothing to do is left out."""
    row = session.execute(_NEXT).one()
    due = zip(Work, row, strict=True)
    return {lane: at for lane, at in due if at is not None}


def out(session: Session) -> dict[Work, int]:
    """Count, by lane, what is handed out and not begun; what a worker has in hand is out of the queue."""
    return {Work(lane): count for lane, count in session.execute(_OUT)}


def not_begun(session: Session, real_now: datetime) -> dict[Work, list[int]]:
    """Return, by lane, the claims that no worker has begun in time: they wait, or their message is lost."""
    rows = session.execute(
        select(ActionRow.lane, ActionRow.id)
        .where(_CLAIMED, ActionRow.lease_until < real_now)
        .order_by(ActionRow.lease_until)
    )
    found: dict[Work, list[int]] = {}
    for lane, number in rows:
        found.setdefault(Work(lane), []).append(number)
    return found
