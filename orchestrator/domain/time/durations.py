"""ISO 8601 durations, as meetings and timelines write them (``PT2H30M``, ``P7D``, ``P1W``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from orchestrator.errors import Unfit
from orchestrator.facts import Fact

_DURATION = re.compile(
    r"P(?=\d|T\d)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.ASCII,
)
DAYS_PART = "([0-4]?[0-9]{1,2}W([0-9]{1,2}D)?|[0-9]{1,3}D|[12][0-9]{3}D|3[0-5][0-9]{2}D)"
CLOCK_PART = "T([0-9]{1,4}H([0-9]{1,5}M)?([0-9]{1,6}S)?|[0-9]{1,5}M([0-9]{1,6}S)?|[0-9]{1,6}S)"
_SHORT_CLOCK = "T([0-9]{1,2}H([0-9]{1,3}M)?([0-9]{1,4}S)?|[0-9]{1,3}M([0-9]{1,4}S)?|[0-9]{1,4}S)"
DURATION_PATTERN = f"^P({DAYS_PART}({_SHORT_CLOCK})?|{CLOCK_PART})$"
"""What ``parse_duration`` takes, as a schema tells it: nothing that is longer than ten years."""
_LONGEST = timedelta(days=3660)


def parse_duration(text: str) -> timedelta:
    """Return the length that ``text`` means.

    Years and months are refused, because their length depends on the calendar. Raises ``Unfit``.
    """
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise Unfit(Fact.of("time.not-a-duration"))
    try:
        length = timedelta(**{unit: int(number) for unit, number in found.groupdict(default="0").items()})
    except (OverflowError, ValueError):  # More digits than a timedelta, or int(), takes.
        raise Unfit(Fact.of("time.too-long")) from None
    if length > _LONGEST:
        raise Unfit(Fact.of("time.too-long"))
    return length


def duration_text(length: timedelta, *, days: bool = False) -> str:
    """Return ``length`` as an ISO 8601 duration, such as ``PT2H30M``; with ``days``, such as ``P7D``."""
    seconds = int(length.total_seconds())
    whole_days, rest = divmod(seconds, 86400) if days else (0, seconds)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "H"), (minutes, "M"), (rest, "S"))
    clock = "".join(f"{number}{unit}" for number, unit in parts if number)
    if not (whole_days or clock):
        clock = "0M"
    return "P" + (f"{whole_days}D" if whole_days else "") + (f"T{clock}" if clock else "")


def duration_fact(length: timedelta) -> Fact:
    """Return the fact that says ``2 h 30 min`` or ``7 days``."""
    days, rest = divmod(int(length.total_seconds()), 86400)
    hours, rest = divmod(rest, 3600)
    minutes = rest // 60
    parts = [
        *([Fact.of("time.days", count=days)] if days else []),
        *([Fact.of("time.hours", count=hours)] if hours else []),
        *([Fact.of("time.minutes", count=minutes)] if minutes else []),
    ]
    return _side_by_side(parts or [Fact.of("time.minutes", count=0)])


def _side_by_side(parts: Sequence[Fact]) -> Fact:
    first, *others = parts
    return Fact.of("time.length", longer=first, rest=_side_by_side(others)) if others else first
