"""Rows of documents and minutes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from orchestrator.store.rows.base import Base


class DocumentRow(Base):
    """A file kept in the document store."""

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    filename: Mapped[str]
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]


class MinutesRow(Base):
    """One numbered, immutable version of a meeting's minutes."""

    __tablename__ = "minutes"
    __table_args__ = (
        UniqueConstraint("meeting_id", "version"),
        CheckConstraint("version >= 1", name="version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    version: Mapped[int]
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    attached_at: Mapped[datetime]

    document: Mapped[DocumentRow] = relationship(lazy="joined", innerjoin=True)
