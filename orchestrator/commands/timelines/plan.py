"""``orchestrator meeting plan``: what happens when."""

from __future__ import annotations

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import json_option
from orchestrator.commands.timelines.printing import show_actions, show_plan


@click.command(name="plan")
@click.argument("reference")
@click.option("--all", "unfolded", is_flag=True, help="Show each recipient on a line of their own.")
@json_option
def plan(reference: str, unfolded: bool, as_json: bool) -> None:
    """Show what happens when, in each recipient's local time.

    It is one line for each step.
    """
    found = bootstrap.container().reading.plan(reference)
    if as_json:
        click.echo(terminal.as_json(found))
    elif unfolded:
        show_actions(found)
    else:
        show_plan(found)
