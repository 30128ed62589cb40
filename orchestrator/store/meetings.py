"""Loading and saving meetings; the only place where rows become domain values and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session, selectinload

from orchestrator.domain.actions import ActionKind
from orchestrator.domain.changes import Snapshot
from orchestrator.domain.delegation import Role
from orchestrator.domain.meeting import (
    AgendaEntry,
    Attendee,
    Conference,
    Meeting,
    MeetingStatus,
    Participation,
)
from orchestrator.domain.zones import tzdata_version
from orchestrator.errors import Conflict, NotFound
from orchestrator.store.engine import Executor
from orchestrator.store.models import (
    ActionRow,
    AgendaRow,
    AttendeeRow,
    ConferenceRow,
    DeliveryRow,
    DocumentRow,
    FeedRow,
    HistoryRow,
    MeetingRow,
    MinutesRow,
    PersonRow,
    RevisionRow,
    seconds_of,
)

_TELLING = ("invitation", "update")


def find_id(session: Session, name: str) -> int:
    """Return the id of the meeting called ``name``, its reference or its number.

    Raises ``NotFound``.
    """
    wanted = MeetingRow.id == int(name) if name.isascii() and name.isdigit() else MeetingRow.reference == name
    found = session.scalar(select(MeetingRow.id).where(wanted))
    if found is None:
        raise NotFound(f"There is no meeting {name}. 'orchestrator meeting list' shows them all.")
    return found


def load(session: Session, meeting_id: int, *, lock: bool = False) -> Meeting:
    """Return a meeting with agenda, attendees and conference.

    With ``lock`` its row stays locked until the transaction ends, so that nothing can be sent for it
    meanwhile and no two changes interleave.
    """
    if lock:
        session.execute(select(MeetingRow.id).where(MeetingRow.id == meeting_id).with_for_update())
    row = session.scalars(
        select(MeetingRow)
        .where(MeetingRow.id == meeting_id)
        .options(
            selectinload(MeetingRow.agenda),
            selectinload(MeetingRow.attendees),
            selectinload(MeetingRow.conference),
        )
        .execution_options(populate_existing=True)
    ).one()
    return _meeting(session, row)


# Built once, because it runs for every single message.
_SAVES = (
    select(MeetingRow.__table__.c.saves)
    .where(MeetingRow.__table__.c.id == bindparam("wanted"))
    .with_for_update(read=True)
)


def saves(executor: Executor, meeting_id: int) -> int:
    """Return how often a meeting was saved, and keep it from changing until the transaction ends."""
    return int(executor.execute(_SAVES, {"wanted": meeting_id}).scalar_one())


def load_all(session: Session) -> list[Meeting]:
    """Return all meetings, the next to come first, then what is past, latest first."""
    ids = session.scalars(select(MeetingRow.id).order_by(MeetingRow.starts_at, MeetingRow.id))
    return [load(session, item) for item in ids]


def _meeting(session: Session, row: MeetingRow) -> Meeting:
    notified = set(
        session.scalars(
            select(DeliveryRow.attendee_id)
            .where(DeliveryRow.meeting_id == row.id, DeliveryRow.purpose.in_(_TELLING))
            # Repeated means that the outcome was unknown once: something may have left even then.
            .where(or_(DeliveryRow.state.in_(("sending", "sent")), DeliveryRow.repeated))
        )
    )
    minutes = session.execute(
        select(MinutesRow.version, MinutesRow.attached_at)
        .where(MinutesRow.meeting_id == row.id)
        .order_by(MinutesRow.version.desc())
        .limit(1)
    ).first()
    attempted = session.scalar(
        select(
            exists().where(
                ActionRow.meeting_id == row.id,
                ActionRow.kind == ActionKind.CONFERENCE,
                ActionRow.attempt > 0,
            )
        )
    )
    return Meeting(
        id=row.id,
        reference=row.reference,
        programme=row.programme,
        kind=row.kind,
        title_en=row.title_en,
        title_vi=row.title_vi,
        host=row.host,
        coordinator_name=row.coordinator_name,
        coordinator_email=row.coordinator_email,
        wall_start=row.wall_start,
        zone=row.zone,
        duration=timedelta(seconds=row.duration_seconds),
        timeline=row.timeline,
        conference=Conference(
            external_id=row.conference.external_id,
            provider_id=row.conference.provider_id,
            join_url=row.conference.join_url,
            by_hand=row.conference.by_hand,
            attempted=bool(attempted),
        ),
        status=MeetingStatus(row.status),
        version=row.version,
        uid=row.uid,
        sequence=row.sequence,
        revision=row.revision,
        time_revision=row.time_revision,
        revised_at=row.revised_at,
        published_at=row.published_at,
        minutes_version=minutes.version if minutes else 0,
        minutes_at=minutes.attached_at if minutes else None,
        agenda=tuple(AgendaEntry(item.number, item.en, item.vi, item.lead) for item in row.agenda),
        attendees=tuple(_attendee(item, item.id in notified) for item in row.attendees),
    )


def _attendee(row: AttendeeRow, notified: bool) -> Attendee:
    return Attendee(
        id=row.id,
        name=row.name,
        email=row.email,
        delegation=row.delegation,
        group=row.group,
        role=Role(row.role),
        participation=Participation(row.participation),
        notified=notified,
        removed_sequence=row.removed_sequence,
    )


def add(session: Session, meeting: Meeting, feeds: Iterable[tuple[str, str]], now: datetime) -> int:
    """Store a new draft and return its id; raises ``Conflict`` when the reference is taken."""
    if session.scalar(select(MeetingRow.id).where(MeetingRow.reference == meeting.reference)):
        raise Conflict(
            f"There is a meeting {meeting.reference} already. Choose another reference, or update that one."
        )
    row = MeetingRow(
        reference=meeting.reference, programme=meeting.programme, kind=meeting.kind, host=meeting.host,
        coordinator_name=meeting.coordinator_name, coordinator_email=meeting.coordinator_email,
        timeline=meeting.timeline, created_at=now,
    )  # fmt: skip
    row.agenda = []
    row.conference = ConferenceRow(external_id=meeting.conference.external_id)
    _write(row, meeting)
    session.add(row)
    _write_agenda(session, row, meeting)
    session.flush()
    _write_attendees(session, row.id, meeting)
    for source, target in feeds:
        if session.get(FeedRow, (source, target)) is None:
            session.add(FeedRow(source=source, target=target))
    return row.id


def save(session: Session, meeting: Meeting, now: datetime, *, by_person: bool = True) -> Meeting:
    """Store a changed meeting and return it as stored.

    Its version rises only when a person changed it: a link that arrives between a coordinator's
    reading and saving must not look like somebody else's change. Raises ``Conflict`` when somebody
    has saved another version since it was read.
    """
    row = session.scalars(
        select(MeetingRow)
        .where(MeetingRow.id == meeting.id, MeetingRow.version == meeting.version)
        .options(selectinload(MeetingRow.agenda), selectinload(MeetingRow.conference))
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise changed_meanwhile(meeting.reference)
    row.version = meeting.version + by_person
    row.saves += 1
    _write(row, meeting)
    row.conference.provider_id = meeting.conference.provider_id
    row.conference.join_url = meeting.conference.join_url
    row.conference.by_hand = meeting.conference.by_hand
    _write_agenda(session, row, meeting)
    changed = _stored_attendees(session, row.id) != [_values(item) for item in meeting.attendees]
    if changed:
        _write_attendees(session, row.id, meeting)
    _write_revision(session, row, meeting, now)
    session.flush()
    # Reading three hundred attendees again is worth it only when some of them are new.
    return load(session, row.id) if changed else replace(meeting, version=row.version)


def changed_meanwhile(reference: str) -> Conflict:
    """Return the error for a change based on a version that is no longer the newest."""
    return Conflict(
        f"{reference} was changed by somebody else meanwhile. Read it again, then repeat your change.",
        code="version-conflict",
    )


def _write(row: MeetingRow, meeting: Meeting) -> None:
    row.title_en, row.title_vi = meeting.title_en, meeting.title_vi
    row.wall_start, row.zone = meeting.wall_start, meeting.zone
    row.duration_seconds = seconds_of(meeting.duration)
    row.starts_at, row.ends_at = meeting.starts_at, meeting.ends_at
    row.tzdata = tzdata_version()
    row.status, row.uid = meeting.status.value, meeting.uid
    row.sequence, row.revision, row.time_revision = meeting.sequence, meeting.revision, meeting.time_revision
    row.revised_at, row.published_at = meeting.revised_at, meeting.published_at


def _write_agenda(session: Session, row: MeetingRow, meeting: Meeting) -> None:
    stored = [(item.number, item.en, item.vi, item.lead) for item in row.agenda]
    if stored == [(item.number, item.en, item.vi, item.lead) for item in meeting.agenda]:
        return
    row.agenda.clear()
    session.flush()  # The old numbers must be gone before the new ones come.
    row.agenda += [
        AgendaRow(number=item.number, en=item.en, vi=item.vi, lead=item.lead) for item in meeting.agenda
    ]


_ATTENDEE_VALUES = (
    AttendeeRow.id,
    AttendeeRow.name,
    AttendeeRow.email,
    AttendeeRow.delegation,
    AttendeeRow.group,
    AttendeeRow.role,
    AttendeeRow.participation,
    AttendeeRow.removed_sequence,
)


def _values(item: Attendee) -> tuple[object, ...]:
    """The values of an attendee in the order of ``_ATTENDEE_VALUES``."""
    return (
        item.id, item.name, item.email, item.delegation, item.group,
        item.role.value, item.participation.value, item.removed_sequence,
    )  # fmt: skip


def _stored_attendees(session: Session, meeting_id: int) -> list[tuple[object, ...]]:
    wanted = select(*_ATTENDEE_VALUES).where(AttendeeRow.meeting_id == meeting_id).order_by(AttendeeRow.id)
    return [tuple(row) for row in session.execute(wanted)]


def _write_attendees(session: Session, meeting_id: int, meeting: Meeting) -> None:
    rows = session.scalars(select(AttendeeRow).where(AttendeeRow.meeting_id == meeting_id))
    stored = {item.id: item for item in rows}
    kept = {item.id for item in meeting.attendees if item.id}
    for gone in stored.keys() - kept:
        session.delete(stored[gone])
    session.flush()  # Whoever left must be gone before the same address may come again.
    people = _people(session, [item for item in meeting.attendees if _is_news(stored.get(item.id), item)])
    for item in meeting.attendees:
        target = stored.get(item.id)
        if target is None:
            target = AttendeeRow(meeting_id=meeting_id, email=item.email, address=item.email.casefold())
            target.person_id = people[target.address].id
            session.add(target)
        target.name, target.delegation = item.name, item.delegation
        target.group, target.role = item.group, item.role.value
        target.participation = item.participation.value
        target.removed_sequence = item.removed_sequence
    session.flush()


def _is_news(stored: AttendeeRow | None, item: Attendee) -> bool:
    """Whether an attendee says something about a person that was not given before."""
    if stored is None:
        return True
    return (stored.name, stored.delegation, stored.role) != (item.name, item.delegation, item.role.value)


def _people(session: Session, attendees: Sequence[Attendee]) -> dict[str, PersonRow]:
    """Find or add the people behind the attendees; what was given last about somebody is kept."""
    by_address = {item.email.casefold(): item for item in attendees}
    found = {
        row.email: row for row in session.scalars(select(PersonRow).where(PersonRow.email.in_(by_address)))
    }
    for address, item in by_address.items():
        person = found.setdefault(address, PersonRow(email=address))
        person.name, person.delegation, person.role = item.name, item.delegation, item.role.value
        session.add(person)
    session.flush()
    return found


def _write_revision(session: Session, row: MeetingRow, meeting: Meeting, now: datetime) -> None:
    if not meeting.revision:
        return
    snapshot = Snapshot.of(meeting)
    stored = session.get(RevisionRow, (row.id, meeting.revision))
    if stored is None:
        stored = RevisionRow(meeting_id=row.id, revision=meeting.revision, at=now)
        session.add(stored)
    elif any(item.notified for item in meeting.attendees):
        return  # What somebody was told is never rewritten.
    stored.sequence, stored.title = meeting.sequence, snapshot.title
    stored.starts_at, stored.ends_at = snapshot.starts_at, snapshot.ends_at
    stored.join_url, stored.agenda = snapshot.join_url, list(snapshot.agenda)


def snapshot(session: Session, meeting_id: int, revision: int) -> Snapshot | None:
    """Return what attendees were told in that revision."""
    row = session.get(RevisionRow, (meeting_id, revision))
    if row is None:
        return None
    return Snapshot(row.revision, row.title, row.starts_at, row.ends_at, row.join_url, tuple(row.agenda))


def feeds(session: Session, reference: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the meeting this one prepares, and those that prepare it."""
    rows = session.scalars(
        select(FeedRow)
        .where(or_(FeedRow.source == reference, FeedRow.target == reference))
        .order_by(FeedRow.source, FeedRow.target)
    ).all()
    target = next((row.target for row in rows if row.source == reference), None)
    return target, tuple(row.source for row in rows if row.target == reference)


