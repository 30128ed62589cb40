"""A meeting, its attendees and what came back from them, as frozen values.

How publishing, changing and ending change a meeting stands in ``lifecycle``; what such a change must
tell whom stands in ``revision``. This file is longer than others, because all of it is one value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.alerts import Alert
from orchestrator.domain.meetings.by_hand import Note, OneOffLetter
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.fields import AgendaFields, AttendeeFields, Seat
from orchestrator.domain.meetings.known_days_off import DaysOff
from orchestrator.domain.meetings.place import Mode, Venue, Where
from orchestrator.domain.meetings.points import Point
from orchestrator.domain.meetings.reasons import Reasons
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.time.zones import instant_of, zone
from orchestrator.facts import Fact


class MeetingStatus(StrEnum):
    """Where a meeting stands in its life."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    CONCLUDED = "concluded"

    @property
    def fact(self) -> Fact:
        """The status, to be said."""
        return Fact.of(_STATUSES[self])


_STATUSES = {
    MeetingStatus.DRAFT: "meetings.status.draft",
    MeetingStatus.PUBLISHED: "meetings.status.published",
    MeetingStatus.CANCELLED: "meetings.status.cancelled",
    MeetingStatus.CONCLUDED: "meetings.status.concluded",
}


class Participation(StrEnum):
    """An attendee's answer: PARTSTAT of RFC 5545 section 3.2.12."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"
    DELEGATED = "DELEGATED"

    @property
    def words(self) -> str:
        """The answer as it is said in English, which programs read too."""
        return "no answer" if self is Participation.NEEDS_ACTION else self.value.lower()

    @property
    def fact(self) -> Fact:
        """The answer, to be said in any language."""
        return Fact.of(_ANSWERS[self])


_ANSWERS = {
    Participation.NEEDS_ACTION: "meetings.no-answer",
    Participation.ACCEPTED: "meetings.accepted",
    Participation.TENTATIVE: "meetings.tentative",
    Participation.DECLINED: "meetings.declined",
    Participation.DELEGATED: "meetings.delegated",
}


class Need(StrEnum):
    """What a meeting wants of a delegation, in the order in which it is wanted."""

    ANSWER = "answer"
    LIST = "delegation list"
    PAPER = "paper"
    TEST = "connectivity test"


class ContributionState(StrEnum):
    """How what a delegation owes stands: it is in, it need not come, or it was tried and failed."""

    IN = "in"
    WAIVED = "waived"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a delegation has done of what it owes; ``by`` says who recorded it, ``note`` what was said."""

    delegation: str
    need: Need
    state: ContributionState
    by: str
    at: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """When a delegation tries its connection before a meeting.

    ``note`` says why it lies outside the office hours of one side, where it does. ``moves`` counts how
    often it was moved after the delegation had been told of it, and so has to be told again.
    """

    delegation: str
    starts_at: datetime
    ends_at: datetime
    note: Fact | None = None
    moves: int = 0


@dataclass(frozen=True, slots=True)
class Attendee(AttendeeFields):
    """A person in one meeting: what the coordinator says of them, and what has happened since.

    ``id`` is 0 until stored. ``joined_sequence`` and ``joined_at`` are the SEQUENCE and the moment of
    being added to a published meeting; ``removed_sequence`` and ``removed_at`` those of the CANCEL due to
    a person who was removed. ``notified`` says that an invitation has left, or may have, and
    ``withdrawn`` that a CANCEL has left since. ``answer_stamp`` is the DTSTAMP of the answer that counts,
    ``resends`` counts how often the invitation was asked for again, ``nudges`` how often a coordinator has
    asked for what is missing. ``link_version`` rises when the personal link is revoked.
    """

    id: int = 0
    participation: Participation = Participation.NEEDS_ACTION
    answer_stamp: datetime | None = None
    comment: str | None = None
    delegated_to: str | None = None
    joined_sequence: int = 0
    joined_at: datetime | None = None
    removed_sequence: int | None = None
    removed_at: datetime | None = None
    notified: bool = False
    withdrawn: bool = False
    resends: int = 0
    link_version: int = 1
    nudges: int = 0

    @property
    def address(self) -> str:
        """The address as it is compared."""
        return compared(self.email)

    @property
    def invited(self) -> bool:
        """Whether the person is (still) in the meeting."""
        return self.removed_sequence is None

    @property
    def answered(self) -> bool:
        """Whether the person has said anything yet."""
        return self.participation is not Participation.NEEDS_ACTION

    @property
    def declined(self) -> bool:
        """Whether the person said no."""
        return self.participation is Participation.DECLINED

    @property
    def holds_invitation(self) -> bool:
        """Whether the meeting stands in the person's calendar, as far as is known."""
        return self.notified and not self.withdrawn


