"""Fixtures of the tests in this room."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.bootstrap import Container
from orchestrator.services.definitions.examples import ACCSM21
from tests.callers import caller
from tests.integration.conftest import like
from tests.integration.meetings.console.reading import ORDINARY_DAYS, SOM
from tests.integration.serving import TestClient, application


@pytest.fixture
def container(first_process: Container, tmp_path: Path) -> Iterator[Container]:
    made = like(first_process, data_dir=tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def client(container: Container) -> Iterator[TestClient]:
    with TestClient(application(container), base_url="http://localhost") as made:
        yield made


@pytest.fixture
def draft(container: Container) -> str:
    container.examples.load(ACCSM21.read_text("utf-8"), ORDINARY_DAYS, caller=caller("test"))
    return SOM


@pytest.fixture
def published(container: Container, draft: str) -> str:
    container.meetings.publish(draft, caller=caller("test"))
    return draft


@pytest.fixture
def concluded(container: Container, published: str) -> str:
    container.sandbox_clock.move_to(container.reading.meeting(published).starts_at + timedelta(minutes=1))
    container.meetings.conclude(published, caller=caller("test"))
    return published
