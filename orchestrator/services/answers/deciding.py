"""Deciding what becomes of a mail: held against its meeting, or on its own when it is about none."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from orchestrator.domain.answers.answered_time import AnswerTiming, given_at
from orchestrator.domain.answers.incoming import CalendarMessage, Sort
from orchestrator.domain.answers.itip import ANSWERS
from orchestrator.domain.answers.reported import Reported, reported_of
from orchestrator.domain.answers.responses import (
    Fate,
    ProposalState,
    ResponseKind,
    Treatment,
    judge,
    participation_of,
)
from orchestrator.domain.answers.speakers import told_of
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.people.addresses import OwnMailbox
from orchestrator.domain.people.caller import Channel
from orchestrator.domain.people.caller import attendee as attendee_caller
from orchestrator.facts import Fact
from orchestrator.services.answers.in_hand import Beside, MailInHand, MeetingInHand
from orchestrator.services.answers.recording import GivenAnswer, answered, cut
from orchestrator.store.answers import incoming
from orchestrator.store.rows.delivery import DeliveryRow, DeliveryState

_RESEND_PAUSE = timedelta(hours=1)
_FURTHEST = timedelta(days=3653)
_FATES = {
    Treatment.ANSWER: Fate.APPLIED,
    Treatment.PROPOSE: Fate.APPLIED,
    Treatment.RESEND: Fate.APPLIED,
    Treatment.TELL: Fate.APPLIED,
    Treatment.IGNORE: Fate.IGNORED,
    Treatment.QUARANTINE: Fate.QUARANTINED,
}


def decide(session: Session, about: MeetingInHand, item: MailInHand) -> None:
    """Decide about a mail that is about a meeting, and gather what it does to it."""
    received = item.received
    if received.sort is Sort.REPORT:
        _report(session, about, item)
    elif received.problem is not None or received.calendar is None:
        _letter(about, item)
    else:
        _calendar_message(about, item, received.calendar)


def decide_alone(item: MailInHand) -> None:
    """Decide about a mail that says nothing that a meeting could take."""
    received = item.received
    if received.problem is not None:
        item.end(Fate.QUARANTINED, received.problem)
    elif received.sort is Sort.AUTOMATIC:
        item.end(Fate.IGNORED, Fact.of("answers.automatic"))
    elif received.sort is Sort.REPORT:
        _unproven(item)
    elif received.calendar is not None:
        item.end(Fate.QUARANTINED, _unknown_meeting(received.calendar.uid))
    else:
        item.end(Fate.QUARANTINED, Fact.of("answers.written-by-a-person"))


def _unknown_meeting(uid: str) -> Fact:
    if uid:
        return Fact.of("answers.unknown-meeting", uid=uid[:80])
    return Fact.of("answers.meeting-without-uid")


def _report(session: Session, about: MeetingInHand, item: MailInHand) -> None:
    """Note what is reported of a delivery: that it, or a copy behind it, did not arrive, or how it goes."""
    delivery = item.delivery
    if delivery is None:
        _unproven(item)
        return
    item.attendee_id, recipient = delivery.attendee_id, delivery.recipient
    found = reported_of(item.received.reports, recipient)
    known = delivery.state == DeliveryState.BOUNCED
    if known and (found.bounced or found.behind is None):
        item.end(Fate.IGNORED, Fact.of("answers.bounce-known", recipient=recipient))
    elif found.bounced:
        incoming.bounced(session, delivery, found.said, about.now, found.fact)
        item.end(Fate.APPLIED, Fact.of("answers.mail-bounced", recipient=recipient))
        _bounce(about, item, found)
    elif found.behind is not None:
        _behind(session, about, item, delivery, found)
    else:
        incoming.report(session, delivery, found.fact)
        item.end(Fate.APPLIED, found.fact)


def _behind(
    session: Session, about: MeetingInHand, item: MailInHand, delivery: DeliveryRow, found: Reported
) -> None:
    """Note that an address behind the one we wrote to did not get a mail; that one is not at fault."""
    if delivery.report == found.fact:
        item.end(Fate.IGNORED, Fact.of("answers.bounce-known", recipient=found.behind))
        return
    if delivery.state != DeliveryState.BOUNCED:
        incoming.report(session, delivery, found.fact)
    item.end(Fate.APPLIED, found.fact)
    _bounce(about, item, found)


def _bounce(about: MeetingInHand, item: MailInHand, found: Reported) -> None:
    # A digest that bounced must not be the reason for the next one.
    if item.attendee_id is not None:
        beside = Beside(ResponseKind.BOUNCE, cut(found.said), behind=found.behind)
        about.gathered.beside.append((item, beside))


def _unproven(item: MailInHand) -> None:
    """A report that names another's mail is about that; one that names none, nobody can know of what."""
    if item.threads:
        item.end(Fate.IGNORED, Fact.of("answers.foreign-report"))
    else:
        item.end(Fate.QUARANTINED, Fact.of("answers.unproven-report"))


def _letter(about: MeetingInHand, item: MailInHand) -> None:
    """Leave a mail about a meeting that no program can apply to a person, who has to read it."""
    decide_alone(item)
    if item.fate is not Fate.QUARANTINED:
        return
    known = about.people.of_id(item.delivery.attendee_id if item.delivery else item.token_id)
    item.attendee_id = known.id if known else None
    if item.answers_report:
        item.end(Fate.QUARANTINED, item.received.problem or Fact.of("answers.answers-report"))
    _tell(about, item, Beside(ResponseKind.LETTER, cut(item.received.text)))


