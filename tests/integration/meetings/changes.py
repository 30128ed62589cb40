"""Changes of a meeting, and what they told."""

from __future__ import annotations

from collections import Counter
from typing import Any

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import PermanentFailure
from orchestrator.services.timelines.views import Effect
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    World,
)

K, P = ActionKind, Participation
RATIH = {"group": "ASEC", "delegation": "ASEC", "name": "Ratih", "email": "ratih@asean.example.org"}
LINK = "https://video.vn.example.org/som"


def change(
    world: World, version: int, *, dry_run: bool = False, notify: bool = True, **fields: Any
) -> Effect:
    return world.meetings.update(
        "SOM-2026",
        MeetingUpdate.model_validate(fields),
        caller=caller("coordinator"),
        version=version,
        notify=notify,
        dry_run=dry_run,
        reason="The Chair is ill.",
    )


def answer(world: World, email: str, participation: Participation) -> Effect:
    return world.answers.answer("SOM-2026", email, participation, caller=caller("telephone"))


def attach(world: World, text: str = "Adopted.", **how: Any) -> Effect:
    return world.minutes.attach("SOM-2026", "Minutes.md", text.encode(), caller=caller("coordinator"), **how)


def told(outcome: Effect) -> Counter[tuple[str, str]]:
    return Counter((item.effect, maybe(item.what)) for item in outcome.consequences)


def of(world: World, email: str) -> dict[str, str]:
    """The state of every action of somebody, by its key without the number of the attendee."""
    return {
        item.key.partition(":attendee-")[0]: item.state
        for item in world.reading.plan("SOM-2026")
        if item.recipient_email == email
    }


REMINDERS = ("remind:P7D", "remind:P1D", "remind:PT1H")


def refuse(_: object) -> None:
    raise PermanentFailure("The sign-in was refused.")


def draft(world: World) -> None:
    world.create()


def moved(world: World) -> None:
    world.invited()
    change(world, 2, start="2026-12-10 14:00")


def cancelled(world: World) -> None:
    world.invited()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")


def announced(world: World) -> None:
    world.create()
    world.meetings.publish("SOM-2026", caller=caller("coordinator"), save_the_date=True)
