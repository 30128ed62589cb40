"""``orchestrator meeting outcome``, and asking what becomes of linked meetings."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from orchestrator import terminal
from orchestrator.bootstrap import container
from orchestrator.commands.common import ACTOR, json_option
from orchestrator.domain.meetings.decisions import Edit
from orchestrator.domain.meetings.linked import Linked
from orchestrator.errors import Conflict
from orchestrator.services.meetings.linking import QUESTION
from orchestrator.services.meetings.views import OutcomeList
from orchestrator.services.timelines.views import Outcome

CHOICE = click.Choice([item.value for item in Linked])


def asking(
    use_case: Callable[[bool, Linked | None], Outcome], linked: str | None
) -> Callable[[bool], Outcome]:
    """Return ``use_case`` so that it asks what becomes of linked meetings, where that has to be said.

    It asks once, and only a person: with ``--yes`` or ``--json``, or without a terminal, the conflict
    stands as it is.
    """
    chosen = Linked(linked) if linked else None

    def with_choice(preview: bool) -> Outcome:
        nonlocal chosen
        try:
            return use_case(preview, chosen)
        except Conflict as error:
            if error.code != QUESTION:
                raise
            if not _somebody_to_ask():
                raise Conflict(
                    f"{error.message}\nGive --linked keep or --linked move.", code=error.code
                ) from error
            for line in error.message.splitlines():
                terminal.out.print(line)
            chosen = Linked(click.prompt("keep or move", type=CHOICE))
        return use_case(preview, chosen)

    return with_choice


def _somebody_to_ask() -> bool:
    given = click.get_current_context().params
    return _at_a_terminal() and not (given.get("yes") or given.get("as_json"))


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


@click.group(name="outcome")
def outcome() -> None:
    """Record what a meeting has decided.

    The meeting that it prepares reports it in its agenda.
    """


@outcome.command(name="add")
@click.argument("reference")
@click.argument("text")
@click.option("--open", "is_open", is_flag=True, help="It is not agreed yet.")
@json_option
def add(reference: str, text: str, is_open: bool, as_json: bool) -> None:
    """Record one more outcome of a meeting that has begun or is over."""
    _show(container().outcomes.add(reference, text, is_open=is_open, actor=ACTOR), as_json=as_json)


@outcome.command(name="list")
@click.argument("reference")
@json_option
def list_outcomes(reference: str, as_json: bool) -> None:
    """List the outcomes of a meeting."""
    found = container().outcomes.of(reference)
    click.echo(terminal.as_json(found)) if as_json else terminal.show_outcomes(found)


@outcome.command(name="agree")
@click.argument("reference")
@click.argument("number", type=int)
@json_option
def agree(reference: str, number: int, as_json: bool) -> None:
    """Record that outcome NUMBER is agreed."""
    _show(container().outcomes.agree(reference, number, actor=ACTOR), as_json=as_json)


@outcome.command(name="change")
@click.argument("reference")
@click.argument("number", type=int)
@click.option("--text", metavar="TEXT", help="What it says instead.")
@click.option("--open/--agreed", "is_open", default=None, help="Whether it is still open.")
@click.option("--to", "place", type=int, metavar="N", help="Its new place in the list.")
@json_option
def change(
    reference: str, number: int, text: str | None, is_open: bool | None, place: int | None, as_json: bool
) -> None:
    """Change outcome NUMBER: its text, state or place."""
    edit = Edit(text=text, is_open=is_open, number=place)
    _show(container().outcomes.change(reference, number, edit, actor=ACTOR), as_json=as_json)


@outcome.command(name="remove")
@click.argument("reference")
@click.argument("number", type=int)
@json_option
def remove(reference: str, number: int, as_json: bool) -> None:
    """Take outcome NUMBER out; those after it move up."""
    _show(container().outcomes.remove(reference, number, actor=ACTOR), as_json=as_json)


def _show(found: OutcomeList, *, as_json: bool) -> None:
    if as_json:
        click.echo(terminal.as_json(found))
        return
    terminal.show_outcomes(found.outcomes)
    terminal.show_warnings(found.warnings)
