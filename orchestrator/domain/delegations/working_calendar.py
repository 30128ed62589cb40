"""Working calendars: on which days and at which hours the offices of a delegation are open.

A calendar is made of the delegation's weekly hours and public holidays, which are dated, and of what
coordinators have entered over them. From it follow working days, and the moment at which a mail wanted
on some day lands: within 09:00-16:00 and within office hours, on a working day of the recipient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from orchestrator.domain.delegations.delegation import (
    WEEKDAYS,
    Delegation,
    Directory,
    Hours,
    Weekday,
    weekday_of,
)
from orchestrator.domain.delegations.public_holidays import HolidayYear, holidays_of
from orchestrator.domain.time.zones import Place, at_local, local_date, zone
from orchestrator.errors import Unfit
from orchestrator.facts import Fact, Said, chained

EARLIEST, LATEST = time(9), time(16)
"""The hours between which mails that are counted in days go out, at the recipient's."""
_ONE_DAY = timedelta(days=1)
_FAR = 120  # Days to look for a working day before giving up; no state closes its offices for longer.


class OverrideKind(StrEnum):
    """What a coordinator enters over a calendar: a day off, a day that is worked, or other hours."""

    CLOSED = "closed"
    OPEN = "open"
    HOURS = "hours"


class Off(StrEnum):
    """Why offices are closed on a day."""

    WEEKEND = "weekend day"
    HOLIDAY = "public holiday"
    CLOSURE = "yearly closure"
    DECLARED = "declared day off"


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """One stretch of open offices, in local wall time."""

    opens: time
    closes: time

    def holds(self, clock: time) -> bool:
        """Whether ``clock`` lies in it."""
        return self.opens <= clock <= self.closes

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


@dataclass(frozen=True, slots=True)
class Override:
    """What a coordinator has entered for the days ``first`` to ``last``: with a name, by whom and why.

    ``stretches`` are the hours of a day that is worked, or that has other hours than usual. ``days`` are
    the weekdays on which other hours hold; without them, it is about every day of the period.
    """

    id: int
    delegation: str
    kind: OverrideKind
    first: date
    last: date
    name: str
    stretches: tuple[Stretch, ...] = ()
    by: str = ""
    why: str = ""
    days: tuple[Weekday, ...] | None = None

    def covers(self, day: date) -> bool:
        """Whether it is about ``day``."""
        return self.first <= day <= self.last and (self.days is None or weekday_of(day) in self.days)


@dataclass(frozen=True, slots=True)
class Day:
    """One day at a delegation: when its offices are open, or why they are not.

    ``name`` is that of the holiday, or what the coordinator has called the day; ``override_id`` is the
    entry that made the day what it is.
    """

    date: date
    stretches: tuple[Stretch, ...]
    off: Off | None = None
    name: Said | None = None
    estimated: bool = False
    override_id: int | None = None

    @property
    def working(self) -> bool:
        """Whether offices are open at all."""
        return bool(self.stretches)

    @property
    def sort(self) -> Fact:
        """What the day is, such as ``public holiday (Eid al-Fitr, estimated)``."""
        if self.off is None:
            return Fact.of("delegations.working-day")
        sort = Fact.of(_SORTS[self.off])
        detail = (*([self.name] if self.name else ()), *([_ESTIMATED] if self.estimated else ()))
        return Fact.of("delegations.sort-and-detail", sort=sort, detail=detail) if detail else sort


