"""Mails that wait because of trouble of ours: the account, the sender, this machine, the relay, a quota."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import JSON, and_, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from orchestrator.domain.delivery.trouble import HELD_UP
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import Work
from orchestrator.facts import Fact
from orchestrator.store.engine import Executor
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.store.timelines.actions import IN_FLIGHT, stands

REASON_KEY = type_coerce(ActionRow.reason, JSON)["key"].as_string()
"""The key of the fact that says why an action stands where it stands."""
_OF_MAIL = and_(ActionRow.lane == Work.MAIL, ActionRow.attempt > 0)
_WAITS = and_(stands(ActionState.SCHEDULED), _OF_MAIL)
_TRIED_AGAIN = and_(stands(*IN_FLIGHT), _OF_MAIL)
"""What is tried once more still says why it was not taken the last time."""


@dataclass(frozen=True, slots=True)
class HeldUp:
    """How many mails wait for one reason; ``reason`` is that of the one tried last."""

    count: int
    reason: Fact


def all_of(session: Session) -> list[HeldUp]:
    """Return what keeps mails waiting, most first."""
    grouped = (
        select(func.count(), func.max(ActionRow.id))
        .where(_WAITS, REASON_KEY.in_(HELD_UP))
        .group_by(REASON_KEY)
        .order_by(func.count().desc(), REASON_KEY)
    )
    found = session.execute(grouped).all()
    reasons = {
        row.id: row.reason
        for row in session.execute(
            select(ActionRow.id, ActionRow.reason).where(ActionRow.id.in_([latest for _, latest in found]))
        )
    }
    return [HeldUp(count, reason) for count, latest in found if (reason := reasons.get(latest)) is not None]


def is_known(executor: Executor, reason: Fact) -> bool:
    """Whether a mail waits for this reason already, so that nobody needs to be told again."""
    found = select(ActionRow.id).where(or_(_WAITS, _TRIED_AGAIN), reason.key == REASON_KEY).limit(1)
    return executor.execute(found).first() is not None
