"""The action that reads the mailbox: one, of no meeting, that comes round again and again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    CursorResult,
    select,
    update,
)
from sqlalchemy.orm import Session

from orchestrator.domain.timelines.actions import (
    ENDED_BADLY,
    ActionState,
    CancelCode,
)
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Fact
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.store.timelines.actions import PENDING, transition

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def keep(session: Session, now: datetime, *, wanted: bool) -> None:
    """Make the action that reads the mailbox exist and be due, or end it when no mailbox is wanted."""
    own = select(ActionRow).where(ActionRow.kind == ActionKind.READ_MAILBOX).with_for_update()
    row = session.scalars(own).one_or_none()
    if row is None and wanted:
        session.add(
            ActionRow(
                key=ActionKind.READ_MAILBOX,
                obligation=ActionKind.READ_MAILBOX,
                kind=ActionKind.READ_MAILBOX,
                step=ActionKind.READ_MAILBOX,
                revision=1,
                state=ActionState.SCHEDULED,
                due_at=now,
                expires_at=_NEVER,
                created_at=now,
            )
        )
    elif row is not None and not wanted and row.state in PENDING:
        code, reason = CancelCode.NOT_NEEDED, Fact.of("answers.no-mailbox")
        transition(session, [row.id], ActionState.CANCELLED, sources=PENDING, cancel_code=code, reason=reason)
    elif row is not None and wanted and row.state in (*ENDED_BADLY, ActionState.CANCELLED):
        transition(
            session,
            [row.id],
            ActionState.SCHEDULED,
            sources=(*ENDED_BADLY, ActionState.CANCELLED),
            due_at=now,
            cancel_code=None,
            reason=None,
            finished_at=None,
        )


def read_now(session: Session, now: datetime) -> bool:
    """Make reading the mailbox due now; false when a worker has it in hand or there is none."""
    due = (
        update(ActionRow)
        .where(ActionRow.kind == ActionKind.READ_MAILBOX, ActionRow.state == ActionState.SCHEDULED)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], session.execute(due)).rowcount == 1


def stored(session: Session) -> ActionRow | None:
    """Return the action that reads the mailbox, if there is one."""
    return session.scalars(select(ActionRow).where(ActionRow.kind == ActionKind.READ_MAILBOX)).one_or_none()
