"""For whom a meeting is on a day off or at night: stated cases of the shipped calendars."""

from __future__ import annotations

from datetime import timedelta

from orchestrator.domain.dates.costs import hardships
from orchestrator.words import say
from tests.unit.real import CALENDARS, utc

EVERYWHERE = ("CA", "VN", "TH", "BN", "ID", "NZ")


def said(*parts: int, hours: int = 2) -> list[str]:
    start = utc(*parts)
    found = hardships("SOM-2026", EVERYWHERE, [(start, start + timedelta(hours=hours))], CALENDARS)
    sentences = list(map(say, found))
    assert all(item.startswith("SOM-2026: ") for item in sentences), "each names its meeting"
    return [item.removeprefix("SOM-2026: ") for item in sentences]


def test_a_holiday_a_weekend_and_the_night_are_named_in_protocol_order_with_the_time_there() -> None:
    # 14:00 in Ha Noi on Friday, 10 December 2027.
    brunei, *others = said(2027, 12, 10, 7)
    assert brunei.startswith(
        "Brunei Darussalam, Friday, 10 December 2027, 15:00 Bandar Seri Begawan (UTC+08:00)"
    )
    assert brunei.endswith(": weekend day (Friday), can be used; late, up to 30 min after 16:30.")
    assert others == [
        "Thailand, Friday, 10 December 2027, 14:00 Bangkok (UTC+07:00): public holiday (Constitution Day).",
        "Canada, Friday, 10 December 2027, 02:00 Ottawa (UTC-05:00): night, 2 h.",
    ]


def test_early_and_late_are_no_hardship() -> None:
    # 08:00 in Ha Noi is 14:00 in Wellington and 20:00 in Ottawa, which is late but not at night.
    assert said(2026, 12, 3, 1) == []


def test_a_meeting_that_runs_into_the_night_or_into_a_day_off_is_one() -> None:
    (canada,) = said(2026, 12, 3, 1, hours=3)
    assert canada.startswith("Canada, Wednesday, 2 December 2026, 20:00 Ottawa (UTC-05:00): ")
    assert canada.endswith(": late, up to 5 h after 17:00; night, 1 h.")
    # Thursday evening in Brunei, until after midnight.
    assert "weekend day (Friday)" in said(2026, 12, 3, 15)[0]


def test_an_estimated_holiday_is_said_to_be_estimated() -> None:
    assert "Eid al-Fitr, estimated" in said(2027, 3, 10, 2)[0]
