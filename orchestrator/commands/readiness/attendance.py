"""``orchestrator meeting attendance``: which delegations were in a meeting."""

from __future__ import annotations

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, json_option
from orchestrator.domain.readiness.attendance import Attendance, Presence


@click.group()
def attendance() -> None:
    """Note which delegations were there."""


@attendance.command(name="list")
@click.argument("reference")
@json_option
def list_attendance(reference: str, as_json: bool) -> None:
    """Show for each delegation whether it was there."""
    _show(bootstrap.container().attendance.of(reference), as_json=as_json)


@attendance.command(name="note")
@click.argument("reference")
@click.argument("delegation")
@click.argument("presence", type=click.Choice([item.value for item in Presence]))
@click.option("--note", metavar="TEXT", help="What is to be remembered of it.")
@json_option
def note(reference: str, delegation: str, presence: str, note: str | None, as_json: bool) -> None:
    """Note whether a DELEGATION was in a meeting that has begun."""
    book = bootstrap.container().attendance
    found = book.note(reference, {delegation: Presence(presence)}, caller=CALLER, note=note)
    _show(found, as_json=as_json)


def _show(found: tuple[Attendance, ...], *, as_json: bool) -> None:
    if as_json:
        click.echo(terminal.as_json(found))
        return
    made = terminal.table("Delegation", "Was there", "Noted by", "When (UTC)", "Note")
    for item in found:
        at = f"{item.at:%Y-%m-%d %H:%M}" if item.at else ""
        made.add_row(item.delegation, item.presence, item.actor or "", at, item.note or "")
    terminal.out.print(made)
