"""The days off on which a meeting takes place, as its coordinator knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from orchestrator.facts import Fact


@dataclass(frozen=True, slots=True)
class DayOff:
    """A day off of a delegation on which a meeting takes place; ``warning`` is 0, or numbers a late one's."""

    delegation: str
    day: date
    name: Fact
    warning: int = 0


@dataclass(frozen=True, slots=True)
class DaysOff:
    """The days off of a meeting that its coordinator knows, and how many warnings there were of late ones."""

    warnings: int = 0
    days: tuple[DayOff, ...] = ()
