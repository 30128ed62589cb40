"""What the services tell the command line, the API and the console."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.domain.zones import LocalTime


@dataclass(frozen=True, slots=True)
class AttendeeView:
    """An attendee with the answer so far."""

    id: int
    name: str
    email: str
    delegation: str
    delegation_name: str
    group: str
    role: str
    seat: str | None
    participation: str
    comment: str | None
    delegated_to: str | None
    answered_at: datetime | None
    answered_via: str | None


@dataclass(frozen=True, slots=True)
class ResponseView:
    """Something that came back from an attendee.

    ``kind`` is answer, proposal, bounce, composition or letter; ``state`` is that of a proposal;
    ``proposed`` is the proposed start, in the host's time.
    """

    id: int
    kind: str
    name: str | None
    delegation: str | None
    participation: str | None
    delegate: str | None
    proposed: LocalTime | None
    state: str | None
    comment: str | None
    reply: str | None
    channel: str
    by: str
    at: datetime
    incoming_id: int | None


@dataclass(frozen=True, slots=True)
class IncomingView:
    """A mail that came in. ``outcome`` says what became of it, ``reason`` why."""

    id: int
    received_at: datetime
    sort: str
    method: str
    sender: str | None
    subject: str
    participation: str | None
    text: str
    meeting: str | None
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class MailboxView:
    """How reading the mailbox goes. ``trouble`` says in words why it could not be read last time."""

    next_at: datetime
    trouble: str | None
    quarantined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingSummary:
    """One line in the list of meetings. ``attention`` says in words what needs somebody."""

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
    attention: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgendaView:
    """One item of an agenda; ``points`` are the outcomes of another meeting that it reports."""

    number: int
    en: str
    vi: str | None
    lead: str | None
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """One outcome of a meeting; ``is_open`` says that it is not agreed yet."""

    number: int
    text: str
    is_open: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OutcomeList:
    """The outcomes of a meeting after a change, and what somebody should know about it, in words."""

    reference: str
    outcomes: tuple[OutcomeView, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkedView:
    """A meeting that prepares this one, or that this one prepares, and is still to take place.

    ``relation`` says in words what it is to this one.
    """

    reference: str
    relation: str
    status: str
    host_time: LocalTime


@dataclass(frozen=True, slots=True)
class HistoryView:
    """One line of a meeting's history."""

    at: datetime
    actor: str
    what: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class MinutesView:
    """One version of a meeting's minutes."""

    version: int
    filename: str
    media_type: str
    size: int
    digest: str
    attached_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingView(MeetingSummary):
    """A whole meeting. ``version`` has to be given back with an update."""

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
    outcomes: tuple[OutcomeView, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionView:
    """An action as people read it.

    ``due`` and ``planned`` are local times of whoever receives it (the host's for what nobody
    receives); ``due_at`` is the same instant as UTC; ``why`` is the step of the timeline in words.
    ``note`` says why it is not due when the timeline wants it, where it is not. ``meeting`` is empty for
    what belongs to no meeting, such as reading the mailbox.
    """

    id: int
    key: str
    meeting: str
    kind: str
    what: str
    why: str
    state: str
    recipient_name: str | None
    recipient_email: str | None
    delegation: str | None
    due_at: datetime
    due: LocalTime
    planned: LocalTime | None
    expires_at: datetime
    revision: int
    attempt: int
    reason: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that a use case makes happen, change or not happen.

    ``effect`` is ``new``, ``moved``, ``cancelled`` or ``skipped``; ``when`` is ``None`` for at once.
    ``reason`` says why it is cancelled or skipped, or why it is not due when the timeline wants it.
    ``meeting`` is the reference of a linked meeting, where it is not the one that was changed.
    ``why`` is the step of the timeline in words.
    """

    effect: str
    kind: str
    what: str
    recipient_name: str | None
    recipient_email: str | None
    delegation: str | None
    when: LocalTime | None
    reason: str | None
    meeting: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a use case did, or would do when only previewed.

    ``warnings`` say in words what somebody should know about it, such as a meeting that stays where it is.
    ``tentative`` says that the meeting is then a save-the-date. ``later`` is what a look at a save-the-date
    shows beside: what follows when its timeline confirms it, if nothing changes until then.
    """

    reference: str
    version: int
    previewed: bool
    consequences: tuple[Consequence, ...]
    warnings: tuple[str, ...] = field(default=(), kw_only=True)
    tentative: bool = field(default=False, kw_only=True)
    later: tuple[Consequence, ...] = field(default=(), kw_only=True)

    def count(self, kind: str, *effects: str) -> int:
        """Return how many consequences are of that kind, with one of those effects."""
        wanted = effects or ("new", "moved")
        return sum(item.kind == kind and item.effect in wanted for item in self.consequences)

    @property
    def waits(self) -> bool:
        """Whether no invitation goes out at once, because each has a day of its own."""
        invitations = [item for item in self.consequences if item.kind == "invite" and item.effect == "new"]
        return bool(invitations) and all(item.when is not None for item in invitations)


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
    local_time: str
    answer: str | None
    tries: int
    repeated: bool
    why: str


@dataclass(frozen=True, slots=True)
class Created:
    """A new draft. ``warnings`` say in words what somebody should know about it."""

    id: int
    reference: str
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
