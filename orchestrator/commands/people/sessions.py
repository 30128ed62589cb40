"""``orchestrator sessions``: who is signed in to the console, and ending that."""

from __future__ import annotations

from collections.abc import Sequence

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import NUMBER, json_option, report
from orchestrator.services.people.sessions import SessionView


@click.group(name="sessions")
def sessions() -> None:
    """See who is signed in to the console, and sign them out."""


@sessions.command(name="list")
@json_option
def list_sessions(as_json: bool) -> None:
    """List the browsers that are signed in."""
    found = bootstrap.container().sessions.all()
    click.echo(terminal.as_json(found)) if as_json else _show(found)


def _show(found: Sequence[SessionView]) -> None:
    if not found:
        terminal.out.print("Nobody is signed in.")
        return
    made = terminal.table("Session", "From", "Signed in", "Last used", "Ends (UTC)", "Browser")
    for item in found:
        moments = (f"{moment:%Y-%m-%d %H:%M}" for moment in (item.opened_at, item.seen_at, item.ends_at))
        made.add_row(str(item.id), item.source, *moments, item.browser)
    terminal.show_lines(made)


@sessions.command(name="end")
@click.argument("session_id", type=NUMBER)
@json_option
def end_session(session_id: int, as_json: bool) -> None:
    """Sign one browser out."""
    bootstrap.container().sessions.end_by_number(session_id)
    report({"ended": 1}, f"Session {session_id} is over.", as_json=as_json)


@sessions.command(name="end-all")
@json_option
def end_all_sessions(as_json: bool) -> None:
    """Sign every browser out."""
    count = bootstrap.container().sessions.end_all()
    report({"ended": count}, f"Sessions ended: {count}.", as_json=as_json)
