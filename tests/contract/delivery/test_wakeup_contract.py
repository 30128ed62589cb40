"""The contract of ``ports.WakeUp``."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from time import monotonic

import pytest
import redis

from integrations.redis_wakeup import RedisWakeUp
from integrations.silent_wakeup import SilentWakeUp
from orchestrator.ports import WakeUp

NOTHING_LISTENS = "redis://:top-secret@127.0.0.1:1/0"


@pytest.fixture(params=["redis", "silent", "broker-away"])
def wakeup(request: pytest.FixtureRequest) -> Iterator[WakeUp]:
    if request.param == "silent":
        yield SilentWakeUp()
        return
    url = request.getfixturevalue("broker_url") if request.param == "redis" else NOTHING_LISTENS
    adapter = RedisWakeUp(url, "contract")
    yield adapter
    adapter.close()


@pytest.fixture
def listener(broker_url: str) -> Iterator[RedisWakeUp]:
    adapter = RedisWakeUp(broker_url)
    assert not adapter.wait(0)
    yield adapter
    adapter.close()


@pytest.fixture
def notifier(broker_url: str) -> Iterator[RedisWakeUp]:
    adapter = RedisWakeUp(broker_url)
    yield adapter
    adapter.close()


def test_waiting_takes_its_time_when_nobody_notifies(wakeup: WakeUp) -> None:
    wakeup.wait(0)
    start = monotonic()
    assert wakeup.wait(0.2) is False
    assert 0.19 <= monotonic() - start < 1.5


def test_notify_never_raises(wakeup: WakeUp) -> None:
    wakeup.notify()


def test_a_wakeup_before_the_wait_is_not_lost(listener: RedisWakeUp, notifier: RedisWakeUp) -> None:
    notifier.notify()
    assert listener.wait(2) is True


def test_a_wakeup_ends_the_wait_early(listener: RedisWakeUp, notifier: RedisWakeUp) -> None:
    start = monotonic()
    threading.Timer(0.1, notifier.notify).start()
    assert listener.wait(5) is True
    assert monotonic() - start < 2


def test_queued_wakeups_count_as_one(listener: RedisWakeUp, notifier: RedisWakeUp) -> None:
    for _ in range(20):
        notifier.notify()
    assert listener.wait(2) is True
    assert listener.wait(0.1) is False


def test_every_waiter_is_woken(listener: RedisWakeUp, notifier: RedisWakeUp) -> None:
    assert not notifier.wait(0)
    notifier.notify()
    assert listener.wait(2) is True
    assert notifier.wait(2) is True


def test_after_a_lost_connection_the_caller_looks_once_more(
    listener: RedisWakeUp, notifier: RedisWakeUp, broker_url: str
) -> None:
    with redis.Redis.from_url(broker_url) as direct:
        direct.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    notifier.notify()
    assert listener.wait(0.1) is False
    assert listener.wait(5) is True
    assert listener.wait(0.1) is False


def test_the_password_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    adapter = RedisWakeUp(NOTHING_LISTENS)
    adapter.notify()
    assert adapter.wait(0.05) is False
    assert len(caplog.records) >= 2
    assert "top-secret" not in caplog.text


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_waits_on_its_own(listener: RedisWakeUp, notifier: RedisWakeUp) -> None:
    child = os.fork()
    if child == 0:
        subscribed = not listener.wait(0)
        notifier.notify()
        os._exit(0 if subscribed and listener.wait(2) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert listener.wait(2) is True
