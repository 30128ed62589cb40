"""Sessions of the console: random, kept as a digest, ended by idleness, time, a person, a new token."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from orchestrator.errors import NotFound
from orchestrator.services.people.sessions import ConsoleSessions, SessionLimits
from orchestrator.store.rows.people import ConsoleSessionRow
from tests.integration.conftest import NOW, ManualClock, World, contents

LIMITS = SessionLimits(idle=timedelta(hours=2), longest=timedelta(hours=12))


class Door:
    """Sessions under a clock and a token that a test can change."""

    def __init__(self, world: World) -> None:
        self.clock = ManualClock(NOW)
        self.token = "t" * 40
        self.sessions = ConsoleSessions(world.database, self.clock, LIMITS, lambda: self.token)

    def open(self, **changes: str) -> str:
        return self.sessions.open(**{"source": "192.0.2.7", "browser": "Firefox", **changes})


@pytest.fixture
def door(world: World) -> Door:
    return Door(world)


def test_a_session_is_found_by_its_secret_alone(door: Door) -> None:
    first, second = door.open(), door.open(source="192.0.2.8")
    found = door.sessions.find(first)
    assert found is not None
    assert (found.source, found.browser, found.opened_at) == ("192.0.2.7", "Firefox", NOW)
    assert len({first, second}) == 2
    assert len(first) >= 43  # 256 bits
    for wrong in ("", first[:-1], first + "x", first.swapcase(), "\x00", "\udc80", "é"):
        assert door.sessions.find(wrong) is None


def test_the_database_does_not_have_the_secret(world: World, door: Door) -> None:
    secret = door.open()
    kept = repr(contents(world.database))
    assert secret not in kept
    assert door.token not in kept


def test_a_session_nobody_uses_ends_and_one_in_use_does_not(door: Door) -> None:
    idle, busy = door.open(), door.open()
    for _ in range(3):
        door.clock.move(minutes=59)
        found = door.sessions.find(busy)
        assert found is not None
        door.sessions.used(found)
    assert door.sessions.find(idle) is None
    assert door.sessions.find(busy) is not None


def test_a_session_ends_in_any_case(door: Door) -> None:
    secret = door.open()
    for _ in range(12):
        found = door.sessions.find(secret)
        assert found is not None
        door.sessions.used(found)
        door.clock.move(hours=1)
    assert door.sessions.find(secret) is None


def test_using_a_session_writes_once_a_minute(world: World, door: Door) -> None:
    secret = door.open()

    def seen() -> object:
        with world.database.reading() as session:
            return session.scalar(select(ConsoleSessionRow.seen_at))

    door.clock.move(seconds=59)
    found = door.sessions.find(secret)
    assert found is not None
    door.sessions.used(found)
    assert seen() == NOW
    door.clock.move(seconds=2)
    door.sessions.used(found)
    assert seen() == door.clock.at


def test_signing_out_ends_the_session_on_the_server(door: Door) -> None:
    mine, other = door.open(), door.open()
    door.sessions.end(mine)
    door.sessions.end("never was one")
    assert door.sessions.find(mine) is None
    assert door.sessions.find(other) is not None


def test_signing_in_again_ends_what_the_browser_came_with(door: Door) -> None:
    before = door.open()
    after = door.open(instead_of=before)
    assert door.sessions.find(before) is None
    assert door.sessions.find(after) is not None


def test_a_new_token_ends_every_session(door: Door) -> None:
    secret = door.open()
    door.token = "n" * 40
    assert door.sessions.find(secret) is None
    assert door.sessions.all() == []


def test_sessions_are_listed_and_ended_one_by_one_or_all(door: Door) -> None:
    first, second = door.open(), door.open(browser="Odd\x00\x1b browser" + "x" * 300)
    shown = door.sessions.all()
    assert [item.browser[:13] for item in shown] == ["Odd   browser"[:13], "Firefox"]
    door.sessions.end_by_number(shown[1].id)
    assert door.sessions.find(first) is None
    with pytest.raises(NotFound, match="no session 4711"):
        door.sessions.end_by_number(4711)
    assert door.sessions.end_all() == 1
    assert door.sessions.find(second) is None


def test_what_is_over_is_deleted_when_somebody_signs_in(world: World, door: Door) -> None:
    door.open()
    door.clock.move(hours=3)
    door.open()
    assert len(contents(world.database)["console_session"]) == 1
