"""Offsets: how far a step is from what it counts from, and the moment that this is for a recipient.

Grammar of ``at``::

    immediately
    -P7D [at 09:00 local]     calendar days before the date of the start where the recipient is
    -5WD [at 09:00 local]     working days of the recipient before that date
    -PT1H                     that long before the start, exactly
    +1WD, +P3D, +PT0S         the same, after the end

What counts whole days lands between 09:00 and 16:00 in the recipient's office hours: on the wanted day or
the nearest working day before it, after the end the nearest one after it. What counts hours is exact.
``from`` names another step as the moment to count from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from orchestrator.domain.delegations.working_calendar import (
    EARLIEST,
    LATEST,
    NoWorkingDayError,
    WorkingCalendar,
    hour,
)
from orchestrator.domain.time.durations import duration_fact, duration_text, parse_duration
from orchestrator.domain.time.zones import local_time
from orchestrator.errors import Unfit
from orchestrator.facts import Fact

_OFFSET = re.compile(
    r"(?P<sign>[+-])(?:(?P<working>\d{1,4})WD|(?P<length>P\S+))(?:\s+at\s+(?P<clock>\d\d:\d\d)\s+local)?",
    re.ASCII,
)
NO_OFFSET = Fact.of("timelines.no-offset")
_FORMER = re.compile(r"(?P<length>P\S+)\s+(?P<side>before|after)(?P<clock>\s+at\s+\S+\s+local)?")
"""How offsets were written in version 0.1; nobody whose file still has one must look the new way up."""
MORNING = EARLIEST
_ONE_DAY = timedelta(days=1)
_MOST_WORKING_DAYS = 260  # A year of them.


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due (UTC), and why that is not the day or hour that was wanted."""

    instant: datetime
    moved: Fact | None = None


@dataclass(frozen=True, slots=True)
class Offset:
    """A moment relative to another: ``after`` it or before.

    Counted in ``days`` (``working`` days of the recipient, or calendar days) at the local wall time
    ``clock``; or, where ``clock`` is ``None``, exactly the length ``exact``.
    """

    after: bool
    days: int = 0
    working: bool = False
    clock: time | None = None
    exact: timedelta = timedelta(0)

    @classmethod
    def parse(cls, text: str) -> Offset | None:
        """Read an offset; ``None`` means ``immediately``. Raises ``ValueError``."""
        if text.strip() == "immediately":
            return None
        found = _OFFSET.fullmatch(text.strip())
        if not found:
            raise Unfit(_no_offset(text.strip()))
        after, clock = found["sign"] == "+", _clock(found["clock"])
        if found["working"]:
            if int(found["working"]) > _MOST_WORKING_DAYS:
                raise Unfit(Fact.of("timelines.too-many-working-days", count=_MOST_WORKING_DAYS))
            return cls(after, int(found["working"]), True, clock or MORNING)
        length = parse_duration(found["length"])
        if "T" not in found["length"]:
            return cls(after, length.days, False, clock or MORNING)
        if clock is not None:
            raise Unfit(Fact.of("timelines.hours-with-clock"))
        return cls(after, exact=length)

    def __str__(self) -> str:
        """Return the offset as a timeline writes it; ``parse`` reads it back."""
        sign = "+" if self.after else "-"
        if self.clock is None:
            return f"{sign}{duration_text(self.exact)}"
        length = f"{self.days}WD" if self.working else f"P{self.days}D"
        return f"{sign}{length} at {self.clock:%H:%M} local"

    @property
    def distance(self) -> tuple[str, timedelta]:
        """Its unit, and how far it lies after the anchor; only those of one unit can be compared."""
        if self.clock is None:
            return "hours", self.exact if self.after else -self.exact
        days = self.days if self.after else -self.days
        length = timedelta(days=days, hours=self.clock.hour, minutes=self.clock.minute)
        return "working days" if self.working else "days", length

    def due(self, anchor: datetime, calendar: WorkingCalendar) -> Due:
        """Return the moment for a recipient with that calendar, counted from ``anchor`` (UTC).

        Where the recipient has no working day anywhere near, it is the wanted day all the same, and
        ``moved`` says so.
        """
        if self.clock is None:
            return Due(anchor + self.exact if self.after else anchor - self.exact)
        try:
            return self._landed(self.day(anchor, calendar), self.clock, anchor, calendar)
        except NoWorkingDayError as error:
            day = calendar.local_date(anchor) + (self.days if self.after else -self.days) * _ONE_DAY
            moved = Fact.of("timelines.all-the-same", why=error.fact, day=day, clock=hour(self.clock))
            return Due(calendar.instant(day, self.clock), moved)

    def _landed(self, wanted: date, clock: time, anchor: datetime, calendar: WorkingCalendar) -> Due:
        landing = calendar.land(wanted, clock, forward=self.after)
        if not self.after or landing.instant >= anchor:
            return Due(landing.instant, landing.moved)
        landing = calendar.land(wanted + _ONE_DAY, clock, forward=True)
        late = Fact.of(
            "timelines.too-early",
            wanted=wanted,
            clock=hour(clock),
            day=landing.day,
            landed=hour(landing.clock),
        )
        return Due(landing.instant, late)

    def day(self, anchor: datetime, calendar: WorkingCalendar) -> date:
        """Return the wanted day, whether it is a working day or not; raises ``NoWorkingDayError``."""
        day = calendar.local_date(anchor)
        count = self.days if self.after else -self.days
        return calendar.add(day, count) if self.working else day + count * _ONE_DAY

    def said(self, anchor: str = "") -> Fact:
        """Return the offset as a fact, such as ``7 days before, at 09:00 their time``.

        ``anchor`` names the step it counts from, where that is not the meeting.
        """
        when = self.distance_said(anchor)
        return (
            when if self.clock is None else Fact.of("timelines.at-clock", when=when, clock=hour(self.clock))
        )

    def distance_said(self, anchor: str = "") -> Fact:
        """Return the offset without the hour, such as ``7 days before``."""
        if not (self.days or self.exact):
            on = _ON_THE_DAY_OF if self.clock is not None else _AT
            return Fact.of(on[self._side(anchor)], step=anchor)
        if self.clock is None:
            length = duration_fact(self.exact)
        else:
            length = Fact.of(_DAYS[self.working], count=self.days)
        return Fact.of(_FAR_FROM[self.after, bool(anchor)], length=length, step=anchor)

    def _side(self, anchor: str) -> str:
        return "step" if anchor else "end" if self.after else "start"