_SORTS = {
    Off.WEEKEND: "delegations.weekend-day",
    Off.HOLIDAY: "delegations.public-holiday",
    Off.CLOSURE: "delegations.yearly-closure",
    Off.DECLARED: "delegations.declared-day-off",
}
_ESTIMATED = Fact.of("delegations.estimated")
_CLOSED_THEN = Fact.of("delegations.closed-when-mails-go-out")


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a mail wanted on a day lands. ``moved`` says why it is another moment than was wanted."""

    instant: datetime
    day: date
    clock: time
    moved: Fact | None = None


class NoWorkingDayError(Unfit):
    """No working day lies within months of the wanted one."""


class WorkingCalendar:
    """The working calendar of one delegation; days are worked out once."""

    def __init__(self, delegation: Delegation, overrides: Iterable[Override] = ()) -> None:
        """Of two ``overrides`` that say whether a day is worked, or which hours it has, the newer counts."""
        self.delegation = delegation
        self._overrides = tuple(
            sorted((item for item in overrides if item.delegation == delegation.code), key=lambda o: -o.id)
        )
        self._days: dict[date, Day] = {}
        self._landings: dict[tuple[date, time, bool], Landing] = {}

    def place(self, day: date) -> Place:
        """Return the zone and city in force on ``day``."""
        return self.delegation.on(day).place if self.delegation.changes else self.delegation.place

    def local_date(self, moment: datetime) -> date:
        """Return the calendar date of ``moment`` (aware) where the delegation is."""
        day = moment.date()
        for _ in range(2):
            # Which zone holds depends on the date there, which depends on the zone.
            day = local_date(moment, zone(self.place(day).zone))
        return day

    def instant(self, day: date, clock: time) -> datetime:
        """Return the instant (UTC) at which its clocks show ``clock`` on ``day``."""
        return at_local(day, clock, zone(self.place(day).zone))

    def day(self, day: date) -> Day:
        """Return what ``day`` is at the delegation."""
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._made(day)
        return found

    def _made(self, day: date) -> Day:
        there = self.delegation.on(day)
        usual = self._usual(there, day)
        own = [item for item in self._overrides if item.covers(day)]
        decides = next((item for item in own if item.kind is not OverrideKind.HOURS), None)
        if decides is not None and decides.kind is OverrideKind.CLOSED:
            return Day(day, (), Off.DECLARED, decides.name, override_id=decides.id)
        # Other hours are those of the days that are worked; they open no office that is closed.
        if decides is None and not usual.working:
            return usual
        timed = next((item for item in own if item.stretches and _sets_hours(item, decides)), None)
        said = decides or timed
        if said is None:
            return usual
        stretches = timed.stretches if timed else usual.stretches or _ordinary(there, day)
        return Day(day, stretches, name=said.name, override_id=said.id)

    @staticmethod
    def _usual(there: Delegation, day: date) -> Day:
        """What the day is before anything was entered."""
        year = holidays_of(there.holidays, day.year) if there.holidays else HolidayYear({}, frozenset())
        holiday = year.days.get(day)
        if holiday is not None:
            return Day(day, (), Off.HOLIDAY, holiday.name, holiday.estimated)
        closure = next((item for item in there.closures if item.covers(day)), None)
        if closure is not None:
            return Day(day, (), Off.CLOSURE, closure.name)
        stretches = _weekly(there, weekday_of(day))
        if stretches:
            return Day(day, stretches)
        if day in year.worked:
            return Day(day, _ordinary(there, day), name=Fact.of("delegations.worked-in-exchange"))
        return Day(day, (), Off.WEEKEND)

    def usual_hours(self, day: date) -> tuple[Stretch, ...]:
        """Return the hours of ``day`` if nothing had been entered, or those of an ordinary day."""
        there = self.delegation.on(day)
        return self._usual(there, day).stretches or _ordinary(there, day)

    def add(self, day: date, working_days: int) -> date:
        """Return the day that many working days after ``day``, or before it when negative.

        ``day`` itself is not counted. Raises ``NoWorkingDayError``.
        """
        step = _ONE_DAY if working_days > 0 else -_ONE_DAY
        for _ in range(abs(working_days)):
            day = self._nearest(day + step, step, lambda item: item.working)
        return day

    def _nearest(self, day: date, step: timedelta, suits: Callable[[Day], bool]) -> date:
        for _ in range(_FAR):
            if suits(self.day(day)):
                return day
            day += step
        raise NoWorkingDayError(
            Fact.of("delegations.no-working-day", delegation=self.delegation.name, count=_FAR, day=day)
        )

    def land(self, wanted: date, clock: time, *, forward: bool) -> Landing:
        """Return where a mail wanted on ``wanted`` at ``clock`` (local) lands.

        It lands within 09:00-16:00 and office hours of a working day: that day or the nearest one before,
        ``forward`` or after. Raises ``NoWorkingDayError``.
        """
        key = (wanted, clock, forward)
        found = self._landings.get(key)
        if found is None:
            found = self._landings[key] = self._landed(wanted, clock, forward=forward)
        return found

    def _landed(self, wanted: date, clock: time, *, forward: bool) -> Landing:
        step = _ONE_DAY if forward else -_ONE_DAY
        day = self._nearest(wanted, step, lambda item: bool(_sendable(item.stretches)))
        landed = _clock_within(_sendable(self.day(day).stretches), clock)
        return Landing(self.instant(day, landed), day, landed, self._why_moved(wanted, clock, day, landed))

    def _why_moved(self, wanted: date, clock: time, day: date, landed: time) -> Fact | None:
        why: list[Fact] = []
        if day != wanted:
            first, *others = self._passed_over(wanted, day)
            why += [Fact.of("delegations.at", what=first, delegation=self.delegation.name), *others]
        decent = _clock_within([Stretch(EARLIEST, LATEST)], clock)
        if decent != clock:
            why.append(Fact.of("delegations.mails-go-out", first=hour(EARLIEST), last=hour(LATEST)))
        if landed != decent:
            hours = tuple(str(item) for item in self.day(day).stretches)
            why.append(Fact.of("delegations.offices-open", hours=hours))
        if not why:
            return None
        return Fact.of("delegations.so-it-goes-out", why=chained(why), day=day, clock=hour(landed))

    def _passed_over(self, wanted: date, landed: date) -> list[Fact]:
        """Say why nothing lands on the wanted day, nor on each day from there on but those of a weekend."""
        step = _ONE_DAY if landed > wanted else -_ONE_DAY
        passed = [wanted + step * count for count in range(abs((landed - wanted).days))]
        groups: list[tuple[Fact, list[date]]] = []
        for day in (item for item in passed if item == wanted or self.day(item).off is not Off.WEEKEND):
            found = self.day(day)
            sort = _CLOSED_THEN if found.working else found.sort
            if groups and (groups[-1][0], groups[-1][1][-1]) == (sort, day - step):
                groups[-1][1].append(day)
            else:
                groups.append((sort, [day]))
        return [_said_of(sorted(days), sort) for sort, days in groups]

    def sends_on(self, day: date) -> bool:
        """Whether a mail may land on ``day``: a working day with an office hour between 09:00 and 16:00."""
        return bool(_sendable(self.day(day).stretches))

    def soonest(self, moment: datetime) -> Landing:
        """Return the first moment from ``moment`` (aware UTC) on at which a mail may land."""
        day = self.local_date(moment)
        there = moment.astimezone(zone(self.place(day).zone))
        for stretch in _sendable(self.day(day).stretches):
            if there.time() <= stretch.opens:
                return Landing(self.instant(day, stretch.opens), day, stretch.opens)
            if stretch.holds(there.time()):
                return Landing(moment, day, there.time())
        return self.land(day + _ONE_DAY, EARLIEST, forward=True)


def hour(clock: time) -> str:
    """Return a time of day as facts hold it: ``09:00``."""
    return f"{clock:%H:%M}"


def _said_of(days: Sequence[date], sort: Fact) -> Fact:
    """Say of days that follow each other what they all are."""
    if len(days) == 1:
        return Fact.of("delegations.day-is", day=days[0], sort=sort)
    return Fact.of("delegations.days-are", first=days[0], last=days[-1], sort=sort)


def _weekly(there: Delegation, weekday: Weekday) -> tuple[Stretch, ...]:
    found = [Stretch(item.opens, item.closes) for item in _hours(there) if weekday in item.days]
    return tuple(sorted(found))


def _ordinary(there: Delegation, day: date) -> tuple[Stretch, ...]:
    """The hours of a day that is worked although it usually is not: those of the next working weekday."""
    following = (WEEKDAYS[(day.weekday() + shift) % 7] for shift in range(7))
    return next(filter(None, (_weekly(there, weekday) for weekday in following)), ())


def _sets_hours(item: Override, decides: Override | None) -> bool:
    """Whether an override says when offices are open, rather than one that is overruled."""
    return item.kind is OverrideKind.HOURS or item is decides


def _hours(there: Delegation) -> Sequence[Hours]:
    return there.hours or _ASSUMED


_ASSUMED = (Hours(days=WEEKDAYS[:5], opens=time(9), closes=time(17)),)
"""What is taken for the hours of a delegation that was given none."""


def _sendable(stretches: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """The parts of the hours within which mails go out."""
    cut = (Stretch(max(item.opens, EARLIEST), min(item.closes, LATEST)) for item in stretches)
    return tuple(item for item in cut if item.opens < item.closes)


def _clock_within(stretches: Sequence[Stretch], clock: time) -> time:
    """Return ``clock`` where it lies within the hours, else when they next open, else their last hour."""
    for item in stretches:
        if clock <= item.closes:
            return max(clock, item.opens)
    last = stretches[-1]
    an_hour_before = (datetime.combine(date.min, last.closes) - timedelta(hours=1)).time()
    return max(last.opens, an_hour_before)


class Calendars:
    """The working calendars of all delegations, with what coordinators have entered over them."""

    def __init__(self, directory: Directory, overrides: Iterable[Override] = ()) -> None:
        self.directory = directory
        self._overrides = tuple(overrides)
        self._known: dict[str, WorkingCalendar] = {}

    def of(self, code: str) -> WorkingCalendar:
        """Return the calendar of the delegation ``code``; raises ``InvalidInput`` for an unknown one."""
        found = self._known.get(code)
        if found is None:
            found = self._known[code] = WorkingCalendar(self.directory.get(code), self._overrides)
        return found
