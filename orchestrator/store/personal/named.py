"""People whom personal links have named: who waits for the coordinator's yes, and who is known already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import Attendee
from orchestrator.domain.personal.naming import NamingState, SeenAddresses
from orchestrator.store.rows.meetings import AttendeeRow
from orchestrator.store.rows.personal import NamedPersonRow


def seen(session: Session, delegation: str) -> SeenAddresses:
    """Return the addresses that a delegation has had at any meeting; none that only waits is among them."""
    wanted = select(AttendeeRow.address).where(AttendeeRow.delegation == delegation).distinct()
    return SeenAddresses.of(session.scalars(wanted))


def waiting(session: Session, meeting_id: int, delegation: str | None = None) -> Sequence[NamedPersonRow]:
    """Return who waits for a yes in a meeting, of one delegation or of all, in the order of asking."""
    wanted = select(NamedPersonRow).where(
        NamedPersonRow.meeting_id == meeting_id, NamedPersonRow.state == NamingState.WAITING
    )
    if delegation is not None:
        wanted = wanted.where(NamedPersonRow.delegation == delegation)
    return session.scalars(wanted.order_by(NamedPersonRow.id)).all()


def refused(session: Session, meeting_id: int) -> frozenset[str]:
    """Return the case-folded addresses of a meeting to which the coordinator has said no."""
    wanted = select(NamedPersonRow.address).where(
        NamedPersonRow.meeting_id == meeting_id, NamedPersonRow.state == NamingState.REFUSED
    )
    return frozenset(session.scalars(wanted))


def get(session: Session, meeting_id: int, number: int) -> NamedPersonRow | None:
    """Return a person of a meeting who waits for a yes, by number."""
    wanted = select(NamedPersonRow).where(
        NamedPersonRow.id == number,
        NamedPersonRow.meeting_id == meeting_id,
        NamedPersonRow.state == NamingState.WAITING,
    )
    return session.scalars(wanted).one_or_none()


def ask(session: Session, meeting_id: int, people: Iterable[Attendee], by: str, now: datetime) -> None:
    """Let people wait for a yes; who waits already is corrected in what is said of them."""
    there = {row.address: row for row in waiting(session, meeting_id)}
    for person in people:
        row = there.get(person.address) or NamedPersonRow(
            meeting_id=meeting_id,
            delegation=person.delegation,
            email=person.email,
            address=person.address,
            group=person.group,
            role=person.role,
            by=by,
            asked_at=now,
        )
        row.name, row.seat, row.role = person.name, person.seat, person.role
        row.form, row.position = person.form, person.position
        session.add(row)
    session.flush()


def settle(session: Session, numbers: Collection[int], state: NamingState, by: str, now: datetime) -> None:
    """End the waiting of people, by number."""
    session.execute(
        update(NamedPersonRow)
        .where(NamedPersonRow.id.in_(numbers), NamedPersonRow.state == NamingState.WAITING)
        .values(state=state, settled_at=now, settled_by=by)
        .execution_options(synchronize_session=False)
    )
