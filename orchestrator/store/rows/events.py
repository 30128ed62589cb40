"""Rows of events, and of their sessions whose day is not known yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.facts import Fact
from orchestrator.store.rows.base import Base


class EventRow(Base):
    """One or more sessions that belong together; which meetings they are, ``meeting.event_id`` says."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(64), unique=True)
    title_en: Mapped[str | None] = mapped_column(doc="Without one it is called as its lead session is.")
    title_vi: Mapped[str | None]
    short: Mapped[str | None] = mapped_column(String(40))
    short_vi: Mapped[str | None] = mapped_column(String(40))
    lead: Mapped[str] = mapped_column(String(64), doc="Reference of the lead session, dated or not.")
    month: Mapped[str | None] = mapped_column(String(7), doc="In which its sessions take place: 2027-08.")
    announced_at: Mapped[datetime | None] = mapped_column(doc="When it was published with its month only.")
    version: Mapped[int] = mapped_column(default=1)
    defaults: Mapped[dict[str, Any]] = mapped_column(
        JSON, default=dict, doc="What holds for a session that does not say otherwise, as written."
    )
    people: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, default=list, doc="Whom the circles of its sessions choose from, as written."
    )
    created_at: Mapped[datetime]


class UndatedSessionRow(Base):
    """A session whose day is not known: no meeting yet, so that nothing can leave for it."""

    __tablename__ = "undated_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    reference: Mapped[str] = mapped_column(String(64), unique=True)
    written: Mapped[dict[str, Any]] = mapped_column(JSON, doc="What it says of itself, as in its file.")


class EventHistoryRow(Base):
    """What was done to an event, when, by whom and through which door; never changed."""

    __tablename__ = "event_history"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(400))
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(String(80), doc="The key of the fact that says it.")
    params: Mapped[dict[str, Any]] = mapped_column(doc="The parameters of that fact, as they are stored.")
    detail: Mapped[Fact | None]

    @property
    def said(self) -> Fact:
        """What was done."""
        return Fact.from_json({"key": self.what, "params": self.params})
