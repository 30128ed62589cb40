"""Finding a start that is fair: every possible start of a window, ranked by what it costs the delegations.

What a meeting costs one delegation is defined in ``costs``. Here those costs are weighed by what each has
borne so far and added up. Starts that break a hard constraint come after all that break none; between them
each broken minute counts as much as a long night, for a hard constraint must not send all others there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import Final

from orchestrator.domain.dates.costs import (
    Constraint,
    PartOfDay,
    Piece,
    cost_of,
    midnight,
    pieces_of_all,
    why_of,
)
from orchestrator.domain.dates.data_gaps import differing_feasts, gap_notes
from orchestrator.domain.dates.findings import (
    Ease,
    FairnessPrice,
    FairStart,
    Findings,
    Share,
    Standing,
    WhyNot,
)
from orchestrator.domain.dates.possible_starts import starts_of, starts_on
from orchestrator.domain.dates.requests import Request, check
from orchestrator.domain.dates.sittings import daily, sittings_of
from orchestrator.domain.dates.weighing import BROKEN_COST, RankedStarts, sums_of
from orchestrator.domain.delegations.delegation import Delegation
from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.time.durations import duration_text
from orchestrator.domain.time.zones import local_time
from orchestrator.facts import Fact

_QUARTER = timedelta(minutes=15)
_ONE_DAY = timedelta(days=1)
SHARE: Final = 480
"""So much burden beyond the typical one (the median) makes a delegation's cost count once more.

