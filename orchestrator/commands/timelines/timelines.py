"""``orchestrator timeline`` and ``orchestrator meeting timeline``: read timelines, adjust a meeting's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, confirm_and_do, json_option, text_of
from orchestrator.commands.timelines.printing import show_timelines
from orchestrator.domain.definitions.files import read_yaml
from orchestrator.services.timelines.timelines import timeline_text
from orchestrator.services.timelines.views import Effect


@click.group(name="timeline")
def timeline() -> None:
    """Show the timelines that meetings can name.

    A timeline says what happens when in a meeting's life, and to whom.
    """


@timeline.command(name="list")
@json_option
def list_timelines(as_json: bool) -> None:
    """List the timelines, and which kinds of meetings get them."""
    found = bootstrap.container().meeting_timelines.all()
    click.echo(terminal.as_json(found)) if as_json else show_timelines(found)


@timeline.command(name="show")
@click.argument("name")
@json_option
def show_timeline(name: str, as_json: bool) -> None:
    """Show a timeline as YAML, to copy and adjust."""
    found = bootstrap.container().meeting_timelines.one(name)
    click.echo(terminal.as_json(found) if as_json else timeline_text(found.document), nl=as_json)


@click.command(name="timeline")
@click.argument("reference")
@click.option(
    "--set", "file", type=click.Path(path_type=Path), metavar="FILE", help="YAML of a timeline of its own."
)
@click.option("--reset", is_flag=True, help="Back to the timeline that the meeting names.")
@click.option("--version", type=int, metavar="N", help="The version you read; without it, the newest.")
@click.option("--preview", is_flag=True, help="Only show what would move.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def meeting_timeline(
    reference: str,
    file: Path | None,
    reset: bool,
    version: int | None,
    preview: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Show or set the timeline of a meeting.

    It is shown as YAML, to adjust and to give back with --set; --reset takes that back.
    """
    service = bootstrap.container().meeting_timelines
    if file is None and not reset:
        if preview:
            raise click.UsageError("--preview goes with --set FILE or with --reset.")
        view = service.of(reference)
        click.echo(terminal.as_json(view) if as_json else timeline_text(view.timeline.document), nl=as_json)
        return
    if file is not None and reset:
        raise click.UsageError("--set and --reset contradict each other; give one of them.")
    document: Any = read_yaml(text_of(file)) if file is not None else None
    options: dict[str, Any] = {"caller": CALLER, "version": version}

    def use_case(look: bool) -> Effect:
        if file is None:
            return service.reset(reference, dry_run=look, **options)
        return service.adjust(reference, document, dry_run=look, **options)

    confirm_and_do(use_case, preview=preview, yes=yes, as_json=as_json)
