"""On whose days off a meeting takes place, and which of them came to be after its time was decided.

A coordinator is told for whom a time is a day off when they choose it. What is declared later, or comes with
newer holiday data, is a *late* day off: the coordinator is warned of it once, by the number of its warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from orchestrator.domain.delegations.working_calendar import Calendars, Day
from orchestrator.domain.meetings.known_days_off import About, DayOff, DaysOff
from orchestrator.domain.meetings.meeting import ConnectionTest, Meeting
from orchestrator.domain.meetings.suiting_days import days_off_between, name_of, nearest_days
from orchestrator.facts import Fact


def days_off_now(
    meeting: Meeting, codes: Iterable[str], calendars: Calendars, now: datetime
) -> tuple[tuple[DayOff, ...], tuple[datetime, ...]]:
    """Return the days off on which a meeting takes place for ``codes``, and the nearest days without any."""
    coming = tuple(codes)
    found = days_off_between(meeting.starts_at, meeting.ends_at, coming, calendars)
    if not found:
        return (), ()
    wall, place, length = meeting.wall_start, meeting.zone, meeting.duration
    return found, nearest_days(wall, place, length, coming, calendars, now)


def days_off_of_tests(
    meeting: Meeting, wanted: Iterable[ConnectionTest], calendars: Calendars, now: datetime
) -> tuple[DayOff, ...]:
    """Return the days off for which connection tests take place at another time, or have no day left.

    ``wanted`` are the tests that the meeting is to have in place of its own. What was known stays known as
    long as that day is off for one side, and, of a test without a day, as long as it has none.
    """
    coming = {item.delegation: item.starts_at for item in wanted}
    found: dict[tuple[str, date, About], DayOff] = {}
    for item in meeting.days_off.days if meeting.days_off else ():
        lasts = item.about is About.TEST or item.delegation not in coming
        if not item.about.of_meeting and lasts and _off(meeting, item.delegation, item.day, calendars):
            found[_same(item)] = item
    for test in meeting.connection_tests:
        stays = test.starts_at <= now or coming.get(test.delegation) == test.starts_at
        if stays or test.delegation not in meeting.delegations:
            continue
        local = calendars.of(test.delegation).local_date(test.starts_at)
        off = _off(meeting, test.delegation, local, calendars)
        if off is not None:
            about = About.TEST if test.delegation in coming else About.NO_TEST
            item = DayOff(test.delegation, local, name_of(off), about=about)
            found.setdefault(_same(item), item)
    return tuple(found.values())


def _off(meeting: Meeting, code: str, day: date, calendars: Calendars) -> Day | None:
    """Return the day that is off for a delegation, or else for the host, which helps it."""
    days = (calendars.of(side).day(day) for side in (code, meeting.host))
    return next((item for item in days if item.off is not None), None)


def decided(known: DaysOff | None, found: Iterable[DayOff], nearest: Sequence[datetime] = ()) -> DaysOff:
    """Return what is known once a coordinator has decided about the time: they were told of all of it."""
    days = tuple(replace(item, warning=0) for item in found)
    return DaysOff(known.warnings if known else 0, days, tuple(nearest))


def compared(known: DaysOff, found: Iterable[DayOff], nearest: Sequence[datetime] = ()) -> DaysOff:
    """Return what is known now that these days off were ``found``; new ones get the next warning."""
    before = {_same(item): item.warning for item in known.days}
    late = known.warnings + 1
    days = tuple(replace(item, warning=before.get(_same(item), late)) for item in found)
    warnings = late if any(item.warning == late for item in days) else known.warnings
    return DaysOff(warnings, days, tuple(nearest))


def _same(item: DayOff) -> tuple[str, date, About]:
    """What makes a day off the same fact when it is met again."""
    return item.delegation, item.day, item.about


def late_since(known: DaysOff | None, after: DaysOff) -> tuple[DayOff, ...]:
    """Return the days off that ``compared`` found to be new."""
    warned = known.warnings if known else 0
    return tuple(item for item in after.days if item.warning > warned)


def to_json(known: DaysOff | None) -> dict[str, Any] | None:
    """Return it as it is stored."""
    if known is None:
        return None
    days = [
        {
            "delegation": item.delegation,
            "day": item.day.isoformat(),
            "name": item.name.to_json(),
            "warning": item.warning,
            "about": item.about.value,
        }
        for item in known.days
    ]
    nearest = [item.isoformat() for item in known.nearest]
    return {"warnings": known.warnings, "days": days, "nearest": nearest}


def from_json(stored: dict[str, Any] | None) -> DaysOff | None:
    """Return what ``to_json`` stored."""
    if stored is None:
        return None
    nearest = tuple(map(datetime.fromisoformat, stored.get("nearest", ())))
    return DaysOff(stored["warnings"], tuple(map(_day_off, stored["days"])), nearest)


def _day_off(stored: dict[str, Any]) -> DayOff:
    day, name = date.fromisoformat(stored["day"]), Fact.from_json(stored["name"])
    # What was stored before days off concerned tests too is about the meeting.
    return DayOff(
        stored["delegation"], day, name, stored["warning"], About(stored.get("about", About.MEETING))
    )
