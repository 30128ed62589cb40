"""``orchestrator mailbox``: what came in, and what no program could read."""

from __future__ import annotations

import threading
from pathlib import Path
from shlex import quote

import click

from config.logging import configure_logging
from orchestrator import bootstrap, supervisor, terminal
from orchestrator.bootstrap import Container
from orchestrator.commands.answers.known_senders import senders
from orchestrator.commands.answers.printing import show_explanations, show_incoming, show_mail
from orchestrator.commands.answers.quarantine import accept, assign, discard, invite
from orchestrator.commands.common import bytes_of, json_option
from orchestrator.domain.answers.responses import Fate
from orchestrator.services.answers.inbox import LARGEST_MAIL
from orchestrator.services.answers.incoming import explain
from orchestrator.services.operations.processes import WATCHER
from orchestrator.store.answers.incoming import MailQuery
from orchestrator.watching import watch, watch_nothing

_SHOWN = 50
"""How many mails a screen shows."""


@click.group(name="mailbox")
def mailbox() -> None:
    """See what came in; deal with what no program could read."""


@mailbox.command(name="list")
@click.option("--fate", type=click.Choice([item.value for item in Fate]), help="Only these.")
@click.option("--search", default="", metavar="WORDS", help="Only those that hold all these words.")
@click.option("--limit", type=click.IntRange(1, 1000), metavar="N", help="At most so many; 50 on a screen.")
@click.option("--after", type=click.IntRange(1), metavar="MAIL", help="Go on behind this mail.")
@json_option
def list_incoming(fate: str | None, search: str, limit: int | None, after: int | None, as_json: bool) -> None:
    """List the mails that came in and what became of them.

    The newest comes first. The words of --search are looked for in who sent a mail, whom it names, its
    subject and text, and the reference of its meeting. With --json and no --limit it is all of them.
    """
    query = MailQuery(Fate(fate) if fate else None, search, after, limit or _SHOWN)
    incoming = bootstrap.container().incoming
    if as_json:
        click.echo(terminal.as_json(incoming.page(query) if limit else incoming.every(query)))
        return
    page = incoming.page(query)
    show_incoming(page.mails)
    if page.following:
        asked = [f"--fate {fate}"] if fate else []
        asked += [f"--search {quote(search)}"] if search else []
        asked += [f"--limit {limit}"] if limit else []
        command = " ".join(["orchestrator mailbox list", *asked, f"--after {page.following}"])
        terminal.out.print(f"\nMore: {command}", soft_wrap=True)


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


for _command in (accept, assign, invite, discard, senders):
    mailbox.add_command(_command)


@mailbox.command(name="watch", hidden=True)
def watch_mailbox() -> None:
    """Have the mailbox read the moment mail arrives; 'up' runs this for you."""
    stop = threading.Event()
    supervisor.until_signalled(stop)
    found = bootstrap.container()
    configure_logging(found.settings.log_level)
    life = found.life(WATCHER)
    try:
        if found.mailbox is None or found.inbox is None:
            watch_nothing(stop, lambda: _alive(found))
        else:
            watch(found.mailbox, found.inbox, stop, lambda: _alive(found), found.mailbox_watchdog)
    finally:
        life.end()


def _alive(found: Container) -> None:
    """Say that the watcher lives, and why it cannot watch, if it cannot."""
    life = found.life(WATCHER)
    trouble = found.mailbox.trouble() if found.mailbox else None
    if trouble is None:
        life.works("mailbox")
    else:
        life.fails("mailbox", trouble)
    life.tell()
    found.was_alive()
