"""What comes back from attendees, and the rules by which a mail from one is believed.

The rules are those of RFC 5546 sections 2.1.4, 2.1.5 and 3.2.3 and RFC 6047 section 2.2.1, as real mail
systems make them necessary: a reply may lack ORGANIZER, SEQUENCE and threading, but never the sender's
right to give it, of which ``speakers`` tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orchestrator.domain.answers.incoming import CalendarMessage
from orchestrator.domain.answers.speakers import KnownAttendees, Origin
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
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
) -> MailVerdict:
    """Say what a calendar message that names ``meeting`` does, whose ``people`` are as they are known now.

    Pure: nothing is changed here.
    """
    attendee = people.find(message, origin)
    if message.recurrence:
        return _ignore(Fact.of("answers.one-occurrence"))
    if message.method not in _FROM_ATTENDEES:
        return _not_an_answer(message)
    if meeting.status is not MeetingStatus.PUBLISHED:
        return _ignore(Fact.of(_NOT_PUBLISHED[meeting.status]))
    if attendee is None:
        return _quarantine(origin.doubt or _uninvited(message, meeting))
    if why := people.why_not(message, origin, attendee):
        return _quarantine(why)
    return _of_attendee(message, meeting, attendee)


def _of_attendee(message: CalendarMessage, meeting: Meeting, attendee: Attendee) -> MailVerdict:
    if not attendee.invited:
        return _ignore(Fact.of("answers.no-longer-invited", name=attendee.name))
    if message.method == "REFRESH":
        return MailVerdict(Treatment.RESEND, Fact.of("answers.asked-again", name=attendee.name))
    if _answers_another_time(message, meeting, attendee):
        return _ignore(Fact.of("answers.earlier-time"))
    return _proposal(message, meeting) if message.method == "COUNTER" else _answer(message, attendee)


_FROM_ATTENDEES = ("REPLY", "COUNTER", "REFRESH")
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
    delegators = {item.casefold() for item in message.delegated_from}
    for item in meeting.invited:
        if item.address in delegators:
            return Fact.of("answers.delegated-to-uninvited", name=item.name, deputy=message.attendee)
    if message.attendee:
        return Fact.of("answers.not-invited", email=message.attendee, reference=meeting.reference)
    return Fact.of("answers.names-no-attendee")


def _answers_another_time(message: CalendarMessage, meeting: Meeting, attendee: Attendee) -> bool:
    """Whether the answer was given before everybody, or this attendee, was asked again.

    SEQUENCE says so (RFC 5546 section 2.1.5). Some systems leave it out of a reply; the start of what
    they answer to then speaks, and without that the number is 0, as RFC 5545 section 3.8.7.4 has it.
    """
    if message.sequence is None and message.method == "REPLY" and message.starts_at is not None:
        return message.starts_at != meeting.starts_at
    return (message.sequence or 0) < max(meeting.reset_sequence, attendee.joined_sequence)


def _proposal(message: CalendarMessage, meeting: Meeting) -> MailVerdict:
    if message.starts_at is None:
        return _quarantine(Fact.of("answers.unread-proposal"))
    if (message.starts_at, message.ends_at or meeting.ends_at) == (meeting.starts_at, meeting.ends_at):
        return _ignore(Fact.of("answers.proposes-its-time"))
    return MailVerdict(Treatment.PROPOSE, Fact.of("answers.proposes"))


def _answer(message: CalendarMessage, attendee: Attendee) -> MailVerdict:
    participation = participation_of(message)
    if participation is None:
        said = message.participation
        return _quarantine(Fact.of("answers.neither", said=said) if said else Fact.of("answers.nothing"))
    if participation is Participation.NEEDS_ACTION:
        return _ignore(Fact.of("answers.undecided"))
    if participation is Participation.DELEGATED and not message.delegated_to:
        return _quarantine(Fact.of("answers.delegated-to-nobody"))
    stamp = attendee.answer_stamp
    if stamp is not None and message.stamp is not None and message.stamp < stamp:
        return _ignore(Fact.of("answers.later-answer", name=attendee.name))
    same = (participation, message.comment or None, next(iter(message.delegated_to), None))
    known = (attendee.participation, attendee.comment, attendee.delegated_to)
    if message.stamp in (stamp, None) and same == known:
        return _ignore(Fact.of("answers.same-answer"))
    return MailVerdict(
        Treatment.ANSWER, Fact.of("answers.answered", name=attendee.name, answer=participation.fact)
    )


def participation_of(message: CalendarMessage) -> Participation | None:
    """Return the answer in a message, or ``None`` when it is none that RFC 5545 allows for an event."""
    try:
        return Participation(message.participation or "")
    except ValueError:
        return None


def is_urgent(meeting: Meeting, attendee: Attendee, participation: Participation, now: datetime) -> bool:
    """Whether the coordinator must know of an answer at once: a head's decline close to the start."""
    if participation is not Participation.DECLINED or not now >= meeting.starts_at - URGENT_BEFORE:
        return False
    head = meeting.head_of(attendee.delegation)
    return head is not None and head.id == attendee.id
