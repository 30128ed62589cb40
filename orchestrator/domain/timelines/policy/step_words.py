"""How the steps of an event's timeline write days, hours and circles, and what these mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

from orchestrator.domain.time.durations import parse_duration
from orchestrator.domain.timelines.audience import KNOWN, Audience
from orchestrator.domain.timelines.offsets import NO_OFFSET, Offset
from orchestrator.domain.timelines.policy.rules import Whose
from orchestrator.errors import Unfit
from orchestrator.facts import Fact

_CLOCKED = re.compile(
    r"(?P<offset>\S+)(?:\s+at\s+(?P<clock>\d\d:\d\d)\s+(?P<whose>local|host|venue))?", re.ASCII
)
_WORKING_DAYS = re.compile(r"(?P<count>\d{1,3})WD", re.ASCII)
_LAST_HOUR = timedelta(hours=23)


@dataclass(frozen=True, slots=True)
class Moment:
    """So many days before or after something, at a clock; ``clock`` is ``None`` for the morning."""

    offset: Offset
    clock: time | None = None
    whose: Whose = Whose.LOCAL


def _moment(value: object) -> Moment:
    """Read ``-10WD``, ``-P28D`` or ``-10WD at 16:00 host``; only whole days are counted in a calendar."""
    if isinstance(value, Moment):
        return value
    found = _CLOCKED.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise Unfit(NO_OFFSET)
    offset = Offset.parse(found["offset"])
    if offset is None or offset.clock is None:
        raise Unfit(Fact.of("timelines.counts-days"))
    if found["clock"] is None:
        return Moment(offset)
    try:
        clock = time.fromisoformat(found["clock"])
    except ValueError:
        raise Unfit(NO_OFFSET) from None
    return Moment(replace(offset, clock=clock), clock, Whose(found["whose"]))


def _days(value: object) -> Offset:
    """Read whole days without a clock."""
    found = _moment(value)
    if found.clock is not None:
        raise Unfit(Fact.of("timelines.bound-with-clock"))
    return found.offset


def _before(value: object) -> Offset:
    found = _days(value)
    if found.after:
        raise Unfit(Fact.of("timelines.counts-before"))
    return found


def _working_days(value: object) -> int:
    found = _WORKING_DAYS.fullmatch(value.strip()) if isinstance(value, str) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if found is None:
        raise Unfit(Fact.of("timelines.no-working-days"))
    return int(found["count"])


def _working_days_before(value: object) -> int:
    """Read ``-2WD``, how many working days of the host something comes before the first session."""
    return _working_days(value.strip().removeprefix("-") if isinstance(value, str) else value)


def _calendar_days(value: object) -> int:
    length = (
        value if isinstance(value, timedelta) else parse_duration(value) if isinstance(value, str) else None
    )
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if length is None or length % timedelta(days=1):
        raise Unfit(Fact.of("timelines.no-days"))
    return length.days


def _hours_before(value: object) -> timedelta:
    """Read ``-PT60M``, how long before the start the mail of the last hour leaves."""
    if isinstance(value, timedelta):
        return value
    offset = Offset.parse(value) if isinstance(value, str) else None
    if (
        offset is None
        or offset.clock is not None
        or offset.after
        or not timedelta() < offset.exact <= _LAST_HOUR
    ):
        raise Unfit(Fact.of("timelines.no-last-hour"))
    return offset.exact


def _length(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    if not isinstance(value, timedelta):
        raise Unfit(Fact.of("timelines.no-duration"))
    return value


def _circles(value: object) -> tuple[Audience, ...]:
    items: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    if not items:
        raise Unfit(Fact.of("timelines.no-audience", known=KNOWN))
    return tuple(_circle(item) for item in items)


def _circle(value: object) -> Audience:
    if isinstance(value, Audience):
        return value
    if not isinstance(value, str):
        raise Unfit(Fact.of("timelines.no-audience", known=KNOWN))
    return Audience.parse(value)


def _one_or_more(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


Day = Annotated[Moment, BeforeValidator(_moment)]
Days = Annotated[Offset, BeforeValidator(_days)]
DaysBefore = Annotated[Offset, BeforeValidator(_before)]
WorkingDays = Annotated[int, BeforeValidator(_working_days)]
WorkingDaysBefore = Annotated[int, BeforeValidator(_working_days_before)]
CalendarDays = Annotated[int, BeforeValidator(_calendar_days)]
LastHour = Annotated[timedelta, BeforeValidator(_hours_before)]
Duration = Annotated[timedelta, BeforeValidator(_length)]
Circles = Annotated[tuple[Audience, ...], BeforeValidator(_circles)]
DaysList = Annotated[tuple[Days, ...], BeforeValidator(_one_or_more)]
