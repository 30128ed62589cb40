"""Printing actions and timelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from orchestrator.commands.effects import recipient
from orchestrator.services.timelines.timelines import TimelineView
from orchestrator.services.timelines.views import ActionView
from orchestrator.terminal import STATE_MARKS, out, show_lines, table
from orchestrator.words import maybe, say


def show_actions(actions: Iterable[ActionView], *, with_meeting: bool = False) -> None:
    """Print actions with their state, recipient and local time."""
    made = table("Id", *(["Meeting"] if with_meeting else []), "State", "What", "To", "Local time", "Why")
    for item in actions:
        why = "; ".join(said for said in map(maybe, (item.reason or item.why, item.note)) if said)
        made.add_row(
            str(item.id),
            *([item.meeting] if with_meeting else []),
            STATE_MARKS[item.state],
            say(item.what),
            recipient(item),
            str(item.due),
            why,
        )
    out.print(made if made.row_count else "Nothing here.")


def show_plan(actions: Iterable[ActionView]) -> None:
    """Print a plan, one line for each step: how far it is, to how many, when for most, and why then."""
    steps: dict[tuple[object, ...], list[ActionView]] = {}
    for item in actions:
        steps.setdefault((item.meeting, item.kind, item.what, item.why, item.revision), []).append(item)
    made = table("State", "What", "To", "Local time", "Why")
    for together in steps.values():
        made.add_row(
            _states(together),
            say(together[0].what),
            _recipients(together),
            _usual_time(together),
            _why(together),
        )
    if not made.row_count:
        out.print("Nothing here.")
        return
    show_lines(made)
    if any(len(together) > 1 for together in steps.values()):
        out.print("\nEach recipient on a line of their own, with the ids of actions: --all")


def _states(together: Sequence[ActionView]) -> str:
    """Return ``→ scheduled``, or ``→ 20 scheduled, ✓ 3 succeeded`` where they differ."""
    counted = Counter(item.state for item in together)
    if len(counted) == 1:
        return STATE_MARKS[together[0].state]
    marks = {state: STATE_MARKS[state].split(" ", 1) for state in counted}
    return ", ".join(f"{marks[state][0]} {count} {marks[state][1]}" for state, count in counted.items())


def _recipients(together: Sequence[ActionView]) -> str:
    names = list(dict.fromkeys(recipient(item) for item in together))
    return names[0] if len(names) == 1 else f"{len(names)} people"


def _usual_time(together: Sequence[ActionView]) -> str:
    """Return the hour by their own clocks that most of them share, and how many have another one."""
    if len({item.due_at for item in together}) == 1:
        elsewhere = len({item.due.city for item in together}) > 1
        return f"{together[0].due}{', the same moment for all' if elsewhere else ''}"
    moments: dict[tuple[str, str], list[ActionView]] = {}
    for item in together:
        moments.setdefault((item.due.date, item.due.clock), []).append(item)
    usual = max(moments.values(), key=len)
    places = {str(item.due) for item in usual}
    first = usual[0].due
    when = str(first) if len(places) == 1 else f"{first.date}, {first.clock} where they are"
    others = len(together) - len(usual)
    return f"{when}; {others} at another time" if others else when


def _why(together: Sequence[ActionView]) -> str:
    """Return why it is then, and whatever else is said of some of them, each thing once."""
    reasons = [item.reason or item.why for item in together]
    notes = [item.note for item in together]
    return "; ".join(dict.fromkeys(said for said in map(maybe, (*reasons, *notes)) if said))


def show_timelines(timelines: Sequence[TimelineView]) -> None:
    """Print the timelines that meetings can name."""
    made = table("Name", "Title", "For meetings of the kind", "Steps")
    for item in timelines:
        made.add_row(item.name, item.title, ", ".join(item.kinds), str(len(item.steps)))
    out.print(made)
