"""``orchestrator meeting attendee personal-link``."""

from __future__ import annotations

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, json_option


@click.command(name="personal-link")
@click.argument("reference")
@click.argument("email")
@click.option("--revoke", is_flag=True, help="Make the present link useless, then show the new one.")
@json_option
def personal_link(reference: str, email: str, revoke: bool, as_json: bool) -> None:
    """Show the address of the personal page of an attendee.

    It can be handed over by other means than mail.
    """
    links = bootstrap.container().personal_links
    if revoke:
        links.revoke(reference, email, caller=CALLER)
    found = links.link_of(reference, email)
    click.echo(terminal.as_json({"url": found}) if as_json else found)
