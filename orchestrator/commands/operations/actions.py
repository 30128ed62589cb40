"""``orchestrator actions``: look at the queue and mend it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, json_option, report
from orchestrator.commands.timelines.printing import show_actions
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.services.operations.bulk import DISCARDED, RETRIED, BulkOutcome
from orchestrator.store.operations.selecting import Selection
from orchestrator.words import say


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


Chosen = Callable[..., None]


def _chosen(states: Sequence[ActionState]) -> Callable[[Chosen], Chosen]:
    """Return what gives a command the options that choose many actions."""

    def decorate(command: Chosen) -> Chosen:
        for option in (
            click.option("--preview", is_flag=True, help="Show what would be done, and do nothing."),
            click.option("--meeting", metavar="REFERENCE", help="Of this meeting."),
            click.option("--reason-key", metavar="KEY", help="That stand for this reason, or one below it."),
            click.option(
                "--kind", type=click.Choice([item.value for item in ActionKind]), help="Of this kind."
            ),
            click.option(
                "--state",
                "states",
                multiple=True,
                type=click.Choice([item.value for item in states]),
                help="In this state; may be given several times.",
            ),
        ):
            command = option(command)
        return command

    return decorate


@actions.command(name="retry")
@click.argument("action_id", type=int, required=False)
@_chosen(RETRIED)
@json_option
def retry(action_id: int | None, as_json: bool, preview: bool, **chosen: Any) -> None:
    """Make a failed or missed action due now, or many.

    Without ACTION_ID it is all that failed or was missed, or what the options choose: also what is scheduled
    to be tried again.
    """
    if action_id is None:
        outcome = bootstrap.container().bulk.retry(_selection(**chosen), caller=CALLER, dry_run=preview)
        _report_bulk(outcome, "due now", as_json=as_json)
        return
    _require_alone(chosen, preview=preview)
    bootstrap.container().operations.retry(action_id, caller=CALLER)
    report({"id": action_id, "state": "scheduled"}, f"Action {action_id} is due now.", as_json=as_json)


@actions.command(name="discard")
@click.argument("action_id", type=int, required=False)
@_chosen(DISCARDED)
@click.option("--reason", metavar="TEXT", help="Kept in the history.")
@json_option
def discard(action_id: int | None, reason: str | None, as_json: bool, preview: bool, **chosen: Any) -> None:
    """Cancel a waiting, failed or missed action for good, or many.

    Without ACTION_ID it is what the options choose; they must name a state.
    """
    if action_id is None:
        outcome = bootstrap.container().bulk.discard(
            _selection(**chosen), caller=CALLER, reason=reason, dry_run=preview
        )
        _report_bulk(outcome, "discarded", as_json=as_json)
        return
    _require_alone(chosen, preview=preview)
    bootstrap.container().operations.discard(action_id, caller=CALLER, reason=reason)
    report({"id": action_id, "state": "cancelled"}, f"Action {action_id} is discarded.", as_json=as_json)


def _selection(
    states: Sequence[str], kind: str | None, reason_key: str | None, meeting: str | None
) -> Selection:
    return Selection(
        tuple(ActionState(state) for state in states), ActionKind(kind) if kind else None, reason_key, meeting
    )


def _require_alone(chosen: Mapping[str, Any], *, preview: bool) -> None:
    if preview or any(chosen.values()):
        raise click.UsageError("Name one action, or choose many with options, but not both.")


def _report_bulk(outcome: BulkOutcome, done: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(terminal.as_json(outcome))
        return
    for item in outcome.groups:
        why = f": {say(item.reason)}" if item.reason else ""
        terminal.out.print(f"{item.count:>5} × {item.meeting} {item.kind}, {item.state}{why}")
    would = "would be" if outcome.previewed else "are" if outcome.count != 1 else "is"
    terminal.out.print(f"{outcome.count} action{'' if outcome.count == 1 else 's'} {would} {done}.")
    if outcome.too_late:
        terminal.out.print(f"{outcome.too_late} more are past their grace and stay as they are.")
    if outcome.more:
        terminal.out.print("There are more; run the command again for the next ones.")
