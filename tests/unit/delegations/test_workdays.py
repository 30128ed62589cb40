"""Working calendars: which days are worked, at which hours, and where mails land.

Oracles: the office hours in ``config/delegations.yaml``, published holidays, and for the properties the
rule itself, worked out in another way.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.definitions.files import read_yaml
from orchestrator.domain.delegations.delegation import WEEKDAYS, Delegation, Directory, Weekday, weekday_of
from orchestrator.domain.delegations.working_calendar import (
    Calendars,
    NoWorkingDayError,
    Off,
    Override,
    OverrideKind,
    Stretch,
    WorkingCalendar,
)
from orchestrator.domain.time.zones import zone
from orchestrator.errors import InvalidInput
from tests.effort import examples
from tests.saying import said

K = OverrideKind
WORKED, HOLIDAY, WEEKEND, CLOSURE = None, Off.HOLIDAY, Off.WEEKEND, Off.CLOSURE


@lru_cache(maxsize=1)
def shipped() -> Directory:
    """The delegations that are shipped."""
    file = Path(__file__).parents[3] / "config" / "delegations.yaml"
    return Directory.of(read_yaml(file.read_text("utf-8")))


CODES = [item.code for item in Directory.in_order(shipped().delegations)]


def calendar(code: str, *overrides: Override) -> WorkingCalendar:
    return Calendars(shipped(), overrides).of(code)


def made(**fields: Any) -> WorkingCalendar:
    """The calendar of a delegation without holidays, open Monday to Friday from 8 to 12 and 13 to 17."""
    days = ["mon", "tue", "wed", "thu", "fri"]
    whole = {
        "code": "XA",
        "kind": "member",
        "order": 1,
        "name": "Exland",
        "zone": "Asia/Jakarta",
        "city": "Jakarta",
        "hours": [
            {"days": days, "opens": "08:00", "closes": "12:00"},
            {"days": days, "opens": "13:00", "closes": "17:00"},
        ],
    }
    overrides = fields.pop("overrides", ())
    return WorkingCalendar(Delegation.model_validate(whole | fields), overrides)


def override(
    number: int, kind: OverrideKind, first: str, last: str = "", hours: str = "", days: str = ""
) -> Override:
    stretches = tuple(
        Stretch(*(time.fromisoformat(clock) for clock in item.split("-"))) for item in hours.split() if item
    )
    day = date.fromisoformat(first)
    end = date.fromisoformat(last) if last else day
    return Override(
        number,
        "XA",
        kind,
        day,
        end,
        f"override {number}",
        stretches,
        "coordinator",
        "said so",
        tuple(item for item in WEEKDAYS if item in days) or None,
    )


def hours(found: WorkingCalendar, day: str) -> str:
    return " ".join(map(str, found.day(date.fromisoformat(day)).stretches))


# --- each delegation at fixed dates

ALL_DAY = "09:00-17:00"
FIXED = [
    # Brunei works Monday to Thursday and Saturday; Friday and Sunday are off.
    ("BN", "2026-12-03", WORKED, None, "07:45-12:15 13:30-16:30"),
    ("BN", "2026-12-04", WEEKEND, None, ""),
    ("BN", "2026-12-05", WORKED, None, "07:45-12:15 13:30-16:30"),
    ("BN", "2026-12-06", WEEKEND, None, ""),
    ("BN", "2026-02-23", HOLIDAY, "National Day", ""),
    ("KH", "2026-12-03", WORKED, None, "08:00-12:00 14:00-17:30"),
    ("KH", "2026-11-09", HOLIDAY, "National Independence Day", ""),
    # Indonesia: joint leave is off for the civil service, though it is no public holiday.
    ("ID", "2026-03-20", HOLIDAY, "Eid al-Fitr Joint Holiday", ""),
    ("ID", "2026-12-24", HOLIDAY, "Christmas Joint Holiday", ""),
    ("ID", "2026-12-03", WORKED, None, "07:30-16:00"),
    ("ID", "2026-12-04", WORKED, None, "07:30-11:30 13:00-16:30"),
    ("LA", "2026-12-02", HOLIDAY, "Lao National Day", ""),
    ("LA", "2026-12-03", WORKED, None, "08:00-12:00 13:00-16:00"),
    # Putrajaya: the Friday prayer makes the break longer; federal territories have days of their own.
    ("MY", "2026-12-03", WORKED, None, "08:00-17:00"),
    ("MY", "2026-12-04", WORKED, None, "08:00-12:15 14:45-17:00"),
    ("MY", "2027-02-01", HOLIDAY, "Federal Territory Day", ""),
    ("MM", "2026-12-03", WORKED, None, "09:30-16:30"),
    ("MM", "2026-01-04", HOLIDAY, "Independence Day", ""),
    # Christmas is off in the Philippines and Singapore, and worked in Viet Nam.
    ("PH", "2026-12-25", HOLIDAY, "Christmas Day", ""),
    ("PH", "2026-12-23", WORKED, None, "08:00-17:00"),
    ("SG", "2026-12-25", HOLIDAY, "Christmas Day", ""),
    ("SG", "2026-12-03", WORKED, None, "08:30-18:00"),
    ("SG", "2026-12-04", WORKED, None, "08:30-17:30"),
    ("TH", "2026-12-07", HOLIDAY, None, ""),
    ("TH", "2026-12-03", WORKED, None, "08:30-16:30"),
    ("TL", "2026-12-07", HOLIDAY, "Memorial Day", ""),
    ("TL", "2026-12-03", WORKED, None, "08:00-12:30 14:00-17:30"),
    # Viet Nam: Saturday 22 August was worked so that Monday 31 August 2026 could be off.
    ("VN", "2026-08-22", WORKED, "worked in exchange for another day", "08:00-12:00 13:30-17:00"),
    ("VN", "2026-08-29", WEEKEND, None, ""),
    ("VN", "2026-08-31", HOLIDAY, "Day off in exchange for Saturday, 22 August 2026", ""),
    ("VN", "2026-12-25", WORKED, None, "08:00-12:00 13:30-17:00"),
    ("ASEC", "2026-03-20", HOLIDAY, "Eid al-Fitr Joint Holiday", ""),
    ("ASEC", "2026-12-03", WORKED, None, ALL_DAY),
    # China moves days around its long holidays.
    ("CN", "2026-10-10", WORKED, "worked in exchange for another day", ALL_DAY),
    ("CN", "2026-10-07", HOLIDAY, "Day off in exchange for Saturday, 10 October 2026", ""),
    ("JP", "2026-11-23", HOLIDAY, "Labor Thanksgiving Day", ""),
    # Japan's government offices are closed from 29 December to 3 January, which are no holidays but one.
    ("JP", "2026-12-28", WORKED, None, ALL_DAY),
    ("JP", "2026-12-29", CLOSURE, "Government offices closed over New Year", ""),
    ("JP", "2026-12-30", CLOSURE, None, ""),
    ("JP", "2026-12-31", CLOSURE, None, ""),
    ("JP", "2027-01-01", HOLIDAY, "New Year's Day", ""),
    ("JP", "2028-01-03", CLOSURE, None, ""),
    ("JP", "2027-01-04", WORKED, None, ALL_DAY),
    ("KR", "2026-09-24", HOLIDAY, "The day preceding Chuseok", ""),
    ("AU", "2026-03-09", HOLIDAY, "Canberra Day", ""),
    ("CA", "2026-07-01", HOLIDAY, "Canada Day", ""),
    ("IN", "2026-01-26", HOLIDAY, "Republic Day", ""),
    ("NZ", "2026-02-06", HOLIDAY, "Waitangi Day", ""),
    ("NZ", "2026-12-03", WORKED, None, ALL_DAY),
]


@pytest.mark.parametrize(("code", "day", "off", "name", "open_at"), FIXED)
def test_each_delegation_works_and_rests_on_its_own_days(
    code: str, day: str, off: Off | None, name: str | None, open_at: str
) -> None:
    found = calendar(code).day(date.fromisoformat(day))
    assert found.off is off
    assert name is None or said(found.name) == name
    assert hours(calendar(code), day) == open_at
    assert found.working is (off is None)


@pytest.mark.parametrize(
    ("code", "day", "estimated"),
    [
        ("BN", "2027-03-10", True),
        ("PH", "2027-05-16", True),
        ("ID", "2027-03-10", True),
        ("IN", "2027-03-10", True),
        ("SG", "2027-03-10", False),
        ("BN", "2027-02-23", False),
        # Independence Day is certain, whatever the moon does with the Prophet's Birthday.
        ("IN", "2027-08-15", False),
    ],
)
def test_days_that_hang_on_the_moon_are_marked_as_estimated(code: str, day: str, estimated: bool) -> None:
    found = calendar(code).day(date.fromisoformat(day))
    assert found.off is Off.HOLIDAY
    assert found.estimated is estimated
    assert ("estimated" in said(found.sort)) is estimated


def test_what_a_day_is_in_words() -> None:
    bn = calendar("BN")
    assert said(bn.day(date(2027, 3, 10)).sort) == "public holiday (Eid al-Fitr, estimated)"
    assert said(bn.day(date(2026, 12, 4)).sort) == "weekend day"
    assert said(bn.day(date(2026, 12, 5)).sort) == "working day"
    declared = made(overrides=[override(1, K.CLOSED, "2026-12-03")])
    assert said(declared.day(date(2026, 12, 3)).sort) == "declared day off (override 1)"


def test_an_unknown_delegation_has_no_calendar() -> None:
    with pytest.raises(InvalidInput, match="XX"):
        Calendars(shipped()).of("XX")


def test_a_delegation_without_hours_is_taken_to_work_from_nine_to_five() -> None:
    bare = made(hours=())
    assert hours(bare, "2026-12-03") == "09:00-17:00"
    assert bare.day(date(2026, 12, 5)).off is Off.WEEKEND


# --- dated changes


def test_weekly_hours_change_on_a_date_and_back() -> None:
    era = {
        "since": "2027-02-08",
        "until": "2027-03-10",
        "hours": [{"days": ["mon", "tue", "wed", "thu", "sat"], "opens": "08:00", "closes": "14:00"}],
    }
    found = made(changes=[era])
    assert hours(found, "2027-02-05") == "08:00-12:00 13:00-17:00"
    assert hours(found, "2027-02-08") == "08:00-14:00"
    assert found.day(date(2027, 2, 12)).off is Off.WEEKEND, "Friday"
    assert found.day(date(2027, 2, 13)).working, "Saturday"
    assert hours(found, "2027-03-09") == "08:00-14:00"
    assert hours(found, "2027-03-10") == "08:00-12:00 13:00-17:00"


def test_offices_are_closed_on_the_same_days_every_year_and_from_a_date_on_on_others() -> None:
    found = made(
        closures=[{"name": "Summer", "first": "08-10", "last": "08-14"}],
        changes=[
            {"since": "2027-01-01", "closures": [{"name": "Year end", "first": "12-30", "last": "01-04"}]},
            {"since": "2029-01-01", "closures": []},
        ],
    )
    days = (
        "2026-08-07",
        "2026-08-10",
        "2026-08-14",
        "2027-08-10",
        "2027-12-29",
        "2027-12-30",
        "2028-01-04",
        "2028-01-05",
        "2029-01-04",
    )
    worked = {day for day in days if found.day(date.fromisoformat(day)).working}
    assert worked == {"2026-08-07", "2027-08-10", "2027-12-29", "2028-01-05", "2029-01-04"}
    assert said(found.day(date(2027, 12, 30)).sort) == "yearly closure (Year end)"
    open_ = made(
        closures=[{"name": "Year end", "first": "12-30", "last": "01-04"}],
        overrides=[override(1, K.OPEN, "2026-12-30")],
    )
    assert open_.day(date(2026, 12, 30)).working, "a coordinator knows better"


@pytest.mark.parametrize("day", ["12-32", "02-30", "13-01", "1-1", "2026-12-29", ""])
def test_a_closure_on_a_day_that_no_year_has_is_refused(day: str) -> None:
    with pytest.raises(ValueError, match="first"):
        made(closures=[{"name": "X", "first": day, "last": "12-31"}])


def test_a_delegation_from_a_malaysian_state_rests_on_friday_and_has_the_state_s_holidays() -> None:
    """Kelantan: Friday and Saturday are off, and so is the birthday of its Sultan on 29 and 30 September."""
    week = ["sun", "mon", "tue", "wed", "thu"]
    found = made(
        hours=[{"days": week, "opens": "08:00", "closes": "17:00"}],
        holidays={"country": "MY", "subdivision": "03"},
    )
    off = [day for day in range(25, 32) if not found.day(date(2026, 10, day)).working]
    assert off == [30, 31], "Friday and Saturday"
    assert found.day(date(2026, 9, 29)).off is HOLIDAY
    assert calendar("MY").day(date(2026, 9, 29)).working, "in Putrajaya it is worked"


def test_a_capital_that_moves_keeps_another_zone_s_time_from_that_date_on() -> None:
    found = made(changes=[{"since": "2028-08-17", "zone": "Asia/Makassar", "city": "Nusantara"}])
    before, after = (
        found.land(date(2028, 8, 16), time(9), forward=False),
        found.land(date(2028, 8, 17), time(9), forward=False),
    )
    assert before.instant == datetime(2028, 8, 16, 2, tzinfo=UTC), "09:00 at UTC+7"
    assert after.instant == datetime(2028, 8, 17, 1, tzinfo=UTC), "09:00 at UTC+8"
    assert (found.place(date(2028, 8, 16)).city, found.place(date(2028, 8, 17)).city) == (
        "Jakarta",
        "Nusantara",
    )


@pytest.mark.parametrize(
    ("hour", "day"),
    [
        # Midnight comes at 17:00 UTC by the clocks that were in force until then.
        (15, date(2028, 8, 16)),
        (16, date(2028, 8, 16)),
        (17, date(2028, 8, 17)),
        (23, date(2028, 8, 17)),
    ],
)
def test_the_date_at_a_capital_that_moves_is_that_of_the_zone_in_force(hour: int, day: date) -> None:
    found = made(changes=[{"since": "2028-08-17", "zone": "Asia/Makassar", "city": "Nusantara"}])
    assert found.local_date(datetime(2028, 8, 16, hour, 30, tzinfo=UTC)) == day


def test_the_date_at_a_capital_that_moves_far_is_right_in_the_first_hours_too() -> None:
    found = made(
        zone="Pacific/Auckland",
        city="Wellington",
        changes=[{"since": "2028-08-17", "zone": "Asia/Jakarta", "city": "Jakarta"}],
    )
    # 12:30 UTC on the 17th: 00:30 on the 18th by the old zone, 19:30 on the 17th by the new one.
    assert found.local_date(datetime(2028, 8, 17, 12, 30, tzinfo=UTC)) == date(2028, 8, 17)


# --- overrides


def test_a_day_off_a_day_worked_and_other_hours() -> None:
    found = made(
        overrides=[
            override(1, K.CLOSED, "2026-12-03"),
            override(2, K.OPEN, "2026-12-05"),
            override(3, K.OPEN, "2026-12-06", hours="10:00-12:00"),
            override(4, K.HOURS, "2026-12-07", "2026-12-13", hours="08:00-14:00"),
        ]
    )
    assert found.day(date(2026, 12, 3)).off is Off.DECLARED
    assert found.day(date(2026, 12, 3)).override_id == 1
    assert hours(found, "2026-12-05") == "08:00-12:00 13:00-17:00", "the hours of the next working weekday"
    assert hours(found, "2026-12-06") == "10:00-12:00"
    assert {hours(found, f"2026-12-{day:02}") for day in range(7, 12)} == {"08:00-14:00"}
    assert found.day(date(2026, 12, 12)).off is Off.WEEKEND, "other hours open no office that is closed"
    assert found.day(date(2026, 12, 2)).override_id is None


def test_other_hours_hold_on_the_weekdays_that_they_name() -> None:
    found = made(
        overrides=[
            override(1, K.HOURS, "2026-11-30", "2026-12-13", "08:00-12:00 12:30-15:00", "mon tue wed thu"),
            override(2, K.HOURS, "2026-12-01", "2026-12-13", "08:00-11:30 12:30-15:30", "fri sat"),
            override(3, K.CLOSED, "2026-12-09"),
            override(4, K.OPEN, "2026-12-12"),
        ]
    )
    assert {day: hours(found, f"2026-12-{day:02}") for day in (1, 3, 4, 7, 10, 11)} == {
        1: "08:00-12:00 12:30-15:00",
        3: "08:00-12:00 12:30-15:00",
        4: "08:00-11:30 12:30-15:30",
        7: "08:00-12:00 12:30-15:00",
        10: "08:00-12:00 12:30-15:00",
        11: "08:00-11:30 12:30-15:30",
    }
    assert [found.day(date(2026, 12, day)).override_id for day in (3, 4, 9)] == [1, 2, 3]
    assert found.day(date(2026, 12, 5)).off is Off.WEEKEND, "other hours open no office that is closed"
    assert hours(found, "2026-12-12") == "08:00-11:30 12:30-15:30", "a Saturday that is worked has them too"
    assert hours(found, "2026-12-14") == "08:00-12:00 13:00-17:00", "the period is over"


def test_hours_for_other_weekdays_do_not_overrule_older_ones() -> None:
    whole = override(1, K.HOURS, "2026-11-30", "2026-12-06", "08:00-14:00")
    friday = override(2, K.HOURS, "2026-11-30", "2026-12-06", "08:00-11:00", "fri")
    found = made(overrides=[friday, whole])
    assert hours(found, "2026-12-03") == "08:00-14:00"
    assert hours(found, "2026-12-04") == "08:00-11:00"


def test_a_holiday_can_be_worked_and_an_estimated_one_moved_by_a_day() -> None:
    moved = [
        Override(1, "BN", K.OPEN, date(2027, 3, 10), date(2027, 3, 10), "Worked, for the moon was not seen"),
        Override(2, "BN", K.CLOSED, date(2027, 3, 13), date(2027, 3, 13), "Eid al-Fitr, third day"),
    ]
    bn = calendar("BN", *moved)
    assert hours(bn, "2027-03-10") == "07:45-12:15 13:30-16:30"
    assert said(bn.day(date(2027, 3, 13)).sort) == "declared day off (Eid al-Fitr, third day)"
    assert not bn.day(date(2027, 3, 13)).estimated


@pytest.mark.parametrize(
    ("overrides", "working", "open_at"),
    [
        ([(1, K.CLOSED, ""), (2, K.OPEN, "")], True, "08:00-12:00 13:00-17:00"),
        ([(1, K.OPEN, "09:00-11:00"), (2, K.CLOSED, "")], False, ""),
        ([(1, K.HOURS, "08:00-14:00"), (2, K.HOURS, "09:00-15:00")], True, "09:00-15:00"),
        # A schedule entered after a day off does not open the offices again.
        ([(1, K.CLOSED, ""), (2, K.HOURS, "08:00-14:00")], False, ""),
        ([(1, K.HOURS, "08:00-14:00"), (2, K.CLOSED, "")], False, ""),
        ([(1, K.HOURS, "08:00-14:00"), (2, K.OPEN, "")], True, "08:00-14:00"),
        ([(1, K.OPEN, "09:00-11:00"), (2, K.HOURS, "08:00-14:00")], True, "08:00-14:00"),
        ([(1, K.HOURS, "08:00-14:00"), (2, K.OPEN, "09:00-11:00")], True, "09:00-11:00"),
    ],
)
def test_of_two_overrides_the_newer_decides_whether_and_when_the_day_is_worked(
    overrides: list[tuple[int, OverrideKind, str]], working: bool, open_at: str
) -> None:
    entered = [override(number, kind, "2026-12-03", hours=text) for number, kind, text in overrides]
    for order in (entered, entered[::-1]):
        found = made(overrides=order)
        assert found.day(date(2026, 12, 3)).working is working
        assert hours(found, "2026-12-03") == open_at


def test_an_override_of_another_delegation_changes_nothing() -> None:
    assert made(code="XB", overrides=[override(1, K.CLOSED, "2026-12-03")]).day(date(2026, 12, 3)).working


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


def open_at(found: WorkingCalendar, day: date, clock: time) -> bool:
    return any(item.opens <= clock <= item.closes for item in found.day(day).stretches)


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
