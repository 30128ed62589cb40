"""What a list of meetings says of each beside the meeting itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session, aliased

from orchestrator.domain.answers.responses import ProposalState
from orchestrator.domain.timelines.actions import ENDED_BADLY, ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Fact
from orchestrator.store.batches import WANTED, by_meeting
from orchestrator.store.rows.answers import ResponseRow
from orchestrator.store.rows.delivery import DeliveryRow, DeliveryState
from orchestrator.store.rows.meetings import MeetingRow
from orchestrator.store.rows.timelines import ActionRow


@dataclass(frozen=True, slots=True)
class NextAction:
    """What a meeting does next, and when."""

    kind: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """How many actions of a kind ended badly, and the reason of one of them."""

    kind: ActionKind
    state: str
    count: int
    reason: Fact | None


@dataclass(frozen=True, slots=True)
class Glance:
    """What a meeting does next, what of it ended badly, and what came back and waits for somebody.

    ``bouncing`` are the addresses whose latest mail did not arrive.
    """

    following: NextAction | None = None
    ended_badly: tuple[Ending, ...] = ()
    open_proposals: int = 0
    bouncing: tuple[str, ...] = ()


_LATER = aliased(ActionRow)
_FIRST = (
    select(_LATER.id)
    .where(_LATER.meeting_id == MeetingRow.id, _LATER.state == ActionState.SCHEDULED)
    .order_by(_LATER.due_at, _LATER.id)
    .limit(1)
    .correlate(MeetingRow)
    .scalar_subquery()
)
_FOLLOWING = (
    select(ActionRow.meeting_id, ActionRow.kind, ActionRow.due_at)
    .join(MeetingRow, ActionRow.id == _FIRST)
    .where(MeetingRow.id.in_(WANTED))
)
_ENDED_BADLY = (
    select(
        ActionRow.meeting_id,
        ActionRow.kind,
        ActionRow.state,
        func.count().label("number"),
        # No database compares JSON, which is text to each of them.
        func.max(cast(ActionRow.reason, Text)).label("reason"),
    )
    .where(ActionRow.meeting_id.in_(WANTED), ActionRow.state.in_(ENDED_BADLY))
    .group_by(ActionRow.meeting_id, ActionRow.kind, ActionRow.state)
    .order_by(ActionRow.kind, ActionRow.state)
)
_OPEN_PROPOSALS = (
    select(ResponseRow.meeting_id, func.count().label("number"))
    .where(ResponseRow.meeting_id.in_(WANTED), ResponseRow.state == ProposalState.OPEN)
    .group_by(ResponseRow.meeting_id)
)
_LATEST = (
    select(func.max(DeliveryRow.id))
    .where(DeliveryRow.meeting_id.in_(WANTED))
    .group_by(DeliveryRow.meeting_id, DeliveryRow.recipient)
)
_BOUNCING = (
    select(DeliveryRow.meeting_id, DeliveryRow.recipient)
    .where(DeliveryRow.id.in_(_LATEST), DeliveryRow.state == DeliveryState.BOUNCED)
    .order_by(DeliveryRow.recipient)
)


def _fact(text: str | None) -> Fact | None:
    return None if text is None else Fact.from_json(json.loads(text))


def of_meetings(session: Session, meeting_ids: Collection[int]) -> Mapping[int, Glance]:
    """Return a glance at each of these meetings, by id."""
    following = by_meeting(session, _FOLLOWING, meeting_ids, lambda row: NextAction(row.kind, row.due_at))
    badly = by_meeting(
        session,
        _ENDED_BADLY,
        meeting_ids,
        lambda row: Ending(ActionKind(row.kind), row.state, row.number, _fact(row.reason)),
    )
    proposals = by_meeting(session, _OPEN_PROPOSALS, meeting_ids, lambda row: int(row.number))
    bouncing = by_meeting(session, _BOUNCING, meeting_ids, lambda row: str(row.recipient))
    return {
        number: Glance(
            next(iter(following.get(number, ())), None),
            badly.get(number, ()),
            sum(proposals.get(number, ())),
            bouncing.get(number, ()),
        )
        for number in meeting_ids
    }
