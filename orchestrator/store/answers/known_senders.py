"""Addresses whose answers for a person are taken: who confirmed them, and who withdrew that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.domain.answers.speakers import KnownSender, Relation
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.store.rows.answers import KnownSenderRow
from orchestrator.store.rows.meetings import AttendeeRow
from orchestrator.store.rows.people import PersonRow

_PRESENT = KnownSenderRow.withdrawn_at.is_(None)


def of_meeting(session: Session, meeting_id: int) -> list[KnownSender]:
    """Return the addresses that are known to stand for attendees of a meeting."""
    wanted = (
        select(
            AttendeeRow.address,
            KnownSenderRow.address,
            KnownSenderRow.relation,
        )
        .join(KnownSenderRow, KnownSenderRow.person_id == AttendeeRow.person_id)
        .where(AttendeeRow.meeting_id == meeting_id, _PRESENT)
        .distinct()
    )
    return [KnownSender(*row) for row in session.execute(wanted)]


@dataclass(frozen=True, slots=True)
class NewSender:
    """That an address stands for a person, and the quarantined mail that it was confirmed with, if any."""

    person_id: int
    address: str
    relation: Relation
    incoming_id: int | None = None


def confirm(session: Session, given: NewSender, caller: Caller, now: datetime) -> bool:
    """Write that an address stands for a person; false where it does so already.

    Of a deputy who turns out to be the person's own address, and the other way round, the newer word counts.
    """
    wanted = select(KnownSenderRow).where(
        KnownSenderRow.person_id == given.person_id, KnownSenderRow.address == given.address, _PRESENT
    )
    known = session.scalars(wanted.with_for_update()).one_or_none()
    if known is not None and known.relation == given.relation:
        return False
    if known is not None:
        withdraw(session, known, caller, now)
    session.add(
        KnownSenderRow(
            person_id=given.person_id,
            address=given.address,
            relation=given.relation,
            confirmed_at=now,
            confirmed_by=caller.name,
            confirmed_by_kind=caller.actor.kind,
            confirmed_by_id=caller.actor.id,
            confirmed_via=caller.channel,
            incoming_id=given.incoming_id,
        )
    )
    session.flush()
    return True


def withdraw(session: Session, row: KnownSenderRow, caller: Caller, now: datetime) -> None:
    """Write that an address does not stand for a person any more."""
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_via = now, caller.name, caller.channel
    session.flush()


def present(session: Session, sender_id: int, *, lock: bool = False) -> KnownSenderRow:
    """Return an address that is known now; raises ``NotFound`` also for one that was withdrawn."""
    wanted = select(KnownSenderRow).where(KnownSenderRow.id == sender_id, _PRESENT)
    row = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise NotFound(Fact.of("answers.no-such-sender", sender=sender_id))
    return row


class ListedSender(NamedTuple):
    """A known address, and the person it stands for."""

    row: KnownSenderRow
    person: PersonRow


def listed(session: Session, person_id: int | None = None) -> Sequence[ListedSender]:
    """Return the addresses that are known now, by whom they stand for; of one person only, where given."""
    wanted = (
        select(KnownSenderRow, PersonRow)
        .join(PersonRow, PersonRow.id == KnownSenderRow.person_id)
        .where(_PRESENT)
        .order_by(PersonRow.name, PersonRow.id, KnownSenderRow.id)
    )
    if person_id is not None:
        wanted = wanted.where(KnownSenderRow.person_id == person_id)
    return [ListedSender(row, person) for row, person in session.execute(wanted)]


def person_of_address(session: Session, address: str) -> PersonRow | None:
    """Return the person who has an address; None when the directory has none."""
    spellings = {address.strip().casefold(), compared(address)}
    return session.scalars(select(PersonRow).where(PersonRow.email.in_(spellings)).limit(1)).first()


def address_of_attendee(session: Session, attendee_id: int) -> str:
    """Return an attendee's address as it is compared; raises ``NotFound``."""
    found = session.scalar(select(AttendeeRow.address).where(AttendeeRow.id == attendee_id))
    if found is None:
        raise NotFound(Fact.of("people.link-of-nobody"))
    return compared(found)


def person_of_attendee(session: Session, attendee_id: int) -> int:
    """Return the id of the person whom an attendee is; raises ``NotFound``."""
    found = session.scalar(select(AttendeeRow.person_id).where(AttendeeRow.id == attendee_id))
    if found is None:
        raise NotFound(Fact.of("people.link-of-nobody"))
    return found
