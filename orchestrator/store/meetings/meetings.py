"""Loading and saving meetings; the only place where rows become domain values and back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, exists, func, inspect, or_, select, update
from sqlalchemy.orm import Session, selectinload

from orchestrator.domain.answers.responses import ProposalState, ResponseKind
from orchestrator.domain.dates.costs import PastMeeting
from orchestrator.domain.meetings.changes import Snapshot
from orchestrator.domain.meetings.fields import AgendaFields, AttendeeFields, values
from orchestrator.domain.meetings.linked import Feed, Timing
from orchestrator.domain.meetings.meeting import (
    AgendaEntry,
    Attendee,
    Conference,
    ConnectionTest,
    Contribution,
    Meeting,
    MeetingStatus,
    News,
    OpenDatePoll,
    Participation,
    Refusal,
)
from orchestrator.domain.time.zones import tzdata_version
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import REQUESTS, ActionKind
from orchestrator.errors import Conflict, NotFound
from orchestrator.store.batches import WANTED, by_meeting
from orchestrator.store.dates import date_polls
from orchestrator.store.engine import Executor
from orchestrator.store.readiness import connection_tests, contributions
from orchestrator.store.rows.answers import ResponseRow
from orchestrator.store.rows.base import seconds_of, table_of
from orchestrator.store.rows.delivery import DeliveryRow, DeliveryState
from orchestrator.store.rows.meetings import (
    AgendaRow,
    AttendeeRow,
    ConferenceRow,
    FeedRow,
    MeetingRow,
    RevisionRow,
)
from orchestrator.store.rows.minutes import DocumentRow, MinutesRow
from orchestrator.store.rows.people import PersonRow
from orchestrator.store.rows.timelines import ActionRow

TOLD_CHANNELS = ("mail", "web")
"""Responses that came through these are news to the coordinator; a coordinator entered the rest."""


def find_id(session: Session, name: str) -> int:
    """Return the id of the meeting called ``name``, its reference or its number.

    Raises ``NotFound``.
    """
    # A reference begins with a letter. No number of ours has more digits than a database can compare.
    numbered = name.isascii() and name.isdigit() and len(name) < 19
    wanted = MeetingRow.id == int(name) if numbered else MeetingRow.reference == name
    found = session.scalar(select(MeetingRow.id).where(wanted))
    if found is None:
        raise NotFound(f"There is no meeting {name}. 'orchestrator meeting list' shows them all.")
    return found


def reference_of(session: Session, meeting_id: int) -> str | None:
    """Return a meeting's reference."""
    return session.scalar(select(MeetingRow.reference).where(MeetingRow.id == meeting_id))


def load(session: Session, meeting_id: int, *, lock: bool = False) -> Meeting:
    """Return a meeting with agenda, attendees and conference.

    With ``lock`` its row stays locked until the transaction ends, so that nothing can be sent for it
    meanwhile and no two changes interleave.
    """
    if lock:
        session.execute(select(MeetingRow.id).where(MeetingRow.id == meeting_id).with_for_update())
    return load_many(session, [meeting_id])[0]


def load_many(session: Session, meeting_ids: Sequence[int]) -> list[Meeting]:
    """Return the meetings of these ids, in their order; hundreds take no more statements than one."""
    # It comes first, because it writes what the session has pending, which plain rows would not show.
    rows = {found.MeetingRow.id: found for found in session.execute(_MEETINGS, {WANTED.key: meeting_ids})}
    parts = _parts(session, meeting_ids)
    return [_meeting(rows[number], parts) for number in meeting_ids]


# Built once, because it runs for every single message.
_SAVES = (
    select(MeetingRow.__table__.c.saves)
    .where(MeetingRow.__table__.c.id == bindparam("wanted"))
    .with_for_update(read=True)
)


def saves(executor: Executor, meeting_id: int) -> int:
    """Return how often a meeting was saved, and keep it from changing until the transaction ends."""
    return int(executor.execute(_SAVES, {"wanted": meeting_id}).scalar_one())


def touch(session: Session, meeting_id: int) -> None:
    """Count a change that is no save, so that workers who remember the meeting look again."""
    session.execute(update(MeetingRow).where(MeetingRow.id == meeting_id).values(saves=MeetingRow.saves + 1))


