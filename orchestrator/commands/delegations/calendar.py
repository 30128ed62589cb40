"""``orchestrator calendar``: working calendars, what is entered over them, and the versions in use."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, NUMBER, json_option, previewed
from orchestrator.commands.delegations.printing import (
    say_entered,
    say_recalculated,
    show_calendar,
    show_change,
    show_overrides,
    show_recalculation,
    show_versions,
)
from orchestrator.domain.delegations.working_calendar import OverrideKind
from orchestrator.errors import InvalidInput
from orchestrator.services.delegations.overrides import NewOverride
from orchestrator.services.delegations.views import CalendarChange
from orchestrator.services.timelines.recalculating import Recalculation


@click.group()
def calendar() -> None:
    """See working calendars; enter what no data file can know."""


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
    found = bootstrap.container().calendars.show(code, first, last)
    click.echo(terminal.as_json(found)) if as_json else show_calendar(found)


def _entering(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what belongs to every override: its name, why, who says so, and looking first."""
    for option in (
        click.option("--by", metavar="NAME", help="Who says so."),
        click.option("--why", required=True, metavar="TEXT", help="Where that is known from."),
        click.option("--name", required=True, metavar="TEXT", help="What the day is called."),
    ):
        command = option(command)
    return partial(previewed, show=show_change, done=say_entered)(command)


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
    return lambda preview: bootstrap.container().calendars.enter(code, new, caller=CALLER, dry_run=preview)


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


@calendar.command(name="withdraw")
@click.argument("number", type=NUMBER)
@partial(previewed, show=show_change, done=say_entered)
def withdraw(number: int) -> Callable[[bool], CalendarChange]:
    """Take override NUMBER out of force; it stays listed."""
    return lambda preview: bootstrap.container().calendars.withdraw(number, caller=CALLER, dry_run=preview)


@calendar.command(name="overrides")
@click.argument("code", required=False)
@json_option
def overrides(code: str | None, as_json: bool) -> None:
    """List what was entered, newest first.

    For all delegations or for CODE, with what was withdrawn.
    """
    found = bootstrap.container().calendars.overrides(code)
    click.echo(terminal.as_json(found)) if as_json else show_overrides(found)


@calendar.command(name="versions")
@json_option
def versions(as_json: bool) -> None:
    """Show the versions of zone data, holiday data and files.

    It also says which plans rest on older ones.
    """
    found = bootstrap.container().calendars.versions()
    click.echo(terminal.as_json(found)) if as_json else show_versions(found)


@calendar.command(name="recalculate")
@partial(previewed, show=show_recalculation, done=say_recalculated)
def recalculate() -> Callable[[bool], Recalculation]:
    """Replan what rests on older data.

    Beat does this by itself when it begins.
    """
    return lambda preview: bootstrap.container().recalculating.run(dry_run=preview)


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