@dataclass(frozen=True, slots=True)
class AgendaEntry(AgendaFields):
    """One numbered item of the agenda; ``points`` are the decisions of another meeting that it reports."""

    number: int = 0
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """What came back from attendees and has not been told to the coordinator yet.

    ``latest`` is the id of the newest response. ``digest_at`` is the hour of the last digest, gone out or
    not, ``told_until`` that of the last one that went out. ``first_at`` is when the oldest response came that
    no digest has told.
    """

    latest: int = 0
    digest_at: datetime | None = None
    told_until: datetime | None = None
    first_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A proposed new time that the coordinator has refused."""

    response_id: int
    attendee_id: int


@dataclass(frozen=True, slots=True)
class AnswerByOther:
    """The answer of an attendee that counts, where somebody else gave it for them."""

    response_id: int
    attendee_id: int


@dataclass(frozen=True, slots=True)
class OpenDatePoll:
    """A date poll that is open: which one, until when, for which starts, and which delegations have voted.

    ``asked`` numbers the latest asking of the meeting, over all its polls, ``asked_at`` is when that was.
    """

    id: int
    asked_at: datetime
    closes_at: datetime
    options: tuple[datetime, ...] = ()
    voted: frozenset[str] = frozenset()
    asked: int = 1


@dataclass(frozen=True)
class Meeting:
    """A meeting as stored.

    ``event_id`` is the event of which it is a session, 0 until stored.

    ``version`` counts every change (optimistic locking). ``sequence`` is the highest iCalendar SEQUENCE
    given out, ``revised_sequence`` that of the current revision (a removal uses up a number that nobody
    else sees), ``reset_sequence`` that of the revision that last set the time. ``revision`` counts the
    contents that attendees must be told, ``time_revision`` is the revision that last set the time,
    ``revised_at`` is the DTSTAMP of the current revision. ``tentative`` marks a save-the-date;
    ``organizer`` is the ORGANIZER address that attendees were told, ``None`` before publishing.
    ``own_timeline`` is the meeting's own copy of a timeline, as it was written, where it has one.
    ``date_poll`` is there while the delegations are asked for a date. ``reasons`` are those that were given
    for changes of a published meeting, oldest first; ``notes`` and ``letters`` are what its coordinator tells
    people. ``alerts`` are those that no mail has told yet. ``days_off`` are those on which it takes place, as
    far as they have been looked at. ``short`` and ``short_vi`` are the short titles that were given.

    It has no slots, so that what planning asks of its attendees again and again is worked out once.
    """

    id: int
    reference: str
    programme: str | None
    kind: str
    title_en: str
    title_vi: str | None
    host: str
    coordinator_name: str
    coordinator_email: str
    wall_start: datetime
    zone: str
    duration: timedelta
    timeline: str
    conference: Conference
    status: MeetingStatus = MeetingStatus.DRAFT
    tentative: bool = False
    version: int = 1
    uid: str | None = None
    organizer: str | None = None
    sequence: int = 0
    revised_sequence: int = 0
    reset_sequence: int = 0
    revision: int = 0
    time_revision: int = 0
    revised_at: datetime | None = None
    published_at: datetime | None = None
    minutes_version: int = 0
    minutes_at: datetime | None = None
    agenda: tuple[AgendaEntry, ...] = ()
    attendees: tuple[Attendee, ...] = field(default=(), repr=False)
    news: News = News()
    alerts: tuple[Alert, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    answers_by_others: tuple[AnswerByOther, ...] = ()
    own_timeline: str | None = field(default=None, repr=False)
    contributions: tuple[Contribution, ...] = ()
    connection_tests: tuple[ConnectionTest, ...] = ()
    date_poll: OpenDatePoll | None = None
    reasons: Reasons = ()
    notes: tuple[Note, ...] = ()
    letters: tuple[OneOffLetter, ...] = ()
    days_off: DaysOff | None = None
    mode: Mode = Mode.ONLINE
    venue: Venue | None = None
    room: str | None = None
    short: str | None = None
    short_vi: str | None = None
    event_id: int = 0

    @cached_property
    def starts_at(self) -> datetime:
        """The instant of the start, UTC, derived from wall time and zone."""
        return instant_of(self.wall_start, zone(self.zone))

    @property
    def ends_at(self) -> datetime:
        """The instant of the end, UTC."""
        return self.starts_at + self.duration

    @property
    def where(self) -> Where:
        """How and where it takes place."""
        return Where(self.mode, self.venue, self.room)

    @property
    def join_url(self) -> str | None:
        """The link that people join by; of a meeting in person there is none, whatever is known of one."""
        return self.conference.join_url if self.mode.has_link else None

    @cached_property
    def invited(self) -> tuple[Attendee, ...]:
        """The attendees who are (still) in the meeting."""
        return tuple(item for item in self.attendees if item.invited)

    def attendee(self, attendee_id: int) -> Attendee:
        """Return the attendee with that id; raises ``KeyError``."""
        for item in self.attendees:
            if item.id == attendee_id:
                return item
        raise KeyError(attendee_id)

    def called(self, who: str) -> tuple[Attendee, ...]:
        """Return the rows of one person, oldest first: of the id of one of them, or of an address.

        An address has an at sign, so an id is never taken for one, nor an address for an id.
        """
        given = who.strip()
        if given.isascii() and given.isdigit():
            address = next((item.address for item in self.attendees if str(item.id) == given), None)
        else:
            address = compared(given)
        return tuple(item for item in self.attendees if item.address == address)

    @cached_property
    def _by_delegation(self) -> Mapping[str, tuple[Attendee, ...]]:
        found: dict[str, list[Attendee]] = {}
        for item in self.invited:
            found.setdefault(item.delegation, []).append(item)
        return {code: tuple(people) for code, people in found.items()}

    @property
    def delegations(self) -> tuple[str, ...]:
        """The codes of the delegations that are invited, in the order of their attendees."""
        return tuple(self._by_delegation)

    def people_of(self, delegation: str) -> tuple[Attendee, ...]:
        """Return the attendees of a delegation who are (still) in the meeting."""
        return self._by_delegation.get(delegation, ())

    def contribution(self, delegation: str, need: Need) -> Contribution | None:
        """Return what a delegation has done of a need."""
        found = (item for item in self.contributions if item.delegation == delegation)
        return next((item for item in found if item.need is need), None)

    def head_of(self, delegation: str) -> Attendee | None:
        """Return who leads a delegation: the person named so, else its most senior official."""
        own = self.people_of(delegation)
        named = [item for item in own if item.seat is Seat.HEAD]
        senior = [item for role in _LEADING for item in own if item.role is role]
        return next(iter([*named, *senior]), None)


_LEADING = (Role.HEAD_OF_CIVIL_SERVICE, Role.SENIOR_OFFICIAL)
