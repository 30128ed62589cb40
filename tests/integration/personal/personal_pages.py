"""What a personal page is opened with, and what it leaves in the records."""

from __future__ import annotations

from sqlalchemy import select

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Attendee, Meeting, Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.answers import ResponseRow
from orchestrator.store.rows.meetings import HistoryRow
from tests.callers import caller
from tests.integration.conftest import (
    NHUNG,
    PEOPLE,
    TAN,
    THIDA,
    World,
)

P, K = Participation, ActionKind
LAN, MINH, WEI = "lan@vn.example.org", "minh@vn.example.org", "wei@sg.example.org"
STAFF = [
    PEOPLE[NHUNG],
    {"group": "ACCSM_FP", "delegation": "VN", "name": "Phạm Thu Lan", "email": LAN},
    {"group": "ACCSM_OFF", "delegation": "VN", "name": "Đỗ Quang Minh", "email": MINH},
    PEOPLE[THIDA],
    PEOPLE[TAN],
]
LINK = "https://teams.example.org/join/1"


def meeting(world: World, reference: str = "SOM-2026") -> Meeting:
    with world.database.reading() as session:
        return store.load(session, store.find_id(session, reference))


def attendee(world: World, email: str) -> Attendee:
    return [item for item in meeting(world).attendees if item.email == email][-1]


def token(world: World, email: str) -> str:
    return world.links.page_token(attendee(world, email))


def feed_token(world: World, email: str) -> str:
    url = world.personal_pages.page(token(world, email)).feed_url
    return url.split("/")[-2]


def answers(world: World) -> dict[str, Participation]:
    return {item.email: item.participation for item in meeting(world).invited}


def records(world: World) -> list[ResponseRow]:
    with world.database.reading() as session:
        return list(session.scalars(select(ResponseRow).order_by(ResponseRow.id)))


def history(world: World, what: str) -> list[HistoryRow]:
    with world.database.reading() as session:
        return [item for item in session.scalars(select(HistoryRow)) if words.say(item.said) == what]


def removed(world: World, *emails: str, reference: str = "SOM-2026") -> None:
    kept = [item for item in STAFF if item["email"] not in emails]
    update = MeetingUpdate.model_validate({"attendees": kept})
    version = meeting(world, reference).version
    world.meetings.update(
        reference, update, caller=caller("coordinator"), version=version, reason="The Chair is ill."
    )
