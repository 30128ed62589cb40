"""The ledger of deliveries: each message to each recipient once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from orchestrator.store.models import DeliveryRow, DeliveryState


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """What is about to leave."""

    action_id: int
    meeting_id: int
    attendee_id: int | None
    recipient: str
    channel: str
    purpose: str
    message_id: str
    subject: str
    sequence: int
    revision: int
    local_time: str


def begin(session: Session, new: NewDelivery, now: datetime) -> DeliveryRow | None:
    """Write the row ``sending`` before the message leaves; ``None`` when it was sent already.

    A row left in ``sending`` by a dead worker means that the outcome is unknown: the message goes
    again under the same Message-ID, and the row is flagged.
    """
    row = session.scalars(
        select(DeliveryRow).where(
            DeliveryRow.action_id == new.action_id,
            DeliveryRow.recipient == new.recipient,
            DeliveryRow.channel == new.channel,
            DeliveryRow.purpose == new.purpose,
        )
    ).one_or_none()
    if row is None:
        row = DeliveryRow(
            action_id=new.action_id, meeting_id=new.meeting_id, attendee_id=new.attendee_id,
            recipient=new.recipient, channel=new.channel, purpose=new.purpose,
            state=DeliveryState.SENDING, message_id=new.message_id, subject=new.subject,
            sequence=new.sequence, revision=new.revision, local_time=new.local_time, started_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row
    if row.state == DeliveryState.SENT:
        return None
    row.repeated = row.repeated or row.state == DeliveryState.SENDING
    row.state, row.tries, row.started_at, row.ended_at = DeliveryState.SENDING, row.tries + 1, now, None
    row.message_id, row.subject, row.local_time = new.message_id, new.subject, new.local_time
    row.sequence, row.revision = new.sequence, new.revision
    return row


def end(session: Session, delivery_id: int, state: DeliveryState, answer: str, now: datetime) -> None:
    """Record how a delivery ended and what the server said."""
    session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == delivery_id)
        .values(state=state, answer=answer[:2000], ended_at=now)
    )


def of_meeting(session: Session, meeting_id: int) -> Sequence[DeliveryRow]:
    """Return all deliveries of a meeting, newest first."""
    return session.scalars(
        select(DeliveryRow)
        .where(DeliveryRow.meeting_id == meeting_id)
        .order_by(DeliveryRow.started_at.desc(), DeliveryRow.id.desc())
    ).all()


@dataclass(frozen=True, slots=True)
class Told:
    """The first and the latest calendar message that an attendee was sent."""

    first_message_id: str
    latest_revision: int


def told(session: Session, attendee_id: int) -> Told | None:
    """Return what calendar messages an attendee has had, or ``None`` before the first."""
    rows = session.execute(
        select(DeliveryRow.message_id, DeliveryRow.revision)
        .where(DeliveryRow.attendee_id == attendee_id)
        .where(DeliveryRow.purpose.in_(("invitation", "update")))
        .where(DeliveryRow.state == DeliveryState.SENT)
        .order_by(DeliveryRow.id)
    ).all()
    return Told(rows[0].message_id, rows[-1].revision) if rows else None
