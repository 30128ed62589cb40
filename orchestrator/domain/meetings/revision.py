"""Revision rules of iTIP: what an edit does to SEQUENCE, DTSTAMP and answers, and whom it must tell what.

``revised`` numbers an edited meeting; ``messages_of_change`` says, from the meeting before and after an edit,
exactly which messages it calls for. Planning and the calendar copies take each message from
``request_to`` and ``cancel_to``, so that what is planned, shown and sent follows the same rules
(RFC 5546 sections 2.1.4, 3.2.2 and 3.2.5).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum

from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.people.addresses import compared


class Weight(IntEnum):
    """How much a change weighs, least first.

    A ``TEXT`` keeps SEQUENCE; a ``MATERIAL`` change (another join link, another place, another organizer, a
    save-the-date confirmed, a cancelled meeting reinstated) raises it; a new ``TIME`` raises it and asks
    everybody again.
    """

    NOTHING = 0
    TEXT = 1
    MATERIAL = 2
    TIME = 3


@dataclass(frozen=True, slots=True)
class RevisionMessage:
    """One message to one attendee.

    ``significant`` says that DTSTART, DTEND or STATUS is news to the recipient, the properties for which
    RFC 5546 section 2.1.4 makes a new SEQUENCE obligatory. ``rsvp`` asks for an answer.
    """

    method: Method
    attendee: Attendee
    sequence: int
    stamp: datetime
    status: EventStatus
    significant: bool

    @property
    def participation(self) -> Participation:
        """PARTSTAT of the recipient in the message."""
        return self.attendee.participation

    @property
    def removes(self) -> bool:
        """Whether it takes one person out of a meeting, which is not cancelled by that."""
        return self.method is Method.CANCEL and not self.attendee.invited

    @property
    def rsvp(self) -> bool:
        """Whether the message asks for an answer: a confirmed REQUEST does, of who has answered too."""
        return self.method is Method.REQUEST and self.status is EventStatus.CONFIRMED


def weigh(before: Meeting, after: Meeting) -> Weight:
    """Return how much the difference between two states of a published meeting weighs."""
    if (before.starts_at, before.ends_at) != (after.starts_at, after.ends_at):
        return Weight.TIME
    if _identity(before) != _identity(after) or _other_link(before, after) or _other_place(before, after):
        return Weight.MATERIAL
    return Weight.TEXT if _text(before) != _text(after) else Weight.NOTHING


def _identity(meeting: Meeting) -> tuple[object, ...]:
    return meeting.status, meeting.tentative, compared(meeting.organizer or "")


def _other_link(before: Meeting, after: Meeting) -> bool:
    """Whether the link differs from the one that an attendee has been sent."""
    told = any(item.holds_invitation for item in before.attendees)
    return told and before.join_url != after.join_url


def _other_place(before: Meeting, after: Meeting) -> bool:
    """Whether people would go to another place than they were told, or by another way of taking part."""
    return _spot(before) != _spot(after)


def _spot(meeting: Meeting) -> tuple[object, ...]:
    return meeting.mode, meeting.where.lines, meeting.venue.zone if meeting.venue else None


def _text(meeting: Meeting) -> tuple[object, ...]:
    """What mails and calendars say in words; the agenda goes out in English."""
    return (
        meeting.title_en,
        meeting.title_vi,
        tuple((item.en, item.lead) for item in meeting.agenda),
        meeting.coordinator_name,
        meeting.coordinator_email,
        meeting.venue,
    )


def revised(before: Meeting, after: Meeting, now: datetime, *, notify: bool = True) -> Meeting:
    """Return ``after`` numbered as a revision of ``before``; attendees added or removed are not looked at.

    ``notify=False`` saves a text without telling anybody; its DTSTAMP is fresh all the same, so that
    a recipient who is sent the text later takes it for newer. Anything heavier is always told.
    """
    weight = weigh(before, after)
    if weight is Weight.NOTHING:
        return after
    stamp = _fresh_stamp(before, now)
    if weight is Weight.TEXT:
        return replace(after, revision=before.revision + notify, revised_at=stamp)
    sequence = before.sequence + 1
    new = replace(
        after, sequence=sequence, revised_sequence=sequence, revision=before.revision + 1, revised_at=stamp
    )
    return asked_again(new) if weight is Weight.TIME else new


def restamped(meeting: Meeting, now: datetime) -> Meeting:
    """Return ``meeting`` with a fresh DTSTAMP: its text is newer, though nobody is told of it by itself."""
    return replace(meeting, revised_at=_fresh_stamp(meeting, now))


def _fresh_stamp(meeting: Meeting, now: datetime) -> datetime:
    """Return a DTSTAMP later than any given out before; calendars count whole seconds."""
    given = [meeting.revised_at, *(item.joined_at for item in meeting.attendees)]
    latest = max((moment for moment in given if moment is not None), default=None)
    if latest is None or now.replace(microsecond=0) > latest.replace(microsecond=0):
        return now
    return latest + timedelta(seconds=1)


def asked_again(meeting: Meeting) -> Meeting:
    """Put every answer back, for it was given to another time (RFC 5546 section 3.2.2.1)."""
    return replace(
        meeting,
        reset_sequence=meeting.revised_sequence,
        time_revision=meeting.revision,
        attendees=tuple(
            replace(
                item,
                participation=Participation.NEEDS_ACTION,
                answer_stamp=None,
                comment=None,
                delegated_to=None,
            )
            for item in meeting.attendees
        ),
    )


def first(meeting: Meeting, now: datetime) -> Meeting:
    """Return a meeting numbered as its own first revision."""
    return replace(
        meeting, sequence=0, revised_sequence=0, reset_sequence=0, revision=1, time_revision=1, revised_at=now
    )


def request_to(meeting: Meeting, attendee: Attendee, *, significant: bool = True) -> RevisionMessage:
    """Return the REQUEST of the current revision to one attendee."""
    stamps = [moment for moment in (meeting.revised_at, attendee.joined_at) if moment is not None]
    return RevisionMessage(
        method=Method.REQUEST,
        attendee=attendee,
        # A person who came later, perhaps after a CANCEL, must see a number no lower than that.
        sequence=max(meeting.revised_sequence, attendee.joined_sequence),
        stamp=max(stamps),
        status=EventStatus.TENTATIVE if meeting.tentative else EventStatus.CONFIRMED,
        significant=significant,
    )


def cancel_to(meeting: Meeting, attendee: Attendee) -> RevisionMessage:
    """Return the CANCEL to one attendee, of the whole meeting or of their being in it."""
    removed = attendee.removed_sequence is not None
    stamp = attendee.removed_at if removed else meeting.revised_at
    if stamp is None:
        raise ValueError(f"{meeting.reference} has not been published, so there is nothing to cancel")
    return RevisionMessage(
        method=Method.CANCEL,
        attendee=attendee,
        sequence=meeting.sequence if attendee.removed_sequence is None else attendee.removed_sequence,
        stamp=stamp,
        status=EventStatus.CANCELLED,
        significant=True,
    )


def to_cancel(meeting: Meeting) -> tuple[Attendee, ...]:
    """Return who is due a CANCEL: each person who has the meeting in the calendar and is not in it any more.

    One person may stand in several rows, removed and invited again; the newest row speaks for all. Who
    was removed only after the end is not told.
    """
    over = meeting.status is MeetingStatus.CANCELLED
    return tuple(
        own[-1] for own in _by_address(meeting).values() if (over or _left(meeting, own[-1])) and _has_it(own)
    )


def _by_address(meeting: Meeting) -> dict[str, list[Attendee]]:
    rows: dict[str, list[Attendee]] = {}
    for item in meeting.attendees:
        rows.setdefault(item.address, []).append(item)
    return rows


def _left(meeting: Meeting, attendee: Attendee) -> bool:
    if attendee.invited:
        return False
    return attendee.removed_at is None or attendee.removed_at < meeting.ends_at


def _has_it(own: list[Attendee]) -> bool:
    """Whether the meeting is in a person's calendar; the newest row that was written to says so."""
    return next((item.holds_invitation for item in reversed(own) if item.notified or item.withdrawn), False)


