"""``orchestrator meeting decision``: recording what a meeting has decided."""

from __future__ import annotations

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, json_option
from orchestrator.commands.meetings.printing import show_decisions
from orchestrator.domain.meetings.decisions import Edit
from orchestrator.services.meetings.views import DecisionList


@click.group()
def decision() -> None:
    """Record what a meeting has decided.

    The meeting that it prepares reports it in its agenda.
    """


@decision.command(name="add")
@click.argument("reference")
@click.argument("text")
@click.option("--open", "is_open", is_flag=True, help="It is not agreed yet.")
@json_option
def add(reference: str, text: str, is_open: bool, as_json: bool) -> None:
    """Record one more decision of a meeting that has begun or is over."""
    _show(
        bootstrap.container().decisions.add(reference, text, is_open=is_open, caller=CALLER), as_json=as_json
    )


@decision.command(name="list")
@click.argument("reference")
@json_option
def list_decisions(reference: str, as_json: bool) -> None:
    """List the decisions of a meeting."""
    found = bootstrap.container().decisions.of(reference)
    click.echo(terminal.as_json(found)) if as_json else show_decisions(found)


@decision.command(name="agree")
@click.argument("reference")
@click.argument("number", type=int)
@json_option
def agree(reference: str, number: int, as_json: bool) -> None:
    """Record that decision NUMBER is agreed."""
    _show(bootstrap.container().decisions.agree(reference, number, caller=CALLER), as_json=as_json)


@decision.command(name="change")
@click.argument("reference")
@click.argument("number", type=int)
@click.option("--text", metavar="TEXT", help="What it says instead.")
@click.option("--open/--agreed", "is_open", default=None, help="Whether it is still open.")
@click.option("--to", "place", type=int, metavar="N", help="Its new place in the list.")
@json_option
def change(
    reference: str, number: int, text: str | None, is_open: bool | None, place: int | None, as_json: bool
) -> None:
    """Change decision NUMBER: its text, state or place."""
    edit = Edit(text=text, is_open=is_open, number=place)
    _show(bootstrap.container().decisions.change(reference, number, edit, caller=CALLER), as_json=as_json)


@decision.command(name="remove")
@click.argument("reference")
@click.argument("number", type=int)
@json_option
def remove(reference: str, number: int, as_json: bool) -> None:
    """Take decision NUMBER out; those after it move up."""
    _show(bootstrap.container().decisions.remove(reference, number, caller=CALLER), as_json=as_json)


def _show(found: DecisionList, *, as_json: bool) -> None:
    if as_json:
        click.echo(terminal.as_json(found))
        return
    show_decisions(found.decisions)
    terminal.show_warnings(found.warnings)
