"""What ``orchestrator up`` shows: the example, and what goes out."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from orchestrator.bootstrap import Container, in_url
from orchestrator.demo.clock import wait_until_quiet
from orchestrator.domain.people.caller import SERVICE
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.services.meetings.event_views import EventView
from orchestrator.services.meetings.views import MeetingSummary
from orchestrator.services.timelines.views import ActionView
from orchestrator.supervisor import Supervisor
from orchestrator.terminal import STATE_MARKS, out
from orchestrator.words import maybe, say

PURPOSE_WORDS = {
    "invitation": "Invitation",
    "update": "Updated invitation",
    "reminder": "Reminder",
    "cancellation": "Cancellation",
    "minutes": "Minutes",
    "alert": "Alert",
    "letter": "Letter of the coordinator",
    "notice": "Notice",
    "chaser": "Chaser",
    "connection-test": "Connectivity test",
    "date-poll": "Date poll",
    "save-the-date": "Save the date",
    "again": "Invitation once more",
    "refusal": "Time unchanged",
    "answered-for": "Who answered for an attendee",
    "digest": "Status of the meeting",
}


def show_running(container: Container, *, example: bool, start: date | None) -> None:
    """Say that the service runs, and load and show the example when it is wanted."""
    settings = container.settings
    out.rule("Meeting orchestrator")
    web = f"http://{in_url(settings.host)}:{settings.port}"
    out.print(f"Console      {web}/")
    out.print(f"API          {web}/api/v1   token in {settings.data_dir}/api-token")
    out.print(f"Sandbox      no mail leaves this machine; caught mails are in {settings.data_dir}/outbox")
    if example:
        _publish_example(container, start)
        wait_until_quiet(container)
        for meeting in container.reading.meetings():
            _show_life(container, meeting)
        for event in container.event_reading.events():
            if event.planned:
                _show_planned(event)
        out.print("\nLet the invited answer:  orchestrator sandbox answer")
        out.print("Move the clock:          orchestrator sandbox advance --to-next   (or --by P1D)")
    out.print("Stop with Ctrl-C.")


def _publish_example(container: Container, start: date | None) -> None:
    try:
        created = container.examples.load(ACCSM21.read_text("utf-8"), start, caller=SERVICE)
    except Conflict:
        out.print("\nThe example is there already.")
        return
    # The later events stand there with their month: nothing leaves for them before their sessions have a day.
    for event in created.events:
        if event.sessions:
            container.events.publish(event.reference, caller=SERVICE)
    for item in created.meetings:
        container.meetings.publish(item.reference, caller=SERVICE)
    for item in created.drafts:
        if item.left_out:
            out.print(f"\nLeft out of {item.reference}: {', '.join(item.left_out)}")


def _show_planned(event: EventView) -> None:
    """Print an event whose days are not known yet, and which sessions it will have."""
    out.print(f"\n{event.reference}  {event.title_en}", style="bold", soft_wrap=True)
    out.print(f"  planned for {event.month}", soft_wrap=True)
    for item in event.planned:
        out.print(f"  · {item.reference:<26} {item.invited} people", soft_wrap=True)


def _show_life(container: Container, meeting: MeetingSummary) -> None:
    """Print what happened for a meeting and what comes next, in the order of its plan."""
    out.print(f"\n{meeting.reference}  {meeting.title_en}", style="bold", soft_wrap=True)
    out.print(f"  {meeting.host_time}, {meeting.status}", soft_wrap=True)
    groups: dict[tuple[str, str], list[ActionView]] = defaultdict(list)
    for item in container.reading.plan(meeting.reference):
        if item.kind != ActionKind.LOOK:
            groups[item.state, say(item.what)].append(item)
    for (state, what), found in groups.items():
        mark = STATE_MARKS[state].partition(" ")[0]
        out.print(f"  {mark} {what:<26} {_to_whom(found)}, {_when(found)}", soft_wrap=True)


def _to_whom(found: Sequence[ActionView]) -> str:
    people = sum(item.recipient_email is not None for item in found)
    return f"{people} people" if people else "by itself"


def _when(found: Sequence[ActionView]) -> str:
    first, last = found[0], found[-1]
    if first.state != ActionState.SCHEDULED:
        return maybe(first.reason) or first.state
    same = first.due_at == last.due_at
    return f"{first.due}" if same else f"{first.due} to {last.due.clock} {last.due.city} ({last.due.offset})"


def follow(container: Container, processes: Supervisor, stop: threading.Event) -> None:
    """Keep the processes running and print what goes out, until ``stop`` is set."""
    shown_until = container.clock.now()
    while not stop.wait(1.0):
        processes.watch()
        now = container.clock.now()
        for (meeting, purpose), count in container.reading.sent_between(shown_until, now).items():
            out.print(f"{now:%Y-%m-%d %H:%M} UTC  {PURPOSE_WORDS[purpose]} to {count}: {meeting}")
        shown_until = now
    out.print("\nStopping …")
