"""Which days suit everybody who comes: whose day off a time is, and the nearest days that are nobody's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from orchestrator.domain.delegations.working_calendar import (
    Calendars,
    Day,
    NoWorkingDayError,
    WorkingCalendar,
)
from orchestrator.domain.meetings.known_days_off import About, DayOff
from orchestrator.domain.time.zones import instant_of, wall_problem, zone
from orchestrator.facts import Fact, plain

MOST_BACK = 8
"""How many working days of the host a preparatory meeting lies before what it prepares, at most."""
_REACH = 90
_ONE_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)


def days_off_between(
    starts_at: datetime, ends_at: datetime, codes: Iterable[str], calendars: Calendars
) -> tuple[DayOff, ...]:
    """Return the days off on which a time (aware UTC) falls for the delegations ``codes``, in protocol order.

    The days are those of each delegation's own calendar, from the start to the last moment before the end. A
    day that was shortened counts where offices are closed at the time by that, and would be open otherwise.
    """
    found = []
    for code in sorted(codes, key=calendars.directory.rank):
        calendar = calendars.of(code)
        for day in _days(calendar, starts_at, ends_at):
            if day.off is not None:
                found.append(DayOff(code, day.date, name_of(day)))
            elif _shortened(calendar, day, starts_at, ends_at):
                found.append(DayOff(code, day.date, name_of(day), about=About.SHORT_DAY))
    return tuple(found)


def _days(calendar: WorkingCalendar, starts_at: datetime, ends_at: datetime) -> Iterator[Day]:
    first = calendar.local_date(starts_at)
    last = calendar.local_date(max(ends_at - _MOMENT, starts_at))
    for shift in range((last - first).days + 1):
        yield calendar.day(first + shift * _ONE_DAY)


def name_of(day: Day) -> Fact:
    """Return what a day off is called: its name, else what sort of day it is."""
    name = plain(day.name) if isinstance(day.name, str) else day.name
    return name or day.sort


def _shortened(calendar: WorkingCalendar, day: Day, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether the hours entered for a day close offices during a time at which they would be open."""
    if day.override_id is None:
        return False
    usual = calendar.usual_hours(day.date)
    opens, closes = calendar.instant(day.date, usual[0].opens), calendar.instant(day.date, usual[-1].closes)
    begin, end = max(starts_at, opens), min(ends_at, closes)
    first, last = day.stretches[0].opens, day.stretches[-1].closes
    return begin < end and (
        begin < calendar.instant(day.date, first) or calendar.instant(day.date, last) < end
    )


def nearest_days(
    wall_start: datetime,
    in_zone: str,
    duration: timedelta,
    codes: Sequence[str],
    calendars: Calendars,
    now: datetime,
) -> tuple[datetime, ...]:
    """Return the wall times on the nearest days on which nobody of ``codes`` is off, at the same clock.

    The nearest before, unless it would begin by ``now`` (aware UTC), and the nearest after; within 90 days.
    Wall times that clocks skip or show twice are passed over.
    """
    found = []
    for step in (-_ONE_DAY, _ONE_DAY):
        for count in range(1, _REACH + 1):
            wall = wall_start + count * step
            if wall_problem(wall, zone(in_zone)):
                continue
            starts_at = instant_of(wall, zone(in_zone))
            if starts_at <= now:
                break
            if not days_off_between(starts_at, starts_at + duration, codes, calendars):
                found.append(wall)
                break
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Considered:
    """A day on which a preparatory meeting could take place, and for whom it is a day off."""

    wall_start: datetime
    off: tuple[DayOff, ...] = ()


@dataclass(frozen=True, slots=True)
class PreparatoryDay:
    """The day that is proposed for a preparatory meeting, and the nearer ones that were passed over."""

    proposed: Considered
    passed: tuple[Considered, ...] = ()


def preparatory_day(
    wall_start: datetime,
    in_zone: str,
    duration: timedelta,
    host: str,
    codes: Sequence[str],
    calendars: Calendars,
) -> PreparatoryDay:
    """Return the nearest working day of the host before a meeting on which nobody of ``codes`` is off.

    ``wall_start`` is when the meeting that is prepared begins; the clock stays. It is looked for up to eight
    working days of the host back; where somebody is off on each, it is the nearest of those with the fewest
    off.
    Raises ``NoWorkingDayError`` where the host has none within months.
    """
    considered: list[Considered] = []
    for day in host_days_before(calendars.of(host), wall_start.date()):
        wall = datetime.combine(day, wall_start.time())
        if wall_problem(wall, zone(in_zone)):
            continue
        starts_at = instant_of(wall, zone(in_zone))
        off = days_off_between(starts_at, starts_at + duration, codes, calendars)
        if not off:
            return PreparatoryDay(Considered(wall), tuple(considered))
        considered.append(Considered(wall, off))
    if not considered:
        raise NoWorkingDayError(Fact.of("delegations.no-clock-before", day=wall_start.date()))
    best = min(considered, key=lambda item: len({found.delegation for found in item.off}))
    return PreparatoryDay(best, tuple(item for item in considered if item is not best))


def host_days_before(host: WorkingCalendar, day: date, most: int = MOST_BACK) -> Iterator[date]:
    """Yield the working days of the host before ``day``, the nearest first, ``most`` of them.

    Raises ``NoWorkingDayError`` where not even one is found.
    """
    for count in range(most):
        try:
            day = host.add(day, -1)
        except NoWorkingDayError:
            if not count:
                raise
            return
        yield day
