"""What a meeting costs a delegation: how far it lies from the hours and days on which people work there.

Cost is counted in weighted minutes. A minute of the meeting costs nothing within office hours, one in a
lunch break, two for each hour begun between it and the office hours, and twenty at night. On a day off each
minute costs so much more, and its clock is held against the hours of the next working day. The cost of a
meeting is the sum over all its minutes, so that the whole meeting counts and not only its start; the burden
of a delegation is the sum over the meetings it took part in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from orchestrator.domain.dates.sittings import sittings_of
from orchestrator.domain.delegations.delegation import WEEKDAYS, weekday_of
from orchestrator.domain.delegations.working_calendar import (
    Calendars,
    Day,
    NoWorkingDayError,
    Off,
    Stretch,
    WorkingCalendar,
)
from orchestrator.domain.time.durations import duration_fact
from orchestrator.domain.time.zones import local_time, weekday_fact, zone
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact, chained

BREAK_COST: Final = 1
HOUR_COST: Final = 2
NIGHT_COST: Final = 20
NIGHT_BEGINS, NIGHT_ENDS = time(22), time(6)
DAY: Final = 1440
_QUARTER = 15
_MINUTE = timedelta(minutes=1)
_ASSUMED_WEEK = frozenset(WEEKDAYS[:5])
_ASSUMED_HOURS = (Stretch(time(9), time(17)),)


class Constraint(StrEnum):
    """What a meeting should keep to at a delegation."""

    HOURS = "hours"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    ESTIMATED = "estimated-holiday"
    SOFT_DAY = "soft-day"


DAY_COSTS: Final[Mapping[Constraint, int]] = {
    Constraint.SOFT_DAY: 2,
    Constraint.ESTIMATED: 5,
    Constraint.WEEKEND: 8,
    Constraint.HOLIDAY: 10,
}
"""What each minute on a day off costs beside its clock; of several reasons the dearest counts."""
HARD_BY_DEFAULT: Final = frozenset({Constraint.WEEKEND, Constraint.HOLIDAY})


def day_cost(against: frozenset[Constraint]) -> int:
    """Return what each minute of a day costs beside its clock, by what the day does not keep."""
    return max((DAY_COSTS[item] for item in against), default=0)


class PartOfDay(StrEnum):
    """The part of a working day that a minute lies in."""

    OPEN = "office hours"
    BREAK = "lunch break"
    EARLY = "early"
    LATE = "late"
    NIGHT = "night"


@dataclass(frozen=True, slots=True)
class Band:
    """Neighbouring minutes of a local day that cost the same; ``end`` is the minute after the last."""

    begin: int
    end: int
    part: PartOfDay
    weight: int

    @property
    def against(self) -> frozenset[Constraint]:
        """What it does not keep. A lunch break costs, but lies between opening and closing."""
        outside = self.part not in (PartOfDay.OPEN, PartOfDay.BREAK)
        return frozenset({Constraint.HOURS}) if outside else frozenset()


@lru_cache(maxsize=1024)
def bands_of(stretches: tuple[Stretch, ...]) -> tuple[Band, ...]:
    """Return the 1,440 minutes of a day with these office hours (at least one stretch), as bands."""
    made, begin = [], 0
    for (part, weight), minutes in groupby(_judged(stretches, minute) for minute in range(DAY)):
        end = begin + sum(1 for _ in minutes)
        made.append(Band(begin, end, part, weight))
        begin = end
    return tuple(made)


def _judged(stretches: Sequence[Stretch], minute: int) -> tuple[PartOfDay, int]:
    opens, closes = minute_of(stretches[0].opens), minute_of(stretches[-1].closes)
    if any(minute_of(item.opens) <= minute < minute_of(item.closes) for item in stretches):
        return PartOfDay.OPEN, 0
    if not minute_of(NIGHT_ENDS) <= minute < minute_of(NIGHT_BEGINS):
        return PartOfDay.NIGHT, NIGHT_COST
    if opens < minute < closes:
        return PartOfDay.BREAK, BREAK_COST
    part, distance = (
        (PartOfDay.EARLY, opens - minute - 1) if minute < opens else (PartOfDay.LATE, minute - closes)
    )
    return part, min(HOUR_COST * (distance // 60 + 1), NIGHT_COST)


def minute_of(clock: time) -> int:
    """Return the minute of the day that ``clock`` shows."""
    return clock.hour * 60 + clock.minute


# --- days


@dataclass(frozen=True, slots=True)
class Terms:
    """How a day of a delegation is judged.

    ``stretches`` are the hours its clock is held against, ``against`` what the day as such does not keep.
    """

    day: Day
    stretches: tuple[Stretch, ...]
    against: frozenset[Constraint]

    @property
    def bands(self) -> tuple[Band, ...]:
        """Its minutes."""
        return bands_of(self.stretches)

    @property
    def fact(self) -> Fact:
        """What the day is, such as ``weekend day (Saturday)``."""
        sort = self.day.sort
        if self.day.off is Off.WEEKEND:
            sort = Fact.of("dates.day-on", sort=sort, weekday=weekday_fact(self.day.date.weekday()))
        return Fact.of("dates.can-be-used", sort=sort) if self.against == {Constraint.SOFT_DAY} else sort


def terms_of(calendar: WorkingCalendar, day: date) -> Terms:
    """Return how ``day`` is judged at a delegation."""
    found = calendar.day(day)
    if found.working:
        return Terms(found, found.stretches, frozenset())
    return Terms(found, _next_hours(calendar, day), _against(calendar, found))


def _next_hours(calendar: WorkingCalendar, day: date) -> tuple[Stretch, ...]:
    """A day off has no hours of its own, but noon is still better than midnight."""
    try:
        return calendar.day(calendar.add(day, 1)).stretches
    except NoWorkingDayError:
        return _ASSUMED_HOURS


def _against(calendar: WorkingCalendar, day: Day) -> frozenset[Constraint]:
    """A holiday can fall on a weekend day, and then the day is both: an estimate does not open an office."""
    found = set()
    if day.off is not Off.WEEKEND:
        found.add(Constraint.ESTIMATED if day.estimated else Constraint.HOLIDAY)
    there = calendar.delegation.on(day.date)
    weekday = weekday_of(day.date)
    if day.off is Off.WEEKEND or weekday not in (there.working_days or _ASSUMED_WEEK):
        found.add(Constraint.SOFT_DAY if weekday in there.soft_days else Constraint.WEEKEND)
    return frozenset(found)


# --- a meeting at a delegation


@dataclass(frozen=True, slots=True)
class Piece:
    """Minutes of a meeting that follow each other and cost a delegation the same.

    ``begin`` is the minute of the local day at which they begin.
    """

    begin: int
    minutes: int
    band: Band
    terms: Terms

    @property
    def cost(self) -> int:
        """Their cost."""
        return self.minutes * (self.band.weight + day_cost(self.terms.against))

    @property
    def against(self) -> frozenset[Constraint]:
        """What they do not keep; nothing means between opening and closing of a working day."""
        return self.band.against | self.terms.against


def zone_at(calendar: WorkingCalendar, moment: datetime) -> ZoneInfo:
    """Return the zone in force at ``moment`` (aware UTC)."""
    return zone(calendar.place(moment.date()).zone)


def pieces_of(calendar: WorkingCalendar, starts_at: datetime, ends_at: datetime) -> tuple[Piece, ...]:
    """Return a meeting (aware UTC, whole minutes) as the delegation lives it, in order."""
    found, moment = [], starts_at
    while moment < ends_at:
        there = moment.astimezone(zone_at(calendar, moment))
        terms = terms_of(calendar, there.date())
        minute = there.hour * 60 + there.minute
        band = next(item for item in terms.bands if minute < item.end)
        until = min(ends_at, _steady_until(calendar, moment, moment + (band.end - minute) * _MINUTE))
        found.append(Piece(minute, (until - moment) // _MINUTE, band, terms))
        moment = until
    return tuple(found)


def pieces_of_all(
    calendar: WorkingCalendar, sittings: Iterable[tuple[datetime, datetime]]
) -> tuple[Piece, ...]:
    """Return all sittings of a meeting (aware UTC) as the delegation lives them, in order."""
    return tuple(piece for begin, end in sittings for piece in pieces_of(calendar, begin, end))


def _steady_until(calendar: WorkingCalendar, moment: datetime, until: datetime) -> datetime:
    """Return ``until``, or where clocks change before it, the next quarter of an hour.

    They are changed on a quarter of an hour of UTC, and never twice within a few hours.
    """
    before = moment.astimezone(zone_at(calendar, moment)).utcoffset()
    if until.astimezone(zone_at(calendar, until)).utcoffset() == before:
        return until
    return min(until, moment + (_QUARTER - moment.minute % _QUARTER) * _MINUTE)


def cost_of(pieces: Iterable[Piece]) -> int:
    """Return the cost of a meeting at a delegation."""
    return sum(item.cost for item in pieces)


def why_of(pieces: Sequence[Piece]) -> Fact:
    """Return why a meeting costs what it costs, such as ``late, up to 1 h after 17:00``."""
    days = {item.terms.day.date: item.terms for item in pieces if item.terms.against}
    said = [terms.fact for terms in days.values()]
    for part in (PartOfDay.EARLY, PartOfDay.BREAK, PartOfDay.LATE, PartOfDay.NIGHT):
        concerned = [item for item in pieces if item.band.part is part]
        if concerned:
            said.append(_part_fact(part, concerned))
    return chained(said) if said else Fact.of("dates.in-office-hours")


def _part_fact(part: PartOfDay, pieces: Sequence[Piece]) -> Fact:
    stretches = pieces[0].terms.stretches
    if part is PartOfDay.EARLY:
        furthest = max(minute_of(item.terms.stretches[0].opens) - item.begin for item in pieces)
        return Fact.of("dates.early", length=_length(furthest), clock=f"{stretches[0].opens:%H:%M}")
    if part is PartOfDay.LATE:
        furthest = max(
            item.begin + item.minutes - minute_of(item.terms.stretches[-1].closes) for item in pieces
        )
        return Fact.of("dates.late", length=_length(furthest), clock=f"{stretches[-1].closes:%H:%M}")
    key = "dates.in-lunch-break" if part is PartOfDay.BREAK else "dates.at-night"
    return Fact.of(key, length=_length(sum(item.minutes for item in pieces)))


def _length(minutes: int) -> Fact:
    return duration_fact(minutes * _MINUTE)


def hardships(
    reference: str,
    codes: Iterable[str],
    sittings: Sequence[tuple[datetime, datetime]],
    calendars: Calendars,
) -> Iterator[Fact]:
    """Say for which delegations, in protocol order, a meeting is on a day off or at night.

    ``sittings`` are when it sits (aware UTC): once, or once a day. Each sentence names the meeting by its
    ``reference``, for one change may move several.
    """
    for code in sorted(codes, key=calendars.directory.rank):
        pieces = pieces_of_all(calendars.of(code), sittings)
        starts_at = sittings[0][0]
        if any(item.terms.against or item.band.part is PartOfDay.NIGHT for item in pieces):
            when = local_time(starts_at, calendars.directory.place_of(code, starts_at))
            name = calendars.directory.get(code).name
            why = why_of(pieces)
            yield Fact.of("dates.hardship", reference=reference, delegation=name, when=when, why=why)


# --- burdens


@dataclass(frozen=True, slots=True)
class PastMeeting:
    """A meeting that took place, with the codes of the delegations that took part.

    ``zone`` is that of its wall time, by which a session of several days sat.
    """

    starts_at: datetime
    ends_at: datetime
    delegations: tuple[str, ...]
    zone: str = "UTC"


def burden_of(meetings: Iterable[PastMeeting], calendars: Calendars) -> dict[str, int]:
    """Return what the meetings have cost each delegation together; one that is not in it has borne nothing.

    Delegations that the directory no longer has are left out.
    """
    known = {item.code for item in calendars.directory.delegations}
    burdens: dict[str, int] = {}
    for meeting in meetings:
        sittings = sittings_of(meeting.starts_at, meeting.ends_at - meeting.starts_at, meeting.zone)
        for code in known.intersection(meeting.delegations):
            pieces = pieces_of_all(calendars.of(code), sittings)
            burdens[code] = burdens.get(code, 0) + cost_of(pieces)
    return burdens


# --- hard and soft


@dataclass(frozen=True, slots=True)
class Rules:
    """Which constraints are hard: for all, unless it is said otherwise of one delegation."""

    general: frozenset[Constraint] = HARD_BY_DEFAULT
    own: Mapping[tuple[str, Constraint], bool] = field(default_factory=dict)

    def hard_for(self, code: str) -> frozenset[Constraint]:
        """Return what is hard for the delegation ``code``."""
        return frozenset(item for item in Constraint if self.own.get((code, item), item in self.general))

    @classmethod
    def of(cls, hard: Iterable[str], soft: Iterable[str], delegations: Sequence[str]) -> Rules:
        """Read ``hours`` (for all) or ``VN:hours`` (for one); what is not named stays as by default.

        Raises ``InvalidInput`` for an unknown constraint, a delegation that is not among
        ``delegations``, and for what is said to be both.
        """
        wanted: dict[tuple[str | None, Constraint], bool] = {}
        for name, texts in (("hard", hard), ("soft", soft)):
            for text in texts:
                key = _constraint(name, text, delegations)
                if wanted.setdefault(key, name == "hard") != (name == "hard"):
                    raise InvalidInput.of(
                        name, text, Fact.of("dates.said-both"), Fact.of("dates.said-both.remedy")
                    )
        general = {item for item in Constraint if wanted.get((None, item), item in HARD_BY_DEFAULT)}
        own = {(code, item): value for (code, item), value in wanted.items() if code is not None}
        return cls(frozenset(general), own)


def _constraint(name: str, text: str, delegations: Sequence[str]) -> tuple[str | None, Constraint]:
    code, colon, word = text.strip().rpartition(":")
    if word not in set(Constraint):
        wrong, advice = (
            Fact.of("dates.no-constraint"),
            Fact.of("dates.known-constraints", known=(*Constraint,)),
        )
        raise InvalidInput.of(name, text, wrong, advice)
    if not colon:
        return None, Constraint(word)
    if code.upper() not in delegations:
        wrong, advice = Fact.of("dates.not-taking-part"), Fact.of("dates.taking-part", codes=(*delegations,))
        raise InvalidInput.of(name, text, wrong, advice)
    return code.upper(), Constraint(word)


def midnight(day: date) -> datetime:
    """Return the instant at which ``day`` begins in UTC."""
    return datetime.combine(day, time(), UTC)
