"""Fixtures of the tests in this room."""

from __future__ import annotations

import pytest

from tests.integration.conftest import (
    World,
    definition,
)
from tests.integration.meetings.linked.linking import BY, PREP, REPORT, SOM


@pytest.fixture
def pair(world: World) -> World:
    """A preparatory meeting on 2 December at 09:00 in Ha Noi for the SOM on the 3rd at 14:00; drafts."""
    prep = definition(PREP, kind="preparatory", start="2026-12-02 09:00", duration="PT2H", feeds=SOM)
    som = definition(fed_by=[PREP], agenda=["Opening", REPORT])
    world.meetings.create([prep, som], caller=BY)
    return world


@pytest.fixture
def published(pair: World) -> World:
    """The same, published, with everybody invited."""
    for reference in (PREP, SOM):
        pair.meetings.publish(reference, caller=BY)
    pair.run()
    return pair
