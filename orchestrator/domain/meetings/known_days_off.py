"""The days off on which a meeting or a connection test takes place, as its coordinator knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from orchestrator.facts import Fact


class About(StrEnum):
    """What a day off concerns.

    Of the meeting it is the whole day, or the hours in which offices are closed on a shortened day; of a
    connection test, that it was on that day, or that no day is left for it.
    """

    MEETING = "meeting"
    SHORT_DAY = "short day"
    TEST = "test"
    NO_TEST = "no test"

    @property
    def of_meeting(self) -> bool:
        """Whether it concerns the meeting's own time, so that moving the meeting would mend it."""
        return self in (About.MEETING, About.SHORT_DAY)


@dataclass(frozen=True, slots=True)
class DayOff:
    """A day off of a delegation on which something takes place; ``warning`` is 0, or numbers a late one's."""

    delegation: str
    day: date
    name: Fact
    warning: int = 0
    about: About = About.MEETING


@dataclass(frozen=True, slots=True)
class DaysOff:
    """The days off of a meeting that its coordinator knows, and how many warnings there were of late ones.

    ``nearest`` are wall times of the meeting on the nearest days, one before and one after, on which nobody
    who comes is off; none where the meeting itself is on nobody's day off.
    """

    warnings: int = 0
    days: tuple[DayOff, ...] = ()
    nearest: tuple[datetime, ...] = ()
