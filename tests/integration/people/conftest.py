"""Fixtures of the tests in this room: the service in production, as strangers meet it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.bootstrap import Container
from orchestrator.web.openapi import Application
from tests.integration.conftest import NOW, ManualClock, like
from tests.integration.serving import application

TOKEN = "the-token-of-a-test-that-is-long-enough"
PUBLIC = "https://meetings.asean.example"
HOSTNAME = "meetings.asean.example"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def production(first_process: Container, tmp_path: Path) -> Iterator[Container]:
    container = like(
        first_process,
        profile="production",
        data_dir=tmp_path,
        api_token=TOKEN,
        database_url=f"sqlite:///{tmp_path / 'orchestrator.db'}",
        organizer_address="meetings@asean.example",
        public_url=PUBLIC,
        attachment_max_bytes=100_000,
    )
    container.lease_clock = ManualClock(NOW)
    yield container
    container.database.dispose()


@pytest.fixture
def app(production: Container) -> Application:
    return application(production)
