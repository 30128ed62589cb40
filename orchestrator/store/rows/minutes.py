"""Rows of documents, minutes and the files of meetings."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from orchestrator.domain.minutes.files import FileAudience
from orchestrator.store.rows.base import Base, one_of


class DocumentRow(Base):
    """A file kept in the document store."""

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    filename: Mapped[str]
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    lost_since: Mapped[datetime | None] = mapped_column(
        doc="Since when its content is not in the store of documents, as far as that was looked at."
    )


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
    adopted_on: Mapped[date | None] = mapped_column(doc="The day of its adoption; empty for a draft.")
    adopted_at: Mapped[datetime | None] = mapped_column(doc="When that was recorded.")
    adopted_by: Mapped[str | None] = mapped_column(Text())

    document: Mapped[DocumentRow] = relationship(lazy="joined", innerjoin=True)


class MeetingFileRow(Base):
    """One version of a file of a meeting; never changed but by being withdrawn, and never deleted."""

    __tablename__ = "meeting_file"
    __table_args__ = (
        UniqueConstraint("meeting_id", "delegation", "name_key", "version"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("item >= 1", name="item"),
        CheckConstraint(one_of("audience", FileAudience), name="audience"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)",
            name="withdrawn",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), index=True)
    delegation: Mapped[str] = mapped_column(
        String(6), doc="Whose paper it is; empty for a document of the coordinator."
    )
    name_key: Mapped[str] = mapped_column(String(300), doc="What its name is compared by.")
    version: Mapped[int]
    item: Mapped[int | None] = mapped_column(doc="The number of its agenda item.")
    audience: Mapped[str] = mapped_column(String(10))
    actor: Mapped[str] = mapped_column(String(400), doc="Who put it up, as history shows them.")
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(20), doc="Through which door.")
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(400))
    withdrawn_reason: Mapped[str | None] = mapped_column(Text())

    document: Mapped[DocumentRow] = relationship(lazy="joined", innerjoin=True)
