"""What readiness looks like: the board of a meeting, and when its delegations try their connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.meeting import ConnectionTest, Meeting
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.facts import Fact, Said
from orchestrator.services.people.contacts import Contact


@dataclass(frozen=True, slots=True)
class CellView:
    """How one thing stands for a delegation, see ``domain.readiness.Cell``; ``since`` is the host's time."""

    state: str
    settled: bool | None
    since: LocalTime | None
    by: Said | None
    details: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class ConnectionTestView:
    """When a delegation tries its connection: in its own time, and at the host's."""

    delegation: str
    delegation_name: str
    starts: LocalTime
    ends: LocalTime
    host_starts: LocalTime
    note: Fact | None

    @classmethod
    def of(cls, meeting: Meeting, test: ConnectionTest, directory: Directory) -> ConnectionTestView:
        """Return a connection test of ``meeting`` as people read it."""
        own = directory.place_of(test.delegation, test.starts_at)
        return cls(
            test.delegation,
            directory.get(test.delegation).name,
            local_time(test.starts_at, own),
            local_time(test.ends_at, own),
            at_host(meeting, test.starts_at, directory),
            test.note,
        )


@dataclass(frozen=True, slots=True)
class SettledCount:
    """Of how many delegations a thing is settled, and of how many it counts."""

    settled: int
    of: int


@dataclass(frozen=True, slots=True)
class DelegationReadiness:
    """One row of the board; ``cells`` by column, see ``domain.readiness.COLUMNS``.

    ``missing`` is what is still wanted. A nudge would go to ``nudge_to``, which is empty when none can be
    sent; ``nudged_at`` is when one of them was last nudged, in the host's time.
    """

    code: str
    name: str
    cells: Mapping[str, CellView]
    connection_test: ConnectionTestView | None
    missing: tuple[Fact, ...]
    nudge_to: tuple[Contact, ...]
    nudged_at: LocalTime | None


@dataclass(frozen=True, slots=True)
class Board:
    """The readiness of a meeting: delegations in protocol order, and how many are through with what.

    ``ready`` says that every delegation has answered and has its invitation; whatever says how the meeting
    stands reads it here.
    """

    reference: str
    tally: Mapping[str, SettledCount]
    delegations: tuple[DelegationReadiness, ...]
    ready: bool


def at_host(meeting: Meeting, moment: datetime, directory: Directory) -> LocalTime:
    """Return a moment as the clock shows it that the meeting follows."""
    return local_time(moment, host_place(meeting, directory, moment))


def said_by(by: Said) -> Said:
    """Return who recorded something without the address behind the name."""
    return by.partition(" <")[0] if isinstance(by, str) else by
