"""ISO 8601 durations."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.time.durations import duration_fact, parse_duration
from orchestrator.words import say


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT2H30M", timedelta(hours=2, minutes=30)),
        ("P7D", timedelta(days=7)),
        ("P1W", timedelta(days=7)),
        ("P1W2DT3H4M5S", timedelta(days=9, hours=3, minutes=4, seconds=5)),
        ("PT0S", timedelta(0)),
        ("P0D", timedelta(0)),
        ("PT90M", timedelta(minutes=90)),
        ("  PT1H\n", timedelta(hours=1)),
        ("P3660D", timedelta(days=3660)),
    ],
)
def test_durations_are_read(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "7D",
        "2:30",
        "P1Y",
        "P1M",
        "P1Y2M",
        "P1.5D",
        "-P1D",
        "P-1D",
        "pt1h",
        "PT1H P1D",
        "P1D1W",
    ],
)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"^is not an ISO 8601 duration such as PT2H30M, P7D or P1W$"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["P3661D", "P99999999999999D", "PT" + "9" * 5000 + "S", "P999999999W"])
def test_more_than_ten_years_are_refused_however_large_the_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"^is longer than ten years$"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(hours=2, minutes=30), "2 h 30 min"),
        (timedelta(days=7), "7 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=1, hours=2), "1 day 2 h"),
        (timedelta(minutes=45), "45 min"),
        (timedelta(0), "0 min"),
    ],
)
def test_a_length_is_written_for_people(length: timedelta, words: str) -> None:
    assert say(duration_fact(length)) == words


@given(st.integers(0, 500), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_what_is_written_part_by_part_is_read_as_their_sum(
    days: int, hours: int, minutes: int, seconds: int
) -> None:
    expected = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    assert parse_duration(f"P{days}DT{hours}H{minutes}M{seconds}S") == expected


@given(st.text(max_size=30))
def test_no_text_whatever_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert timedelta(0) <= parse_duration(text) <= timedelta(days=3660)
