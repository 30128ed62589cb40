"""What waits in the broker: beat asks before it takes a claim that nobody has begun for lost."""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from collections.abc import Collection
from typing import Any

from orchestrator.domain.timelines.kinds import Work
from tasks.app import app

_LOG = logging.getLogger(__name__)


def waiting_in(lane: Work) -> Collection[int] | None:
    """Return the ids of the actions whose messages wait in the queue of a lane.

    ``None`` when that cannot be told: the broker is away, or it is not Redis and holds messages of the lane,
    any of which may be meant.
    """
    try:
        with app.connection_for_write() as connection:
            channel = connection.default_channel
            if connection.transport.driver_type == "redis":
                return _ids(channel.client.lrange(lane.value, 0, -1))
            return None if channel.queue_declare(lane.value, passive=True).message_count else ()
    except Exception as error:  # noqa: BLE001 - whatever keeps the broker from answering, nothing is known.
        _LOG.warning("the broker does not say what waits in %s (%s)", lane, type(error).__name__)
        return None


def _ids(messages: list[bytes]) -> set[int]:
    found: set[int] = set()
    for message in messages:
        try:
            found.update(_arguments(json.loads(message)))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            continue  # It is none of ours, and the worker that gets it drops it.
    return found


def _arguments(envelope: Any) -> list[int]:
    body = envelope["body"]
    if envelope["properties"].get("body_encoding") == "base64":
        body = b64decode(body)
    (ids,), _, _ = json.loads(body)
    return [number for number in ids if isinstance(number, int)]
