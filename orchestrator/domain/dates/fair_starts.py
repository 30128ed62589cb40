"""Finding a start that is fair: every possible start of a window, ranked by what it costs the delegations.

What a meeting costs one delegation is defined in ``costs``. Here those costs are weighed by what each has
borne so far and added up. Starts that break a hard constraint come after all that break none; between them
each broken minute counts as much as a long night, for a hard constraint must not send everybody else there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from itertools import accumulate
from operator import add, sub
from statistics import median_low
from typing import Final
from zoneinfo import ZoneInfo

from orchestrator.domain.dates.costs import (
    DAY,
    Constraint,
    Part,
    Piece,
    Rules,
    bands_of,
    cost_of,
    day_cost,
    midnight,
    minute_of,
    pieces_of,
    terms_of,
    words_of,
    zone_at,
)
from orchestrator.domain.delegations.delegation import Delegation, Directory
from orchestrator.domain.delegations.working_calendar import Calendars, Stretch, WorkingCalendar
from orchestrator.domain.time.durations import duration_text, duration_words
from orchestrator.domain.time.zones import LocalTime, at_local, exists, instant_of, local_time, zone
from orchestrator.errors import InvalidInput, Problem

SHARE: Final = 480
"""So much burden beyond the typical one (the median) makes a delegation's cost count once more.

It is the cost of an hour of meeting in the fourth hour after closing. The median is taken and not the least
burden, so that somebody who has just joined does not make everybody else look burdened. Nobody counts more
often than there are delegations.
"""
BROKEN_COST: Final = 30
"""What each minute that breaks a hard constraint adds to the score, so that the least bad can be told."""
ANOTHER_DATE: Final = 480
"""The best start of another date comes before a second one of the same date while it costs no more than this
beyond the best start found, on average over the delegations."""
LONGEST_WINDOW = 731
YEARS = range(2000, 2101)  # The holidays that hang on the moon are not known any further.
MOST_RETURNED = 100
_QUARTER = timedelta(minutes=15)
_QUARTERS = DAY // 15
_ONE_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


# --- what is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is looked for.

    The meeting lies within the dates ``first`` to ``last`` of the host's calendar. On the host's clock it
    begins at ``earliest`` or later and ends at ``latest`` or earlier, where they are given. Starts follow
    each other from midnight on in steps of ``step``; none lies before ``now`` (aware UTC).
    """

    delegations: tuple[str, ...]
    duration: timedelta
    first: date
    last: date
    host: str
    now: datetime
    step: timedelta = timedelta(minutes=30)
    earliest: time | None = None
    latest: time | None = None
    rules: Rules = field(default_factory=Rules)
    top: int = 5


def _check(request: Request, directory: Directory) -> None:
    """Raise ``InvalidInput`` with all that is wrong with a request; fields are named as people give them."""
    problems = [*_unknown(request, directory), *_window_problems(request), *_length_problems(request)]
    if problems:
        raise InvalidInput(problems)


def _unknown(request: Request, directory: Directory) -> Iterator[Problem]:
    known = [item.code for item in directory.in_order(directory.delegations)]
    named = [("for", code) for code in request.delegations]
    for name, code in [*named, ("host", request.host)]:
        if code not in known:
            yield Problem(name, code, "is not a delegation", f"Known are: {', '.join(known)}.")
    if not named:
        yield Problem("for", "", "names no delegation", f"Name some of: {', '.join(known)}.")


def _window_problems(request: Request) -> Iterator[Problem]:
    days = (request.last - request.first).days + 1
    years = list(_year_problems({"from": request.first, "to": request.last}))
    yield from years
    if days < 1:
        yield Problem("to", str(request.last), f"lies before {request.first}", "Give the later date last.")
    elif days > LONGEST_WINDOW and not years:
        yield Problem("to", str(request.last), f"makes a window of {days} days", "Give two years at most.")
    if not 1 <= request.top <= MOST_RETURNED:
        yield Problem("top", str(request.top), "is not a number of starts", f"Give 1 to {MOST_RETURNED}.")


def _year_problems(dates: Mapping[str, date]) -> Iterator[Problem]:
    for name, day in dates.items():
        if day.year not in YEARS:
            words = f"is not in the years {YEARS[0]} to {YEARS[-1]}"
            yield Problem(name, str(day), words, "Correct the year.")


