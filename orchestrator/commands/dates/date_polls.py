"""``orchestrator meeting date-poll``: ask the delegations of a draft which of several starts suit them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError
from rich.table import Table

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, json_option, previewed
from orchestrator.commands.effects import show_effects
from orchestrator.commands.meetings.linked import CHOICE, asking
from orchestrator.domain.dates.date_poll import Vote
from orchestrator.domain.definitions.written import WallTime
from orchestrator.domain.time.zones import LocalTime
from orchestrator.errors import InvalidInput
from orchestrator.services.dates.date_poll_views import DatePollEffect, DatePollView, OptionView
from orchestrator.services.dates.proposals import DatePollRequest
from orchestrator.services.timelines.views import Effect
from orchestrator.words import maybe, say

VOTE_MARKS = {"yes": "●", "if needed": "◐", "no": "⊘", "no answer": "◌"}


def show_opening(effect: DatePollEffect) -> None:
    """Print who will be asked, and the options in each capital's time."""
    show_effects(effect)
    poll = effect.date_poll
    terminal.out.print(f"\nDelegations can answer until {poll.closes}.")
    for item in poll.options:
        terminal.out.print(f"\n{item.number}. {_span(item)}", style="bold")
        terminal.out.print(_capitals(item))


@click.group(name="date-poll")
def date_poll() -> None:
    """Ask the delegations of a draft for a date.

    The option that is chosen becomes its time.
    """


@date_poll.command(name="open")
@click.argument("reference")
@click.option(
    "--start",
    "starts",
    multiple=True,
    metavar="TIME",
    help="A start, such as '2026-12-03 14:00'; repeatable.",
)
@click.option("--top", type=int, metavar="N", help="So many of the fairest starts.")
@click.option("--from", "from_", metavar="DATE", help="First date the finder looks at.")
@click.option("--to", metavar="DATE", help="Last date the finder looks at.")
@click.option("--earliest", metavar="TIME", help="Earliest start it looks at, such as 08:00.")
@click.option("--latest", metavar="TIME", help="Latest end it looks at, such as 18:00.")
@click.option("--hard", multiple=True, metavar="WHAT", help="What it must keep to, such as VN:hours.")
@click.option("--soft", multiple=True, metavar="WHAT", help="What it need not keep to.")
@click.option(
    "--closes",
    required=True,
    metavar="TIME",
    help="Until when delegations can answer, such as '2026-11-13 17:00'.",
)
@partial(previewed, show=show_opening)
def open_poll(
    reference: str, starts: Sequence[str], from_: str | None, **given: Any
) -> Callable[..., Effect]:
    """Ask each delegation which of 2 to 10 starts suit it.

    Those who speak for it get a mail. All times are wall times in the meeting's zone.
    """
    values = given | {"starts": list(starts), "from": from_}
    request = DatePollRequest.of({name: value for name, value in values.items() if value not in (None, ())})
    return lambda preview: bootstrap.container().date_polls.open(
        reference, request, caller=CALLER, dry_run=preview
    )


@date_poll.command(name="show")
@click.argument("reference")
@json_option
def show(reference: str, as_json: bool) -> None:
    """Show what each delegation says, and what would win."""
    found = bootstrap.container().date_polls.show(reference)
    click.echo(terminal.as_json(found)) if as_json else show_poll(found)


@date_poll.command(name="remind")
@click.argument("reference")
@previewed
def remind(reference: str) -> Callable[..., Effect]:
    """Ask those again who have not answered; at most once a day."""
    return lambda preview: bootstrap.container().date_polls.remind(reference, caller=CALLER, dry_run=preview)


@date_poll.command(name="extend")
@click.argument("reference")
@click.option(
    "--closes", required=True, metavar="TIME", help="Until when instead, such as '2026-11-20 17:00'."
)
@previewed
def extend(reference: str, closes: str) -> Callable[..., Effect]:
    """Let the poll close at another time.

    It is a wall time in the meeting's zone.
    """
    at = _wall_time("closes", closes)
    return lambda preview: bootstrap.container().date_polls.extend(
        reference, at, caller=CALLER, dry_run=preview
    )


@date_poll.command(name="withdraw")
@click.argument("reference")
@previewed
def withdraw(reference: str) -> Callable[..., Effect]:
    """End the poll without a result."""
    return lambda preview: bootstrap.container().date_polls.withdraw(
        reference, caller=CALLER, dry_run=preview
    )


@date_poll.command(name="close")
@click.argument("reference")
@click.argument("option", type=int)
@click.option("--linked", type=CHOICE, help="What becomes of linked meetings when the time changes.")
@previewed
def close(reference: str, option: int, linked: str | None) -> Callable[..., Effect]:
    """Make OPTION, a number, the meeting's time.

    The poll ends. The meeting stays a draft until it is published.
    """
    return asking(
        lambda preview, choice: bootstrap.container().date_polls.close(
            reference, option, caller=CALLER, dry_run=preview, linked=choice
        ),
        linked,
    )


