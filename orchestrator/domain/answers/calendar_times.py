"""The moments in a calendar that came by mail, whatever its program calls the zones (RFC 5545).

A zone counts when it is known by its name (of IANA, of Windows, as Outlook shows it) or when the calendar
defines it. Nothing is guessed: a moment that cannot be told for certain is None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from orchestrator.domain.answers.content_lines import Component, Property, clean
from orchestrator.domain.time.zones import instant_of, zone, zone_names

_MOMENT = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)[Tt ](\d\d):?(\d\d):?(\d\d)?(?:\.0+)?[ ]?(?:([Zz])|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_WHOLE_NAMES: Final = {
    name.casefold(): name for name in ("UTC", "GMT", "Zulu", "Singapore", "Japan", "Hongkong")
}
"""Zones without a slash in their name that mean one place only; EST and its like do not."""
_CITIES: Final = {
    "coordinated universal time": "UTC",
    "bangkok, hanoi, jakarta": "Asia/Bangkok",
    "kuala lumpur, singapore": "Asia/Singapore",
    "yangon (rangoon)": "Asia/Yangon",
    "beijing, chongqing, hong kong, urumqi": "Asia/Shanghai",
    "beijing, chongqing, hong kong sar, urumqi": "Asia/Shanghai",
    "taipei": "Asia/Taipei",
    "osaka, sapporo, tokyo": "Asia/Tokyo",
    "seoul": "Asia/Seoul",
    "chennai, kolkata, mumbai, new delhi": "Asia/Kolkata",
    "perth": "Australia/Perth",
    "darwin": "Australia/Darwin",
    "adelaide": "Australia/Adelaide",
    "brisbane": "Australia/Brisbane",
    "canberra, melbourne, sydney": "Australia/Sydney",
    "auckland, wellington": "Pacific/Auckland",
    "dublin, edinburgh, lisbon, london": "Europe/London",
    "eastern time (us & canada)": "America/New_York",
    "pacific time (us & canada)": "America/Los_Angeles",
}
"""What Outlook shows for the zones of the people who take part, which it also sends as TZID."""
_SHOWN_OFFSET = re.compile(r"\((?:UTC|GMT)(?:[+-]\d\d:\d\d)?\)\s*", re.IGNORECASE)


def zone_definitions(calendar: Component) -> dict[str, Component]:
    """Return the VTIMEZONEs of a calendar by TZID."""
    found = calendar.named("VTIMEZONE")[:20]
    return {_tzid(definition.value("TZID")): definition for definition in found}


def instant(found: Property | None, definitions: Mapping[str, Component]) -> datetime | None:
    """Return the aware UTC instant that a DATE-TIME property means.

    None for a date, for floating time and for a zone that is neither known nor defined.
    """
    if found is None:
        return None
    tzid, value = found.param("TZID"), found.value.strip()
    if tzid and not _MOMENT.fullmatch(value):
        # A name such as "(UTC+07:00) Bangkok" that is not quoted is cut at its first colon.
        rest, _, value = value.rpartition(":")
        tzid = f"{tzid}:{rest}"
    match = _MOMENT.fullmatch(value)
    if match is None:
        return None
    try:
        wall = _wall_of(match)
        if match[7]:
            return wall.replace(tzinfo=UTC)
        if match[8]:
            ahead = timedelta(hours=int(match[9]), minutes=int(match[10]))
            return wall.replace(tzinfo=timezone(ahead if match[8] == "+" else -ahead)).astimezone(UTC)
        return _in_zone(wall, _tzid(tzid), definitions)
    except (ValueError, OverflowError):
        return None


def is_certain(found: Property | None) -> bool:
    """Whether a DATE-TIME property is in UTC or in a zone that everybody knows by its name of IANA.

    Programs' own names and definitions of zones are read too, but they are wrong often enough.
    """
    if found is None:
        return False
    match = _MOMENT.fullmatch(found.value.strip())
    return match is not None and bool(match[7] or match[8] or _tzid(found.param("TZID")) in zone_names())


def _tzid(name: str) -> str:
    return clean(name, 200).strip("'\"")


def _in_zone(wall: datetime, tzid: str, definitions: Mapping[str, Component]) -> datetime | None:
    known = known_zone(tzid)
    if known is not None:
        return instant_of(wall, known)
    definition = definitions.get(tzid)
    offset = _defined_offset(definition, wall) if definition else None
    return None if offset is None else (wall - offset).replace(tzinfo=UTC)


@lru_cache(maxsize=256)
def known_zone(tzid: str) -> ZoneInfo | None:
    """Return the zone that a TZID names: of IANA, of Windows, or with a program's own prefix."""
    shown = _SHOWN_OFFSET.sub("", tzid, count=1).casefold()
    windows = _windows_names().get(tzid.casefold()) or _CITIES.get(shown)
    if windows:
        return zone(windows)
    if tzid.casefold() == "tzone://microsoft/utc":
        return zone("UTC")
    parts = tzid.split("/")[-6:]
    # libical and Mozilla write their own name before that of IANA.
    suffixes = ("/".join(parts[at:]).casefold() for at in range(len(parts)))
    return next((zone(_iana_names()[suffix]) for suffix in suffixes if suffix in _iana_names()), None)