def messages_of_change(before: Meeting | None, after: Meeting, now: datetime) -> tuple[RevisionMessage, ...]:
    """Return exactly the messages that the edit from ``before`` to ``after`` calls for.

    ``before`` is ``None``, or a draft, for a new meeting. Nothing is told of a meeting that is over, of
    an edit that changes nothing, nor to attendees who have declined what goes on unchanged.
    """
    if after.status is MeetingStatus.DRAFT or after.ends_at <= now:
        return ()
    due = {(item.address, cancel_to(before, item).sequence) for item in to_cancel(before)} if before else ()
    cancels = tuple(
        message for item in to_cancel(after) if _key(message := cancel_to(after, item)) not in due
    )
    if after.status is not MeetingStatus.PUBLISHED:
        return cancels
    if before is None or before.status is not MeetingStatus.PUBLISHED:
        return cancels + tuple(request_to(after, item) for item in after.invited if not item.declined)
    news = before.revision != after.revision
    significant = _significant(before, after)
    there = {item.address for item in before.invited}
    return cancels + tuple(
        request_to(after, item, significant=significant or item.address not in there)
        for item in after.invited
        if (news and not item.declined) or item.address not in there
    )


def _key(message: RevisionMessage) -> tuple[str, int]:
    return message.attendee.address, message.sequence


def _significant(before: Meeting, after: Meeting) -> bool:
    told = (before.starts_at, before.ends_at, before.tentative)
    return told != (after.starts_at, after.ends_at, after.tentative)
