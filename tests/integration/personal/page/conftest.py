"""Fixtures of the tests in this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.store.engine import Database
from tests.integration.conftest import World, emptied
from tests.integration.personal.page.reading import STAFF
from tests.integration.serving import TestClient, application


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path) -> World:
    made = World(emptied(sqlite_of_session), tmp_path / "data")
    made.invited(attendees=STAFF)
    made.clock.move(hours=1)
    return made


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(application(world), base_url="http://localhost", follow_redirects=False) as made:
        yield made
