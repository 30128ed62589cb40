"""Calendars that change while beats run and while others change them."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest

from orchestrator.domain.time.zones import ZoneData, pinned_zone_data, zone_data
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.reconciling import Reconciliation
from orchestrator.errors import Conflict
from orchestrator.store.engine import Database
from orchestrator.store.meetings import bases
from tests.callers import caller
from tests.integration.conftest import (
    NHUNG,
    World,
    until,
    waiting_for_a_lock,
)
from tests.integration.delegations.calendar_changes import (
    THURSDAY,
    WEDNESDAY,
    K,
    entered,
    history,
    invited,
    moves,
    restarted,
    row_of,
)

# --- beats


def test_a_beat_brings_plans_up_to_date_when_it_begins(
    world: World, moved_zone: ZoneData, caplog: pytest.LogCaptureFixture
) -> None:
    invited(world)
    with zone_data(moved_zone):
        after = restarted(world)
        with caplog.at_level(logging.INFO):
            (coming,) = after.recalculating.run(dry_run=True).meetings
            assert "recalculated" not in caplog.text
            after.scheduling.begin()
        assert row_of(after).sequence == 1
        assert (
            f"SOM-2026 was recalculated (zone data {pinned_zone_data().version} → 2027.1): "
            f"{len(coming.shifts)} action(s) moved; attendees are told the new instant"
        ) in caplog.text
        after.scheduling.begin()
        assert row_of(after).sequence == 1


def test_several_beats_that_begin_at_once_do_it_once(world: World, moved_zone: ZoneData) -> None:
    invited(world)
    with zone_data(moved_zone):
        beats = [restarted(world) for _ in range(3)]
        together_now = Barrier(len(beats))

        def begin(beat: World) -> None:
            together_now.wait()
            beat.scheduling.begin()

        with ThreadPoolExecutor(len(beats)) as pool:
            list(pool.map(begin, beats))
        assert (row_of(world).sequence, row_of(world).revision) == (1, 2)
        assert len(history(beats[0], "recalculated")) == 1
        pending = [row for row in world.rows(K.INVITE) if row.state != ActionState.SUCCEEDED]
        assert len(pending) == 3


def test_an_error_does_not_keep_a_beat_from_beginning(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(bases, "planned", fail)
    with caplog.at_level(logging.ERROR):
        world.scheduling.begin()
    assert world.states(K.READ_MAILBOX) == ["scheduled"], "the mailbox is read all the same"
    assert "orchestrator calendar recalculate" in caplog.text


# --- at the same time (PostgreSQL only; SQLite has one writer at a time)


def test_no_meeting_is_published_past_an_override(
    postgres: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, other = World(postgres, tmp_path), World(postgres, tmp_path)
    world.create(timeline="standard")
    has_planned, may_commit = Event(), Event()
    replan = world.planner.replan

    def slow(*given: Any, **beside: Any) -> Reconciliation:
        found = replan(*given, **beside)
        has_planned.set()
        assert may_commit.wait(15)
        return found

    monkeypatch.setattr(world.planner, "replan", slow)
    with ThreadPoolExecutor(2) as pool:
        publishing = pool.submit(world.meetings.publish, "SOM-2026", caller=caller("coordinator"))
        assert has_planned.wait(15)
        entering = pool.submit(entered, other, "VN", "closed", "2026-11-26")
        until(lambda: waiting_for_a_lock(postgres), "the override to wait for the plan")
        may_commit.set()
        publishing.result()
        with pytest.raises(Conflict, match="published or ended at this very moment"):
            entering.result()
    assert moves(entered(other, "VN", "closed", "2026-11-26")) == [("moved", NHUNG, THURSDAY, WEDNESDAY)]
