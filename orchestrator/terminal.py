"""How the command line shows things: tables for people, JSON for scripts."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from orchestrator.domain.zones import LocalTime
from orchestrator.services.quarantine import Explanation
from orchestrator.services.views import (
    ActionView,
    AttendeeView,
    Consequence,
    DeliveryView,
    IncomingView,
    MeetingSummary,
    MeetingView,
    Outcome,
    ResponseView,
)

# What is printed is other people's text, so nothing in it is markup. A pipe or a log has no width to
# respect, and wrapped lines are hard to search.
_WIDE = 180
out = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else _WIDE)
err = Console(
    stderr=True, highlight=False, markup=False, emoji=False, width=None if sys.stderr.isatty() else _WIDE
)

STATE_MARKS = {
    "blocked": "… blocked", "scheduled": "→ scheduled", "claimed": "→ claimed", "running": "→ running",
    "succeeded": "✓ succeeded", "missed": "! missed", "cancelled": "– cancelled", "failed": "× failed",
    "sent": "✓ sent", "sending": "? unknown", "deferred": "→ deferred", "bounced": "× bounced",
}  # fmt: skip
ANSWER_MARKS = {
    "accepted": "● accepted",
    "tentative": "◐ tentative",
    "delegated": "➜ delegated",
    "declined": "⊘ declined",
    "no answer": "◌ no answer",
}


def as_json(value: Any) -> str:
    """Return views as JSON; instants as ISO 8601 in UTC, local times as their parts."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def table(*columns: str) -> Table:
    """Return an empty table in the look of all tables here."""
    made = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def show_meetings(meetings: Sequence[MeetingSummary]) -> None:
    """Print the list of meetings, or what to do when there is none."""
    if not meetings:
        out.print("There is no meeting yet. Create one: orchestrator meeting create FILE")
        return
    made = table("Reference", "Status", "When, at the host's", "Invited", "Answers", "Next")
    for item in meetings:
        made.add_row(
            item.reference, item.status, str(item.host_time), str(item.invited), answers(item.answers),
            f"{item.next_action}, {item.next_due}" if item.next_action else "",
        )  # fmt: skip
    out.print(made)
    for item in meetings:
        for sentence in item.attention:
            out.print(f"! {item.reference}: {sentence}", style="yellow")


def answers(counted: dict[str, int]) -> str:
    """Return ``● 3  ◌ 20`` for the answers so far."""
    return "  ".join(f"{mark[0]} {counted[word]}" for word, mark in ANSWER_MARKS.items() if counted.get(word))


def show_meeting(item: MeetingView) -> None:
    """Print one meeting."""
    out.print(item.title_en, style="bold")
    if item.title_vi:
        out.print(item.title_vi)
    facts = table("", "")
    facts.show_header = False
    for label, value in (
        ("Reference", f"{item.reference}, version {item.version}"),
        ("Status", "save-the-date" if item.tentative else item.status),
        ("When", f"{item.host_time} – {item.host_end.clock}"),
        ("Link", item.join_url or "none yet"),
        ("Host", f"{item.host_name}; {item.coordinator_name} <{item.coordinator_email}>"),
        ("Answers", answers(item.answers)),
        ("Next", f"{item.next_action}, {item.next_due}" if item.next_action else "nothing"),
    ):
        facts.add_row(label, value)
    out.print(facts)
    for sentence in item.attention:
        out.print(f"! {sentence}", style="yellow")
    people = table("", "Delegation", "Name", "Role", "Answer", "Comment")
    for person in item.attendees:
        people.add_row(
            person.delegation, person.delegation_name, person.name, person.role,
            answer_words(person), person.comment or "",
        )  # fmt: skip
    out.print()
    out.print(people)


def answer_words(person: AttendeeView) -> str:
    """Return an attendee's answer with its mark."""
    mark = ANSWER_MARKS[person.participation]
    return f"{mark} to {person.delegated_to}" if person.delegated_to else mark


