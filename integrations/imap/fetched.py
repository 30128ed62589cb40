"""What a server says of mails: sizes that it may only estimate, and contents in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

_TOGETHER = 50
"""Mails fetched in one round trip."""
_BYTES_TOGETHER = 8 * 1024 * 1024
"""Bytes fetched in one round trip, unless one mail alone has more: all of them are in memory at once."""


def groups(facts: dict[int, dict[bytes, Any]], largest: int) -> Iterator[list[int]]:
    """Split mails into groups that are small enough to be in memory together."""
    group: list[int] = []
    total = 0
    for uid, fact in facts.items():
        size = min(size_of(fact), largest)
        if group and (len(group) == _TOGETHER or total + size > _BYTES_TOGETHER):
            yield group
            group, total = [], 0
        group.append(uid)
        total += size
    if group:
        yield group


def chunks(items: list[int], size: int) -> Iterator[list[int]]:
    """Split a list into pieces of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def size_of(fact: dict[bytes, Any]) -> int:
    """Return the size that the server names; zero where it names none."""
    size = fact.get(b"RFC822.SIZE")
    return size if isinstance(size, int) else 0


def names_content(fact: dict[bytes, Any]) -> bool:
    """Whether the server says something about the content, and be it that there is none."""
    return any(name.startswith(b"BODY[]") for name in fact)


def content_of(fact: dict[bytes, Any]) -> bytes | None:
    """Return the content, which some servers name without the part that was asked for, or None."""
    for name, value in fact.items():
        if name.startswith(b"BODY[]") and isinstance(value, bytes):
            return value
    return None


def true_size(content: bytes | None, named: int, largest: int) -> int:
    """Return the size of a mail of which one byte more than ``largest`` was asked for."""
    if content is None:
        return max(named, 1)
    return max(named, len(content)) if len(content) > largest else len(content)


def instant_of(received: datetime | None) -> datetime:
    """Return when a mail came, in UTC; a server that does not know must have got it by now."""
    if received is None or received.tzinfo is None:
        return datetime.now(UTC)
    return received.astimezone(UTC)
