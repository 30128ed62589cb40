"""Puts the personal page together: when, how to join, what was answered, what changed, who comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.answers.responses import ResponseKind
from orchestrator.domain.letters.invitation import lead_words
from orchestrator.domain.meetings.changes import Difference, Snapshot, differences
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.fields import AgendaFields, values
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.meetings.place import Where
from orchestrator.domain.people.caller import Channel
from orchestrator.domain.time.durations import duration_fact
from orchestrator.domain.time.zones import LocalTime, Place, local_time
from orchestrator.facts import Fact, Said
from orchestrator.services.meetings.views import AgendaView, MinutesView
from orchestrator.services.people.contacts import Contact
from orchestrator.services.people.links import Links
from orchestrator.services.personal.followed_link import FollowedLink, why_closed
from orchestrator.services.personal.waiting import NamedPersonView, waiting_views
from orchestrator.services.readiness.views import said_by
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.answers import responses
from orchestrator.store.meetings import attendees
from orchestrator.store.meetings.revisions import snapshot
from orchestrator.store.minutes import minutes as minutes_store
from orchestrator.store.personal import revisions
from orchestrator.store.rows.answers import ResponseRow

_CHANNELS = {Channel.MAIL.value: "personal.by-mail", Channel.PERSONAL_PAGE.value: "personal.on-the-page"}
COORDINATOR = Fact.of("personal.the-coordinator")
"""Who gave an answer that was entered for an attendee."""


@dataclass(frozen=True, slots=True)
class MemberView:
    """A person of the reader's delegation. ``stays`` says that they cannot be removed from here."""

    id: int
    name: str
    email: str
    role: str
    seat: str
    answer: str
    comment: str | None
    myself: bool
    stays: bool
    form: str
    position: str


@dataclass(frozen=True, slots=True)
class AuditView:
    """Who answered what, when and how; ``by`` names who did so for them.

    ``what`` is a plain answer as text, which has a mark, and anything else as a fact.
    """

    at: LocalTime
    who: str
    what: Said
    by: Said | None
    channel: Fact
    comment: Said | None

    @property
    def by_coordinator(self) -> bool:
        """Whether a coordinator entered it, whose name stays theirs."""
        return self.by == COORDINATOR


@dataclass(frozen=True, slots=True)
class TimesView:
    """When a meeting is for its reader.

    In person it is the time at the venue, and ``beside`` the reader's own; else it is the reader's own, and
    ``beside`` the host's. ``beside`` is ``None`` where the clocks are the same.
    """

    starts: LocalTime
    ends: LocalTime
    beside: LocalTime | None
    duration: Fact
    started: bool
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalView:
    """All that a personal page shows; all times are the reader's own but the host's.

    ``revision`` is what an answer given here is to. ``refusal`` says why nothing can be answered any more,
    and is ``None`` as long as it can. ``asked_again`` says that an answer was given to another time.
    ``members`` is empty for readers who may not answer for the delegation; ``mark`` stands for the members
    as they are now. ``waiting`` are people whom the delegation has named and whom the coordinator has not
    invited yet.
    """

    name: str
    email: str
    delegation: str
    delegation_name: str
    title: str
    title_vi: str | None
    reference: str
    status: str
    revision: int
    times: TimesView
    join_url: str | None
    where: Where
    agenda: tuple[AgendaView, ...]
    contact: Contact
    answer: str
    answered_at: LocalTime | None
    answered_via: Fact | None
    answered_by: Said | None
    asked_again: bool
    comment: str | None
    refusal: Fact | None
    answers_for_delegation: bool
    members: tuple[MemberView, ...]
    waiting: tuple[NamedPersonView, ...]
    mark: str
    history: tuple[AuditView, ...]
    documents: tuple[MinutesView, ...]
    feed_url: str
    changed_since: LocalTime | None
    changes: tuple[Difference, ...]

    @property
    def webcal_url(self) -> str:
        """The feed's address as calendars subscribe to it."""
        return "webcal" + self.feed_url[self.feed_url.index(":") :]

    @property
    def others(self) -> tuple[MemberView, ...]:
        """The members beside the reader."""
        return tuple(item for item in self.members if not item.myself)


