"""The command line ``orchestrator``: thin, every command calls one service.

Exit codes: 0 done; 1 an unexpected error; 2 wrong use, input or settings; 3 no such thing;
4 not possible in this state, or changed meanwhile; 5 something outside does not work.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from config.logging import configure_logging
from orchestrator import __version__, doctor, supervisor, terminal
from orchestrator.bootstrap import Container, container, inbox_folder, outbox_folder
from orchestrator.commands.common import ACTOR, json_option, previewed, text_of
from orchestrator.commands.dates.date_polls import poll
from orchestrator.commands.dates.fair_starts import slots
from orchestrator.commands.delegations import calendar
from orchestrator.commands.meetings.decisions import CHOICE, asking, outcome
from orchestrator.commands.readiness import COMMANDS as READINESS
from orchestrator.commands.timelines import meeting_timeline, timeline
from orchestrator.demo import life as rehearsal
from orchestrator.domain.definitions.definition import read_definitions, read_yaml
from orchestrator.domain.definitions.preparatory import asking_for_one
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.problems import problems_of
from orchestrator.domain.time.durations import parse_duration
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.errors import (
    Conflict,
    DeliveryError,
    InvalidInput,
    NotFound,
    OrchestratorError,
)
from orchestrator.services.answers.inbox import LARGEST_MAIL
from orchestrator.services.answers.quarantine import explain
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.services.meetings.meetings import MeetingUpdate
from orchestrator.services.meetings.views import Created
from orchestrator.services.timelines.views import Outcome
from orchestrator.store.rows.answers import IncomingOutcome
from orchestrator.watching import watch, watch_nothing

_EXIT_CODES: list[tuple[type[OrchestratorError], int]] = [
    (InvalidInput, 2),
    (NotFound, 3),
    (Conflict, 4),
    (DeliveryError, 5),
    (supervisor.StartError, 5),
]


def main() -> None:
    """Run the command line and exit."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        terminal.err.print("Nothing was done.")
        sys.exit(1)
    except OrchestratorError as error:
        for line in error.message.splitlines():
            terminal.err.print(f"Error: {line}")
        sys.exit(next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), 1))
    except SQLAlchemyError as error:
        terminal.err.print(f"Error: the database cannot be used ({type(error).__name__}).")
        terminal.err.print("Run 'orchestrator db upgrade'; if that does not help, 'orchestrator doctor'.")
        sys.exit(5)


_ANSWERS = click.Choice(["accepted", "tentative", "declined", "needs-action"])


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def cli() -> None:
    """Take online meetings from created once to minutes distributed."""


@cli.command()
@click.option("--example/--no-example", default=False, help="Load and publish the ACCSM 21 example.")
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Date of the example's first meeting."
)
def up(example: bool, start: Any) -> None:
    """Run everything on this machine.

    That is web, beat, worker, private broker and sandbox.
    """
    stop = threading.Event()
    supervisor.until_signalled(stop)
    found = container()
    configure_logging("WARNING")
    found.read_data()
    found.database.upgrade()
    _ = found.api_token  # Whoever drives the API finds the token as soon as the service runs.
    with supervisor.running(found.settings, stop) as processes:
        if not stop.is_set():
            rehearsal.show_running(found, example=example, start=start.date() if start else None)
        rehearsal.follow(found, processes, stop)


@cli.command()
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Date of the example's first meeting."
)
def rehearse(start: Any) -> None:
    """Take the example through its whole life on the sandbox clock.

    It checks that every mail that was due has come, and no other.
    """
    configure_logging("ERROR")
    sys.exit(0 if rehearsal.rehearse(container(), start.date() if start else None) else 1)


