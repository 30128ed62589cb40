"""What came back from attendees, and the mails it came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, insert, select, update
from sqlalchemy.orm import Session

from orchestrator.domain.answers.responses import ProposalState, ResponseKind
from orchestrator.domain.meetings.meeting import Attendee
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import REQUESTS, ActionKind
from orchestrator.errors import NotFound
from orchestrator.store.meetings.meetings import TOLD_CHANNELS
from orchestrator.store.rows.answers import IncomingOutcome, IncomingRow, ResponseRow
from orchestrator.store.rows.base import Instant, table_of
from orchestrator.store.rows.delivery import DeliveryRow, DeliveryState
from orchestrator.store.rows.meetings import AttendeeRow, MeetingRow
from orchestrator.store.rows.people import PersonRow
from orchestrator.store.rows.timelines import ActionRow


def add(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write responses, given as column values."""
    if rows:
        # One statement sets the same columns in every row.
        session.connection().execute(insert(_RESPONSE), [_BLANK | row for row in rows])


_RESPONSE, _INCOMING = table_of(ResponseRow), table_of(IncomingRow)
_BLANK: dict[str, Any] = dict.fromkeys(
    ("participation", "delegate", "starts_at", "ends_at", "state", "comment", "reply", "incoming_id")
) | {"urgent": False}


_ANSWER = (
    update(table_of(AttendeeRow))
    .where(AttendeeRow.id == bindparam("wanted"))
    .values(
        participation=bindparam("said"),
        answer_stamp=bindparam("stamp", type_=Instant()),
        comment=bindparam("words"),
        delegated_to=bindparam("delegate"),
        answered_at=bindparam("at", type_=Instant()),
        answered_via=bindparam("via"),
    )
)


def write_answers(session: Session, attendees: Sequence[Attendee], via: str, now: datetime) -> None:
    """Store the present answers of attendees, with when and through which channel they came."""
    rows = [
        {
            "wanted": item.id,
            "said": item.participation.value,
            "stamp": item.answer_stamp,
            "words": item.comment,
            "delegate": item.delegated_to,
            "at": now,
            "via": via,
        }
        for item in attendees
    ]
    if rows:
        session.connection().execute(_ANSWER, rows)


def ask_again(session: Session, attendee_id: int, now: datetime) -> None:
    """Count a wish for the invitation to be sent again."""
    session.execute(
        update(AttendeeRow)
        .where(AttendeeRow.id == attendee_id)
        .values(resends=AttendeeRow.resends + 1, resend_asked_at=now)
        .execution_options(synchronize_session=False)
    )


def was_written_to(session: Session, attendee_id: int) -> bool:
    """Whether an invitation to somebody was ever sent, or tried, also if it bounced."""
    found = exists().where(DeliveryRow.attendee_id == attendee_id, DeliveryRow.purpose.in_(REQUESTS))
    return bool(session.scalar(select(found)))


def last_asked(session: Session, meeting_id: int) -> dict[int, datetime]:
    """Return when attendees of a meeting last asked for the invitation."""
    wanted = select(AttendeeRow.id, AttendeeRow.resend_asked_at).where(
        AttendeeRow.meeting_id == meeting_id, AttendeeRow.resend_asked_at.is_not(None)
    )
    return {number: at for number, at in session.execute(wanted).all() if at is not None}


def get(session: Session, response_id: int) -> ResponseRow:
    """Return one response; raises ``NotFound``."""
    row = session.get(ResponseRow, response_id)
    if row is None:
        raise NotFound(f"There is no response {response_id}.")
    return row


def of_meeting(session: Session, meeting_id: int) -> Sequence[ResponseRow]:
    """Return everything that came back for a meeting, newest first."""
    return session.scalars(
        select(ResponseRow).where(ResponseRow.meeting_id == meeting_id).order_by(ResponseRow.id.desc())
    ).all()


def unreported(session: Session, meeting_id: int, until: int, *, urgent: bool) -> Sequence[ResponseRow]:
    """Return what has come up to the response ``until`` since the last report of its kind, oldest first."""
    kind = ActionKind.DECLINE_ALERT if urgent else ActionKind.DIGEST
    reported = select(func.coalesce(func.max(ActionRow.revision), 0)).where(
        ActionRow.meeting_id == meeting_id, ActionRow.kind == kind, ActionRow.state == ActionState.SUCCEEDED
    )
    wanted = select(ResponseRow).where(
        ResponseRow.meeting_id == meeting_id,
        ResponseRow.channel.in_(TOLD_CHANNELS),
        ResponseRow.id > reported.scalar_subquery(),
        ResponseRow.id <= until,
    )
    if urgent:
        wanted = wanted.where(ResponseRow.urgent)
    return session.scalars(wanted.order_by(ResponseRow.id)).all()


def refuse(session: Session, response_id: int, reply: str | None) -> bool:
    """Mark an open proposal as refused, with what is said to its author; false when it is not open."""
    row = session.scalars(
        select(ResponseRow).where(ResponseRow.id == response_id).with_for_update()
    ).one_or_none()
    if row is None or row.state != ProposalState.OPEN:
        return False
    row.state, row.reply = ProposalState.REFUSED, reply
    session.flush()
    return True


