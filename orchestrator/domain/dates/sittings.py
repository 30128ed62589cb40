"""A session of several days is not held through the nights: it sits once a day, at the same clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from orchestrator.domain.time.zones import instant_of, zone

_ONE_DAY = timedelta(days=1)
_WHOLE_DAY = timedelta(hours=8)
"""How long a session of so many whole days sits on each: from 09:00 to 17:00 where it begins at 09:00."""


def daily(duration: timedelta) -> tuple[int, timedelta]:
    """Return on how many days a meeting of that length sits, and for how long on each.

    One of up to 24 hours sits once. A longer one lasts from the clock of its start to that of its end on each
    day: two days and eight hours from 09:00 are three days until 17:00.
    """
    if duration <= _ONE_DAY:
        return 1, duration
    days, rest = divmod(duration, _ONE_DAY)
    return (days + 1, rest) if rest else (days, _WHOLE_DAY)


def sittings_of(
    starts_at: datetime, duration: timedelta, in_zone: str
) -> tuple[tuple[datetime, datetime], ...]:
    """Return when a meeting sits (aware UTC), at the same clock of ``in_zone`` each day."""
    count, length = daily(duration)
    there = zone(in_zone)
    wall = starts_at.astimezone(there).replace(tzinfo=None)
    begins = (starts_at, *(instant_of(wall + shift * _ONE_DAY, there) for shift in range(1, count)))
    return tuple((begin, begin + length) for begin in begins)
