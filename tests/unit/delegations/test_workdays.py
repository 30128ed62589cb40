"""Working days of each delegation, dated changes and overrides."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from orchestrator.domain.delegations.working_calendar import (
    Calendars,
    Off,
    Override,
    OverrideKind,
)
from orchestrator.errors import InvalidInput
from tests.saying import said
from tests.unit.delegations.calendars import K, calendar, hours, made, override, shipped

WORKED, HOLIDAY, WEEKEND, CLOSURE = None, Off.HOLIDAY, Off.WEEKEND, Off.CLOSURE


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
