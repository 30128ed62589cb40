"""The doors of the service, for tests of what goes through all of them."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from orchestrator.cli import cli
from tests.integration.conftest import World
from tests.integration.serving import TestClient, application


@pytest.fixture
def client(world: World) -> TestClient:
    return TestClient(application(world), base_url="http://localhost")


@pytest.fixture
def api(world: World) -> TestClient:
    headers = {"Authorization": f"Bearer {world.api_token}"}
    return TestClient(application(world), base_url="http://localhost", headers=headers)


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns a function that runs a command and returns what it prints, or raises what it raises."""
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: world)

    def ran(*given: str) -> str:
        result = CliRunner().invoke(cli, [*given], catch_exceptions=False, standalone_mode=False)
        if result.exception:
            raise result.exception
        return result.stdout

    return ran