def _length_problems(request: Request) -> Iterator[Problem]:
    window = max(request.last - request.first, timedelta(0)) + _ONE_DAY
    step, length = duration_text(request.step), duration_text(request.duration)
    if request.step % _QUARTER or not timedelta(0) < request.step <= _ONE_DAY:
        yield Problem("step", step, "is not a whole number of quarters of an hour", "Write PT15M or PT30M.")
    if request.duration <= timedelta(0) or request.duration % _MINUTE:
        yield Problem("duration", length, "is no length of a meeting", "Write for example PT2H30M.")
        return
    if request.duration > window:
        words = f"is longer than the window, which has {duration_words(window)}"
        yield Problem("duration", length, words, "Shorten it, or give a later 'to'.")
    opens, closes = _clock_limits(request)
    if request.latest and (closes - opens) * _MINUTE < request.duration:
        words = (
            f"leaves less than {duration_words(request.duration)} after {request.earliest or time():%H:%M}"
        )
        yield Problem("latest", f"{request.latest:%H:%M}", words, "Widen the hours, or shorten the meeting.")


def _clock_limits(request: Request) -> tuple[int, int]:
    return minute_of(request.earliest or time()), minute_of(request.latest) if request.latest else DAY


# --- what is answered


class Ease(StrEnum):
    """How a start suits a delegation, in one word.

    Easy is within office hours; strained is lunch, early, late or a day that can be used; against is night,
    a day off, or a hard constraint broken.
    """

    EASY = "easy"
    STRAINED = "strained"
    AGAINST = "against"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a start stands at one delegation.

    ``in_hours`` says that the whole meeting lies between opening and closing of a working day; ``holiday``
    is the name of a public holiday, yearly closure or declared day off, ``estimated`` that its date is not
    announced yet.
    ``cost`` is in weighted minutes, ``why`` says in words what it comes from, ``broken`` names the hard
    constraints that it breaks, for ``broken_minutes`` of the meeting.
    """

    code: str
    name: str
    starts: LocalTime
    ends: LocalTime
    ease: Ease
    in_hours: bool
    weekend: bool
    holiday: str | None
    estimated: bool
    soft_day: bool
    cost: int
    why: str
    broken: tuple[Constraint, ...]
    broken_minutes: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A possible start.

    ``cost`` is the sum over the delegations; ``score``, by which starts are ranked, is the same weighed by
    burdens, with ``BROKEN_COST`` for each minute that breaks a hard constraint.
    """

    starts_at: datetime
    ends_at: datetime
    host_time: LocalTime
    host_end: LocalTime
    cost: int
    score: float
    suits: bool
    standings: tuple[Standing, ...]

    @property
    def hurt(self) -> tuple[Standing, ...]:
        """The delegations at which a hard constraint is broken."""
        return tuple(item for item in self.standings if item.broken)


@dataclass(frozen=True, slots=True)
class Share:
    """What a delegation has borne so far, and how often its cost counts because of it."""

    code: str
    name: str
    burden: int
    weight: float


