"""Claims of what belongs to no meeting, and many claimers at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, select

from orchestrator.domain.timelines.kinds import ActionKind, Work
from orchestrator.facts import plain
from orchestrator.store.answers import read_mailbox
from orchestrator.store.delivery import claims, due
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.meetings import saving
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.store.timelines import actions
from orchestrator.words import maybe
from tests.integration.conftest import (
    LEASE,
    NOW,
    action_values,
    store_actions,
    until,
    waiting_for_a_lock,
)
from tests.integration.delivery.claiming import MINUTE, S, claim, scheduling, states, take

pytestmark = pytest.mark.both_databases


# --- what belongs to no meeting


def keep_polling(database: Database, *, wanted: bool = True, now: datetime = NOW) -> None:
    with database.transaction() as session:
        read_mailbox.keep(session, now, wanted=wanted)


def the_poll(database: Database) -> ActionRow:
    with database.reading() as session:
        found = read_mailbox.stored(session)
    assert found is not None
    return found


def test_what_belongs_to_no_meeting_is_claimed_and_taken_like_the_rest(database: Database) -> None:
    keep_polling(database)
    number = the_poll(database).id
    store_actions(database, [action_values(10)])
    with database.transaction() as session:
        found = [
            item
            for lane in Work
            for item in claims.claim(session, lane, now=NOW, lease_until=NOW + LEASE, limit=9)
        ]
        assert sorted((item.id, item.meeting_id, item.kind) for item in found) == [
            (number, None, ActionKind.READ_MAILBOX),
            (10, 1, ActionKind.REMIND),
        ]
        assert claims.meetings_of(session, [10, number]) == [1]
    taken = take(database, number)
    assert [(item.meeting_id, item.kind, item.attempt) for item in taken] == [
        (None, ActionKind.READ_MAILBOX, 1)
    ]
    with pytest.raises(ValueError, match="belongs to no meeting"):
        _ = taken[0].of_meeting
    with database.transaction() as session:
        assert claims.finish(session, taken[0], S.SCHEDULED, NOW, reason=plain("away"), due_at=NOW + MINUTE)
    polled = the_poll(database)
    assert (polled.state, maybe(polled.reason), polled.due_at, polled.lease_until) == (
        "scheduled",
        "away",
        NOW + MINUTE,
        None,
    )
    assert claim(database, lane=Work.MAILBOX) == []
    assert claim(database, lane=Work.MAILBOX, now=NOW + MINUTE) == [number]


def test_there_is_one_poll_however_often_a_beat_begins(database: Database) -> None:
    for _ in range(3):
        keep_polling(database)
    assert list(states(database).values()) == ["scheduled"]
    assert the_poll(database).expires_at.year == 9999, "it is never missed"


@pytest.mark.parametrize("state", ["failed", "missed", "cancelled"])
def test_a_poll_that_ended_begins_again_with_the_next_beat(database: Database, state: str) -> None:
    keep_polling(database)
    with database.transaction() as session:
        polled = session.get_one(ActionRow, the_poll(database).id)
        polled.state, polled.reason, polled.finished_at = state, plain("why"), NOW
    keep_polling(database, now=NOW + MINUTE)
    again = the_poll(database)
    assert (again.state, maybe(again.reason), again.finished_at, again.due_at) == (
        "scheduled",
        None,
        None,
        NOW + MINUTE,
    )


def test_a_poll_that_is_not_wanted_any_more_ends_unless_somebody_has_it_in_hand(database: Database) -> None:
    keep_polling(database, wanted=False)
    assert states(database) == {}
    keep_polling(database)
    claim(database, lane=Work.MAILBOX)
    keep_polling(database, wanted=False)
    assert the_poll(database).state == "claimed"
    scheduling(database).release([the_poll(database).id])
    keep_polling(database, wanted=False)
    assert (the_poll(database).state, maybe(the_poll(database).reason)) == ("cancelled", "no mailbox is set")


def test_the_next_thing_to_happen_is_not_the_routine_of_reading_the_mailbox(database: Database) -> None:
    keep_polling(database)
    store_actions(database, [action_values(10, due_at=NOW + 5 * MINUTE)])
    with database.reading() as session:
        assert due.next_by_lane(session) == {Work.MAILBOX: NOW, Work.MAIL: NOW + 5 * MINUTE}
        assert due.next_due(session) == NOW + 5 * MINUTE


# --- many at once


ROWS = 500


def race(claimers: list[Database], work: Callable[[Database], list[int]]) -> list[list[int]]:
    """Let all begin at one moment; returns what each one got."""
    barrier = Barrier(len(claimers))

    def run(database: Database) -> list[int]:
        barrier.wait(10)
        got: list[int] = []
        while found := work(database):
            got += found
        return got

    with ThreadPoolExecutor(len(claimers)) as pool:
        return list(pool.map(run, claimers))


def test_many_claimers_get_each_row_exactly_once(database: Database) -> None:
    store_actions(database, [action_values(n, due_at=NOW - n * MINUTE) for n in range(1, ROWS + 1)])
    claimers = [Database(database.engine.url.render_as_string(hide_password=False)) for _ in range(4)]
    got = race(claimers, lambda own: claim(own, limit=20))
    for own in claimers:
        own.dispose()
    assert Counter(number for part in got for number in part) == dict.fromkeys(range(1, ROWS + 1), 1)
    with database.reading() as session:
        assert set(session.scalars(select(ActionRow.attempt))) == {1}


def test_one_message_that_comes_to_many_workers_is_taken_once(database: Database) -> None:
    store_actions(database, [action_values(n) for n in range(1, 51)])
    claim(database)
    got = race([database] * 4, lambda own: [item.id for item in take(own, *range(50, 0, -1))])
    assert Counter(number for part in got for number in part) == dict.fromkeys(range(1, 51), 1)


def beats(database: Database) -> None:
    for turn in range(15):
        with database.transaction() as session:
            claims.expire_leases(session, NOW + turn * LEASE)
        claim(database, now=NOW + turn * LEASE, limit=200)
        with database.transaction() as session:
            claims.unclaim(session, list(range(150, 0, -3)))


def works(database: Database) -> None:
    for _ in range(15):
        if taken := take(database, *range(200, 0, -1)):
            with database.transaction() as session:
                claims.renew(session, taken[::-1], NOW + LEASE)


def replans(database: Database) -> None:
    for _ in range(15):
        with database.transaction() as session:
            actions.stored(session, 1)


def test_all_bulk_work_on_the_same_rows_at_once_ends_without_deadlock(postgres: Database) -> None:
    store_actions(postgres, [action_values(n, due_at=NOW - n * MINUTE) for n in range(1, 201)])
    barrier = Barrier(4)

    def run(work: Callable[[Database], None]) -> None:
        barrier.wait(10)
        work(postgres)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, (beats, beats, works, replans)))


def test_a_locked_meeting_keeps_its_version_from_workers_until_the_change_is_over(postgres: Database) -> None:
    store_actions(postgres, [])

    def read() -> int:
        with postgres.transaction() as session:
            return store.saves(session, 1)

    with ThreadPoolExecutor(1) as pool:
        with postgres.transaction() as session:
            meeting = store.load(session, 1, lock=True)
            worker = pool.submit(read)
            until(lambda: waiting_for_a_lock(postgres), "the worker to meet the change")
            saving.save(session, meeting, NOW)
        assert worker.result(10) == 1


def test_a_look_at_the_database_blocks_no_writer(database: Database) -> None:
    store_actions(database, [action_values(1)])
    with database.reading() as session:
        assert session.get_one(ActionRow, 1).state == "scheduled"
        assert claim(database) == [1]


def test_sqlite_begins_writing_at_once_so_that_writers_queue(tmp_path: Any) -> None:
    database = Database(f"sqlite:///{tmp_path / 'own.db'}")
    database.upgrade()
    begun: list[str] = []
    event.listen(
        database.engine, "before_cursor_execute", lambda _c, _k, statement, *_: begun.append(statement)
    )
    with database.transaction() as session:
        due.next_due(session)
    with database.reading() as session:
        due.next_due(session)
    assert [item for item in begun if item.startswith("BEGIN")] == ["BEGIN IMMEDIATE", "BEGIN"]
    database.dispose()
