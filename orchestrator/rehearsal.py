"""Living through a meeting on the sandbox clock, and showing in the terminal what goes out."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from orchestrator.bootstrap import Container
from orchestrator.domain.actions import ActionKind, ActionState
from orchestrator.domain.timeline import Step
from orchestrator.domain.zones import local_time
from orchestrator.errors import Conflict, OrchestratorError
from orchestrator.services.examples import ACCSM21
from orchestrator.services.views import ActionView, AttendeeView, MeetingSummary, MeetingView
from orchestrator.supervisor import Supervisor, free_ports, running
from orchestrator.terminal import STATE_MARKS, out, table

_ACTOR = "rehearsal"
_QUIET_TIMEOUT = 180.0
_SHORT = timedelta(minutes=1)
_MINUTES = """# Minutes (rehearsal)

1. The agenda was adopted as circulated.
2. The meeting took note of the reports.
3. The meeting thanked Viet Nam for its arrangements.
"""
_PURPOSE_WORDS = {
    "invitation": "Invitation", "update": "Updated invitation", "reminder": "Reminder",
    "cancellation": "Cancellation", "minutes": "Minutes", "alert": "Alert",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaughtLine:
    """A caught mail as the command line lists it."""

    key: str
    received_at: datetime
    recipient: str
    subject: str


def caught(container: Container) -> list[CaughtLine]:
    """Return the mails that the sandbox has caught, oldest first; none in production."""
    outbox = container.outbox
    mails = outbox.all() if outbox else []
    return [CaughtLine(item.key, item.received_at, item.recipient, _subject(item.content)) for item in mails]


def _subject(content: bytes) -> str:
    head = content.partition(b"\r\n\r\n")[0]
    return str(message_from_bytes(head, policy=policy.default)["Subject"] or "")


# The clock


def advance(container: Container, length: timedelta | None) -> Iterator[str]:
    """Move the sandbox clock to the next due action, or by ``length``, and say what happened.

    Everything that falls due on the way is done at its time, as if the time had passed. Raises
    ``ConfigurationError`` when no sandbox is running and ``Conflict`` when the queue does not move.
    """
    _ = container.endpoints  # Without workers nothing would be done on the way.
    clock = container.sandbox_clock
    wait_until_quiet(container)
    end = clock.now() + length if length is not None else None
    while True:
        due = container.reading.next_due()
        if due is None and end is None:
            yield "Nothing is planned; the clock stays where it is."
            return
        target = end if due is None or (end is not None and due > end) else due
        if target is None:
            return
        before = Counter(container.reading.counts())
        clock.move_to(max(target, clock.now()))
        container.wake_up.notify()
        wait_until_quiet(container)
        yield _what_happened(target, before, Counter(container.reading.counts()))
        if end is None or target == end:
            return


def _what_happened(at: datetime, before: Counter[str], after: Counter[str]) -> str:
    ended = {
        state: after[state] - before[state]
        for state in (ActionState.SUCCEEDED, ActionState.MISSED, ActionState.FAILED)
        if after[state] > before[state]
    }
    done = ", ".join(f"{count} {state}" for state, count in ended.items()) or "nothing was due"
    return f"{at:%Y-%m-%d %H:%M} UTC: {done}"


def wait_until_quiet(container: Container) -> None:
    """Wait until nothing is due or in hand; raises ``Conflict`` when the queue does not move."""
    pause = threading.Event()
    waited = 0.0
    while container.reading.busy():
        if waited > _QUIET_TIMEOUT:
            raise Conflict("The queue does not move. Look into run/worker.log and run/beat.log.")
        pause.wait(0.05)
        waited += 0.05


# What `up` shows


def show_running(container: Container, *, example: bool, start: date | None) -> None:
    """Say that the service runs, and load and show the example when it is wanted."""
    settings = container.settings
    out.rule("Meeting orchestrator")
    out.print(f"Console      http://{settings.host}:{settings.port}/")
    out.print(
        f"API          http://{settings.host}:{settings.port}/api/v1   token in {settings.data_dir}/api-token"
    )
    out.print(f"Sandbox      no mail leaves this machine; caught mails are in {settings.data_dir}/outbox")
    if example:
        _publish_example(container, start)
        wait_until_quiet(container)
        for meeting in container.reading.meetings():
            _show_life(container, meeting)
        out.print("\nMove the clock:  orchestrator sandbox advance --to-next   (or --by P1D)")
    out.print("Stop with Ctrl-C.")


def _publish_example(container: Container, start: date | None) -> None:
    try:
        created = container.examples.load(ACCSM21.read_text("utf-8"), start, actor=_ACTOR)
    except Conflict:
        out.print("\nThe example is there already.")
        return
    for item in created:
        container.meetings.publish(item.reference, actor=_ACTOR)
        if item.left_out:
            out.print(f"\nLeft out of {item.reference}: {', '.join(item.left_out)}")


def _show_life(container: Container, meeting: MeetingSummary) -> None:
    """Print what happened for a meeting and what comes next, in the order of its plan."""
    out.print(f"\n{meeting.reference}  {meeting.title_en}", style="bold", soft_wrap=True)
    out.print(f"  {meeting.host_time}, {meeting.status}", soft_wrap=True)
    groups: dict[tuple[str, str], list[ActionView]] = defaultdict(list)
    for item in container.reading.plan(meeting.reference):
        if item.kind != ActionKind.LINK_ALERT:
            groups[item.state, item.what].append(item)
    for (state, what), found in groups.items():
        mark = STATE_MARKS[state].partition(" ")[0]
        out.print(f"  {mark} {what:<26} {_to_whom(found)}, {_when(found)}", soft_wrap=True)


def _to_whom(found: Sequence[ActionView]) -> str:
    people = sum(item.recipient_email is not None for item in found)
    return f"{people} people" if people else "by itself"


def _when(found: Sequence[ActionView]) -> str:
    first, last = found[0], found[-1]
    if first.state != ActionState.SCHEDULED:
        return str(first.reason or first.state)
    same = first.due_at == last.due_at
    return f"{first.due}" if same else f"{first.due} to {last.due.clock} {last.due.city} ({last.due.offset})"


def follow(container: Container, processes: Supervisor, stop: threading.Event) -> None:
    """Keep the processes running and print what goes out, until ``stop`` is set."""
    shown_until = container.clock.now()
    while not stop.wait(1.0):
        processes.watch()
        now = container.clock.now()
        for (meeting, purpose), count in container.reading.sent_between(shown_until, now).items():
            out.print(f"{now:%Y-%m-%d %H:%M} UTC  {_PURPOSE_WORDS[purpose]} to {count}: {meeting}")
        shown_until = now
    out.print("\nStopping …")


# The rehearsal


@dataclass(frozen=True, slots=True)
class Expected:
    """A mail that must have come, once: what, for whom, and at which instant if one is fixed."""

    what: str
    recipient: str
    subject: str
    at: datetime | None


def rehearse(container: Container, start: date | None) -> bool:
    """Take the example through its whole life in a folder of its own; true when nothing is missing."""
    stop = threading.Event()
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        changed = {"data_dir": Path(folder), "port": free_ports(1)[0]}
        own = Container(container.settings.model_copy(update=changed))
        own.database.upgrade()
        try:
            with running(own.settings, stop):
                return _live_through(own, start)
        finally:
            own.database.dispose()


def _live_through(container: Container, start: date | None) -> bool:
    created = container.examples.load(ACCSM21.read_text("utf-8"), start, actor=_ACTOR)
    references = [item.reference for item in created]
    for reference in references:
        outcome = container.meetings.publish(reference, actor=_ACTOR)
        out.print(f"Published {reference}: {outcome.count('invite')} invitations are planned")
    for reference in references:
        end = container.reading.meeting(reference).ends_at + _SHORT
        for _ in advance(container, end - container.clock.now()):
            pass
        container.minutes.attach(reference, "minutes.md", _MINUTES.encode(), actor=_ACTOR)
        wait_until_quiet(container)
    _print_messages(container, references)
    return _judge(container, references)


def _print_messages(container: Container, references: Iterable[str]) -> None:
    people = _people(container, references)
    made = table("In the recipient's time", "To", "What")
    for item in caught(container):
        person = people[item.recipient]
        place = container.directory.get(person.delegation).place
        made.add_row(
            str(local_time(item.received_at, place)), f"{person.delegation} {person.name}", item.subject
        )
    out.print(made)


def _people(container: Container, references: Iterable[str]) -> dict[str, AttendeeView]:
    return {
        person.email: person
        for reference in references
        for person in container.reading.meeting(reference).attendees
    }


def _judge(container: Container, references: Sequence[str]) -> bool:
    """Hold the mails that came against what the timeline promises, computed anew from its steps."""
    found = [(item.recipient, item.subject, item.received_at) for item in caught(container)]
    wanted = [
        each
        for reference in references
        for each in _expected(container, container.reading.meeting(reference))
    ]
    missing = [item for item in wanted if sum(_matches(item, *mail) for mail in found) != 1]
    for item in missing:
        when = f" at {item.at:%Y-%m-%d %H:%M} UTC" if item.at else ""
        count = sum(_matches(item, *mail) for mail in found)
        out.print(f"× {item.what} to {item.recipient}{when}: came {count} times", style="red")
    surplus = len(found) - len(wanted)
    failed = [item for item in container.reading.actions() if item.state in ("failed", "missed")]
    out.print(
        f"{len(found)} mails came, {len(wanted)} were expected, {len(missing)} missing or repeated, "
        f"{len(failed)} actions failed or missed."
    )
    return not missing and not surplus and not failed


def _expected(container: Container, meeting: MeetingView) -> Iterator[Expected]:
    for person in meeting.attendees:
        yield Expected("Invitation", person.email, f"Invitation: {meeting.title_en}", None)
        yield Expected("Minutes", person.email, f"Minutes: {meeting.title_en}", None)
        for step in container.timelines[meeting.timeline].steps:
            if step.do is ActionKind.REMIND:
                yield _expected_reminder(container, meeting, person, step)


def _expected_reminder(
    container: Container, meeting: MeetingView, person: AttendeeView, step: Step
) -> Expected:
    if step.at is None:
        raise OrchestratorError(f"step {step.name} has no offset")
    zone_name = container.directory.get(person.delegation).zone
    at = step.at.instant(meeting.starts_at, meeting.ends_at, zone_name)
    return Expected(f"Reminder {step.id}", person.email, f"Reminder: {meeting.title_en}", at)


def _matches(wanted: Expected, recipient: str, subject: str, received_at: datetime) -> bool:
    if recipient != wanted.recipient or not subject.startswith(wanted.subject):
        return False
    return wanted.at is None or wanted.at <= received_at < wanted.at + _SHORT
