"""Which time of a meeting an answer is to, and when it was given.

SEQUENCE and DTSTART of an answer both say which time is meant (RFC 5546 section 2.1.5), and calendar programs
spoil either: some raise SEQUENCE, some copy an old start, some leave them out or write the start in a zone of
their own. Where the two agree, or only one of them speaks, that decides; where they disagree, a person does.
DTSTAMP orders answers, unless it is only a copy of that of our own request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from orchestrator.domain.answers.itip import CalendarMessage
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.domain.time.zones import Place, city_of, local_time
from orchestrator.facts import Fact

_SAME_STAMP = timedelta(seconds=5)
"""How far the DTSTAMP of an invitation that was sent again may lie from when that is recorded as sent."""


@dataclass(frozen=True, slots=True)
class ToldTime:
    """The time that attendees were told in a revision, and the SEQUENCE of that revision."""

    sequence: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What attendees were told of a meeting: its times, oldest first, and the DTSTAMPs of our requests."""

    times: tuple[ToldTime, ...] = ()
    stamps: tuple[datetime, ...] = ()

    def copied(self, stamp: datetime | None) -> bool:
        """Whether a DTSTAMP is that of one of our own requests, so that it orders nothing."""
        return stamp is not None and any(abs(stamp - own) <= _SAME_STAMP for own in self.stamps)

    def starts_moved_since(self, sequence: int, present: datetime) -> bool:
        """Whether the start was another one at some time since the revision of that SEQUENCE."""
        before = [item for item in self.times if item.sequence <= sequence][-1:]
        after = [item for item in self.times if item.sequence > sequence]
        return not self.times or any(item.starts_at != present for item in (*before, *after))


@dataclass(frozen=True, slots=True)
class AnswerTiming:
    """By what the time of an answer is judged.

    ``told`` is what attendees were told of the meeting, ``given_at`` when the answer was given. ``settled``
    says that a person has decided that it is to the present time.
    """

    told: Told = Told()
    given_at: datetime | None = None
    settled: bool = False


DISPUTES = frozenset(
    {
        "answers.new-start-old-number",
        "answers.old-start-new-number",
        "answers.start-of-no-revision",
        "answers.time-untold",
    }
)
"""Keys of the reasons for which a person has to say which time an answer is to."""


@dataclass(frozen=True, slots=True)
class OtherTime:
    """Why an answer does not count for the present time; ``disputed`` says that a person has to decide."""

    reason: Fact
    disputed: bool


class _Number(Enum):
    """What the SEQUENCE of an answer says."""

    NONE = auto()
    OLD = auto()
    PRESENT = auto()
    RAISED = auto()
    """Higher than any that was given out: the attendee's program has raised it."""


class _Start(Enum):
    """What the DTSTART of an answer says."""

    UNKNOWN = auto()
    PRESENT = auto()
    EARLIER = auto()
    FOREIGN = auto()
    """The meeting never had it."""


def other_time(
    message: CalendarMessage, meeting: Meeting, attendee: Attendee, told: Told
) -> OtherTime | None:
    """Return why a REPLY or COUNTER does not count for the present time; None when it does.

    The DTSTART of a COUNTER is the time that it proposes, so that only its SEQUENCE says what it is about.
    """
    floor = max(meeting.reset_sequence, attendee.joined_sequence)
    number = _number(message.sequence, floor, meeting.sequence)
    if message.method == "COUNTER":
        return _before(message, meeting, attendee) if number is _Number.OLD else None
    start = _start(message, meeting, told)
    match number:
        case _Number.OLD:
            return _with_old_number(start, message, meeting, attendee, told)
        case _Number.NONE:
            return _without_number(start, message, meeting, attendee)
    return _with_new_number(start, number, message, meeting, floor)


def _number(sequence: int | None, floor: int, highest: int) -> _Number:
    if sequence is None:
        return _Number.NONE
    if sequence > highest:
        return _Number.RAISED
    return _Number.OLD if sequence < floor else _Number.PRESENT


