"""Rows of people."""

from __future__ import annotations

from sqlalchemy import String
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
