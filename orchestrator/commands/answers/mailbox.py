"""``orchestrator mailbox``: what came in, and what no program could read."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from config.logging import configure_logging
from orchestrator import bootstrap, supervisor, terminal
from orchestrator.commands.answers.attendees import ANSWERS
from orchestrator.commands.answers.printing import show_explanations, show_incoming, show_mail
from orchestrator.commands.common import CALLER, bytes_of, json_option, report
from orchestrator.domain.answers.responses import Fate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.services.answers.inbox import LARGEST_MAIL
from orchestrator.services.answers.incoming import explain
from orchestrator.watching import watch, watch_nothing
from orchestrator.words import say


@click.group(name="mailbox")
def mailbox() -> None:
    """See what came in; deal with what no program could read."""


@mailbox.command(name="list")
@click.option("--fate", type=click.Choice([item.value for item in Fate]), help="Only these.")
@json_option
def list_incoming(fate: str | None, as_json: bool) -> None:
    """List the mails that came in and what became of them.

    The newest comes first.
    """
    found = bootstrap.container().incoming.mails(Fate(fate) if fate else None)
    click.echo(terminal.as_json(found)) if as_json else show_incoming(found)


@mailbox.command(name="show")
@click.argument("mail", type=int)
@json_option
def show(mail: int, as_json: bool) -> None:
    """Show one mail that came in."""
    found = bootstrap.container().incoming.mail(mail)
    click.echo(terminal.as_json(found)) if as_json else show_mail(found)


@mailbox.command(name="explain")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@json_option
def explain_mails(files: tuple[Path, ...], as_json: bool) -> None:
    """Say what mails in FILES would be read as; nothing is changed."""
    found = {str(file): explain(bytes_of(file, LARGEST_MAIL)) for file in files}
    click.echo(terminal.as_json(found)) if as_json else show_explanations(found)


@mailbox.command(name="assign")
@click.argument("mail", type=int)
@click.argument("reference")
@click.argument("email")
@click.option("--as", "participation", type=ANSWERS, help="The answer, when the mail does not say it.")
@json_option
def assign(mail: int, reference: str, email: str, participation: str | None, as_json: bool) -> None:
    """Take a quarantined MAIL for the answer of an attendee."""
    value = Participation(participation.upper()) if participation else None
    found = bootstrap.container().quarantine.assign(
        mail, reference, email, caller=CALLER, participation=value
    )
    click.echo(terminal.as_json(found)) if as_json else terminal.out.print(
        f"Mail {mail}: {say(found.reason)}."
    )


@mailbox.command(name="discard")
@click.argument("mail", type=int)
@json_option
def discard_incoming(mail: int, as_json: bool) -> None:
    """Let a quarantined MAIL go without effect."""
    bootstrap.container().quarantine.discard(mail, caller=CALLER)
    report(
        {"mail": mail, "fate": "discarded", "outcome": "discarded"},
        f"Mail {mail} is discarded.",
        as_json=as_json,
    )


@mailbox.command(name="watch", hidden=True)
def watch_mailbox() -> None:
    """Have the mailbox read the moment mail arrives; 'up' runs this for you."""
    stop = threading.Event()
    supervisor.until_signalled(stop)
    found = bootstrap.container()
    configure_logging(found.settings.log_level)
    if found.mailbox is None or found.inbox is None:
        watch_nothing(stop, found.was_alive)
    else:
        watch(found.mailbox, found.inbox, stop, found.was_alive)
