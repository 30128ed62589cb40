"""``orchestrator fair-starts``: find a start that is fair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import json_option
from orchestrator.domain.dates.findings import Ease, FairStart, Findings, Share, Standing, WhyNot
from orchestrator.domain.time.zones import LocalTime, long_date
from orchestrator.services.dates.fair_starts import FairStartQuery, FairStartsView
from orchestrator.words import say

EASE_MARKS = {Ease.EASY: ("●", "green"), Ease.STRAINED: ("◐", "yellow"), Ease.AGAINST: ("!", "red")}


@click.command(name="fair-starts")
@click.option(
    "--for", "for_", multiple=True, metavar="CODES", help="Such as VN,ID or members,plus-three,partners."
)
@click.option("--meeting", metavar="REF", help="Take delegations, duration and host from this meeting.")
@click.option("--duration", metavar="LENGTH", help="Such as PT2H30M.")
@click.option("--from", "from_", metavar="DATE", help="First date at the host's; by default today.")
@click.option("--to", metavar="DATE", help="Last date; by default eight weeks on.")
@click.option("--host", metavar="CODE", help="The delegation whose clock counts.")
@click.option("--step", metavar="LENGTH", help="Between one start and the next; by default PT30M.")
@click.option("--earliest", metavar="TIME", help="Earliest start on the host's clock, such as 08:00.")
@click.option("--latest", metavar="TIME", help="Latest end on the host's clock, such as 18:00.")
@click.option(
    "--hard", multiple=True, metavar="WHAT", help="Must be kept to: hours, or VN:hours for one; repeatable."
)
@click.option(
    "--soft", multiple=True, metavar="WHAT", help="Need not be kept to: weekend, or VN:weekend; repeatable."
)
@click.option("--top", metavar="N", help="How many starts to show; by default 5.")
@click.option("--why-not", metavar="DATE", help="Say what stands against this date.")
@json_option
def fair_starts(as_json: bool, for_: Sequence[str], from_: str | None, **given: Any) -> None:
    """Find the starts that cost the delegations least.

    It says what they cost whom, and with --why-not what stands against a date.

    WHAT is weekend or holiday, which are hard if nothing is said, or hours, estimated-holiday or
    soft-day, which are soft.
    """
    values = given | {"for": list(for_), "from": from_}
    query = FairStartQuery.of({name: value for name, value in values.items() if value not in (None, ())})
    found = bootstrap.container().fair_starts.find(query)
    click.echo(terminal.as_json(found)) if as_json else show(found)


def show(view: FairStartsView) -> None:
    """Print the best start large, then the next ones, what was borne so far, and the date asked about."""
    found = view.findings
    best, *others = found.fair_starts
    terminal.out.print(_when(best), style="bold")
    terminal.out.print(_verdict(best, found))
    for note in found.notes:
        terminal.out.print(f"! {say(note)}", style="yellow")
    terminal.out.print()
    terminal.out.print(_standings(best.standings))
    if others:
        _show_others(others)
    _show_shares(found.shares)
    if found.fairness is not None:
        terminal.out.print(say(found.fairness.said))
    if view.why_not is not None:
        _show_why_not(view.why_not)


def _when(start: FairStart) -> str:
    begin, end = start.host_time, start.host_end
    until = end.clock if begin.day == end.day else f"{end.date}, {end.clock}"
    return f"{begin.date}, {begin.clock} – {until} {begin.city} ({begin.offset})"


def _verdict(best: FairStart, found: Findings) -> str:
    kept = f"{found.suitable:,} of {found.considered:,} starts keep every hard constraint"
    easy = f", {found.comfortable:,} lie between opening and closing everywhere" if found.comfortable else ""
    weighed = f", weighed {best.score:,.0f}" if best.score != best.cost else ""
    return f"Cost {best.cost:,}{weighed}. {kept}{easy}."


def _standings(standings: Sequence[Standing]) -> Table:
    made = terminal.table("", "Delegation", "Local time", "UTC", "Cost", "")
    made.padding = (0, 1, 0, 0)  # Three spaces more for the words at the end.
    for column in made.columns[:5]:
        column.no_wrap = True
    made.columns[4].justify = "right"
    for item in standings:
        mark, style = EASE_MARKS[item.ease]
        hard = " (hard)" if item.broken else ""
        made.add_row(
            item.code,
            item.name,
            _span(item.starts, item.ends),
            item.starts.offset.removeprefix("UTC"),
            f"{item.cost:,}",
            Text(f"{mark} {say(item.why)}{hard}", style=style),
        )
    return made


def _span(begin: LocalTime, end: LocalTime) -> str:
    until = end.clock if end.day == begin.day else f"{end.date[:3]} {end.clock}"
    return f"{terminal.short_time(begin)}–{until}"


def _show_others(others: Sequence[FairStart]) -> None:
    terminal.out.print("\nNext", style="bold")
    weighed = any(item.score != item.cost for item in others)
    figures = ["Cost", *(["Weighed"] if weighed else []), *(mark for mark, _ in EASE_MARKS.values())]
    made = terminal.table("", "At the host's", *figures, "")
    for column in made.columns:
        column.no_wrap = True
        column.justify = "right" if column.header in figures else "left"
    made.columns[-1].no_wrap = False
    for number, item in enumerate(others, 2):
        counted = Counter(standing.ease for standing in item.standings)
        made.add_row(
            str(number),
            f"{item.host_time.date}, {item.host_time.clock}",
            f"{item.cost:,}",
            *([f"{item.score:,.0f}"] if weighed else []),
            *(str(counted[ease]) for ease in EASE_MARKS),
            ", ".join(standing.code for standing in item.standings if standing.ease is Ease.AGAINST),
        )
    terminal.out.print(made)


def _show_shares(shares: Sequence[Share]) -> None:
    borne = [item for item in shares if item.burden]
    if not borne:
        return
    terminal.out.print("\nBorne in the last 24 months", style="bold")
    terminal.out.print(
        " · ".join(
            f"{item.code} {item.burden:,}" + (f" (counts {item.weight:g} times)" if item.weight != 1 else "")
            for item in borne
        )
    )


def _show_why_not(item: WhyNot) -> None:
    terminal.out.print(f"\nWhy not {long_date(item.day)}?", style="bold")
    begin, end = item.fair_start.host_time, item.fair_start.host_end
    terminal.out.print(f"Its best start is {begin.clock} – {end.clock} {begin.city}. {say(item.comparison)}")
    terminal.out.print(_standings(item.against) if item.against else "Nothing stands against it.")
