"""``orchestrator minutes``: attach and list minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, NUMBER, bytes_of, day_of, json_option, previewed, report
from orchestrator.services.timelines.views import Effect


@click.group()
def minutes() -> None:
    """Attach and list minutes."""


@minutes.command(name="attach")
@click.argument("reference")
@click.argument("file", type=click.Path(path_type=Path))
@previewed
def attach(reference: str, file: Path) -> Callable[[bool], Effect]:
    """Attach FILE as the minutes and send it to all invited.

    It is a PDF, DOCX, Markdown or text file.
    """
    limit = bootstrap.container().settings.attachment_max_bytes
    content = bytes_of(file, limit)
    return lambda preview: bootstrap.container().minutes.attach(
        reference, file.name, content, caller=CALLER, dry_run=preview
    )


@minutes.command(name="adopt")
@click.argument("reference")
@click.argument("version", type=NUMBER)
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The day of adoption.")
@click.option("--undo", is_flag=True, help="It is a draft after all.")
@json_option
def adopt(reference: str, version: int, day: datetime | None, undo: bool, as_json: bool) -> None:
    """Mark a VERSION of the minutes as adopted; nobody is told."""
    if undo == (day is not None):
        raise click.UsageError("Give either --on DATE or --undo.")
    bootstrap.container().minutes.adopt(reference, version, day_of(day), caller=CALLER)
    found = bootstrap.container().reading.meeting(reference).minutes
    said = f"Version {version} is {'a draft again' if undo else 'adopted'}."
    report(found, said, as_json=as_json)


@minutes.command(name="list")
@click.argument("reference")
@json_option
def list_minutes(reference: str, as_json: bool) -> None:
    """List the versions of a meeting's minutes."""
    found = bootstrap.container().reading.meeting(reference).minutes
    if as_json:
        click.echo(terminal.as_json(found))
        return
    made = terminal.table("Version", "File", "Bytes", "Attached (UTC)", "State")
    for item in found:
        state = f"adopted on {item.adopted_on}" if item.adopted_on else "draft"
        made.add_row(
            str(item.version), item.filename, f"{item.size:,}", f"{item.attached_at:%Y-%m-%d %H:%M}", state
        )
    terminal.out.print(made if found else "No minutes are attached.")
