"""``orchestrator minutes``: attach and list minutes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, bytes_of, json_option, previewed
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


@minutes.command(name="list")
@click.argument("reference")
@json_option
def list_minutes(reference: str, as_json: bool) -> None:
    """List the versions of a meeting's minutes."""
    found = bootstrap.container().reading.meeting(reference).minutes
    if as_json:
        click.echo(terminal.as_json(found))
        return
    made = terminal.table("Version", "File", "Bytes", "Attached (UTC)")
    for item in found:
        made.add_row(str(item.version), item.filename, f"{item.size:,}", f"{item.attached_at:%Y-%m-%d %H:%M}")
    terminal.out.print(made if found else "No minutes are attached.")
