"""``orchestrator sandbox``: its clock, its attendees and its caught mails."""

from __future__ import annotations

from datetime import timedelta

import click

from config.logging import configure_logging
from orchestrator import bootstrap, terminal
from orchestrator.commands.common import json_option
from orchestrator.demo.clock import advance as move_clock
from orchestrator.demo.outbox import caught
from orchestrator.domain.time.durations import parse_duration
from orchestrator.errors import InvalidInput


@click.group()
def sandbox() -> None:
    """The sandbox: its clock and its caught mails."""


@sandbox.command(name="advance")
@click.option("--to-next", is_flag=True, help="Move to the next due action.")
@click.option("--by", "by", metavar="LENGTH", help="Move by a duration such as P1D or PT2H.")
@json_option
def advance(to_next: bool, by: str | None, as_json: bool) -> None:
    """Move the sandbox clock forward.

    Everything that falls due on the way is done at its time.
    """
    if to_next == (by is not None):
        raise click.UsageError("Give exactly one of --to-next and --by.")
    length = _duration_option(by) if by else None
    said: list[str] = []
    for sentence in move_clock(bootstrap.container(), length):
        said.append(sentence)
        if not as_json:
            terminal.out.print(sentence)
    if as_json:
        click.echo(terminal.as_json(said))


@sandbox.command(name="answer")
@click.option("--all", "ahead", is_flag=True, help="Also give the answers that some take their time for.")
@json_option
def let_attendees_answer(ahead: bool, as_json: bool) -> None:
    """Let simulated attendees answer what was caught so far.

    They do so by mail and on their personal pages.
    """
    # What acts for the attendees takes long to import, so only the commands that need it do.
    from orchestrator.demo.answering import answer, show_replies

    replies = answer(bootstrap.container(), ahead=ahead)
    click.echo(terminal.as_json(replies)) if as_json else show_replies(replies)


@sandbox.command(name="outbox")
@json_option
def outbox(as_json: bool) -> None:
    """List the mails the sandbox has caught."""
    mails = caught(bootstrap.container())
    if as_json:
        click.echo(terminal.as_json(mails))
        return
    made = terminal.table("Caught (UTC)", "To", "Subject")
    for item in mails:
        made.add_row(f"{item.received_at:%Y-%m-%d %H:%M}", item.recipient, item.subject)
    terminal.out.print(made if mails else "No mail was caught yet.")


@sandbox.command(name="serve", hidden=True)
def serve_sandbox() -> None:
    """Run Graph, its sign-in authority and the mail catcher; 'up' does this for you."""
    # The web frameworks take long to import, so only the commands that serve something do.
    from integrations.sandbox.server import serve

    found = bootstrap.container()
    configure_logging(found.settings.log_level)
    endpoints = found.endpoints
    serve(
        folder=endpoints.ca_file.parent,
        outbox=bootstrap.outbox_folder(found.settings),
        inbox=bootstrap.inbox_folder(found.settings),
        clock=found.sandbox_clock,
        graph_port=int(endpoints.authority_url.rpartition(":")[2]),
        smtp_port=endpoints.smtp_port,
        tenant_id=endpoints.tenant_id,
        client_id=endpoints.client_id,
        client_secret=endpoints.client_secret,
        organizer_id=endpoints.organizer_id,
        ready=lambda _graph, _smtp: None,
    )


def _duration_option(text: str) -> timedelta:
    try:
        length = parse_duration(text)
    except ValueError as error:
        raise InvalidInput.of("--by", text, str(error), "Write for example P1D or PT2H.") from error
    if length <= timedelta(0):
        raise InvalidInput.of("--by", text, "moves nothing", "The clock only moves forward.")
    return length
