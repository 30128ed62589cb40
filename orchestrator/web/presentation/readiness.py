"""The board: how ready each delegation is."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.meetings.needs import NEEDS
from orchestrator.domain.meetings.place import Mode
from orchestrator.domain.readiness.readiness import ANSWERED, JOINED, LINK
from orchestrator.facts import Said
from orchestrator.services.readiness.views import Board, DelegationReadiness, SettledCount


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A column of the readiness board, with how many delegations are through with it, and of how many."""

    name: str
    heading: Said
    done: Said
    settled: int
    of: int


@dataclass(frozen=True, slots=True)
class BoardTable:
    """The readiness board without what nobody is asked for, and what it says of the whole meeting."""

    columns: tuple[BoardColumn, ...]
    delegations: tuple[DelegationReadiness, ...]
    answered: SettledCount
    invited: SettledCount
    ready: bool

    @property
    def to_nudge(self) -> int:
        """How many people can be asked for what is missing."""
        return sum(len(item.nudge_to) for item in self.delegations)


_COLUMNS: dict[str, tuple[Said, Said]] = {
    **{rules.column: (rules.heading, rules.done) for rules in NEEDS.values()},
    LINK: ("Link", "have the link"),
    JOINED: ("Joined", "joined"),
}


_SAID = {
    (ANSWERED, "missing"): "no answer",
    (LINK, "in"): "delivered",
    (JOINED, "in"): "joined",
}


def said(column: str, state: str) -> str:
    """Return the mark for how something stands in a column of the board, in the words of that column."""
    return _SAID.get((column, state), state)


def board_table(board: Board, mode: Mode) -> BoardTable:
    """Return the board of a meeting as it is shown; in person nobody has a link, but an invitation."""
    headings = _COLUMNS if mode.has_link else _COLUMNS | {LINK: ("Invitation", "have the invitation")}
    columns = (
        BoardColumn(name, *words, board.tally[name].settled, board.tally[name].of)
        for name, words in headings.items()
    )
    return BoardTable(
        tuple(item for item in columns if item.of),
        board.delegations,
        board.tally[ANSWERED],
        board.tally[LINK],
        board.ready,
    )
