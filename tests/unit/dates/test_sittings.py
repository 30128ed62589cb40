"""A session of several days sits by day: its nights cost nobody anything."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.domain.dates.costs import PastMeeting, burden_of, cost_of, hardships, pieces_of_all
from orchestrator.domain.dates.sittings import daily, sittings_of
from orchestrator.words import say
from tests.unit.dates.starting import CALENDARS, HOUR, asked, found
from tests.unit.real import CALENDARS as REAL
from tests.unit.real import utc

HA_NOI = "Asia/Ho_Chi_Minh"
THREE_DAYS = timedelta(days=2, hours=8)


@pytest.mark.parametrize(
    ("duration", "sits"),
    [
        (3 * HOUR, (1, 3 * HOUR)),
        (24 * HOUR, (1, 24 * HOUR)),
        (THREE_DAYS, (3, 8 * HOUR)),
        (timedelta(days=3), (3, 8 * HOUR)),
        (timedelta(days=1, hours=3), (2, 3 * HOUR)),
    ],
    ids=["hours", "a day through", "until 17:00", "whole days", "two mornings"],
)
def test_how_often_and_how_long_a_meeting_sits(duration: timedelta, sits: tuple[int, timedelta]) -> None:
    assert daily(duration) == sits


def test_the_clock_stays_the_same_while_clocks_change() -> None:
    """Clocks in Ottawa went forward on Sunday, 14 March 2027."""
    ottawa = "America/Toronto"
    begin = datetime(2027, 3, 13, 9, tzinfo=ZoneInfo(ottawa)).astimezone(ZoneInfo("UTC"))
    walls = [
        (one.astimezone(ZoneInfo(ottawa)).time(), other.astimezone(ZoneInfo(ottawa)).time())
        for one, other in sittings_of(begin, THREE_DAYS, ottawa)
    ]
    assert walls == [(time(9), time(17))] * 3


def test_three_days_in_office_hours_cost_no_night_and_are_found_by_the_search() -> None:
    request = asked("VN", duration=THREE_DAYS, first=date(2027, 1, 12), last=date(2027, 1, 15), top=1)
    (start,) = found(request).fair_starts
    sittings = sittings_of(start.starts_at, THREE_DAYS, HA_NOI)
    assert start.cost == cost_of(pieces_of_all(CALENDARS.of("VN"), sittings))
    assert all("night" not in say(item.why) for item in start.standings)
    # Each day of it has its own share of the cost, and the search agrees with the sum over all minutes.
    result = found(asked("VN", duration=THREE_DAYS, first=date(2027, 1, 12), last=date(2027, 1, 15), top=20))
    assert len(result.fair_starts) > 1
    for item in result.fair_starts:
        own = sittings_of(item.starts_at, THREE_DAYS, HA_NOI)
        assert item.cost == cost_of(pieces_of_all(CALENDARS.of("VN"), own))
    assert [item.cost for item in result.fair_starts] == sorted(item.cost for item in result.fair_starts)


def test_nobody_is_told_of_the_nights_of_a_session_of_three_days_and_a_weekend_in_it_is_named() -> None:
    week = sittings_of(utc(2027, 8, 9, 2), THREE_DAYS, HA_NOI)
    assert list(hardships("HCS", ["VN", "TH"], week, REAL)) == [
        item for item in hardships("HCS", ["VN", "TH"], week, REAL) if "night" not in say(item)
    ]
    weekend = sittings_of(utc(2027, 8, 12, 2), THREE_DAYS, HA_NOI)
    assert any("weekend day (Saturday)" in say(item) for item in hardships("HCS", ["VN"], weekend, REAL))


def test_the_burden_of_a_session_of_several_days_has_no_nights() -> None:
    begin = utc(2027, 1, 12, 2)
    meeting = PastMeeting(begin, begin + THREE_DAYS, ("VN",), HA_NOI)
    assert burden_of([meeting], CALENDARS)["VN"] == cost_of(
        pieces_of_all(CALENDARS.of("VN"), sittings_of(begin, THREE_DAYS, HA_NOI))
    )
    assert burden_of([meeting], CALENDARS)["VN"] < 16 * 60 * 20