def note_basis(session: Session, meeting_id: int, basis: str) -> None:
    """Record what a meeting's plan rests on, as ``Planner.basis`` says it."""
    session.execute(
        update(MeetingRow)
        .where(MeetingRow.id == meeting_id)
        .where(MeetingRow.basis != basis)
        .values(basis=basis)
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """A meeting that things are planned for, with what its plan rests on.

    ``starts_at`` was derived from the zone data ``tzdata``; ``told_start`` is the start that attendees were
    told of, ``None`` where nobody was told any.
    """

    id: int
    reference: str
    status: MeetingStatus
    timeline: str
    own_timeline: str | None
    basis: str
    tzdata: str
    starts_at: datetime
    told_start: datetime | None


def planned(session: Session, since: datetime, *, delegation: str | None = None) -> list[Planned]:
    """Return the published meetings, and the concluded ones with something left to do, in a fixed order.

    Of the concluded ones only those that ended after ``since``. With ``delegation`` only the meetings that
    it hosts or is invited to.
    """
    pending = (ActionState.BLOCKED, ActionState.SCHEDULED)
    left = exists().where(ActionRow.meeting_id == MeetingRow.id, ActionRow.state.in_(pending))
    over = (MeetingRow.status == MeetingStatus.CONCLUDED) & (MeetingRow.ends_at > since) & left
    wanted = or_(MeetingRow.status == MeetingStatus.PUBLISHED, over)
    if delegation is not None:
        invited = exists().where(
            _A.meeting_id == MeetingRow.id, _A.delegation == delegation, _A.removed_sequence.is_(None)
        )
        wanted = wanted & or_(MeetingRow.host == delegation, invited)
    return _planned(session, wanted)


def drafts_of_other_zone_data(session: Session) -> list[Planned]:
    """Return the drafts whose instants were derived from another version of the zone data."""
    other = MeetingRow.tzdata != tzdata_version()
    return _planned(session, (MeetingRow.status == MeetingStatus.DRAFT) & other)


_PLANNED = (
    select(
        MeetingRow.id,
        MeetingRow.reference,
        MeetingRow.status,
        MeetingRow.timeline,
        MeetingRow.own_timeline,
        MeetingRow.basis,
        MeetingRow.tzdata,
        MeetingRow.starts_at,
        RevisionRow.starts_at,
    )
    .outerjoin(
        RevisionRow,
        (RevisionRow.meeting_id == MeetingRow.id) & (RevisionRow.revision == MeetingRow.time_revision),
    )
    .order_by(MeetingRow.id)
)


def _planned(session: Session, wanted: ColumnElement[bool]) -> list[Planned]:
    rows = session.execute(_PLANNED.where(wanted))
    return [Planned(row[0], row[1], MeetingStatus(row[2]), *row[3:]) for row in rows]


def planned_one(session: Session, meeting_id: int) -> Planned:
    """Return what the plan of one meeting rests on."""
    return _planned(session, MeetingRow.id == meeting_id)[0]


def load_all(session: Session) -> list[Meeting]:
    """Return all meetings, oldest first."""
    ids = session.scalars(select(MeetingRow.id).order_by(MeetingRow.starts_at, MeetingRow.id))
    return load_many(session, ids.all())


_MEETINGS = (
    select(
        MeetingRow,
        ConferenceRow.external_id,
        ConferenceRow.provider_id,
        ConferenceRow.join_url,
        ConferenceRow.by_hand,
        exists()
        .where(
            ActionRow.meeting_id == MeetingRow.id,
            ActionRow.kind == ActionKind.CONFERENCE,
            ActionRow.attempt > 0,
        )
        .label("attempted"),
    )
    .join(ConferenceRow, ConferenceRow.meeting_id == MeetingRow.id)
    .where(MeetingRow.id.in_(WANTED))
    .execution_options(populate_existing=True)
)
_G, _X = table_of(AgendaRow).c, table_of(MinutesRow).c
_AGENDA = (
    select(_G.meeting_id, _G.number, *(_G[item.name] for item in fields(AgendaFields)), _G.points)
    .where(_G.meeting_id.in_(WANTED))
    .order_by(_G.number)
)
_MINUTES = (
    select(_X.meeting_id, _X.version, _X.attached_at).where(_X.meeting_id.in_(WANTED)).order_by(_X.version)
)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What belongs to meetings beside their own rows, each by the id of the meeting."""

    agenda: Mapping[int, tuple[AgendaEntry, ...]]
    attendees: Mapping[int, tuple[Attendee, ...]]
    minutes: Mapping[int, tuple[tuple[int, datetime], ...]]
    news: Mapping[int, News]
    refusals: Mapping[int, tuple[Refusal, ...]]
    contributions: Mapping[int, tuple[Contribution, ...]]
    connection_tests: Mapping[int, tuple[ConnectionTest, ...]]
    open_polls: Mapping[int, OpenDatePoll]


def _parts(session: Session, meeting_ids: Collection[int]) -> _Parts:
    told = _told(session, meeting_ids)
    return _Parts(
        agenda=by_meeting(session, _AGENDA, meeting_ids, _agenda_entry),
        attendees=by_meeting(
            # Plain rows: making objects of the mapper of hundreds of attendees costs more than all the rest.
            session,
            _ATTENDEES,
            meeting_ids,
            lambda row: attendee_of(row, told.get(row.id, _NOTHING)),
        ),
        minutes=by_meeting(session, _MINUTES, meeting_ids, lambda row: (row.version, row.attached_at)),
        news=_news(session, meeting_ids),
        refusals=_refusals(session, meeting_ids),
        contributions=contributions.of_meetings(session, meeting_ids),
        connection_tests=connection_tests.of_meetings(session, meeting_ids),
        open_polls=date_polls.open_polls(session, meeting_ids),
    )


def _meeting(found: Any, parts: _Parts) -> Meeting:
    """Put a meeting together from its row of ``_MEETINGS`` and what belongs to it."""
    row: MeetingRow = found.MeetingRow
    minutes_version, minutes_at = parts.minutes.get(row.id, _NO_MINUTES)[-1]
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
        own_timeline=row.own_timeline,
        conference=Conference(
            external_id=found.external_id,
            provider_id=found.provider_id,
            join_url=found.join_url,
            by_hand=found.by_hand,
            attempted=bool(found.attempted),
        ),
        status=MeetingStatus(row.status),
        tentative=row.tentative,
        version=row.version,
        uid=row.uid,
        organizer=row.organizer,
        sequence=row.sequence,
        revised_sequence=row.revised_sequence,
        reset_sequence=row.reset_sequence,
        revision=row.revision,
        time_revision=row.time_revision,
        revised_at=row.revised_at,
        published_at=row.published_at,
        minutes_version=minutes_version,
        minutes_at=minutes_at,
        agenda=parts.agenda.get(row.id, ()),
        attendees=parts.attendees.get(row.id, ()),
        news=parts.news.get(row.id, _NO_NEWS),
        refusals=parts.refusals.get(row.id, ()),
        contributions=parts.contributions.get(row.id, ()),
        connection_tests=parts.connection_tests.get(row.id, ()),
        date_poll=parts.open_polls.get(row.id) if row.status == MeetingStatus.DRAFT else None,
    )


_NO_MINUTES: tuple[tuple[int, datetime | None], ...] = ((0, None),)


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
    """Whether a REQUEST may have left for somebody, and whether the last thing that left was a CANCEL."""

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


def attendee_of(row: Any, told: ToldSoFar = _NOTHING, attendee_id: int | None = None) -> Attendee:
    """Return the attendee in a row of the table or of ``ATTENDEE_COLUMNS``.

    ``attendee_id`` is given where the row's own id is something else's.
    """
    own = {name: getattr(row, name) for name in _ATTENDEE}
    return Attendee(**own, id=attendee_id or row.id, notified=told.notified, withdrawn=told.withdrawn)


_R, _ACTION = table_of(ResponseRow).c, table_of(ActionRow).c
_REPORTED = (
    select(_ACTION.meeting_id, func.max(_ACTION.revision).label("latest"))
    .where(_ACTION.meeting_id.in_(WANTED), _ACTION.kind == ActionKind.DIGEST)
    # A digest in hand counts as sent, so that what comes meanwhile waits for the next one.
    .where(_ACTION.state.in_((ActionState.SUCCEEDED, ActionState.CLAIMED, ActionState.RUNNING)))
    .group_by(_ACTION.meeting_id)
    .subquery()
)
_REPORTED_ID = func.coalesce(_REPORTED.c.latest, 0)
_NEWS = (
    select(
        _R.meeting_id,
        func.max(_R.id).label("latest"),
        func.max(_REPORTED_ID).label("reported"),
        func.min(case((_R.id > _REPORTED_ID, _R.at))).label("first_at"),
        func.max(case((_R.urgent, _R.id), else_=0)).label("urgent"),
    )
    .outerjoin(_REPORTED, _REPORTED.c.meeting_id == _R.meeting_id)
    .where(_R.meeting_id.in_(WANTED), _R.channel.in_(TOLD_CHANNELS))
    .group_by(_R.meeting_id)
)
_NO_NEWS = News()


def _news(session: Session, meeting_ids: Collection[int]) -> dict[int, News]:
    """Return what has come back; meetings that nothing came back for are left out."""
    rows = session.connection().execute(_NEWS, {WANTED.key: meeting_ids})
    return {row.meeting_id: News(row.latest, row.reported, row.first_at, row.urgent) for row in rows}


def with_news(session: Session, meeting: Meeting) -> Meeting:
    """Return a meeting with what has come back in this transaction."""
    own = [meeting.id]
    return replace(
        meeting,
        news=_news(session, own).get(meeting.id, _NO_NEWS),
        refusals=_refusals(session, own).get(meeting.id, ()),
    )


_REFUSED = select(_R.meeting_id, _R.id, _R.attendee_id).where(
    _R.meeting_id.in_(WANTED), _R.kind == ResponseKind.PROPOSAL, _R.state == ProposalState.REFUSED
)


def _refusals(session: Session, meeting_ids: Collection[int]) -> dict[int, tuple[Refusal, ...]]:
    return by_meeting(session, _REFUSED, meeting_ids, lambda row: Refusal(row.id, row.attendee_id))


def add(session: Session, meeting: Meeting, feeds: Iterable[tuple[str, str]], now: datetime) -> int:
    """Store a new draft and return its id; raises ``Conflict`` when the reference is taken."""
    if session.scalar(select(MeetingRow.id).where(MeetingRow.reference == meeting.reference)):
        raise Conflict(
            f"There is a meeting {meeting.reference} already. Choose another reference, or update that one."
        )
    row = MeetingRow(
        reference=meeting.reference,
        programme=meeting.programme,
        kind=meeting.kind,
        host=meeting.host,
        coordinator_name=meeting.coordinator_name,
        coordinator_email=meeting.coordinator_email,
        created_at=now,
    )
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
    changed = _stored_attendees(session, row.id) != [(item.id, _written(item)) for item in meeting.attendees]
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
    row.timeline, row.own_timeline = meeting.timeline, meeting.own_timeline
    row.coordinator_name, row.coordinator_email = meeting.coordinator_name, meeting.coordinator_email
    row.status, row.tentative = meeting.status.value, meeting.tentative
    row.uid, row.organizer = meeting.uid, meeting.organizer
    row.sequence, row.revised_sequence = meeting.sequence, meeting.revised_sequence
    row.reset_sequence = meeting.reset_sequence
    row.revision, row.time_revision = meeting.revision, meeting.time_revision
    row.revised_at, row.published_at = meeting.revised_at, meeting.published_at


def _agenda_entry(row: Any) -> AgendaEntry:
    return AgendaEntry(**values(AgendaFields, row), number=row.number, points=tuple(row.points))


def _write_agenda(session: Session, row: MeetingRow, meeting: Meeting) -> None:
    if tuple(_agenda_entry(item) for item in row.agenda) == meeting.agenda:
        return
    row.agenda.clear()
    session.flush()  # The old numbers must be gone before the new ones come.
    row.agenda += [
        AgendaRow(**values(AgendaFields, item), number=item.number, points=list(item.points))
        for item in meeting.agenda
    ]


def _written(item: Attendee | AttendeeRow) -> dict[str, Any]:
    """What a change of the meeting may set in an attendee. An address stays as it was first written."""
    own = {**values(AttendeeFields, item), **{name: getattr(item, name) for name in _STATE}}
    del own["email"]
    return own


def _stored_attendees(session: Session, meeting_id: int) -> list[tuple[int, dict[str, Any]]]:
    wanted = select(_A.id, *ATTENDEE_COLUMNS).where(_A.meeting_id == meeting_id).order_by(_A.id)
    rows = session.connection().execute(wanted)
    return [(row.id, _written(attendee_of(row))) for row in rows]


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
        for name, value in _written(item).items():
            setattr(target, name, value)
    session.flush()


def _is_news(stored: AttendeeRow | None, item: Attendee) -> bool:
    """Whether an attendee says something about a person that was not given before."""
    if stored is None:
        return True
    return (stored.name, stored.delegation, stored.role) != (item.name, item.delegation, item.role)


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
    stored.sequence, stored.tentative = meeting.revised_sequence, snapshot.tentative
    stored.title, stored.title_vi, stored.coordinator = (
        snapshot.title,
        snapshot.title_vi,
        snapshot.coordinator,
    )
    stored.starts_at, stored.ends_at = snapshot.starts_at, snapshot.ends_at
    stored.join_url, stored.agenda = snapshot.join_url, list(snapshot.agenda)
    stored.wall_start, stored.zone = snapshot.wall_start, snapshot.zone


def snapshot(session: Session, meeting_id: int, revision: int) -> Snapshot | None:
    """Return what attendees were told in that revision."""
    row = session.get(RevisionRow, (meeting_id, revision))
    if row is None:
        return None
    return Snapshot(
        row.revision,
        row.title,
        row.title_vi,
        row.tentative,
        row.coordinator,
        row.starts_at,
        row.ends_at,
        row.join_url,
        tuple(row.agenda),
        row.wall_start,
        row.zone,
    )


def held(session: Session, since: datetime, before: datetime) -> list[PastMeeting]:
    """Return the concluded meetings that began within that time, oldest first.

    The host took part, and every delegation with somebody invited who had not declined.
    """
    rows = session.execute(
        select(MeetingRow.id, MeetingRow.starts_at, MeetingRow.ends_at, MeetingRow.host, _A.delegation)
        .outerjoin(
            table_of(AttendeeRow),
            (_A.meeting_id == MeetingRow.id)
            & _A.removed_sequence.is_(None)
            & (_A.participation != Participation.DECLINED),
        )
        .where(MeetingRow.status == MeetingStatus.CONCLUDED)
        .where(MeetingRow.starts_at >= since, MeetingRow.starts_at < before)
        .order_by(MeetingRow.starts_at, MeetingRow.id, _A.delegation)
        .distinct()
    )
    return [_held(list(together)) for _, together in groupby(rows, key=lambda row: (row.starts_at, row.id))]


def _held(rows: Sequence[Any]) -> PastMeeting:
    taking_part = {rows[0].host, *(row.delegation for row in rows if row.delegation)}
    return PastMeeting(rows[0].starts_at, rows[0].ends_at, tuple(sorted(taking_part)))


def feeds(session: Session, reference: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the meeting this one prepares, and those that prepare it."""
    rows = session.scalars(
        select(FeedRow)
        .where(or_(FeedRow.source == reference, FeedRow.target == reference))
        .order_by(FeedRow.source, FeedRow.target)
    ).all()
    target = next((row.target for row in rows if row.source == reference), None)
    return target, tuple(row.source for row in rows if row.target == reference)


def links(session: Session, references: Iterable[str]) -> frozenset[Feed]:
    """Return the links of these meetings to others, either way."""
    wanted = {*references}
    near = or_(FeedRow.source.in_(wanted), FeedRow.target.in_(wanted))
    return frozenset((row.source, row.target) for row in session.scalars(select(FeedRow).where(near)))


def chain(session: Session, references: Iterable[str]) -> frozenset[Feed]:
    """Return all links between meetings that are linked to ``references``, directly or through others."""
    found: set[Feed] = set()
    seen: set[str] = set()
    while following := {*references} - seen:
        seen |= following
        found |= links(session, following)
        references = {reference for link in found for reference in link}
    return frozenset(found)


def lock_chain(session: Session, meeting_id: int) -> None:
    """Lock a meeting with all that it is linked to, in one order: no two changes then wait for each other."""
    own = reference_of(session, meeting_id) or ""
    references = {own, *(reference for link in chain(session, [own]) for reference in link)}
    wanted = select(MeetingRow.id).where(MeetingRow.reference.in_(references))
    session.execute(wanted.order_by(MeetingRow.id).with_for_update())


def called(session: Session, references: Iterable[str]) -> dict[str, Meeting]:
    """Return the meetings of these references, as far as they exist, by reference."""
    wanted = select(MeetingRow.id).where(MeetingRow.reference.in_({*references})).order_by(MeetingRow.id)
    return {item.reference: item for item in load_many(session, session.scalars(wanted).all())}


def timings(session: Session, references: Iterable[str]) -> dict[str, Timing]:
    """Return where these meetings stand in time, as far as they exist, by reference."""
    wanted = select(MeetingRow.reference, MeetingRow.status, MeetingRow.starts_at, MeetingRow.ends_at).where(
        MeetingRow.reference.in_({*references})
    )
    return {
        reference: Timing(MeetingStatus(status), starts_at, ends_at)
        for reference, status, starts_at, ends_at in session.execute(wanted)
    }


def concluded(session: Session, references: Iterable[str]) -> dict[str, int]:
    """Return the ids of those of these meetings that are concluded, by reference."""
    wanted = select(MeetingRow.reference, MeetingRow.id).where(
        MeetingRow.reference.in_({*references}), MeetingRow.status == MeetingStatus.CONCLUDED
    )
    return {row.reference: row.id for row in session.execute(wanted)}


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
