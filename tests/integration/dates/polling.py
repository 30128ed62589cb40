"""Date polls that are open, and what became of their mails."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from orchestrator import words
from orchestrator.domain.dates.date_poll import Vote
from orchestrator.services.dates.date_poll_views import DatePollEffect
from orchestrator.services.dates.proposals import DatePollRequest
from tests.callers import caller
from tests.integration.conftest import (
    NHUNG,
    PEOPLE,
    TAN,
    THIDA,
    World,
)

LAN, MINH = "lan@vn.example.org", "minh@vn.example.org"
# A focal point and a head of Viet Nam, a delegate; a head of Myanmar; a focal point of Singapore.
STAFF = [
    PEOPLE[NHUNG],
    {"group": "ACCSM_FP", "delegation": "VN", "name": "Phạm Thu Lan", "email": LAN},
    {"group": "ACCSM_OFF", "delegation": "VN", "name": "Đỗ Quang Minh", "email": MINH},
    PEOPLE[THIDA],
    PEOPLE[TAN],
]
ASKED = sorted([LAN, THIDA, TAN])
STARTS_GIVEN = ["2026-12-10 14:00", "2026-12-08 09:00"]
CLOSES = "2026-11-13 17:00"
CLOSING = datetime(2026, 11, 13, 10, tzinfo=UTC)
YES, IF_NEEDED, NO = Vote.YES, Vote.IF_NEEDED, Vote.NO
MONDAY = datetime(2026, 11, 2, 3, tzinfo=UTC)
"""An hour at which offices are open from Nay Pyi Taw to Singapore, so that everybody is asked at once."""


def opened(world: World, *, dry_run: bool = False, **given: Any) -> DatePollEffect:
    """Open a poll of two dates: option 1 on the 8th at 09:00, option 2 on the 10th at 14:00."""
    request = DatePollRequest.of({"starts": STARTS_GIVEN, "closes": CLOSES} | given)
    return world.date_polls.open("SOM-2026", request, caller=caller("coordinator"), dry_run=dry_run)


def polled(world: World, **given: Any) -> World:
    """A draft whose poll is open and whose mails have left."""
    world.create(attendees=STAFF)
    opened(world, **given)
    world.run()
    return world


def token(world: World, email: str) -> str:
    return world.personal_links.link_of("SOM-2026", email).rpartition("/")[2]


def recipients(world: World) -> list[str]:
    return sorted(item.recipient for item in world.mailer.accepted)


def last_notes(world: World, count: int) -> list[tuple[str, str, str | None]]:
    found = world.reading.meeting("SOM-2026").history[:count]
    return [(words.say(item.what), item.actor, words.maybe(item.detail)) for item in found]