@cli.command()
def web() -> None:
    """Run the web process: API, console and health checks."""
    # Web frameworks take long to import, so only the commands that serve something do.
    import uvicorn

    settings = container().settings
    configure_logging(settings.log_level)
    uvicorn.run(
        "orchestrator.web.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )


@cli.command(name="doctor")
@json_option
def doctor_command(as_json: bool) -> None:
    """Check every part, and say how to mend what is wrong."""
    findings = list(doctor.examine())
    if as_json:
        click.echo(terminal.as_json(findings))
    else:
        made = terminal.table("", "Part", "Found")
        for item in findings:
            made.add_row("✓" if item.well else "×", item.part, item.message)
        terminal.out.print(made)
    if not all(item.well for item in findings):
        sys.exit(2 if any(item.part == "settings" and not item.well for item in findings) else 5)


# Meetings


@cli.group()
def meeting() -> None:
    """Create, publish, change and end meetings."""


@meeting.command(name="create")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Move the first meeting to this date."
)
@click.option("--with-preparatory", is_flag=True, help="Make each with a preparatory meeting before it.")
@json_option
def create(file: Path, start: Any, with_preparatory: bool, as_json: bool) -> None:
    """Create drafts from a YAML or JSON FILE; nothing is sent."""
    text = text_of(file)
    found = container()
    if start is not None:
        created = found.examples.load(text, start.date(), actor=ACTOR, with_preparatory=with_preparatory)
    else:
        definitions = read_definitions(text)
        if with_preparatory:
            definitions = [asking_for_one(item) for item in definitions]
        created = found.meetings.create(definitions, actor=ACTOR)
    _show_created(created, as_json=as_json)


def _show_created(created: Sequence[Created], *, as_json: bool) -> None:
    if as_json:
        click.echo(terminal.as_json(created))
        return
    for item in created:
        terminal.out.print(
            f"Created {item.reference} as a draft. Next: orchestrator meeting publish {item.reference}"
        )
        if item.left_out:
            terminal.out.print(f"  Left out, as not taking part on that date: {', '.join(item.left_out)}")
        terminal.show_warnings(item.warnings)


@meeting.command(name="example")
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Date of the first meeting.")
@json_option
def load_example(start: Any, as_json: bool) -> None:
    """Load the ACCSM 21 example as drafts.

    They are its preparatory meeting and its SOM, by default on coming dates.
    """
    created = container().examples.load(
        ACCSM21.read_text("utf-8"), start.date() if start else None, actor=ACTOR
    )
    _show_created(created, as_json=as_json)


@meeting.command(name="list")
@json_option
def list_meetings(as_json: bool) -> None:
    """List all meetings."""
    found = container().reading.meetings()
    click.echo(terminal.as_json(found)) if as_json else terminal.show_meetings(found)


@meeting.command(name="show")
@click.argument("reference")
@json_option
def show(reference: str, as_json: bool) -> None:
    """Show one meeting and who has answered."""
    found = container().reading.meeting(reference)
    click.echo(terminal.as_json(found)) if as_json else terminal.show_meeting(found)


@meeting.command(name="plan")
@click.argument("reference")
@json_option
def plan(reference: str, as_json: bool) -> None:
    """Show what happens when, in each recipient's local time."""
    found = container().reading.plan(reference)
    click.echo(terminal.as_json(found)) if as_json else terminal.show_actions(found)


@meeting.command(name="deliveries")
@click.argument("reference")
@json_option
def deliveries(reference: str, as_json: bool) -> None:
    """Show every message that was sent, or tried."""
    found = container().reading.deliveries(reference)
    click.echo(terminal.as_json(found)) if as_json else terminal.show_deliveries(found)


@meeting.command(name="publish")
@click.argument("reference")
@click.option(
    "--save-the-date/--invite",
    default=None,
    help="Announce the date only, or invite at once; without either, the timeline decides.",
)
@previewed
def publish(reference: str, save_the_date: bool | None) -> Callable[[bool], Outcome]:
    """Publish a draft, or confirm a save-the-date.

    From here on everything goes out by itself.
    """
    return lambda preview: container().meetings.publish(
        reference, actor=ACTOR, save_the_date=save_the_date, preview=preview
    )


