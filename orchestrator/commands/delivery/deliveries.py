"""``orchestrator meeting deliveries``, and sending an invitation once more."""

from __future__ import annotations

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, json_option
from orchestrator.commands.delivery.printing import show_deliveries
from orchestrator.commands.effects import show_effects


@click.command(name="deliveries")
@click.argument("reference")
@json_option
def deliveries(reference: str, as_json: bool) -> None:
    """Show every message that was sent, or tried."""
    found = bootstrap.container().reading.deliveries(reference)
    click.echo(terminal.as_json(found)) if as_json else show_deliveries(found)


@click.command(name="send-again")
@click.argument("reference")
@click.argument("email")
@json_option
def send_again(reference: str, email: str, as_json: bool) -> None:
    """Send an attendee the current invitation once more."""
    done = bootstrap.container().answers.send_again(reference, email, caller=CALLER)
    click.echo(terminal.as_json(done)) if as_json else show_effects(done)
