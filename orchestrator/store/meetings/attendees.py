"""The attendees of meetings, as rows and as values, and what may have been told to each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import inspect, or_, select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.fields import AttendeeFields, values
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Meeting,
)
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.timelines.kinds import REQUESTS
from orchestrator.store.by_meeting import WANTED, by_meeting
from orchestrator.store.rows.base import table_of
from orchestrator.store.rows.delivery import DeliveryRow, DeliveryState
from orchestrator.store.rows.meetings import AttendeeRow
from orchestrator.store.rows.people import PersonRow

_D, _A = table_of(DeliveryRow).c, table_of(AttendeeRow).c

# What may have left counts as told: repeated means that the outcome was unknown once, and a report that it
# bounced may be forged, or be about one of several mailboxes behind an address.
_LEFT = or_(_D.state.in_(("sending", "sent", "bounced")), _D.repeated)

_TOLD = (
    select(_D.attendee_id, _D.purpose.in_(REQUESTS).label("is_request"))
    .where(_D.meeting_id.in_(WANTED), _D.attendee_id.is_not(None))
    .where(
        or_(
            _D.purpose.in_(REQUESTS) & _LEFT,
            (_D.purpose == "cancellation") & (_D.state == DeliveryState.SENT),
        )
    )
    # A row is used again when its action is, so the order in which mails left is that of their start.
    .order_by(_D.started_at, _D.id)
)


@dataclass(frozen=True, slots=True)
class ToldSoFar:
    """Whether a REQUEST may have left for an attendee, and whether the last thing that left was a CANCEL."""

    notified: bool = False
    withdrawn: bool = False


_NOTHING = ToldSoFar()


def _told(session: Session, meeting_ids: Collection[int]) -> dict[int, ToldSoFar]:
    """Return what calendar messages have left, per attendee."""
    found: dict[int, ToldSoFar] = {}
    for number, is_request in session.connection().execute(_TOLD, {WANTED.key: meeting_ids}):
        before = found.get(number, _NOTHING)
        found[number] = ToldSoFar(before.notified or bool(is_request), not is_request)
    return found


_STATE = (
    "participation",
    "answer_stamp",
    "comment",
    "delegated_to",
    "joined_sequence",
    "joined_at",
    "removed_sequence",
    "removed_at",
)
"""What a change of the meeting may set in an attendee beside what is said of the person."""

_COUNTED = ("resends", "link_version", "nudges")

_ATTENDEE = (*(item.name for item in fields(AttendeeFields)), *_STATE, *_COUNTED)

ATTENDEE_COLUMNS = tuple(inspect(AttendeeRow).columns[name].label(name) for name in _ATTENDEE)
"""The columns that ``attendee_of`` reads, beside the id, each under its name in the domain."""

_ATTENDEES = select(_A.meeting_id, _A.id, *ATTENDEE_COLUMNS).where(_A.meeting_id.in_(WANTED)).order_by(_A.id)


def of_meetings(session: Session, meeting_ids: Collection[int]) -> dict[int, tuple[Attendee, ...]]:
    """Return the attendees of meetings by their ids, with what may have been told to each."""
    told = _told(session, meeting_ids)
    # Plain rows: making objects of the mapper of hundreds of attendees costs more than all the rest.
    return by_meeting(
        session, _ATTENDEES, meeting_ids, lambda row: attendee_of(row, told.get(row.id, _NOTHING))
    )


def attendee_of(row: Any, told: ToldSoFar = _NOTHING, attendee_id: int | None = None) -> Attendee:
    """Return the attendee in a row of the table or of ``ATTENDEE_COLUMNS``.

    ``attendee_id`` is given where the row's own id is something else's.
    """
    own = {name: getattr(row, name) for name in _ATTENDEE}
    return Attendee(**own, id=attendee_id or row.id, notified=told.notified, withdrawn=told.withdrawn)


def answers(session: Session, meeting_id: int) -> dict[int, tuple[datetime | None, str | None]]:
    """Return when and how each attendee answered, by the id of the attendee."""
    rows = session.execute(
        select(AttendeeRow.id, AttendeeRow.answered_at, AttendeeRow.answered_via).where(
            AttendeeRow.meeting_id == meeting_id
        )
    )
    return {row.id: (row.answered_at, row.answered_via) for row in rows}


def differ(session: Session, meeting: Meeting) -> bool:
    """Whether the attendees of a meeting are not those that are stored."""
    return _stored(session, meeting.id) != [(item.id, _written(item)) for item in meeting.attendees]


def _stored(session: Session, meeting_id: int) -> list[tuple[int, dict[str, Any]]]:
    wanted = select(_A.id, *ATTENDEE_COLUMNS).where(_A.meeting_id == meeting_id).order_by(_A.id)
    rows = session.connection().execute(wanted)
    return [(row.id, _written(attendee_of(row))) for row in rows]


def _written(item: Attendee | AttendeeRow) -> dict[str, Any]:
    """What a change of the meeting may set in an attendee. An address stays as it was first written."""
    own = {**values(AttendeeFields, item), **{name: getattr(item, name) for name in _STATE}}
    del own["email"]
    return own


def write(session: Session, meeting_id: int, meeting: Meeting) -> None:
    """Store the attendees of a meeting, with the people behind those who are new to us."""
    rows = session.scalars(select(AttendeeRow).where(AttendeeRow.meeting_id == meeting_id))
    stored = {item.id: item for item in rows}
    kept = {item.id for item in meeting.attendees if item.id}
    for gone in stored.keys() - kept:
        session.delete(stored[gone])
    session.flush()  # Who left must be gone before the same address may come again.
    people = _people(session, [item for item in meeting.attendees if _is_news(stored.get(item.id), item)])
    for item in meeting.attendees:
        target = stored.get(item.id)
        if target is None:
            target = AttendeeRow(meeting_id=meeting_id, email=item.email, address=compared(item.email))
            target.person_id = people[target.address].id
            session.add(target)
        for name, value in _written(item).items():
            setattr(target, name, value)
    session.flush()


def _is_news(stored: AttendeeRow | None, item: Attendee) -> bool:
    """Whether an attendee says something about a person that was not given before."""
    if stored is None:
        return True
    return (stored.name, stored.delegation, stored.role) != (item.name, item.delegation, item.role)


def _people(session: Session, attendees: Sequence[Attendee]) -> dict[str, PersonRow]:
    """Find or add the people behind the attendees; what was given last about a person is kept."""
    by_address = {compared(item.email): item for item in attendees}
    found = {
        row.email: row for row in session.scalars(select(PersonRow).where(PersonRow.email.in_(by_address)))
    }
    for address, item in by_address.items():
        person = found.setdefault(address, PersonRow(email=address))
        person.name, person.delegation, person.role = item.name, item.delegation, item.role.value
        session.add(person)
    session.flush()
    return found
