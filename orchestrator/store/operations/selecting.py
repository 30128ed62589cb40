"""Actions chosen by what they have in common, for mending them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from orchestrator.domain.timelines.actions import ENDED_BADLY, ActionState, CancelCode
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Fact
from orchestrator.store.delivery.claims import release
from orchestrator.store.delivery.held_up import REASON_KEY
from orchestrator.store.rows.meetings import MeetingRow
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.store.timelines.actions import PENDING, transition

_MOST = 1000
"""So many at a time, so that one statement locks no more than a moment's work."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What actions have in common; what is left out does not matter.

    ``reason`` is the key of the reason that they stand where they stand, or its beginning up to a point, such
    as ``outside.smtp.quota-refused`` or ``outside.smtp``; ``meeting`` is a reference.
    """

    states: tuple[ActionState, ...] = ()
    kind: ActionKind | None = None
    reason: str | None = None
    meeting: str | None = None

    def with_states(self, states: Sequence[ActionState]) -> Selection:
        """Return the same in these states."""
        return replace(self, states=tuple(states))


@dataclass(frozen=True, slots=True)
class Selected:
    """An action of a selection."""

    id: int
    meeting_id: int
    reference: str
    kind: str
    state: str
    expires_at: datetime
    reason: Fact | None


def found(session: Session, wanted: Selection, *, tried: bool) -> tuple[list[Selected], bool]:
    """Return the first actions of a selection, and whether there are more.

    With ``tried`` of what is scheduled only what was tried before: the rest is not due yet.
    """
    return _read(session, _conditions(wanted, tried=tried))


def locked(session: Session, wanted: Selection, *, tried: bool) -> tuple[list[Selected], bool]:
    """Return the same, locked: the meetings first, as everywhere, then the actions that still fit."""
    conditions = _conditions(wanted, tried=tried)
    candidates, more = _read(session, conditions)
    ids = [item.id for item in candidates]
    meetings = sorted({item.meeting_id for item in candidates})
    of_meetings = select(MeetingRow.id).where(MeetingRow.id.in_(meetings)).order_by(MeetingRow.id)
    session.execute(of_meetings.with_for_update(read=True)).all()
    held = session.scalars(
        select(ActionRow.id).where(ActionRow.id.in_(ids)).order_by(ActionRow.id).with_for_update()
    ).all()
    # What a worker took, or somebody else mended, before it was locked is no longer meant.
    still, _ = _read(session, [*conditions, ActionRow.id.in_(held)])
    return still, more


def make_due(session: Session, ids: Sequence[int], now: datetime) -> None:
    """Make actions due now: what ended badly begins once more, what waits to be tried waits no longer."""
    transition(
        session,
        ids,
        ActionState.SCHEDULED,
        sources=ENDED_BADLY,
        due_at=now,
        finished_at=None,
        reason=None,
    )
    waiting = update(ActionRow).where(
        ActionRow.id.in_(ids), ActionRow.state == ActionState.SCHEDULED, ActionRow.due_at > now
    )
    session.execute(waiting.values(due_at=now).execution_options(synchronize_session=False))


def discard(session: Session, actions: Sequence[Selected], now: datetime, reason: Fact) -> None:
    """Cancel actions for good, and let go what waited for them."""
    transition(
        session,
        [item.id for item in actions],
        ActionState.CANCELLED,
        sources=(*PENDING, *ENDED_BADLY),
        finished_at=now,
        cancel_code=CancelCode.DISCARDED,
        reason=reason,
    )
    for of_mail in (True, False):
        ended = [item.id for item in actions if ActionKind(item.kind).is_mail is of_mail]
        if ended:
            release(session, ended, of_mail, now)


def _conditions(wanted: Selection, *, tried: bool) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [ActionRow.state.in_(wanted.states)]
    if tried:
        conditions.append(or_(ActionRow.state != ActionState.SCHEDULED, ActionRow.attempt > 0))
    if wanted.kind is not None:
        conditions.append(ActionRow.kind == wanted.kind)
    if wanted.reason is not None:
        below = REASON_KEY.startswith(f"{wanted.reason}.", autoescape=True)
        conditions.append(or_(wanted.reason == REASON_KEY, below))
    if wanted.meeting is not None:
        conditions.append(MeetingRow.reference == wanted.meeting)
    return conditions


def _read(session: Session, conditions: Sequence[ColumnElement[bool]]) -> tuple[list[Selected], bool]:
    rows = session.execute(
        select(
            ActionRow.id,
            MeetingRow.id,
            MeetingRow.reference,
            ActionRow.kind,
            ActionRow.state,
            ActionRow.expires_at,
            ActionRow.reason,
        )
        # What belongs to no meeting, such as reading the mailbox, comes round by itself.
        .join(MeetingRow, MeetingRow.id == ActionRow.meeting_id)
        .where(*conditions)
        .order_by(ActionRow.id)
        .limit(_MOST + 1)
    ).all()
    return [Selected(*row) for row in rows[:_MOST]], len(rows) > _MOST
