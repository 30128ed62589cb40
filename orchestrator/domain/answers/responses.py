"""What comes back from attendees, and the rules by which a mail from one is believed.

The rules are those of RFC 5546 sections 2.1.4, 2.1.5 and 3.2.3 and RFC 6047 section 2.2.1, as real mail
systems make them necessary: a reply may lack ORGANIZER, SEQUENCE and threading, but never the sender's
right to give it, of which ``speakers`` tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orchestrator.domain.answers.answered_time import AnswerTiming, other_time
from orchestrator.domain.answers.incoming import CalendarMessage
from orchestrator.domain.answers.itip import ANSWERS
from orchestrator.domain.answers.speakers import KnownAttendees, Origin
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.people.addresses import compared
from orchestrator.facts import Fact


class ResponseKind(StrEnum):
    """What came back: an answer, another time, a bounced mail, a delegation's list, or a letter.

    ``WAITING`` is an answer in quarantine, until a person has dealt with it.
    """

    ANSWER = "answer"
    PROPOSAL = "proposal"
    BOUNCE = "bounce"
    COMPOSITION = "composition"
    LETTER = "letter"
    WAITING = "waiting"


class Fate(StrEnum):
    """What became of a mail that came in."""

    APPLIED = "applied"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"
    ASSIGNED = "assigned"
    DISCARDED = "discarded"


class ProposalState(StrEnum):
    """Where a proposed new time stands; ``settled`` when the meeting's time changed meanwhile."""

    OPEN = "open"
    REFUSED = "refused"
    SETTLED = "settled"


URGENT_BEFORE = timedelta(hours=48)
"""How close to the start a head of delegation's decline is told at once."""


class Treatment(StrEnum):
    """What is done with a calendar message."""

    ANSWER = "answer"
    PROPOSE = "propose"
    RESEND = "resend"
    TELL = "tell"
    """A person's words beside no answer are told to the coordinator."""
    IGNORE = "ignore"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class MailVerdict:
    """What is done with a message, and why."""

    treatment: Treatment
    reason: Fact


def _ignore(reason: Fact) -> MailVerdict:
    return MailVerdict(Treatment.IGNORE, reason)


def _quarantine(reason: Fact) -> MailVerdict:
    return MailVerdict(Treatment.QUARANTINE, reason)


def judge(
    message: CalendarMessage,
    origin: Origin,
    meeting: Meeting,
    people: KnownAttendees,
    timing: AnswerTiming = AnswerTiming(),  # noqa: B008 - it is frozen.
) -> MailVerdict:
    """Say what a calendar message that names ``meeting`` does, whose ``people`` are as they are known now.

    Pure: nothing is changed here.
    """
    attendee = people.find(message, origin)
    if message.recurrence:
        return _ignore(Fact.of("answers.one-occurrence"))
    if message.method not in ANSWERS:
        return _not_an_answer(message)
    if meeting.status is not MeetingStatus.PUBLISHED:
        return _ignore(Fact.of(_NOT_PUBLISHED[meeting.status]))
    if attendee is None:
        return _quarantine(origin.doubt or _uninvited(message, meeting))
    if why := people.why_not(message, origin, attendee):
        return _quarantine(why)
    return _of_attendee(message, meeting, attendee, timing)


def _of_attendee(
    message: CalendarMessage, meeting: Meeting, attendee: Attendee, timing: AnswerTiming
) -> MailVerdict:
    if not attendee.invited:
        return _ignore(Fact.of("answers.no-longer-invited", name=attendee.name))
    if message.method == "REFRESH":
        return MailVerdict(Treatment.RESEND, Fact.of("answers.asked-again", name=attendee.name))
    other = other_time(message, meeting, attendee, timing.told)
    if other is not None and not (other.disputed and timing.settled):
        return _quarantine(other.reason) if other.disputed else _ignore(other.reason)
    if message.method == "COUNTER":
        return _proposal(message, meeting)
    return _answer(message, attendee, timing)


_NOT_PUBLISHED = {
    MeetingStatus.DRAFT: "answers.meeting-is-draft",
    MeetingStatus.CANCELLED: "answers.meeting-is-cancelled",
    MeetingStatus.CONCLUDED: "answers.meeting-is-concluded",
}


