"""Wall time, zones and instants.

Wall time plus IANA zone is the truth; UTC instants are derived. Zone data comes from the pinned
``tzdata`` package, never from the operating system, so that every machine derives the same instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo

from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact, storable


@dataclass(frozen=True, slots=True)
class ZoneData:
    """Where zones are read from: a folder like that of the ``tzdata`` package, and its version."""

    folder: Traversable
    version: str


def pinned_zone_data() -> ZoneData:
    """Return the data of the pinned package."""
    return ZoneData(resources.files("tzdata"), metadata.version("tzdata"))


_in_use = pinned_zone_data()


@contextmanager
def zone_data(other: ZoneData) -> Iterator[None]:
    """Use other zone data for a while, to see what a version that is not installed would do.

    For the whole process, so for nothing that serves requests meanwhile; what has been derived stays.
    """
    global _in_use
    before, _in_use = _in_use, other
    zone.cache_clear()
    try:
        yield
    finally:
        _in_use = before
        zone.cache_clear()


def tzdata_version() -> str:
    """Return the version of the zone data in use, such as ``2026.6``."""
    return _in_use.version


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return every IANA zone name that the pinned data knows."""
    listing = (resources.files("tzdata") / "zones").read_text("utf-8")
    return frozenset(listing.split())


_WHOLE_NAMES = frozenset(
    [
        "UTC",
        "Cuba",
        "Egypt",
        "Hongkong",
        "Iceland",
        "Iran",
        "Israel",
        "Jamaica",
        "Japan",
        "Libya",
        "Poland",
        "Portugal",
        "Singapore",
        "Turkey",
    ]
)
"""Names of one word that mean one place, or no place at all."""


def zone_problem(name: str) -> tuple[Fact, Fact] | None:
    """Return what is wrong with a zone that a person names, and the remedy; ``None`` for a good one.

    The database also has abbreviations (EST, CET), offsets (GMT+0, and Etc/GMT+7, which lies west of
    Greenwich) and rules of one country by its initials (PRC, NZ), for old programs. A person who writes one
    may mean another, so a city is asked for; what has been stored is still read.
    """
    if name not in zone_names():
        return Fact.of("time.not-a-zone"), Fact.of("time.not-a-zone.remedy")
    area, slash, _ = name.partition("/")
    if name == "Etc/UTC" or name in _WHOLE_NAMES or (slash and area != "Etc"):
        return None
    return Fact.of("time.abbreviated-zone"), Fact.of("time.abbreviated-zone.remedy")


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """Return the zone ``name`` from the pinned data.

    Raises ``InvalidInput`` naming the field ``zone`` when there is none of that name.
    """
    if name not in zone_names():
        raise InvalidInput.of("zone", name, Fact.of("time.not-a-zone"), Fact.of("time.not-a-zone.remedy"))
    source = _in_use.folder.joinpath("zoneinfo", *name.split("/"))
    with source.open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def require_instant(value: datetime) -> datetime:
    """Return ``value`` when it is an aware UTC instant; raises ``ValueError`` otherwise."""
    if value.utcoffset() != timedelta(0):
        raise ValueError(f"{value!r} is not an aware UTC instant")
    return value


def exists(wall: datetime, in_zone: ZoneInfo) -> bool:
    """Whether the naive wall time ``wall`` happens in ``in_zone`` (it does not inside a DST gap)."""
    aware = wall.replace(tzinfo=in_zone)
    return aware.astimezone(UTC).astimezone(in_zone).replace(tzinfo=None, fold=0) == wall


