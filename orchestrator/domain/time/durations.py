"""ISO 8601 durations, as meetings and timelines write them (``PT2H30M``, ``P7D``, ``P1W``)."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(
    r"P(?=\d|T\d)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.ASCII,
)
_LONGEST = timedelta(days=3660)


def parse_duration(text: str) -> timedelta:
    """Return the length that ``text`` means.

    Years and months are refused, because their length depends on the calendar. Raises
    ``ValueError`` with a sentence for a person.
    """
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise ValueError("is not an ISO 8601 duration such as PT2H30M, P7D or P1W")
    try:
        length = timedelta(**{unit: int(number) for unit, number in found.groupdict(default="0").items()})
    except (OverflowError, ValueError):  # More digits than a timedelta, or int(), takes.
        raise ValueError("is longer than ten years") from None
    if length > _LONGEST:
        raise ValueError("is longer than ten years")
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


def duration_words(length: timedelta) -> str:
    """Return ``2 h 30 min`` or ``7 days``, for people."""
    days, rest = divmod(int(length.total_seconds()), 86400)
    hours, rest = divmod(rest, 3600)
    minutes = rest // 60
    parts = [
        f"{days} day{'s' if days != 1 else ''}" if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
    ]
    return " ".join(part for part in parts if part) or "0 min"
