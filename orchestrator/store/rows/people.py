"""Rows of people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.store.rows.base import Base


class PersonRow(Base):
    """A person in the directory."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True, doc="Case-folded.")
    name: Mapped[str]
    delegation: Mapped[str] = mapped_column(String(6))
    role: Mapped[str] = mapped_column(String(40))
    feed_version: Mapped[int] = mapped_column(default=1, doc="Rises when the calendar feed is revoked.")


class ConsoleSessionRow(Base):
    """A browser that is signed in to the console, until it signs out or its time is over."""

    __tablename__ = "console_session"
    __table_args__ = (Index("ix_console_session_expires_at", "expires_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(
        String(64), unique=True, doc="SHA-256 of the cookie, which is stored nowhere."
    )
    credential: Mapped[str] = mapped_column(
        String(64), doc="Fingerprint of what was signed in with; when that is replaced, the session is over."
    )
    actor_kind: Mapped[str] = mapped_column(String(20), doc="An ``ActorKind``.")
    actor_id: Mapped[str | None] = mapped_column(
        String(64), doc="Of whom, where there are several of a kind."
    )
    source: Mapped[str] = mapped_column(String(64), doc="The network address that signed in.")
    browser: Mapped[str] = mapped_column(String(200), doc="What it called itself.")
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(doc="The end, however busy it is.")


class ThrottleRow(Base):
    """How often something was tried in the present period, by one source."""

    __tablename__ = "throttle"
    __table_args__ = (Index("ix_throttle_ends_at", "ends_at"),)

    bucket: Mapped[str] = mapped_column(
        String(64), primary_key=True, doc="SHA-256 of what is counted, and for whom."
    )
    count: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(doc="When counting starts from nothing again.")
