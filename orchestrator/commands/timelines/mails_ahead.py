"""``orchestrator meeting mails-ahead``: what one person will be sent."""

from __future__ import annotations

from collections.abc import Sequence

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import json_option
from orchestrator.services.timelines.mails_ahead import MailAhead
from orchestrator.terminal import out, table
from orchestrator.words import maybe, say


@click.command(name="mails-ahead")
@click.argument("reference")
@click.option("--to", required=True, metavar="WHOM", help="An e-mail address, or the code of a delegation.")
@json_option
def mails_ahead(reference: str, to: str, as_json: bool) -> None:
    """Show what one person will be sent of the event.

    Once while their delegation answers nothing, and once when it gives all a day after the invitation.
    A draft is looked at as if it were published now.
    """
    found = bootstrap.container().foreseeing_mails.of(reference, to)
    if as_json:
        click.echo(terminal.as_json(found))
        return
    out.print(f"{found.name} <{found.address}>, {found.delegation}")
    if found.silent == found.in_time:
        _show("Answering or not", found.silent)
        return
    _show("While nothing is answered", found.silent)
    _show("When all is given a day after the invitation", found.in_time)


def _show(heading: str, mails: Sequence[MailAhead]) -> None:
    out.print(f"\n{heading}: {len(mails)} {'mail' if len(mails) == 1 else 'mails'}")
    if not mails:
        return
    made = table("Local time", "What", "Meeting", "Why")
    for item in mails:
        why = "; ".join(text for text in map(maybe, (item.why, item.note)) if text)
        made.add_row(str(item.when) if item.when else "at once", say(item.what), item.meeting, why)
    out.print(made)
