"""The ledger of deliveries: each message to each recipient once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from orchestrator.domain.readiness.readiness import LinkMail
from orchestrator.domain.timelines.kinds import REQUESTS
from orchestrator.facts import Fact
from orchestrator.store.engine import Executor
from orchestrator.store.rows.base import FactColumn, Instant, table_of, values_of
from orchestrator.store.rows.delivery import DeliveryRow, DeliveryState
from orchestrator.store.rows.meetings import AttendeeRow, MeetingRow
from orchestrator.store.rows.timelines import ActionRow


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """What is about to leave. ``content`` is the mail as it is kept, and ``written_from`` what it tells."""

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
    local_time: Fact
    written_from: dict[str, Any]
    content: bytes
    note: int | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A delivery that an earlier attempt of the same action has left."""

    id: int
    state: DeliveryState
    tries: int
    revision: int
    message_id: str
    repeated: bool
    written_from: dict[str, Any] | None

    @property
    def may_have_arrived(self) -> bool:
        """Whether an attempt ended without anybody knowing how, so that the mail may be there already."""
        return self.state is DeliveryState.SENDING or self.repeated


Key = tuple[int, str, str, str]
"""Action, recipient, channel and purpose: each delivery once."""


def earlier(session: Session, action_ids: Sequence[int]) -> dict[Key, Earlier]:
    """Return what earlier attempts have left for a batch of actions, in one query."""
    rows = session.scalars(select(DeliveryRow).where(DeliveryRow.action_id.in_(action_ids)))
    return {
        (row.action_id, row.recipient, row.channel, row.purpose): Earlier(
            row.id,
            DeliveryState(row.state),
            row.tries,
            row.revision,
            row.message_id,
            row.repeated,
            row.written_from,
        )
        for row in rows
    }


_DELIVERY = table_of(DeliveryRow)
_INSERT = insert(_DELIVERY).returning(_DELIVERY.c.id)
_AGAIN = update(_DELIVERY).where(_DELIVERY.c.id == bindparam("wanted"))
_KEPT = select(_DELIVERY.c.content).where(_DELIVERY.c.id == bindparam("wanted"))
_END = (
    update(_DELIVERY)
    # A report that it did not arrive may come before the worker has recorded that it was accepted.
    .where(DeliveryRow.id == bindparam("wanted"), DeliveryRow.state != DeliveryState.BOUNCED)
    .values(
        state=bindparam("to_state"),
        answer=bindparam("said", type_=FactColumn()),
        ended_at=bindparam("at", type_=Instant()),
    )
)
# What is accepted is not sent again, and personal links are kept no longer than they are needed.
_ACCEPTED = _END.values(content=None)


def begin(connection: Connection, new: NewDelivery, before: Earlier | None, now: datetime) -> int:
    """Write the row ``sending`` before the message leaves, and return its id.

    ``before`` is what an earlier attempt has left. If that is still ``sending``, its worker died and
    the outcome is unknown: the message goes again under the same Message-ID, and the row is flagged.
    """
    values: dict[str, Any] = {
        **values_of(new),
        "state": DeliveryState.SENDING,
        "started_at": now,
    }
    if before is None:
        inserted = connection.execute(_INSERT, values | {"tries": 1, "repeated": False})
        return int(inserted.scalar_one())
    _another_try(connection, before, values)
    return before.id


def begin_again(connection: Connection, before: Earlier, local_time: Fact, now: datetime) -> bytes | None:
    """Write the row ``sending`` for the mail that an earlier attempt has left, and return that mail as kept.

    ``None``, and nothing written, when it is not kept any more.
    """
    content = connection.execute(_KEPT, {"wanted": before.id}).scalar_one_or_none()
    if content is None:
        return None
    values = {"state": DeliveryState.SENDING, "started_at": now, "local_time": local_time}
    _another_try(connection, before, values)
    return bytes(content)


def _another_try(connection: Connection, before: Earlier, values: dict[str, Any]) -> None:
    values = values | {"tries": before.tries + 1, "ended_at": None}
    if before.state is DeliveryState.SENDING:
        values["repeated"] = True
    connection.execute(_AGAIN.values(**values), {"wanted": before.id})


