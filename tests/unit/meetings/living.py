"""Meetings in each stage, and their numbers."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.lifecycle import (
    publish,
)
from orchestrator.domain.meetings.meeting import Attendee, Meeting, Participation

ORGANIZER = "meetings@accsm.example"
NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
AFTER = NOW + timedelta(days=2)
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)


def person(number: int, **fields: Any) -> Attendee:
    whole: dict[str, Any] = {
        "name": f"Person {number}",
        "email": f"person{number}@vn.example.org",
        "delegation": "VN",
        "group": "SOM",
        "role": Role.SENIOR_OFFICIAL,
        "id": number,
    }
    return Attendee(**(whole | fields))


def draft(**fields: Any) -> Meeting:
    whole: dict[str, Any] = {
        "id": 1,
        "reference": "SOM-2026",
        "programme": None,
        "kind": "som",
        "title_en": "SOM",
        "title_vi": "Hội nghị",
        "host": "VN",
        "coordinator_name": "K",
        "coordinator_email": "k@vn.example.org",
        "wall_start": datetime(2026, 12, 3, 14),
        "zone": "Asia/Ho_Chi_Minh",
        "duration": timedelta(hours=3),
        "timeline": "standard",
        "conference": Conference("external-1"),
        "attendees": (person(1), person(2)),
    }
    return Meeting(**(whole | fields))


def published(**fields: Any) -> Meeting:
    """A published meeting; everybody has been invited, the first accepted, the second declined."""
    meeting = publish(draft(), "uid-1", NOW, organizer=ORGANIZER)
    people = (
        replace(meeting.attendees[0], notified=True, participation=Participation.ACCEPTED),
        replace(meeting.attendees[1], notified=True, participation=Participation.DECLINED),
    )
    return replace(meeting, **({"attendees": people} | fields))


def numbers(meeting: Meeting) -> tuple[int, int, int]:
    return meeting.sequence, meeting.revision, meeting.time_revision


def sequences(meeting: Meeting) -> tuple[int, int, int]:
    """The highest given out, that of the current revision, that of the last reset."""
    return meeting.sequence, meeting.revised_sequence, meeting.reset_sequence


def wanted(*people: Attendee) -> tuple[Attendee, ...]:
    """The people as a coordinator lists them: without what only the store knows."""
    return tuple(Attendee(item.name, item.email, item.delegation, item.group, item.role) for item in people)


LINK = Conference("external-1", "provider-1", "https://meet.example.org/1", attempted=True)
OTHER = replace(LINK, join_url="https://meet.example.org/2")
