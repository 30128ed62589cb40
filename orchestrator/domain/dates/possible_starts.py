"""The possible starts of a request: every step of the host's clock, which may skip or repeat an hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orchestrator.domain.dates.costs import DAY
from orchestrator.domain.dates.requests import Request, clock_limits, year_problems
from orchestrator.domain.dates.sittings import daily
from orchestrator.domain.delegations.working_calendar import Calendars, WorkingCalendar
from orchestrator.domain.time.durations import duration_text
from orchestrator.domain.time.zones import at_local, instant_of, wall_problem, zone
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact

_ONE_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def starts_of(request: Request, calendars: Calendars) -> list[datetime]:
    """Return all starts of the window; raises ``InvalidInput`` when there is none."""
    host = calendars.of(request.host)
    limit = host.instant(request.last + _ONE_DAY, time())
    days = [request.first + shift * _ONE_DAY for shift in range((request.last - request.first).days + 1)]
    made = [begin for day in days for begin in _starts_of_day(day, request, host)]
    begins = [begin for begin in made if begin >= request.now and begin + request.duration <= limit]
    if not begins:
        raise _nothing_left(request, "to", request.last, made, limit)
    return begins


def _nothing_left(
    request: Request, name: str, day: date, made: Sequence[datetime], limit: datetime
) -> InvalidInput:
    """Say why no start is left of those ``made`` up to ``day``, which ends at ``limit``.

    ``name`` is the field that gave the day.
    """
    if limit <= request.now:
        return InvalidInput.of(name, day, Fact.of("dates.in-the-past"), Fact.of("dates.in-the-past.remedy"))
    if made:
        return InvalidInput.of(
            name, day, Fact.of("dates.no-start-left"), Fact.of("dates.no-start-left.remedy")
        )
    wrong, advice = Fact.of("dates.no-start-in-hours"), Fact.of("dates.no-start-in-hours.remedy")
    return InvalidInput.of("step", duration_text(request.step), wrong, advice)


def starts_on(day: date, request: Request, calendars: Calendars) -> list[datetime]:
    """Return all starts whose meeting lies on one date of the host, also its end.

    A meeting that begins late in the evening and ends on the next date would say more of that one. A session
    of several days begins on it. Raises
    ``InvalidInput`` when there is none.
    """
    problems = list(year_problems({"why_not": day}))
    if problems:
        raise InvalidInput(problems)
    host = calendars.of(request.host)
    made = _starts_of_day(day, request, host)
    days, _ = daily(request.duration)
    limit = host.instant(day + days * _ONE_DAY, time())
    fitting = [item for item in made if item + request.duration <= limit]
    begins = [item for item in fitting if item >= request.now]
    if made and not fitting:
        wrong, advice = Fact.of("dates.longer-than-date"), Fact.of("dates.longer-than-date.remedy")
        raise InvalidInput.of("why_not", day, wrong, advice)
    if not begins:
        raise _nothing_left(request, "why_not", day, made, limit)
    return begins


def _starts_of_day(day: date, request: Request, host: WorkingCalendar) -> list[datetime]:
    """Return the starts of one date of the host: every step of its clock, which may skip or repeat an hour.

    A clock time that comes twice is none of them, as nobody could tell which is meant.
    """
    in_zone = zone(host.place(day).zone)
    opens, closes = clock_limits(request)
    _, sitting = daily(request.duration)
    last = closes - sitting // _MINUTE if request.latest else DAY - 1
    minutes = range(0, DAY, request.step // _MINUTE)
    begin = at_local(day, time(), in_zone)
    if at_local(day + _ONE_DAY, time(), in_zone) - begin == _ONE_DAY:
        return [begin + minute * _MINUTE for minute in minutes if opens <= minute <= last]
    walls = (datetime.combine(day, time()) + minute * _MINUTE for minute in minutes if opens <= minute)
    begins = (instant_of(wall, in_zone) for wall in walls if not wall_problem(wall, in_zone))
    # While clocks change, a meeting does not end as much later on the clock as it is long.
    return [item for item in begins if _ends_in_time(item, request, in_zone)]


def _ends_in_time(begin: datetime, request: Request, in_zone: ZoneInfo) -> bool:
    if request.latest is None:
        return True
    _, sitting = daily(request.duration)
    wall, end = (item.astimezone(in_zone) for item in (begin, begin + sitting))
    return end.date() == wall.date() and end.time() <= request.latest
