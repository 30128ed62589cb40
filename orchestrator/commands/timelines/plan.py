"""``orchestrator meeting plan``: what happens when."""

from __future__ import annotations

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import json_option
from orchestrator.commands.timelines.printing import show_actions


@click.command(name="plan")
@click.argument("reference")
@json_option
def plan(reference: str, as_json: bool) -> None:
    """Show what happens when, in each recipient's local time."""
    found = bootstrap.container().reading.plan(reference)
    click.echo(terminal.as_json(found)) if as_json else show_actions(found)
