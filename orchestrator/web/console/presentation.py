"""Arranges what the services tell into what a page shows: groups, spans of time, marks.

Nothing here decides anything; it only puts together what belongs together on paper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.readiness.readiness import Aspect
from orchestrator.domain.time.zones import LocalTime, Place, local_time
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.services.meetings.views import (
    AttendeeView,
    DeliveryView,
    MeetingSummary,
    MeetingView,
    ResponseView,
)
from orchestrator.services.readiness.readiness import Board, DelegationReadiness
from orchestrator.services.timelines.views import ActionView, Consequence


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as word, shape (a symbol of the layout's sprite) and tone (a colour of the style sheet)."""

    word: str
    symbol: str
    tone: str


MARKS = {
    "accepted": Mark("accepted", "full", "good"),
    "tentative": Mark("tentative", "half", "attention"),
    "delegated": Mark("delegated", "handed", "accent"),
    "declined": Mark("declined", "crossed", "bad"),
    "no answer": Mark("no answer", "dashed", "quiet"),
    "yes": Mark("yes", "full", "good"),
    "if needed": Mark("if needed", "half", "attention"),
    "no": Mark("no", "crossed", "bad"),
    "in": Mark("in", "done", "good"),
    "delivered": Mark("delivered", "done", "good"),
    "joined": Mark("joined", "done", "good"),
    "waived": Mark("waived", "dash", "quiet"),
    "missing": Mark("missing", "dashed", "attention"),
    "not asked for": Mark("not asked for", "dash", "quiet"),
    "not yet": Mark("not yet", "dots", "quiet"),
    "blocked": Mark("blocked", "dots", "quiet"),
    "scheduled": Mark("scheduled", "next", "accent"),
    "claimed": Mark("claimed", "next", "accent"),
    "running": Mark("running", "next", "accent"),
    "succeeded": Mark("succeeded", "done", "good"),
    "missed": Mark("missed", "missed", "attention"),
    "cancelled": Mark("cancelled", "dash", "quiet"),
    "failed": Mark("failed", "failed", "bad"),
    "bounced": Mark("bounced", "failed", "bad"),
    "sent": Mark("sent", "done", "good"),
    "sending": Mark("unknown", "unknown", "attention"),
    "deferred": Mark("deferred", "next", "attention"),
    "draft": Mark("draft", "dots", "quiet"),
    "save-the-date": Mark("save-the-date", "half", "accent"),
    "published": Mark("published", "next", "accent"),
    "concluded": Mark("concluded", "done", "good"),
    "new": Mark("planned", "next", "accent"),
    "moved": Mark("moved", "next", "accent"),
    "skipped": Mark("left out", "missed", "attention"),
    "open": Mark("waits for you", "missed", "attention"),
    "undecided": Mark("open", "missed", "attention"),
    "agreed": Mark("agreed", "done", "good"),
    "refused": Mark("refused", "crossed", "quiet"),
    "settled": Mark("settled by a new time", "done", "quiet"),
    "applied": Mark("recorded", "done", "good"),
    "ignored": Mark("ignored", "dash", "quiet"),
    "quarantined": Mark("needs you", "missed", "attention"),
    "assigned": Mark("assigned by hand", "done", "good"),
    "discarded": Mark("discarded", "dash", "quiet"),
}
ANSWERS = ("accepted", "tentative", "delegated", "declined", "no answer")
CHANNELS = {
    "mail": "by e-mail",
    "web": "on the personal page",
    "console": "entered in the console",
    "command line": "entered on the command line",
    "api": "entered through the API",
}
PENDING = frozenset({ActionState.BLOCKED, ActionState.SCHEDULED, ActionState.CLAIMED, ActionState.RUNNING})
_OVER = frozenset({ActionState.SUCCEEDED, ActionState.CANCELLED})
_UTC = Place("UTC", "UTC")


def iso(local: LocalTime) -> str:
    """Return a local time for the ``datetime`` attribute, such as ``2026-12-03T14:00+07:00``."""
    return f"{local.day}T{local.clock}{local.offset.removeprefix('UTC')}"


