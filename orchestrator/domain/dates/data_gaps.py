"""What the holiday data does not know of a time: decrees to come, estimated days, neighbours that differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from orchestrator.domain.delegations.public_holidays import Gap, gaps_of, holidays_of
from orchestrator.domain.delegations.working_calendar import Calendars, Off
from orchestrator.facts import Fact

_SAME_FEAST = timedelta(days=5)
"""Days of the same name that lie no further apart are the same feast, kept on different days."""
_NOT_THE_FEAST = re.compile(r"\b(observed|Second Day|Joint Holiday|additional holiday|in lieu|Eve)\b")
_ALSO_CALLED = {"Prophet Muhammad's Birthday": "Prophet's Birthday"}
_UNKNOWN = (Gap.NOT_COVERED, Gap.NO_DECREE)


def gap_notes(codes: Iterable[str], calendars: Calendars, first: date, last: date) -> Iterator[Fact]:
    """Say of which years between two dates the holiday data is not complete, and for which delegations."""
    ranked = sorted(codes, key=calendars.directory.rank)
    for year in range(first.year, last.year + 1):
        for gap in _UNKNOWN:
            concerned = tuple(
                calendars.directory.get(code).name for code in ranked if gap in _gaps(calendars, code, year)
            )
            if concerned:
                yield Fact.of(_NOTES[gap], year=year, delegations=concerned)


_NOTES = {Gap.NOT_COVERED: "dates.not-covered", Gap.NO_DECREE: "dates.not-decreed"}


def _gaps(calendars: Calendars, code: str, year: int) -> tuple[Gap, ...]:
    rule = calendars.of(code).delegation.on(date(year, 1, 1)).holidays
    return gaps_of(rule, year) if rule else ()


def differing_feasts(codes: Iterable[str], calendars: Calendars, first: date, last: date) -> Iterator[Fact]:
    """Say which feasts that hang on the moon the delegations have on different days between two dates.

    Only where the data has one of them as estimated: what was announced differently is no contradiction.
    """
    kept: dict[str, list[tuple[date, str, bool]]] = {}
    for code in sorted(codes, key=calendars.directory.rank):
        for name, day, estimated in _feasts(calendars, code, first, last):
            kept.setdefault(name, []).append((day, code, estimated))
    for name, found in sorted(kept.items()):
        for together in _clusters(sorted(found)):
            days = sorted({day for day, _, _ in together})
            if len(days) > 1 and any(estimated for _, _, estimated in together):
                yield Fact.of(
                    "dates.feast-differs",
                    name=name,
                    days=tuple(_on(day, together, calendars) for day in days),
                )


def _on(day: date, together: Sequence[tuple[date, str, bool]], calendars: Calendars) -> Fact:
    ranked = sorted((code for at, code, _ in together if at == day), key=calendars.directory.rank)
    names = tuple(calendars.directory.get(code).name for code in ranked)
    return Fact.of("dates.on-day-in", day=day, delegations=names)


def _feasts(calendars: Calendars, code: str, first: date, last: date) -> Iterator[tuple[str, date, bool]]:
    """Yield each feast of a delegation with its first day, and whether that is an estimate."""
    calendar, seen = calendars.of(code), dict[str, date]()
    for year in range(first.year, last.year + 1):
        rule = calendar.delegation.on(date(year, 1, 1)).holidays
        for day in sorted(holidays_of(rule, year).days) if rule else ():
            there = calendar.day(day)
            if not first <= day <= last or there.off is not Off.HOLIDAY or not isinstance(there.name, str):
                continue
            for name in there.name.split("; "):
                called = _ALSO_CALLED.get(name, name)
                lately = seen.get(called, date.min)
                if not _NOT_THE_FEAST.search(name) and (lately == date.min or day - lately > _SAME_FEAST):
                    seen[called] = day
                    yield called, day, there.estimated


def _clusters(found: Sequence[tuple[date, str, bool]]) -> Iterator[list[tuple[date, str, bool]]]:
    together: list[tuple[date, str, bool]] = []
    for item in found:
        if together and item[0] - together[-1][0] > _SAME_FEAST:
            yield together
            together = []
        together.append(item)
    if together:
        yield together


def estimated_between(
    codes: Iterable[str], calendars: Calendars, first: date, last: date
) -> tuple[Fact, ...]:
    """Return which days off between two dates are estimated, by delegation: deadlines may move with them."""
    found = []
    for code in sorted(codes, key=calendars.directory.rank):
        calendar = calendars.of(code)
        days = tuple(
            day
            for day in (first + timedelta(days=shift) for shift in range((last - first).days + 1))
            if calendar.day(day).estimated
        )
        if days:
            found.append(Fact.of("dates.estimated-days-of", delegation=calendar.delegation.name, days=days))
    return tuple(found)