@dataclass(frozen=True, slots=True)
class Findings:
    """The best starts and what is to be known about the whole window.

    Of ``considered`` starts ``suitable`` break no hard constraint, and at ``comfortable`` of those
    considered all delegations are in office hours. ``notes`` say plainly what cannot be had.
    """

    host: str
    first: date
    last: date
    duration: str
    considered: int
    suitable: int
    comfortable: int
    slots: tuple[Slot, ...]
    shares: tuple[Share, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What stands against a date: its start of the lowest score, and how it compares with the best found.

    ``against`` are the delegations that it costs something, the dearest first.
    """

    day: date
    slot: Slot
    against: tuple[Standing, ...]
    comparison: str


def find(request: Request, calendars: Calendars, burdens: Mapping[str, int]) -> Findings:
    """Return the best starts, rather on several dates than side by side on one.

    ``burdens`` are what delegations have borne so far (``costs.burden_of``). Where every start breaks a
    hard constraint, those that break the least are returned, and the notes say so.

    Raises ``InvalidInput`` naming the field when the request can have no answer.
    """
    _check(request, calendars.directory)
    search = _Search(request, calendars, burdens)
    found = search.ranked(_begins(request, calendars))
    slots = tuple(search.slot(begin) for begin in _chosen(found, request, calendars))
    return Findings(
        host=request.host,
        first=request.first,
        last=request.last,
        duration=duration_text(request.duration),
        considered=len(found.begins),
        suitable=found.suitable,
        comfortable=found.comfortable,
        slots=slots,
        shares=search.shares(),
        notes=tuple(search.notes(found, slots[0])),
    )


def why_not(
    day: date, request: Request, calendars: Calendars, burdens: Mapping[str, int], best: Slot
) -> WhyNot:
    """Return what stands against the date ``day`` of the host, beside the ``best`` start found.

    The date need not lie within the window. Raises ``InvalidInput`` when nothing can start on it.
    """
    _check(request, calendars.directory)
    search = _Search(request, calendars, burdens)
    found = search.ranked(_begins_on(day, request, calendars))
    # A start at night that breaks nothing would not tell why the day is no good.
    slot = search.slot(found.begins[found.lowest()])
    against = sorted((item for item in slot.standings if item.cost), key=lambda item: -item.cost)
    return WhyNot(day, slot, tuple(against), _compared(slot, best))


def _compared(slot: Slot, best: Slot) -> str:
    if slot.starts_at == best.starts_at:
        return "It is the best start found."
    if slot.suits and not best.suits:
        return "It breaks no hard constraint, and the best start found does."
    if best.suits and not slot.suits:
        states = f"{len(slot.hurt)} delegation{'s' if len(slot.hurt) != 1 else ''}"
        return f"It breaks a hard constraint for {states}, the best start found for none."
    # What is shown beside these words are costs, so it is said where they are weighed.
    weighed = ", weighed" if (slot.score, best.score) != (slot.cost, best.cost) else ""
    if slot.score == best.score:
        return f"It is as good as the best start found: both cost {best.score:,.0f}{weighed}."
    words = "better" if slot.score < best.score else "worse"
    found = f"the best start found {best.score:,.0f}{weighed}"
    return f"It costs {slot.score:,.0f}{weighed}, {found}, so it is {words}."


# --- the possible starts


def _begins(request: Request, calendars: Calendars) -> list[datetime]:
    """Return all starts of the window; raises ``InvalidInput`` when there is none."""
    host = calendars.of(request.host)
    limit = host.instant(request.last + _ONE_DAY, time())
    days = [request.first + shift * _ONE_DAY for shift in range((request.last - request.first).days + 1)]
    made = [begin for day in days for begin in _day_begins(day, request, host)]
    begins = [begin for begin in made if begin >= request.now and begin + request.duration <= limit]
    if not begins:
        raise _nothing_left(request, "to", request.last, made, limit)
    return begins


def _nothing_left(
    request: Request, name: str, day: date, made: Sequence[datetime], limit: datetime
) -> InvalidInput:
    """Say why no start is left of those ``made`` up to ``day``, which ends at ``limit``.

    ``name`` is the field that gave the day.
    """
    if limit <= request.now:
        return InvalidInput.of(name, day, "lies in the past", "Give a date that is to come.")
    if made:
        return InvalidInput.of(name, day, "leaves no start that is still to come", "Give a later date.")
    words = "counted from midnight, gives no start between 'earliest' and 'latest'"
    return InvalidInput.of("step", duration_text(request.step), words, "Shorten it, or widen the hours.")


def _begins_on(day: date, request: Request, calendars: Calendars) -> list[datetime]:
    problems = list(_year_problems({"why_not": day}))
    if problems:
        raise InvalidInput(problems)
    host = calendars.of(request.host)
    made = _day_begins(day, request, host)
    begins = [item for item in made if item >= request.now]
    if not begins:
        raise _nothing_left(request, "why_not", day, made, host.instant(day + _ONE_DAY, time()))
    return begins


def _day_begins(day: date, request: Request, host: WorkingCalendar) -> list[datetime]:
    """Return the starts of one date of the host: every step of its clock, which may skip or repeat an hour.

    A clock time that comes twice is meant the first time, as everywhere.
    """
    in_zone = zone(host.place(day).zone)
    opens, closes = _clock_limits(request)
    last = closes - request.duration // _MINUTE if request.latest else DAY - 1
    minutes = range(0, DAY, request.step // _MINUTE)
    begin = at_local(day, time(), in_zone)
    if at_local(day + _ONE_DAY, time(), in_zone) - begin == _ONE_DAY:
        return [begin + minute * _MINUTE for minute in minutes if opens <= minute <= last]
    walls = (datetime.combine(day, time()) + minute * _MINUTE for minute in minutes if opens <= minute)
    begins = (instant_of(wall, in_zone) for wall in walls if exists(wall, in_zone))
    # While clocks change, a meeting does not end as much later on the clock as it is long.
    return [item for item in begins if _ends_in_time(item, request, in_zone)]


def _ends_in_time(begin: datetime, request: Request, in_zone: ZoneInfo) -> bool:
    if request.latest is None:
        return True
    wall, end = (item.astimezone(in_zone) for item in (begin, begin + request.duration))
    return end.date() == wall.date() and end.time() <= request.latest


def _chosen(found: _Ranked, request: Request, calendars: Calendars) -> list[datetime]:
    """Return the best start of each date that is worth it, then the next best; ranked together.

    Neighbours of the best start would tell a reader little new, but neither would a date on which only the
    night is free. A start that breaks a hard constraint is no choice while another breaks none.
    """
    order, scores = found.order(), found.scores
    order = order[: found.suitable or None]
    worth = scores[order[0]] + (len(found.in_hours) * SHARE * ANOTHER_DATE << _FIELD)
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


# --- costs of all starts at once

# Three sums travel in one integer, from low to high: minutes outside office hours, score, and minutes that
# break a hard constraint. One subtraction of prefix sums answers all three; the fields are so wide that no
# weight makes one run into the next.
_FIELD = 64
_LOW = (1 << _FIELD) - 1


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Starts with their weighed sums, and for each delegation a bit per start: is it in office hours?"""

    begins: Sequence[datetime]
    totals: Sequence[int]
    in_hours: Mapping[str, int]

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

    def lowest(self) -> int:
        """Return the place of the start with the lowest score, whether it breaks something or not."""
        scores = self.scores
        return scores.index(min(scores))


class _Search:
    """One request with the weights that follow from the burdens; weights are whole numbers of 1/SHARE."""

    def __init__(self, request: Request, calendars: Calendars, burdens: Mapping[str, int]) -> None:
        self._request = request
        self._calendars = calendars
        self._directory = calendars.directory
        named = {code: self._directory.get(code) for code in request.delegations}
        self._delegations = self._directory.in_order(named.values())
        self._burdens = {item.code: burdens.get(item.code, 0) for item in self._delegations}
        typical = median_low(self._burdens.values())
        # Nobody counts more often than all together, or a long history would send everybody else into the
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

    def ranked(self, begins: Sequence[datetime]) -> _Ranked:
        """Return what each start costs all delegations together."""
        origin = midnight(begins[0].date())
        days = (begins[-1] + self._request.duration - origin) // _ONE_DAY + 1
        cells = [(begin - origin) // _QUARTER for begin in begins]
        totals, in_hours = [0] * len(begins), {}
        for code, weight in self._weights.items():
            values = self._values(code, cells, (origin.date(), days))
            in_hours[code] = int("".join("0" if value & _LOW else "1" for value in values), 2)
            totals = [total + weight * value for total, value in zip(totals, values, strict=True)]
        return _Ranked(begins, totals, in_hours)

    def _values(self, code: str, cells: Sequence[int], span: tuple[date, int]) -> list[int]:
        """Return the three sums of each start at one delegation."""
        calendar, hard = self._calendars.of(code), self._request.rules.hard_for(code)
        whole, rest = divmod(self._request.duration, _QUARTER)
        ends = [cell + whole for cell in cells]
        sums = list(accumulate(_line(calendar, hard, span, 15), initial=0))
        values = map(sub, map(sums.__getitem__, ends), map(sums.__getitem__, cells))
        if not rest:
            return list(values)
        begun = _line(calendar, hard, span, rest // _MINUTE)
        return list(map(add, values, map(begun.__getitem__, ends)))

    def slot(self, begin: datetime) -> Slot:
        """Return one start in full."""
        end = begin + self._request.duration
        place = self._directory.place_of(self._request.host, begin)
        standings = tuple(self._standing(item, begin, end) for item in self._delegations)
        weighed = sum(
            self._weights[item.code] * (item.cost + BROKEN_COST * item.broken_minutes) for item in standings
        )
        return Slot(
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
        pieces = pieces_of(self._calendars.of(delegation.code), begin, end)
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
            why=words_of(pieces),
            broken=tuple(item for item in Constraint if item in against & hard),
            broken_minutes=sum(item.minutes for item in pieces if item.against & hard),
        )

    def notes(self, found: _Ranked, best: Slot) -> Iterator[str]:
        """Say plainly what cannot be had in the window."""
        if not best.suits:
            hurt = ", ".join(f"{item.name} ({', '.join(item.broken)})" for item in best.hurt)
            yield (
                "No start in this window keeps every hard constraint; these are the least bad. "
                f"The first one breaks them for {hurt}."
            )
        if not found.comfortable:
            yield "At no start in this window are all delegations in office hours."
            yield from self._apart(found.in_hours)

    def _apart(self, in_hours: Mapping[str, int]) -> Iterator[str]:
        """Say who is never in office hours together with whom; each pair is said once."""
        never = [item.name for item in self._delegations if not in_hours[item.code]]
        if never:
            yield f"Never in office hours in this window: {', '.join(never)}."
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
            whom = "anybody else" if len(others) == len(left) > 1 else ", ".join(others)
            yield f"{name} shares no office hours in this window with {whom}."


def _ease(pieces: Sequence[Piece], hard: frozenset[Constraint]) -> Ease:
    if not cost_of(pieces):
        return Ease.EASY
    spoilt = hard | (frozenset(Constraint) - {Constraint.HOURS, Constraint.SOFT_DAY})
    against = any(item.against & spoilt or item.band.part is Part.NIGHT for item in pieces)
    return Ease.AGAINST if against else Ease.STRAINED


def _holiday(pieces: Sequence[Piece]) -> str | None:
    holidays = (
        item.terms.day for item in pieces if item.terms.against & {Constraint.HOLIDAY, Constraint.ESTIMATED}
    )
    day = next(holidays, None)
    return str(day.name or day.off) if day else None


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
