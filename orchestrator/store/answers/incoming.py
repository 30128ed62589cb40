"""Mails that came in, and whom they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session

from orchestrator.domain.answers.responses import Fate
from orchestrator.domain.answers.speakers import CREDIBILITY
from orchestrator.errors import NotFound
from orchestrator.facts import Fact, plain
from orchestrator.store.rows.answers import IncomingRow
from orchestrator.store.rows.base import values_of
from orchestrator.store.rows.delivery import DeliveryRow, DeliveryState
from orchestrator.store.rows.meetings import AttendeeRow, MeetingRow

_LONGEST_ANSWER = 2000
_AT_A_TIME = 500
_MOST_WAITING = 20


def known(session: Session, digests: Sequence[str]) -> dict[str, Fate]:
    """Return what became of mails that were read before, by digest."""
    rows = session.execute(
        select(IncomingRow.digest, IncomingRow.fate).where(IncomingRow.digest.in_(digests))
    )
    return {digest: Fate(fate) for digest, fate in rows.all()}


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail that was read and is to be written."""

    digest: str
    mailbox: str
    size: int
    received_at: datetime
    read_at: datetime
    sort: str
    method: str
    sender: str | None
    subject: str
    message_id: str | None
    uid: str | None
    participation: str | None
    text: str
    meeting_id: int | None
    attendee_id: int | None
    named: str | None
    named_as: str | None
    body_kept: bool
    fate: Fate
    reason: Fact


def add(session: Session, mails: Sequence[NewMail]) -> dict[str, int]:
    """Write mails that came in, and return their ids by digest."""
    if not mails:
        return {}
    adding = insert(IncomingRow).returning(IncomingRow.digest, IncomingRow.id)
    rows = session.execute(adding, [values_of(mail) for mail in mails])
    return dict(rows.all())


def get(session: Session, incoming_id: int, *, lock: bool = False) -> IncomingRow:
    """Return one mail that came in; raises ``NotFound``."""
    wanted = select(IncomingRow).where(IncomingRow.id == incoming_id)
    # What another person did meanwhile must be seen once the row is ours.
    own = wanted.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(own if lock else wanted).one_or_none()
    if row is None:
        raise _unknown(incoming_id)
    return row


def _unknown(incoming_id: int) -> NotFound:
    return NotFound(Fact.of("answers.no-such-mail", mail=incoming_id))


class Listed(NamedTuple):
    """A mail that came in, and the reference of its meeting, if it has one."""

    row: IncomingRow
    reference: str | None


_LISTED = select(IncomingRow, MeetingRow.reference).outerjoin(
    MeetingRow, MeetingRow.id == IncomingRow.meeting_id
)


_SEARCHED = (
    IncomingRow.sender,
    IncomingRow.named,
    IncomingRow.named_as,
    IncomingRow.subject,
    IncomingRow.text,
    IncomingRow.uid,
    IncomingRow.message_id,
    MeetingRow.reference,
)
_MOST_WORDS = 10


@dataclass(frozen=True, slots=True)
class MailQuery:
    """Which mails are wanted: of one fate, holding every word of ``search``, and older than ``after``.

    The words are looked for in who sent it, whom it names, its subject and text, and its meeting.
    """

    fate: Fate | None = None
    search: str = ""
    after: int | None = None
    limit: int = 200


def listed(session: Session, query: MailQuery) -> list[Listed]:
    """Return mails that came in, newest first."""
    wanted = _LISTED.order_by(IncomingRow.id.desc()).limit(query.limit)
    if query.fate is not None:
        wanted = wanted.where(IncomingRow.fate == query.fate)
    if query.after is not None:
        wanted = wanted.where(IncomingRow.id < query.after)
    for word in query.search.split()[:_MOST_WORDS]:
        wanted = wanted.where(or_(*(column.icontains(word, autoescape=True) for column in _SEARCHED)))
    return [Listed(row, reference) for row, reference in session.execute(wanted)]


