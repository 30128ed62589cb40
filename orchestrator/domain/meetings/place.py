"""How people meet: over the internet, at a venue, or both; and what is known of the venue.

``Where`` is what a meeting, a revision that people were told, and the templates of mails have in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from orchestrator.domain.time.zones import Place
from orchestrator.facts import Fact


class Mode(StrEnum):
    """How people take part in a meeting."""

    ONLINE = "online"
    IN_PERSON = "in person"
    HYBRID = "hybrid"

    @property
    def has_link(self) -> bool:
        """Whether there is a video meeting to be joined."""
        return self is not Mode.IN_PERSON

    @property
    def has_venue(self) -> bool:
        """Whether there is a place to come to."""
        return self is not Mode.ONLINE

    @property
    def fact(self) -> Fact:
        """The mode, to be said."""
        return Fact.of(_MODES[self])


_MODES = {
    Mode.ONLINE: "meetings.mode.online",
    Mode.IN_PERSON: "meetings.mode.in-person",
    Mode.HYBRID: "meetings.mode.hybrid",
}


@dataclass(frozen=True, slots=True)
class Venue:
    """Where people come to. Its city and zone are known first; the house often only months later.

    ``arrivals`` says how to get there, and ``emergency`` is the number to be called at any hour.
    """

    city: str
    zone: str
    name: str | None = None
    address: str | None = None
    arrivals: str | None = None
    emergency: str | None = None

    @property
    def place(self) -> Place:
        """The zone of its clocks, and the city whose name stands for it."""
        return Place(self.zone, self.city)

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> Venue | None:
        """Return what ``to_json`` stored."""
        return None if stored is None else cls(**stored)


@dataclass(frozen=True, slots=True)
class Where:
    """How and where a meeting takes place. Only what has a venue can have a room in it."""

    mode: Mode = Mode.ONLINE
    venue: Venue | None = None
    room: str | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """The venue as it is written on a letter: house, room, address, city; empty without a venue."""
        if self.venue is None:
            return ()
        known = (self.venue.name, self.room, self.venue.address, self.venue.city)
        return tuple(item for item in known if item)

    @property
    def clock(self) -> Place | None:
        """Where the clock hangs that everybody goes by; ``None`` where each has their own."""
        return self.venue.place if self.venue is not None and not self.mode.has_link else None

    @property
    def line(self) -> str:
        """The venue in one line; empty without a venue."""
        return ", ".join(self.lines)


ONLINE = Where()
"""Over the internet, as every meeting is of which nothing else is said."""