@meeting.command(name="update")
@click.argument("reference")
@click.option("--title", metavar="TEXT", help="New English title.")
@click.option("--start", metavar="TIME", help="New wall time, such as '2026-12-03 14:00'.")
@click.option("--zone", metavar="ZONE", help="New IANA zone.")
@click.option("--duration", metavar="LENGTH", help="New length, such as PT2H30M.")
@click.option(
    "--file", "file", type=click.Path(path_type=Path), metavar="FILE", help="YAML with the fields to change."
)
@click.option("--version", type=int, metavar="N", help="The version you read; without it, the newest.")
@click.option("--notify/--no-notify", default=True, help="Whether to tell attendees of a new text.")
@click.option("--linked", type=CHOICE, help="What becomes of linked meetings when the time changes.")
@previewed
def update(
    reference: str,
    file: Path | None,
    version: int | None,
    notify: bool,
    linked: str | None,
    **fields: str | None,
) -> Callable[[bool], Outcome]:
    """Change a meeting.

    A new time asks everybody again; a new text is told unless --no-notify.
    """
    given: dict[str, Any] = read_yaml(text_of(file)) if file else {}
    if not isinstance(given, dict):
        raise InvalidInput.of(
            str(file), None, "holds no fields", "Write for example 'start: 2026-12-03 14:00'."
        )
    given |= {name: value for name, value in fields.items() if value is not None}
    try:
        wanted = MeetingUpdate.model_validate(given)
    except ValidationError as error:
        raise InvalidInput(problems_of(error)) from error
    at_version = version or container().reading.meeting(reference).version
    return asking(
        lambda preview, choice: container().meetings.update(
            reference, wanted, actor=ACTOR, version=at_version, notify=notify, preview=preview, linked=choice
        ),
        linked,
    )


@meeting.command(name="cancel")
@click.argument("reference")
@click.option("--reason", metavar="TEXT", help="Kept in the history.")
@previewed
def cancel(reference: str, reason: str | None) -> Callable[[bool], Outcome]:
    """Cancel a meeting and tell whoever was invited.

    Nothing else goes out.
    """
    return lambda preview: container().meetings.cancel(reference, actor=ACTOR, reason=reason, preview=preview)


@meeting.command(name="reinstate")
@click.argument("reference")
@previewed
def reinstate(reference: str) -> Callable[[bool], Outcome]:
    """Let a cancelled meeting take place after all.

    Everybody is told, and asked again.
    """
    return lambda preview: container().meetings.reinstate(reference, actor=ACTOR, preview=preview)


@meeting.command(name="conclude")
@click.argument("reference")
@previewed
def conclude(reference: str) -> Callable[[bool], Outcome]:
    """Conclude a meeting that has begun.

    At its end this happens by itself.
    """
    return lambda preview: container().meetings.conclude(reference, actor=ACTOR, preview=preview)


@meeting.command(name="link")
@click.argument("reference")
@click.argument("join_url")
@previewed
def link(reference: str, join_url: str) -> Callable[[bool], Outcome]:
    """Enter a join link by hand.

    Invitations that wait for one go out at once.
    """
    return lambda preview: container().meetings.enter_link(reference, join_url, actor=ACTOR, preview=preview)


@meeting.command(name="answer")
@click.argument("reference")
@click.argument("email")
@click.argument("participation", type=_ANSWERS)
@click.option("--comment", metavar="TEXT", help="What the attendee said with it.")
@json_option
def answer(reference: str, email: str, participation: str, comment: str | None, as_json: bool) -> None:
    """Record an attendee's answer, such as one by telephone."""
    value = Participation(participation.upper())
    done = container().meetings.answer(reference, email, value, actor=ACTOR, comment=comment)
    click.echo(terminal.as_json(done)) if as_json else terminal.show_outcome(done)


@meeting.command(name="responses")
@click.argument("reference")
@json_option
def meeting_responses(reference: str, as_json: bool) -> None:
    """Show what came back, newest first.

    That is answers, comments, proposed times and bounced mails.
    """
    found = container().reading.meeting(reference).responses
    click.echo(terminal.as_json(found)) if as_json else terminal.show_responses(found)


@meeting.command(name="send-again")
@click.argument("reference")
@click.argument("email")
@json_option
def send_again(reference: str, email: str, as_json: bool) -> None:
    """Send somebody the current invitation once more."""
    done = container().meetings.send_again(reference, email, actor=ACTOR)
    click.echo(terminal.as_json(done)) if as_json else terminal.show_outcome(done)


@meeting.command(name="refuse")
@click.argument("reference")
@click.argument("proposal", type=int)
@click.option("--reply", metavar="TEXT", help="What its author is told.")
@json_option
def refuse(reference: str, proposal: int, reply: str | None, as_json: bool) -> None:
    """Refuse a PROPOSAL of another time.

    'orchestrator meeting responses' shows its number.
    """
    done = container().meetings.refuse_proposal(reference, proposal, actor=ACTOR, reply=reply)
    click.echo(terminal.as_json(done)) if as_json else terminal.show_outcome(done)


