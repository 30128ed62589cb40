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
from rich.padding import Padding
from rich.table import Table

from orchestrator import words
from orchestrator.domain.readiness.readiness import Aspect
from orchestrator.domain.time.zones import LocalTime
from orchestrator.domain.timelines.actions import ActionKind
from orchestrator.facts import Fact
from orchestrator.services.answers.quarantine import Explanation
from orchestrator.services.answers.views import IncomingView
from orchestrator.services.meetings.views import (
    AttendeeView,
    DeliveryView,
    MeetingSummary,
    MeetingView,
    OutcomeView,
    ResponseView,
)
from orchestrator.services.readiness.readiness import Board, CellView, DelegationReadiness, SlotView
from orchestrator.services.timelines.explaining import WHAT
from orchestrator.services.timelines.timelines import TimelineView
from orchestrator.services.timelines.views import ActionView, Consequence, Outcome

# What is printed is other people's text, so nothing in it is markup. A pipe or a log has no width to
# respect, and wrapped lines are hard to search.
_WIDE = 180
out = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else _WIDE)
err = Console(
    stderr=True, highlight=False, markup=False, emoji=False, width=None if sys.stderr.isatty() else _WIDE
)

STATE_MARKS = {
    "blocked": "… blocked",
    "scheduled": "→ scheduled",
    "claimed": "→ claimed",
    "running": "→ running",
    "succeeded": "✓ succeeded",
    "missed": "! missed",
    "cancelled": "– cancelled",
    "failed": "× failed",
    "sent": "✓ sent",
    "sending": "? unknown",
    "deferred": "→ deferred",
    "bounced": "× bounced",
}
READINESS_MARKS = {
    "in": "✓ in",
    "waived": "– waived",
    "missing": "◌ missing",
    "failed": "× failed",
    "not yet": "… not yet",
    "not asked for": "–",
}
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
    if isinstance(value, Fact):
        return words.say(value)
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


def short_time(when: LocalTime) -> str:
    """Return ``Thu 28 Jan 09:00``, where the year and the place stand beside it."""
    weekday, day, month, _ = when.date.split()
    return f"{weekday[:3]} {day} {month[:3]} {when.clock}"


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
            out.print(f"! {item.reference}: {sentence}", style="yellow")


def status_words(item: MeetingSummary) -> str:
    """Return the status of a meeting; a published one may only have announced its date."""
    return "save-the-date" if item.tentative else item.status


def next_words(item: MeetingSummary) -> str:
    """Return what happens next and when at the host's; nothing where nothing comes."""
    if item.next_action is None:
        return ""
    kind = ActionKind(item.next_action)
    what = "Save-the-date" if item.tentative and kind is ActionKind.INVITE else WHAT[kind]
    return f"{what}, {item.next_due}"


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
        ("Status", status_words(item)),
        ("When", f"{item.host_time} – {item.host_end.clock}"),
        ("Link", item.join_url or "none yet"),
        ("Host", f"{item.host_name}; {item.coordinator_name} <{item.coordinator_email}>"),
        ("Answers", answers(item.answers)),
        ("Next", next_words(item) or "nothing"),
    ):
        facts.add_row(label, value)
    out.print(facts)
    for sentence in item.attention:
        out.print(f"! {sentence}", style="yellow")
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


def answer_words(person: AttendeeView) -> str:
    """Return an attendee's answer with its mark."""
    mark = ANSWER_MARKS[person.participation]
    return f"{mark} to {person.delegated_to}" if person.delegated_to else mark


def show_actions(actions: Iterable[ActionView], *, with_meeting: bool = False) -> None:
    """Print actions with their state, recipient and local time."""
    made = table("Id", *(["Meeting"] if with_meeting else []), "State", "What", "To", "Local time", "Why")
    for item in actions:
        why = "; ".join(filter(None, (item.reason or item.why, item.note)))
        made.add_row(
            str(item.id),
            *([item.meeting] if with_meeting else []),
            STATE_MARKS[item.state],
            item.what,
            recipient(item),
            str(item.due),
            why,
        )
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
            str(item.id),
            f"{item.at:%Y-%m-%d %H:%M}",
            who,
            response_words(item),
            item.comment or "",
            f"{item.channel}, {item.by}",
        )
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
            str(item.id),
            f"{item.received_at:%Y-%m-%d %H:%M}",
            item.sender or "",
            item.subject,
            item.outcome,
            item.reason,
        )
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


def show_outcome(outcome: Outcome) -> None:
    """Print what a use case does: totals first, then who gets what and when."""
    if outcome.consequences:
        _show_consequences(outcome.consequences)
    else:
        out.print("Nothing follows from this; nobody is told anything.")
    if outcome.later:
        out.print("\nLater, when the announced date is confirmed by itself", style="bold")
        _show_consequences(outcome.later)
    show_warnings(outcome.warnings)


_EFFECTS = {"new": "planned", "moved": "moved", "cancelled": "cancelled", "skipped": "left out"}
_NAMES = 40
"""Of more people at one moment than this, only their number is shown for each delegation."""


def _show_consequences(consequences: Sequence[Consequence]) -> None:
    totals = Counter(_heading(item) for item in consequences)
    for heading, count in totals.items():
        out.print(f"{count:>5} × {heading}")
    for heading in totals:
        out.print(f"\n{heading}", style="bold")
        moments: dict[tuple[object, ...], list[Consequence]] = {}
        for item in consequences:
            if _heading(item) == heading:
                moments.setdefault(_moment(item), []).append(item)
        for together in moments.values():
            _show_moment(together)


