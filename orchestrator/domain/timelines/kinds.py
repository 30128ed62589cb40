"""The kinds of actions: one table of what each of them is, which everything that has to know reads.

A new kind gets an entry here, a template or its work, and its words; ``docs/how-to-add.md`` lists the
places. This file is longer than others, because the table is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.itip import Method
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.timelines.audience import EVERYONE
from orchestrator.facts import Fact


class ActionKind(StrEnum):
    """What has to happen. Mails to attendees come first, then what the service does by itself."""

    INVITE = "invite"
    REMIND = "remind"
    NOTICE = "notice"
    CHASE = "chase"
    CONNECTION_TEST = "connection-test"
    DATE_POLL = "date-poll"
    CANCEL = "cancel"
    MINUTES = "minutes"
    RESEND = "resend"
    REFUSAL = "refusal"
    ANSWERED_FOR = "answered-for"
    LETTER = "letter"
    ALERT = "alert"
    DIGEST = "digest"
    LOOK = "look"
    CONFERENCE = "conference"
    CONFERENCE_DELETE = "conference-delete"
    CONFIRM = "confirm"
    CONCLUDE = "conclude"
    READ_MAILBOX = "read-mailbox"

    @property
    def rules(self) -> KindRules:
        """What the table says of this kind."""
        return KINDS[self]

    @property
    def is_mail(self) -> bool:
        """Whether performing it means sending a mail."""
        return self.rules.work is Work.MAIL

    @property
    def carries_calendar(self) -> bool:
        """Whether its mail holds a calendar object, so that such mails to one person keep their order."""
        return self.rules.calendar is not None


class Work(StrEnum):
    """What a worker does to perform an action; each kind of work is a lane of its own.

    The value is the name of the lane: of its queue, and of the Celery task that carries ids to it. Whatever
    hangs in one lane keeps no other from working.
    """

    MAIL = "mail.send"
    CONFERENCE = "conference.ensure"
    TURN = "meetings.turn"
    MAILBOX = "mailbox.read"


class Recipient(StrEnum):
    """Who gets a mail; ``EITHER`` is for what a step of a timeline addresses."""

    NOBODY = auto()
    ATTENDEE = auto()
    COORDINATOR = auto()
    EITHER = auto()


class Reach(StrEnum):
    """Which attendees a mail is still for: who has not declined, who is invited, or also who was removed."""

    COMING = auto()
    INVITED = auto()
    ALL = auto()


class Counter(StrEnum):
    """Which number of a meeting the revision of an action belongs to; ``OWN`` grows with nothing else."""

    REVISION = auto()
    TIME_REVISION = auto()
    MINUTES_VERSION = auto()
    OWN = auto()

    def of(self, meeting: Meeting) -> int | None:
        """Return that number as it is now; ``None`` for ``OWN``, which nothing outdates."""
        match self:
            case Counter.REVISION:
                return meeting.revision
            case Counter.TIME_REVISION:
                return meeting.time_revision
            case Counter.MINUTES_VERSION:
                return meeting.minutes_version
        return None


class Conditional(StrEnum):
    """Whether the plan is asked again just before doing it, because more than the meeting decides."""

    NEVER = auto()
    WHERE_ITS_STEP_IS = auto()
    ALWAYS = auto()


class Tells(StrEnum):
    """What a letter has to tell beside the meeting."""

    NOTHING = auto()
    CHANGES = auto()
    REQUEST = auto()
    ALERTS = auto()
    REPORT = auto()
    ANSWER = auto()
    NEEDS = auto()
    OPTIONS = auto()
    DOCUMENT = auto()
    LETTER = auto()


class StepTime(StrEnum):
    """When a step may be: ``FIRST_AT_ONCE`` is at once or before the start."""

    AT_ONCE = auto()
    FIRST_AT_ONCE = auto()
    BEFORE = auto()
    AFTER = auto()
    ANY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRules:
    """What a step of a timeline may say.

    ``once`` says that a timeline holds one such step at most. ``fields`` are those of a step that it may
    have beside ``do``, ``id`` and ``at``, ``needs`` those that it must. ``audience`` is who it is for where
    the timeline does not say so. ``asks_delegations`` says that it is about what delegations owe.
    """

    moment: StepTime
    once: bool = False
    fields: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    audience: str = ""
    asks_delegations: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """How a meeting goes over into another status by itself, and what its history says of that."""

    changed: Callable[[Meeting, datetime], Meeting]
    history: Fact


_NOT_CALLED_FOR = Fact.of("timelines.not-called-for")


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRules:
    """What one kind of action is.

    ``words`` name it to people, and ``why`` says why it happens where no step of a timeline calls for it.
    ``not_needed`` is why the plan drops it. ``calendar`` is the method of its calendar object. ``statuses``
    are those of the meeting in which it may be done. ``purposes`` are what its mail may be, in delivery
    records and in names of templates. ``counter`` outdates it. Of several for one person at one moment the
    last is enough where it is ``merged``, which is what that other mail is called. ``own_language`` marks
    mails in the reader's language, with English below. ``tells_current`` marks what tells the revision that
    is current when it leaves, not the one that it was planned for. ``let_go_by_link`` marks what the link
    lets go, and not the end of an attempt to get one. ``routine`` is what comes round again and again.
    ``aside`` is what goes along by itself, so that previews say nothing of it.
    """

    work: Work
    words: Fact
    why: Fact | None = None
    not_needed: Fact = _NOT_CALLED_FOR
    recipient: Recipient = Recipient.NOBODY
    reach: Reach = Reach.INVITED
    calendar: Method | None = None
    statuses: frozenset[MeetingStatus] = frozenset({MeetingStatus.PUBLISHED})
    purposes: tuple[str, ...] = ()
    counter: Counter = Counter.OWN
    conditional: Conditional = Conditional.NEVER
    tells: Tells = Tells.NOTHING
    merged: Fact | None = None
    own_language: bool = False
    tells_current: bool = False
    let_go_by_link: bool = False
    routine: bool = False
    aside: bool = False
    turn: Turn | None = None
    step: StepRules | None = None


_ALWAYS = frozenset(MeetingStatus)
_ADDRESSED = frozenset({"source", "to", "grace", "not_before", "not_after"})
"""What a step may say that is for people."""

KINDS: Mapping[ActionKind, KindRules] = {
    ActionKind.INVITE: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-invite"),
        own_language=True,
        recipient=Recipient.ATTENDEE,
        reach=Reach.COMING,
        calendar=Method.REQUEST,
        purposes=("invitation", "save-the-date", "update"),
        counter=Counter.REVISION,
        tells=Tells.CHANGES,
        let_go_by_link=True,
        step=StepRules(moment=StepTime.FIRST_AT_ONCE, fields=frozenset({"tentative"})),
    ),
    ActionKind.REMIND: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-remind"),
        recipient=Recipient.EITHER,
        reach=Reach.COMING,
        purposes=("reminder",),
        counter=Counter.TIME_REVISION,
        conditional=Conditional.WHERE_ITS_STEP_IS,
        tells=Tells.NEEDS,
        merged=Fact.of("timelines.a-reminder"),
        own_language=True,
        step=StepRules(moment=StepTime.BEFORE, fields=_ADDRESSED | {"when"}, audience=EVERYONE),
    ),
    ActionKind.NOTICE: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-notice"),
        recipient=Recipient.EITHER,
        reach=Reach.COMING,
        statuses=frozenset({MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED}),
        purposes=("notice",),
        counter=Counter.TIME_REVISION,
        conditional=Conditional.ALWAYS,
        tells=Tells.NEEDS,
        own_language=True,
        step=StepRules(
            moment=StepTime.ANY,
            fields=_ADDRESSED | {"when", "about", "ask", "deadline"},
            needs=frozenset({"about", "to"}),
        ),
    ),
    ActionKind.CHASE: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-chase"),
        not_needed=Fact.of("timelines.not-needed-chase"),
        recipient=Recipient.EITHER,
        purposes=("chaser",),
        counter=Counter.TIME_REVISION,
        conditional=Conditional.ALWAYS,
        tells=Tells.NEEDS,
        merged=Fact.of("timelines.a-chaser"),
        own_language=True,
        step=StepRules(
            moment=StepTime.BEFORE,
            fields=_ADDRESSED | {"when", "escalate", "deadline"},
            needs=frozenset({"when"}),
            audience=Role.FOCAL_POINT,
            asks_delegations=True,
        ),
    ),
    ActionKind.CONNECTION_TEST: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-connection-test"),
        not_needed=Fact.of("timelines.not-needed-connection-test"),
        recipient=Recipient.ATTENDEE,
        purposes=("connection-test",),
        counter=Counter.TIME_REVISION,
        conditional=Conditional.ALWAYS,
        tells=Tells.NEEDS,
        own_language=True,
        step=StepRules(
            moment=StepTime.BEFORE,
            once=True,
            fields=_ADDRESSED | {"day", "slot"},
            needs=frozenset({"day", "slot"}),
            audience=Role.FOCAL_POINT,
            asks_delegations=True,
        ),
    ),
    ActionKind.DATE_POLL: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-date-poll"),
        why=Fact.of("timelines.why-date-poll"),
        not_needed=Fact.of("timelines.not-needed-date-poll"),
        recipient=Recipient.ATTENDEE,
        statuses=frozenset({MeetingStatus.DRAFT}),
        purposes=("date-poll",),
        conditional=Conditional.ALWAYS,
        tells=Tells.OPTIONS,
        own_language=True,
    ),
    ActionKind.CANCEL: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-cancel"),
        why=Fact.of("timelines.why-cancel"),
        own_language=True,
        recipient=Recipient.ATTENDEE,
        reach=Reach.ALL,
        calendar=Method.CANCEL,
        statuses=_ALWAYS,
        purposes=("cancellation",),
    ),
    ActionKind.MINUTES: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-minutes"),
        recipient=Recipient.ATTENDEE,
        reach=Reach.ALL,
        statuses=frozenset({MeetingStatus.CONCLUDED}),
        purposes=("minutes",),
        counter=Counter.MINUTES_VERSION,
        tells=Tells.DOCUMENT,
        step=StepRules(moment=StepTime.AT_ONCE, once=True, fields=frozenset({"grace"})),
    ),
    ActionKind.RESEND: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-resend"),
        why=Fact.of("timelines.why-resend"),
        own_language=True,
        recipient=Recipient.ATTENDEE,
        calendar=Method.REQUEST,
        purposes=("again",),
        tells=Tells.REQUEST,
        tells_current=True,
    ),
    ActionKind.REFUSAL: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-refusal"),
        why=Fact.of("timelines.why-refusal"),
        own_language=True,
        recipient=Recipient.ATTENDEE,
        calendar=Method.REQUEST,
        purposes=("refusal",),
        tells=Tells.REQUEST,
        tells_current=True,
    ),
    ActionKind.ANSWERED_FOR: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-answered-for"),
        why=Fact.of("timelines.why-answered-for"),
        not_needed=Fact.of("timelines.not-needed-answered-for"),
        own_language=True,
        recipient=Recipient.ATTENDEE,
        purposes=("answered-for",),
        tells=Tells.ANSWER,
    ),
    ActionKind.LETTER: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-letter"),
        why=Fact.of("timelines.why-letter"),
        not_needed=Fact.of("timelines.not-needed-letter"),
        recipient=Recipient.ATTENDEE,
        statuses=frozenset({MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED, MeetingStatus.CANCELLED}),
        purposes=("letter",),
        conditional=Conditional.ALWAYS,
        tells=Tells.LETTER,
        own_language=True,
    ),
    ActionKind.ALERT: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-alert"),
        why=Fact.of("timelines.why-alert"),
        not_needed=Fact.of("timelines.not-needed-alert"),
        recipient=Recipient.COORDINATOR,
        statuses=_ALWAYS,
        purposes=("alert",),
        conditional=Conditional.ALWAYS,
        tells=Tells.ALERTS,
        own_language=True,
    ),
    ActionKind.DIGEST: KindRules(
        work=Work.MAIL,
        words=Fact.of("timelines.what-digest"),
        why=Fact.of("timelines.why-digest"),
        recipient=Recipient.COORDINATOR,
        statuses=_ALWAYS,
        purposes=("digest",),
        tells=Tells.REPORT,
        own_language=True,
        aside=True,
    ),
    ActionKind.LOOK: KindRules(
        work=Work.TURN,
        words=Fact.of("timelines.what-look"),
        why=Fact.of("timelines.why-look"),
        not_needed=Fact.of("timelines.not-needed-look"),
        aside=True,
        statuses=_ALWAYS,
        conditional=Conditional.ALWAYS,
    ),
    ActionKind.CONFERENCE: KindRules(
        work=Work.CONFERENCE,
        words=Fact.of("timelines.what-conference"),
        not_needed=Fact.of("timelines.link-is-there"),
        step=StepRules(moment=StepTime.AT_ONCE, once=True, fields=frozenset({"alert_after"})),
    ),
    ActionKind.CONFERENCE_DELETE: KindRules(
        work=Work.CONFERENCE,
        words=Fact.of("timelines.what-conference-delete"),
        why=Fact.of("timelines.why-conference-delete"),
        statuses=frozenset({MeetingStatus.CANCELLED, MeetingStatus.PUBLISHED}),
    ),
    ActionKind.CONFIRM: KindRules(
        work=Work.TURN,
        words=Fact.of("timelines.what-confirm"),
        not_needed=Fact.of("timelines.not-needed-confirm"),
        counter=Counter.TIME_REVISION,
        turn=Turn(lifecycle.confirm, Fact.of("meetings.history.confirmed")),
        step=StepRules(moment=StepTime.BEFORE, once=True),
    ),
    ActionKind.CONCLUDE: KindRules(
        work=Work.TURN,
        words=Fact.of("timelines.what-conclude"),
        counter=Counter.TIME_REVISION,
        turn=Turn(lifecycle.conclude, Fact.of("meetings.history.concluded")),
        step=StepRules(moment=StepTime.AFTER, once=True),
    ),
    ActionKind.READ_MAILBOX: KindRules(
        work=Work.MAILBOX,
        words=Fact.of("timelines.what-read-mailbox"),
        why=Fact.of("timelines.why-read-mailbox"),
        routine=True,
    ),
}


def kinds_where(holds: Callable[[KindRules], bool]) -> tuple[ActionKind, ...]:
    """Return the kinds of which the table says something, in its order."""
    return tuple(kind for kind, rules in KINDS.items() if holds(rules))


def purposes_where(holds: Callable[[KindRules], bool]) -> tuple[str, ...]:
    """Return the purposes of the deliveries of such kinds, in the order of the table."""
    return tuple(purpose for kind in kinds_where(holds) for purpose in KINDS[kind].purposes)


REQUESTS = purposes_where(lambda rules: rules.calendar is Method.REQUEST)
"""Purposes of the deliveries that carry an iTIP REQUEST."""
IN_OWN_LANGUAGE = frozenset(purposes_where(lambda rules: rules.own_language))
"""Purposes of what people get in their own language, with the English text below it."""
STEP_RULES: Mapping[ActionKind, StepRules] = {
    kind: rules.step for kind, rules in KINDS.items() if rules.step is not None
}
"""What a step of a timeline can do; other actions follow from what happens to a meeting."""
