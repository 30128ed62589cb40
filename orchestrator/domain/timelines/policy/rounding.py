"""Rounding: on which of a recipient's own days a letter leaves that the host's calendar wants on another.

Every wanted day is counted once, in the host's calendar. Recipients do not count, they only round, so that
two of them differ by a day off and never by a way of counting.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from orchestrator.domain.delegations.working_calendar import (
    EARLIEST,
    Landing,
    NoWorkingDayError,
    WorkingCalendar,
)
from orchestrator.facts import Fact

ONE_DAY = timedelta(days=1)
MOST_EARLY = 3
"""No letter before a session leaves more calendar days earlier than this."""
_BEFORE_START = timedelta(hours=2)
"""A reminder on the morning of the day itself leaves the reader this long."""


Rounded = Landing | Fact
"""Where a letter lands, or why it is left out."""


def back(
    wanted: date, calendar: WorkingCalendar, until: date | None = None, clock: time = EARLIEST
) -> Rounded:
    """Return the last own working day on or before ``wanted``, at most three calendar days earlier.

    Else it is the next own working day, if that is before ``until``, when the next step comes.
    """
    try:
        landing = calendar.land(wanted, clock, forward=False)
        if (wanted - landing.day).days <= MOST_EARLY:
            return landing
        landing = calendar.land(wanted, clock, forward=True)
    except NoWorkingDayError as error:
        return error.fact
    if until is not None and landing.day >= until:
        return Fact.of("timelines.no-day-in-time", wanted=wanted)
    return landing


def forward(
    wanted: date, calendar: WorkingCalendar, most: int | None = None, clock: time = EARLIEST
) -> Rounded:
    """Return the first own working day on or after ``wanted``, at most ``most`` calendar days later."""
    try:
        landing = calendar.land(wanted, clock, forward=True)
    except NoWorkingDayError as error:
        return error.fact
    if most is not None and (landing.day - wanted).days > most:
        return Fact.of("timelines.no-day-in-time", wanted=wanted)
    return landing


def day_before(
    wanted: date, starts_at: datetime, calendar: WorkingCalendar, clock: time = EARLIEST
) -> Rounded:
    """Round as ``back``; else to the morning of the day of the start itself, two hours before it or more."""
    try:
        landing = calendar.land(wanted, clock, forward=False)
    except NoWorkingDayError as error:
        return error.fact
    if (wanted - landing.day).days <= MOST_EARLY:
        return landing
    day = calendar.local_date(starts_at)
    if not calendar.sends_on(day):
        return Fact.of("timelines.no-day-in-time", wanted=wanted)
    morning = calendar.land(day, EARLIEST, forward=True)
    if morning.instant + _BEFORE_START > starts_at:
        return Fact.of("timelines.too-near-the-start", wanted=wanted)
    return replace(morning, moved=Fact.of("timelines.on-the-morning-itself", wanted=wanted))


def next_morning_after(moment: datetime, calendar: WorkingCalendar) -> Rounded:
    """Return the first own working morning after something happened at ``moment`` (UTC)."""
    day = calendar.local_date(moment)
    found = forward(day, calendar)
    if isinstance(found, Landing) and found.instant <= moment:
        found = forward(day + ONE_DAY, calendar)
    return found


def first_hour(moment: datetime, calendar: WorkingCalendar) -> Rounded:
    """Return the first moment from ``moment`` (UTC) on at which a mail may land."""
    try:
        return calendar.soonest(moment)
    except NoWorkingDayError as error:
        return error.fact


def following(day: date, calendar: WorkingCalendar) -> Rounded:
    """Return the next own working day after ``day``."""
    return forward(day + ONE_DAY, calendar)


def within(day: date, other: date, working_days: int, calendar: WorkingCalendar) -> bool:
    """Whether ``other`` is ``day`` or at most so many own working days after it."""
    if other < day:
        return False
    try:
        return other <= calendar.add(day, working_days)
    except NoWorkingDayError:
        return False
