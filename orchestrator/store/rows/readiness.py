"""Rows of contributions, connection tests and attendance."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.domain.meetings.meeting import ContributionState, Need
from orchestrator.facts import Fact
from orchestrator.store.rows.base import Base, one_of


class ContributionRow(Base):
    """What a delegation has done of what it owes a meeting; the newest word counts, history has the rest."""

    __tablename__ = "contribution"
    __table_args__ = (
        # Which needs there are is said by their table, so that a new one needs no migration; people answer.
        CheckConstraint(f"need <> '{Need.ANSWER}'", name="need"),
        CheckConstraint(one_of("state", ContributionState), name="state"),
    )

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True)
    delegation: Mapped[str] = mapped_column(String(6), primary_key=True)
    need: Mapped[str] = mapped_column(String(20), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    note: Mapped[str | None] = mapped_column(Text())
    by: Mapped[str]
    at: Mapped[datetime]


class JoinRow(Base):
    """When a delegation was first seen in a meeting, and who says so."""

    __tablename__ = "delegation_joined"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True)
    delegation: Mapped[str] = mapped_column(String(6), primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]


class ConnectionTestRow(Base):
    """When a delegation tries its connection; kept while the meeting keeps its time."""

    __tablename__ = "connection_test"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="order"),)

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True)
    delegation: Mapped[str] = mapped_column(String(6), primary_key=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    note: Mapped[Fact | None] = mapped_column(doc="Why it is outside office hours, where it is.")
    time_revision: Mapped[int] = mapped_column(doc="For which time of the meeting it was allotted.")
    moves: Mapped[int] = mapped_column(default=0, doc="How often it was moved after it had been told.")


class AttendanceRow(Base):
    """Whether a delegation was in a meeting, as noted after its start; without a row that is not known."""

    __tablename__ = "attendance"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True)
    delegation: Mapped[str] = mapped_column(String(6), primary_key=True)
    present: Mapped[bool]
    note: Mapped[str | None] = mapped_column(Text())
    actor: Mapped[str] = mapped_column(String(400), doc="Who noted it, as history shows them.")
    channel: Mapped[str] = mapped_column(String(20), doc="Through which door.")
    at: Mapped[datetime]