_ON_THE_DAY_OF = {
    "step": "timelines.on-the-day-of-step",
    "end": "timelines.on-the-day-of-end",
    "start": "timelines.on-the-day-of-start",
}
_AT = {"step": "timelines.at-step", "end": "timelines.at-end", "start": "timelines.at-start"}
_DAYS = {True: "timelines.working-days", False: "timelines.days"}
_FAR_FROM = {
    (True, True): "timelines.after-step",
    (True, False): "timelines.after-end",
    (False, True): "timelines.before-step",
    (False, False): "timelines.before-start",
}


def _no_offset(text: str) -> Fact:
    former = _FORMER.fullmatch(text)
    if former:
        sign = "-" if former["side"] == "before" else "+"
        offset = f"{sign}{former['length']}{former['clock'] or ''}"
        return Fact.of("timelines.former-offset", offset=offset)
    return NO_OFFSET


def _clock(text: str | None) -> time | None:
    if text is None:
        return None
    clock = time.fromisoformat(text)
    if not EARLIEST <= clock <= LATEST:
        raise Unfit(Fact.of("timelines.no-hour-of-ours", clock=text, first=hour(EARLIEST), last=hour(LATEST)))
    return clock


def put_off(due: Due, at: Offset, bound: Offset, anchor: datetime, calendar: WorkingCalendar) -> Due:
    """Return ``due``, or the first moment that ``bound`` lets something at ``at`` go out.

    ``anchor`` (UTC) is what the bound counts from. What counts whole days keeps to working hours.
    """
    try:
        if bound.clock is None:
            earliest = bound.due(anchor, calendar).instant
            if due.instant >= earliest:
                return due
            moment = earliest if at.clock is None else calendar.soonest(earliest).instant
        else:
            day = bound.day(anchor, calendar)
            if calendar.local_date(due.instant) >= day:
                return due
            moment = calendar.land(day, at.clock or EARLIEST, forward=True).instant
    except NoWorkingDayError:
        return due
    place = calendar.place(calendar.local_date(moment))
    return Due(moment, Fact.of("timelines.not-before", when=local_time(moment, place)))


def beyond(due: Due, bound: Offset, anchor: datetime, calendar: WorkingCalendar) -> bool:
    """Whether ``due`` is later than ``bound`` allows, which counts from ``anchor`` (UTC)."""
    if bound.clock is None:
        return due.instant > bound.due(anchor, calendar).instant
    try:
        return calendar.local_date(due.instant) > bound.day(anchor, calendar)
    except NoWorkingDayError:
        return False
