"""``orchestrator meeting mails-ahead``: what one person will be sent."""

from __future__ import annotations

from collections.abc import Sequence

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import json_option
from orchestrator.domain.timelines.foreseeing import MOST_MAILS
from orchestrator.services.timelines.mails_ahead import MailAhead, RoleBudget
from orchestrator.terminal import out, table
from orchestrator.words import maybe, say


@click.command(name="mails-ahead")
@click.argument("reference")
@click.option("--to", metavar="WHOM", help="An e-mail address, or the code of a delegation.")
@json_option
def mails_ahead(reference: str, to: str | None, as_json: bool) -> None:
    """Show what one person will be sent of the event.

    Once while their delegation answers nothing, and once when it gives all a day after the invitation.
    A draft is looked at as if it were published now. Without --to, it is how many mails each role gets.
    """
    if to is None:
        _show_budget(bootstrap.container().foreseeing_mails.budget(reference), as_json=as_json)
        return
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


def _show_budget(budget: Sequence[RoleBudget], *, as_json: bool) -> None:
    if as_json:
        click.echo(terminal.as_json(budget))
        return
    made = table("Role", "People", "Silent", "All in time", "Most for")
    for item in budget:
        made.add_row(item.role, str(item.people), str(item.silent), str(item.in_time), item.address)
    out.print(made if made.row_count else "Nobody is invited.")
    if any(item.is_much for item in budget):
        out.print(f"\nMore than {MOST_MAILS} mails for one person and event is much.")


def _show(heading: str, mails: Sequence[MailAhead]) -> None:
    out.print(f"\n{heading}: {len(mails)} {'mail' if len(mails) == 1 else 'mails'}")
    if not mails:
        return
    made = table("Local time", "What", "Meeting", "Why")
    for item in mails:
        why = "; ".join(text for text in map(maybe, (item.why, item.note)) if text)
        made.add_row(str(item.when) if item.when else "at once", say(item.what), item.meeting, why)
    out.print(made)