def comes_twice(wall: datetime, in_zone: ZoneInfo) -> bool:
    """Whether the naive wall time ``wall`` happens twice in ``in_zone``: clocks are put back over it."""
    first, second = (wall.replace(tzinfo=in_zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second and exists(wall, in_zone)


def wall_problem(wall: datetime, in_zone: ZoneInfo) -> tuple[Fact, Fact] | None:
    """Return what is wrong with a naive wall time that a person names, and the remedy; ``None`` if nothing.

    One that never comes has no instant, and one that comes twice has two, of which nobody can tell which is
    meant.
    """
    if not MINYEAR < wall.year < MAXYEAR:
        return None  # No clock changes there, and some instants lie beyond the calendar.
    if not exists(wall, in_zone):
        return Fact.of("time.skipped", zone=in_zone.key), Fact.of("time.skipped.remedy")
    if not comes_twice(wall, in_zone):
        return None
    first, second = (wall.replace(tzinfo=in_zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    offsets = {"first": offset_text(first, in_zone), "second": offset_text(second, in_zone)}
    instants = {"first": f"{first:%Y-%m-%d %H:%M}", "second": f"{second:%Y-%m-%d %H:%M}"}
    return (
        Fact.of("time.comes-twice", zone=in_zone.key, **offsets),
        Fact.of("time.comes-twice.remedy", **instants),
    )


def instant_of(wall: datetime, in_zone: ZoneInfo) -> datetime:
    """Return the UTC instant of the naive wall time ``wall`` in ``in_zone``.

    A wall time that happens twice is its first occurrence, and one inside a gap is read with the
    offset before the gap, as RFC 5545 section 3.3.5 prescribes.
    """
    return wall.replace(tzinfo=in_zone, fold=0).astimezone(UTC)


def local_date(instant: datetime, in_zone: ZoneInfo) -> date:
    """Return the calendar date on which ``instant`` falls in ``in_zone``."""
    return instant.astimezone(in_zone).date()


def at_local(day: date, clock: time, in_zone: ZoneInfo) -> datetime:
    """Return the instant at which the clocks of ``in_zone`` show ``clock`` on ``day``."""
    return instant_of(datetime.combine(day, clock), in_zone)


def offset_text(instant: datetime, in_zone: tzinfo) -> str:
    """Return the offset in force, as ``UTC+07:00``; abbreviations are never printed."""
    offset = instant.astimezone(in_zone).utcoffset() or timedelta(0)
    sign = "-" if offset < timedelta(0) else "+"
    minutes = abs(int(offset.total_seconds())) // 60
    return f"UTC{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def city_of(zone_name: str) -> str:
    """Return the city in a zone's name: ``Phnom Penh`` for ``Asia/Phnom_Penh``."""
    return zone_name.rsplit("/", 1)[-1].replace("_", " ")


@dataclass(frozen=True, slots=True)
class Place:
    """A zone together with the city whose name stands for it in texts."""

    zone: str
    city: str


Day = date  # The class below has a field named ``date``, which would hide the type.

WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKDAYS = (
    "time.monday",
    "time.tuesday",
    "time.wednesday",
    "time.thursday",
    "time.friday",
    "time.saturday",
    "time.sunday",
)
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True, slots=True)
class LocalTime:
    """One instant as people at a place read it, in the words of LOOK: nothing ambiguous.

    ``date`` is ``Thursday, 3 December 2026``, ``clock`` is ``09:00``, ``offset`` is ``UTC+07:00``.
    """

    date: str
    clock: str
    city: str
    offset: str
    day: Day

    def __str__(self) -> str:
        return f"{self.date}, {self.clock} {self.city} ({self.offset})"

    def days_after(self, other: LocalTime) -> int:
        """Return how many calendar days this date lies after the date of ``other``."""
        return (self.day - other.day).days


def _local_time_of(parts: dict[str, str]) -> LocalTime:
    day = Day.fromisoformat(parts["day"])
    return LocalTime(long_date(day), parts["clock"], parts["city"], parts["offset"], day)


storable(
    "local",
    LocalTime,
    lambda time: {"day": time.day.isoformat(), "clock": time.clock, "city": time.city, "offset": time.offset},
    _local_time_of,
)


def local_time(instant: datetime, place: Place) -> LocalTime:
    """Return ``instant`` (aware) as it reads at ``place``."""
    return local_time_in(instant, zone(place.zone), place.city)


def local_time_in(instant: datetime, in_zone: tzinfo, city: str) -> LocalTime:
    """Return ``instant`` (aware) as clocks in ``in_zone`` show it, which is printed with ``city``."""
    there = instant.astimezone(in_zone)
    return LocalTime(
        date=long_date(there.date()),
        clock=f"{there:%H:%M}",
        city=city,
        offset=offset_text(instant, in_zone),
        day=there.date(),
    )


def long_date(day: date) -> str:
    """Return ``Thursday, 3 December 2026``, whatever locale the process runs in."""
    return f"{WEEKDAY_NAMES[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def weekday_fact(number: int) -> Fact:
    """Return the fact that names a weekday; ``number`` is 0 for Monday, as ``date.weekday`` counts."""
    return Fact.of(_WEEKDAYS[number])
