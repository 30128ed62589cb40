"""What hangs ends itself, and says where it hung."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import Settings
from orchestrator.domain.timelines.kinds import ActionKind
from tests.integration.conftest import World, crowd

pytestmark = pytest.mark.thorough
HANGS = """
import socket, sys
from integrations.watchdog import ProcessWatchdog

watchdog = ProcessWatchdog(float(sys.argv[1]))
watchdog.begin()
def look_at_the_neighbour():
    silent = socket.create_server(("127.0.0.1", 0))
    socket.create_connection(silent.getsockname()).recv(1)
look_at_the_neighbour()
"""
ENDS = """
import threading
from integrations.watchdog import ProcessWatchdog
watchdog = ProcessWatchdog(1.5)
for _ in range(3):
    watchdog.begin()
    threading.Event().wait(1.1)
watchdog.end()
threading.Event().wait(2)
print("well")
"""


def test_a_process_that_hangs_ends_and_says_where() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HANGS, "0.5"], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "look_at_the_neighbour" in ended.stderr


def test_a_process_that_goes_on_is_left_alone() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDS], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout == "well\n"


class Counting:
    """A watchdog that counts."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def begin(self) -> None:
        self.calls.append("begin")

    def end(self) -> None:
        self.calls.append("end")


def test_a_worker_is_watched_message_by_message_and_not_between_its_tasks(world: World) -> None:
    world.mailbox = None
    world.published(attendees=crowd(5))
    world.run_conference()
    worker, watchdog = world.worker(), Counting()
    worker._watchdog = watchdog
    worker.deliver(world.claimed())
    assert watchdog.calls == ["begin"] * 6 + ["end"]
    assert world.states(ActionKind.INVITE) == ["succeeded"] * 5


def test_the_container_gives_each_process_its_time(tmp_path: Path) -> None:
    from orchestrator.bootstrap import Container

    made = Container(Settings(data_dir=tmp_path, longest_look_seconds=7, imap_timeout=2, lease_seconds=100))
    assert made.watchdog._seconds == 7  # type: ignore[attr-defined]
    assert made.mailbox_watchdog._seconds == 17  # type: ignore[attr-defined]