def waiting_for(session: Session, attendee_ids: Iterable[int]) -> Sequence[IncomingRow]:
    """Return the quarantined mails beside attendees whose senders a person's word would let through."""
    wanted = (
        select(IncomingRow)
        .where(IncomingRow.fate == Fate.QUARANTINED, IncomingRow.attendee_id.in_(set(attendee_ids)))
        .where(IncomingRow.body_kept.is_(True), IncomingRow.sender.is_not(None))
        .order_by(IncomingRow.id.desc())
        .limit(_MOST_WAITING)
    )
    return [row for row in session.scalars(wanted) if row.reason.key in CREDIBILITY]


def one_listed(session: Session, incoming_id: int) -> Listed:
    """Return one mail as it is listed; raises ``NotFound``."""
    found = session.execute(_LISTED.where(IncomingRow.id == incoming_id)).one_or_none()
    if found is None:
        raise _unknown(incoming_id)
    return Listed(*found)


def quarantined(session: Session) -> int:
    """Count the mails that wait for a person to look at them."""
    counted = select(func.count()).where(IncomingRow.fate == Fate.QUARANTINED)
    return session.scalar(counted) or 0


# Whose bytes are kept

_KEPT = IncomingRow.body_kept.is_(True)


def kept_bytes(session: Session) -> int:
    """Return how many bytes of mails are kept."""
    return int(session.scalar(select(func.sum(IncomingRow.size)).where(_KEPT)) or 0)


def kept_before(session: Session, moment: datetime) -> list[str]:
    """Return the digests of kept mails that were read before a moment."""
    return list(session.scalars(select(IncomingRow.digest).where(_KEPT, IncomingRow.read_at < moment)))


def kept_by_size(session: Session) -> list[tuple[str, int]]:
    """Return the digests and sizes of kept mails, the largest first, and of equal ones the oldest."""
    wanted = select(IncomingRow.digest, IncomingRow.size).where(_KEPT)
    rows = session.execute(wanted.order_by(IncomingRow.size.desc(), IncomingRow.id))
    return [(digest, size) for digest, size in rows]


def no_longer_kept(session: Session, digests: Sequence[str]) -> None:
    """Record that the bytes of mails are not kept any more."""
    for start in range(0, len(digests), _AT_A_TIME):
        session.execute(
            update(IncomingRow)
            .where(IncomingRow.digest.in_(digests[start : start + _AT_A_TIME]))
            .values(body_kept=False)
            .execution_options(synchronize_session=False)
        )


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


def deliveries_of_envelope(session: Session, beginning: str) -> list[DeliveryRow]:
    """Return the deliveries whose Message-ID begins so; ``beginning`` ends in a hexadecimal digit."""
    wanted = select(DeliveryRow).where(
        # A range can use the index of any database; the letter behind f ends it.
        DeliveryRow.message_id >= beginning,
        DeliveryRow.message_id < f"{beginning}g",
    )
    return [row for row in session.scalars(wanted) if row.message_id.startswith(beginning)]


def latest_delivery_to(session: Session, attendee_id: int) -> DeliveryRow | None:
    """Return the newest delivery to an attendee that was accepted."""
    wanted = (
        select(DeliveryRow)
        .where(DeliveryRow.attendee_id == attendee_id, DeliveryRow.state == DeliveryState.SENT)
        .order_by(DeliveryRow.id.desc())
        .limit(1)
    )
    return session.scalars(wanted).first()


def report(session: Session, delivery: DeliveryRow, fact: Fact) -> None:
    """Note what a mail system has reported of a delivery that did not fail."""
    delivery.report = fact
    session.flush()


def bounced(
    session: Session, delivery: DeliveryRow, answer: str, now: datetime, report: Fact | None = None
) -> None:
    """Record that a delivery that had been accepted did not arrive, and what was said of it, if anything.

    ``report`` is what that means.
    """
    delivery.state, delivery.ended_at, delivery.report = DeliveryState.BOUNCED, now, report
    delivery.answer = plain(answer[:_LONGEST_ANSWER]) if answer else Fact.of("answers.undeliverable")
    session.flush()