def open_proposals(
    session: Session, meeting_id: int
) -> set[tuple[int | None, datetime | None, datetime | None]]:
    """Return by whom and for when other times are proposed that nobody has decided about."""
    rows = session.execute(
        select(ResponseRow.attendee_id, ResponseRow.starts_at, ResponseRow.ends_at).where(
            ResponseRow.meeting_id == meeting_id, ResponseRow.state == ProposalState.OPEN
        )
    )
    return {(number, starts_at, ends_at) for number, starts_at, ends_at in rows.all()}


def settle_proposals(session: Session, meeting_id: int) -> None:
    """Close the open proposals of a meeting whose time has changed."""
    session.execute(
        update(ResponseRow)
        .where(
            ResponseRow.meeting_id == meeting_id,
            ResponseRow.kind == ResponseKind.PROPOSAL,
            ResponseRow.state == ProposalState.OPEN,
        )
        .values(state=ProposalState.SETTLED)
        .execution_options(synchronize_session=False)
    )


# Mails that came in


def known(session: Session, digests: Sequence[str]) -> dict[str, IncomingOutcome]:
    """Return what became of mails that were read before, by digest."""
    rows = session.execute(
        select(IncomingRow.digest, IncomingRow.outcome).where(IncomingRow.digest.in_(digests))
    )
    return {digest: IncomingOutcome(outcome) for digest, outcome in rows.all()}


def add_incoming(session: Session, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Write mails that came in, given as column values, and return their ids by digest."""
    if not rows:
        return {}
    adding = insert(_INCOMING).returning(_INCOMING.c.digest, _INCOMING.c.id)
    return dict(session.connection().execute(adding, rows).all())


def incoming(session: Session, incoming_id: int, *, lock: bool = False) -> IncomingRow:
    """Return one mail that came in; raises ``NotFound``."""
    wanted = select(IncomingRow).where(IncomingRow.id == incoming_id)
    row = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise NotFound(f"There is no incoming mail {incoming_id}. 'orchestrator mailbox list' shows them.")
    return row


def incoming_mails(
    session: Session, outcome: IncomingOutcome | None = None, limit: int = 200
) -> Sequence[IncomingRow]:
    """Return mails that came in, newest first."""
    wanted = select(IncomingRow).order_by(IncomingRow.id.desc()).limit(limit)
    if outcome is not None:
        wanted = wanted.where(IncomingRow.outcome == outcome)
    return session.scalars(wanted).all()


def quarantined(session: Session) -> int:
    """Count the mails that wait for somebody to look at them."""
    counted = select(func.count()).where(IncomingRow.outcome == IncomingOutcome.QUARANTINED)
    return session.scalar(counted) or 0


# Whom a mail belongs to


def meetings_by_uid(session: Session, uids: Iterable[str]) -> dict[str, int]:
    """Return the meetings that UIDs belong to."""
    rows = session.execute(select(MeetingRow.uid, MeetingRow.id).where(MeetingRow.uid.in_(set(uids))))
    return {uid: number for uid, number in rows.all() if uid is not None}


def meetings_of_attendees(session: Session, attendee_ids: Iterable[int]) -> dict[int, int]:
    """Return the meetings that attendees belong to."""
    wanted = select(AttendeeRow.id, AttendeeRow.meeting_id).where(AttendeeRow.id.in_(set(attendee_ids)))
    return dict(session.execute(wanted).all())


def deliveries_by_message_id(session: Session, message_ids: Iterable[str]) -> dict[str, DeliveryRow]:
    """Return the deliveries that carried Message-IDs."""
    rows = session.scalars(select(DeliveryRow).where(DeliveryRow.message_id.in_(set(message_ids))))
    return {row.message_id: row for row in rows}


def latest_delivery_to(session: Session, address: str, meeting_id: int | None = None) -> DeliveryRow | None:
    """Return the newest delivery to an address that was accepted, of any meeting or of that one."""
    wanted = (
        select(DeliveryRow)
        .where(func.lower(DeliveryRow.recipient) == address.casefold())
        .where(DeliveryRow.state == DeliveryState.SENT)
        .order_by(DeliveryRow.id.desc())
        .limit(1)
    )
    if meeting_id is not None:
        wanted = wanted.where(DeliveryRow.meeting_id == meeting_id)
    return session.scalars(wanted).first()


def bounced(session: Session, delivery: DeliveryRow, answer: str, now: datetime) -> None:
    """Record that a delivery that had been accepted did not arrive."""
    delivery.state, delivery.answer, delivery.ended_at = DeliveryState.BOUNCED, answer[:2000], now
    session.flush()


# Personal links


def attendee_row(session: Session, attendee_id: int) -> AttendeeRow:
    """Return an attendee's row; raises ``NotFound``."""
    row = session.get(AttendeeRow, attendee_id)
    if row is None:
        raise NotFound("This link belongs to nobody any more.")
    return row


def person(session: Session, person_id: int) -> PersonRow:
    """Return a person; raises ``NotFound``."""
    row = session.get(PersonRow, person_id)
    if row is None:
        raise NotFound("This link belongs to nobody any more.")
    return row