class PageView:
    """Puts the page behind a followed link together."""

    def __init__(self, planner: Planner, links: Links) -> None:
        self._planner = planner
        self._links = links

    def of(self, session: Session, link: FollowedLink, now: datetime) -> PersonalView:
        """Return all that the page shows."""
        meeting, attendee = link.meeting, link.attendee
        own = self._planner.directory.get(attendee.delegation)
        answered_at, via = attendees.answers(session, meeting.id)[attendee.id]
        since, changes = _changes(session, link, answered_at, meeting.where.clock or own.place)
        history = _history(session, link)
        latest = next((row for row in history if _is_answer_of(row, attendee)), None)
        return PersonalView(
            revision=meeting.revision,
            times=self._times(meeting, own.place, now),
            name=attendee.name,
            email=attendee.email,
            delegation=own.code,
            delegation_name=own.name,
            title=meeting.title_en,
            title_vi=meeting.title_vi if own.locale.startswith("vi") else None,
            reference=meeting.reference,
            status=_status(meeting),
            join_url=join_url_of(meeting, now),
            where=meeting.where,
            agenda=tuple(self._agenda(meeting)),
            contact=Contact(meeting.coordinator_name, meeting.coordinator_email),
            answer=attendee.participation.words,
            answered_at=local_time(answered_at, own.place) if answered_at else None,
            answered_via=_channel(via) if via else None,
            answered_by=_by(latest, attendee) if latest else None,
            asked_again=not attendee.answered and answered_at is not None,
            comment=attendee.comment,
            refusal=why_closed(meeting, now),
            answers_for_delegation=link.speaks,
            members=tuple(_member(link, item) for item in link.delegation) if link.speaks else (),
            waiting=waiting_views(session, meeting, own.code) if link.speaks else (),
            mark=link.mark,
            history=tuple(_audit(row, link, own.place) for row in history),
            documents=tuple(MinutesView.of(row) for row in minutes_store.of_meeting(session, meeting.id)),
            feed_url=self._feed_url(session, link),
            changed_since=local_time(since, own.place) if since else None,
            changes=tuple(changes),
        )

    def _times(self, meeting: Meeting, own: Place, now: datetime) -> TimesView:
        first = meeting.where.clock or own
        host = host_place(meeting, self._planner.directory, meeting.starts_at)
        return TimesView(
            starts=local_time(meeting.starts_at, first),
            ends=local_time(meeting.ends_at, first),
            beside=_beside(meeting, own, host),
            duration=duration_fact(meeting.duration),
            started=meeting.starts_at <= now,
            over=meeting.ends_at <= now or meeting.status is MeetingStatus.CONCLUDED,
        )

    def _agenda(self, meeting: Meeting) -> Iterator[AgendaView]:
        directory = self._planner.directory
        for item in meeting.agenda:
            lead = lead_words(item.lead, directory) if item.lead else None
            shown = values(AgendaFields, item) | {"lead": lead}
            yield AgendaView(**shown, number=item.number, points=tuple(point.said for point in item.points))

    def _feed_url(self, session: Session, link: FollowedLink) -> str:
        person = responses.person(session, link.person_id)
        return self._links.feed(person.id, person.feed_version)


def _beside(meeting: Meeting, own: Place, host: Place) -> LocalTime | None:
    there, here = local_time(meeting.starts_at, host), local_time(meeting.starts_at, own)
    if meeting.where.clock is None:
        return None if own == host else there
    return None if here.offset == there.offset else here


def _status(meeting: Meeting) -> str:
    if meeting.status is MeetingStatus.PUBLISHED and meeting.tentative:
        return "save-the-date"
    return meeting.status.value


def join_url_of(meeting: Meeting, now: datetime) -> str | None:
    """Return the join link as long as there is something to join."""
    open_now = meeting.status is MeetingStatus.PUBLISHED and now < meeting.ends_at
    return meeting.join_url if open_now else None


def _member(link: FollowedLink, item: Attendee) -> MemberView:
    return MemberView(
        id=item.id,
        name=item.name,
        email=item.email,
        role=item.role.value,
        seat=link.seat_of(item).value,
        answer=item.participation.words,
        comment=item.comment,
        myself=item.id == link.attendee.id,
        stays=link.stays(item),
        form=item.form or "",
        position=item.position or "",
    )


_SHOWN_KINDS = (ResponseKind.ANSWER, ResponseKind.PROPOSAL, ResponseKind.COMPOSITION)


def _history(session: Session, link: FollowedLink) -> list[ResponseRow]:
    """What came back from the reader or, where they answer for it, from the delegation; newest first."""
    own = link.attendee
    ids = {
        item.id
        for item in link.meeting.attendees
        if item.address == own.address or (link.speaks and item.delegation == own.delegation)
    }
    return [
        row
        for row in responses.of_meeting(session, link.meeting.id)
        if row.attendee_id in ids and row.kind in _SHOWN_KINDS
    ]


def _is_answer_of(row: ResponseRow, attendee: Attendee) -> bool:
    return row.kind == ResponseKind.ANSWER and row.attendee_id == attendee.id


def _audit(row: ResponseRow, link: FollowedLink, place: Place) -> AuditView:
    attendee = next(item for item in link.meeting.attendees if item.id == row.attendee_id)
    return AuditView(
        at=local_time(row.at, place),
        who=attendee.name,
        what=_what(row, place),
        by=_by(row, attendee),
        channel=_channel(row.channel),
        comment=row.said,
    )


def _what(row: ResponseRow, place: Place) -> Said:
    if row.kind == ResponseKind.COMPOSITION:
        return Fact.of("personal.named-who-comes")
    if row.kind == ResponseKind.PROPOSAL:
        if row.starts_at is None:
            return Fact.of("personal.proposed-another-time")
        return Fact.of("personal.proposed", when=local_time(row.starts_at, place))
    words = Participation(row.participation or Participation.NEEDS_ACTION).words
    return Fact.of("personal.delegated", answer=words, to=row.delegate) if row.delegate else words


def _by(row: ResponseRow, attendee: Attendee) -> Said | None:
    """Who gave it, unless that was the attendee; coordinators' own channels name no person."""
    if row.channel not in _CHANNELS:
        return COORDINATOR
    return None if attendee.address in row.by.casefold() else said_by(row.giver)


def _channel(name: str) -> Fact:
    return Fact.of(_CHANNELS.get(name, "personal.by-coordinator"))


def _changes(
    session: Session, link: FollowedLink, answered_at: datetime | None, place: Place
) -> tuple[datetime | None, list[Difference]]:
    """Return what is different from what the reader answered to, or from the revision before this one."""
    meeting = link.meeting
    since = answered_at or link.attendee.joined_at
    known = revisions.revision_at(session, meeting.id, since) if since else meeting.revision - 1
    old = snapshot(session, meeting.id, known) if known else None
    found = differences(old, Snapshot.of(meeting), place) if old else []
    return (answered_at if found else None), found