@date_poll.command(name="vote")
@click.argument("reference")
@click.argument("delegation")
@click.argument("votes", nargs=-1, required=True)
@json_option
def vote(reference: str, delegation: str, votes: Sequence[str], as_json: bool) -> None:
    """Enter what a DELEGATION said by other means.

    Name every option: 1=yes 2=no '3=if needed'.
    """
    done = bootstrap.container().date_polls.vote_for(reference, delegation, _votes(votes), caller=CALLER)
    click.echo(terminal.as_json(done)) if as_json else show_poll(done.date_poll)


def show_poll(view: DatePollView) -> None:
    """Print the options, the best one first, what each delegation says of them, and what is missing."""
    terminal.out.print(_headline(view), style="bold")
    if view.state == "open":
        winner = f"Option {view.leading} would win. " if view.leading is not None else ""
        terminal.out.print(f"{winner}{say(view.verdict)}")
    options = sorted(view.options, key=lambda option: option.rank)
    terminal.out.print()
    terminal.out.print(_ranking(options))
    terminal.out.print()
    terminal.out.print(_ballots(view, options))
    if view.silent:
        terminal.out.print(f"\nNot answered: {', '.join(view.silent)}.")


def _ranking(options: Sequence[OptionView]) -> Table:
    """How many say what of each option; the place stands once where it is the same for all."""
    places = {f"{item.starts.city} ({item.starts.offset})" for item in options}
    head = f"At the host's, {places.pop()}" if len(places) == 1 else "At the host's"
    made = terminal.table("", head, "Cost", *VOTE_MARKS.values())
    for column in made.columns[2:]:
        column.justify = "right"
        column.no_wrap = True
    for item in options:
        figures = (item.cost, item.yes, item.if_needed, item.no, item.silent)
        when = _hours(item) if head != "At the host's" else _span(item)
        when += " (has gone by)" if item.gone else ""
        made.add_row(str(item.number), when, *(f"{figure:,}" for figure in figures))
    return made


def _ballots(view: DatePollView, options: Sequence[OptionView]) -> Table:
    """A row for each delegation, a column for each option in the order of their ranks."""
    made = terminal.table("", "Delegation", *(str(item.number) for item in options))
    for place, voter in enumerate(view.voters):
        said = (VOTE_MARKS[item.votes[place].vote] for item in options)
        made.add_row(voter.delegation, voter.name, *said)
    return made


def _headline(view: DatePollView) -> str:
    if view.open:
        return f"Open until {view.closes}. {view.answered} of {len(view.voters)} delegations have answered."
    if view.chosen is not None:
        return f"Closed. Option {view.chosen} became the meeting's time."
    if view.state == "withdrawn":
        return "Withdrawn."
    return f"No answers are taken since {view.closes}. Choose an option, extend the poll, or withdraw it."


def _capitals(item: OptionView) -> Table:
    made = terminal.table("", "Delegation", "Local time", "UTC", "")
    for said in item.votes:
        offset = said.starts.offset.removeprefix("UTC")
        when, why = terminal.short_time(said.starts), maybe(said.why) or ""
        made.add_row(said.delegation, said.name, when, offset, why)
    return made


def _local(when: LocalTime) -> str:
    return f"{when.date}, {when.clock}"


def _hours(item: OptionView) -> str:
    starts, ends = item.starts, item.ends
    until = ends.clock if ends.day == starts.day else _local(ends)
    return f"{_local(starts)}–{until}"


def _span(item: OptionView) -> str:
    return f"{_hours(item)} {item.starts.city} ({item.starts.offset})"


def _wall_time(field: str, text: str) -> Any:
    try:
        return TypeAdapter(WallTime).validate_python(text)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InvalidInput.of(field, text, message, "Write for example '2026-11-20 17:00'.") from error


def _votes(texts: Sequence[str]) -> dict[int, Vote]:
    """Read ``1=yes``; raises ``InvalidInput``."""
    known, found = {item.value: item for item in Vote}, {}
    for text in texts:
        number, _, word = text.partition("=")
        said = known.get(word.strip().lower().replace("-", " "))
        if said is None or not (number.isascii() and number.isdigit()):
            raise InvalidInput.of("votes", text, "is not a vote", "Write 1=yes, 1=no or '1=if needed'.")
        if int(number) in found:
            raise InvalidInput.of("votes", text, "names an option twice", "Say one thing of each option.")
        found[int(number)] = said
    return found
