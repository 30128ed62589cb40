"""Printing what a use case leads to: totals first, then who gets what, when, and why then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.padding import Padding

from orchestrator.domain.timelines.kinds import Recipient, kinds_where
from orchestrator.services.timelines.views import ActionView, Consequence, Effect
from orchestrator.terminal import out, show_warnings
from orchestrator.words import say

_EFFECTS = {"new": "planned", "moved": "moved", "cancelled": "cancelled", "skipped": "left out"}
_NAMES = 40
"""Of more people at one moment than this, only their number is shown for each delegation."""
_FOR_COORDINATOR = kinds_where(lambda rules: rules.recipient in (Recipient.COORDINATOR, Recipient.EITHER))
"""Kinds of mail that go to the coordinator where they are for no attendee."""


def show_effects(effect: Effect) -> None:
    """Print what a use case does: totals first, then who gets what and when."""
    if effect.consequences:
        _show_consequences(effect.consequences)
    else:
        out.print("Nothing follows from this; nobody is told anything.")
    if effect.later:
        out.print("\nLater, when the announced date is confirmed by itself", style="bold")
        _show_consequences(effect.later)
    for note in effect.notes:
        out.print(f"\nWith a note first in '{note.message}':", style="bold")
        out.print(note.text)
    show_warnings(effect.warnings)


def _show_consequences(consequences: Sequence[Consequence]) -> None:
    totals = Counter(_heading(item) for item in consequences)
    for heading, count in totals.items():
        out.print(f"{count:>5} × {heading}")
    for heading in totals:
        out.print(f"\n{heading}", style="bold")
        moments: dict[tuple[object, ...], list[Consequence]] = {}
        for item in consequences:
            if _heading(item) == heading:
                moments.setdefault(_moment(item), []).append(item)
        for together in moments.values():
            _show_moment(together)


def _heading(item: Consequence) -> str:
    return f"{what_words(item)}: {_EFFECTS[item.effect]}"


def _moment(item: Consequence) -> tuple[object, ...]:
    """What those have in common who get something at the same hour by their own clocks, for one reason."""
    return (item.when and (item.when.day, item.when.clock), item.reason)


def _show_moment(together: Sequence[Consequence]) -> None:
    """Print one moment of one thing: when, to whom, and why then, or why not."""
    places = {str(item.when): item.when for item in together if item.when}
    when = " or ".join(places) or "at once"
    if len(places) > 1:
        one = next(iter(places.values()))
        when = f"{one.date}, {one.clock} where they are"
    _indented(when, 2)
    people = _people(together)
    if people:
        _indented(people, 4)
    if together[0].reason:
        _indented(say(together[0].reason), 4, style="yellow")


def _indented(text: str, by: int, *, style: str | None = None) -> None:
    out.print(Padding(text, (0, 0, 0, by), expand=False), style=style)


def _people(together: Sequence[Consequence]) -> str:
    """Return who gets it, by delegation; nothing for what the service does by itself."""
    named: dict[str, list[str]] = {}
    for item in together:
        if item.recipient_name:
            named.setdefault(item.delegation or "", []).append(item.recipient_name)
        elif item.kind in _FOR_COORDINATOR:
            named.setdefault("", []).append("coordinator")
    if sum(map(len, named.values())) > _NAMES:
        return ", ".join(f"{code} {len(names)}" for code, names in named.items())
    return "; ".join(f"{', '.join(names)} ({code})" if code else names[0] for code, names in named.items())


def what_words(item: Consequence) -> str:
    """Return what happens, with the meeting where it is another than the one that was changed."""
    what = say(item.what)
    return f"{item.meeting}: {what}" if item.meeting else what


def recipient(item: ActionView) -> str:
    """Return who gets it; what nobody gets is done by the service."""
    if item.recipient_name:
        return f"{item.recipient_name} ({item.delegation})"
    return "coordinator" if item.kind in _FOR_COORDINATOR else "service"
