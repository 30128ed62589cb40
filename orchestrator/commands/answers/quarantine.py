"""``orchestrator mailbox``: what a person decides about a mail that waits."""

from __future__ import annotations

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.answers.attendees import ANSWERS
from orchestrator.commands.common import CALLER, json_option, report
from orchestrator.commands.effects import show_effects
from orchestrator.domain.answers.speakers import Relation
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.services.answers.guests import GuestDetails
from orchestrator.services.answers.quarantine import Trust
from orchestrator.services.answers.views import IncomingView
from orchestrator.words import say

RELATIONS = click.Choice([item.value for item in Relation])


@click.command(name="accept")
@click.argument("mail", type=int)
@click.option("--sender-is", type=RELATIONS, default="deputy", show_default=True, help="What the sender is.")
@click.option("--once", is_flag=True, help="Believe the sender this time only.")
@json_option
def accept(mail: int, sender_is: str, once: bool, as_json: bool) -> None:
    """Believe the sender of a quarantined MAIL.

    The mail is then taken like any other, and so are the sender's next ones for this attendee.
    """
    trust = Trust(Relation(sender_is), remembered=not once)
    found = bootstrap.container().quarantine.accept(mail, caller=CALLER, trust=trust)
    _show(found, as_json=as_json)


@click.command(name="assign")
@click.argument("mail", type=int)
@click.argument("reference")
@click.argument("email")
@click.option("--as", "participation", type=ANSWERS, help="The answer, when the mail does not say it.")
@click.option("--sender-is", type=RELATIONS, help="Remember the sender as that of the attendee.")
@json_option
def assign(
    mail: int, reference: str, email: str, participation: str | None, sender_is: str | None, as_json: bool
) -> None:
    """Take a quarantined MAIL for the answer of an attendee."""
    value = Participation(participation.upper()) if participation else None
    found = bootstrap.container().quarantine.assign(
        mail,
        reference,
        email,
        caller=CALLER,
        participation=value,
        remember=Relation(sender_is) if sender_is else None,
    )
    _show(found, as_json=as_json)


@click.command(name="invite")
@click.argument("mail", type=int)
@click.option("--name", default="", metavar="NAME", help="Who it is, where the mail does not say it.")
@click.option("--delegation", default="", metavar="CODE", help="For which delegation they come.")
@click.option("--group", default="", metavar="CODE", help="In which group of the meeting they come.")
@click.option("--preview", is_flag=True, help="Only say what would happen.")
@json_option
def invite(mail: int, name: str, delegation: str, group: str, preview: bool, as_json: bool) -> None:
    """Invite who was forwarded an invitation and answered in MAIL.

    The answer is taken as theirs. Delegation and group are those of whom the mail answers for, if it does.
    """
    details = GuestDetails(name, delegation, group)
    done = bootstrap.container().guests.invite(mail, details, caller=CALLER, dry_run=preview)
    click.echo(terminal.as_json(done)) if as_json else show_effects(done)


@click.command(name="discard")
@click.argument("mail", type=int)
@json_option
def discard(mail: int, as_json: bool) -> None:
    """Let a quarantined MAIL go without effect.

    Its bytes and its text are deleted here; the mailbox's own folder still has it.
    """
    bootstrap.container().quarantine.discard(mail, caller=CALLER)
    report({"mail": mail, "fate": "discarded"}, f"Mail {mail} is discarded.", as_json=as_json)


def _show(found: IncomingView, *, as_json: bool) -> None:
    click.echo(terminal.as_json(found)) if as_json else terminal.out.print(
        f"Mail {found.id}: {say(found.reason)}."
    )
