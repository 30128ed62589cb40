"""What all starts of a window cost the delegations, at once: minutes of whole days, added up beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from itertools import accumulate
from operator import add, sub
from typing import Final

from orchestrator.domain.dates.costs import DAY, Constraint, bands_of, day_cost, midnight, terms_of, zone_at
from orchestrator.domain.delegations.working_calendar import Stretch, WorkingCalendar

BROKEN_COST: Final = 30
"""What each minute that breaks a hard constraint adds to the score, so that the least bad can be told."""
_QUARTER = timedelta(minutes=15)
_QUARTERS = DAY // 15
_ONE_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


# Three sums travel in one integer, from low to high: minutes outside office hours, score, and minutes that
# break a hard constraint. One subtraction of prefix sums answers all three; the fields are so wide that no
# weight makes one run into the next.
_FIELD = 64
_LOW = (1 << _FIELD) - 1


@dataclass(frozen=True, slots=True)
class RankedStarts:
    """Starts with their weighed sums, and for each delegation a bit per start: is it in office hours?

    ``costs`` are the sums of each delegation, not weighed.
    """

    begins: Sequence[datetime]
    totals: Sequence[int]
    in_hours: Mapping[str, int]
    costs: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, begins: Sequence[datetime], weighed: Mapping[str, tuple[int, Sequence[int]]]) -> RankedStarts:
        """Add up the three sums of each start, ``weighed`` by delegation with its weight."""
        totals = [0] * len(begins)
        in_hours = {}
        for code, (weight, values) in weighed.items():
            in_hours[code] = int("".join("0" if value & _LOW else "1" for value in values), 2)
            totals = [total + weight * value for total, value in zip(totals, values, strict=True)]
        return cls(begins, totals, in_hours, {code: values for code, (_, values) in weighed.items()})

    def without_weights(self) -> RankedStarts:
        """Return the same starts, with what they cost each delegation counted once."""
        totals = [sum(values) for values in zip(*self.costs.values(), strict=True)]
        return RankedStarts(self.begins, totals, self.in_hours, self.costs)

    @property
    def suitable(self) -> int:
        """How many starts break no hard constraint."""
        return sum(total < 1 << 2 * _FIELD for total in self.totals)

    @property
    def comfortable(self) -> int:
        """How many starts lie within the office hours of all."""
        return sum(not total & _LOW for total in self.totals)

    @property
    def scores(self) -> list[int]:
        """What starts are ranked by: the score, of equals the minutes outside office hours."""
        both = (1 << 2 * _FIELD) - 1
        return [total & both for total in self.totals]

    def order(self) -> list[int]:
        """Return the places of the starts, the best first: all that break nothing before the others.

        Of equals the earlier comes first.
        """
        scores, broken = self.scores, 1 << 2 * _FIELD
        keys = [score | (total >= broken) * broken for score, total in zip(scores, self.totals, strict=True)]
        return sorted(range(len(keys)), key=keys.__getitem__)

    def within(self, best: int, cost: int) -> int:
        """Return the worst score that is at most ``cost`` (weighed) beyond that of the start at ``best``."""
        return self.scores[best] + (cost << _FIELD)

    def lowest(self) -> int:
        """Return the place of the start with the lowest score, whether it breaks something or not."""
        scores = self.scores
        return scores.index(min(scores))


def sums_of(
    calendar: WorkingCalendar,
    hard: frozenset[Constraint],
    lines: Sequence[Sequence[int]],
    span: tuple[date, int],
    length: timedelta,
) -> list[int]:
    """Return the three sums of a meeting at one delegation, for each start that it may have.

    ``lines`` are the starts of its sittings, day by day, as quarters of an hour from the first of the dates
    of UTC in ``span`` (first, how many); each sitting has the same ``length``.
    """
    whole, rest = divmod(length, _QUARTER)
    sums = list(accumulate(_line(calendar, hard, span, 15), initial=0))
    begun = _line(calendar, hard, span, rest // _MINUTE) if rest else []
    first, *others = (_of_sitting(cells, whole, sums, begun) for cells in lines)
    for values in others:
        first = list(map(add, first, values))
    return first


def _of_sitting(cells: Sequence[int], whole: int, sums: Sequence[int], begun: Sequence[int]) -> list[int]:
    ends = [cell + whole for cell in cells]
    values = map(sub, map(sums.__getitem__, ends), map(sums.__getitem__, cells))
    return list(map(add, values, map(begun.__getitem__, ends))) if begun else list(values)


def _line(
    calendar: WorkingCalendar, hard: frozenset[Constraint], span: tuple[date, int], minutes: int
) -> list[int]:
    """Return the three sums of every quarter of an hour of the dates of UTC in ``span`` (first, how many).

    Only the first ``minutes`` of each quarter are counted.
    """

    @cache
    def there(day: date) -> tuple[int, ...]:
        terms = terms_of(calendar, day)
        return _quarters(terms.stretches, terms.against, hard, minutes)

    first, days = span
    made: list[int] = []
    for shift in range(days):
        made += _utc_day(first + shift * _ONE_DAY, calendar, there)
    return made


def _utc_day(day: date, calendar: WorkingCalendar, there: Callable[[date], tuple[int, ...]]) -> Iterable[int]:
    """Return the quarters of a date of UTC from those of the local dates that it covers.

    Every zone has been whole quarters of an hour away from UTC since 1972.
    """
    begin = midnight(day)
    in_zone = zone_at(calendar, begin)
    ahead = begin.astimezone(in_zone).utcoffset() or timedelta(0)
    if (begin + _ONE_DAY).astimezone(in_zone).utcoffset() == ahead:
        days, clock = divmod(ahead, _ONE_DAY)
        local, cut = day + days * _ONE_DAY, clock // _QUARTER
        return there(local)[cut:] + there(local + _ONE_DAY)[:cut]
    walls = ((begin + number * _QUARTER).astimezone(in_zone) for number in range(_QUARTERS))
    return [there(wall.date())[(wall.hour * 60 + wall.minute) // 15] for wall in walls]


@lru_cache(maxsize=4096)
def _quarters(
    stretches: tuple[Stretch, ...],
    day_against: frozenset[Constraint],
    hard: frozenset[Constraint],
    minutes: int,
) -> tuple[int, ...]:
    """Return the three sums of the first so many ``minutes`` of each quarter of an hour of a local day."""
    each: list[int] = []
    for band in bands_of(stretches):
        against = band.against | day_against
        broken = bool(against & hard)
        cost = band.weight + day_cost(day_against) + broken * BROKEN_COST
        each += [bool(against) | cost << _FIELD | broken << 2 * _FIELD] * (band.end - band.begin)
    return tuple(sum(each[at : at + minutes]) for at in range(0, DAY, 15))
