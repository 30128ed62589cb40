"""Rows of actions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind, Work
from orchestrator.facts import Fact
from orchestrator.store.rows.base import Base, one_of


def _lane_of_kind(context: DefaultExecutionContext) -> str:
    """Return the lane of the kind that is being written."""
    written: dict[str, str] = context.get_current_parameters()  # type: ignore[no-untyped-call] # Untyped there.
    known = next((kind for kind in ActionKind if kind == written["kind"]), None)
    return known.rules.work if known else Work.MAIL


class ActionRow(Base):
    """One thing that must happen at one moment.

    Planning writes key, kind, planned_at, expires_at and revision; beat writes claims; workers write
    how it ended. ``due_at`` is when it is next to be tried, ``planned_at`` when it was planned for.
    ``lane`` is that of the kind, kept here so that one index finds what is due in each lane.
    ``lease_until`` is in real time, not in the sandbox clock's, because a claim measures work.
    What belongs to no meeting, such as reading the mailbox, has no ``meeting_id``.
    """

    __tablename__ = "action"
    __table_args__ = (
        UniqueConstraint("meeting_id", "key"),
        CheckConstraint(one_of("state", ActionState), name="state"),
        CheckConstraint("(state IN ('claimed', 'running')) = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint("attempt >= 0", name="attempt"),
        Index(
            "uq_action_own_key",
            "key",
            unique=True,
            sqlite_where=text("meeting_id IS NULL"),
            postgresql_where=text("meeting_id IS NULL"),
        ),
        Index(
            "ix_action_due",
            "lane",
            "due_at",
            "id",
            sqlite_where=text("state = 'scheduled'"),
            postgresql_where=text("state = 'scheduled'"),
        ),
        Index(
            "ix_action_open",
            "expires_at",
            sqlite_where=text("state IN ('scheduled', 'blocked')"),
            postgresql_where=text("state IN ('scheduled', 'blocked')"),
        ),
        Index(
            "ix_action_lease",
            "lease_until",
            sqlite_where=text("state IN ('claimed', 'running')"),
            postgresql_where=text("state IN ('claimed', 'running')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(120))
    obligation: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))
    lane: Mapped[str] = mapped_column(String(20), default=_lane_of_kind, server_default=Work.MAIL)
    step: Mapped[str] = mapped_column(String(60))
    attendee_id: Mapped[int | None] = mapped_column(ForeignKey("attendee.id"), index=True)
    revision: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    planned_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    blocked_by: Mapped[int | None] = mapped_column(ForeignKey("action.id"), index=True)
    attempt: Mapped[int] = mapped_column(default=0, doc="Counts claims; a claim's fence.")
    lease_until: Mapped[datetime | None]
    cancel_code: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[Fact | None] = mapped_column(doc="Why it stands where it stands.")
    note: Mapped[Fact | None] = mapped_column(doc="Why it is not due when the timeline wants it.")
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
