"""``orchestrator meeting attendee``: people whom personal links have named and who wait for a yes."""

from __future__ import annotations

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, NUMBER, json_option
from orchestrator.commands.effects import show_effects


@click.command(name="waiting")
@click.argument("reference")
@json_option
def waiting(reference: str, as_json: bool) -> None:
    """List who waits for your yes.

    Delegations have named them on personal pages, with addresses outside those known of the delegation. No
    mail goes out to them before.
    """
    found = bootstrap.container().named_people.waiting(reference)
    if as_json:
        click.echo(terminal.as_json(found))
        return
    made = terminal.table("Number", "Name", "Address", "Delegation", "Comes as", "Named by", "At (UTC)")
    for item in found:
        made.add_row(
            str(item.id),
            item.name,
            item.email,
            item.delegation,
            item.seat,
            item.by,
            f"{item.asked_at:%Y-%m-%d %H:%M}",
        )
    terminal.out.print(made if made.row_count else "Nobody waits for a yes.")


@click.command(name="let-in")
@click.argument("reference")
@click.argument("number", type=NUMBER)
@click.option("--preview", is_flag=True, help="Only show what would happen.")
@json_option
def let_in(reference: str, number: int, preview: bool, as_json: bool) -> None:
    """Invite the person of NUMBER, who waits for your yes.

    'orchestrator meeting attendee waiting' shows the number.
    """
    people = bootstrap.container().named_people
    done = people.accept(reference, number, caller=CALLER, dry_run=preview)
    click.echo(terminal.as_json(done)) if as_json else show_effects(done)


@click.command(name="turn-down")
@click.argument("reference")
@click.argument("number", type=NUMBER)
@json_option
def turn_down(reference: str, number: int, as_json: bool) -> None:
    """Say no to the person of NUMBER; nobody is told."""
    done = bootstrap.container().named_people.refuse(reference, number, caller=CALLER)
    click.echo(terminal.as_json(done)) if as_json else show_effects(done)
