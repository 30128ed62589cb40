"""Printing meetings, and what they have decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.services.meetings.event_views import CreatedEvent, CreatedFile, EventView
from orchestrator.services.meetings.views import (
    AttendeeView,
    Created,
    DecisionView,
    MeetingSummary,
    MeetingView,
)
from orchestrator.terminal import ANSWER_MARKS, answers, out, show_warnings, table
from orchestrator.terminal import as_json as as_json_text
from orchestrator.words import maybe, say


def show_created(created: CreatedFile, *, as_json: bool) -> None:
    """Print what was made of a file, and what comes next; for scripts, its drafts."""
    if as_json:
        click.echo(as_json_text(created.drafts))
        return
    for event in created.events:
        show_created_event(event)
    for item in created.meetings:
        _show_draft(item, "meeting", item.reference)


def show_created_event(event: CreatedEvent) -> None:
    """Print the sessions that were made of an event, drafts and those that wait for their day."""
    for item in event.sessions:
        _show_draft(item, "event", event.reference)
    for reference in event.planned:
        out.print(
            f"Planned {reference}. Once its day is known: orchestrator event date {event.reference} "
            f"{reference} --start TIME"
        )


def _show_draft(item: Created, group: str, name: str) -> None:
    out.print(f"Created {item.reference} as a draft. Next: orchestrator {group} publish {name}")
    if item.left_out:
        out.print(f"  Left out, as not taking part on that date: {', '.join(item.left_out)}")
    show_warnings(item.warnings)


def show_events(events: Sequence[EventView]) -> None:
    """Print the list of events, or what to do when there is none."""
    if not events:
        out.print("There is no event of several sessions yet. Create one: orchestrator event create FILE")
        return
    made = table("Event", "When", "Sessions", "To publish", "Without a day")
    for item in events:
        made.add_row(
            item.reference,
            event_days(item),
            str(len(item.sessions)),
            str(len(item.drafts)),
            str(len(item.planned)),
        )
    out.print(made)


def event_days(event: EventView) -> str:
    """Return the days of an event at the host's, else the month that it is planned for."""
    days = [item.host_time.day for item in event.sessions if item.host_time]
    if not days:
        return f"planned for {event.month}"
    first, last = min(days), max(days)
    return str(first) if first == last else f"{first} to {last}"


def show_event(event: EventView) -> None:
    """Print one event with its sessions."""
    out.print(event.title_en, style="bold")
    if event.title_vi:
        out.print(event.title_vi)
    out.print(f"{event.reference}, version {event.version}; {event_days(event)}")
    made = table("", "Session", "Status", "When, at the host's", "Invited")
    for item in event.sessions:
        when = str(item.host_time) if item.host_time else f"in {event.month}"
        made.add_row("leads" if item.leads else "", item.reference, item.status, when, str(item.invited))
    out.print(made)
    for line in event.history:
        detail = f": {maybe(line.detail)}" if line.detail else ""
        out.print(f"{line.at:%Y-%m-%d %H:%M} UTC  {say(line.what)}, by {line.actor}{detail}")


def show_meetings(meetings: Sequence[MeetingSummary]) -> None:
    """Print the list of meetings, or what to do when there is none."""
    if not meetings:
        out.print("There is no meeting yet. Create one: orchestrator meeting create FILE")
        return
    made = table("Reference", "Status", "When, at the host's", "Invited", "Answers", "Next")
    for item in meetings:
        made.add_row(
            item.reference,
            status_words(item),
            str(item.host_time),
            str(item.invited),
            answers(item.answers),
            next_words(item),
        )
    out.print(made)
    for item in meetings:
        for sentence in item.attention:
            out.print(f"! {item.reference}: {say(sentence)}", style="yellow")


def status_words(item: MeetingSummary) -> str:
    """Return the status of a meeting; a published one may only have announced its date."""
    return "save-the-date" if item.tentative else item.status


def next_words(item: MeetingSummary) -> str:
    """Return what happens next and when at the host's; nothing where nothing comes."""
    if item.next_action is None:
        return ""
    kind = ActionKind(item.next_action)
    what = "Save-the-date" if item.tentative and kind is ActionKind.INVITE else say(kind.rules.words)
    return f"{what}, {item.next_due}"


def show_meeting(item: MeetingView) -> None:
    """Print one meeting."""
    out.print(item.title_en, style="bold")
    if item.title_vi:
        out.print(item.title_vi)
    facts = table("", "")
    facts.show_header = False
    for label, value in (
        ("Reference", f"{item.reference}, version {item.version}"),
        ("Status", status_words(item)),
        ("When", f"{item.host_time} – {item.host_end.clock}"),
        *_where(item),
        ("Host", f"{item.host_name}; {item.coordinator_name} <{item.coordinator_email}>"),
        ("Answers", answers(item.answers)),
        ("Next", next_words(item) or "nothing"),
    ):
        facts.add_row(label, value)
    out.print(facts)
    for sentence in item.attention:
        out.print(f"! {say(sentence)}", style="yellow")
    people = table("", "Delegation", "Name", "Role", "Answer", "Comment")
    for person in item.attendees:
        people.add_row(
            person.delegation,
            person.delegation_name,
            person.name,
            person.role,
            answer_words(person),
            person.comment or "",
        )
    out.print()
    out.print(people)


def _where(item: MeetingView) -> Iterator[tuple[str, str]]:
    """Return how and where a meeting takes place, line by line."""
    yield "Form", item.mode.value
    if item.venue is not None:
        yield "Venue", item.where.line
        for label, value in (("Arrivals", item.venue.arrivals), ("Emergency", item.venue.emergency)):
            if value:
                yield label, value
    if item.mode.has_link:
        yield "Link", item.join_url or "none yet"


def answer_words(person: AttendeeView) -> str:
    """Return an attendee's answer with its mark."""
    mark = ANSWER_MARKS[person.participation]
    return f"{mark} to {person.delegated_to}" if person.delegated_to else mark


def show_decisions(decisions: Sequence[DecisionView]) -> None:
    """Print what a meeting has decided, by number."""
    made = table("", "Decision", "State", "By")
    for item in decisions:
        made.add_row(str(item.number), item.text, "! open" if item.is_open else "✓ agreed", item.by)
    out.print(made if decisions else "No decision is recorded.")
