"""Counting working days and landing on them, also as properties."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.delegations.delegation import WEEKDAYS, Directory, Weekday, weekday_of
from orchestrator.domain.delegations.working_calendar import (
    Calendars,
    NoWorkingDayError,
    Override,
    OverrideKind,
    Stretch,
    WorkingCalendar,
)
from orchestrator.domain.time.zones import zone
from tests.effort import examples
from tests.saying import said
from tests.unit.delegations.calendars import K, calendar, made, open_at, override, shipped

CODES = [item.code for item in Directory.in_order(shipped().delegations)]


# --- counting


def test_working_days_are_counted_without_the_day_itself() -> None:
    found = made(overrides=[override(1, K.CLOSED, "2026-11-30")])
    thursday = date(2026, 12, 3)
    assert found.add(thursday, 0) == thursday
    assert found.add(thursday, -1) == date(2026, 12, 2)
    assert found.add(thursday, -3) == date(2026, 11, 27), "over a day off and a weekend"
    assert found.add(thursday, 2) == date(2026, 12, 7)
    assert found.add(date(2026, 12, 5), 1) == date(2026, 12, 7)


# --- landing


EID = [
    override(1, K.CLOSED, "2026-12-03", "2026-12-04"),
    override(2, K.CLOSED, "2026-12-02"),
    override(3, K.HOURS, "2026-12-01", hours="16:30-20:00"),
]
PASSED_OVER: list[tuple[WorkingCalendar, str, bool, str]] = [
    (
        calendar("BN"),
        "2027-03-14",
        False,
        (
            "Sunday, 14 March 2027 is a weekend day in Brunei Darussalam; Saturday, 13 March 2027 is a "
            "public holiday (Eid al-Fitr (observed), estimated); from Wednesday, 10 March 2027 to Friday, 12 "
            "March 2027 each day is a public holiday (Eid al-Fitr, estimated), so it goes out on Tuesday, 9 "
            "March 2027 at 09:00"
        ),
    ),
    # That nobody works at the weekend between needs no words.
    (
        calendar("VN"),
        "2027-02-14",
        False,
        (
            "Sunday, 14 February 2027 is a weekend day in Viet Nam, so it goes out on Friday, 12 February "
            "2027 at 09:00"
        ),
    ),
    (
        made(overrides=EID),
        "2026-12-06",
        False,
        (
            "Sunday, 6 December 2026 is a weekend day in Exland; from Thursday, 3 December 2026 to Friday, "
            "4 December 2026 each day is a declared day off (override 1); Wednesday, 2 December 2026 is a "
            "declared day off (override 2); Tuesday, 1 December 2026 is a day with offices closed from 09:00 "
            "to 16:00, so it goes out on Monday, 30 November 2026 at 09:00"
        ),
    ),
    (
        made(overrides=EID),
        "2026-12-03",
        True,
        (
            "from Thursday, 3 December 2026 to Friday, 4 December 2026 each day is a declared day off "
            "(override 1) in Exland, so it goes out on Monday, 7 December 2026 at 09:00"
        ),
    ),
]


@pytest.mark.parametrize(("found", "wanted", "forward", "reason"), PASSED_OVER)
def test_every_holiday_passed_over_is_named_estimated_or_not(
    found: WorkingCalendar, wanted: str, forward: bool, reason: str
) -> None:
    assert said(found.land(date.fromisoformat(wanted), time(9), forward=forward).moved) == reason


RAMADAN = override(1, K.HOURS, "2026-12-01", "2026-12-31", hours="08:00-14:00")
SUNDAY = "Sunday, 6 December 2026 is a weekend day in Exland"
LANDINGS: dict[str, tuple[WorkingCalendar, str, str, bool, str, str]] = {
    "as wanted": (made(), "2026-12-03", "09:00", False, "2026-12-03 09:00", ""),
    "the last minute": (made(), "2026-12-03", "16:00", False, "2026-12-03 16:00", ""),
    "on or before a Sunday": (
        made(),
        "2026-12-06",
        "09:00",
        False,
        "2026-12-04 09:00",
        f"{SUNDAY}, so it goes out on Friday, 4 December 2026 at 09:00",
    ),
    "on or after a Sunday": (
        made(),
        "2026-12-06",
        "09:00",
        True,
        "2026-12-07 09:00",
        f"{SUNDAY}, so it goes out on Monday, 7 December 2026 at 09:00",
    ),
    "too early": (
        made(),
        "2026-12-03",
        "06:30",
        False,
        "2026-12-03 09:00",
        "mails go out between 09:00 and 16:00, so it goes out on Thursday, 3 December 2026 at 09:00",
    ),
    "too late": (
        made(),
        "2026-12-03",
        "18:00",
        False,
        "2026-12-03 15:00",
        "mails go out between 09:00 and 16:00, so it goes out on Thursday, 3 December 2026 at 15:00",
    ),
    "in the lunch break": (
        made(),
        "2026-12-03",
        "12:30",
        False,
        "2026-12-03 13:00",
        "offices are open 08:00-12:00, 13:00-17:00, so it goes out on Thursday, 3 December 2026 at 13:00",
    ),
    "in the Friday break": (
        calendar("MY"),
        "2026-12-04",
        "13:00",
        False,
        "2026-12-04 14:45",
        "offices are open 08:00-12:15, 14:45-17:00, so it goes out on Friday, 4 December 2026 at 14:45",
    ),
    "before Myanmar opens": (
        calendar("MM"),
        "2026-12-03",
        "09:00",
        False,
        "2026-12-03 09:30",
        "offices are open 09:30-16:30, so it goes out on Thursday, 3 December 2026 at 09:30",
    ),
    "long before Myanmar opens": (
        calendar("MM"),
        "2026-12-03",
        "07:00",
        False,
        "2026-12-03 09:30",
        (
            "mails go out between 09:00 and 16:00; offices are open 09:30-16:30, "
            "so it goes out on Thursday, 3 December 2026 at 09:30"
        ),
    ),
    "after the hours of Ramadan": (
        made(overrides=[RAMADAN]),
        "2026-12-03",
        "15:00",
        False,
        "2026-12-03 13:00",
        "offices are open 08:00-14:00, so it goes out on Thursday, 3 December 2026 at 13:00",
    ),
    "Brunei's Friday": (
        calendar("BN"),
        "2026-12-04",
        "09:00",
        False,
        "2026-12-03 09:00",
        (
            "Friday, 4 December 2026 is a weekend day in Brunei Darussalam, "
            "so it goes out on Thursday, 3 December 2026 at 09:00"
        ),
    ),
    "an estimated holiday": (
        calendar("BN"),
        "2027-03-10",
        "09:00",
        False,
        "2027-03-09 09:00",
        (
            "Wednesday, 10 March 2027 is a public holiday (Eid al-Fitr, estimated) in Brunei Darussalam, "
            "so it goes out on Tuesday, 9 March 2027 at 09:00"
        ),
    ),
    "a night shift": (
        made(overrides=[override(1, K.HOURS, "2026-12-03", hours="17:00-22:00")]),
        "2026-12-03",
        "09:00",
        False,
        "2026-12-02 09:00",
        (
            "Thursday, 3 December 2026 is a day with offices closed from 09:00 to 16:00 in Exland, "
            "so it goes out on Wednesday, 2 December 2026 at 09:00"
        ),
    ),
}


@pytest.mark.parametrize("case", LANDINGS)
def test_where_a_mail_lands_and_why(case: str) -> None:
    found, wanted, clock, forward, expected, why = LANDINGS[case]
    landing = found.land(date.fromisoformat(wanted), time.fromisoformat(clock), forward=forward)
    assert f"{landing.day} {landing.clock:%H:%M}" == expected
    assert said(landing.moved) == why
    there = landing.instant.astimezone(zone(found.place(landing.day).zone))
    assert f"{there:%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2026-12-03 00:30", "2026-12-03 09:00"),  # 07:30 in Jakarta: nobody is there yet.
        ("2026-12-03 02:00", "2026-12-03 09:00"),
        ("2026-12-03 04:10", "2026-12-03 11:10"),
        ("2026-12-03 05:30", "2026-12-03 13:00"),  # The lunch break.
        ("2026-12-03 08:59", "2026-12-03 15:59"),
        ("2026-12-03 09:01", "2026-12-04 09:00"),  # After 16:00.
        ("2026-12-04 09:01", "2026-12-07 09:00"),  # After 16:00 on a Friday.
        ("2026-12-05 03:00", "2026-12-07 09:00"),
        ("2026-12-05 18:00", "2026-12-07 09:00"),  # Sunday already in Jakarta.
    ],
)
def test_the_soonest_moment_for_a_mail(utc: str, expected: str) -> None:
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    landing = made().soonest(moment)
    assert f"{landing.instant.astimezone(zone('Asia/Jakarta')):%Y-%m-%d %H:%M}" == expected


def test_a_delegation_that_works_on_no_day_for_months_is_an_error_that_says_so() -> None:
    found = made(overrides=[override(1, K.CLOSED, "2026-06-01", "2027-05-31")])
    for ask in (
        lambda: found.land(date(2026, 12, 3), time(9), forward=False),
        lambda: found.land(date(2026, 12, 3), time(9), forward=True),
        lambda: found.add(date(2026, 12, 3), -1),
        lambda: found.soonest(datetime(2026, 12, 3, tzinfo=UTC)),
    ):
        with pytest.raises(NoWorkingDayError, match="Exland has no working day within 120 days of"):
            ask()


# --- properties


DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31)).map(  # noqa: DTZ001 - UTC follows.
    lambda moment: moment.replace(tzinfo=UTC)
)


@lru_cache(maxsize=1)
def calendars() -> Calendars:
    return Calendars(shipped())


@settings(max_examples=examples(300))
@given(st.sampled_from(CODES), DAYS, CLOCKS, st.booleans())
def test_every_landing_is_in_office_hours_between_nine_and_four_on_the_right_side(
    code: str, wanted: date, clock: time, forward: bool
) -> None:
    found = calendars().of(code)
    landing = found.land(wanted, clock, forward=forward)
    assert (landing.day >= wanted) if forward else (landing.day <= wanted)
    assert time(9) <= landing.clock <= time(16)
    assert open_at(found, landing.day, landing.clock)
    there = landing.instant.astimezone(zone(found.place(landing.day).zone))
    assert (there.date(), there.time()) == (landing.day, landing.clock)
    between = (landing.day - wanted).days
    skipped = [wanted + timedelta(days=step) for step in range(0, between, 1 if forward else -1)]
    assert not any(found.day(day).working for day in skipped), "the nearest working day"
    assert bool(said(landing.moved)) is ((landing.day, landing.clock) != (wanted, clock))


@settings(max_examples=examples(300))
@given(st.sampled_from(CODES), MOMENTS)
def test_the_soonest_moment_is_not_before_and_in_office_hours(code: str, moment: datetime) -> None:
    found = calendars().of(code)
    landing = found.soonest(moment)
    assert landing.instant >= moment
    assert open_at(found, landing.day, landing.clock)
    assert time(9) <= landing.clock <= time(16)
    # Nothing between is in office hours: what is wanted an hour before lies outside, or before the moment.
    earlier = landing.instant - timedelta(hours=1)
    if earlier >= moment:
        there = earlier.astimezone(zone(found.place(landing.day).zone))
        assert (
            not (time(9) <= there.time() < landing.clock and open_at(found, there.date(), there.time()))
            or there.date() != landing.day
        )


@settings(max_examples=examples(300))
@given(st.sampled_from(CODES), DAYS, st.integers(-40, 40))
def test_so_many_working_days_lie_between(code: str, day: date, count: int) -> None:
    found = calendars().of(code)
    end = found.add(day, count)
    step = timedelta(days=1 if count >= 0 else -1)
    passed = 0
    at = day
    while at != end:
        at += step
        passed += found.day(at).working
    assert passed == abs(count)
    assert count == 0 or found.day(end).working


@settings(max_examples=examples(200))
@given(DAYS, st.lists(st.tuples(st.sampled_from(K), st.integers(-3, 3), st.integers(0, 3)), max_size=5))
def test_overrides_say_the_same_in_whatever_order_they_are_read(
    day: date, given_: list[tuple[OverrideKind, int, int]]
) -> None:
    entered = [
        Override(
            number,
            "XA",
            kind,
            day + timedelta(days=shift),
            day + timedelta(days=shift + length),
            "o",
            (Stretch(time(10), time(15)),) if kind is not K.CLOSED else (),
        )
        for number, (kind, shift, length) in enumerate(given_, 1)
    ]
    found, again = made(overrides=entered), made(overrides=entered[::-1])
    assert found.day(day) == again.day(day)
    deciding = [item for item in entered if item.covers(day) and item.kind is not K.HOURS]
    usual = made().day(day).working
    assert found.day(day).working is (deciding[-1].kind is K.OPEN if deciding else usual)


@settings(max_examples=examples(200))
@given(DAYS, st.integers(0, 20), st.sets(st.sampled_from(WEEKDAYS), min_size=1))
def test_hours_for_some_weekdays_are_the_same_as_hours_for_each_such_day(
    first: date, length: int, named: set[Weekday]
) -> None:
    stretches = (Stretch(time(8), time(15)),)
    period = [first + timedelta(days=count) for count in range(-7, length + 8)]
    last = first + timedelta(days=length)
    together = Override(1, "XA", K.HOURS, first, last, "o", stretches, days=tuple(sorted(named)))
    each = [
        Override(1, "XA", K.HOURS, day, day, "o", stretches)
        for day in period
        if first <= day <= last and weekday_of(day) in named
    ]
    found, again = made(overrides=[together]), made(overrides=each)
    assert [found.day(day) for day in period] == [again.day(day) for day in period]
