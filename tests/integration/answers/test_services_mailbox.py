"""Reading the mailbox: failing, dying, two at once, and as an action like any other."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from orchestrator import words
from orchestrator.errors import PermanentFailure, TransientFailure
from orchestrator.ports import Tray
from orchestrator.services.answers import deciding
from orchestrator.services.answers import inbox as inbox_module
from orchestrator.store.answers import read_mailbox
from orchestrator.store.engine import Database
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.store.timelines import actions
from tests.callers import caller
from tests.integration.answers.incoming_mails import (
    K,
    change,
    ended,
    incoming,
    participations,
    poll,
    refresh,
    reply,
    responses,
)
from tests.integration.conftest import (
    LEASE,
    NHUNG,
    NOW,
    TAN,
    THIDA,
    FakeMailbox,
    World,
    contents,
    crowd,
)


class Killed(BaseException):
    """The process is gone in the middle of the work."""


# --- a poller that fails


def test_one_mail_that_cannot_be_applied_blocks_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.invited()
    judge = deciding.judge

    def judged(message: Any, *arguments: Any, **named: Any) -> Any:
        if message.attendee == TAN:
            raise KeyError("a defect")
        return judge(message, *arguments, **named)

    monkeypatch.setattr(deciding, "judge", judged)
    poll(world, reply(world, THIDA), reply(world, TAN), reply(world, NHUNG, "DECLINED"))
    assert participations(world) == {TAN: "no answer", THIDA: "accepted", NHUNG: "declined"}
    assert Counter(outcome for outcome, _ in ended(world)) == {"applied": 2, "quarantined": 1}
    (kept,) = (row for row in incoming(world) if row.fate == "quarantined")
    assert words.say(kept.reason) == "it could not be applied; the worker's log has the details"
    assert (kept.sender, len(responses(world))) == (TAN, 2)
    assert len(world.mailbox.trays[Tray.QUARANTINE]) == 1
    assert world.quarantine_store.get(kept.digest)
    world.mailbox.arrive(*world.mailbox.trays[Tray.QUARANTINE].values())
    monkeypatch.undo()
    poll(world)
    assert len(incoming(world)) == 3, "what is in quarantine waits for a person"


def dying_once(error: BaseException) -> Callable[[object], None]:
    left = [error]

    def die(_: object) -> None:
        if left:
            raise left.pop()

    return die


@pytest.mark.parametrize(
    "error", [Killed(), TransientFailure("The connection broke.")], ids=["killed", "cut off"]
)
def test_a_poller_that_dies_before_it_has_put_the_mails_away_applies_nothing_twice(
    world: World, error: BaseException
) -> None:
    world.invited()
    world.mailbox.arrive(reply(world, TAN), reply(world, "who@example.org"), refresh(world, THIDA))
    world.mailbox.during = dying_once(error)
    with pytest.raises(type(error)):
        world.inbox.read_mailbox()
    assert participations(world)[TAN] == "accepted", "it was applied before"
    assert len(world.mailbox.inbox) == 3
    before = contents(world.database)
    world.clock.move(hours=2)
    poll(world)
    assert contents(world.database) == before
    assert {tray: len(mails) for tray, mails in world.mailbox.trays.items()} == {
        Tray.PROCESSED: 2,
        Tray.QUARANTINE: 1,
    }


def test_a_poller_that_dies_while_applying_leaves_nothing_half_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.invited()
    before = contents(world.database)
    apply = actions.apply

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    monkeypatch.setattr(actions, "apply", die)
    world.mailbox.arrive(reply(world, TAN, "DECLINED"), reply(world, THIDA))
    with pytest.raises(Killed):
        world.inbox.read_mailbox()
    assert contents(world.database) == before
    monkeypatch.setattr(actions, "apply", apply)
    poll(world)
    assert participations(world) == {TAN: "declined", THIDA: "accepted", NHUNG: "no answer"}
    assert len(responses(world)) == 2


def test_a_mail_that_vanishes_while_it_is_read_stops_nothing(world: World) -> None:
    world.invited()
    mails = [reply(world, TAN), reply(world, THIDA)]
    world.mailbox.arrive(*mails)
    read = world.mailbox.read

    def reading(keys: Any, largest: int) -> Iterator[Any]:
        world.mailbox.inbox.pop(keys[0], None)
        yield from read(keys, largest)

    world.mailbox.read = reading  # type: ignore[method-assign]
    world.inbox.read_mailbox()
    assert participations(world) == {TAN: "no answer", THIDA: "accepted", NHUNG: "no answer"}


class Meeting(FakeMailbox):
    """A mailbox whose readers wait for each other before they go on, so that both have read the same."""

    def __init__(self, barrier: Barrier) -> None:
        super().__init__()
        self._barrier = barrier
        self._first = True

    def read(self, keys: Any, largest: int) -> Iterator[Any]:
        found = list(super().read(keys, largest))
        if self._first:
            self._first = False
            self._barrier.wait(20)
        yield from found


def both_poll(postgres: Database, folder: Path, *mails: list[bytes]) -> None:
    """Two pollers read at one moment, each from its own copy of the mailbox."""
    barrier = Barrier(len(mails))

    def run(contents: list[bytes]) -> None:
        world = World(postgres, folder)
        world.mailbox = Meeting(barrier)
        poll(world, *contents)

    with ThreadPoolExecutor(len(mails)) as pool:
        for done in [pool.submit(run, item) for item in mails]:
            done.result(30)


def test_two_pollers_that_read_the_same_mails_at_once_apply_each_once(
    postgres: Database, tmp_path: Path
) -> None:
    world = World(postgres, tmp_path)
    world.invited(attendees=crowd(20))
    mails = [reply(world, item["email"], "DECLINED") for item in crowd(20)]
    both_poll(postgres, tmp_path, mails, mails[::-1])
    assert set(participations(world).values()) == {"declined"}
    assert len(responses(world)) == len(incoming(world)) == 20
    assert Counter(outcome for outcome, _ in ended(world)) == {"applied": 20}
    assert Counter(world.states(K.DIGEST)) == {"scheduled": 1}


def test_two_pollers_of_different_mails_about_one_meeting_never_wait_for_each_other(
    postgres: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(postgres, tmp_path)
    world.invited(attendees=crowd(20))
    mails = [reply(world, item["email"]) for item in crowd(20)]
    with caplog.at_level(logging.WARNING, "orchestrator"):
        both_poll(postgres, tmp_path, mails[:10], mails[10:])
    assert set(participations(world).values()) == {"accepted"}
    assert len(responses(world)) == 20
    assert caplog.messages == [], "no batch had to be taken apart"


def test_a_poll_and_a_change_of_the_meeting_at_once_both_hold(postgres: Database, tmp_path: Path) -> None:
    world = World(postgres, tmp_path)
    world.invited(attendees=crowd(20))
    mails = [reply(world, item["email"], "DECLINED") for item in crowd(20)]
    barrier = Barrier(2)

    def move() -> None:
        barrier.wait(20)
        change(World(postgres, tmp_path), start="2026-12-10 14:00")

    def read() -> None:
        other = World(postgres, tmp_path)
        other.mailbox = Meeting(barrier)
        poll(other, *mails)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(move), pool.submit(read)]:
            done.result(30)
    assert set(participations(world).values()) == {"no answer"}, "the answers were to the time before"
    assert {row.state for row in world.rows(K.REMIND)} == {"scheduled"}


# --- polling is an action like any other


def the_poll(world: World) -> ActionRow:
    (row,) = world.rows(K.READ_MAILBOX)
    return row


def test_a_mailbox_is_read_through_the_schedule(world: World) -> None:
    world.invited()
    world.scheduling.begin()
    assert (the_poll(world).state, the_poll(world).due_at) == ("scheduled", NOW)
    world.mailbox.arrive(reply(world, TAN))
    world.run()
    assert participations(world)[TAN] == "accepted"
    interval = timedelta(seconds=world.settings.poll_seconds)
    assert (the_poll(world).state, the_poll(world).due_at) == ("scheduled", NOW + interval)
    world.mailbox.arrive(reply(world, TAN, "DECLINED"))
    world.clock.at = NOW + interval - timedelta(seconds=1)
    world.run()
    assert participations(world)[TAN] == "accepted"
    world.clock.move(seconds=1)
    world.mailbox.arrive(reply(world, TAN, "DECLINED"))
    world.run()
    assert participations(world)[TAN] == "declined"


def test_the_poll_travels_in_a_task_of_its_own(world: World) -> None:
    world.published()
    world.scheduling.begin()
    batches = world.scheduling.claim()
    kinds = {row.id: row.kind for row in world.rows()}
    assert sorted([kinds[number] for number in batch] for batch in batches) == [
        ["conference"],
        ["read-mailbox"],
    ]


def test_beginning_again_and_again_keeps_one_poll(world: World) -> None:
    for _ in range(3):
        world.scheduling.begin()
        world.run()
        world.clock.move(minutes=1)
    assert len(world.rows(K.READ_MAILBOX)) == 1


def test_two_beats_that_begin_at_once_make_one_poll(postgres: Database, tmp_path: Path) -> None:
    barrier = Barrier(4)

    def begin(_: int) -> None:
        world = World(postgres, tmp_path)
        barrier.wait(20)
        world.scheduling.begin()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(begin, range(4)))
    assert len(World(postgres, tmp_path).rows(K.READ_MAILBOX)) == 1


def test_mail_that_arrives_makes_the_poll_due_at_once(world: World) -> None:
    world.scheduling.begin()
    world.run()
    world.clock.move(seconds=10)
    assert world.scheduling.claim() == []
    with world.database.transaction() as session:
        assert read_mailbox.read_now(session, world.clock.now())
    (batch,) = world.scheduling.claim()
    with world.database.transaction() as session:
        assert not read_mailbox.read_now(session, world.clock.now()), "somebody is about to read already"
    world.delivering.deliver(batch)
    assert the_poll(world).due_at == world.clock.now() + timedelta(seconds=world.settings.poll_seconds)


@pytest.mark.parametrize(
    "error",
    [
        TransientFailure("The IMAP server is away."),
        PermanentFailure("The sign-in to the mailbox was refused."),
    ],
)
def test_a_mailbox_that_cannot_be_read_is_tried_again_and_says_why(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    world.invited()
    world.scheduling.begin()
    world.mailbox.arrive(reply(world, TAN))
    minute = timedelta(seconds=world.settings.poll_seconds)

    @contextmanager
    def away(_: FakeMailbox) -> Iterator[FakeMailbox]:
        raise error
        yield  # What makes it a generator.

    with monkeypatch.context() as patch:
        patch.setattr(FakeMailbox, "session", away)
        for turn in range(8):
            world.run()
            row = the_poll(world)
            assert (row.state, words.maybe(row.reason)) == ("scheduled", str(error)), turn
            assert row.due_at == world.clock.now() + minute
            world.clock.at = row.due_at
    world.run()
    assert (the_poll(world).state, the_poll(world).reason) == ("scheduled", None)
    assert participations(world)[TAN] == "accepted"


def test_a_defect_while_polling_never_ends_the_polling(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The poll's attempts count up for ever, so its fifth defect must not be taken for a hopeless case."""
    world.invited()
    world.scheduling.begin()

    def broken(*_: Any) -> list[str]:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(FakeMailbox, "waiting", broken)
        for _ in range(8):
            world.run()
            world.clock.move(minutes=20)
    world.mailbox.arrive(reply(world, TAN))
    world.run()
    assert the_poll(world).state == "scheduled"
    assert participations(world)[TAN] == "accepted"


