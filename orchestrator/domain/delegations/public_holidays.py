"""Public holidays of a delegation, from the pinned ``holidays`` package."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from importlib import metadata
from threading import Lock

import holidays

from orchestrator.domain.delegations.delegation import Delegation, HolidayRule
from orchestrator.errors import Problem
from orchestrator.facts import Fact, Said, chained, plain

_ENGLISH = ("en_US", "en_GB", "en_AU", "en_CA", "en_IN", "en_PH", "en_SG")
_ESTIMATED = re.compile(r",? ?\bestimated(?=\))")
_SUBSTITUTED = re.compile(r"Day off \(substituted from (\d\d)/(\d\d)/(\d{4})\)")
_ONE_AT_A_TIME = Lock()
"""Python's way of catching warnings changes the whole process, so two threads must not do it at once."""


def holidays_version() -> str:
    """Return the version of the holiday data in use, such as ``0.109``."""
    return metadata.version("holidays")


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday. ``estimated`` marks one whose date hangs on the moon and is not announced yet."""

    name: Said
    estimated: bool


@dataclass(frozen=True, slots=True)
class HolidayYear:
    """The holidays of one year, and the days of a weekend that are worked in exchange for another day.

    ``covered`` is false for a year that the data does not cover, or only in part.
    """

    days: Mapping[date, Holiday]
    worked: frozenset[date]
    covered: bool = True


class Gap(StrEnum):
    """What the holiday data cannot know of a year."""

    NOT_COVERED = "not covered"
    NO_DECREE = "not decreed"
    ESTIMATED = "estimated"

    def fact(self, year: int) -> Fact:
        """Say it of a year."""
        return Fact.of(_GAPS[self], year=year)


_GAPS = {
    Gap.NOT_COVERED: "delegations.year-not-covered",
    Gap.NO_DECREE: "delegations.year-not-decreed",
    Gap.ESTIMATED: "delegations.year-estimated",
}


def holiday_problems(delegation: Delegation) -> list[Problem]:
    """Return which of a delegation's holiday rules the package does not know, now or after a change."""
    rules = {"holidays": delegation.holidays} | {
        f"changes[{number}].holidays": era.holidays for number, era in enumerate(delegation.changes)
    }
    found = []
    for field, rule in rules.items():
        try:
            _ = rule and _known(rule, [])
        except (NotImplementedError, ValueError) as error:
            found.append(
                Problem(
                    f"{delegation.code}.{field}",
                    rule.country if rule else "",
                    Fact.of("delegations.not-in-holiday-data", error=str(error)),
                    Fact.of("delegations.not-in-holiday-data.remedy"),
                )
            )
    return found


@lru_cache(maxsize=512)
def holidays_of(rule: HolidayRule, year: int) -> HolidayYear:
    """Return the holidays that ``rule`` gives for ``year``, named in English."""
    with _ONE_AT_A_TIME, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        known = _known(rule, [year])
        # The package warns of a year of which it has only a part.
        covered = not caught and known.start_year <= year <= known.end_year
        language = _english(known)
        # A day can be worked in exchange for one of the year before or after.
        known = _known(rule, [year - 1, year, year + 1], language)
    days = {day: holiday_of(name) for day, name in known.items() if day.year == year}
    worked = frozenset(day for day in known.weekend_workdays if day.year == year)
    return HolidayYear(days, worked, covered)


def gaps_of(rule: HolidayRule, year: int) -> tuple[Gap, ...]:
    """Return what the holiday data cannot know of a year: it is complete where this is empty.

    Where days off are made up for by a decree of each year, as in China, the data of a year without any is
    not all that will be decreed, however many holidays it has.
    """
    found = holidays_of(rule, year)
    gaps = [
        (Gap.NOT_COVERED, not found.covered),
        (Gap.NO_DECREE, year > _last_decree(rule)),
        (Gap.ESTIMATED, any(item.estimated for item in found.days.values())),
    ]
    return tuple(gap for gap, holds in gaps if holds)


@lru_cache(maxsize=128)
def _last_decree(rule: HolidayRule) -> int:
    """Return the last year for which the data has days made up for, where most years lately have some."""
    with _ONE_AT_A_TIME, warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        known = _known(rule, _DECREES, _english(_known(rule, [])))
    years = {day.year for day in known.weekend_workdays}
    years |= {day.year for day, name in known.items() if _DECREED.search(name)}
    last = max(years, default=_NEVER)
    return last if len(years & {last - 2, last - 1, last}) > 1 else _NEVER


_DECREES = range(2021, 2037)
_NEVER = 9999
_DECREED = re.compile(r"\bJoint Holiday\b|\bCuti Bersama\b|\bDay off \(substituted\b")
"""What holidays are called that are decreed for one year, such as Indonesia's joint leave."""


def _english(known: holidays.HolidayBase) -> str | None:
    return next((item for item in _ENGLISH if item in known.supported_languages), None)


def _known(rule: HolidayRule, years: Iterable[int], language: str | None = None) -> holidays.HolidayBase:
    return holidays.country_holidays(
        rule.country, subdiv=rule.subdivision, years=years, categories=rule.categories, language=language
    )


def holiday_of(name: str) -> Holiday:
    """Return the holiday that the package calls ``name``, such as ``Eid al-Fitr (observed, estimated)``.

    Of several on one day all must be estimated, else the day is off whatever the moon does.
    """
    parts = name.split("; ")
    names = [_ESTIMATED.sub("", part).replace(" ()", "") for part in parts]
    return Holiday(_together(names), all(_ESTIMATED.search(part) is not None for part in parts))


def _together(names: Sequence[str]) -> Said:
    swaps = [_SUBSTITUTED.fullmatch(name) for name in names]
    if not any(swaps):
        return "; ".join(names)
    return chained(
        [_exchanged(swap) if swap else plain(name) for swap, name in zip(swaps, names, strict=True)]
    )


def _exchanged(found: re.Match[str]) -> Fact:
    """Say the date of a swap so that the month is not taken for the day."""
    month, day, year = map(int, found.groups())
    return Fact.of("delegations.in-exchange", day=date(year, month, day))
