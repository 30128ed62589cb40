"""Which command stands where: the commands of all rooms, put together."""

from __future__ import annotations

import click

from orchestrator.commands.answers.attendees import answer, refuse, responses
from orchestrator.commands.answers.mailbox import mailbox
from orchestrator.commands.dates.date_polls import date_poll
from orchestrator.commands.dates.fair_starts import fair_starts
from orchestrator.commands.delegations.calendar import calendar
from orchestrator.commands.delivery.deliveries import deliveries, send_again
from orchestrator.commands.meetings.decisions import decision
from orchestrator.commands.meetings.events import (
    add_session,
    change_event,
    create_event,
    date_session,
    list_events,
    publish_event,
    remove_session,
    show_one_event,
)
from orchestrator.commands.meetings.meetings import (
    cancel,
    conclude,
    create,
    invite_again,
    join_link,
    list_meetings,
    load_example,
    move_mailbox,
    publish,
    reinstate,
    remove,
    show,
    update,
)
from orchestrator.commands.meetings.own_words import letter, note
from orchestrator.commands.minutes.files import files
from orchestrator.commands.minutes.minutes import minutes
from orchestrator.commands.operations.actions import actions
from orchestrator.commands.operations.running import db, demo, doctor_command, up, web
from orchestrator.commands.operations.sandbox import sandbox
from orchestrator.commands.people.sessions import sessions
from orchestrator.commands.personal.links import personal_link
from orchestrator.commands.personal.named import let_in, turn_down, waiting
from orchestrator.commands.readiness.attendance import attendance
from orchestrator.commands.readiness.readiness import connection_test, delegation, readiness
from orchestrator.commands.timelines.mails_ahead import mails_ahead
from orchestrator.commands.timelines.plan import plan
from orchestrator.commands.timelines.timelines import meeting_timeline, timeline


@click.group()
def meeting() -> None:
    """Create, publish, change and end meetings."""


@click.group()
def event() -> None:
    """Create, publish and change events of one or more sessions."""


@click.group()
def attendee() -> None:
    """Record answers of attendees, send to one of them again."""


for command in (
    answer,
    responses,
    refuse,
    send_again,
    personal_link,
    waiting,
    let_in,
    turn_down,
    remove,
    invite_again,
):
    attendee.add_command(command)

for command in (
    *(create_event, list_events, show_one_event, publish_event, change_event),
    *(date_session, add_session, remove_session),
):
    event.add_command(command)

for command in (
    *(create, load_example, list_meetings, show, publish, update, cancel, reinstate, conclude),
    *(plan, mails_ahead, meeting_timeline, deliveries, readiness, join_link, move_mailbox),
    *(attendee, attendance, delegation, connection_test, date_poll, decision, note, letter),
):
    meeting.add_command(command)

ROOMS: tuple[click.Command, ...] = (
    *(meeting, event, files, minutes, mailbox, timeline, calendar, fair_starts),
    *(actions, up, demo, web, sessions, sandbox, doctor_command, db),
)
"""What stands right below the root command."""
