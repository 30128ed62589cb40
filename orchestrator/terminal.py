"""The terminal: where the command line writes, its marks, and JSON for scripts."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from orchestrator import words
from orchestrator.domain.meetings.fields import WRITTEN_AS
from orchestrator.domain.time.zones import LocalTime
from orchestrator.facts import Fact, Said

# What is printed is other people's text, so nothing in it is markup. A pipe or a log has no width to
# respect, and wrapped lines are hard to search.
_WIDE = 180
_ENDLESS = 10_000
out = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else _WIDE)
err = Console(
    stderr=True, highlight=False, markup=False, emoji=False, width=None if sys.stderr.isatty() else _WIDE
)

STATE_MARKS = {
    "blocked": "… blocked",
    "scheduled": "→ scheduled",
    "claimed": "→ claimed",
    "running": "→ running",
    "succeeded": "✓ succeeded",
    "missed": "! missed",
    "cancelled": "– cancelled",
    "failed": "× failed",
    "sent": "✓ sent",
    "sending": "? unknown",
    "deferred": "→ deferred",
    "bounced": "× bounced",
}
ANSWER_MARKS = {
    "accepted": "● accepted",
    "tentative": "◐ tentative",
    "delegated": "➜ delegated",
    "declined": "⊘ declined",
    "no answer": "◌ no answer",
}

OLD_FIELDS = {
    "decisions": "outcomes",
    "fair_starts": "slots",
    "fair_start": "slot",
    "connection_test": "slot",
    "date_poll": "poll",
    "fate": "outcome",
}
"""Fields of views that were renamed; scripts find them under the old name too until the next version."""


def as_json(value: Any) -> str:
    """Return views as JSON; instants as ISO 8601 in UTC, local times as their parts."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2)


def _plain(value: object) -> object:
    if isinstance(value, Fact):
        return words.say(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dict(_fields(value))
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _fields(value: Any) -> Iterator[tuple[str, object]]:
    """Yield the fields of a view by name; beside what says a fact stands its key, for programs."""
    for item in dataclasses.fields(value):
        found = getattr(value, item.name)
        yield item.metadata.get(WRITTEN_AS, item.name), found
        if item.name in OLD_FIELDS:
            yield OLD_FIELDS[item.name], found
        if isinstance(found, Fact):
            yield f"{item.name}_key", found.key
        elif isinstance(found, tuple) and found and all(isinstance(each, Fact) for each in found):
            yield f"{item.name}_keys", [each.key for each in found]


def table(*columns: str) -> Table:
    """Return an empty table in the look of all tables here."""
    made = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def show_lines(made: Table) -> None:
    """Print a table so that each row stays one line.

    A terminal shows as much of the last column as it has room for, a pipe all of it.
    """
    last = made.columns[-1]
    last.no_wrap, last.overflow = True, "ellipsis"
    if out.is_terminal:
        # The last column gets the room that the others leave, instead of taking theirs.
        made.expand, last.ratio = True, 1
        out.print(made)
    else:
        Console(file=out.file, highlight=False, markup=False, emoji=False, width=_ENDLESS).print(made)


def short_time(when: LocalTime) -> str:
    """Return ``Thu 28 Jan 09:00``, where the year and the place stand beside it."""
    weekday, day, month, _ = when.date.split()
    return f"{weekday[:3]} {day} {month[:3]} {when.clock}"


def answers(counted: dict[str, int]) -> str:
    """Return ``● 3  ◌ 20`` for the answers so far."""
    return "  ".join(f"{mark[0]} {counted[word]}" for word, mark in ANSWER_MARKS.items() if counted.get(word))


def show_warnings(warnings: Iterable[Said]) -> None:
    """Print what a coordinator should know, one line each."""
    for warning in warnings:
        out.print(f"! {words.say(warning)}", style="yellow")
