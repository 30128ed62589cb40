"""Rows of what is entered over working calendars."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, Date, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.domain.delegations.delegation import Weekday
from orchestrator.domain.delegations.working_calendar import OverrideKind
from orchestrator.store.rows.base import Base, one_of


class OverrideRow(Base):
    """What a coordinator has entered over a delegation's calendar; withdrawn ones are kept."""

    __tablename__ = "calendar_override"
    __table_args__ = (
        CheckConstraint(one_of("kind", OverrideKind), name="kind"),
        CheckConstraint("first_day <= last_day", name="days"),
        CheckConstraint("days IS NULL OR kind = 'hours'", name="weekdays"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    delegation: Mapped[str] = mapped_column(String(6), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    first_day: Mapped[date] = mapped_column(Date())
    last_day: Mapped[date] = mapped_column(Date())
    name: Mapped[str] = mapped_column(doc="What the day is, such as National mourning.")
    hours: Mapped[list[str]] = mapped_column(JSON, doc="Stretches such as 08:00-14:00.")
    days: Mapped[list[Weekday] | None] = mapped_column(
        JSON(none_as_null=True), doc="Weekdays such as fri on which other hours hold; else on all."
    )
    why: Mapped[str] = mapped_column(Text())
    by: Mapped[str]
    at: Mapped[datetime]
    withdrawn_by: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
