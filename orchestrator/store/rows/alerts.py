"""Rows of what coordinators are told at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.domain.meetings.alerts import AlertKind
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