def record_answer(
    session: Session, attendee_id: int, participation: Participation, via: str, now: datetime
) -> None:
    """Store an attendee's answer with when and through which channel it came."""
    session.execute(
        update(AttendeeRow)
        .where(AttendeeRow.id == attendee_id)
        .values(participation=participation.value, answered_at=now, answered_via=via)
    )


def answers(session: Session, meeting_id: int) -> dict[int, tuple[datetime | None, str | None]]:
    """Return when and how each attendee answered."""
    rows = session.execute(
        select(AttendeeRow.id, AttendeeRow.answered_at, AttendeeRow.answered_via).where(
            AttendeeRow.meeting_id == meeting_id
        )
    )
    return {row.id: (row.answered_at, row.answered_via) for row in rows}


def add_minutes(session: Session, meeting_id: int, document: DocumentRow, now: datetime) -> int:
    """Store the next version of a meeting's minutes and return its number."""
    session.add(document)
    session.flush()
    latest = session.scalar(select(func.max(MinutesRow.version)).where(MinutesRow.meeting_id == meeting_id))
    version = (latest or 0) + 1
    session.add(MinutesRow(meeting_id=meeting_id, version=version, document_id=document.id, attached_at=now))
    session.flush()
    return version


def minutes(session: Session, meeting_id: int) -> Sequence[MinutesRow]:
    """Return all versions of a meeting's minutes, oldest first."""
    return session.scalars(
        select(MinutesRow).where(MinutesRow.meeting_id == meeting_id).order_by(MinutesRow.version)
    ).all()


def minutes_document(session: Session, meeting_id: int, version: int) -> DocumentRow:
    """Return the document of one version of a meeting's minutes; raises ``NotFound``."""
    row = session.scalars(
        select(MinutesRow).where(MinutesRow.meeting_id == meeting_id, MinutesRow.version == version)
    ).one_or_none()
    if row is None:
        raise NotFound(f"This meeting has no minutes of version {version}.")
    return row.document


def note(
    session: Session, meeting_id: int, actor: str, what: str, now: datetime, detail: str | None = None
) -> None:
    """Write a line of the meeting's history."""
    session.add(HistoryRow(meeting_id=meeting_id, at=now, actor=actor, what=what, detail=detail))


def history(session: Session, meeting_id: int) -> Sequence[HistoryRow]:
    """Return the meeting's history, newest first."""
    return session.scalars(
        select(HistoryRow).where(HistoryRow.meeting_id == meeting_id).order_by(HistoryRow.id.desc())
    ).all()
