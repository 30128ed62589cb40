"""What the services tell the command line, the API and the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from orchestrator.domain.meetings.fields import AgendaFields, AttendeeFields
from orchestrator.domain.meetings.place import Mode, Venue, Where
from orchestrator.domain.time.zones import LocalTime
from orchestrator.facts import Fact, Said
from orchestrator.store.rows.minutes import MinutesRow


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendeeView(AttendeeFields):
    """An attendee with the answer so far."""

    id: int
    delegation_name: str
    participation: str
    comment: str | None
    delegated_to: str | None
    answered_at: datetime | None
    answered_via: str | None


def email_of(attendees: Sequence[AttendeeView], who: str) -> str:
    """Return the address of who is called by an id or an address; an address that nobody has as it is."""
    return next((item.email for item in attendees if str(item.id) == who.strip()), who)


@dataclass(frozen=True, slots=True)
class ResponseView:
    """Something that came back from an attendee.

    ``kind`` is answer, proposal, bounce, composition or letter; ``state`` is that of a proposal;
    ``behind`` is the address behind the invited one that a mail did not reach.
    ``proposed`` is the proposed start, in the host's time, and ``past`` says that it is past.
    """

    id: int
    kind: str
    name: str | None
    delegation: str | None
    participation: str | None
    delegate: str | None
    behind: str | None
    proposed: LocalTime | None
    past: bool
    state: str | None
    comment: Said | None
    reply: str | None
    channel: str
    by: Said
    at: datetime
    incoming_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingSummary:
    """One line in the list of meetings. ``attention`` is what needs the coordinator."""

    id: int
    reference: str
    kind: str
    title_en: str
    title_vi: str | None
    status: str
    tentative: bool
    starts_at: datetime
    ends_at: datetime
    host_time: LocalTime
    host_end: LocalTime
    invited: int
    answers: dict[str, int]
    next_action: str | None
    next_due_at: datetime | None
    next_due: LocalTime | None
    attention: tuple[Fact, ...]
    mode: Mode = Mode.ONLINE
    venue: Venue | None = None
    room: str | None = None
    short: str | None = None
    short_vi: str | None = None

    @property
    def where(self) -> Where:
        """How and where it takes place."""
        return Where(self.mode, self.venue, self.room)


@dataclass(frozen=True, slots=True)
class MeetingPage:
    """A part of the list of meetings. ``following`` is where the next one begins, if there is one."""

    meetings: tuple[MeetingSummary, ...]
    following: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaView(AgendaFields):
    """One item of an agenda; ``points`` are the decisions of another meeting that it reports."""

    number: int
    points: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision of a meeting; ``is_open`` says that it is not agreed yet."""

    number: int
    text: str
    is_open: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DecisionList:
    """The decisions of a meeting after a change, and what the caller should know about it."""

    reference: str
    decisions: tuple[DecisionView, ...]
    warnings: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkedView:
    """A meeting that prepares this one, or that this one prepares, and is still to take place.

    ``relation`` says what it is to this one.
    """

    reference: str
    relation: Fact
    status: str
    host_time: LocalTime


@dataclass(frozen=True, slots=True)
class HistoryView:
    """One line of a meeting's history."""

    at: datetime
    actor: str
    what: Fact
    detail: Fact | None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class MinutesView:
    """One version of a meeting's minutes."""

    version: int
    filename: str
    media_type: str
    size: int
    digest: str
    attached_at: datetime
    adopted_on: date | None = None
    adopted_by: str | None = None

    @classmethod
    def of(cls, row: MinutesRow) -> MinutesView:
        """Return a version as it is stored; without a day of adoption it is a draft."""
        file = row.document
        return cls(
            row.version,
            file.filename,
            file.media_type,
            file.size,
            file.digest,
            row.attached_at,
            row.adopted_on,
            row.adopted_by,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingView(MeetingSummary):
    """A whole meeting. ``version`` has to be given back with an update, ``event`` is what it belongs to."""

    event: str
    programme: str | None
    host: str
    host_name: str
    coordinator_name: str
    coordinator_email: str
    start: str
    zone: str
    duration: str
    timeline: str
    version: int
    uid: str | None
    sequence: int
    revision: int
    join_url: str | None
    link_by_hand: bool
    feeds: str | None
    fed_by: tuple[str, ...]
    agenda: tuple[AgendaView, ...]
    attendees: tuple[AttendeeView, ...]
    responses: tuple[ResponseView, ...]
    minutes: tuple[MinutesView, ...]
    history: tuple[HistoryView, ...]
    decisions: tuple[DecisionView, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One delivery as people read it."""

    id: int
    action_id: int
    recipient: str
    recipient_name: str | None
    delegation: str | None
    channel: str
    purpose: str
    state: str
    subject: str
    message_id: str
    sequence: int
    revision: int
    started_at: datetime
    ended_at: datetime | None
    local_time: Fact
    answer: Fact | None
    report: Fact | None
    tries: int
    repeated: bool
    why: Fact


@dataclass(frozen=True, slots=True)
class Created:
    """A new draft. ``warnings`` say what the caller should know about it."""

    id: int
    reference: str
    left_out: tuple[str, ...] = ()
    warnings: tuple[Said, ...] = ()
