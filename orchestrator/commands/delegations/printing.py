"""Printing working calendars, what is entered over them, and what moves with them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestrator import terminal
from orchestrator.domain.time.zones import LocalTime, long_date
from orchestrator.services.delegations.views import (
    CalendarChange,
    CalendarView,
    DayView,
    OverrideView,
    Versions,
    override_fact,
)
from orchestrator.services.timelines.moves import MeetingShifts, SharedShift, Shift, together
from orchestrator.services.timelines.recalculating import Recalculated, Recalculation
from orchestrator.words import maybe, say

_WORKING, _OFF, _ESTIMATED, _CHANGED = "●", "–", "~", "+"
_LEGEND = (
    f"{_WORKING} working day   {_OFF} day off   {_ESTIMATED} day off by estimate   {_CHANGED} entered by hand"
)

_NAMES_SHOWN = 3


def show_calendar(view: CalendarView) -> None:
    """Print a calendar, a line a day, with a heading for each month and wherever the zone changes."""
    terminal.out.print(f"{view.name} ({view.code})", style="bold")
    for heading, days in groupby(view.days, _heading):
        terminal.out.print(f"\n{heading}")
        _show_days(list(days))
    working = sum(item.working for item in view.days)
    terminal.out.print(f"\n{working} of {len(view.days)} days are working days.")
    terminal.out.print(_LEGEND)
    # Estimated days are marked one by one.
    for gap in (item for item in view.gaps if item.key != "delegations.year-estimated"):
        terminal.out.print(f"! {say(gap)}", style="yellow")
    if view.note:
        terminal.out.print(f"Note: {view.note}")


def _heading(item: DayView) -> str:
    month = long_date(item.date).partition(f" {item.date.day} ")[2]
    return f"{month}, {item.city} ({item.offset}), zone {item.zone}"


def _show_days(days: Sequence[DayView]) -> None:
    made = terminal.table("", "Day", "Hours", "")
    made.show_header = False
    for column in made.columns[:3]:
        column.no_wrap = True
    for item in days:
        style = "" if item.working else "dim"
        made.add_row(
            Text(_mark(item)),
            Text(f"{item.weekday[:3]} {item.date.day:2}", style=style),
            Text(", ".join(item.hours) or "closed", style=style),
            Text(day_words(item), style=style),
        )
    terminal.out.print(made)


def _mark(item: DayView) -> str:
    off = _ESTIMATED if item.estimated else _OFF
    return (_WORKING if item.working else off) + (_CHANGED if item.override else "")


def day_words(item: DayView) -> str:
    """Return what a day is, such as ``public holiday, estimated: Eid al-Fitr``."""
    words = [item.off or "", "estimated" if item.estimated else "", "can be used" if item.soft else ""]
    kind = ", ".join(filter(None, words))
    text = ": ".join(filter(None, (kind, maybe(item.name))))
    if item.override is None:
        return text
    override = item.override
    return f"{text}; {override.why} ({override.by}, override {override.id}{_weekdays(override)})"


def _weekdays(item: OverrideView) -> str:
    """Return on which weekdays an override holds, such as `` on mon, tue``; empty where it names none."""
    return f" on {', '.join(item.days)}" if item.days else ""


def show_override(item: OverrideView) -> None:
    """Print one override."""
    terminal.out.print(say(override_fact(item)), style="bold")


def show_overrides(found: Sequence[OverrideView]) -> None:
    """Print overrides, newest first."""
    if not found:
        terminal.out.print("Nothing was entered over the calendars.")
        return
    for item in found:
        state = "in force"
        if item.withdrawn_at is not None:
            state = f"withdrawn by {item.withdrawn_by}, {item.withdrawn_at:%Y-%m-%d %H:%M} UTC"
        days = f"{item.first}" + (f" to {item.last}" if item.last != item.first else "")
        hours = f" {', '.join(item.hours)}" if item.hours else ""
        terminal.out.print(
            f"{item.id:>4}  {item.delegation}  {item.kind}{hours}  {days}{_weekdays(item)}  {item.name}",
            style="bold",
        )
        entered = f"entered by {item.by}, {item.at:%Y-%m-%d %H:%M} UTC: {item.why}"
        terminal.out.print(Padding(Text(f"{state}; {entered}"), (0, 0, 0, 6), expand=False))


def show_versions(found: Versions) -> None:
    """Print the versions in use."""
    made = terminal.table("", "")
    made.show_header = False
    for label, value in (
        ("Zone data", f"tzdata {found.tzdata}"),
        ("Holiday data", f"holidays {found.holidays}"),
        ("Delegations file", found.delegations),
        *((f"Timeline {name}", digest) for name, digest in found.timelines.items()),
    ):
        made.add_row(label, value)
    terminal.out.print(made)
    if found.outdated:
        terminal.out.print(
            f"! {len(found.outdated)} plan(s) rest on older ones: {', '.join(found.outdated)}. "
            "Run 'orchestrator calendar recalculate'.",
            style="yellow",
        )
    else:
        terminal.out.print("Every plan of a published meeting rests on these.")


def _show_moves(meetings: Sequence[MeetingShifts]) -> None:
    for item in meetings:
        if not item.shifts and not item.days_off:
            continue
        terminal.out.print(f"{item.reference}: {item.title}", style="bold")
        for late in item.days_off:
            terminal.out.print(f"! {say(late)}", style="yellow")
        for shared in together(item.shifts):
            _show_shift(shared)


_EFFECTS = {"moved": "moved", "new": "planned", "cancelled": "cancelled", "skipped": "left out"}


def _show_shift(shared: SharedShift) -> None:
    """Print what moves, each moment on a line of its own, so that the two can be held against each other."""
    shift = shared.shift
    people = ", ".join(shared.names[:_NAMES_SHOWN])
    if len(shared.names) > _NAMES_SHOWN:
        people += f" and {len(shared.names) - _NAMES_SHOWN} more"
    to = f" to {people} ({shift.delegation})" if shared.names else ""
    terminal.out.print(f"  {say(shift.what)}{to}: {_EFFECTS[shift.effect]}")
    facts = Table.grid(padding=(0, 2, 0, 0))
    for label, moment in _moments(shift):
        facts.add_row(label, str(moment) if moment else "at once")
    if shift.reason:
        facts.add_row("why", Text(say(shift.reason)))
    terminal.out.print(Padding(facts, (0, 0, 0, 4), expand=False))


def _moments(shift: Shift) -> list[tuple[str, LocalTime | None]]:
    if shift.effect == "cancelled":
        return [("was", shift.when)]
    if shift.was is None:
        return [("now", shift.when)]
    return [("was", shift.was), ("now", shift.when)]


def show_change(change: CalendarChange) -> None:
    """Print an override, and what moves with it."""
    show_override(change.override)
    _show_moves(change.meetings)
    still = change.looked_at - len(change.meetings)
    if still:
        terminal.out.print(f"Nothing moves in {still} other meeting(s) of the delegation.")
    elif not change.meetings:
        terminal.out.print("No coming meeting of the delegation is published, so nothing moves.")


def say_entered(change: CalendarChange, _: bool) -> None:
    """Print that an override is entered or withdrawn."""
    moved = sum(len(item.shifts) for item in change.meetings)
    did = "withdrawn" if change.override.withdrawn_at else "entered"
    terminal.out.print(
        f"Override {change.override.id} is {did}; "
        f"{moved} action(s) moved in {len(change.meetings)} meeting(s)."
    )


def show_recalculation(found: Recalculation) -> None:
    """Print what newer data moves, meeting by meeting."""
    moving = [item for item in found.meetings if item.shifts or item.retimed or item.days_off]
    for item in moving:
        _show_recalculated(item)
    still = len(found.meetings) - len(moving)
    if still:
        terminal.out.print(f"Nothing moves in {still} meeting(s) that rested on something older.")
    if not found.meetings and not found.troubles:
        terminal.out.print("Every plan rests on the data in use already.")
    _show_troubles(found)


def _show_recalculated(item: Recalculated) -> None:
    if item.retimed is not None:
        terminal.out.print(f"{item.reference}: the wall time stays, its instant does not", style="bold")
        terminal.out.print(f"  It starts   {item.retimed.now}")
        terminal.out.print(f"  not at what is now {item.retimed.was}; attendees are told, and asked again.")
    _show_moves([MeetingShifts(item.reference, item.title, item.shifts, item.days_off)])
    terminal.out.print(f"  Because: {'; '.join(map(say, item.because))}")


def _show_troubles(found: Recalculation) -> None:
    for item in found.troubles:
        terminal.out.print(f"× {item.reference} could not be recalculated: {say(item.why)}", style="red")


def say_recalculated(found: Recalculation, yes: bool) -> None:
    """Print how much was recalculated; troubles too, where they were not shown before."""
    moved = sum(len(item.shifts) for item in found.meetings)
    terminal.out.print(f"Recalculated {len(found.meetings)} meeting(s); {moved} action(s) moved.")
    if yes:
        _show_troubles(found)
