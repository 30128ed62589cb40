"""``orchestrator event``: events of one or more sessions, from their file to the day of each session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, json_option, previewed, report, text_of
from orchestrator.commands.meetings.printing import show_created, show_created_event, show_event, show_events
from orchestrator.domain.definitions.events import EventUpdate, SessionDefinition
from orchestrator.domain.definitions.files import read_file, read_yaml
from orchestrator.services.timelines.views import Effect

VERSION = click.option(
    "--version", type=int, metavar="N", help="The version you read; without it, the newest."
)


@click.command(name="create")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def create_event(file: Path, as_json: bool) -> None:
    """Create the events of a FILE; nothing is sent.

    All or none are made. Sessions with a start become drafts; the others wait for their day.
    """
    created = bootstrap.container().events.create(read_file(text_of(file)), caller=CALLER)
    if as_json:
        click.echo(terminal.as_json(created))
    else:
        show_created(created, as_json=False)


@click.command(name="list")
@json_option
def list_events(as_json: bool) -> None:
    """List the events of several sessions."""
    found = bootstrap.container().event_reading.events()
    click.echo(terminal.as_json(found)) if as_json else show_events(found)


@click.command(name="show")
@click.argument("event")
@json_option
def show_one_event(event: str, as_json: bool) -> None:
    """Show an event with its sessions.

    The reference of a session is as good.
    """
    found = bootstrap.container().event_reading.event(event)
    click.echo(terminal.as_json(found)) if as_json else show_event(found)


@click.command(name="publish")
@click.argument("event")
@VERSION
@click.option(
    "--save-the-date/--invite",
    default=None,
    help="Announce the dates only, or invite at once; without either, the timelines decide.",
)
@previewed
def publish_event(event: str, version: int | None, save_the_date: bool | None) -> Callable[[bool], Effect]:
    """Publish all drafts of an event at once.

    One whose days are not known yet is announced by its month.
    """
    return lambda preview: bootstrap.container().events.publish(
        event, caller=CALLER, version=version, save_the_date=save_the_date, dry_run=preview
    )


@click.command(name="change")
@click.argument("event")
@click.option("--title", metavar="TEXT", help="New English title.")
@click.option("--title-vi", metavar="TEXT", help="New Vietnamese title.")
@click.option("--short", metavar="TEXT", help="New short title, at most 40 characters.")
@click.option("--lead", metavar="REF", help="The session that leads from now on.")
@click.option(
    "--month", metavar="MONTH", help="The month it is planned for, such as 2027-08; empty for none."
)
@VERSION
@json_option
def change_event(event: str, version: int | None, as_json: bool, **fields: str | None) -> None:
    """Give an event another title, lead session or month.

    Nobody is told.
    """
    found = bootstrap.container()
    given = {name: value for name, value in fields.items() if value is not None}
    wanted: dict[str, Any] = {"lead": given["lead"]} if "lead" in given else {}
    if "month" in given:
        wanted["when"] = {"month": given["month"]} if given["month"] else None
    title = {
        name: given[option]
        for name, option in (("en", "title"), ("vi", "title_vi"), ("short", "short"))
        if option in given
    }
    if title:
        wanted["title"] = {"en": found.event_reading.event(event).title_en} | title
    found.event_sessions.change(event, EventUpdate.of(wanted), caller=CALLER, version=version)
    now = found.event_reading.event(event)
    report(now, f"Done: {now.reference}, now version {now.version}.", as_json=as_json)


@click.command(name="date")
@click.argument("event")
@click.argument("session")
@click.option("--start", required=True, metavar="TIME", help="Its wall time, such as '2027-08-12 09:00'.")
@click.option("--duration", metavar="LENGTH", help="Its length, such as PT3H, where it has none.")
@click.option("--zone", metavar="ZONE", help="The IANA zone of its wall time, where it is another one.")
@VERSION
@json_option
def date_session(
    event: str,
    session: str,
    start: str,
    duration: str | None,
    zone: str | None,
    version: int | None,
    as_json: bool,
) -> None:
    """Give a session its day, which makes it a draft.

    Nobody is told.
    """
    given = {"start": start, "duration": duration, "zone": zone}
    created = bootstrap.container().event_sessions.date(event, session, given, caller=CALLER, version=version)
    next_one = f"orchestrator event publish {event}"
    report(created, f"{session} is a draft now. Next: {next_one}", as_json=as_json)
    if not as_json:
        terminal.show_warnings(created.warnings)


@click.command(name="add")
@click.argument("event")
@click.argument("file", type=click.Path(path_type=Path))
@VERSION
@json_option
def add_session(event: str, file: Path, version: int | None, as_json: bool) -> None:
    """Add the session of a FILE to an event.

    Nobody is told.
    """
    new = SessionDefinition.of(read_yaml(text_of(file)))
    created = bootstrap.container().event_sessions.add(event, new, caller=CALLER, version=version)
    click.echo(terminal.as_json(created)) if as_json else show_created_event(created)


@click.command(name="remove")
@click.argument("event")
@click.argument("session")
@VERSION
@json_option
def remove_session(event: str, session: str, version: int | None, as_json: bool) -> None:
    """Take a session out of an event.

    Nobody is told. One that waits for its day is gone; a meeting goes on as an event of its own.
    """
    found = bootstrap.container()
    found.event_sessions.remove(event, session, caller=CALLER, version=version)
    now = found.event_reading.event(event)
    report(now, f"Done: {session} is no session of {now.reference} any more.", as_json=as_json)
