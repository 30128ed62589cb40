"""What delegations owe, and who is asked for it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from orchestrator import words
from orchestrator.domain.meetings.meeting import ContributionState, Meeting, Need, Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.facts import Said
from orchestrator.services.readiness.views import DelegationReadiness
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.meetings import HistoryRow
from tests.callers import caller
from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World

K, P, C = ActionKind, Participation, ContributionState
LAN, MINH, DARA = "lan@vn.example.org", "minh@vn.example.org", "dara@kh.example.org"
# Viet Nam has a head, a focal point and a delegate; Myanmar only a head; Singapore only a focal point.
STAFF = [
    PEOPLE[NHUNG],
    {"group": "ACCSM_FP", "delegation": "VN", "name": "Phạm Thu Lan", "email": LAN},
    {"group": "ACCSM_OFF", "delegation": "VN", "name": "Đỗ Quang Minh", "email": MINH},
    PEOPLE[THIDA],
    PEOPLE[TAN],
]
CHASING = Timeline.of(
    {
        "name": "chasing",
        "title": "A meeting that asks for everything",
        "steps": [
            {"do": "conference", "at": "immediately", "alert_after": "PT30M"},
            {"do": "invite", "at": "immediately"},
            {"do": "remind", "id": "P7D", "at": "-P7D at 09:00 local", "grace": "PT7H"},
            {"do": "chase", "id": "answer", "when": "no answer", "at": ["-P21D", "-P14D"]},
            {"do": "chase", "id": "list", "when": "list missing", "at": ["-P20D", "-P10D"]},
            {"do": "chase", "id": "paper", "when": "paper missing", "at": "-P12D"},
            {
                "do": "connection-test",
                "at": "-P3D",
                "day": "-P1D",
                "slot": "PT15M",
                "to": ["focal point", "head of delegation"],
            },
            {"do": "conclude", "at": "+PT0S"},
            {"do": "minutes", "at": "immediately", "grace": "P7D"},
        ],
    }
)


def told(facts: Iterable[Said]) -> tuple[str, ...]:
    """What facts say."""
    return tuple(map(words.say, facts))


def meeting(world: World) -> Meeting:
    with world.database.reading() as session:
        return store.load(session, store.find_id(session, "SOM-2026"))


def row(world: World, code: str) -> DelegationReadiness:
    board = world.readiness.board("SOM-2026")
    return next(item for item in board.delegations if item.code == code)


def record(
    world: World, code: str, need: Need, how: ContributionState | None, note: str | None = None
) -> None:
    world.contributions.record("SOM-2026", code, need, how, caller=caller("console"), note=note)


def answer(world: World, email: str, participation: Participation) -> None:
    world.answers.answer("SOM-2026", email, participation, caller=caller("console"))


def history(world: World, what: str) -> list[tuple[str, str | None]]:
    with world.database.reading() as session:
        rows = session.scalars(select(HistoryRow).order_by(HistoryRow.id))
        return [
            (item.channel if item.actor_kind == "attendee" else item.actor, words.maybe(item.detail))
            for item in rows
            if words.say(item.said) == what
        ]


def recipients(world: World, purpose: str) -> list[str]:
    return [item.recipient for item in world.deliveries() if item.purpose == purpose]
