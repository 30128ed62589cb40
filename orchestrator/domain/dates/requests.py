"""What is looked for when a start is to be fair, and what is wrong with a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from orchestrator.domain.dates.costs import DAY, Rules, minute_of
from orchestrator.domain.dates.sittings import daily
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.time.durations import duration_fact, duration_text
from orchestrator.errors import InvalidInput, Problem
from orchestrator.facts import Fact

LONGEST_WINDOW = 731
YEARS = range(2000, 2101)  # The holidays that hang on the moon are not known any further.
MOST_RETURNED = 100
_QUARTER = timedelta(minutes=15)
_ONE_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


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


def check(request: Request, directory: Directory) -> None:
    """Raise ``InvalidInput`` with all that is wrong with a request; fields are named as people give them."""
    problems = [*_unknown(request, directory), *_window_problems(request), *_length_problems(request)]
    if problems:
        raise InvalidInput(problems)


def _unknown(request: Request, directory: Directory) -> Iterator[Problem]:
    known = tuple(item.code for item in directory.in_order(directory.delegations))
    named = [("for", code) for code in request.delegations]
    for name, code in [*named, ("host", request.host)]:
        if code not in known:
            yield Problem(
                name, code, Fact.of("delegations.not-one"), Fact.of("delegations.known", known=known)
            )
    if not named:
        yield Problem("for", "", Fact.of("dates.names-none"), Fact.of("dates.name-some", known=known))


def _window_problems(request: Request) -> Iterator[Problem]:
    days = (request.last - request.first).days + 1
    years = list(year_problems({"from": request.first, "to": request.last}))
    yield from years
    if days < 1:
        wrong = Fact.of("dates.lies-before", first=str(request.first))
        yield Problem("to", str(request.last), wrong, Fact.of("dates.later-date-last"))
    elif days > LONGEST_WINDOW and not years:
        wrong = Fact.of("dates.window-of", days=days)
        yield Problem("to", str(request.last), wrong, Fact.of("dates.two-years"))
    if not 1 <= request.top <= MOST_RETURNED:
        wrong, advice = Fact.of("dates.no-number"), Fact.of("dates.give-between", least=1, most=MOST_RETURNED)
        yield Problem("top", str(request.top), wrong, advice)


def year_problems(dates: Mapping[str, date]) -> Iterator[Problem]:
    """Return what is wrong with the years of dates, by the fields that gave them."""
    for name, day in dates.items():
        if day.year not in YEARS:
            wrong = Fact.of("dates.not-in-years", first=YEARS[0], last=YEARS[-1])
            yield Problem(name, str(day), wrong, Fact.of("dates.correct-the-year"))


def _length_problems(request: Request) -> Iterator[Problem]:
    window = max(request.last - request.first, timedelta(0)) + _ONE_DAY
    step, length = duration_text(request.step), duration_text(request.duration)
    if request.step % _QUARTER or not timedelta(0) < request.step <= _ONE_DAY:
        yield Problem("step", step, Fact.of("dates.no-quarters"), Fact.of("dates.no-quarters.remedy"))
    if request.duration <= timedelta(0) or request.duration % _MINUTE:
        yield Problem("duration", length, Fact.of("dates.no-length"), Fact.of("dates.no-length.remedy"))
        return
    if request.duration > window:
        wrong = Fact.of("dates.longer-than-window", window=duration_fact(window))
        yield Problem("duration", length, wrong, Fact.of("dates.longer-than-window.remedy"))
    opens, closes = clock_limits(request)
    _, sitting = daily(request.duration)
    if request.latest and (closes - opens) * _MINUTE < sitting:
        length_said, after = duration_fact(sitting), f"{request.earliest or time():%H:%M}"
        wrong = Fact.of("dates.leaves-less", length=length_said, after=after)
        yield Problem("latest", f"{request.latest:%H:%M}", wrong, Fact.of("dates.leaves-less.remedy"))


def clock_limits(request: Request) -> tuple[int, int]:
    """Return the minutes of the day between which the meeting lies on the host's clock."""
    return minute_of(request.earliest or time()), minute_of(request.latest) if request.latest else DAY
