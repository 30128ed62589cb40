"""Printing actions and timelines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestrator.commands.effects import recipient
from orchestrator.services.timelines.timelines import TimelineView
from orchestrator.services.timelines.views import ActionView
from orchestrator.terminal import STATE_MARKS, out, table


def show_actions(actions: Iterable[ActionView], *, with_meeting: bool = False) -> None:
    """Print actions with their state, recipient and local time."""
    made = table("Id", *(["Meeting"] if with_meeting else []), "State", "What", "To", "Local time", "Why")
    for item in actions:
        why = "; ".join(filter(None, (item.reason or item.why, item.note)))
        made.add_row(
            str(item.id),
            *([item.meeting] if with_meeting else []),
            STATE_MARKS[item.state],
            item.what,
            recipient(item),
            str(item.due),
            why,
        )
    out.print(made if made.row_count else "Nothing here.")


def show_timelines(timelines: Sequence[TimelineView]) -> None:
    """Print the timelines that meetings can name."""
    made = table("Name", "Title", "For meetings of the kind", "Steps")
    for item in timelines:
        made.add_row(item.name, item.title, ", ".join(item.kinds), str(len(item.steps)))
    out.print(made)
