"""Beat's scheduler as Celery makes it, over a broker by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from kombu.exceptions import OperationalError

from orchestrator.domain.timelines.kinds import ActionKind, Work
from tests.integration.conftest import FakeMailbox, World

K = ActionKind


@pytest.fixture
def beat(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The module with the scheduler; importing it reads the settings."""
    monkeypatch.setenv("ORCHESTRATOR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ORCHESTRATOR_SECRETS_DIR", str(tmp_path / "no-secrets"))
    import tasks.beat

    return tasks.beat


class Broker:
    """Takes messages as Celery would send them, or refuses."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.lanes: list[Work] = []
        self.refuses: list[Exception] = []
        self.takes: int | None = None
        self.asked: list[Work] = []

    def of(self, lane: Work) -> BrokerLane:
        return BrokerLane(self, lane)

    def waiting_in(self, lane: Work) -> set[int]:
        self.asked.append(lane)
        return {
            number
            for found, (ids,) in zip(self.lanes, self.messages, strict=True)
            if found is lane
            for number in ids
        }


@dataclass
class BrokerLane:
    """The task of one lane."""

    broker: Broker
    lane: Work

    def apply_async(self, arguments: tuple[Any, ...], **options: Any) -> None:
        assert options == {}, "no ETA, no countdown, no expiry"
        if self.broker.takes is not None and len(self.broker.messages) >= self.broker.takes:
            raise OperationalError("away")
        if self.broker.refuses:
            raise self.broker.refuses.pop(0)
        self.broker.messages.append(json.loads(json.dumps(arguments)))
        self.broker.lanes.append(self.lane)


@pytest.fixture
def broker(beat: ModuleType, world: World, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """What beat publishes to, with the world behind it.

    The world has no mailbox, so that every message is one of a meeting; ``mailbox`` gives it one.
    """
    world.mailbox = None
    found = Broker()
    monkeypatch.setattr(beat, "TASKS", {lane: found.of(lane) for lane in Work})
    monkeypatch.setattr(beat, "waiting_in", found.waiting_in)
    monkeypatch.setattr(beat, "container", lambda: world)
    return found


@pytest.fixture
def scheduler(beat: ModuleType, broker: Broker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Beat's scheduler as Celery makes it, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    from tasks.app import app

    return beat.ActionScheduler(app=app, max_interval=2.0, lazy=False)


@pytest.fixture
def mailbox(world: World, broker: Broker) -> FakeMailbox:
    """A mailbox that is read from time to time; it must be there before the first tick."""
    world.mailbox = FakeMailbox()
    return world.mailbox
