"""Rows of what people are told at once: facts of meetings, and what is wrong with the service."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.domain.meetings.alerts import AlertKind
from orchestrator.facts import Fact
from orchestrator.store.rows.base import Base, one_of


class AlertRow(Base):
    """A fact that the coordinator of a meeting must know at once; the same fact has one row.

    ``is_planned`` says that the meeting has been planned since, so that a mail tells of it if it has to.
    """

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("meeting_id", "key"),
        CheckConstraint(one_of("kind", AlertKind), name="kind"),
        Index(
            "ix_alert_unplanned",
            "meeting_id",
            sqlite_where=text("NOT is_planned"),
            postgresql_where=text("NOT is_planned"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(160), doc="What makes it the same fact when it is met again.")
    since: Mapped[datetime] = mapped_column(doc="When it came to be so.")
    params: Mapped[dict[str, Any]] = mapped_column(doc="Its particulars, all of them text.")
    is_planned: Mapped[bool] = mapped_column(default=False)


class IncidentRow(Base):
    """Something that is wrong with the service, from when it was seen until it is mended.

    Times are those of the machine. ``told_at`` is when operations were last told that it is so,
    ``resolved_told_at`` when they were told that it is over; an incident is over at ``ended_at``.
    """

    __tablename__ = "incident"
    __table_args__ = (
        Index(
            "uq_incident_open",
            "cause",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cause: Mapped[str] = mapped_column(String(120), doc="What is wrong, as programs know it.")
    count: Mapped[int] = mapped_column(doc="How much of it there is, as it was seen last.")
    since: Mapped[datetime]
    why: Mapped[Fact | None]
    told_at: Mapped[datetime | None]
    told_count: Mapped[int] = mapped_column(default=0, doc="How many mails have told of it.")
    ended_at: Mapped[datetime | None]
    resolved_told_at: Mapped[datetime | None]
