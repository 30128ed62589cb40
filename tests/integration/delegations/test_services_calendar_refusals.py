"""What is refused of a calendar, and looking at calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.time.zones import pinned_zone_data
from orchestrator.errors import InvalidInput, NotFound
from orchestrator.words import maybe, say
from tests.callers import caller
from tests.integration.conftest import (
    NHUNG,
    World,
    contents,
)
from tests.integration.delegations.calendar_changes import P7D, THURSDAY, entered, invited, moves, planned

# --- what is refused


WEEK = {"kind": "hours", "first": "2026-11-23", "last": "2026-11-29", "hours": ["08:00-14:00"]}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown delegation": ({"code": "XX"}, "delegation", "is not a delegation"),
    "last before first": ({"last": "2026-11-25"}, "last", "is before the first day, 2026-11-26"),
    "more than a year": ({"last": "2027-11-27"}, "last", "is more than a year after 2026-11-26"),
    "no hours": ({"kind": "hours"}, "hours", "are missing"),
    "hours of a day off": ({"hours": ["08:00-12:00"]}, "hours", "do not go with a day off"),
    "reversed hours": ({"kind": "hours", "hours": ["14:00-08:00"]}, "hours[0]", "ends before it begins"),
    "overlapping hours": (
        {"kind": "hours", "hours": ["12:00-16:00", "08:00-12:30"]},
        "hours",
        "overlap: 08:00-12:30 and 12:00-16:00",
    ),
    "hours in words": ({"kind": "hours", "hours": ["8 to 2"]}, "hours[0]", "is not a stretch of hours"),
    "an hour no clock shows": ({"kind": "hours", "hours": ["08:00-24:30"]}, "hours[0]", "no clock shows"),
    "an hour that clocks skip": (
        {"code": "AU", "kind": "open", "first": "2027-10-03", "hours": ["02:30-09:00"]},
        "hours",
        "does not exist in Australia/Sydney",
    ),
    "an hour that comes twice": (
        {"code": "AU", "kind": "open", "first": "2027-04-04", "hours": ["00:30-02:30"]},
        "hours",
        "comes twice in Australia/Sydney",
    ),
    "a day that is none": ({"first": "2026-11-31"}, "first", "is not a date"),
    "another kind": ({"kind": "shut"}, "kind", "closed"),
    "no name": ({"name": "  "}, "name", "is empty"),
    "no reason": ({"why": ""}, "why", "is empty"),
    "nobody": ({"by": " "}, "by", "is empty"),
    # PostgreSQL stores no NUL, and what else controls a terminal has no place in a table or a log.
    "a name with a NUL": ({"name": "Mourning\x00"}, "name", "holds a line break or control character"),
    "a reason in two lines": ({"why": "Decree\n12"}, "why", "holds a line break or control character"),
    "a name that colours": ({"by": "\x1b[31mKhôi"}, "by", "holds a line break or control character"),
    "a weekend day": ({"first": "2026-11-28"}, "first", "is a weekend day in Viet Nam already"),
    "a holiday": (
        {"first": "2026-11-24"},
        "first",
        "is a public holiday (Vietnam Cultural Day) in Viet Nam already",
    ),
    "days that are all off": (
        {"first": "2026-11-28", "last": "2026-11-29"},
        "first",
        "is a weekend day in Viet Nam already, and so is every day up to Sunday, 29 November 2026",
    ),
    "a day worked anyway": ({"kind": "open"}, "first", "is a working day in Viet Nam already"),
    "hours that hold already": (
        {"kind": "hours", "hours": ["08:00-12:00", "13:30-17:00"]},
        "hours",
        "hold in Viet Nam already",
    ),
    "hours of days that are off": (
        {"kind": "hours", "first": "2026-11-28", "last": "2026-11-29", "hours": ["08:00-12:00"]},
        "first",
        "up to 2026-11-29 is no working day in Viet Nam",
    ),
    "weekdays of a day off": ({"days": ["thu"]}, "days", "go only with other hours"),
    "weekdays of a day worked": (
        {"kind": "open", "first": "2026-11-28", "days": ["sat"]},
        "days",
        "go only with other hours",
    ),
    "an unknown weekday": (WEEK | {"days": ["mon", "friday"]}, "days[1]", "input should be 'mon', 'tue',"),
    "no weekday": (WEEK | {"days": []}, "days", "is empty"),
    "no weekday for a day off": ({"days": []}, "days", "is empty"),
    "weekdays that do not occur": (
        WEEK | {"last": "2026-11-25", "days": ["thu", "fri"]},
        "days",
        "do not occur from 2026-11-23 to 2026-11-25 (given: thu,fri)",
    ),
    "weekdays that are off": (
        WEEK | {"first": "2026-11-24", "days": ["sun", "sat"]},
        "days",
        "are no working days in Viet Nam from 2026-11-24 to 2026-11-29 (given: sat,sun)",
    ),
    "a weekday that is a holiday": (
        WEEK | {"days": ["tue"]},
        "days",
        "are no working days in Viet Nam from 2026-11-23 to 2026-11-29",
    ),
    "hours that hold already on these weekdays": (
        WEEK | {"hours": ["08:00-12:00", "13:30-17:00"], "days": ["wed"]},
        "hours",
        "hold in Viet Nam already",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_field_and_leaves_no_trace(world: World, case: str) -> None:
    changes, field, message = REFUSED[case]
    before = contents(world.database)
    given = {"code": "VN", "kind": "closed", "first": "2026-11-26"} | changes
    for dry_run in (True, False):
        with pytest.raises(InvalidInput) as caught:
            entered(world, **given, dry_run=dry_run)
        assert caught.value.problems[0].field == field
        assert message in str(caught.value)
    assert contents(world.database) == before


def test_where_no_day_is_worked_for_months_mails_go_out_all_the_same(world: World) -> None:
    invited(world)
    change = entered(world, "VN", "closed", "2026-05-01", "2027-04-30")
    # At the wanted time, for there is no better one; only the coordinator is warned of the meeting's own day.
    assert moves(change) == [("new", "", "None", "None")]
    assert [words.say(said) for item in change.meetings for said in item.days_off] == [
        "takes place on a day off for Viet Nam: Thursday, 3 December 2026 (Declared)"
    ]
    assert planned(world, NHUNG, P7D) == THURSDAY
    notes = {
        maybe(item.note) or "" for item in world.reading.plan("SOM-2026") if item.recipient_email == NHUNG
    }
    assert any("has no working day within 120 days" in note and "all the same" in note for note in notes)


def test_an_estimated_holiday_can_be_confirmed(world: World) -> None:
    day = date(2027, 3, 10)
    assert world.calendars.show("BN", day, day).days[0].estimated
    entered(world, "BN", "closed", "2027-03-10", name="Eid al-Fitr")
    (found,) = world.calendars.show("BN", day, day).days
    assert (found.off, found.name, found.estimated) == ("declared day off", "Eid al-Fitr", False)
    with pytest.raises(InvalidInput, match="declared day off"):
        entered(world, "BN", "closed", "2027-03-10")


def test_there_is_no_such_override(world: World) -> None:
    with pytest.raises(NotFound, match="no override 7"):
        world.calendars.withdraw(7, caller=caller("x"))


# --- looking


def test_a_calendar_shows_each_day_and_who_changed_it(world: World) -> None:
    entered(world, "BN", "hours", "2027-03-01", "2027-03-09", name="Ramadan", hours=["08:00-14:00"])
    view = world.calendars.show("bn", date(2027, 3, 5), date(2027, 3, 10))
    friday, saturday, sunday, *_, wednesday = view.days
    assert (friday.weekday, friday.off, friday.soft) == ("Friday", "weekend day", True)
    assert (saturday.working, saturday.hours, saturday.name) == (True, ("08:00-14:00",), "Ramadan")
    assert saturday.override is not None
    assert (saturday.override.by, saturday.override.why) == ("coordinator", "Decree 12")
    assert (sunday.off, sunday.soft) == ("weekend day", False)
    assert (wednesday.off, wednesday.name, wednesday.estimated) == ("public holiday", "Eid al-Fitr", True)
    assert {(item.zone, item.city, item.offset) for item in view.days} == {
        ("Asia/Brunei", "Bandar Seri Begawan", "UTC+08:00")
    }


def test_without_a_period_it_is_the_present_month_there(world: World) -> None:
    # It is 1 December already in Ha Noi.
    world.clock.at = datetime(2026, 11, 30, 18, tzinfo=UTC)
    view = world.calendars.show("VN")
    assert (view.first, view.last) == (date(2026, 12, 1), date(2026, 12, 31))
    view = world.calendars.show("VN", last=date(2027, 2, 10))
    assert (view.first, view.last) == (date(2027, 2, 1), date(2027, 2, 10))
    view = world.calendars.show("VN", date(9999, 12, 30))
    assert (view.last, view.incomplete) == (date.max, (9999,)), "the last month there is"
    with pytest.raises(InvalidInput, match="is before the first day"):
        world.calendars.show("VN", date(2027, 2, 2), date(2027, 2, 1))


def test_the_zone_of_each_day_is_the_one_in_force(world: World) -> None:
    view = world.calendars.show("AU", date(2026, 10, 1), date(2026, 10, 6))
    # Summer time begins on Sunday, 4 October 2026.
    assert [item.offset for item in view.days] == ["UTC+10:00"] * 3 + ["UTC+11:00"] * 3


def test_a_year_the_holiday_data_does_not_cover_is_told(world: World) -> None:
    assert world.calendars.show("IN", date(2026, 12, 30), date(2026, 12, 31)).incomplete == ()
    view = world.calendars.show("IN", date(2036, 1, 1), date(2036, 1, 2))
    assert view.incomplete == (2036,)
    assert "The holiday data for 2036 is not complete; ask the delegation." in map(say, view.gaps)
    assert world.calendars.show("JP", date(2035, 12, 30), date(2036, 1, 2)).incomplete == ()
    (gap,) = world.calendars.show("CN", date(2026, 12, 30), date(2027, 1, 2)).gaps
    assert "for 2027 the data has no decree yet" in say(gap)


def test_all_delegations_come_in_protocol_order(world: World) -> None:
    found = world.calendars.all()
    codes = [item.code for item in found.delegations]
    assert codes[:3] + codes[10:] == [
        "BN",
        "KH",
        "ID",
        "VN",
        "ASEC",
        "CN",
        "JP",
        "KR",
        "AU",
        "CA",
        "IN",
        "NZ",
    ]
    brunei = found.delegations[0]
    assert brunei.hours["sat"] == ("07:45-12:15", "13:30-16:30")
    assert brunei.soft_days == ("fri",)
    assert (brunei.today.date, brunei.today.off) == (date(2026, 11, 1), "weekend day")
    assert found.versions.tzdata == pinned_zone_data().version
