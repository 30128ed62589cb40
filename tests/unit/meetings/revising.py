"""Meetings to revise, and what is due of a revision."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose; tests are named after their cases.

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from icalendar import Calendar

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.letters.invitation import CalendarFacts, CalendarTemplate
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.meeting import AgendaEntry, Attendee, Meeting, Participation
from orchestrator.domain.meetings.revision import (
    RevisionMessage,
    messages_of_change,
)
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind

ORGANIZER = "meetings@accsm.example"
NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
AFTER = NOW + timedelta(days=2)
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)
ENDS = STARTS + timedelta(hours=3)
LINK = Conference("external-1", "provider-1", "https://meet.example.org/1", attempted=True)
OTHER_LINK = replace(LINK, join_url="https://meet.example.org/2")
NA, ACCEPTED, DECLINED = Participation.NEEDS_ACTION, Participation.ACCEPTED, Participation.DECLINED
REQUEST, CANCEL = Method.REQUEST, Method.CANCEL


def person(number: int, **fields: Any) -> Attendee:
    whole: dict[str, Any] = {
        "name": f"Person {number}",
        "email": f"person{number}@example.org",
        "delegation": "VN",
        "group": "SOM",
        "role": Role.SENIOR_OFFICIAL,
        "id": number,
    }
    return Attendee(**(whole | fields))


ONE, TWO, THREE = person(1), person(2), person(3)


def draft(**fields: Any) -> Meeting:
    whole: dict[str, Any] = {
        "id": 1,
        "reference": "SOM-2026",
        "programme": None,
        "kind": "som",
        "title_en": "SOM",
        "title_vi": None,
        "host": "VN",
        "coordinator_name": "K",
        "coordinator_email": "k@vn.example.org",
        "wall_start": datetime(2026, 12, 3, 14),
        "zone": "Asia/Ho_Chi_Minh",
        "duration": timedelta(hours=3),
        "timeline": "standard",
        "conference": LINK,
        "agenda": (AgendaEntry("Opening", "Khai mạc", "VN", number=1),),
        "attendees": (ONE, TWO),
    }
    return Meeting(**(whole | fields))


def publish(meeting: Meeting, *, save_the_date: bool = False, now: datetime = NOW) -> Meeting:
    return lifecycle.publish(meeting, "uid-1", now, organizer=ORGANIZER, save_the_date=save_the_date)


def delivered(meeting: Meeting, told: Iterable[RevisionMessage]) -> Meeting:
    """The meeting once these messages have left, with new attendees stored."""
    methods = {notice.attendee.address: notice.method for notice in told}
    return replace(
        meeting,
        attendees=tuple(
            replace(
                item,
                id=item.id or 100 + number,
                notified=item.notified or (item.invited and methods.get(item.address) is REQUEST),
                withdrawn=methods.get(item.address, REQUEST if item.invited else None) is CANCEL
                or (item.withdrawn and not item.invited),
            )
            for number, item in enumerate(meeting.attendees)
        ),
    )


def told_at_1(*people: Attendee, **fields: Any) -> Meeting:
    """A meeting of SEQUENCE 1 that everybody has in the calendar: One has accepted, Two has not answered."""
    people = people or (replace(ONE, participation=ACCEPTED), TWO)
    numbers = {"sequence": 1, "revised_sequence": 1}
    meeting = replace(publish(draft(attendees=people)), **(numbers | fields))
    return replace(meeting, attendees=tuple(replace(item, notified=True) for item in meeting.attendees))


def listed(*people: Attendee) -> Change:
    """The attendees as a coordinator lists them, without what only the store knows."""
    return Change(
        attendees=tuple(
            Attendee(item.name, item.email, item.delegation, item.group, item.role, seat=item.seat)
            for item in people
        )
    )


def also(change: Change, **fields: Any) -> Change:
    return replace(change, **fields)


Message = tuple[Method, str, int, datetime, EventStatus, Participation, bool, bool]


def message(
    method: Method,
    to: Attendee,
    sequence: int,
    stamp: datetime,
    participation: Participation = NA,
    *,
    significant: bool = True,
    tentative: bool = False,
) -> Message:
    """One message as it is expected; every confirmed REQUEST asks for an answer."""
    status = EventStatus.CANCELLED
    if method is REQUEST:
        status = EventStatus.TENTATIVE if tentative else EventStatus.CONFIRMED
    rsvp = status is EventStatus.CONFIRMED
    return method, to.address, sequence, stamp, status, participation, rsvp, significant


def messages(before: Meeting | None, after: Meeting, now: datetime = LATER) -> set[Message]:
    """What an edit calls for, in all that the rules decide; nothing twice."""
    found = [
        (
            item.method,
            item.attendee.address,
            item.sequence,
            item.stamp,
            item.status,
            item.participation,
            item.rsvp,
            item.significant,
        )
        for item in messages_of_change(before, after, now)
    ]
    assert len({item[:2] for item in found}) == len(found)
    return set(found)


def revise(
    meeting: Meeting, change: Change, now: datetime = LATER, *, notify: bool = True
) -> tuple[Meeting, set[Message]]:
    after = lifecycle.revise(meeting, change, now, notify=notify)
    return after, messages(meeting, after, now)


def calendar(meeting: Meeting, notice: RevisionMessage) -> Any:
    """The calendar object of a notice, as a parser reads it."""
    facts = CalendarFacts(
        method=notice.method,
        status=None if notice.removes else notice.status,
        uid=meeting.uid or "",
        sequence=notice.sequence,
        stamp=notice.stamp,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        summary=meeting.title_en,
        description="",
        organizer_name=meeting.coordinator_name,
        organizer_address=meeting.organizer or "",
        join_url=meeting.conference.join_url,
    )
    (event,) = Calendar.from_ical(CalendarTemplate.of(facts).copy_for(notice.attendee)).subcomponents
    return event


def named(event: Any) -> list[str]:
    people = event["attendee"]
    return [str(item) for item in (people if isinstance(people, list) else [people])]


def edit(before: Meeting, change: Change, now: datetime) -> tuple[Meeting, tuple[RevisionMessage, ...]]:
    after = lifecycle.revise(before, change, now)
    return after, messages_of_change(before, after, now)


K, S = ActionKind, ActionState
