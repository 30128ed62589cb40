"""Fixtures of the tests in this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.conftest import World
from tests.integration.serving import TestClient, application


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    world.scheduling.begin()
    with TestClient(application(world), base_url="http://localhost") as made:
        yield made
