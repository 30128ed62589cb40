"""Whose clock a meeting is read by: the host's, or, in person, the one at the venue, for people travel."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.place import Where
from orchestrator.domain.time.zones import Place


class Placed(Protocol):
    """A meeting, or a view of one, as far as its clock depends on it."""

    @property
    def host(self) -> str:
        """The code of the host delegation."""

    @property
    def zone(self) -> str:
        """The zone of its wall time."""

    @property
    def where(self) -> Where:
        """How and where it takes place."""


def host_place(meeting: Placed, directory: Directory, moment: datetime) -> Place:
    """Return the place whose clock a meeting follows at ``moment`` (aware)."""
    return meeting.where.clock or directory.host_place(meeting.host, meeting.zone, moment)


def place_for(meeting: Placed, directory: Directory, delegation: str, moment: datetime) -> Place:
    """Return the place by whose clock people of ``delegation`` read the time of a meeting first."""
    return meeting.where.clock or directory.place_of(delegation, moment)
