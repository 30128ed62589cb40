"""Events: storing and loading them with their sessions; hundreds take no more statements than one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, select, update
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.event import Event, EventSession, leads_among
from orchestrator.domain.meetings.linked import Feed
from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.time.months import Month
from orchestrator.errors import Conflict, NotFound
from orchestrator.facts import Fact
from orchestrator.store.rows.base import LARGEST_ID
from orchestrator.store.rows.events import EventRow, UndatedSessionRow
from orchestrator.store.rows.meetings import AttendeeRow, MeetingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class BareEvent:
    """What is stored of a new event beside its sessions."""

    reference: str
    lead: str
    title_en: str | None = None
    title_vi: str | None = None
    short: str | None = None
    short_vi: str | None = None
    month: Month | None = None
    defaults: Mapping[str, Any]
    people: Sequence[Mapping[str, Any]] = ()


def add(session: Session, new: BareEvent, now: datetime) -> int:
    """Store an event without sessions and return its id; raises ``Conflict`` when its reference is taken."""
    if session.scalar(select(EventRow.id).where(EventRow.reference == new.reference)):
        raise Conflict(Fact.of("meetings.event-taken", reference=new.reference))
    row = EventRow(
        reference=new.reference,
        lead=new.lead,
        title_en=new.title_en,
        title_vi=new.title_vi,
        short=new.short,
        short_vi=new.short_vi,
        month=str(new.month) if new.month else None,
        defaults=dict(new.defaults),
        people=[dict(item) for item in new.people],
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def alone(session: Session, reference: str, now: datetime) -> int:
    """Store the event of a single meeting, called as that is; raises ``Conflict`` as ``add`` does."""
    return add(session, BareEvent(reference=reference, lead=reference, defaults={}), now)


def find_id(session: Session, name: str) -> int:
    """Return the id of the event called ``name``, its reference or its number; raises ``NotFound``.

    The reference of one of its sessions is as good, as long as no event has it.
    """
    numbered = name.isascii() and name.isdigit() and len(name) < 19 and int(name) <= LARGEST_ID
    found = session.scalar(
        select(EventRow.id).where(EventRow.id == int(name) if numbered else EventRow.reference == name)
    )
    if found is None:
        found = session.scalar(select(MeetingRow.event_id).where(MeetingRow.reference == name))
    if found is None:
        found = session.scalar(select(UndatedSessionRow.event_id).where(UndatedSessionRow.reference == name))
    if found is None:
        raise NotFound(Fact.of("meetings.no-such-event", name=name))
    return found


def reference_of(session: Session, event_id: int) -> str:
    """Return the reference of an event."""
    return session.scalars(select(EventRow.reference).where(EventRow.id == event_id)).one()


def lock(session: Session, event_id: int) -> None:
    """Keep an event from changing until the transaction ends."""
    session.execute(select(EventRow.id).where(EventRow.id == event_id).with_for_update())


def load(session: Session, event_id: int) -> Event:
    """Return an event with its sessions."""
    return _events(session, EventRow.id == event_id)[0]


def every(session: Session) -> list[Event]:
    """Return all events that are more than one meeting: named ones, and those of several sessions."""
    several = (
        select(MeetingRow.event_id).group_by(MeetingRow.event_id).having(func.count() > 1).scalar_subquery()
    )
    return _events(session, EventRow.title_en.is_not(None) | EventRow.id.in_(several))


_Values = tuple[Any, ...]
"""The columns of a session, the first of which is its event."""
_INVITED = (
    select(func.count())
    .where(AttendeeRow.meeting_id == MeetingRow.id, AttendeeRow.removed_sequence.is_(None))
    .correlate(MeetingRow)
    .scalar_subquery()
)


def _events(session: Session, which: ColumnElement[bool]) -> list[Event]:
    rows = session.scalars(
        select(EventRow).where(which).order_by(EventRow.id).execution_options(populate_existing=True)
    ).all()
    ids = [row.id for row in rows]
    dated = _grouped(
        session.execute(
            select(
                MeetingRow.event_id,
                MeetingRow.reference,
                MeetingRow.kind,
                MeetingRow.host,
                MeetingRow.title_en,
                MeetingRow.title_vi,
                MeetingRow.id,
                MeetingRow.version,
                MeetingRow.status,
                MeetingRow.wall_start,
                MeetingRow.zone,
                MeetingRow.starts_at,
                MeetingRow.ends_at,
                _INVITED,
            )
            .where(MeetingRow.event_id.in_(ids))
            .order_by(MeetingRow.starts_at, MeetingRow.id)
        )
    )
    undated = _grouped(session.execute(_undated(ids)))
    return [_event(row, dated.get(row.id, ()), undated.get(row.id, ())) for row in rows]


def _undated(ids: Sequence[int]) -> Select[tuple[int, str, dict[str, Any]]]:
    columns = UndatedSessionRow.event_id, UndatedSessionRow.reference, UndatedSessionRow.written
    return select(*columns).where(UndatedSessionRow.event_id.in_(ids)).order_by(UndatedSessionRow.id)


def _grouped(rows: Iterable[Row[*tuple[Any, ...]]]) -> dict[int, list[_Values]]:
    found: dict[int, list[_Values]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(tuple(row))
    return found


def _event(row: EventRow, dated: Sequence[_Values], undated: Sequence[_Values]) -> Event:
    sessions = (
        *map(_dated_session, dated),
        *(_undated_session(item[1], item[2], row.people) for item in undated),
    )
    return Event(
        id=row.id,
        reference=row.reference,
        lead=row.lead,
        title_en=row.title_en,
        title_vi=row.title_vi,
        short=row.short,
        short_vi=row.short_vi,
        month=Month.of(row.month) if row.month else None,
        announced_at=row.announced_at,
        version=row.version + sum(item.version for item in sessions),
        defaults=row.defaults,
        people=tuple(row.people),
        sessions=sessions,
    )


def _dated_session(row: _Values) -> EventSession:
    return EventSession(
        reference=row[1],
        kind=row[2],
        host=row[3],
        title_en=row[4],
        title_vi=row[5],
        meeting_id=row[6],
        version=row[7],
        status=MeetingStatus(row[8]),
        wall_start=row[9],
        zone=row[10],
        starts_at=row[11],
        ends_at=row[12],
        invited=row[13],
    )


def _undated_session(
    reference: str, written: Mapping[str, Any], people: Sequence[Mapping[str, Any]]
) -> EventSession:
    title, groups = written["title"], written.get("groups")
    own = [item["email"] for item in written.get("attendees", ())]
    pool = [item["email"] for item in people if groups is None or item["group"] in groups]
    return EventSession(
        reference=reference,
        kind=written["kind"],
        host=written["host"],
        title_en=title["en"],
        title_vi=title.get("vi"),
        invited=len({compared(email) for email in (own if own and groups is None else own + pool)}),
        written=written,
    )


def undated_in(session: Session, reference: str) -> str | None:
    """Return the reference of the event in which a session of that reference waits for its day, if any."""
    return session.scalar(
        select(EventRow.reference)
        .join(UndatedSessionRow, UndatedSessionRow.event_id == EventRow.id)
        .where(UndatedSessionRow.reference == reference)
    )


def add_undated(session: Session, event_id: int, reference: str, written: Mapping[str, Any]) -> None:
    """Keep a session on its event until its day is known."""
    session.add(UndatedSessionRow(event_id=event_id, reference=reference, written=dict(written)))
    session.flush()


def remove_undated(session: Session, reference: str) -> None:
    """Take a session without a day away."""
    session.execute(delete(UndatedSessionRow).where(UndatedSessionRow.reference == reference))


def change(session: Session, event_id: int, *, by: int = 1, **columns: Any) -> None:
    """Set columns of an event, whose version rises."""
    values = {**columns, "version": EventRow.version + by}
    session.execute(update(EventRow).where(EventRow.id == event_id).values(values))


def move_meeting(session: Session, meeting_id: int, event_id: int) -> None:
    """Make a meeting a session of another event; workers who remember it look at it again."""
    session.execute(
        update(MeetingRow)
        .where(MeetingRow.id == meeting_id)
        .values(event_id=event_id, saves=MeetingRow.saves + 1)
    )


def gather(session: Session, linked: Iterable[Feed], reference: str) -> None:
    """Make one event of a meeting and what it is linked to, as far as nobody has made events of them.

    A named event takes in what is linked to one of its sessions; two named events stay as they are.
    """
    links = list(linked)
    names = {reference, *(name for link in links for name in link)}
    found = session.execute(
        select(EventRow.id, EventRow.title_en)
        .join(MeetingRow, MeetingRow.event_id == EventRow.id)
        .where(MeetingRow.reference.in_(names))
        .order_by(EventRow.id)
        .distinct()
    ).all()
    named = [row.id for row in found if row.title_en is not None]
    unnamed = [row.id for row in found if row.title_en is None]
    if len(found) < 2 or not unnamed:
        return
    # Events are locked before the meetings that change with them, as by everybody who changes both.
    both = select(EventRow.id).where(EventRow.id.in_([*named, *unnamed]))
    session.execute(both.order_by(EventRow.id).with_for_update())
    target = _nearest(session, named, links, reference) if named else unnamed[0]
    for event_id in unnamed:
        if event_id != target:
            _merge(session, event_id, target)
    change(session, target)
    if not named:
        _name_after_lead(session, target, links)


def _nearest(session: Session, named: Sequence[int], links: Sequence[Feed], reference: str) -> int:
    """Return the named event that a meeting prepares a session of, else the oldest of them."""
    prepared = [target for source, target in links if source == reference]
    found = session.scalar(
        select(MeetingRow.event_id)
        .where(MeetingRow.reference.in_(prepared), MeetingRow.event_id.in_(named))
        .order_by(MeetingRow.event_id)
        .limit(1)
    )
    return named[0] if found is None else found


def _merge(session: Session, event_id: int, target: int) -> None:
    session.execute(
        update(MeetingRow)
        .where(MeetingRow.event_id == event_id)
        .values(event_id=target, saves=MeetingRow.saves + 1)
    )
    session.execute(
        update(UndatedSessionRow).where(UndatedSessionRow.event_id == event_id).values(event_id=target)
    )
    session.execute(delete(EventRow).where(EventRow.id == event_id))


def _name_after_lead(session: Session, event_id: int, links: Sequence[Feed]) -> None:
    """Call an event that nobody has named as what leads it."""
    event = load(session, event_id)
    references = [item.reference for item in sorted(event.sessions, key=lambda item: item.meeting_id or 0)]
    lead = leads_among(references, links)[-1]
    session.execute(update(EventRow).where(EventRow.id == event_id).values(lead=lead, reference=lead))


def sessions_beside(
    session: Session, meeting_id: int, address: str
) -> list[tuple[str, str | None, datetime, datetime, MeetingStatus]]:
    """Return the other sessions of a meeting's event to which a person is invited, first one first.

    Of each the title in English and Vietnamese, its start and end (UTC) and its status; drafts, of which
    nobody has been told, are left out.
    """
    own = select(MeetingRow.event_id).where(MeetingRow.id == meeting_id).scalar_subquery()
    invited = select(AttendeeRow.meeting_id).where(
        AttendeeRow.address == address, AttendeeRow.removed_sequence.is_(None)
    )
    wanted = (
        select(
            MeetingRow.title_en,
            MeetingRow.title_vi,
            MeetingRow.starts_at,
            MeetingRow.ends_at,
            MeetingRow.status,
        )
        .where(
            MeetingRow.event_id == own,
            MeetingRow.id != meeting_id,
            MeetingRow.id.in_(invited),
            MeetingRow.status != MeetingStatus.DRAFT,
        )
        .order_by(MeetingRow.starts_at, MeetingRow.id)
    )
    return [(*row[:4], MeetingStatus(row.status)) for row in session.execute(wanted)]