def _tell(about: MeetingInHand, item: MailInHand, beside: Beside) -> None:
    """Tell the coordinator of a mail that waits; not of one that answers what they were told.

    A ticket system that acknowledges each digest would else cause the next one with every acknowledgement;
    so would a rule that sends our own mails back.
    """
    ours = OwnMailbox.of(about.meeting.organizer).holds(item.received.sender or "")
    if about.meeting.status is MeetingStatus.PUBLISHED and not item.answers_report and not ours:
        about.gathered.beside.append((item, beside))


def _calendar_message(about: MeetingInHand, item: MailInHand, message: CalendarMessage) -> None:
    """Hold a calendar message against the meeting and keep what it does."""
    if item.received.automatic and _is_ours(message, about.meeting):
        # A vacation notice may return our own calendar; nobody has to look at that.
        item.end(Fate.IGNORED, Fact.of("answers.automatic"))
        return
    attendee = about.people.find(message, item.origin)
    at = given_at(message, about.told, dated=item.received.date, now=about.now)
    timing = AnswerTiming(about.told, at, settled=item.time_settled)
    verdict = judge(message, item.origin, about.meeting, about.people, timing)
    item.attendee_id = attendee.id if attendee else None
    item.end(_FATES[verdict.treatment], verdict.reason)
    if verdict.treatment is Treatment.QUARANTINE:
        _tell(about, item, Beside(ResponseKind.WAITING, cut(message.comment)))
    if attendee is not None:
        _gather(about, item, message, attendee, verdict.treatment, at)


def _gather(
    about: MeetingInHand,
    item: MailInHand,
    message: CalendarMessage,
    attendee: Attendee,
    treatment: Treatment,
    at: datetime,
) -> None:
    """Keep what a message of an attendee does."""
    match treatment:
        case Treatment.ANSWER:
            given = _given(about, item, message, attendee, at)
            about.people.put(answered(attendee, given))
            about.gathered.given.append((item, given))
            if message.proposed_start is not None:
                _propose_beside(about, item, message, attendee.id)
        case Treatment.PROPOSE:
            _propose(about, item, message, attendee.id)
        case Treatment.RESEND:
            _resend(about, item, attendee.id)
        case Treatment.TELL:
            about.gathered.beside.append((item, Beside(ResponseKind.LETTER, cut(message.comment))))


def _is_ours(message: CalendarMessage, meeting: Meeting) -> bool:
    """Whether a calendar is what we sent ourselves: none of what attendees send, with a number given out."""
    return message.method not in ANSWERS and (message.sequence or 0) <= meeting.sequence


def _given(
    about: MeetingInHand, item: MailInHand, message: CalendarMessage, attendee: Attendee, at: datetime
) -> GivenAnswer:
    sender = item.received.sender
    return GivenAnswer(
        attendee_id=attendee.id,
        participation=participation_of(message) or Participation.NEEDS_ACTION,
        caller=attendee_caller(attendee.name, attendee.id, Channel.MAIL),
        by=sender or "",
        by_other=told_of(attendee, sender, about.people.known(sender, attendee)),
        stamp=at,
        comment=message.comment,
        delegate=next(iter(message.delegated_to), None),
    )


def _propose(about: MeetingInHand, item: MailInHand, message: CalendarMessage, attendee_id: int) -> None:
    """Keep a proposed time, unless nobody can mean it or the same one is open already."""
    proposed = _proposed(about, message)
    if proposed is None:
        item.end(Fate.QUARANTINED, Fact.of("answers.inconceivable-time"))
        return
    if (attendee_id, *proposed) in about.proposed:
        item.end(Fate.IGNORED, Fact.of("answers.proposal-open"))
        return
    if proposed[0] <= about.now:
        item.end(Fate.APPLIED, Fact.of("answers.proposes-past"))
    _keep_proposal(about, item, message, attendee_id, proposed)


def _propose_beside(
    about: MeetingInHand, item: MailInHand, message: CalendarMessage, attendee_id: int
) -> None:
    """Keep the time that is proposed with an answer; the answer counts whatever the time is worth."""
    proposed = _proposed(about, message)
    if proposed is not None and (attendee_id, *proposed) not in about.proposed:
        _keep_proposal(about, item, message, attendee_id, proposed)


def _keep_proposal(
    about: MeetingInHand,
    item: MailInHand,
    message: CalendarMessage,
    attendee_id: int,
    proposed: tuple[datetime, datetime],
) -> None:
    about.proposed.add((attendee_id, *proposed))
    proposal = Beside(ResponseKind.PROPOSAL, cut(message.comment), *proposed, ProposalState.OPEN)
    about.gathered.beside.append((item, proposal))


def _proposed(about: MeetingInHand, message: CalendarMessage) -> tuple[datetime, datetime] | None:
    """Return when a proposed time starts and ends; ``None`` for the meeting's or one that nobody can mean."""
    counter = message.method == "COUNTER"
    starts_at = message.starts_at if counter else message.proposed_start
    if starts_at is None or not _conceivable(starts_at, about.now):
        return None
    ends_at = (message.ends_at if counter else None) or starts_at + about.meeting.duration
    if (starts_at, ends_at) == (about.meeting.starts_at, about.meeting.ends_at):
        return None
    return (starts_at, ends_at) if starts_at < ends_at and _conceivable(ends_at, about.now) else None


def _conceivable(moment: datetime, now: datetime) -> bool:
    """Whether a person may mean a time; at the ends of the calendar no local time can be told."""
    return abs(moment - now) < _FURTHEST


def _resend(about: MeetingInHand, item: MailInHand, attendee_id: int) -> None:
    """Send the invitation again, but not for every mail of a calendar that asks without end."""
    last = about.asked.get(attendee_id)
    if last is not None and about.now - last < _RESEND_PAUSE:
        item.end(Fate.IGNORED, Fact.of("answers.sent-again-already"))
        return
    about.asked[attendee_id] = about.now
    about.gathered.resends.append(attendee_id)
