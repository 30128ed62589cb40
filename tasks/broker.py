"""Redis as our broker: what is no message of Celery's is dropped and logged, and ends no worker.

Kombu takes an item off the queue before it reads it, and whatever cannot be read ends the worker's loop.
A program that uses the same database of Redis by mistake can leave such an item.
"""

from __future__ import annotations

import logging
from base64 import b64decode
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

_LOG = logging.getLogger(__name__)


class ForgivingChannel(redis.Channel):
    """A channel that reads on after an item that is no JSON."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call] # Untyped there.
        except (ValueError, RecursionError) as error:
            _LOG.warning("dropped an item of the broker that is no JSON (%s)", type(error).__name__)
            raise Empty from None


class _ForgivingDelivery:
    """Delivers only what is made like a message."""

    def _deliver(self, message: Any, queue: str) -> None:
        if not is_message(message):
            _LOG.warning("dropped an item of queue %s that is no message", queue)
            return
        super()._deliver(message, queue)  # type: ignore[misc]


class ForgivingTransport(_ForgivingDelivery, redis.Transport):
    """``redis://`` and ``rediss://``."""

    Channel = ForgivingChannel


class ForgivingSentinelChannel(ForgivingChannel, redis.SentinelChannel):
    """The same by way of Redis Sentinel."""


class ForgivingSentinelTransport(_ForgivingDelivery, redis.SentinelTransport):
    """``sentinel://``."""

    Channel = ForgivingSentinelChannel


def use_forgiving_transports() -> None:
    """Have every connection to Redis use the transports of this module."""
    TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = f"{__name__}:ForgivingTransport"
    TRANSPORT_ALIASES["sentinel"] = f"{__name__}:ForgivingSentinelTransport"


def is_message(item: Any) -> bool:
    """Whether an item has what Kombu reads of every message; what the task makes of it is seen later."""
    if not isinstance(item, dict) or not isinstance(item.get("properties"), dict):
        return False
    properties = item["properties"]
    named = isinstance(properties.get("delivery_tag"), str)
    addressed = isinstance(properties.get("delivery_info"), dict)
    if not (named and addressed and isinstance(item.get("headers", {}), dict)):
        return False
    body = item.get("body")
    try:
        return isinstance(body, str) and (
            properties.get("body_encoding") != "base64" or bool(b64decode(body))
        )
    except ValueError:
        return False
