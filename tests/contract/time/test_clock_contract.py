"""The contract of ``ports.Clock`` and ``ports.MovableClock``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from integrations.clock import SystemClock
from integrations.sandbox.clock import SandboxClock
from orchestrator.errors import Conflict, InvalidInput, OrchestratorError
from orchestrator.ports import Clock


@pytest.fixture(params=["system", "sandbox"])
def clock(request: pytest.FixtureRequest, tmp_path: Path) -> Clock:
    makers: dict[str, Callable[[], Clock]] = {
        "system": SystemClock,
        "sandbox": lambda: SandboxClock(tmp_path / "clock.json"),
    }
    return makers[request.param]()


@pytest.fixture
def movable(tmp_path: Path) -> SandboxClock:
    return SandboxClock(tmp_path / "folder" / "clock.json")


def test_now_is_aware_and_in_utc(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_time_does_not_run_backwards(clock: Clock) -> None:
    readings = [clock.now() for _ in range(100)]
    assert readings == sorted(readings)


def test_an_unmoved_sandbox_shows_system_time(movable: SandboxClock) -> None:
    assert abs(movable.now() - SystemClock().now()) < timedelta(seconds=1)


def test_moving_reaches_the_instant_and_goes_on_from_there(movable: SandboxClock) -> None:
    target = movable.now() + timedelta(days=400, microseconds=1)
    movable.move_to(target)
    first = movable.now()
    assert target <= first < target + timedelta(seconds=5)
    assert movable.now() > first


def test_another_process_sees_the_move_although_it_has_read_before(
    movable: SandboxClock, tmp_path: Path
) -> None:
    other = SandboxClock(tmp_path / "folder" / "clock.json")
    other.now()
    for days in (1, 2):
        target = movable.now() + timedelta(days=days)
        movable.move_to(target)
        assert other.now() >= target


def test_moving_backwards_is_refused_and_changes_nothing(movable: SandboxClock) -> None:
    movable.move_to(movable.now() + timedelta(days=1))
    before = movable.now()
    with pytest.raises(Conflict, match="never runs backwards"):
        movable.move_to(before - timedelta(seconds=1))
    assert movable.now() >= before


def test_an_instant_without_zone_is_refused(movable: SandboxClock) -> None:
    with pytest.raises(InvalidInput):
        movable.move_to(datetime(2100, 1, 1))  # noqa: DTZ001 - naive on purpose.


def test_a_broken_file_is_an_error_and_not_a_step_back_in_time(movable: SandboxClock, tmp_path: Path) -> None:
    movable.move_to(movable.now() + timedelta(days=1))
    (tmp_path / "folder" / "clock.json").write_text("{")
    with pytest.raises(OrchestratorError, match="cannot be read"):
        movable.now()