@meeting.command(name="personal-link")
@click.argument("reference")
@click.argument("email")
@click.option("--revoke", is_flag=True, help="Make the present link useless, then show the new one.")
@json_option
def personal_link(reference: str, email: str, revoke: bool, as_json: bool) -> None:
    """Show the address of the personal page of an attendee.

    It can be handed over by other means than mail.
    """
    personal = container().personal
    if revoke:
        personal.revoke_link(reference, email, actor=ACTOR)
    found = personal.my_link(reference, email)
    click.echo(terminal.as_json({"url": found}) if as_json else found)


@meeting.command(name="move-mailbox")
@click.argument("reference")
@previewed
def move_mailbox(reference: str) -> Callable[[bool], Outcome]:
    """Let attendees answer to the mailbox that is set now.

    For a meeting published before ORCHESTRATOR_ORGANIZER_ADDRESS changed.
    """
    return lambda preview: container().meetings.move_mailbox(reference, actor=ACTOR, preview=preview)


# Minutes


@cli.group()
def minutes() -> None:
    """Attach and list minutes."""


@minutes.command(name="attach")
@click.argument("reference")
@click.argument("file", type=click.Path(path_type=Path))
@previewed
def attach(reference: str, file: Path) -> Callable[[bool], Outcome]:
    """Attach FILE as the minutes and send it to all invited.

    It is a PDF, DOCX, Markdown or text file.
    """
    limit = container().settings.attachment_max_bytes
    content = _bytes_of(file, limit)
    return lambda preview: container().minutes.attach(
        reference, file.name, content, actor=ACTOR, preview=preview
    )


@minutes.command(name="list")
@click.argument("reference")
@json_option
def list_minutes(reference: str, as_json: bool) -> None:
    """List the versions of a meeting's minutes."""
    found = container().reading.meeting(reference).minutes
    if as_json:
        click.echo(terminal.as_json(found))
        return
    made = terminal.table("Version", "File", "Bytes", "Attached (UTC)")
    for item in found:
        made.add_row(str(item.version), item.filename, f"{item.size:,}", f"{item.attached_at:%Y-%m-%d %H:%M}")
    terminal.out.print(made if found else "No minutes are attached.")


def _say(value: Any, sentence: str, *, as_json: bool) -> None:
    click.echo(terminal.as_json(value)) if as_json else terminal.out.print(sentence)


# The mailbox


@cli.group(name="mailbox")
def mailbox_group() -> None:
    """Look at what came in, and deal with what no program could read."""


@mailbox_group.command(name="list")
@click.option("--outcome", type=click.Choice([item.value for item in IncomingOutcome]), help="Only these.")
@json_option
def list_incoming(outcome: str | None, as_json: bool) -> None:
    """List the mails that came in and what became of them.

    The newest comes first.
    """
    found = container().quarantine.mails(IncomingOutcome(outcome) if outcome else None)
    click.echo(terminal.as_json(found)) if as_json else terminal.show_incoming(found)


@mailbox_group.command(name="show")
@click.argument("mail", type=int)
@json_option
def show_incoming(mail: int, as_json: bool) -> None:
    """Show one mail that came in."""
    found = container().quarantine.mail(mail)
    click.echo(terminal.as_json(found)) if as_json else terminal.show_mail(found)


@mailbox_group.command(name="explain")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@json_option
def explain_mails(files: tuple[Path, ...], as_json: bool) -> None:
    """Say what mails in FILES would be read as; nothing is changed."""
    found = {str(file): explain(_bytes_of(file, LARGEST_MAIL)) for file in files}
    click.echo(terminal.as_json(found)) if as_json else terminal.show_explanations(found)


@mailbox_group.command(name="assign")
@click.argument("mail", type=int)
@click.argument("reference")
@click.argument("email")
@click.option("--as", "participation", type=_ANSWERS, help="The answer, when the mail does not say it.")
@json_option
def assign(mail: int, reference: str, email: str, participation: str | None, as_json: bool) -> None:
    """Take a quarantined MAIL for the answer of an attendee."""
    value = Participation(participation.upper()) if participation else None
    found = container().quarantine.assign(mail, reference, email, actor=ACTOR, participation=value)
    click.echo(terminal.as_json(found)) if as_json else terminal.out.print(f"Mail {mail}: {found.reason}.")


@mailbox_group.command(name="discard")
@click.argument("mail", type=int)
@json_option
def discard_incoming(mail: int, as_json: bool) -> None:
    """Let a quarantined MAIL go without effect."""
    container().quarantine.discard(mail, actor=ACTOR)
    _say({"mail": mail, "outcome": "discarded"}, f"Mail {mail} is discarded.", as_json=as_json)


