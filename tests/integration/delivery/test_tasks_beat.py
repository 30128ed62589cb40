"""Beat's scheduler and the Celery application around it."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from kombu.exceptions import OperationalError
from redis.exceptions import ReadOnlyError
from sqlalchemy.exc import OperationalError as DatabaseError

from orchestrator.domain.timelines.kinds import ActionKind, Work
from orchestrator.store.delivery import claims
from orchestrator.store.engine import Database
from orchestrator.words import maybe
from tests.integration.conftest import LEASE, NOW, PEOPLE, TAN, FakeMailbox, World, crowd
from tests.integration.delivery.conftest import Broker

K = ActionKind


def test_a_tick_publishes_batches_of_ids_and_nothing_else(
    world: World, broker: Broker, scheduler: Any
) -> None:
    world.published(attendees=crowd(60))
    assert scheduler.tick() == 0
    world.delivering.deliver(*broker.messages.pop())
    world.wake_up.waits.clear()
    assert scheduler.tick() == 0
    ids = [row.id for row in world.rows(K.INVITE)]
    assert broker.messages == [[ids[:50]], [ids[50:]]]
    assert world.states(K.INVITE) == ["claimed"] * 60
    assert world.wake_up.waits == [], "while there is work, it looks again at once"


def test_a_tick_sleeps_until_the_next_due_time_and_no_longer_than_it_may(
    world: World, broker: Broker, scheduler: Any
) -> None:
    world.wake_up.waits.clear()
    scheduler.tick()
    assert world.wake_up.waits == [2.0], "nothing is planned"
    world.invited(attendees=[PEOPLE[TAN]])
    due = min(row.due_at for row in world.rows() if row.state == "scheduled")
    for left, pause in ((3600.0, 2.0), (1.25, 1.25), (0.001, 0.05)):
        world.clock.at = due - timedelta(seconds=left)
        world.wake_up.waits.clear()
        scheduler.tick()
        assert world.wake_up.waits == [pytest.approx(pause)]
    assert broker.messages == []


def test_listening_for_wake_ups_begins_before_the_first_look(world: World, scheduler: Any) -> None:
    assert world.wake_up.waits == [0]


def test_what_the_broker_does_not_take_is_given_back_and_waits_a_while(
    world: World, broker: Broker, scheduler: Any, caplog: pytest.LogCaptureFixture
) -> None:
    world.published(attendees=[PEOPLE[TAN]])
    world.wake_up.waits.clear()
    broker.refuses = [
        OperationalError("redis://:hunter2@broker refused"),
        ReadOnlyError("You can't write against a read only replica."),
        ConnectionError("hunter2"),
    ]
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            assert scheduler.tick() == 0
    (row,) = world.rows(K.CONFERENCE)
    assert (row.state, row.lease_until, row.attempt) == ("scheduled", None, 0)
    assert world.wake_up.waits == [2.0] * 3, "a broker that is away is not hammered"
    assert "hunter2" not in caplog.text
    assert "OperationalError" in caplog.text
    assert "ReadOnlyError" in caplog.text, (
        "a server that has become a replica answers with an error of its own"
    )
    scheduler.tick()
    assert broker.messages == [[[row.id]]]


def test_what_the_broker_has_taken_stays_claimed_and_the_rest_is_given_back_at_once(
    world: World, broker: Broker, scheduler: Any
) -> None:
    world.published(attendees=crowd(60))
    world.run_conference()
    broker.takes = 1
    scheduler.tick()
    assert world.states(K.INVITE) == ["claimed"] * 50 + ["scheduled"] * 10
    broker.takes = None
    scheduler.tick()
    assert [len(message[0]) for message in broker.messages] == [50, 10]


def test_a_tick_outlives_a_database_that_is_away(
    world: World, broker: Broker, scheduler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.published()
    world.wake_up.waits.clear()

    def away(_: Database) -> None:
        raise DatabaseError("SELECT", {}, Exception("the database is away"))

    with monkeypatch.context() as patch:
        patch.setattr(Database, "transaction", away)
        assert scheduler.tick() == 0
    assert world.wake_up.waits == [2.0]
    scheduler.tick()
    assert len(broker.messages) == 1


@pytest.mark.both_databases
def test_a_lost_message_is_published_again_once_its_lease_has_run_out(
    world: World, broker: Broker, scheduler: Any
) -> None:
    world.published()
    scheduler.tick()
    scheduler.tick()
    assert len(broker.messages) == 1
    assert broker.asked == [], "the broker is asked about claims whose time is over only"
    lost = broker.messages.pop()
    broker.lanes.clear()
    world.lease_clock.at = NOW + 2 * LEASE
    scheduler.tick()
    assert broker.messages == [lost]


@pytest.mark.both_databases
def test_what_waits_in_the_broker_is_not_claimed_again(world: World, broker: Broker, scheduler: Any) -> None:
    world.published()
    for turn in range(20):
        world.lease_clock.at = NOW + 2 * turn * LEASE
        scheduler.tick()
    assert len(broker.messages) == 1
    (row,) = world.rows(K.CONFERENCE)
    assert (row.state, row.attempt) == ("claimed", 1), "no attempt is counted while it waits"
    world.delivering.deliver(*broker.messages.pop(), broker.lanes.pop())
    assert world.states(K.CONFERENCE) == ["succeeded"]


@pytest.mark.parametrize("known", [None, {99}])
def test_a_broker_that_cannot_be_asked_is_asked_again(
    world: World,
    broker: Broker,
    scheduler: Any,
    beat: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    known: Any,
) -> None:
    """What is not known to be lost stays claimed; what is known not to wait is lost."""
    world.published()
    scheduler.tick()
    world.lease_clock.at = NOW + 2 * LEASE
    monkeypatch.setattr(beat, "waiting_in", lambda _: known)
    scheduler.tick()
    assert len(broker.messages) == (1 if known is None else 2)


@pytest.mark.both_databases
def test_two_beats_publish_everything_once(
    world: World, broker: Broker, scheduler: Any, beat: ModuleType
) -> None:
    second = beat.ActionScheduler(app=scheduler.app, max_interval=2.0)
    world.published()
    for each in (scheduler, second, scheduler, second):
        each.tick()
    assert len(broker.messages) == 1


# --- reading the mailbox is an action like any other


POLLED = timedelta(seconds=60)


def test_the_first_tick_makes_the_poll_and_publishes_it_in_a_task_of_its_own(
    world: World, mailbox: FakeMailbox, broker: Broker, scheduler: Any
) -> None:
    world.published()
    assert world.rows(K.READ_MAILBOX) == [], "the database may not be there before the first tick"
    scheduler.tick()
    (poll,), (conference,) = world.rows(K.READ_MAILBOX), world.rows(K.CONFERENCE)
    assert (poll.meeting_id, poll.key, poll.state) == (None, "read-mailbox", "claimed")
    assert sorted(broker.messages) == sorted([[[poll.id]], [[conference.id]]])


def test_the_poll_comes_round_again_by_itself_and_beat_sleeps_until_then(
    world: World, mailbox: FakeMailbox, broker: Broker, scheduler: Any
) -> None:
    for turn in range(3):
        scheduler.tick()
        assert len(broker.messages) == turn + 1
        world.delivering.deliver(*broker.messages[-1])
        (poll,) = world.rows(K.READ_MAILBOX)
        assert (poll.state, poll.due_at, maybe(poll.reason)) == (
            "scheduled",
            world.clock.now() + POLLED,
            None,
        )
        world.wake_up.waits.clear()
        world.clock.at = poll.due_at - timedelta(seconds=1.25)
        scheduler.tick()
        assert world.wake_up.waits == [pytest.approx(1.25)]
        world.clock.at = poll.due_at
    assert len({tuple(message[0]) for message in broker.messages}) == 1, "it is the same action every time"


def test_two_beats_and_a_restart_make_one_poll(
    world: World, mailbox: FakeMailbox, broker: Broker, scheduler: Any, beat: ModuleType
) -> None:
    for each in [scheduler, *(beat.ActionScheduler(app=scheduler.app, max_interval=2.0) for _ in range(2))]:
        each.tick()
    assert len(world.rows(K.READ_MAILBOX)) == 1
    assert len(broker.messages) == 1


def test_a_poll_whose_worker_died_is_published_again(
    world: World, mailbox: FakeMailbox, broker: Broker, scheduler: Any
) -> None:
    scheduler.tick()
    (first,) = broker.messages
    with world.database.transaction() as session:
        claims.take(session, first[0], NOW + LEASE)
    world.lease_clock.at = NOW + 2 * LEASE
    scheduler.tick()
    assert broker.messages == [first, first]


def test_the_poll_ends_when_there_is_no_mailbox_any_more_and_begins_again_with_one(
    world: World, mailbox: FakeMailbox, broker: Broker, scheduler: Any, beat: ModuleType
) -> None:
    scheduler.tick()
    world.delivering.deliver(*broker.messages.pop())
    without, again = World(world.database, world.settings.data_dir), world
    without.mailbox = None
    without.scheduling.begin()
    (poll,) = world.rows(K.READ_MAILBOX)
    assert (poll.state, poll.cancel_code, maybe(poll.reason)) == (
        "cancelled",
        "not-needed",
        "no mailbox is set",
    )
    again.scheduling.begin()
    (poll,) = world.rows(K.READ_MAILBOX)
    assert (poll.state, poll.cancel_code, maybe(poll.reason), poll.due_at) == ("scheduled", None, None, NOW)


def test_without_a_mailbox_there_is_nothing_to_poll(world: World, broker: Broker, scheduler: Any) -> None:
    scheduler.tick()
    assert world.rows() == []


def test_a_tick_that_cannot_begin_tries_again_and_then_polls(
    world: World,
    mailbox: FakeMailbox,
    broker: Broker,
    scheduler: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(_: Database) -> None:
        raise DatabaseError("SELECT", {}, Exception("the database is away"))

    with monkeypatch.context() as patch:
        patch.setattr(Database, "transaction", away)
        assert scheduler.tick() == 0
    assert (world.rows(K.READ_MAILBOX), broker.messages) == ([], [])
    scheduler.tick()
    assert [len(message[0]) for message in broker.messages] == [1]
    assert world.states(K.READ_MAILBOX) == ["claimed"]


def test_beat_keeps_no_schedule_in_a_file(world: World, scheduler: Any, tmp_path: Path) -> None:
    scheduler.tick()
    scheduler.sync()
    scheduler.close()
    assert [item.name for item in tmp_path.iterdir() if "beat" in item.name or "schedule" in item.name] == []
    assert scheduler.schedule == {}


def test_celery_is_set_up_so_that_nothing_is_lost_and_nothing_is_kept(scheduler: Any) -> None:
    conf = scheduler.app.conf
    assert conf.task_acks_late is True
    assert conf.task_reject_on_worker_lost is True
    assert conf.worker_prefetch_multiplier == 1
    assert (conf.task_serializer, conf.accept_content) == ("json", ["json"])
    assert (conf.result_backend, conf.task_ignore_result) == (None, True)
    assert conf.worker_soft_shutdown_timeout > 0
    assert conf.worker_enable_soft_shutdown_on_idle is True
    assert conf.worker_cancel_long_running_tasks_on_connection_loss is True
    assert conf.broker_connection_retry_on_startup is True
    assert conf.broker_connection_max_retries is None
    assert conf.task_publish_retry is False
    assert conf.beat_scheduler == "tasks.beat:ActionScheduler"
    assert conf.beat_max_loop_interval == 2.0
    assert conf.beat_schedule == {}
    assert conf.task_routes == {lane.value: {"queue": lane.value} for lane in Work}
    assert {queue.name for queue in conf.task_queues} == {*(lane.value for lane in Work), "meetings"}
    assert conf.task_annotations is None


def test_each_lane_has_a_task_of_a_name_that_outlives_moved_files(scheduler: Any) -> None:
    ours = {name for name in scheduler.app.tasks if not name.startswith("celery.")}
    assert ours == {
        "mail.send",
        "conference.ensure",
        "mailbox.read",
        "meetings.turn",
        "meetings.deliver",  # Of the version before.
    }


def test_the_task_passes_its_ids_on_and_keeps_no_result(
    scheduler: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tasks.lanes

    monkeypatch.setattr(tasks.lanes, "container", lambda: world)
    world.published()
    ids = world.claimed()
    assert tasks.lanes.send_mails(ids) is None
    assert world.states(K.CONFERENCE) == ["claimed"], "what belongs to another lane is not done in this one"
    assert tasks.lanes.ensure_conferences(ids) is None
    assert world.states(K.CONFERENCE) == ["succeeded"]
    assert tasks.lanes.send_mails(world.claimed()) is None
    assert world.states(K.INVITE) == ["succeeded"] * 3


def test_what_the_version_before_has_published_is_handed_on_to_its_lanes(
    world: World, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tasks.lanes

    monkeypatch.setattr(tasks.lanes, "container", lambda: world)
    monkeypatch.setattr(tasks.lanes, "TASKS", {lane: broker.of(lane) for lane in Work})
    world.mailbox = FakeMailbox()
    world.scheduling.begin()
    world.published()
    batches = world.scheduling.claim()
    assert tasks.lanes.deliver([number for batch in batches for number in batch]) is None
    handed = dict(zip(broker.lanes, broker.messages, strict=True))
    assert handed == {batch.lane: [batch] for batch in batches}
    assert set(handed) == {Work.CONFERENCE, Work.MAILBOX}
    assert world.states(K.CONFERENCE) == ["claimed"]
