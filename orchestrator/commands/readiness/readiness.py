"""``orchestrator meeting readiness``, ``meeting delegation`` and ``meeting connection-test``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, json_option, previewed
from orchestrator.commands.effects import show_effects
from orchestrator.commands.readiness.printing import show_board, show_connection_tests
from orchestrator.domain.meetings.needs import RECORDED
from orchestrator.domain.readiness.readiness import COLUMNS
from orchestrator.services.readiness.connection_tests import ConnectionTestMove
from orchestrator.services.readiness.contributions import STATES
from orchestrator.services.timelines.views import Effect


@click.command(name="readiness")
@click.argument("reference")
@json_option
def readiness(reference: str, as_json: bool) -> None:
    """Show how ready each delegation is.

    Answered, list, paper, tested, link, joined; then what was said beside.
    """
    found = bootstrap.container().readiness.board(reference)
    if as_json:
        click.echo(terminal.as_json(found))
        return
    show_board(found, COLUMNS, bootstrap.container().reading.meeting(reference).mode)


@click.group()
def delegation() -> None:
    """Record what came from delegations; ask for the rest."""


@delegation.command(name="record")
@click.argument("reference")
@click.argument("delegation")
@click.argument("need", type=click.Choice([*RECORDED]))
@click.argument("state", type=click.Choice([*STATES]))
@click.option("--note", metavar="TEXT", help="What was said, or seen at the test.")
@json_option
def record(reference: str, delegation: str, need: str, state: str, note: str | None, as_json: bool) -> None:
    """Record the list, paper or test of a DELEGATION."""
    done = bootstrap.container().contributions.record(
        reference, delegation, RECORDED[need], STATES[state], caller=CALLER, note=note
    )
    click.echo(terminal.as_json(done)) if as_json else show_effects(done)


@delegation.command(name="joined")
@click.argument("reference")
@click.argument("delegation")
@json_option
def joined(reference: str, delegation: str, as_json: bool) -> None:
    """Record that a DELEGATION is in the meeting."""
    is_new = bootstrap.container().contributions.joined(reference, delegation, caller=CALLER)
    said = "has joined" if is_new else "had joined already"
    if as_json:
        click.echo(terminal.as_json({"delegation": delegation.upper(), "is_new": is_new}))
    else:
        terminal.out.print(f"{delegation.upper()} {said}.")


@delegation.command(name="nudge")
@click.argument("reference")
@click.argument("who", nargs=-1, metavar="[CODE|EMAIL]...")
@previewed
def nudge(reference: str, who: Sequence[str]) -> Callable[[bool], Effect]:
    """Ask now for what is missing.

    Name delegations and people; without a name, all that lack something are asked.
    """
    return lambda preview: bootstrap.container().nudges.nudge(reference, who, caller=CALLER, dry_run=preview)


@click.group(name="connection-test")
def connection_test() -> None:
    """See and move the times of connection tests."""


@connection_test.command(name="list")
@click.argument("reference")
@json_option
def list_tests(reference: str, as_json: bool) -> None:
    """Show when each delegation tries its connection."""
    found = bootstrap.container().readiness.connection_tests(reference)
    click.echo(terminal.as_json(found)) if as_json else show_connection_tests(found)


@connection_test.command(name="move")
@click.argument("reference")
@click.argument("delegation")
@click.argument("start")
@previewed
def move_test(reference: str, delegation: str, start: str) -> Callable[[bool], Effect]:
    """Let a DELEGATION try its connection at START.

    START is a wall time in the meeting's zone, such as '2026-12-02 10:15'.
    """
    move = ConnectionTestMove.of(start)
    return lambda preview: bootstrap.container().connection_tests.move(
        reference, delegation, move, caller=CALLER, dry_run=preview
    )
