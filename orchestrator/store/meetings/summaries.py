"""What lists say of meetings: read with one statement a page, and a few beside it, without whole meetings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from orchestrator.domain.answers.reported import SENT_AGAIN
from orchestrator.domain.answers.responses import ProposalState
from orchestrator.domain.dates.date_poll import DatePollState
from orchestrator.domain.meetings.meeting import AgendaEntry, MeetingStatus, Participation
from orchestrator.domain.meetings.place import ONLINE, Mode, Venue, Where
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.personal.naming import NamingState
from orchestrator.domain.timelines.actions import ENDED_BADLY, ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Fact
from orchestrator.store.by_meeting import WANTED, by_meeting
from orchestrator.store.rows.answers import ResponseRow
from orchestrator.store.rows.dates import DatePollRow
from orchestrator.store.rows.delivery import DeliveryRow, DeliveryState
from orchestrator.store.rows.meetings import AgendaRow, AttendeeRow, ConferenceRow, MeetingRow
from orchestrator.store.rows.minutes import MinutesRow
from orchestrator.store.rows.personal import NamedPersonRow
from orchestrator.store.rows.timelines import ActionRow


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of the list ended: coming meetings come first, the soonest before the others.

    Those that are over follow, the latest before the others.
    """

    over: bool
    starts_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Ending:
    """What ended badly: ``count`` actions of a kind, or all that were for one ``address``.

    ``kind`` and ``reason`` are those of the newest of them, ``state`` that of the gravest.
    """

    kind: ActionKind
    state: ActionState
    count: int
    reason: Fact | None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What a list says of one meeting, and what shows whether it needs the coordinator.

    ``answers`` counts those invited by their answer. ``agenda`` holds only the items that report decisions of
    another meeting. ``poll_closes_at`` is that of the open date poll of a draft. ``bouncing`` are addresses
    of people invited whose latest mail did not arrive; ``delegated`` are names of people invited, each with
    the address of their delegate who is not. ``waiting`` counts people whom personal links have named and
    who wait for the coordinator's yes.
    """

    id: int
    reference: str
    kind: str
    title_en: str
    title_vi: str | None
    host: str
    zone: str
    status: MeetingStatus
    tentative: bool
    starts_at: datetime
    ends_at: datetime
    timeline: str
    own_timeline: str | None
    published_at: datetime | None
    join_url: str | None
    poll_closes_at: datetime | None
    following: ActionKind | None
    following_at: datetime | None
    open_proposals: int
    answers: Mapping[Participation, int]
    agenda: tuple[AgendaEntry, ...] = ()
    ended_badly: tuple[Ending, ...] = ()
    bouncing: tuple[str, ...] = ()
    delegated: tuple[tuple[str, str], ...] = ()
    waiting: int = 0
    where: Where = ONLINE
    short: str | None = None
    short_vi: str | None = None


_LATER = aliased(ActionRow)
_FIRST = (
    select(_LATER.id)
    .where(_LATER.meeting_id == MeetingRow.id, _LATER.state == ActionState.SCHEDULED)
    .order_by(_LATER.due_at, _LATER.id)
    .limit(1)
    .correlate(MeetingRow)
    .scalar_subquery()
)
_OPEN_PROPOSALS = (
    select(func.count())
    .where(ResponseRow.meeting_id == MeetingRow.id, ResponseRow.state == ProposalState.OPEN)
    .correlate(MeetingRow)
    .scalar_subquery()
)
_WAITING = (
    select(func.count())
    .where(
        NamedPersonRow.meeting_id == MeetingRow.id,
        NamedPersonRow.state == NamingState.WAITING,
        NamedPersonRow.address.not_in(
            select(AttendeeRow.address).where(
                AttendeeRow.meeting_id == MeetingRow.id, AttendeeRow.removed_sequence.is_(None)
            )
        ),
    )
    .correlate(MeetingRow)
    .scalar_subquery()
)
_LINES = (
    select(
        MeetingRow.id,
        MeetingRow.reference,
        MeetingRow.kind,
        MeetingRow.title_en,
        MeetingRow.title_vi,
        MeetingRow.host,
        MeetingRow.zone,
        MeetingRow.status,
        MeetingRow.tentative,
        MeetingRow.starts_at,
        MeetingRow.ends_at,
        MeetingRow.timeline,
        MeetingRow.own_timeline,
        MeetingRow.published_at,
        ConferenceRow.join_url,
        DatePollRow.closes_at,
        ActionRow.kind,
        ActionRow.due_at,
        _OPEN_PROPOSALS,
        _WAITING,
        MeetingRow.mode,
        MeetingRow.venue,
        MeetingRow.room,
        MeetingRow.short,
        MeetingRow.short_vi,
    )
    .join(ConferenceRow, ConferenceRow.meeting_id == MeetingRow.id)
    .outerjoin(ActionRow, ActionRow.id == _FIRST)
    .outerjoin(
        DatePollRow,
        and_(
            DatePollRow.meeting_id == MeetingRow.id,
            DatePollRow.state == DatePollState.OPEN,
            MeetingRow.status == MeetingStatus.DRAFT,
        ),
    )
)
_Line = tuple[
    int,
    str,
    str,
    str,
    str | None,
    str,
    str,
    str,
    bool,
    datetime,
    datetime,
    str,
    str | None,
    datetime | None,
    str | None,
    datetime | None,
    str | None,
    datetime | None,
    int,
    int,
    Mode,
    dict[str, Any] | None,
    str | None,
    str | None,
    str | None,
]
"""The columns of ``_LINES``."""

_INVITED = and_(AttendeeRow.meeting_id.in_(WANTED), AttendeeRow.removed_sequence.is_(None))
_ANSWERS = (
    select(AttendeeRow.meeting_id, AttendeeRow.participation, func.count())
    .where(_INVITED)
    .group_by(AttendeeRow.meeting_id, AttendeeRow.participation)
    .order_by(func.min(AttendeeRow.id))
)
_REPORTS = (
    select(AgendaRow.meeting_id, AgendaRow.number, AgendaRow.en, AgendaRow.input_from)
    .where(AgendaRow.meeting_id.in_(WANTED), AgendaRow.input_from.is_not(None))
    .order_by(AgendaRow.number)
)
_ENDED_BADLY = (
    select(ActionRow.meeting_id, ActionRow.kind, ActionRow.state, ActionRow.reason, AttendeeRow.email)
    .outerjoin(AttendeeRow, AttendeeRow.id == ActionRow.attendee_id)
    .where(ActionRow.meeting_id.in_(WANTED), ActionRow.state.in_(ENDED_BADLY))
    .order_by(ActionRow.id)
)
_AFTER = aliased(DeliveryRow)
# A person has sent it again since; what the service sends by itself, such as a cancellation, hides no bounce.
_SENT_AGAIN = exists().where(
    _AFTER.meeting_id == DeliveryRow.meeting_id,
    _AFTER.recipient == DeliveryRow.recipient,
    _AFTER.id > DeliveryRow.id,
    _AFTER.state == DeliveryState.SENT,
    _AFTER.purpose == SENT_AGAIN,
)
_BOUNCING = (
    select(DeliveryRow.meeting_id, DeliveryRow.recipient)
    .where(DeliveryRow.meeting_id.in_(WANTED), DeliveryRow.state == DeliveryState.BOUNCED, ~_SENT_AGAIN)
    .distinct()
    .order_by(DeliveryRow.recipient)
)
_DELEGATED = (
    select(AttendeeRow.meeting_id, AttendeeRow.name, AttendeeRow.delegated_to)
    .where(_INVITED, AttendeeRow.delegated_to.is_not(None), AttendeeRow.delegated_to != "")
    .order_by(AttendeeRow.id)
)
_ADDRESSES = select(AttendeeRow.meeting_id, AttendeeRow.address).where(_INVITED)


def lines(
    session: Session, now: datetime, limit: int | None = None, after: Position | None = None
) -> list[Line]:
    """Return a line a meeting in the order of the list, at most ``limit`` of them behind ``after``."""
    over = MeetingRow.ends_at < now
    order = (
        case((over, 1), else_=0),
        case((over, None), else_=MeetingRow.starts_at),
        MeetingRow.starts_at.desc(),
        case((over, -MeetingRow.id), else_=MeetingRow.id),
    )
    # The page is chosen first, so that what is looked up for each line is looked up for no other.
    page = select(MeetingRow.id).order_by(*order).limit(limit)
    if after is not None:
        page = page.where(_behind(over, after))
    wanted = _LINES.where(MeetingRow.id.in_(select(page.subquery().c.id))) if limit or after else _LINES
    return _complete(session, session.execute(wanted.order_by(*order)).all())


def line(session: Session, meeting_id: int) -> Line:
    """Return what a list says of one meeting."""
    return _complete(session, session.execute(_LINES.where(MeetingRow.id == meeting_id)).all())[0]


def _behind(over: ColumnElement[bool], after: Position) -> ColumnElement[bool]:
    """What comes behind a position; whether a meeting is over is asked of the clock, as in the order."""
    starts_at, number = MeetingRow.starts_at, MeetingRow.id
    if after.over:
        earlier = or_(starts_at < after.starts_at, and_(starts_at == after.starts_at, number < after.id))
        return and_(over, earlier)
    later = or_(starts_at > after.starts_at, and_(starts_at == after.starts_at, number > after.id))
    return or_(over, later)


def position(item: Line, now: datetime) -> Position:
    """Return where a meeting stands in the list."""
    return Position(item.ends_at < now, item.starts_at.astimezone(UTC), item.id)


def _complete(session: Session, rows: Sequence[Row[*_Line]]) -> list[Line]:
    """Put to the lines what takes a statement of its own, which is the same number for any of them."""
    ids = [row[0] for row in rows]
    answers = by_meeting(session, _ANSWERS, ids, lambda row: (Participation(row[1]), row[2]))
    reports = by_meeting(
        session, _REPORTS, ids, lambda row: AgendaEntry(row[2], input_from=row[3], number=row[1])
    )
    badly = by_meeting(
        session,
        _ENDED_BADLY,
        ids,
        lambda row: Ending(ActionKind(row[1]), ActionState(row[2]), 1, row[3], row[4]),
    )
    found = [
        _line(row, dict(answers.get(row[0], ())), reports.get(row[0], ()), _together(badly.get(row[0], ())))
        for row in rows
    ]
    return _with_questions(session, found)


def _line(
    row: Row[*_Line],
    answers: Mapping[Participation, int],
    agenda: tuple[AgendaEntry, ...],
    ended_badly: tuple[Ending, ...],
) -> Line:
    return Line(
        id=row[0],
        reference=row[1],
        kind=row[2],
        title_en=row[3],
        title_vi=row[4],
        host=row[5],
        zone=row[6],
        status=MeetingStatus(row[7]),
        tentative=row[8],
        starts_at=row[9],
        ends_at=row[10],
        timeline=row[11],
        own_timeline=row[12],
        published_at=row[13],
        join_url=row[14],
        poll_closes_at=row[15],
        following=ActionKind(row[16]) if row[16] else None,
        following_at=row[17],
        open_proposals=row[18],
        waiting=row[19],
        where=Where(row[20], Venue.from_json(row[21]), row[22]),
        short=row[23],
        short_vi=row[24],
        answers=answers,
        agenda=agenda,
        ended_badly=ended_badly,
    )


def _together(endings: Iterable[Ending]) -> tuple[Ending, ...]:
    """Put together what ended badly, oldest first: what was for one address, the rest by kind and state."""
    found: dict[object, Ending] = {}
    for item in endings:
        key = item.address or (item.kind, item.state)
        known = found.pop(key, item)
        # A failure weighs more than what came too late.
        graver = known if known.state is ActionState.FAILED and item.state is not known.state else item
        found[key] = replace(graver, count=known.count + (known is not item))
    return tuple(sorted(found.values(), key=lambda item: (item.address or "", item.kind, item.state)))


def _with_questions(session: Session, found: Sequence[Line]) -> list[Line]:
    """Put to the lines which addresses bounce, and who has delegated to a person who is not invited."""
    ids = [item.id for item in found]
    bouncing = by_meeting(session, _BOUNCING, ids, lambda row: row[1])
    delegated = by_meeting(session, _DELEGATED, ids, lambda row: (row[1], row[2] or ""))
    asked = bouncing.keys() | delegated.keys()
    # Hundreds of addresses are read only of the few meetings where they matter.
    invited = by_meeting(session, _ADDRESSES, sorted(asked), lambda row: row[1])
    return [
        replace(
            item,
            bouncing=_among(bouncing.get(item.id, ()), invited.get(item.id, ())),
            delegated=_not_among(delegated.get(item.id, ()), invited.get(item.id, ())),
        )
        if item.id in asked
        else item
        for item in found
    ]


def _among(addresses: Collection[str], invited: Collection[str]) -> tuple[str, ...]:
    return tuple(address for address in addresses if compared(address) in invited)


def _not_among(
    delegated: Collection[tuple[str, str]], invited: Collection[str]
) -> tuple[tuple[str, str], ...]:
    return tuple((name, address) for name, address in delegated if compared(address) not in invited)


def without_minutes(session: Session) -> frozenset[str]:
    """Return the references of concluded meetings that have no minutes yet."""
    attached = select(MinutesRow.id).where(MinutesRow.meeting_id == MeetingRow.id).exists()
    wanted = select(MeetingRow.reference).where(MeetingRow.status == MeetingStatus.CONCLUDED, ~attached)
    return frozenset(session.scalars(wanted))