def _start(message: CalendarMessage, meeting: Meeting, told: Told) -> _Start:
    """Say which start an answer names; its end tells two times apart that start at the same moment."""
    if message.starts_at is None:
        return _Start.UNKNOWN
    earlier = [item for item in told.times if (item.starts_at, item.ends_at) != _time(meeting)]
    if message.starts_at == meeting.starts_at:
        named = (message.starts_at, message.ends_at)
        shorter = message.sequence is None and any((it.starts_at, it.ends_at) == named for it in earlier)
        return _Start.EARLIER if shorter else _Start.PRESENT
    if not told.times or any(item.starts_at == message.starts_at for item in earlier):
        return _Start.EARLIER
    # What a program's own zone yields is no certain time that the meeting never had.
    return _Start.FOREIGN if message.start_is_certain else _Start.UNKNOWN


def _time(meeting: Meeting) -> tuple[datetime, datetime]:
    return meeting.starts_at, meeting.ends_at


def _with_old_number(
    start: _Start, message: CalendarMessage, meeting: Meeting, attendee: Attendee, told: Told
) -> OtherTime:
    """An old SEQUENCE: an old answer, unless the start contradicts it."""
    sequence = message.sequence or 0
    moved = told.starts_moved_since(sequence, meeting.starts_at)
    again = attendee.joined_sequence > sequence >= meeting.reset_sequence
    if start is _Start.FOREIGN:
        return _disputed("answers.start-of-no-revision", message, meeting)
    if start is _Start.PRESENT and moved and not again:
        return _disputed("answers.new-start-old-number", message, meeting)
    return _before(message, meeting, attendee, moved=moved)


def _without_number(
    start: _Start, message: CalendarMessage, meeting: Meeting, attendee: Attendee
) -> OtherTime | None:
    """No SEQUENCE counts as 0 (RFC 5545 section 3.8.7.4), which says nothing once the meeting has moved."""
    if (
        attendee.joined_at
        and attendee.joined_sequence
        and message.stamp
        and message.stamp < attendee.joined_at
    ):
        return _before(message, meeting, attendee)
    if start is _Start.PRESENT or not max(meeting.reset_sequence, attendee.joined_sequence):
        return None
    if start is _Start.EARLIER:
        return OtherTime(Fact.of("answers.earlier-time"), disputed=False)
    if start is _Start.FOREIGN:
        return _disputed("answers.start-of-no-revision", message, meeting)
    return _disputed("answers.time-untold", message, meeting)


def _with_new_number(
    start: _Start, number: _Number, message: CalendarMessage, meeting: Meeting, floor: int
) -> OtherTime | None:
    """A SEQUENCE of the present time, or a higher one, is not believed against the start."""
    if start is _Start.EARLIER:
        return _disputed("answers.old-start-new-number", message, meeting)
    if start is _Start.FOREIGN:
        return _disputed("answers.start-of-no-revision", message, meeting)
    if start is _Start.UNKNOWN and number is _Number.RAISED and floor:
        return _disputed("answers.time-untold", message, meeting)
    return None


def _before(
    message: CalendarMessage, meeting: Meeting, attendee: Attendee, *, moved: bool = True
) -> OtherTime:
    """An answer to what was asked before everybody, or this attendee, was asked again."""
    if (
        attendee.joined_sequence > meeting.reset_sequence
        and (message.sequence or 0) >= meeting.reset_sequence
    ):
        return OtherTime(Fact.of("answers.before-invited-again", name=attendee.name), disputed=False)
    return OtherTime(
        Fact.of("answers.earlier-time" if moved else "answers.before-asked-again"), disputed=False
    )


def _disputed(key: str, message: CalendarMessage, meeting: Meeting) -> OtherTime:
    if message.starts_at is None:
        return OtherTime(Fact.of(key), disputed=True)
    named = local_time(message.starts_at, Place(meeting.zone, city_of(meeting.zone)))
    return OtherTime(Fact.of(key, start=named, sequence=message.sequence), disputed=True)


def given_at(message: CalendarMessage, told: Told, *, dated: datetime | None, now: datetime) -> datetime:
    """Return when an answer was given, by which it is ordered.

    That is its DTSTAMP; where that is missing or a copy of our own, the Date of the mail (``dated``); where
    that is missing too, or lies before the request that is answered, the moment it is read (``now``), in the
    order in which mails arrived. Never later than ``now``: a clock that runs ahead must not make every later
    answer look old.
    """
    if message.stamp is not None and not told.copied(message.stamp):
        return min(message.stamp, now)
    asked = message.stamp or min(told.stamps, default=None)
    if dated is not None and (asked is None or dated >= asked.replace(microsecond=0)):
        return min(dated, now)
    return now
