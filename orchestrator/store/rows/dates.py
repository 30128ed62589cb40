"""Rows of date polls."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.domain.dates.date_poll import DatePollState, Vote
from orchestrator.store.rows.base import Base, one_of


class DatePollRow(Base):
    """A date poll among the delegations of a draft."""

    __tablename__ = "date_poll"
    __table_args__ = (
        CheckConstraint(one_of("state", DatePollState), name="state"),
        CheckConstraint("closes_at > opened_at", name="order"),
        Index(
            "uq_date_poll_open",
            "meeting_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    by: Mapped[str]
    asked: Mapped[int] = mapped_column(doc="Number of the latest asking of the meeting, over all its polls.")
    asked_at: Mapped[datetime]
    chosen: Mapped[int | None] = mapped_column(doc="Number of the option that became the meeting's time.")


class DateOptionRow(Base):
    """One start that a date poll proposes, as wall time in the meeting's zone."""

    __tablename__ = "date_option"

    poll_id: Mapped[int] = mapped_column(ForeignKey("date_poll.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    wall_start: Mapped[datetime] = mapped_column(DateTime(), doc="Naive wall time in the meeting's zone.")
    starts_at: Mapped[datetime]


class DateVoteRow(Base):
    """What a delegation says of one option; its newest word counts."""

    __tablename__ = "date_vote"
    __table_args__ = (
        CheckConstraint(one_of("vote", Vote), name="vote"),
        ForeignKeyConstraint(
            ["poll_id", "number"], ["date_option.poll_id", "date_option.number"], ondelete="CASCADE"
        ),
    )

    poll_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    delegation: Mapped[str] = mapped_column(String(6), primary_key=True)
    vote: Mapped[str] = mapped_column(String(10))
    attendee_id: Mapped[int | None] = mapped_column(ForeignKey("attendee.id", ondelete="SET NULL"))
    by: Mapped[str]
    at: Mapped[datetime]