@pytest.mark.both_databases
def test_a_poll_whose_worker_died_comes_back_by_itself(world: World) -> None:
    world.invited()
    world.scheduling.begin()
    world.mailbox.arrive(reply(world, TAN))
    world.mailbox.during = dying_once(Killed())
    (batch,) = world.scheduling.claim()
    with pytest.raises(Killed):
        world.delivering.deliver(batch)
    assert the_poll(world).state == "running"
    world.lease_clock.at += 2 * LEASE
    world.run()
    assert (the_poll(world).state, world.mailbox.inbox) == ("scheduled", {})
    assert len(responses(world)) == 1


def test_the_claim_is_renewed_while_a_full_mailbox_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.invited(attendees=crowd(6))
    world.scheduling.begin()
    monkeypatch.setattr(inbox_module, "_BATCH", 2)
    world.mailbox.arrive(*(reply(world, item["email"]) for item in crowd(6)))
    (batch,) = world.scheduling.claim()

    def slow(_: object) -> None:
        world.lease_clock.at += LEASE / 4
        assert world.scheduling.claim() == [], "nobody else may read what is being read"

    world.mailbox.during = slow
    world.delivering.deliver(batch)
    assert set(participations(world).values()) == {"accepted"}
    assert the_poll(world).attempt == 1


def test_reading_the_mailbox_is_not_thrown_away(world: World) -> None:
    world.scheduling.begin()
    with pytest.raises(Exception, match="cannot be discarded"):
        world.operations.discard(the_poll(world).id, caller=caller("ops"))
    assert the_poll(world).state == "scheduled"
