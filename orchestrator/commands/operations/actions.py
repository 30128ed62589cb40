"""``orchestrator actions``: look at the queue and mend it."""

from __future__ import annotations

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, json_option, report
from orchestrator.commands.timelines.printing import show_actions
from orchestrator.domain.timelines.actions import ActionState


@click.group(name="actions")
def actions() -> None:
    """Look at the queue and mend it."""


@actions.command(name="list")
@click.option("--state", type=click.Choice([item.value for item in ActionState]), help="Only this state.")
@json_option
def list_actions(state: str | None, as_json: bool) -> None:
    """List actions of all meetings in the order they are due."""
    found = bootstrap.container().reading.actions(ActionState(state) if state else None)
    click.echo(terminal.as_json(found)) if as_json else show_actions(found, with_meeting=True)


@actions.command(name="retry")
@click.argument("action_id", type=int)
@json_option
def retry(action_id: int, as_json: bool) -> None:
    """Make a failed or missed action due now."""
    bootstrap.container().operations.retry(action_id, caller=CALLER)
    report({"id": action_id, "state": "scheduled"}, f"Action {action_id} is due now.", as_json=as_json)


@actions.command(name="discard")
@click.argument("action_id", type=int)
@click.option("--reason", metavar="TEXT", help="Kept in the history.")
@json_option
def discard(action_id: int, reason: str | None, as_json: bool) -> None:
    """Cancel a waiting, failed or missed action for good."""
    bootstrap.container().operations.discard(action_id, caller=CALLER, reason=reason)
    report({"id": action_id, "state": "cancelled"}, f"Action {action_id} is discarded.", as_json=as_json)