It is the cost of an hour of meeting in the fourth hour after closing. The median is taken and not the least
burden, so that a delegation that has just joined does not make all others look burdened. None counts more
often than there are delegations.
"""
ANOTHER_DATE: Final = 480
"""The best start of another date comes before a second one of the same date while it costs no more than this
beyond the best start found, on average over the delegations."""


def find(request: Request, calendars: Calendars, burdens: Mapping[str, int]) -> Findings:
    """Return the best starts, rather on several dates than side by side on one.

    ``burdens`` are what delegations have borne so far (``costs.burden_of``). Where every start breaks a
    hard constraint, those that break the least are returned, and the notes say so.

    Raises ``InvalidInput`` naming the field when the request can have no answer.
    """
    check(request, calendars.directory)
    search = _Search(request, calendars, burdens)
    found = search.ranked(starts_of(request, calendars))
    starts = tuple(search.start(begin) for begin in _chosen(found, request, calendars))
    return Findings(
        host=request.host,
        first=request.first,
        last=request.last,
        duration=duration_text(request.duration),
        considered=len(found.begins),
        suitable=found.suitable,
        comfortable=found.comfortable,
        fair_starts=starts,
        shares=search.shares(),
        notes=tuple(search.notes(found, starts[0])),
        fairness=search.price(found, starts[0]),
    )


def why_not(
    day: date, request: Request, calendars: Calendars, burdens: Mapping[str, int], best: FairStart
) -> WhyNot:
    """Return what stands against the date ``day`` of the host, beside the ``best`` start found.

    The date need not lie within the window. Raises ``InvalidInput`` when nothing can start on it.
    """
    check(request, calendars.directory)
    search = _Search(request, calendars, burdens)
    found = search.ranked(starts_on(day, request, calendars))
    # A start at night that breaks nothing would not tell why the day is no good.
    start = search.start(found.begins[found.lowest()])
    against = sorted((item for item in start.standings if item.cost), key=lambda item: -item.cost)
    return WhyNot(day, start, tuple(against), _compared(start, best))


def _compared(start: FairStart, best: FairStart) -> Fact:
    if start.starts_at == best.starts_at:
        return Fact.of("dates.the-best")
    if start.suits and not best.suits:
        return Fact.of("dates.breaks-nothing")
    if best.suits and not start.suits:
        return Fact.of("dates.breaks-for", count=len(start.hurt))
    # What is shown beside this are costs, so it is said where they are weighed.
    weighed = (start.score, best.score) != (start.cost, best.cost)
    if start.score == best.score:
        key = "dates.as-good-weighed" if weighed else "dates.as-good"
        return Fact.of(key, score=best.score)
    return Fact.of(_COMPARED[start.score < best.score, weighed], score=start.score, best=best.score)


_COMPARED = {
    (True, False): "dates.better",
    (True, True): "dates.better-weighed",
    (False, False): "dates.worse",
    (False, True): "dates.worse-weighed",
}
"""By whether a start is better than the best found, and whether their costs are weighed."""


def _chosen(found: RankedStarts, request: Request, calendars: Calendars) -> list[datetime]:
    """Return the best start of each date that is worth it, then the next best; ranked together.

    Neighbours of the best start would tell a reader little new, but neither would a date on which only the
    night is free. A start that breaks a hard constraint is no choice while another breaks none.
    """
    order, scores = found.order(), found.scores
    order = order[: found.suitable or None]
    worth = found.within(order[0], len(found.in_hours) * SHARE * ANOTHER_DATE)
    host = calendars.of(request.host)
    dates: set[date] = set()
    picked: list[int] = []
    others: list[int] = []
    for rank, place in enumerate(order):
        day = host.local_date(found.begins[place])
        (others if day in dates or scores[place] > worth else picked).append(rank)
        dates.add(day)
        if len(picked) == request.top:
            break
    picked += others[: request.top - len(picked)]
    return [found.begins[order[rank]] for rank in sorted(picked)]


class _Search:
    """One request with the weights that follow from the burdens; weights are whole numbers of 1/SHARE."""

    def __init__(self, request: Request, calendars: Calendars, burdens: Mapping[str, int]) -> None:
        self._request = request
        self._calendars = calendars
        self._directory = calendars.directory
        named = {code: self._directory.get(code) for code in request.delegations}
        self._delegations = self._directory.in_order(named.values())
        self._sittings, self._length = daily(request.duration)
        self._burdens = {item.code: burdens.get(item.code, 0) for item in self._delegations}
        typical = median_low(self._burdens.values())
        # None counts more often than all together, or a long history would send all others into the
        # night to spare one delegation its evening.
        most = SHARE * len(self._burdens)
        self._weights = {
            code: min(SHARE + max(burden - typical, 0), most) for code, burden in self._burdens.items()
        }

    def shares(self) -> tuple[Share, ...]:
        """Return the burdens and how they weigh, in protocol order."""
        return tuple(
            Share(item.code, item.name, self._burdens[item.code], round(self._weights[item.code] / SHARE, 2))
            for item in self._delegations
        )

    def price(self, found: RankedStarts, best: FairStart) -> FairnessPrice | None:
        """Return what it costs that burdens count; ``None`` where each delegation counts the same."""
        if len(set(self._weights.values())) == 1:
            return None
        plain = found.without_weights()
        cheapest = self.start(plain.begins[plain.order()[0]])
        if (cheapest.suits, cheapest.cost) == (best.suits, best.cost):
            cheapest = best  # It is as good without memory.
        return FairnessPrice.between(best, cheapest)

    def ranked(self, begins: Sequence[datetime]) -> RankedStarts:
        """Return what each start costs all delegations together."""
        origin = midnight(begins[0].date())
        days = (begins[-1] + self._request.duration - origin) // _ONE_DAY + 1
        lines = self._lines(begins, origin)
        hard_for = self._request.rules.hard_for
        return RankedStarts.of(
            begins,
            {
                code: (
                    weight,
                    sums_of(
                        self._calendars.of(code), hard_for(code), lines, (origin.date(), days), self._length
                    ),
                )
                for code, weight in self._weights.items()
            },
        )

    def _lines(self, begins: Sequence[datetime], origin: datetime) -> list[list[int]]:
        """Return the starts of each day's sitting, as quarters of an hour from ``origin``."""
        if self._sittings == 1:
            return [[(begin - origin) // _QUARTER for begin in begins]]
        days = zip(*(self._sittings_of(begin) for begin in begins), strict=True)
        return [[(begin - origin) // _QUARTER for begin, _ in day] for day in days]

    def _sittings_of(self, begin: datetime) -> tuple[tuple[datetime, datetime], ...]:
        place = self._directory.place_of(self._request.host, begin)
        return sittings_of(begin, self._request.duration, place.zone)

    def start(self, begin: datetime) -> FairStart:
        """Return one start in full."""
        end = begin + self._request.duration
        place = self._directory.place_of(self._request.host, begin)
        standings = tuple(self._standing(item, begin, end) for item in self._delegations)
        weighed = sum(
            self._weights[item.code] * (item.cost + BROKEN_COST * item.broken_minutes) for item in standings
        )
        return FairStart(
            starts_at=begin,
            ends_at=end,
            host_time=local_time(begin, place),
            host_end=local_time(end, place),
            cost=sum(item.cost for item in standings),
            score=round(weighed / SHARE, 1),
            suits=not any(item.broken for item in standings),
            standings=standings,
        )

    def _standing(self, delegation: Delegation, begin: datetime, end: datetime) -> Standing:
        pieces = pieces_of_all(self._calendars.of(delegation.code), self._sittings_of(begin))
        against = frozenset[Constraint]().union(*(item.against for item in pieces))
        hard = self._request.rules.hard_for(delegation.code)
        return Standing(
            code=delegation.code,
            name=delegation.name,
            starts=local_time(begin, self._directory.place_of(delegation.code, begin)),
            ends=local_time(end, self._directory.place_of(delegation.code, end)),
            ease=_ease(pieces, hard),
            in_hours=not against,
            weekend=Constraint.WEEKEND in against,
            holiday=_holiday(pieces),
            estimated=Constraint.ESTIMATED in against,
            soft_day=Constraint.SOFT_DAY in against,
            cost=cost_of(pieces),
            why=why_of(pieces),
            broken=tuple(item for item in Constraint if item in against & hard),
            broken_minutes=sum(item.minutes for item in pieces if item.against & hard),
        )

    def notes(self, found: RankedStarts, best: FairStart) -> Iterator[Fact]:
        """Say plainly what cannot be had in the window, and what is not known of it."""
        if not best.suits:
            hurt = tuple(
                Fact.of("dates.hurt", delegation=item.name, broken=item.broken) for item in best.hurt
            )
            yield Fact.of("dates.nothing-suits", hurt=hurt)
        if not found.comfortable:
            yield Fact.of("dates.no-common-hours")
            yield from self._apart(found.in_hours)
        first, last = self._request.first, self._request.last
        yield from gap_notes(self._burdens, self._calendars, first, last)
        yield from differing_feasts(self._burdens, self._calendars, first, last)

    def _apart(self, in_hours: Mapping[str, int]) -> Iterator[Fact]:
        """Say who is never in office hours together with whom; each pair is said once."""
        never = tuple(item.name for item in self._delegations if not in_hours[item.code])
        if never:
            yield Fact.of("dates.never-in-hours", delegations=never)
        left = {item.code: item.name for item in self._delegations if in_hours[item.code]}
        while True:
            strangers = {
                code: [name for other, name in left.items() if not in_hours[code] & in_hours[other]]
                for code in left
            }
            loneliest = max(strangers, key=lambda code: len(strangers[code]), default=None)
            if loneliest is None or not strangers[loneliest]:
                return
            name, others = left.pop(loneliest), strangers[loneliest]
            if len(others) == len(left) > 1:
                yield Fact.of("dates.shares-with-nobody", delegation=name)
            else:
                yield Fact.of("dates.shares-none", delegation=name, others=others)


def _ease(pieces: Sequence[Piece], hard: frozenset[Constraint]) -> Ease:
    if not cost_of(pieces):
        return Ease.EASY
    spoilt = hard | (frozenset(Constraint) - {Constraint.HOURS, Constraint.SOFT_DAY})
    against = any(item.against & spoilt or item.band.part is PartOfDay.NIGHT for item in pieces)
    return Ease.AGAINST if against else Ease.STRAINED


def _holiday(pieces: Sequence[Piece]) -> Fact | str | None:
    holidays = (
        item.terms.day for item in pieces if item.terms.against & {Constraint.HOLIDAY, Constraint.ESTIMATED}
    )
    day = next(holidays, None)
    return day.name or str(day.off) if day else None