def instant(local: LocalTime) -> datetime:
    """Return the instant that a local time stands for, to the minute."""
    return datetime.fromisoformat(iso(local))


@dataclass(frozen=True, slots=True)
class Span:
    """When several things happen, as shortly as can be said without ambiguity.

    ``kind`` is ``now`` (at once), ``moment`` (``first`` is it, and reads so at each recipient's),
    ``host`` (one moment that reads differently at the recipients', so ``first`` is the host's time),
    ``clock`` (the same date and clock at each recipient's, not the same moment) or ``range``.
    """

    kind: str
    first: LocalTime | None = None
    last: LocalTime | None = None


def span_of(times: Iterable[LocalTime | None], host: Place) -> Span:
    """Return the span of local times; what cannot be told in all of them is told in the host's."""
    known = sorted((item for item in times if item is not None), key=instant)
    if not known:
        return Span("now")
    first, last = known[0], known[-1]
    if all((item.day, item.clock) == (first.day, first.clock) for item in known):
        if first.offset == last.offset:
            return Span("moment", replace(first, city=_cities(known)))
        return Span("clock", first, last)
    if instant(first) == instant(last):
        return Span("host", local_time(instant(first), host))
    return Span("range", local_time(instant(first), host), local_time(instant(last), host))


def _cities(times: Iterable[LocalTime]) -> str:
    """Return ``Phnom Penh``, ``Phnom Penh and Jakarta`` or ``Phnom Penh and 3 other cities``."""
    first, *others = dict.fromkeys(item.city for item in times)
    if len(others) > 1:
        return f"{first} and {len(others)} other cities"
    return " and ".join([first, *others])


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """How many gave an answer, and where their part of the bar begins."""

    answer: str
    count: int
    start: int


def answer_counts(answers: dict[str, int]) -> list[AnswerCount]:
    """Return the answers given so far, best first, leaving out what nobody said."""
    found = []
    start = 0
    for answer in ANSWERS:
        count = answers.get(answer, 0)
        if count:
            found.append(AnswerCount(answer, count, start))
            start += count
    return found


@dataclass(frozen=True, slots=True)
class DelegationAnswers:
    """A delegation in a meeting: its people, its answer, and when the meeting starts there."""

    code: str
    name: str
    answer: str
    starts: LocalTime
    days: int
    people: tuple[AttendeeView, ...]

    @property
    def answered(self) -> int:
        """How many of its people have answered."""
        return sum(item.participation != "no answer" for item in self.people)


def delegations_of(meeting: MeetingView, directory: Directory) -> list[DelegationAnswers]:
    """Return the delegations of a meeting in protocol order."""
    found = []
    for code, members in groupby(meeting.attendees, key=lambda item: item.delegation):
        people = tuple(members)
        starts = local_time(meeting.starts_at, directory.get(code).place)
        found.append(
            DelegationAnswers(
                code,
                people[0].delegation_name,
                _joint_answer(people),
                starts,
                starts.days_after(meeting.host_time),
                people,
            )
        )
    return found


def _joint_answer(people: Sequence[AttendeeView]) -> str:
    """One answer for a delegation: it comes when one of its people does, it declined when all did."""
    given = {item.participation for item in people}
    order = ("accepted", "tentative", "no answer", "delegated", "declined")
    return next(item for item in order if item in given)


