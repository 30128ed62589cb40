"""Linked meetings, and what is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.linked import Linked
from orchestrator.facts import Said
from orchestrator.services.meetings.views import MeetingView
from orchestrator.services.timelines.views import Effect
from orchestrator.words import say
from tests.callers import caller
from tests.integration.conftest import (
    World,
)

PREP, SOM, HEADS = "PREP-2026", "SOM-2026", "HEADS-2026"
BY = caller("coordinator")
REPORT = {"en": "Report on the key outcomes", "input_from": PREP}


def view(world: World, reference: str) -> MeetingView:
    return world.reading.meeting(reference)


def change(
    world: World, reference: str = SOM, *, linked: Linked | None = None, dry_run: bool = False, **fields: Any
) -> Effect:
    return world.meetings.update(
        reference,
        MeetingUpdate.model_validate(fields),
        caller=BY,
        version=view(world, reference).version,
        linked=linked,
        dry_run=dry_run,
        reason="The Chair is ill.",
    )


def sentences(found: Sequence[Said]) -> tuple[str, ...]:
    return tuple(map(words.say, found))


def attention(world: World, reference: str = SOM) -> tuple[str, ...]:
    """What needs somebody, but for the reminders that these tests let go by with the clock."""
    said = map(say, view(world, reference).attention)
    return tuple(line for line in said if " missed: " not in line)


def begun(world: World, reference: str = PREP) -> None:
    world.clock.at = view(world, reference).starts_at