@mailbox_group.command(name="watch", hidden=True)
def watch_mailbox() -> None:
    """Have the mailbox read the moment mail arrives; 'up' runs this for you."""
    stop = threading.Event()
    supervisor.until_signalled(stop)
    found = container()
    configure_logging(found.settings.log_level)
    if found.mailbox is None or found.inbox is None:
        watch_nothing(stop, found.was_alive)
    else:
        watch(found.mailbox, found.inbox, stop, found.was_alive)


# The queue


@cli.group(name="actions")
def actions_group() -> None:
    """Look at the queue and mend it."""


@actions_group.command(name="list")
@click.option("--state", type=click.Choice([item.value for item in ActionState]), help="Only this state.")
@json_option
def list_actions(state: str | None, as_json: bool) -> None:
    """List actions of all meetings in the order they are due."""
    found = container().reading.actions(ActionState(state) if state else None)
    click.echo(terminal.as_json(found)) if as_json else terminal.show_actions(found, with_meeting=True)


@actions_group.command(name="retry")
@click.argument("action_id", type=int)
@json_option
def retry(action_id: int, as_json: bool) -> None:
    """Make a failed or missed action due now."""
    container().operations.retry(action_id, actor=ACTOR)
    _say({"id": action_id, "state": "scheduled"}, f"Action {action_id} is due now.", as_json=as_json)


@actions_group.command(name="discard")
@click.argument("action_id", type=int)
@click.option("--reason", metavar="TEXT", help="Kept in the history.")
@json_option
def discard(action_id: int, reason: str | None, as_json: bool) -> None:
    """Cancel a waiting, failed or missed action for good."""
    container().operations.discard(action_id, actor=ACTOR, reason=reason)
    _say({"id": action_id, "state": "cancelled"}, f"Action {action_id} is discarded.", as_json=as_json)


# The sandbox


@cli.group()
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
    for sentence in rehearsal.advance(container(), length):
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
    replies = rehearsal.answer(container(), ahead=ahead)
    click.echo(terminal.as_json(replies)) if as_json else rehearsal.show_replies(replies)


@sandbox.command(name="outbox")
@json_option
def outbox(as_json: bool) -> None:
    """List the mails the sandbox has caught."""
    mails = rehearsal.caught(container())
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
    # As in "web".
    from integrations.sandbox.server import serve

    found = container()
    configure_logging(found.settings.log_level)
    endpoints = found.endpoints
    serve(
        folder=endpoints.ca_file.parent,
        outbox=outbox_folder(found.settings),
        inbox=inbox_folder(found.settings),
        clock=found.sandbox_clock,
        graph_port=int(endpoints.authority_url.rpartition(":")[2]),
        smtp_port=endpoints.smtp_port,
        tenant_id=endpoints.tenant_id,
        client_id=endpoints.client_id,
        client_secret=endpoints.client_secret,
        organizer_id=endpoints.organizer_id,
        ready=lambda _graph, _smtp: None,
    )


# The database


@cli.group()
def db() -> None:
    """The scheduling database."""


@db.command(name="upgrade")
def upgrade() -> None:
    """Bring the database to the newest migration."""
    found: Container = container()
    found.database.upgrade()
    terminal.out.print(f"The database is at migration {found.database.revisions()[0]}.")


def _bytes_of(file: Path, limit: int) -> bytes:
    """Read a file, at most one byte more than the limit, which is enough to know it is too large."""
    try:
        with file.open("rb") as source:
            return source.read(limit + 1)
    except OSError as error:
        raise InvalidInput.of("file", file, f"cannot be read: {error.strerror}", "Check the path.") from error


def _duration_option(text: str) -> timedelta:
    try:
        length = parse_duration(text)
    except ValueError as error:
        raise InvalidInput.of("--by", text, str(error), "Write for example P1D or PT2H.") from error
    if length <= timedelta(0):
        raise InvalidInput.of("--by", text, "moves nothing", "The clock only moves forward.")
    return length


cli.add_command(calendar)
cli.add_command(slots)
cli.add_command(timeline)
meeting.add_command(outcome)
meeting.add_command(meeting_timeline)
meeting.add_command(poll)
for command in READINESS:
    meeting.add_command(command)
