"""``orchestrator mailbox senders``: who answers for whom."""

from __future__ import annotations

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, json_option, report
from orchestrator.domain.answers.speakers import Relation

_AS = click.Choice([item.value for item in Relation])


@click.group(name="senders")
def senders() -> None:
    """See and change which addresses answer for whom."""


@senders.command(name="list")
@json_option
def list_senders(as_json: bool) -> None:
    """List the addresses that answer for others, and on whose word."""
    found = bootstrap.container().known_senders.all()
    if as_json:
        click.echo(terminal.as_json(found))
        return
    made = terminal.table("Id", "Sender", "Is", "Of", "Confirmed by", "Since (UTC)")
    for item in found:
        who = f"{item.name} <{item.email}>"
        since = f"{item.confirmed_at:%Y-%m-%d %H:%M}"
        confirmed = f"{item.confirmed_by}, {item.confirmed_via}"
        made.add_row(str(item.id), item.sender, str(item.relation), who, confirmed, since)
    terminal.out.print(made if made.row_count else "No address answers for another person.")


@senders.command(name="confirm")
@click.argument("email")
@click.argument("sender")
@click.option("--as", "relation", type=_AS, default="deputy", show_default=True, help="What the sender is.")
@json_option
def confirm(email: str, sender: str, relation: str, as_json: bool) -> None:
    """Take the answers of SENDER for those of the person with EMAIL."""
    bootstrap.container().known_senders.confirm(email, sender, Relation(relation), caller=CALLER)
    said = {"email": email, "sender": sender, "relation": relation}
    report(said, f"{sender} now answers for {email}.", as_json=as_json)


@senders.command(name="withdraw")
@click.argument("number", type=click.IntRange(1))
@json_option
def withdraw(number: int, as_json: bool) -> None:
    """Take no more answers of a sender, by its NUMBER in 'list'."""
    bootstrap.container().known_senders.withdraw(number, caller=CALLER)
    report({"sender": number}, f"Sender {number} answers for nobody else any more.", as_json=as_json)
