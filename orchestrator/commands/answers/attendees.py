"""``orchestrator meeting attendee``: recording answers, and what came back."""

from __future__ import annotations

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.answers.printing import show_responses
from orchestrator.commands.common import CALLER, json_option
from orchestrator.commands.effects import show_effects
from orchestrator.domain.meetings.meeting import Participation

ANSWERS = click.Choice(["accepted", "tentative", "declined", "needs-action"])


@click.command(name="answer")
@click.argument("reference")
@click.argument("email")
@click.argument("participation", type=ANSWERS)
@click.option("--comment", metavar="TEXT", help="What the attendee said with it.")
@json_option
def answer(reference: str, email: str, participation: str, comment: str | None, as_json: bool) -> None:
    """Record an attendee's answer, such as one by telephone."""
    value = Participation(participation.upper())
    done = bootstrap.container().answers.answer(reference, email, value, caller=CALLER, comment=comment)
    click.echo(terminal.as_json(done)) if as_json else show_effects(done)


@click.command(name="responses")
@click.argument("reference")
@json_option
def responses(reference: str, as_json: bool) -> None:
    """Show what came back, newest first.

    That is answers, comments, proposed times and bounced mails.
    """
    found = bootstrap.container().reading.meeting(reference).responses
    click.echo(terminal.as_json(found)) if as_json else show_responses(found)


@click.command(name="refuse")
@click.argument("reference")
@click.argument("proposal", type=int)
@click.option("--reply", metavar="TEXT", help="What its author is told.")
@json_option
def refuse(reference: str, proposal: int, reply: str | None, as_json: bool) -> None:
    """Refuse a PROPOSAL of another time.

    'orchestrator meeting attendee responses' shows its number.
    """
    done = bootstrap.container().answers.refuse_proposal(reference, proposal, caller=CALLER, reply=reply)
    click.echo(terminal.as_json(done)) if as_json else show_effects(done)