def through(channel: str) -> str:
    """Return through which door an answer came, in words."""
    return CHANNELS.get(channel, f"through {channel}")


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What stands beside an attendee's answer.

    ``given_by`` names who gave it, if that was somebody else. ``bounced`` is what the server said when
    the last mail to them did not arrive. ``written`` says that a mail has left, or may have. ``delegate``
    is the address of whoever they delegated to, as long as that person is not invited.
    """

    given_by: str | None
    bounced: str | None
    written: bool
    delegate: str | None


def people_facts(meeting: MeetingView, deliveries: Iterable[DeliveryView]) -> dict[int, PersonFacts]:
    """Return for each attendee, by id, what stands beside the answer; ``deliveries`` newest first."""
    written: dict[str, list[DeliveryView]] = {}
    for item in deliveries:
        # What goes to the coordinator names nobody, even where the coordinator is an attendee as well.
        if item.recipient_name is not None:
            written.setdefault(item.recipient.casefold(), []).append(item)
    invited = {item.email.casefold() for item in meeting.attendees}
    return {
        item.id: _facts(item, written.get(item.email.casefold(), []), meeting, invited)
        for item in meeting.attendees
    }


def _facts(
    person: AttendeeView, mails: Sequence[DeliveryView], meeting: MeetingView, invited: set[str]
) -> PersonFacts:
    delegate = person.delegated_to
    bounced = (
        mails[0].answer or "it could not be delivered" if mails and mails[0].state == "bounced" else None
    )
    return PersonFacts(
        given_by=_given_by(person, meeting) if person.answered_at else None,
        bounced=bounced,
        written=any(item.state in ("sent", "sending") for item in mails),
        delegate=delegate if delegate and delegate.casefold() not in invited else None,
    )


def _given_by(person: AttendeeView, meeting: MeetingView) -> str | None:
    """Who gave the newest answer of somebody, unless they did so themselves."""
    answers = (
        item
        for item in meeting.responses
        if item.kind == "answer" and (item.name, item.delegation) == (person.name, person.delegation)
    )
    newest = next(answers, None)
    return giver(newest, meeting) if newest else None


def giver(item: ResponseView, meeting: MeetingView) -> str | None:
    """Return who sent or entered something, unless that was the attendee; a channel of ours names nobody."""
    if item.name is None or not item.by or item.by == item.channel:
        return None
    own = (
        person.email.casefold()
        for person in meeting.attendees
        if (person.name, person.delegation) == (item.name, item.delegation)
    )
    return None if any(address in item.by.casefold() for address in own) else item.by


@dataclass(frozen=True, slots=True)
class ProposedTime:
    """Another time for the meeting, and everybody who proposed it."""

    when: LocalTime
    proposals: tuple[ResponseView, ...]

    @property
    def start(self) -> str:
        """The proposed wall time, as the form to move a meeting takes it."""
        return f"{self.when.day} {self.when.clock}"


@dataclass(frozen=True, slots=True)
class CameBack:
    """What came back for a meeting: what waits for a decision, and everything else, newest first."""

    times: tuple[ProposedTime, ...]
    delegators: tuple[AttendeeView, ...]
    bounced: tuple[AttendeeView, ...]
    rest: tuple[ResponseView, ...]

    @property
    def any(self) -> bool:
        """Whether anything came back at all."""
        return bool(self.times or self.delegators or self.bounced or self.rest)


def came_back(meeting: MeetingView, facts: dict[int, PersonFacts]) -> CameBack:
    """Sort what came back for a meeting; nothing waits any more once it is not published."""
    if meeting.status != "published":
        return CameBack((), (), (), meeting.responses)
    waiting: dict[LocalTime, list[ResponseView]] = {}
    rest = []
    for item in meeting.responses:
        if item.state == "open" and item.proposed is not None:
            waiting.setdefault(item.proposed, []).append(item)
        else:
            rest.append(item)
    return CameBack(
        times=tuple(ProposedTime(when, tuple(items)) for when, items in waiting.items()),
        delegators=tuple(item for item in meeting.attendees if facts[item.id].delegate),
        bounced=tuple(item for item in meeting.attendees if facts[item.id].bounced),
        rest=tuple(rest),
    )


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many actions or deliveries stand in a state."""

    state: str
    count: int


def _states(states: Iterable[str]) -> tuple[StateCount, ...]:
    counted = Counter(states)
    return tuple(StateCount(state, counted[state]) for state in MARKS if state in counted)


@dataclass(frozen=True, slots=True)
class Others:
    """How many are due at another day or hour than most; ``deferred`` if each of them says why."""

    count: int
    deferred: bool