@lru_cache(maxsize=1)
def _windows_names() -> dict[str, str]:
    return {name.casefold(): iana for name, iana in WINDOWS_TO_OLSON.items() if iana in zone_names()}


@lru_cache(maxsize=1)
def _iana_names() -> dict[str, str]:
    return {name.casefold(): name for name in zone_names() if "/" in name} | _WHOLE_NAMES


# --- zones that the calendar defines itself

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)(?::?\d\d)?", re.ASCII)
_WEEKDAYS = {day: number for number, day in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
_BY_DAY = re.compile(r"([+-]?\d)?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_UNDERSTOOD = frozenset({"FREQ", "BYMONTH", "BYDAY", "BYMONTHDAY", "UNTIL", "WKST"})


@dataclass(frozen=True, slots=True)
class _Onset:
    """A moment from which an offset holds, in the wall time that was kept before it."""

    at: datetime
    before: timedelta
    after: timedelta


def _defined_offset(definition: Component, wall: datetime) -> timedelta | None:
    """Return the offset that a VTIMEZONE gives to ``wall``; None where it gives none, or unclearly."""
    observances = definition.named("STANDARD") + definition.named("DAYLIGHT")
    if not 1 <= len(observances) <= 50:
        return None
    onsets: list[_Onset] = []
    for observance in observances:
        found = _onsets(observance, wall)
        if found is None:
            return None
        onsets += found
    past = [onset for onset in onsets if onset.at <= wall]
    if not past:
        return None
    last = max(past, key=lambda onset: onset.at)
    # A wall time that the clock jumps over is read with the offset before (RFC 5545 section 3.3.5).
    return last.before if wall < last.at + (last.after - last.before) else last.after


def _onsets(observance: Component, wall: datetime) -> list[_Onset] | None:
    """Return the onsets that can be the last before ``wall``; None when the rule is not understood."""
    start = _wall(observance.value("DTSTART"))
    before, after = _offset(observance.value("TZOFFSETFROM")), _offset(observance.value("TZOFFSETTO"))
    if start is None or before is None or after is None:
        return None
    rule = observance.value("RRULE").upper()
    listed = ",".join(found.value for found in observance.all("RDATE")[:200])
    moments = [start, *(_wall(text) for text in listed.split(",")[:200] if text.strip())]
    yearly = _yearly(rule, start, before, wall) if rule else []
    if yearly is None or None in moments:
        return None
    return [_Onset(moment, before, after) for moment in [*moments, *yearly] if moment is not None]


def _yearly(rule: str, start: datetime, before: timedelta, wall: datetime) -> list[datetime] | None:
    """Return the onsets of a yearly rule in the last two years that it covers up to ``wall``."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";") if part)
    # Some programs repeat what DTSTART says already.
    said = {"INTERVAL": 1, "BYHOUR": start.hour, "BYMINUTE": start.minute, "BYSECOND": start.second}
    for name, value in said.items():
        if parts.pop(name, str(value)).lstrip("0") != str(value).lstrip("0"):
            return None
    if parts.get("FREQ") != "YEARLY" or parts.keys() - _UNDERSTOOD:
        return None
    until = wall
    if "UNTIL" in parts:
        end = _wall(parts["UNTIL"].removesuffix("Z"))
        if end is None:
            return None
        until = min(wall, end + before if parts["UNTIL"].endswith("Z") else end)
    found = [_in_year(parts, start, year) for year in (until.year - 1, until.year)]
    if None in found:
        return None
    return [moment for moment in found if moment is not None and start <= moment <= until]


def _in_year(parts: Mapping[str, str], start: datetime, year: int) -> datetime | None:
    """Return the one moment that the rule means in ``year``; None when it means none or several."""
    month = int(parts.get("BYMONTH", str(start.month)))
    if "BYDAY" not in parts and "BYMONTHDAY" not in parts:
        days = {start.day}
    else:
        days = _days_by_weekday(parts, year, month) & _days_by_number(parts)
    if len(days) != 1:
        return None
    return start.replace(year=year, month=month, day=days.pop())


def _days_by_weekday(parts: Mapping[str, str], year: int, month: int) -> set[int]:
    first = date(year, month, 1)
    length = ((first.replace(day=28) + timedelta(days=4)).replace(day=1) - first).days
    if "BYDAY" not in parts:
        return set(range(1, length + 1))
    wanted = _BY_DAY.fullmatch(parts["BYDAY"])
    if wanted is None:
        return set()
    days = [day for day in range(1, length + 1) if first.replace(day=day).weekday() == _WEEKDAYS[wanted[2]]]
    if not wanted[1]:
        return set(days)
    nth = int(wanted[1])
    return {days[nth - 1 if nth > 0 else nth]} if nth and abs(nth) <= len(days) else set()


def _days_by_number(parts: Mapping[str, str]) -> set[int]:
    return (
        {int(day) for day in parts["BYMONTHDAY"].split(",")} if "BYMONTHDAY" in parts else set(range(1, 32))
    )


def _wall(text: str) -> datetime | None:
    match = _MOMENT.fullmatch(text.strip())
    if match is None or match[7] or match[8]:
        return None
    return _wall_of(match)


def _wall_of(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - a wall time; its zone follows.


def _offset(text: str) -> timedelta | None:
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    ahead = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return ahead if match[1] == "+" else -ahead
