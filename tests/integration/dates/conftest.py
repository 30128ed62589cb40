"""Fixtures of the tests in this room."""

from __future__ import annotations

import pytest

from tests.integration.conftest import (
    World,
)
from tests.integration.dates.polling import MONDAY


@pytest.fixture
def in_office_hours(world: World) -> None:
    world.clock.at = MONDAY