@dataclass(frozen=True, slots=True)
class ActionGroup:
    """Actions that do the same thing to different people: one step of the plan.

    ``others`` of them are due at another day or hour than most, of whose times ``span`` speaks.
    """

    key: str
    kind: str
    what: str
    why: str
    meeting: str
    actions: tuple[ActionView, ...]
    states: tuple[StateCount, ...]
    span: Span
    waits: bool
    others: Others

    @property
    def recipients(self) -> int:
        """How many people it goes to; zero for what the service does by itself."""
        return sum(item.recipient_email is not None for item in self.actions)

    @property
    def over(self) -> bool:
        """Whether nothing of it is still to come, and nothing of it went wrong."""
        return all(item.state in _OVER for item in self.actions)


def plan_groups(actions: Iterable[ActionView], host: Place) -> list[ActionGroup]:
    """Group actions by what they are, in the order in which the first of each is due."""
    grouped: dict[tuple[str, ...], list[ActionView]] = {}
    for item in actions:
        grouped.setdefault((item.meeting, item.kind, item.what, item.why, str(item.revision)), []).append(
            item
        )
    return [_action_group(items, host) for items in grouped.values()]


def _action_group(items: Sequence[ActionView], host: Place) -> ActionGroup:
    first = items[0]
    states = _states(item.state for item in items)
    waits = all(item.state == ActionState.BLOCKED for item in items)
    span, others = _usual_span([(item.due, item.note) for item in items], host)
    return ActionGroup(
        f"{first.meeting}-{first.key.replace(':', '-')}",
        first.kind,
        first.what,
        first.why,
        first.meeting,
        tuple(items),
        states,
        span,
        waits,
        others,
    )


def _usual_span(times: Sequence[tuple[LocalTime | None, str | None]], host: Place) -> tuple[Span, Others]:
    """Return when most of it is due, each time given with its deferral in words, and how many are not.

    Whoever is deferred is left out, unless that leaves out most: then the time that most of them share
    counts, and so it does where the rest are spread over days.
    """
    kept = [item for item in times if item[1] is None] or list(times)
    span = span_of((when for when, _ in kept), host)
    shared = _most_shared(times)
    if 2 * len(shared) > len(times) and (span.kind == "range" or len(kept) < len(shared)):
        kept = shared
        span = span_of((when for when, _ in kept), host)
    usual = frozenset(kept)
    others = [note for when, note in times if (when, note) not in usual]
    return span, Others(len(others), all(note is not None for note in others))


def _most_shared(
    times: Sequence[tuple[LocalTime | None, str | None]],
) -> list[tuple[LocalTime | None, str | None]]:
    """Return those due at the moment, or at the date and clock where they are, that most have."""
    sharing: dict[object, list[tuple[LocalTime | None, str | None]]] = {}
    for item in times:
        when = item[0]
        for same in (None,) if when is None else ((when.day, when.clock), instant(when)):
            sharing.setdefault(same, []).append(item)
    return max(sharing.values(), key=len, default=[])


def next_group(actions: Iterable[ActionView], host: Place) -> ActionGroup | None:
    """Return what happens next: the earliest pending step with those of its actions still to come."""
    pending = [item for item in actions if item.state in PENDING]
    return next(iter(plan_groups(pending, host)), None)


def waves(actions: Sequence[ActionView], *, cut: bool) -> list[ActionGroup]:
    """Group actions of all meetings that do the same thing at the same moment, in the order given.

    With ``cut``, there were more actions than were read, so the last group is not whole and is left out.
    """
    grouped: dict[tuple[object, ...], list[ActionView]] = {}
    for item in actions:
        grouped.setdefault((item.meeting, item.kind, item.due_at), []).append(item)
    found = [_action_group(items, _UTC) for items in grouped.values()]
    return found[:-1] if cut and len(found) > 1 else found


@dataclass(frozen=True, slots=True)
class NextThing:
    """What goes out next, over all meetings."""

    meeting: MeetingSummary
    kind: str
    recipients: int
    when: LocalTime


