"""Rows of the delivery ledger."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.facts import Fact
from orchestrator.store.rows.base import Base, one_of


class DeliveryState(StrEnum):
    """How the delivery of one message to one recipient stands.

    ``sending`` is written before the message leaves; left behind by a dead worker it means
    *unknown*. ``deferred`` means the server said "not now", ``bounced`` that a server further on could
    not deliver what had been accepted.
    """

    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    BOUNCED = "bounced"


class DeliveryRow(Base):
    """One message to one recipient over one channel, and how it ended."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("action_id", "recipient", "channel", "purpose"),
        CheckConstraint(one_of("state", DeliveryState), name="state"),
        Index("ix_delivery_message_id", "message_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id", ondelete="CASCADE"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    attendee_id: Mapped[int | None] = mapped_column(ForeignKey("attendee.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(254))
    channel: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10))
    message_id: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(Text())
    sequence: Mapped[int]
    revision: Mapped[int]
    local_time: Mapped[Fact] = mapped_column(doc="When it left, on the recipient's clock.")
    answer: Mapped[Fact | None] = mapped_column(doc="What the server said.")
    report: Mapped[Fact | None] = mapped_column(doc="What mail systems further on have reported of it since.")
    tries: Mapped[int] = mapped_column(default=1)
    repeated: Mapped[bool] = mapped_column(default=False, doc="Sent again after an unknown outcome.")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    written_from: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True),
        doc="What the mail tells, by which a later attempt knows whether it still holds.",
    )
    note: Mapped[int | None] = mapped_column(doc="The number of the coordinator's note that it carries.")
    content: Mapped[bytes | None] = mapped_column(
        LargeBinary(),
        deferred=True,
        doc="The mail as it was handed over, compressed and without its attachments, until it is accepted.",
    )


class BreakerRow(Base):
    """How a lane stands whose server failed last; ``orchestrator.domain.delivery.breaker`` says how it works.

    It stands here because the processes share it, and the broker may be emptied at any moment.
    """

    __tablename__ = "breaker"
    __table_args__ = (
        CheckConstraint("failures > 0", name="failures"),
        CheckConstraint("(probe IS NULL) = (probe_until IS NULL)", name="probe"),
    )

    lane: Mapped[str] = mapped_column(String(20), primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime]
    retry_at: Mapped[datetime | None]
    probe: Mapped[int | None]
    probe_until: Mapped[datetime | None]
    reason: Mapped[Fact]