def _not_an_answer(message: CalendarMessage) -> MailVerdict:
    if message.method == "DECLINECOUNTER":
        return _ignore(Fact.of("answers.only-organizer-refuses"))
    if message.method == "REQUEST":
        return _quarantine(Fact.of("answers.forwarded-invitation"))
    if message.method == "CANCEL":
        return _quarantine(Fact.of("answers.only-organizer-cancels"))
    if message.method:
        return _quarantine(Fact.of("answers.other-method", method=message.method))
    return _quarantine(Fact.of("answers.no-method"))


def _uninvited(message: CalendarMessage, meeting: Meeting) -> Fact:
    delegators = {compared(item) for item in message.delegated_from}
    for item in meeting.invited:
        if compared(item.email) in delegators:
            return Fact.of("answers.delegated-to-uninvited", name=item.name, deputy=message.attendee)
    if message.attendee:
        return Fact.of("answers.not-invited", email=message.attendee, reference=meeting.reference)
    return Fact.of("answers.names-no-attendee")


def _proposal(message: CalendarMessage, meeting: Meeting) -> MailVerdict:
    if message.starts_at is None:
        return _quarantine(Fact.of("answers.unread-proposal"))
    if (message.starts_at, message.ends_at or meeting.ends_at) == (meeting.starts_at, meeting.ends_at):
        return _ignore(Fact.of("answers.proposes-its-time"))
    return MailVerdict(Treatment.PROPOSE, Fact.of("answers.proposes"))


def _answer(message: CalendarMessage, attendee: Attendee, timing: AnswerTiming) -> MailVerdict:
    participation = participation_of(message)
    if participation is None:
        said = message.participation
        return _quarantine(Fact.of("answers.neither", said=said) if said else Fact.of("answers.nothing"))
    if participation is Participation.NEEDS_ACTION:
        return _undecided(message, attendee)
    if participation is Participation.DELEGATED and not message.delegated_to:
        return _quarantine(Fact.of("answers.delegated-to-nobody"))
    known_at, given_at = attendee.answer_stamp, timing.given_at or message.stamp
    if known_at is not None and given_at is not None and given_at < known_at:
        return _ignore(Fact.of("answers.later-answer", name=attendee.name))
    same = (participation, message.comment or None, next(iter(message.delegated_to), None))
    known = (attendee.participation, attendee.comment, attendee.delegated_to)
    orders = message.stamp is not None and not timing.told.copied(message.stamp)
    if same == known and not (orders and given_at != known_at) and message.proposed_start is None:
        return _ignore(Fact.of("answers.same-answer"))
    return MailVerdict(
        Treatment.ANSWER, Fact.of("answers.answered", name=attendee.name, answer=participation.fact)
    )


def _undecided(message: CalendarMessage, attendee: Attendee) -> MailVerdict:
    """Neither yes nor no; but words, or another time that is proposed with it, are a person's."""
    if message.proposed_start is not None:
        return MailVerdict(Treatment.PROPOSE, Fact.of("answers.proposes"))
    if message.comment:
        return MailVerdict(Treatment.TELL, Fact.of("answers.undecided-words", name=attendee.name))
    return _ignore(Fact.of("answers.undecided"))


def participation_of(message: CalendarMessage) -> Participation | None:
    """Return the answer in a message, or ``None`` when it is none that RFC 5545 allows for an event.

    An attendee without PARTSTAT needs action (RFC 5545 section 3.2.12).
    """
    silent = Participation.NEEDS_ACTION if message.attendee else ""
    try:
        return Participation(message.participation or silent)
    except ValueError:
        return None


def is_urgent(meeting: Meeting, attendee: Attendee, participation: Participation, now: datetime) -> bool:
    """Whether the coordinator must know of an answer at once: a head's decline close to the start."""
    if participation is not Participation.DECLINED or not now >= meeting.starts_at - URGENT_BEFORE:
        return False
    head = meeting.head_of(attendee.delegation)
    return head is not None and head.id == attendee.id
