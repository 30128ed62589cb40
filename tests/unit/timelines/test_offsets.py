"""Offsets: how they are read, written and counted."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.delegations.working_calendar import Override, OverrideKind
from orchestrator.domain.time.zones import zone
from orchestrator.domain.timelines.offsets import Offset
from tests.saying import said
from tests.unit.timelines.steps import at, offset

STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)  # 14:00 in Ha Noi.
ENDS = STARTS + timedelta(hours=3)


def closed(first: date, last: date, name: str = "a day off") -> Override:
    return Override(1, "XX", OverrideKind.CLOSED, first, last, name)


def due(text: str, anchor: datetime, name: str = "Asia/Ho_Chi_Minh") -> datetime:
    found = offset(text).due(anchor, at(name))
    assert not said(found.moved)
    return found.instant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-P7D at 09:00 local", Offset(False, 7, False, time(9))),
        ("-P7D", Offset(False, 7, False, time(9))),
        ("-5WD", Offset(False, 5, True, time(9))),
        ("-5WD at 14:30 local", Offset(False, 5, True, time(14, 30))),
        ("-PT1H", Offset(False, exact=timedelta(hours=1))),
        ("-P1DT12H", Offset(False, exact=timedelta(hours=36))),
        ("+P3D", Offset(True, 3, False, time(9))),
        ("+1WD", Offset(True, 1, True, time(9))),
        ("+P3D at 16:00 local", Offset(True, 3, False, time(16))),
        ("-P1W at 09:00 local", Offset(False, 7, False, time(9))),
        ("  +PT0S ", Offset(True)),
    ],
)
def test_an_offset_is_read_and_written(text: str, expected: Offset) -> None:
    assert Offset.parse(text) == expected
    assert Offset.parse(str(expected)) == expected


def test_immediately_is_no_offset() -> None:
    assert Offset.parse(" immediately ") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not an offset"),
        ("now", "is not an offset"),
        ("7D", "is not an offset"),
        ("P7D", "is not an offset"),
        ("P7D before at 09:00 local", "is not an offset any more; write '-P7D at 09:00 local'"),
        ("PT1H before", "is not an offset any more; write '-PT1H'"),
        ("PT0S after", r"is not an offset any more; write '\+PT0S'"),
        ("5WD", "is not an offset"),
        ("- P7D", "is not an offset"),
        ("-P7D at 9:00 local", "is not an offset"),
        ("-P7D at 09:00", "is not an offset"),
        ("-P7D at 09:00 Ha Noi", "is not an offset"),
        ("-5.5WD", "is not an offset"),
        ("-261WD", "counts more than 260 working days"),
        ("-P1M", "is not an ISO 8601 duration"),
        ("-P7D at 25:00 local", "hour must be in"),
        ("-P7D at 08:59 local", "names 08:59, and what counts days goes out between 09:00 and 16:00"),
        ("-5WD at 16:01 local", "names 16:01, and what counts days goes out between 09:00 and 16:00"),
        ("-PT36H at 09:00 local", "counts hours and names a local time"),
        ("-P99999999D", "is longer than ten years"),
    ],
)
def test_what_is_no_offset_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Offset.parse(text)


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("Asia/Ho_Chi_Minh", datetime(2026, 11, 26, 2, tzinfo=UTC)),
        ("Asia/Yangon", datetime(2026, 11, 26, 2, 30, tzinfo=UTC)),
        ("Asia/Dili", datetime(2026, 11, 26, 0, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 11, 26, 3, 30, tzinfo=UTC)),
        ("Australia/Sydney", datetime(2026, 11, 25, 22, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 11, 25, 20, tzinfo=UTC)),
        ("America/Toronto", datetime(2026, 11, 26, 14, tzinfo=UTC)),
    ],
)
def test_a_local_clock_time_is_the_recipient_s(recipient: str, expected: datetime) -> None:
    assert due("-P7D at 09:00 local", STARTS, recipient) == expected


def test_days_are_counted_from_the_date_at_the_recipient_s() -> None:
    late = datetime(2026, 12, 3, 15, tzinfo=UTC)  # 22:00 on the 3rd in Ha Noi, 04:00 on the 4th in Auckland.
    assert due("-P1D", late, "Asia/Ho_Chi_Minh") == datetime(2026, 12, 2, 2, tzinfo=UTC)
    assert due("-P1D", late, "Pacific/Auckland") == datetime(2026, 12, 2, 20, tzinfo=UTC)


def test_an_exact_offset_is_the_same_instant_everywhere_whatever_the_hour_or_day() -> None:
    for recipient in ("Asia/Ho_Chi_Minh", "America/Toronto"):
        assert due("-PT1H", STARTS, recipient) == datetime(2026, 12, 3, 6, tzinfo=UTC)
        assert due("+PT72H", ENDS, recipient) == datetime(2026, 12, 6, 10, tzinfo=UTC)
        assert due("+PT0S", ENDS, recipient) == ENDS
    calendar = at("Asia/Ho_Chi_Minh", closed(date(2026, 12, 1), date(2026, 12, 31)))
    assert offset("-PT1H").due(STARTS, calendar).instant == STARTS - timedelta(hours=1)


def test_a_local_time_after_counts_from_the_date_of_the_end() -> None:
    ends = datetime(2026, 12, 3, 18, tzinfo=UTC)  # 01:00 on the 4th in Ha Noi.
    assert due("+P1D at 09:00 local", ends) == datetime(2026, 12, 5, 2, tzinfo=UTC)


def test_a_local_time_across_a_change_of_clocks_keeps_its_reading() -> None:
    starts = datetime(2026, 10, 7, 5, tzinfo=UTC)  # Sydney put its clocks forward on 4 October.
    assert due("-P7D at 09:00 local", starts, "Australia/Sydney") == datetime(2026, 9, 29, 23, tzinfo=UTC)


def test_working_days_are_counted_without_days_off_and_calendar_days_are_put_off() -> None:
    calendar = at("Asia/Ho_Chi_Minh", closed(date(2026, 11, 30), date(2026, 12, 1)))
    assert offset("-3WD").due(STARTS, calendar).instant == datetime(2026, 11, 28, 2, tzinfo=UTC)
    assert not said(offset("-3WD").due(STARTS, calendar).moved)
    before = offset("-P2D at 10:00 local").due(STARTS, calendar)
    assert before.instant == datetime(2026, 11, 29, 3, tzinfo=UTC)
    assert said(before.moved) == (
        "from Monday, 30 November 2026 to Tuesday, 1 December 2026 each day is a declared day off (a "
        "day off) in Nowhere, so it goes out on Sunday, 29 November 2026 at 10:00"
    )
    after = offset("+P2D").due(datetime(2026, 11, 28, 2, tzinfo=UTC), calendar)
    assert after.instant == datetime(2026, 12, 2, 2, tzinfo=UTC)
    assert said(after.moved).endswith("so it goes out on Wednesday, 2 December 2026 at 09:00")


def test_what_comes_after_the_end_is_never_before_it_and_says_why_it_is_later() -> None:
    ends = datetime(2026, 12, 3, 3, tzinfo=UTC)  # 10:00 in Ha Noi.
    assert due("+P0D at 10:00 local", ends) == ends
    found = offset("+P0D").due(ends, at("Asia/Ho_Chi_Minh"))
    assert found.instant == datetime(2026, 12, 4, 2, tzinfo=UTC)
    assert said(found.moved) == (
        "Thursday, 3 December 2026 at 09:00 is too early, so it goes out on Friday, 4 December 2026 at 09:00"
    )


@pytest.mark.parametrize("text", ["-P7D", "-5WD", "+3WD"])
def test_where_there_is_no_working_day_at_all_it_goes_out_all_the_same_and_says_so(text: str) -> None:
    calendar = at("Asia/Ho_Chi_Minh", closed(date(2026, 1, 1), date(2027, 12, 31)))
    found = offset(text).due(STARTS, calendar)
    local = found.instant.astimezone(zone("Asia/Ho_Chi_Minh"))
    days = {"-P7D": -7, "-5WD": -5, "+3WD": 3}[text]
    assert (local.date(), local.time()) == (date(2026, 12, 3) + timedelta(days=days), time(9))
    assert "Nowhere has no working day within 120 days of" in said(found.moved)
    assert said(found.moved).endswith("at 09:00 all the same")


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1)),
    st.integers(0, 60),
    st.sampled_from(["Australia/Sydney", "Pacific/Auckland", "America/Toronto", "Asia/Yangon"]),
)
def test_every_reminder_at_nine_reads_nine_on_the_right_date(start: datetime, days: int, name: str) -> None:
    starts = start.replace(tzinfo=UTC)
    found = due(f"-P{days}D at 09:00 local", starts, name).astimezone(zone(name))
    assert (found.hour, found.minute, found.second) == (9, 0, 0)
    assert (starts.astimezone(zone(name)).date() - found.date()).days == days


@pytest.mark.parametrize(
    ("text", "anchor", "words"),
    [
        ("-P7D at 09:00 local", "", "7 days before, at 09:00 their time"),
        ("-1WD", "", "1 working day before, at 09:00 their time"),
        ("-5WD", "notice:papers", "5 working days before notice:papers, at 09:00 their time"),
        ("-PT1H", "", "1 h before"),
        ("+PT24H", "", "1 day after the end"),
        ("+P3D at 15:30 local", "", "3 days after the end, at 15:30 their time"),
        ("+2WD", "invite", "2 working days after invite, at 09:00 their time"),
        ("+PT0S", "", "at the end"),
        ("-PT0S", "", "at the start"),
        ("+PT0S", "invite", "at invite"),
        ("-P0D at 09:00 local", "", "on the day of the start, at 09:00 their time"),
        ("+P0D at 15:00 local", "", "on the day of the end, at 15:00 their time"),
        ("+P0D at 15:00 local", "invite", "on the day of invite, at 15:00 their time"),
    ],
)
def test_an_offset_in_words(text: str, anchor: str, words: str) -> None:
    assert said(offset(text).said(anchor)) == words
