"""Claiming, leases and fences in the store."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind, Work
from orchestrator.facts import plain
from orchestrator.store.delivery import claims
from orchestrator.store.delivery.claims import Claimed, Taken
from orchestrator.store.engine import Database
from orchestrator.store.operations import queue
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.words import maybe
from tests.integration.conftest import (
    LEASE,
    NOW,
    action_values,
    store_actions,
)
from tests.integration.delivery.claiming import MINUTE, S, claim, scheduling, states, take

pytestmark = pytest.mark.both_databases


def expire(database: Database, now: datetime) -> int:
    with database.transaction() as session:
        return claims.expire_leases(session, now)


def row(database: Database, number: int) -> ActionRow:
    with database.reading() as session:
        return session.get_one(ActionRow, number)


def test_claims_come_in_the_order_they_are_due(database: Database) -> None:
    due = {1: 3, 2: 1, 3: 2, 4: 1}
    store_actions(database, [action_values(n, due_at=NOW - ago * MINUTE) for n, ago in due.items()])
    assert claim(database, limit=3) == [1, 3, 2]
    assert claim(database) == [4]
    assert claim(database) == []


def test_a_claim_has_a_lease_and_counts_as_an_attempt(database: Database) -> None:
    store_actions(database, [action_values(1)])
    with database.transaction() as session:
        found = claims.claim(session, Work.MAIL, now=NOW, lease_until=NOW + LEASE, limit=9)
    assert found == [Claimed(1, 1, ActionKind.REMIND)]
    claimed = row(database, 1)
    assert (claimed.state, claimed.lease_until, claimed.attempt) == ("claimed", NOW + LEASE, 1)


def test_only_what_is_due_and_not_too_late_is_claimed(database: Database) -> None:
    second = timedelta(seconds=1)
    store_actions(
        database,
        [
            action_values(1, due_at=NOW),
            action_values(2, due_at=NOW + second),
            action_values(3, due_at=NOW - MINUTE, expires_at=NOW),
            action_values(4, due_at=NOW - MINUTE, expires_at=NOW + second),
            *(
                action_values(
                    10 + n, state=state, lease_until=NOW if state in ("claimed", "running") else None
                )
                for n, state in enumerate(S)
                if state is not S.SCHEDULED
            ),
        ],
    )
    assert claim(database) == [4, 1]


def test_no_more_of_a_lane_are_out_than_the_cap(database: Database) -> None:
    store_actions(database, [action_values(n) for n in range(1, 9)])
    beat = scheduling(database, most_claimed=5)
    assert beat.claim() == [[1, 2, 3, 4, 5]]
    assert beat.claim() == []
    assert beat.seconds_until_due(2.0) == 2.0, "a worker that ends a batch wakes it"
    take(database, 1)
    assert beat.claim() == [[6]], "what a worker has in hand is out of the queue"
    store_actions(database, [action_values(20, kind="conference", key="conference")])
    (batch,) = beat.claim()
    assert (batch, batch.lane) == ([20], Work.CONFERENCE), "a lane that is full fills no other"


def test_batches_are_of_one_meeting_and_kind_and_of_limited_size(database: Database) -> None:
    store_actions(database, [action_values(n, kind="invite" if n > 5 else "remind") for n in range(1, 10)])
    batches = scheduling(database, batch_size=3).claim()
    assert batches == [[6, 7, 8], [9], [1, 2, 3], [4, 5]]


def test_beat_sleeps_until_the_next_due_time_and_no_longer_than_it_may(database: Database) -> None:
    beat = scheduling(database)
    assert beat.seconds_until_due(2.0) == 2.0
    store_actions(database, [action_values(1, due_at=NOW + timedelta(seconds=90))])
    assert beat.seconds_until_due(2.0) == 2.0
    assert beat.seconds_until_due(120.0) == 90.0
    store_actions(database, [action_values(2, due_at=NOW - MINUTE)])
    assert beat.seconds_until_due(120.0) == 0.0


def test_a_message_that_comes_twice_finds_nothing_the_second_time(database: Database) -> None:
    store_actions(database, [action_values(1), action_values(2), action_values(3)])
    assert take(database, 1) == [], "nobody has claimed it"
    claim(database, limit=2)
    taken = take(database, 2, 1, 3, 99)
    assert taken == [Taken(1, 1, ActionKind.REMIND, 1), Taken(2, 1, ActionKind.REMIND, 1)]
    assert take(database, 2, 1, 3, 99) == []
    assert states(database) == {1: "running", 2: "running", 3: "scheduled"}


def test_taking_begins_the_lease_anew(database: Database) -> None:
    store_actions(database, [action_values(1)])
    claim(database)
    take(database, 1, now=NOW + MINUTE)
    assert row(database, 1).lease_until == NOW + MINUTE + LEASE


@pytest.mark.parametrize("state", ["claimed", "running"])
def test_an_expired_lease_gives_the_action_back(database: Database, state: str) -> None:
    store_actions(database, [action_values(1)])
    claim(database)
    if state == "running":
        take(database, 1)
    assert expire(database, NOW + LEASE) == 0, "a lease holds to its last moment"
    after = NOW + LEASE + timedelta(microseconds=1)
    assert expire(database, after) == 1
    found = row(database, 1)
    assert (found.state, found.lease_until, found.attempt) == ("scheduled", None, 1)
    assert maybe(found.reason) == "its worker did not report back in time; it is tried again"
    assert claim(database, now=after) == [1]
    assert row(database, 1).attempt == 2


def taken_over(database: Database) -> tuple[Taken, Taken]:
    """A late worker, and the one that holds the action by now."""
    store_actions(database, [action_values(1)])
    claim(database)
    (late,) = take(database, 1)
    later = NOW + 2 * LEASE
    expire(database, later)
    claim(database, now=later)
    (newer,) = take(database, 1, now=later)
    return late, newer


@pytest.mark.parametrize("end", [S.SUCCEEDED, S.SCHEDULED, S.FAILED, S.MISSED, S.CANCELLED])
def test_a_late_worker_cannot_end_what_a_newer_attempt_holds(database: Database, end: ActionState) -> None:
    late, newer = taken_over(database)
    with database.transaction() as session:
        assert claims.held(session, late) is None
        assert not claims.finish(session, late, end, NOW, reason=plain("late"), due_at=NOW)
    found = row(database, 1)
    assert (found.state, found.attempt, found.lease_until) == ("running", 2, NOW + 3 * LEASE)
    with database.transaction() as session:
        assert claims.held(session, newer) is not None
        assert claims.finish(session, newer, S.SUCCEEDED, NOW)
    assert states(database) == {1: "succeeded"}


def test_a_late_worker_cannot_end_what_has_ended_or_waits(database: Database) -> None:
    store_actions(database, [action_values(1)])
    claim(database)
    (late,) = take(database, 1)
    expire(database, NOW + 2 * LEASE)
    with database.transaction() as session:
        assert not claims.finish(session, late, S.FAILED, NOW)
    assert states(database) == {1: "scheduled"}


def test_an_attempt_ends_only_as_the_table_of_transitions_allows(database: Database) -> None:
    store_actions(database, [action_values(1)])
    claim(database)
    (taken,) = take(database, 1)
    with database.transaction() as session, pytest.raises(ValueError, match="cannot end as blocked"):
        claims.finish(session, taken, S.BLOCKED, NOW)


def test_renewing_extends_only_what_is_still_ours(database: Database) -> None:
    late, newer = taken_over(database)
    store_actions(database, [action_values(2), action_values(3), action_values(4)])
    claim(database)
    others = take(database, 2, 3)
    with database.transaction() as session:
        claims.finish(session, others[1], S.SUCCEEDED, NOW)
    until_then = NOW + 10 * LEASE
    with database.transaction() as session:
        claims.renew(session, [late, *others], until_then)
    assert {n: row(database, n).lease_until for n in (1, 2, 3, 4)} == {
        1: NOW + 3 * LEASE,
        2: until_then,
        3: None,
        4: NOW + LEASE,
    }
    with database.transaction() as session:
        claims.renew(session, [newer], until_then)
    assert row(database, 1).lease_until == until_then


def test_a_claim_that_could_not_be_published_is_given_back_as_if_never_made(database: Database) -> None:
    store_actions(database, [action_values(1), action_values(2)])
    claim(database)
    take(database, 2)
    scheduling(database).release([2, 1])
    given_back, in_hand = row(database, 1), row(database, 2)
    assert (given_back.state, given_back.lease_until, given_back.attempt) == ("scheduled", None, 0)
    assert in_hand.state == "running", "a task that arrived all the same goes on"
    assert claim(database) == [1]


def test_what_waits_past_its_grace_is_recorded_as_missed(database: Database) -> None:
    store_actions(
        database,
        [
            action_values(1, expires_at=NOW),
            action_values(2, expires_at=NOW, state="blocked"),
            action_values(3, expires_at=NOW, reason=plain("421 busy")),
            action_values(4, expires_at=NOW + MINUTE),
            action_values(5, expires_at=NOW, state="running", lease_until=NOW),
            action_values(6, expires_at=NOW, state="cancelled"),
        ],
    )
    with database.transaction() as session:
        assert claims.mark_missed(session, NOW) == 3
        assert claims.mark_missed(session, NOW) == 0
    late = "it could not be done in time, and doing it late would mislead"
    found = {n: (row(database, n).state, maybe(row(database, n).reason)) for n in range(1, 7)}
    assert found == {
        1: ("missed", late),
        2: ("missed", late),
        3: ("missed", "421 busy"),
        4: ("scheduled", None),
        5: ("running", None),
        6: ("cancelled", None),
    }
    assert row(database, 1).finished_at == NOW


@pytest.mark.parametrize("how", ["missed", "discarded"])
def test_what_waits_for_an_action_goes_when_that_one_is_given_up(database: Database, how: str) -> None:
    """A CANCEL waits for the invitation in flight; it must go even if that one never ends by itself."""
    store_actions(database, [action_values(1, kind="invite", expires_at=NOW + MINUTE)])
    store_actions(database, [action_values(2, kind="cancel", state="blocked", blocked_by=1)])
    with database.transaction() as session:
        if how == "missed":
            claims.mark_missed(session, NOW + MINUTE)
        else:
            assert queue.discard(session, queue.get(session, 1), NOW, plain("discarded"))
    found = row(database, 2)
    assert (found.state, found.blocked_by) == ("scheduled", None)


def test_invitations_wait_for_the_link_and_not_for_an_attempt_to_make_one(database: Database) -> None:
    store_actions(database, [action_values(1, kind="conference", expires_at=NOW + MINUTE)])
    store_actions(database, [action_values(2, kind="invite", state="blocked", blocked_by=1)])
    with database.transaction() as session:
        claims.mark_missed(session, NOW + MINUTE)
    assert states(database) == {1: "missed", 2: "blocked"}
