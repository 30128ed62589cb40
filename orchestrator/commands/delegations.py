"""``orchestrator calendar``: working calendars, what is entered over them, and the versions in use."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any

import click
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestrator import terminal
from orchestrator.bootstrap import container
from orchestrator.commands.common import ACTOR, NUMBER, json_option, previewed
from orchestrator.domain.delegations.working_calendar import OverrideKind
from orchestrator.domain.time.zones import LocalTime, long_date
from orchestrator.errors import InvalidInput
from orchestrator.services.delegations.calendars import (
    CalendarChange,
    CalendarView,
    DayView,
    NewOverride,
    OverrideView,
    Versions,
    override_words,
)
from orchestrator.services.timelines.moves import MeetingShifts, SharedShift, Shift, together
from orchestrator.services.timelines.recalculating import Recalculated, Recalculation

_WORKING, _OFF, _ESTIMATED, _CHANGED = "●", "–", "~", "+"
_LEGEND = (
    f"{_WORKING} working day   {_OFF} day off   {_ESTIMATED} day off by estimate   {_CHANGED} entered by hand"
)
_NAMES_SHOWN = 3


# --- what is printed


def show_calendar(view: CalendarView) -> None:
    """Print a calendar, a line a day, with a heading for each month and wherever the zone changes."""
    terminal.out.print(f"{view.name} ({view.code})", style="bold")
    for heading, days in groupby(view.days, _heading):
        terminal.out.print(f"\n{heading}")
        _show_days(list(days))
    working = sum(item.working for item in view.days)
    terminal.out.print(f"\n{working} of {len(view.days)} days are working days.")
    terminal.out.print(_LEGEND)
    for year in view.incomplete:
        terminal.out.print(
            f"! The holiday data for {year} is not complete; ask the delegation.", style="yellow"
        )
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
    text = ": ".join(filter(None, (kind, item.name)))
    if item.override is None:
        return text
    override = item.override
    return f"{text}; {override.why} ({override.by}, override {override.id}{_weekdays(override)})"


def _weekdays(item: OverrideView) -> str:
    """Return on which weekdays an override holds, such as `` on mon, tue``; empty where it names none."""
    return f" on {', '.join(item.days)}" if item.days else ""


def show_override(item: OverrideView) -> None:
    """Print one override."""
    terminal.out.print(override_words(item), style="bold")


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
        if not item.shifts:
            continue
        terminal.out.print(f"{item.reference}: {item.title}", style="bold")
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
    terminal.out.print(f"  {shift.what}{to}: {_EFFECTS[shift.effect]}")
    facts = Table.grid(padding=(0, 2, 0, 0))
    for label, moment in _moments(shift):
        facts.add_row(label, str(moment) if moment else "at once")
    if shift.reason:
        facts.add_row("why", Text(shift.reason))
    terminal.out.print(Padding(facts, (0, 0, 0, 4), expand=False))


def _moments(shift: Shift) -> list[tuple[str, LocalTime | None]]:
    if shift.effect == "cancelled":
        return [("was", shift.when)]
    if shift.was is None:
        return [("now", shift.when)]
    return [("was", shift.was), ("now", shift.when)]


def _show_change(change: CalendarChange) -> None:
    show_override(change.override)
    _show_moves(change.meetings)
    still = change.looked_at - len(change.meetings)
    if still:
        terminal.out.print(f"Nothing moves in {still} other meeting(s) of the delegation.")
    elif not change.meetings:
        terminal.out.print("No coming meeting of the delegation is published, so nothing moves.")


def _say_entered(change: CalendarChange, _: bool) -> None:
    moved = sum(len(item.shifts) for item in change.meetings)
    did = "withdrawn" if change.override.withdrawn_at else "entered"
    terminal.out.print(
        f"Override {change.override.id} is {did}; "
        f"{moved} action(s) moved in {len(change.meetings)} meeting(s)."
    )


def _show_recalculation(found: Recalculation) -> None:
    moving = [item for item in found.meetings if item.shifts or item.retimed]
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
    _show_moves([MeetingShifts(item.reference, item.title, item.shifts)])
    terminal.out.print(f"  Because: {'; '.join(item.because)}")


def _show_troubles(found: Recalculation) -> None:
    for item in found.troubles:
        terminal.out.print(f"× {item.reference} could not be recalculated: {item.why}", style="red")


def _say_recalculated(found: Recalculation, yes: bool) -> None:
    moved = sum(len(item.shifts) for item in found.meetings)
    terminal.out.print(f"Recalculated {len(found.meetings)} meeting(s); {moved} action(s) moved.")
    if yes:
        _show_troubles(found)


# --- commands


@click.group()
def calendar() -> None:
    """Look at working calendars, and enter what no data file can know."""


@calendar.command(name="show")
@click.argument("code")
@click.option("--month", metavar="MONTH", help="Such as 2027-02; by default the present month.")
@click.option("--from", "from_", metavar="DATE", help="First day, such as 2027-02-01.")
@click.option("--to", metavar="DATE", help="Last day, at most a year later.")
@json_option
def show(code: str, month: str | None, from_: str | None, to: str | None, as_json: bool) -> None:
    """Show which days delegation CODE works, at which hours."""
    if month and (from_ or to):
        raise click.UsageError("Give either --month, or --from and --to.")
    first, last = _month(month) if month else (_day("--from", from_), _day("--to", to))
    found = container().calendars.show(code, first, last)
    click.echo(terminal.as_json(found)) if as_json else show_calendar(found)


def _entering(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what belongs to every override: its name, why, who says so, and looking first."""
    for option in (
        click.option("--by", metavar="NAME", help="Who says so."),
        click.option("--why", required=True, metavar="TEXT", help="Where that is known from."),
        click.option("--name", required=True, metavar="TEXT", help="What the day is called."),
    ):
        command = option(command)
    return partial(previewed, show=_show_change, done=_say_entered)(command)


