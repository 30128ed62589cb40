"""``orchestrator up``, ``demo``, ``web``, ``doctor`` and ``db``: run the service, look after it."""

from __future__ import annotations

import sys
import threading
from datetime import datetime

import click

from config.logging import configure_logging
from orchestrator import bootstrap, doctor, supervisor, terminal
from orchestrator.commands.common import day_of, json_option, start_option
from orchestrator.services.operations.processes import WEB, Life


@click.command()
@click.option("--example/--no-example", default=False, help="Load and publish the ACCSM 21 example.")
@start_option("Date of the example's first meeting.")
def up(example: bool, start: datetime | None) -> None:
    """Run everything on this machine.

    That is web, beat, worker, private broker and sandbox.
    """
    # What acts for the attendees takes long to import, so only the commands that need it do.
    from orchestrator.demo.running import follow, show_running

    stop = threading.Event()
    supervisor.until_signalled(stop)
    found = bootstrap.container()
    configure_logging("WARNING")
    found.read_data()
    with supervisor.own_folder(found.settings):
        found.database.upgrade()
        _ = found.api_token  # Callers of the API find the token as soon as the service runs.
        with supervisor.running(found.settings, stop) as processes:
            if not stop.is_set():
                show_running(found, example=example, start=day_of(start))
            follow(found, processes, stop)


@click.command()
@start_option("Date of the example's first meeting.")
def demo(start: datetime | None) -> None:
    """Take the example through its whole life on the sandbox clock.

    It checks that every mail that was due has come, and no other.
    """
    # As in "up".
    from orchestrator.demo.life import run_demo

    configure_logging("ERROR")
    sys.exit(0 if run_demo(bootstrap.container(), day_of(start)) else 1)


@click.command()
def web() -> None:
    """Run the web process: API, console and health checks."""
    # Web frameworks take long to import, so only the commands that serve something do.
    from orchestrator.web import server

    settings = bootstrap.container().settings
    configure_logging(settings.log_level)
    life = bootstrap.container().life(WEB)
    threading.Thread(target=_live, args=(life,), daemon=True).start()
    try:
        server.run(settings)
    finally:
        life.end()


def _live(life: Life) -> None:
    """Tell that this process lives for as long as it does."""
    pause = threading.Event()
    while not pause.wait(5.0):
        life.tell()


@click.command(name="doctor")
@click.option("--send", is_flag=True, help="Also send a mail to a tagged address, and wait for it.")
@json_option
def doctor_command(send: bool, as_json: bool) -> None:
    """Check every part, and say how to mend what is wrong."""
    findings = list(doctor.examine(send=send))
    if as_json:
        click.echo(terminal.as_json(findings))
    else:
        made = terminal.table("", "Part", "Found")
        for item in findings:
            made.add_row("✓" if item.well else "×", item.part, item.message)
        terminal.out.print(made)
    if not all(item.well for item in findings):
        sys.exit(2 if any(item.part == "settings" and not item.well for item in findings) else 5)


@click.group()
def db() -> None:
    """The scheduling database."""


@db.command(name="upgrade")
def upgrade() -> None:
    """Bring the database to the newest migration."""
    found = bootstrap.container()
    found.database.upgrade()
    terminal.out.print(f"The database is at migration {found.database.revisions()[0]}.")