def _heading(item: Consequence) -> str:
    return f"{what_words(item)}: {_EFFECTS[item.effect]}"


def _moment(item: Consequence) -> tuple[object, ...]:
    """What those have in common who get something at the same hour by their own clocks, for one reason."""
    return (item.when and (item.when.day, item.when.clock), item.reason)


def _show_moment(together: Sequence[Consequence]) -> None:
    """Print one moment of one thing: when, to whom, and why then, or why not."""
    places = {str(item.when): item.when for item in together if item.when}
    when = " or ".join(places) or "at once"
    if len(places) > 1:
        one = next(iter(places.values()))
        when = f"{one.date}, {one.clock} where they are"
    _indented(when, 2)
    people = _people(together)
    if people:
        _indented(people, 4)
    if together[0].reason:
        _indented(together[0].reason, 4, style="yellow")


def _indented(text: str, by: int, *, style: str | None = None) -> None:
    out.print(Padding(text, (0, 0, 0, by), expand=False), style=style)


def _people(together: Sequence[Consequence]) -> str:
    """Return who gets it, by delegation; nothing for what the service does by itself."""
    named: dict[str, list[str]] = {}
    for item in together:
        if item.recipient_name:
            named.setdefault(item.delegation or "", []).append(item.recipient_name)
        elif item.kind in _FOR_COORDINATOR:
            named.setdefault("", []).append("coordinator")
    if sum(map(len, named.values())) > _NAMES:
        return ", ".join(f"{code} {len(names)}" for code, names in named.items())
    return "; ".join(f"{', '.join(names)} ({code})" if code else names[0] for code, names in named.items())


def show_warnings(warnings: Iterable[str]) -> None:
    """Print what somebody should know, one line each."""
    for sentence in warnings:
        out.print(f"! {sentence}", style="yellow")


def show_outcomes(outcomes: Sequence[OutcomeView]) -> None:
    """Print what a meeting has decided, by number."""
    made = table("", "Outcome", "State", "By")
    for item in outcomes:
        made.add_row(str(item.number), item.text, "! open" if item.is_open else "✓ agreed", item.by)
    out.print(made if outcomes else "No outcome is recorded.")


def what_words(item: Consequence) -> str:
    """Return what happens, with the meeting where it is another than the one that was changed."""
    return f"{item.meeting}: {item.what}" if item.meeting else item.what


_FOR_COORDINATOR = {"remind", "notice", "chase", "digest", "decline-alert", "link-alert"}
"""Kinds of mail that go to the coordinator where they are for no attendee."""


def recipient(item: ActionView) -> str:
    """Return who gets it; what nobody gets is done by the service."""
    if item.recipient_name:
        return f"{item.recipient_name} ({item.delegation})"
    return "coordinator" if item.kind in _FOR_COORDINATOR else "service"


def show_board(board: Board, aspects: Sequence[str]) -> None:
    """Print how ready the delegations are; what nobody is asked for is left out."""
    shown = [name for name in aspects if board.tally[name].of]
    counted = (f"{board.tally[name].settled} of {board.tally[name].of} {name}" for name in shown)
    out.print(", ".join(counted) or "Nothing is asked for.", style="bold")
    made = table("", "Delegation", *(name.capitalize() for name in shown))
    for column in made.columns[2:]:
        column.no_wrap = True
    for item in board.delegations:
        made.add_row(item.code, item.name, *(_cell_mark(item.cells[name]) for name in shown))
    out.print(made)
    more = table("", "")
    more.show_header = False
    for item in board.delegations:
        said = [*_cell_details(item, shown), *_nudge_words(item)]
        if said:
            more.add_row(item.code, "\n".join(said))
    if more.row_count:
        out.print()
        out.print(more)


def _cell_mark(cell: CellView) -> str:
    return ANSWER_MARKS.get(cell.state) or READINESS_MARKS[cell.state]


def _cell_details(item: DelegationReadiness, aspects: Sequence[str]) -> list[str]:
    """What is said beside the marks: who has not answered, notes, to whom the link has not gone."""
    said = {name: ", ".join(item.cells[name].details) for name in aspects}
    if item.cells[Aspect.LINK].settled:
        said.pop(Aspect.LINK, None)
    return [words if name == Aspect.ANSWER else f"{name}: {words}" for name, words in said.items() if words]


def _nudge_words(item: DelegationReadiness) -> list[str]:
    if not item.nudge_to:
        return []
    last = f", last on {item.nudged_at.date}, {item.nudged_at.clock}" if item.nudged_at else ""
    return [f"nudge: {', '.join(person.name for person in item.nudge_to)}{last}"]


def show_slots(slots: Sequence[SlotView]) -> None:
    """Print when delegations try their connection, in their own time and at the host's."""
    made = table("", "Delegation", "Their time", "At the host's", "")
    for item in slots:
        begin, clocks = item.starts, f"{item.starts.clock}–{item.ends.clock}"
        made.add_row(
            item.delegation,
            item.delegation_name,
            f"{begin.date}, {clocks} {begin.city} ({begin.offset})",
            item.host_starts.clock,
            item.note or "",
        )
    out.print(made if slots else "No connectivity test is planned.")


def show_timelines(timelines: Sequence[TimelineView]) -> None:
    """Print the timelines that meetings can name."""
    made = table("Name", "Title", "For meetings of the kind", "Steps")
    for item in timelines:
        made.add_row(item.name, item.title, ", ".join(item.kinds), str(len(item.steps)))
    out.print(made)