@calendar.command(name="close")
@click.argument("code")
@click.argument("days")
@_entering
def close(code: str, days: str, **said: Any) -> Callable[[bool], CalendarChange]:
    """Enter a day off of delegation CODE, or several.

    DAYS is 2027-02-15, or 2027-02-15..2027-02-17.
    """
    return _enter(code, OverrideKind.CLOSED, days, "", said)


@calendar.command(name="open")
@click.argument("code")
@click.argument("days")
@click.option("--hours", default="", metavar="HOURS", help="Such as 08:00-12:00,13:00-16:00.")
@_entering
def open_(code: str, days: str, hours: str, **said: Any) -> Callable[[bool], CalendarChange]:
    """Enter a day that CODE works, though it usually would not.

    DAYS is 2027-02-15, or 2027-02-15..2027-02-17. Without --hours, its usual hours count.
    """
    return _enter(code, OverrideKind.OPEN, days, hours, said)


@calendar.command(name="hours")
@click.argument("code")
@click.argument("period")
@click.argument("hours")
@click.option("--days", metavar="WEEKDAYS", help="Such as mon,tue,wed,thu; by default all working days.")
@_entering
def hours(
    code: str, period: str, hours: str, days: str | None, **said: Any
) -> Callable[[bool], CalendarChange]:
    """Enter other hours of CODE for the working days in PERIOD.

    PERIOD is such as 2027-02-08..2027-03-09, HOURS such as 08:00-14:00 during Ramadan. With --days, they
    hold only on those weekdays.
    """
    weekdays = None if days is None else _items(days)
    return _enter(code, OverrideKind.HOURS, period, hours, said | {"days": weekdays})


def _enter(
    code: str, kind: OverrideKind, period: str, hours: str, said: dict[str, Any]
) -> Callable[[bool], CalendarChange]:
    first, _, last = period.partition("..")
    given = said | {"kind": kind, "first": first, "last": last or first, "hours": _items(hours)}
    new = NewOverride.of(given)
    return lambda preview: container().calendars.enter(code, new, actor=ACTOR, preview=preview)


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


@calendar.command(name="withdraw")
@click.argument("number", type=NUMBER)
@partial(previewed, show=_show_change, done=_say_entered)
def withdraw(number: int) -> Callable[[bool], CalendarChange]:
    """Take override NUMBER out of force; it stays listed."""
    return lambda preview: container().calendars.withdraw(number, actor=ACTOR, preview=preview)


@calendar.command(name="overrides")
@click.argument("code", required=False)
@json_option
def overrides(code: str | None, as_json: bool) -> None:
    """List what was entered, newest first.

    For all delegations or for CODE, with what was withdrawn.
    """
    found = container().calendars.overrides(code)
    click.echo(terminal.as_json(found)) if as_json else show_overrides(found)


@calendar.command(name="versions")
@json_option
def versions(as_json: bool) -> None:
    """Show the versions of zone data, holiday data and files.

    It also says which plans rest on older ones.
    """
    found = container().calendars.versions()
    click.echo(terminal.as_json(found)) if as_json else show_versions(found)


@calendar.command(name="recalculate")
@partial(previewed, show=_show_recalculation, done=_say_recalculated)
def recalculate() -> Callable[[bool], Recalculation]:
    """Replan what rests on older data.

    Beat does this by itself when it begins.
    """
    return lambda preview: container().recalculating.run(preview=preview)


def _month(text: str) -> tuple[date, date]:
    try:
        year, month = text.split("-")
        first = date.fromisoformat(f"{year}-{month}-01")
    except ValueError:
        raise InvalidInput.of("--month", text, "is not a month", "Write for example 2027-02.") from None
    return first, first.replace(day=monthrange(first.year, first.month)[1])


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput.of(option, text, "is not a date", "Write for example 2027-02-15.") from None
