"""Rows of the processes that run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.store.rows.base import Base


class ProcessRow(Base):
    """A running process: that it lives, and which of its neighbours it cannot work with.

    Each process writes its own row, in the machine's time, and takes it back when it ends; the row of one
    that was killed stays until it is old. ``neighbours`` holds those in trouble: since when, and a fact.
    """

    __tablename__ = "process"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    host: Mapped[str] = mapped_column(String(120))
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    neighbours: Mapped[dict[str, Any]]