def show_actions(actions: Iterable[ActionView], *, with_meeting: bool = False) -> None:
    """Print actions with their state, recipient and local time."""
    made = table("Id", *(["Meeting"] if with_meeting else []), "State", "What", "To", "Local time", "Why")
    for item in actions:
        recipient = f"{item.recipient_name} ({item.delegation})" if item.recipient_name else "service"
        why = item.reason or item.why
        made.add_row(
            str(item.id), *([item.meeting] if with_meeting else []), STATE_MARKS[item.state], item.what,
            recipient, str(item.due), why,
        )  # fmt: skip
    out.print(made if made.row_count else "Nothing here.")


def show_deliveries(deliveries: Iterable[DeliveryView]) -> None:
    """Print deliveries, newest first."""
    made = table("State", "What", "To", "Left, in their time", "Answer of the server")
    for item in deliveries:
        who = f"{item.recipient_name} ({item.delegation})" if item.recipient_name else item.recipient
        made.add_row(STATE_MARKS[item.state], item.purpose, who, item.local_time, item.answer or "")
    out.print(made if made.row_count else "Nothing was sent yet.")


def show_responses(responses: Iterable[ResponseView]) -> None:
    """Print what came back for a meeting, newest first."""
    made = table("Id", "At (UTC)", "From", "What", "Comment", "Through")
    for item in responses:
        who = f"{item.name} ({item.delegation})" if item.name else item.by
        made.add_row(
            str(item.id), f"{item.at:%Y-%m-%d %H:%M}", who, response_words(item), item.comment or "",
            f"{item.channel}, {item.by}",
        )  # fmt: skip
    out.print(made if made.row_count else "Nothing has come back yet.")


def response_words(item: ResponseView) -> str:
    """Return what came back, in a few words."""
    if item.kind == "proposal":
        return f"proposes {item.proposed} ({item.state})"
    if item.kind != "answer":
        return item.kind
    words = item.participation or ""
    return f"{words} to {item.delegate}" if item.delegate else words


def show_incoming(mails: Iterable[IncomingView]) -> None:
    """Print mails that came in, newest first."""
    made = table("Id", "Received (UTC)", "From", "Subject", "Outcome", "Why")
    for item in mails:
        made.add_row(
            str(item.id), f"{item.received_at:%Y-%m-%d %H:%M}", item.sender or "", item.subject,
            item.outcome, item.reason,
        )  # fmt: skip
    out.print(made if made.row_count else "No mail has come in.")


def show_mail(item: IncomingView) -> None:
    """Print one mail that came in, and what can be done with it."""
    show_incoming([item])
    if item.text:
        out.print()
        out.print(item.text)
    if item.outcome == "quarantined":
        out.print(f"\nAssign it:   orchestrator mailbox assign {item.id} MEETING EMAIL --as accepted")
        out.print(f"Let it go:   orchestrator mailbox discard {item.id}")


def show_explanations(explanations: Mapping[str, Explanation]) -> None:
    """Print what mails would be read as."""
    made = table("File", "Kind", "From", "Says", "UID", "Trouble")
    for file, item in explanations.items():
        said = " ".join(filter(None, (item.method, item.participation, ", ".join(item.bounced))))
        made.add_row(file, item.sort, item.sender or "", said, item.uid, item.problem or "")
    out.print(made)


def show_outcome(outcome: Outcome, *, limit: int = 60) -> None:
    """Print what a use case does: totals first, then who gets what and when."""
    totals = Counter((item.effect, item.what) for item in outcome.consequences)
    if not totals:
        out.print("Nothing follows from this; nobody is told anything.")
        return
    words = {"new": "planned", "moved": "moved", "cancelled": "cancelled", "skipped": "too late, left out"}
    for (effect, what), count in totals.items():
        out.print(f"{count:>5} × {what}: {words[effect]}")
    made = table("What", "To", "When, in their time", "")
    for item in outcome.consequences[:limit]:
        made.add_row(item.what, recipient(item), when_words(item.when), item.reason or words[item.effect])
    out.print(made)
    if len(outcome.consequences) > limit:
        out.print(f"and {len(outcome.consequences) - limit} more; 'orchestrator meeting plan' shows all")


def recipient(item: Consequence) -> str:
    """Return who gets it."""
    return f"{item.recipient_name} ({item.delegation})" if item.recipient_name else "service"


def when_words(when: LocalTime | None) -> str:
    """Return the local time, or ``at once``."""
    return str(when) if when else "at once"
