"""Limits of how often something may be tried hold for each source, across processes, and for a while."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from orchestrator.errors import TooMany
from orchestrator.services.people.throttle import Allowance, Throttle
from tests.integration.conftest import World, contents

THREE = Allowance("guessing", 3, timedelta(minutes=15))


def test_what_is_allowed_is_allowed_and_the_next_is_not(world: World) -> None:
    throttle = world.throttle
    for _ in range(3):
        throttle.require(THREE, "192.0.2.7")
        throttle.spend(THREE, "192.0.2.7")
    with pytest.raises(TooMany, match="Wait 15 minutes") as caught:
        throttle.require(THREE, "192.0.2.7")
    assert caught.value.retry_after == 15 * 60
    with pytest.raises(TooMany):
        throttle.spend(THREE, "192.0.2.7")


def test_sources_and_kinds_are_counted_apart(world: World) -> None:
    for _ in range(3):
        world.throttle.count(THREE, "192.0.2.7")
    world.throttle.require(THREE, "192.0.2.8")
    world.throttle.require(Allowance("answering", 3, timedelta(minutes=15)), "192.0.2.7")


def test_a_period_ends_and_the_next_begins_from_nothing(world: World) -> None:
    for _ in range(5):
        world.throttle.count(THREE, "192.0.2.7")
    world.lease_clock.move(minutes=14)
    with pytest.raises(TooMany, match="Wait a minute"):
        world.throttle.require(THREE, "192.0.2.7")
    world.lease_clock.move(minutes=1)
    world.throttle.require(THREE, "192.0.2.7")
    assert world.throttle.count(THREE, "192.0.2.7").count == 1


def test_success_begins_from_nothing(world: World) -> None:
    for _ in range(3):
        world.throttle.count(THREE, "192.0.2.7")
    world.throttle.forget(THREE, "192.0.2.7")
    world.throttle.require(THREE, "192.0.2.7")


def test_another_process_knows_what_this_one_has_counted(world: World) -> None:
    for _ in range(3):
        world.throttle.count(THREE, "192.0.2.7")
    with pytest.raises(TooMany):
        Throttle(world.database, world.lease_clock).require(THREE, "192.0.2.7")


@pytest.mark.both_databases
def test_of_many_at_once_none_is_lost(world: World) -> None:
    world.throttle.count(THREE, "192.0.2.7")
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: world.throttle.count(THREE, "192.0.2.7").count, range(24)))
    assert sorted(counts) == list(range(2, 26))


def test_the_table_says_neither_who_nor_what_and_does_not_grow_for_good(world: World) -> None:
    for number in range(5):
        world.throttle.count(THREE, f"192.0.2.{number}")
    assert "192.0.2" not in repr(contents(world.database)["throttle"])
    world.lease_clock.move(minutes=16)
    world.throttle.count(THREE, "192.0.2.9")
    assert len(contents(world.database)["throttle"]) == 1
