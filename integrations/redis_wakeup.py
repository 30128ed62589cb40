"""Wake-ups between processes over Redis publish/subscribe.

Nothing but an empty message travels, and nothing is kept: a wake-up that gets lost only means that
a beat finds the work at its next regular look at the database.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from time import monotonic
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.retry import Retry

logger = logging.getLogger(__name__)

_ANSWER_SECONDS = 2.0
"""Longest wait for the broker itself: callers hold up people or other work meanwhile."""


class RedisWakeUp:
    """``ports.WakeUp`` over a Redis channel.

    ``url`` is a ``redis://``, ``rediss://`` or ``unix://`` URL (it may hold a password and is never
    logged). ``notify`` may be called from any thread; ``wait`` from one thread at a time. Connections
    are made when first needed and are not shared with a forked process.
    """

    def __init__(self, url: str, channel: str = "orchestrator.wake-up") -> None:
        self._channel = channel
        # One retry for publishing: a pooled connection may be stale after the broker restarted.
        self._publisher = _client(url, retries=1)
        # None for waiting: a silent reconnect would hide that wake-ups may have been missed.
        self._listener = _client(url, retries=0)
        self._subscription: PubSub | None = None
        self._owner = os.getpid()
        self._interrupted = False

    def notify(self) -> None:
        """Wake every waiter. Never raises; a broker that is away is only logged."""
        try:
            self._publisher.publish(self._channel, b"")
        except Exception as error:  # noqa: BLE001 - the work is committed: nothing may fail after it.
            logger.warning("Wake-up not sent (%s); beats will find the work by themselves.", _kind(error))

    def wait(self, seconds: float) -> bool:
        """Sleep up to ``seconds``; True when woken, several queued wake-ups counting as one.

        The first call subscribes, so ``wait(0)`` before the first look at the database makes sure
        that no later wake-up is missed. After a lost connection the first successful call returns
        True at once, because a wake-up may have been missed meanwhile. While the broker is away the
        call sleeps its time out and returns False.
        """
        deadline = monotonic() + seconds
        try:
            subscription, missed = self._subscribed()
            return _received(subscription, monotonic() if missed else deadline) or missed
        except (redis.RedisError, OSError) as error:
            logger.warning("No wake-ups from the broker (%s); will connect again.", _kind(error))
            self._interrupted = True
            self._drop()
            _sleep(deadline - monotonic())
            return False

    def close(self) -> None:
        """Close all connections; a later call opens them again."""
        self._drop()
        self._publisher.close()
        self._listener.close()

    def _subscribed(self) -> tuple[PubSub, bool]:
        """Return the live subscription and whether wake-ups may have been missed before it."""
        if self._owner != os.getpid():
            # A subscription made before a fork belongs to the parent; reading it would steal its
            # messages. Letting go of it does not disturb the parent's socket.
            self._subscription, self._owner = None, os.getpid()
        if self._subscription is not None:
            return self._subscription, False
        subscription: PubSub = self._listener.pubsub()  # type: ignore[no-untyped-call] # Untyped there.
        try:
            subscription.subscribe(self._channel)
            _await_confirmation(subscription)
        except BaseException:
            subscription.close()
            raise
        missed, self._interrupted = self._interrupted, False
        self._subscription = subscription
        return subscription, missed

    def _drop(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close()


def keepalive() -> dict[str, Any]:
    """Return options of a Redis client by which a network that drops packets is noticed within half a minute.

    Not every system knows all of them.
    """
    wanted = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 15_000}
    known = {getattr(socket, name): value for name, value in wanted.items() if hasattr(socket, name)}
    return {"socket_keepalive": True, "socket_keepalive_options": known}


def _client(url: str, *, retries: int) -> redis.Redis:
    # A socket in the file system has neither a network to lose nor options for it.
    network = {} if url.startswith("unix:") else {"socket_connect_timeout": _ANSWER_SECONDS, **keepalive()}
    return redis.Redis.from_url(
        url,
        **network,
        socket_timeout=_ANSWER_SECONDS,
        health_check_interval=15,
        retry=Retry(NoBackoff(), retries),
    )


def _await_confirmation(subscription: PubSub) -> None:
    """Read until the broker has confirmed: only then is every later wake-up certain to arrive."""
    deadline = monotonic() + _ANSWER_SECONDS
    while (left := deadline - monotonic()) > 0:
        message = subscription.get_message(timeout=left)
        if message is not None and message["type"] == "subscribe":
            return
    raise redis.TimeoutError("The broker did not confirm the subscription.")


def _received(subscription: PubSub, deadline: float) -> bool:
    woken = _next_wakeup(subscription, deadline)
    while woken and _next_wakeup(subscription, monotonic()):
        # Drain: what queued up while the caller worked is answered by one look at the database.
        pass
    return woken


def _next_wakeup(subscription: PubSub, deadline: float) -> bool:
    """Wait for one wake-up until ``deadline`` on the monotonic clock."""
    while True:
        left = max(deadline - monotonic(), 0.0)
        message = subscription.get_message(timeout=left)
        if message is not None and message["type"] == "message":
            return True
        if left == 0.0 and message is None:
            return False


def _sleep(seconds: float) -> None:
    if seconds > 0:
        threading.Event().wait(seconds)


def _kind(error: Exception) -> str:
    # The class only: some messages repeat parts of the URL, which holds a password.
    return type(error).__name__