def next_thing(meetings: Iterable[MeetingSummary], scheduled: Iterable[ActionView]) -> NextThing | None:
    """Return what goes out next, in the recipients' time where they share it, else in the host's."""
    first: MeetingSummary | None = None
    for item in meetings:
        if item.next_due_at and (
            first is None or first.next_due_at is None or item.next_due_at < first.next_due_at
        ):
            first = item
    if first is None or first.next_due is None or first.next_action is None:
        return None
    wave = [
        item
        for item in scheduled
        if (item.meeting, item.kind, item.due_at) == (first.reference, first.next_action, first.next_due_at)
    ]
    times = {item.due for item in wave}
    when = times.pop() if len(times) == 1 else first.next_due
    return NextThing(first, first.next_action, sum(item.recipient_email is not None for item in wave), when)


@dataclass(frozen=True, slots=True)
class DeliveryGroup:
    """Deliveries of the same message to different people."""

    key: str
    purpose: str
    why: str
    revision: int
    deliveries: tuple[DeliveryView, ...]
    states: tuple[StateCount, ...]


def delivery_groups(deliveries: Iterable[DeliveryView]) -> list[DeliveryGroup]:
    """Group deliveries by message, the newest first; within one, in the order in which they left."""
    grouped: dict[tuple[str, str, int], list[DeliveryView]] = {}
    for item in deliveries:
        grouped.setdefault((item.purpose, item.why, item.revision), []).append(item)
    return [
        DeliveryGroup(
            f"sent-{items[-1].action_id}",
            purpose,
            why,
            revision,
            tuple(reversed(items)),
            _states(item.state for item in items),
        )
        for (purpose, why, revision), items in grouped.items()
    ]


@dataclass(frozen=True, slots=True)
class ConsequenceGroup:
    """Consequences of one kind: the same thing for different people.

    ``meeting`` is the reference of a linked meeting, where it is not the one that was changed.
    ``others`` of them are due at another day or hour than most, of whose times ``span`` speaks.
    """

    effect: str
    kind: str
    what: str
    why: str
    reason: str | None
    items: tuple[Consequence, ...]
    span: Span
    others: Others
    meeting: str | None = None

    @property
    def recipients(self) -> int:
        """How many people it concerns; zero for what the service does by itself."""
        return sum(item.recipient_email is not None for item in self.items)

    @property
    def at_once(self) -> bool:
        """Whether it goes out as soon as the button is pressed."""
        return self.effect in _HAPPENS and self.span.kind == "now"


def consequence_groups(consequences: Iterable[Consequence], host: Place) -> list[ConsequenceGroup]:
    """Group what follows from a use case, in the order in which it comes."""
    grouped: dict[tuple[str | None, str, str, str, str, str | None], list[Consequence]] = {}
    for item in consequences:
        # Why somebody's is due at another hour is said beside their name; it makes no group of its own.
        reason = None if item.effect in _HAPPENS else item.reason
        same = (item.meeting, item.effect, item.kind, item.what, item.why, reason)
        grouped.setdefault(same, []).append(item)
    return [
        ConsequenceGroup(
            effect,
            kind,
            what,
            why,
            reason,
            tuple(items),
            *_usual_span([(item.when, item.reason if effect in _HAPPENS else None) for item in items], host),
            meeting=meeting,
        )
        for (meeting, effect, kind, what, why, reason), items in grouped.items()
    ]


@dataclass(frozen=True, slots=True)
class InBrief:
    """What follows from a use case, in brief: what goes to people first, and how much there is of it.

    ``first`` holds everything that goes out at once, or else the one step that comes first. ``mails`` to
    ``people`` leave in ``steps``, the last at ``last``; ``ended`` steps no longer go out.
    """

    first: tuple[ConsequenceGroup, ...]
    steps: int
    mails: int
    people: int
    last: LocalTime | None
    ended: int


def in_brief(groups: Sequence[ConsequenceGroup]) -> InBrief:
    """Sum up the consequences of a use case, which are in the order in which they come."""
    told = [item for item in groups if item.recipients and item.effect in _HAPPENS]
    mails = [item for group in told for item in group.items]
    times = [item.when for item in mails if item.when is not None]
    return InBrief(
        first=tuple(item for item in told if item.at_once) or tuple(told[:1]),
        steps=len(told),
        mails=len(mails),
        people=len({item.recipient_email for item in mails}),
        last=max(times, key=instant, default=None),
        ended=sum(item.effect == "cancelled" and item.recipients > 0 for item in groups),
    )


