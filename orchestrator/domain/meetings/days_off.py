"""On whose days off a meeting takes place, and which of them came to be after its time was decided.

A coordinator is told for whom a time is a day off when they choose it. What is declared later, or comes with
newer holiday data, is a *late* day off: the coordinator is warned of it once, by the number of its warning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.meetings.known_days_off import DayOff, DaysOff
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.facts import Fact, plain

_MOMENT = timedelta(microseconds=1)


def days_off_now(meeting: Meeting, codes: Iterable[str], calendars: Calendars) -> tuple[DayOff, ...]:
    """Return the days off on which a meeting takes place for the delegations ``codes``, in protocol order.

    The days are those of each delegation's own calendar, from the start to the last moment before the end.
    """
    found = []
    for code in sorted(codes, key=calendars.directory.rank):
        calendar = calendars.of(code)
        first = calendar.local_date(meeting.starts_at)
        last = calendar.local_date(meeting.ends_at - _MOMENT)
        for shift in range((last - first).days + 1):
            day = calendar.day(first + timedelta(days=shift))
            if day.off is not None:
                name = plain(day.name) if isinstance(day.name, str) else day.name
                found.append(DayOff(code, day.date, name or day.sort))
    return tuple(found)


def decided(known: DaysOff | None, found: Iterable[DayOff]) -> DaysOff:
    """Return what is known once a coordinator has decided about the time: they were told of all of it."""
    return DaysOff(known.warnings if known else 0, tuple(replace(item, warning=0) for item in found))


def compared(known: DaysOff, found: Iterable[DayOff]) -> DaysOff:
    """Return what is known now that these days off were ``found``; new ones get the next warning."""
    before = {(item.delegation, item.day): item.warning for item in known.days}
    late = known.warnings + 1
    days = tuple(replace(item, warning=before.get((item.delegation, item.day), late)) for item in found)
    return DaysOff(late if any(item.warning == late for item in days) else known.warnings, days)


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
        }
        for item in known.days
    ]
    return {"warnings": known.warnings, "days": days}


def from_json(stored: dict[str, Any] | None) -> DaysOff | None:
    """Return what ``to_json`` stored."""
    if stored is None:
        return None
    return DaysOff(stored["warnings"], tuple(map(_day_off, stored["days"])))


def _day_off(stored: dict[str, Any]) -> DayOff:
    day, name = date.fromisoformat(stored["day"]), Fact.from_json(stored["name"])
    return DayOff(stored["delegation"], day, name, stored["warning"])
