"""``orchestrator meeting readiness`` and what changes it: record, joined, nudge, rehearsal slots."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from orchestrator import terminal
from orchestrator.bootstrap import container
from orchestrator.commands.common import ACTOR, json_option, previewed
from orchestrator.domain.readiness.readiness import Aspect
from orchestrator.services.readiness.readiness import NEEDS, STATES, SlotMove
from orchestrator.services.timelines.views import Outcome


@click.command(name="readiness")
@click.argument("reference")
@json_option
def readiness(reference: str, as_json: bool) -> None:
    """Show how ready each delegation is.

    Answered, list, paper, tested, link, joined; then what was said beside.
    """
    found = container().readiness.board(reference)
    click.echo(terminal.as_json(found)) if as_json else terminal.show_board(found, tuple(Aspect))


@click.command(name="record")
@click.argument("reference")
@click.argument("delegation")
@click.argument("need", type=click.Choice([*NEEDS]))
@click.argument("state", type=click.Choice([*STATES]))
@click.option("--note", metavar="TEXT", help="What was said, or seen at the test.")
@json_option
def record(reference: str, delegation: str, need: str, state: str, note: str | None, as_json: bool) -> None:
    """Record the list, paper or test of a DELEGATION."""
    done = container().readiness.record(
        reference, delegation, NEEDS[need], STATES[state], actor=ACTOR, note=note
    )
    click.echo(terminal.as_json(done)) if as_json else terminal.show_outcome(done)


@click.command(name="joined")
@click.argument("reference")
@click.argument("delegation")
@json_option
def joined(reference: str, delegation: str, as_json: bool) -> None:
    """Record that a DELEGATION is in the meeting."""
    is_new = container().readiness.joined(reference, delegation, actor=ACTOR)
    said = "has joined" if is_new else "had joined already"
    if as_json:
        click.echo(terminal.as_json({"delegation": delegation.upper(), "is_new": is_new}))
    else:
        terminal.out.print(f"{delegation.upper()} {said}.")


@click.command(name="nudge")
@click.argument("reference")
@click.argument("who", nargs=-1, metavar="[CODE|EMAIL]...")
@previewed
def nudge(reference: str, who: Sequence[str]) -> Callable[[bool], Outcome]:
    """Ask now for what is missing.

    Name delegations and people; without a name, all that lack something are asked.
    """
    return lambda preview: container().readiness.nudge(reference, who, actor=ACTOR, preview=preview)


@click.command(name="slots")
@click.argument("reference")
@json_option
def slots(reference: str, as_json: bool) -> None:
    """Show when each delegation tries its connection."""
    found = container().readiness.slots(reference)
    click.echo(terminal.as_json(found)) if as_json else terminal.show_slots(found)


@click.command(name="move-slot")
@click.argument("reference")
@click.argument("delegation")
@click.argument("start")
@previewed
def move_slot(reference: str, delegation: str, start: str) -> Callable[[bool], Outcome]:
    """Let a DELEGATION try its connection at START.

    START is a wall time in the meeting's zone, such as '2026-12-02 10:15'.
    """
    move = SlotMove.of(start)
    return lambda preview: container().readiness.move_slot(
        reference, delegation, move, actor=ACTOR, preview=preview
    )


COMMANDS = (readiness, record, joined, nudge, slots, move_slot)
"""What belongs to the group ``meeting``."""
