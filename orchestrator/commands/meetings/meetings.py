"""``orchestrator meeting``: the life of a meeting, from a draft to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, day_of, json_option, previewed, start_option, text_of
from orchestrator.commands.meetings.linked import CHOICE, asking
from orchestrator.commands.meetings.printing import show_created, show_meeting, show_meetings
from orchestrator.commands.meetings.reasons import Given, explained
from orchestrator.domain.definitions.edits import MeetingUpdate, Remove
from orchestrator.domain.definitions.files import read_file, read_yaml
from orchestrator.domain.definitions.preparatory import asking_for_one
from orchestrator.domain.problems import problems_of
from orchestrator.errors import InvalidInput
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.services.meetings.views import email_of
from orchestrator.services.timelines.views import Effect


@click.command(name="create")
@click.argument("file", type=click.Path(path_type=Path))
@start_option("Move the first meeting to this date.")
@click.option("--with-preparatory", is_flag=True, help="Make each with a preparatory meeting before it.")
@json_option
def create(file: Path, start: datetime | None, with_preparatory: bool, as_json: bool) -> None:
    """Create drafts from a YAML or JSON FILE; nothing is sent."""
    text = text_of(file)
    found = bootstrap.container()
    if start is not None:
        created = found.examples.load(text, start.date(), caller=CALLER, with_preparatory=with_preparatory)
    else:
        whole = read_file(text)
        if with_preparatory:
            whole = replace(whole, meetings=tuple(map(asking_for_one, whole.meetings)))
        created = found.events.create(whole, caller=CALLER)
    show_created(created, as_json=as_json)


@click.command(name="example")
@start_option("Date of the first meeting.")
@json_option
def load_example(start: datetime | None, as_json: bool) -> None:
    """Load the ACCSM 21 example, a programme of three events.

    Its preparatory meeting and its SOM become drafts, by default on coming dates; the later events stand
    there with their month.
    """
    created = bootstrap.container().examples.load(ACCSM21.read_text("utf-8"), day_of(start), caller=CALLER)
    show_created(created, as_json=as_json)


@click.command(name="list")
@click.option("--limit", type=click.IntRange(1, 1000), metavar="N", help="At most so many.")
@click.option("--after", metavar="PLACE", help="Go on where the page before ended, which says its place.")
@json_option
def list_meetings(limit: int | None, after: str | None, as_json: bool) -> None:
    """List all meetings, or a page of them.

    Coming ones are first, by start; then those that are over, the latest first.
    """
    page = bootstrap.container().reading.page(limit, after)
    if as_json:
        # Without a limit it is the list that scripts know; a page says beside where the next one begins.
        click.echo(terminal.as_json(page if limit else page.meetings))
        return
    show_meetings(page.meetings)
    if page.following:
        terminal.out.print(f"\nMore: orchestrator meeting list --limit {limit} --after {page.following}")


@click.command(name="show")
@click.argument("reference")
@json_option
def show(reference: str, as_json: bool) -> None:
    """Show one meeting and who has answered."""
    found = bootstrap.container().reading.meeting(reference)
    click.echo(terminal.as_json(found)) if as_json else show_meeting(found)


@click.command(name="publish")
@click.argument("reference")
@click.option(
    "--save-the-date/--invite",
    default=None,
    help="Announce the date only, or invite at once; without either, the timeline decides.",
)
@previewed
def publish(reference: str, save_the_date: bool | None) -> Callable[[bool], Effect]:
    """Publish a draft, or confirm a save-the-date.

    From here on everything goes out by itself.
    """
    return lambda preview: bootstrap.container().meetings.publish(
        reference, caller=CALLER, save_the_date=save_the_date, dry_run=preview
    )


@click.command(name="update")
@click.argument("reference")
@click.option("--title", metavar="TEXT", help="New English title.")
@click.option("--start", metavar="TIME", help="New wall time, such as '2026-12-03 14:00'.")
@click.option("--zone", metavar="ZONE", help="New IANA zone.")
@click.option("--duration", metavar="LENGTH", help="New length, such as PT2H30M.")
@click.option("--mode", metavar="MODE", help="online, in person, or hybrid; a venue is given in a file.")
@click.option("--room", metavar="TEXT", help="The room at the venue.")
@click.option(
    "--file", "file", type=click.Path(path_type=Path), metavar="FILE", help="YAML with the fields to change."
)
@click.option("--version", type=int, metavar="N", help="The version you read; without it, the newest.")
@click.option("--notify/--no-notify", default=True, help="Whether to tell attendees of a new text.")
@click.option("--linked", type=CHOICE, help="What becomes of linked meetings when the time changes.")
@previewed
@explained
def update(
    reference: str,
    file: Path | None,
    version: int | None,
    notify: bool,
    linked: str | None,
    given: Given,
    **fields: str | None,
) -> Callable[[bool], Effect]:
    """Change a meeting.

    A new time asks everybody again; a new text is told unless --no-notify.
    """
    wanted_fields: dict[str, Any] = read_yaml(text_of(file)) if file else {}
    if not isinstance(wanted_fields, dict):
        raise InvalidInput.of(
            str(file), None, "holds no fields", "Write for example 'start: 2026-12-03 14:00'."
        )
    wanted_fields |= {name: value for name, value in fields.items() if value is not None}
    try:
        wanted = MeetingUpdate.model_validate(wanted_fields)
    except ValidationError as error:
        raise InvalidInput(problems_of(error)) from error
    at_version = version or bootstrap.container().reading.meeting(reference).version
    return asking(
        lambda preview, choice: bootstrap.container().meetings.update(
            reference,
            wanted,
            caller=CALLER,
            version=at_version,
            notify=notify,
            dry_run=preview,
            linked=choice,
            reason=given.reason,
            remark=given.remark,
        ),
        linked,
    )


@click.command(name="cancel")
@click.argument("reference")
@previewed
@explained
def cancel(reference: str, given: Given) -> Callable[[bool], Effect]:
    """Cancel a meeting and tell everyone who was invited.

    Nothing else goes out.
    """
    return lambda preview: bootstrap.container().meetings.cancel(
        reference, caller=CALLER, reason=given.reason, remark=given.remark, dry_run=preview
    )


@click.command(name="reinstate")
@click.argument("reference")
@previewed
@explained
def reinstate(reference: str, given: Given) -> Callable[[bool], Effect]:
    """Let a cancelled meeting take place after all.

    Everybody is told, and asked again.
    """
    return lambda preview: bootstrap.container().meetings.reinstate(
        reference, caller=CALLER, reason=given.reason, remark=given.remark, dry_run=preview
    )


@click.command(name="conclude")
@click.argument("reference")
@previewed
def conclude(reference: str) -> Callable[[bool], Effect]:
    """Conclude a meeting that has begun.

    At its end this happens by itself.
    """
    return lambda preview: bootstrap.container().meetings.conclude(reference, caller=CALLER, dry_run=preview)


@click.command(name="join-link")
@click.argument("reference")
@click.argument("join_url")
@previewed
def join_link(reference: str, join_url: str) -> Callable[[bool], Effect]:
    """Enter a join link by hand.

    Invitations that wait for one go out at once.
    """
    return lambda preview: bootstrap.container().meetings.enter_join_link(
        reference, join_url, caller=CALLER, dry_run=preview
    )


@click.command(name="move-mailbox")
@click.argument("reference")
@previewed
def move_mailbox(reference: str) -> Callable[[bool], Effect]:
    """Let attendees answer to the mailbox that is set now.

    For a meeting published before ORCHESTRATOR_ORGANIZER_ADDRESS changed.
    """
    return lambda preview: bootstrap.container().meetings.move_mailbox(
        reference, caller=CALLER, dry_run=preview
    )


@click.command(name="remove")
@click.argument("reference")
@click.argument("attendee")
@previewed
@explained
def remove(reference: str, attendee: str, given: Given) -> Callable[[bool], Effect]:
    """Take an ATTENDEE, an address or id, out of a meeting.

    They are told, and why; the meeting itself goes on.
    """
    found = bootstrap.container()
    person = Remove(email_of(found.reading.meeting(reference).attendees, attendee))
    return lambda preview: found.meetings.edit(
        reference, person, caller=CALLER, reason=given.reason, remark=given.remark, dry_run=preview
    )


@click.command(name="invite-again")
@click.argument("reference")
@click.argument("attendee")
@previewed
def invite_again(reference: str, attendee: str) -> Callable[[bool], Effect]:
    """Invite an ATTENDEE again who was removed."""
    return lambda preview: bootstrap.container().meetings.invite_again(
        reference, attendee, caller=CALLER, dry_run=preview
    )
