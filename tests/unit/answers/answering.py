"""What was said to a meeting, and how it is judged."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose; tests are named after their cases.

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from orchestrator import words
from orchestrator.domain.answers.answered_time import AnswerTiming, Told, ToldTime
from orchestrator.domain.answers.incoming import CalendarMessage
from orchestrator.domain.answers.responses import Treatment, judge
from orchestrator.domain.answers.speakers import KnownAttendees, KnownSender, Origin
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.lifecycle import publish
from orchestrator.domain.meetings.meeting import Attendee, Meeting, Participation
from orchestrator.facts import Fact

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)
ENDS = STARTS + timedelta(hours=3)
ORGANIZER = "meetings@accsm.example"
LAN, SOK = "lan@vn.example.org", "sok@kh.example.org"
CRASHER = "eve@else.example.org"


def person(number: int, email: str, **fields: Any) -> Attendee:
    whole: dict[str, Any] = {
        "name": email.partition("@")[0].title(),
        "email": email,
        "delegation": "VN",
        "group": "SOM",
        "role": Role.SENIOR_OFFICIAL,
        "id": number,
        "notified": True,
    }
    return Attendee(**(whole | fields))


def draft(*people: Attendee) -> Meeting:
    return Meeting(
        id=1,
        reference="SOM-2026",
        programme=None,
        kind="som",
        title_en="SOM",
        title_vi=None,
        host="VN",
        coordinator_name="K",
        coordinator_email="k@vn.example.org",
        wall_start=datetime(2026, 12, 3, 14),
        zone="Asia/Ho_Chi_Minh",
        duration=timedelta(hours=3),
        timeline="standard",
        conference=Conference("external-1"),
        attendees=people or (person(1, LAN), person(2, SOK, delegation="KH")),
    )


def meeting(*people: Attendee, **fields: Any) -> Meeting:
    return replace(publish(draft(*people), "uid-1", NOW, organizer=ORGANIZER), **fields)


def reset_at_10(**fields: Any) -> Meeting:
    """A meeting whose time was last set by the revision of SEQUENCE 10."""
    return meeting(sequence=10, revised_sequence=10, reset_sequence=10, **fields)


def said(participation: str | None = "ACCEPTED", **fields: Any) -> CalendarMessage:
    """A REPLY of Lan's, as most systems send it."""
    whole: dict[str, Any] = {
        "method": "REPLY",
        "uid": "uid-1",
        "attendee": LAN,
        "participation": participation,
        "sequence": 0,
        "stamp": LATER,
        "starts_at": STARTS,
        "ends_at": ENDS,
        "organizer": ORGANIZER,
    }
    return CalendarMessage(**(whole | fields))


def found_by(
    message: CalendarMessage,
    known: Meeting | None = None,
    token: int | None = None,
    sender: str | None = LAN,
    senders: Iterable[KnownSender] = (),
) -> Attendee | None:
    return KnownAttendees.of(known or meeting(), senders).find(message, Origin(sender, token))


class Verdict(NamedTuple):
    """What is done with a message, and why, as it is said in English."""

    treatment: Treatment
    reason: str


def told_of(*states: Meeting) -> Told:
    """What attendees were told, by the states that a meeting went through."""
    times = tuple(ToldTime(item.revised_sequence, item.starts_at, item.ends_at) for item in states)
    return Told(times, tuple(item.revised_at for item in states if item.revised_at))


def judged(
    message: CalendarMessage,
    to: Meeting | None = None,
    sender: str | None = LAN,
    token: int | None = None,
    senders: Iterable[KnownSender] = (),
    doubt: Fact | None = None,
    before: Sequence[Meeting] = (),
) -> Verdict:
    """What is done with a message from ``sender``; ``token`` names whose reply address it came to.

    ``before`` is what the meeting was before, oldest first.
    """
    known = to or meeting()
    origin, people = Origin(sender, token, doubt), KnownAttendees.of(known, senders)
    found = judge(message, origin, known, people, AnswerTiming(told_of(*before, known)))
    return Verdict(found.treatment, words.say(found.reason))


def effect(
    message: CalendarMessage, to: Meeting | None = None, sender: str | None = LAN, token: int | None = None
) -> Treatment:
    return judged(message, to, sender, token).treatment


# R24-R27: which revision is answered.

STALE = Verdict(Treatment.IGNORE, "it answers an earlier time of the meeting")
SUPERSEDED = Verdict(
    Treatment.IGNORE,
    "it answers an earlier revision of the meeting, and everybody has been asked again since",
)
DECLINED = Participation.DECLINED
