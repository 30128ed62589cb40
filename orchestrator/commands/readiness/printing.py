"""Printing how ready delegations are, and when they try their connection."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.domain.meetings.place import Mode
from orchestrator.domain.readiness.readiness import ANSWERED, LINK
from orchestrator.services.readiness.views import Board, CellView, ConnectionTestView, DelegationReadiness
from orchestrator.terminal import ANSWER_MARKS, out, table
from orchestrator.words import maybe, say

READINESS_MARKS = {
    "in": "✓ in",
    "waived": "– waived",
    "missing": "◌ missing",
    "failed": "× failed",
    "not yet": "… not yet",
    "not asked for": "–",
}


def show_board(board: Board, aspects: Sequence[str], mode: Mode) -> None:
    """Print how ready the delegations are; what nobody is asked for is left out.

    In person nobody has a link, but an invitation.
    """
    called = {} if mode.has_link else {LINK: "invitation"}
    shown = [name for name in aspects if board.tally[name].of]
    counted = (
        f"{board.tally[name].settled} of {board.tally[name].of} {called.get(name, name)}" for name in shown
    )
    out.print(", ".join(counted) or "Nothing is asked for.", style="bold")
    made = table("", "Delegation", *(called.get(name, name).capitalize() for name in shown))
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
    said = {name: ", ".join(map(say, item.cells[name].details)) for name in aspects}
    if item.cells[LINK].settled:
        said.pop(LINK, None)
    return [words if name == ANSWERED else f"{name}: {words}" for name, words in said.items() if words]


def _nudge_words(item: DelegationReadiness) -> list[str]:
    if not item.nudge_to:
        return []
    last = f", last on {item.nudged_at.date}, {item.nudged_at.clock}" if item.nudged_at else ""
    return [f"nudge: {', '.join(person.name for person in item.nudge_to)}{last}"]


def show_connection_tests(tests: Sequence[ConnectionTestView]) -> None:
    """Print when delegations try their connection, in their own time and at the host's."""
    made = table("", "Delegation", "Their time", "At the host's", "")
    for item in tests:
        begin, clocks = item.starts, f"{item.starts.clock}–{item.ends.clock}"
        made.add_row(
            item.delegation,
            item.delegation_name,
            f"{begin.date}, {clocks} {begin.city} ({begin.offset})",
            item.host_starts.clock,
            maybe(item.note) or "",
        )
    out.print(made if tests else "No connectivity test is planned.")
