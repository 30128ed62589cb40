"""Fixtures of the tests in this room."""

from __future__ import annotations

import pytest

from tests.integration.conftest import World
from tests.integration.readiness.board import CHASING, STAFF


@pytest.fixture
def published(world: World) -> World:
    """A published meeting that asks for everything, its invitations out, an hour later."""
    world.timelines = {**world.timelines, "chasing": CHASING}
    world.invited(attendees=STAFF, timeline="chasing")
    world.clock.move(hours=1)
    return world