def forget_mails(executor: Executor, begun_before: datetime) -> None:
    """Drop the mails of deliveries begun before an instant that were never accepted; their record stays."""
    executor.execute(
        update(DeliveryRow)
        .where(DeliveryRow.content.is_not(None), DeliveryRow.started_at < begun_before)
        .values(content=None)
    )


def end(executor: Executor, delivery_id: int, state: DeliveryState, answer: Fact, now: datetime) -> None:
    """Record how a delivery ended and what the server said."""
    values = {"wanted": delivery_id, "to_state": state, "said": answer, "at": now}
    executor.execute(_ACCEPTED if state is DeliveryState.SENT else _END, values)


ListedDelivery = Row[DeliveryRow, str, str | None, str, str | None, str | None]
"""A delivery, the step of its action, the meeting's own timeline and the one it names, and its recipient."""


def listed(session: Session, meeting_id: int) -> Sequence[ListedDelivery]:
    """Return all deliveries of a meeting with what explains them, newest first."""
    wanted = (
        select(
            DeliveryRow,
            ActionRow.step,
            MeetingRow.own_timeline,
            MeetingRow.timeline,
            AttendeeRow.name,
            AttendeeRow.delegation,
        )
        .join(ActionRow, ActionRow.id == DeliveryRow.action_id)
        .join(MeetingRow, MeetingRow.id == DeliveryRow.meeting_id)
        .outerjoin(AttendeeRow, AttendeeRow.id == DeliveryRow.attendee_id)
        .where(DeliveryRow.meeting_id == meeting_id)
        .order_by(DeliveryRow.started_at.desc(), DeliveryRow.id.desc())
    )
    return session.execute(wanted).all()


def sent_between(session: Session, after: datetime, until: datetime) -> dict[tuple[str, str], int]:
    """Count what was sent after one instant and up to another, by reference of the meeting and purpose."""
    rows = session.execute(
        select(MeetingRow.reference, DeliveryRow.purpose, func.count())
        .join(MeetingRow, MeetingRow.id == DeliveryRow.meeting_id)
        .where(DeliveryRow.state == DeliveryState.SENT)
        .where(DeliveryRow.ended_at > after, DeliveryRow.ended_at <= until)
        .group_by(MeetingRow.reference, DeliveryRow.purpose)
    )
    return {(reference, purpose): count for reference, purpose, count in rows}


_D = _DELIVERY.c
_LINK_MAILS = (
    select(_D.attendee_id, _D.purpose, _D.revision, _D.started_at, _D.state)
    .where(_D.meeting_id == bindparam("wanted"), _D.attendee_id.is_not(None))
    .where(_D.purpose.in_((*REQUESTS, "reminder")), _D.purpose != "save-the-date")
    .order_by(_D.started_at, _D.id)
)


def link_mails(session: Session, meeting_id: int) -> list[LinkMail]:
    """Return the mails of a meeting that were to carry its join link, in the order in which they left."""
    rows = session.connection().execute(_LINK_MAILS, {"wanted": meeting_id})
    return [
        LinkMail(
            row.attendee_id,
            row.purpose,
            row.purpose in REQUESTS,
            row.revision,
            row.started_at,
            arrived=row.state == DeliveryState.SENT,
            returned=row.state in (DeliveryState.BOUNCED, DeliveryState.FAILED),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class SentBefore:
    """The first and the latest calendar message that an attendee was sent."""

    first_message_id: str
    latest_revision: int


def told(session: Session, action_ids: Sequence[int]) -> dict[int, SentBefore]:
    """Return, per attendee of a batch of actions, what calendar messages they had before; in one query."""
    attendees = select(ActionRow.attendee_id).where(ActionRow.id.in_(action_ids))
    rows = session.execute(
        select(AttendeeRow.id, DeliveryRow.message_id, DeliveryRow.revision)
        .join(AttendeeRow, AttendeeRow.id == DeliveryRow.attendee_id)
        .where(AttendeeRow.id.in_(attendees), DeliveryRow.purpose.in_(REQUESTS))
        .where(DeliveryRow.state == DeliveryState.SENT, DeliveryRow.action_id.not_in(action_ids))
        .order_by(DeliveryRow.id)
    )
    found: dict[int, SentBefore] = {}
    for attendee_id, message_id, revision in rows:
        first = found[attendee_id].first_message_id if attendee_id in found else message_id
        found[attendee_id] = SentBefore(first, revision)
    return found
