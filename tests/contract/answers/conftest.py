"""Fixtures of the tests in this room."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.answers.imap_script import ScriptedImap


@pytest.fixture
def scripted() -> Iterator[Callable[..., ScriptedImap]]:
    started: list[ScriptedImap] = []

    def start(**answers: Any) -> ScriptedImap:
        started.append(ScriptedImap(**answers))
        return started[-1]

    yield start
    for server in started:
        server.close()
    gc.collect()
