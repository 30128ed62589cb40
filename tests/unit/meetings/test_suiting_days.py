"""Whose day off a time is, the nearest days that are nobody's, and the preparatory day that is proposed."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.delegations.working_calendar import Calendars, Override, OverrideKind, Stretch
from orchestrator.domain.meetings.days_off import from_json, to_json
from orchestrator.domain.meetings.known_days_off import About, DayOff, DaysOff
from orchestrator.domain.meetings.suiting_days import (
    MOST_BACK,
    days_off_between,
    nearest_days,
    preparatory_day,
)
from orchestrator.domain.time.zones import instant_of, zone
from orchestrator.facts import plain
from tests.effort import examples
from tests.unit.real import CALENDARS, DIRECTORY, EARLY

MEMBERS = [item.code for item in DIRECTORY.members_on(date(2027, 4, 22))]
HA_NOI = "Asia/Ho_Chi_Minh"
LENGTH = timedelta(hours=3)
SOM = datetime(2027, 4, 22, 14)


def off(
    wall: datetime, codes: list[str], length: timedelta = LENGTH, calendars: Calendars = CALENDARS
) -> dict[tuple[str, date], About]:
    begin = instant_of(wall, zone(HA_NOI))
    found = days_off_between(begin, begin + length, codes, calendars)
    return {(item.delegation, item.day): item.about for item in found}


def closed(code: str, day: date, *stretches: Stretch) -> Override:
    kind = OverrideKind.HOURS if stretches else OverrideKind.CLOSED
    return Override(1, code, kind, day, day, "By decree", stretches)


def test_nobody_is_off_on_the_day_of_the_example_and_myanmar_on_the_day_before() -> None:
    assert off(SOM, MEMBERS) == {}
    assert off(datetime(2027, 4, 21, 14), MEMBERS) == {("MM", date(2027, 4, 21)): About.MEETING}


def test_brunei_is_off_on_friday_and_sunday_and_works_on_saturday() -> None:
    friday = datetime(2027, 4, 23, 14)
    assert off(friday, ["BN", "VN"]) == {("BN", date(2027, 4, 23)): About.MEETING}
    assert off(friday + timedelta(days=1), ["BN", "VN"]) == {("VN", date(2027, 4, 24)): About.MEETING}
    assert set(off(friday + timedelta(days=2), ["BN", "VN"])) == {
        ("BN", date(2027, 4, 25)),
        ("VN", date(2027, 4, 25)),
    }


def test_every_day_of_a_session_of_several_days_counts() -> None:
    found = off(datetime(2027, 4, 20, 9), ["MM", "VN"], timedelta(days=2, hours=8))
    assert found == {("MM", date(2027, 4, 20)): About.MEETING, ("MM", date(2027, 4, 21)): About.MEETING}


@pytest.mark.parametrize(
    ("clock", "short"), [(9, False), (10, True), (14, True)], ids=["before", "across", "after"]
)
def test_a_half_day_counts_where_it_closes_offices_that_would_be_open(clock: int, short: bool) -> None:
    half = Calendars(DIRECTORY, (closed("VN", SOM.date(), Stretch(time(8), time(12))),))
    found = off(SOM.replace(hour=clock), ["VN"], calendars=half)
    assert found == ({("VN", SOM.date()): About.SHORT_DAY} if short else {})
    # What begins after the usual hours is not late because of the half day.
    assert off(SOM.replace(hour=19), ["VN"], calendars=half) == {}


def test_the_nearest_days_keep_the_wall_time_and_are_nobody_s_day_off() -> None:
    wednesday = datetime(2027, 4, 21, 14)
    assert nearest_days(wednesday, HA_NOI, LENGTH, MEMBERS, CALENDARS, EARLY) == (
        datetime(2027, 4, 12, 14),
        datetime(2027, 4, 22, 14),
    )
    late = instant_of(datetime(2027, 4, 12, 14), zone(HA_NOI))
    assert nearest_days(wednesday, HA_NOI, LENGTH, MEMBERS, CALENDARS, late) == (datetime(2027, 4, 22, 14),)


def test_the_preparatory_meeting_of_the_example_is_proposed_for_monday_12_april() -> None:
    found = preparatory_day(SOM, HA_NOI, timedelta(hours=2), "VN", MEMBERS, CALENDARS)
    assert found.proposed.wall_start == datetime(2027, 4, 12, 14)
    assert found.proposed.off == ()
    passed = {item.wall_start.day: [one.delegation for one in item.off] for item in found.passed}
    assert passed == {
        21: ["MM"],
        20: ["MM"],
        19: ["MM"],
        15: ["KH", "LA", "MM", "TH"],
        14: ["KH", "LA", "MM", "TH"],
        13: ["MM", "TH"],
    }


def test_where_somebody_is_off_on_each_day_the_nearest_with_the_fewest_is_proposed() -> None:
    away = Calendars(
        DIRECTORY, (Override(1, "SG", OverrideKind.CLOSED, date(2027, 4, 1), date(2027, 4, 21), "Away"),)
    )
    found = preparatory_day(SOM, HA_NOI, timedelta(hours=2), "VN", MEMBERS, away)
    assert found.proposed.wall_start == datetime(2027, 4, 12, 14)
    assert [item.delegation for item in found.proposed.off] == ["SG"]
    assert len(found.passed) == MOST_BACK - 1


@settings(max_examples=examples(120), deadline=None)
@given(st.dates(date(2020, 1, 1), date(2035, 12, 1)), st.sampled_from(MEMBERS))
def test_what_is_proposed_is_a_working_day_of_the_host_and_no_nearer_one_has_fewer_off(
    day: date, host: str
) -> None:
    wall = datetime.combine(day, time(10))
    place = DIRECTORY.get(host).zone
    found = preparatory_day(wall, place, LENGTH, host, MEMBERS, CALENDARS)
    calendar = CALENDARS.of(host)
    assert calendar.day(found.proposed.wall_start.date()).working
    own = len({item.delegation for item in found.proposed.off})
    nearer = [item for item in found.passed if item.wall_start > found.proposed.wall_start]
    assert all(len({one.delegation for one in item.off}) > own for item in nearer)
    assert calendar.add(day, -MOST_BACK) <= found.proposed.wall_start.date() < day
    for near in nearest_days(wall, place, LENGTH, MEMBERS, CALENDARS, EARLY):
        begin = instant_of(near, zone(place))
        assert near.time() == wall.time()
        assert not days_off_between(begin, begin + LENGTH, MEMBERS, CALENDARS)


def test_what_is_known_is_stored_whole_and_what_was_stored_before_is_about_the_meeting() -> None:
    day = DayOff("VN", date(2027, 4, 22), plain("Storm"), 2, About.TEST)
    known = DaysOff(2, (day,), (datetime(2027, 4, 23, 14),))
    assert from_json(to_json(known)) == known
    old = {
        "warnings": 1,
        "days": [{"delegation": "VN", "day": "2027-04-22", "name": plain("Storm").to_json(), "warning": 1}],
    }
    assert from_json(old) == DaysOff(1, (DayOff("VN", date(2027, 4, 22), plain("Storm"), 1),))