_HAPPENS = ("new", "moved")


def readiness(meeting: MeetingView, following: ActionGroup | None) -> str:
    """Return in one word how a meeting stands; the page says it in a sentence."""
    if meeting.attention:
        return "needs"
    if meeting.status == "published" and meeting.tentative:
        return "announced"
    if meeting.status == "published" and not meeting.join_url:
        return "waits"
    if meeting.status == "concluded" and not meeting.minutes:
        return "minutes"
    if meeting.status == "concluded" and following is not None:
        return "distributing"
    return meeting.status


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A column of the readiness board, with how many delegations are through with it, and of how many."""

    name: str
    heading: str
    done: str
    settled: int
    of: int


@dataclass(frozen=True, slots=True)
class BoardTable:
    """The readiness board without what nobody is asked for."""

    columns: tuple[BoardColumn, ...]
    delegations: tuple[DelegationReadiness, ...]

    @property
    def to_nudge(self) -> int:
        """How many people can be asked for what is missing."""
        return sum(len(item.nudge_to) for item in self.delegations)


_COLUMNS = {
    Aspect.ANSWER: ("Head’s answer", "answered"),
    Aspect.LIST: ("List", "sent their list"),
    Aspect.PAPER: ("Paper", "settled their paper"),
    Aspect.TEST: ("Test", "tested"),
    Aspect.LINK: ("Link", "have the link"),
    Aspect.JOINED: ("Joined", "joined"),
}


_SAID = {
    (Aspect.ANSWER, "missing"): "no answer",
    (Aspect.LINK, "in"): "delivered",
    (Aspect.JOINED, "in"): "joined",
}


def said(column: str, state: str) -> str:
    """Return the mark for how something stands in a column of the board, in the words of that column."""
    return _SAID.get((Aspect(column), state), state)


def board_table(board: Board) -> BoardTable:
    """Return the board as it is shown."""
    columns = (
        BoardColumn(name, *words, board.tally[name].settled, board.tally[name].of)
        for name, words in _COLUMNS.items()
    )
    return BoardTable(tuple(item for item in columns if item.of), board.delegations)


@dataclass(frozen=True, slots=True)
class Needs:
    """What needs somebody: meetings, mails that no program could read, a mailbox that cannot be read."""

    attention: tuple[MeetingSummary, ...]
    drafts: tuple[MeetingSummary, ...]
    minutes: tuple[MeetingSummary, ...]
    mails: int
    trouble: str | None

    @property
    def count(self) -> int:
        """How many meetings need somebody."""
        return len({item.id for item in (*self.attention, *self.drafts, *self.minutes)})

    @property
    def any(self) -> bool:
        """Whether anything needs somebody."""
        return bool(self.count or self.mails or self.trouble)

    @property
    def headline(self) -> str:
        """What needs somebody, in one sentence."""
        parts = [
            *_counted(self.count, "meeting"),
            *_counted(self.mails, "mail"),
            *(["the mailbox"] if self.trouble else []),
        ]
        if not parts:
            return "Nothing needs you."
        single = self.count + self.mails + bool(self.trouble) == 1
        joined = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
        return f"{joined[0].upper()}{joined[1:]} {'needs' if single else 'need'} you."


def _counted(count: int, what: str) -> list[str]:
    if not count:
        return []
    return [f"one {what}" if count == 1 else f"{count} {what}s"]


def needs_of(
    meetings: Sequence[MeetingSummary], without_minutes: frozenset[str], mails: int, trouble: str | None
) -> Needs:
    """Sort out what needs somebody: trouble, drafts to publish, minutes to attach, mails to look at."""
    return Needs(
        attention=tuple(item for item in meetings if item.attention),
        drafts=tuple(item for item in meetings if item.status == "draft"),
        minutes=tuple(item for item in meetings if item.reference in without_minutes),
        mails=mails,
        trouble=trouble,
    )
