"""Fixtures of the tests in this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orchestrator import cli
from orchestrator.store.engine import Database
from tests.callers import caller
from tests.integration.conftest import World, definition, emptied
from tests.integration.dates.polling import MONDAY, STAFF, opened
from tests.integration.dates.surfaces.polled_pages import PREP
from tests.integration.serving import TestClient, application


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path) -> World:
    made = World(emptied(sqlite_of_session), tmp_path / "data")
    made.clock.at = MONDAY
    made.create(attendees=STAFF)
    return made


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(application(world), base_url="http://localhost", follow_redirects=False) as made:
        yield made


@pytest.fixture
def linked(world: World) -> World:
    """A published meeting on 2 December at 09:00 that prepares the one there is a poll for."""
    prep = definition(PREP, kind="preparatory", start="2026-12-02 09:00", duration="PT2H", feeds="SOM-2026")
    world.meetings.create([prep], caller=caller("coordinator"))
    world.meetings.publish(PREP, caller=caller("coordinator"))
    opened(world)
    world.run()
    return world


# The command line


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command; returns its output, raises what it raises."""
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: world)

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(
            cli.cli, ["meeting", "date-poll", *words], catch_exceptions=False, standalone_mode=False
        )
        if result.exception:
            raise result.exception
        return result.output

    return invoke
