"""Fixtures of the tests in this room."""

from __future__ import annotations

import pytest

from tests.integration.conftest import (
    World,
)
from tests.integration.personal.personal_pages import STAFF


@pytest.fixture
def invited(world: World) -> World:
    """A meeting to which Viet Nam sends a senior official, a focal point and a delegate."""
    world.invited(attendees=STAFF)
    world.clock.move(hours=1)
    return world
