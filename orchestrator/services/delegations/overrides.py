"""What coordinators enter over a working calendar, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from orchestrator.domain.delegations.delegation import WEEKDAYS, Weekday, weekday_of
from orchestrator.domain.delegations.working_calendar import (
    Day,
    Override,
    OverrideKind,
    Stretch,
    WorkingCalendar,
)
from orchestrator.domain.problems import problems_of
from orchestrator.domain.text import single_line
from orchestrator.domain.time.wall import WallDate
from orchestrator.domain.time.zones import wall_problem, zone
from orchestrator.errors import InvalidInput, Unfit
from orchestrator.facts import Fact
from orchestrator.store.delegations import overrides as store

LONGEST = timedelta(days=366)
_HOURS = re.compile(r"\d\d:\d\d-\d\d:\d\d", re.ASCII)


def _hours(text: str) -> str:
    if not _HOURS.fullmatch(text):
        raise Unfit(Fact.of("delegations.no-stretch"))
    try:
        stretch = store.stretch_of(text)
    except ValueError:
        raise Unfit(Fact.of("delegations.no-clock-shows")) from None
    if stretch.closes <= stretch.opens:
        raise Unfit(Fact.of("delegations.ends-before"))
    return text


def _apart(texts: tuple[str, ...]) -> tuple[str, ...]:
    stretches = sorted(map(store.stretch_of, texts))
    for earlier, later in pairwise(stretches):
        if later.opens < earlier.closes:
            raise Unfit(Fact.of("delegations.overlap", earlier=str(earlier), later=str(later)))
    return tuple(map(str, stretches))


def _in_week_order(days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
    if not days:
        raise Unfit(Fact.of("delegations.no-weekdays"))
    return tuple(item for item in WEEKDAYS if item in days)


_CLOCK_SCHEMA = "([01][0-9]|2[0-3]):[0-5][0-9]"
_HOURS_SCHEMA = {
    "type": "string",
    "pattern": f"^{_CLOCK_SCHEMA}-{_CLOCK_SCHEMA}$",
    "examples": ["08:00-14:00"],
}
Hours = Annotated[
    tuple[Annotated[str, AfterValidator(_hours), WithJsonSchema(_HOURS_SCHEMA)], ...], AfterValidator(_apart)
]
Weekdays = Annotated[tuple[Weekday, ...], AfterValidator(_in_week_order)]
Words = AfterValidator(single_line)


class NewOverride(BaseModel):
    """What is entered over a calendar; without ``last`` it is about one day.

    ``hours`` are stretches such as 08:00-14:00, ``days`` the weekdays on which they hold (by default all
    working days), ``why`` says where it is known from, and ``by`` who says so, if it is not the caller.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: OverrideKind
    first: WallDate
    last: WallDate | None = None
    hours: Hours = ()
    days: Weekdays | None = None
    name: Annotated[str, Words] = Field(max_length=200)
    why: Annotated[str, Words] = Field(max_length=1000)
    by: Annotated[str, Words] | None = Field(None, max_length=60)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> NewOverride:
        """Read what was given; raises ``InvalidInput`` naming each field."""
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error

    @property
    def end(self) -> date:
        """The last day."""
        return self.last or self.first

    def override(self, code: str, by: str) -> Override:
        """Return what is entered for the delegation ``code``; ``by`` is who does, if it does not say."""
        return Override(
            0,
            code,
            self.kind,
            self.first,
            self.end,
            self.name,
            tuple(map(store.stretch_of, self.hours)),
            self.by or by,
            self.why,
            self.days,
        )


def check(new: NewOverride) -> None:
    """Raise ``InvalidInput`` for what goes with no calendar."""
    check_period(new.first, new.end)
    _check_hours(new)
    _check_weekdays(new)


def check_period(first: date, last: date) -> None:
    """Raise ``InvalidInput`` for a period that is reversed or longer than a year."""
    if last < first:
        wrong, advice = (
            Fact.of("delegations.last-before-first", first=str(first)),
            Fact.of("delegations.last-before-first.remedy"),
        )
        raise InvalidInput.of("last", last, wrong, advice)
    if last - first >= LONGEST:
        wrong, advice = (
            Fact.of("delegations.too-long", first=str(first)),
            Fact.of("delegations.too-long.remedy"),
        )
        raise InvalidInput.of("last", last, wrong, advice)


def _check_hours(new: NewOverride) -> None:
    if new.kind is OverrideKind.HOURS and not new.hours:
        wrong, advice = Fact.of("delegations.hours-missing"), Fact.of("delegations.hours-missing.remedy")
        raise InvalidInput.of("hours", None, wrong, advice)
    if new.kind is OverrideKind.CLOSED and new.hours:
        wrong, advice = (
            Fact.of("delegations.hours-of-day-off"),
            Fact.of("delegations.hours-of-day-off.remedy"),
        )
        raise InvalidInput.of("hours", ",".join(new.hours), wrong, advice)


def _check_weekdays(new: NewOverride) -> None:
    if new.days is None:
        return
    given = ",".join(new.days)
    if new.kind is not OverrideKind.HOURS:
        wrong, advice = (
            Fact.of("delegations.days-without-hours"),
            Fact.of("delegations.days-without-hours.remedy"),
        )
        raise InvalidInput.of("days", given, wrong, advice)
    if not any(weekday_of(day) in new.days for day in days_of(new.first, new.end)):
        wrong = Fact.of("delegations.days-not-there", first=str(new.first), last=str(new.end))
        raise InvalidInput.of("days", given, wrong, Fact.of("delegations.days-not-there.remedy"))


def check_effect(calendar: WorkingCalendar, override: Override) -> None:
    """Raise ``InvalidInput`` for what is so already; a holiday that is estimated can be confirmed."""
    days = [calendar.day(day) for day in days_of(override.first, override.last) if override.covers(day)]
    if any(_CHANGES[override.kind](day, override.stretches) for day in days):
        return
    name = calendar.delegation.name
    field, given = "first", override.first.isoformat()
    if override.kind is OverrideKind.HOURS and not any(day.working for day in days):
        wrong = Fact.of("delegations.no-day-worked", last=str(override.last), delegation=name)
        if override.days is not None:
            field, given = "days", ",".join(override.days)
            wrong = Fact.of(
                "delegations.no-days-worked",
                delegation=name,
                first=str(override.first),
                last=str(override.last),
            )
        raise InvalidInput.of(field, given, wrong, Fact.of("delegations.no-day-worked.remedy"))
    if override.kind is OverrideKind.HOURS:
        wrong = Fact.of("delegations.hours-hold", delegation=name)
        raise InvalidInput.of(
            "hours", _listed(override.stretches), wrong, Fact.of("delegations.nothing-to-do")
        )
    day = days[0]
    wrong = Fact.of("delegations.is-already", sort=day.sort, delegation=name)
    if len(days) > 1:
        wrong = Fact.of("delegations.and-every-day", said=wrong, last=override.last)
    is_off = override.kind is OverrideKind.CLOSED
    advice = Fact.of("delegations.nothing-to-do") if is_off else Fact.of("delegations.use-hours")
    raise InvalidInput.of(field, given, wrong, advice)


def check_clocks(calendar: WorkingCalendar, override: Override) -> None:
    """Raise ``InvalidInput`` for hours that begin or end at a time that a day's clocks skip or show twice."""
    for day in days_of(override.first, override.last):
        if not override.covers(day):
            continue
        there = zone(calendar.place(day).zone)
        for stretch in override.stretches:
            for clock in (stretch.opens, stretch.closes):
                wall = datetime.combine(day, clock)
                problem = wall_problem(wall, there)
                if problem:
                    raise InvalidInput.of("hours", f"{wall:%Y-%m-%d %H:%M}", *problem)


def _listed(stretches: Sequence[Stretch]) -> str:
    return ",".join(map(str, stretches))


_CHANGES: Mapping[OverrideKind, Callable[[Day, tuple[Stretch, ...]], bool]] = {
    OverrideKind.CLOSED: lambda day, _: day.working or day.estimated,
    OverrideKind.OPEN: lambda day, _: not day.working,
    OverrideKind.HOURS: lambda day, stretches: day.working and day.stretches != stretches,
}


def days_of(first: date, last: date) -> list[date]:
    """Return the days of a period."""
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]
