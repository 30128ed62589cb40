"""Timelines: the grammar of offsets and the instants they mean."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.actions import ActionKind
from orchestrator.domain.definition import read_yaml
from orchestrator.domain.timeline import Offset, Timeline
from orchestrator.domain.zones import zone
from orchestrator.errors import ConfigurationError

SHIPPED = Path(__file__).parents[2] / "config" / "timelines" / "standard.yaml"
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)  # 14:00 in Ha Noi.
ENDS = STARTS + timedelta(hours=3)


def offset(text: str) -> Offset:
    found = Offset.parse(text)
    assert found is not None
    return found


def timeline(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "quick", "title": "Quick", "steps": list(steps)} | fields


def problems(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(ConfigurationError) as caught:
        Timeline.of(data)
    return [(item.field, item.message) for item in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P7D before at 09:00 local", Offset(timedelta(days=-7), False, time(9))),
        ("PT1H before", Offset(timedelta(hours=-1), False, None)),
        ("P3D after", Offset(timedelta(days=3), True, None)),
        ("P3D after at 16:30 local", Offset(timedelta(days=3), True, time(16, 30))),
        ("P1W before at 09:00 local", Offset(timedelta(days=-7), False, time(9))),
        ("  PT0S   after ", Offset(timedelta(0), True, None)),
    ],
)
def test_an_offset_is_read(text: str, expected: Offset) -> None:
    assert Offset.parse(text) == expected


def test_immediately_is_no_offset() -> None:
    assert Offset.parse(" immediately ") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not an offset"),
        ("now", "is not an offset"),
        ("7D before", "is not an offset"),
        ("P7D", "is not an offset"),
        ("P7D before at 9:00 local", "is not an offset"),
        ("P7D before at 09:00", "is not an offset"),
        ("P7D before at 09:00 Ha Noi", "is not an offset"),
        ("P1M before", "is not an ISO 8601 duration"),
        ("P7D before at 25:00 local", "hour must be in"),
        ("PT36H before at 09:00 local", "counts hours and names a local time"),
        ("P99999999D before", "is longer than ten years"),
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
    assert offset("P7D before at 09:00 local").instant(STARTS, ENDS, recipient) == expected


def test_days_are_counted_from_the_date_at_the_recipient_s() -> None:
    late = datetime(2026, 12, 3, 15, tzinfo=UTC)  # 22:00 on the 3rd in Ha Noi, 04:00 on the 4th in Auckland.
    day_before = offset("P1D before at 09:00 local")
    assert day_before.instant(late, late, "Asia/Ho_Chi_Minh") == datetime(2026, 12, 2, 2, tzinfo=UTC)
    assert day_before.instant(late, late, "Pacific/Auckland") == datetime(2026, 12, 2, 20, tzinfo=UTC)


def test_an_exact_offset_is_the_same_instant_everywhere_and_counts_from_start_or_end() -> None:
    for recipient in ("Asia/Ho_Chi_Minh", "America/Toronto"):
        assert offset("PT1H before").instant(STARTS, ENDS, recipient) == datetime(2026, 12, 3, 6, tzinfo=UTC)
        assert offset("P3D after").instant(STARTS, ENDS, recipient) == datetime(2026, 12, 6, 10, tzinfo=UTC)
        assert offset("PT0S after").instant(STARTS, ENDS, recipient) == ENDS


def test_a_local_time_after_counts_from_the_date_of_the_end() -> None:
    ends = datetime(2026, 12, 3, 18, tzinfo=UTC)  # 01:00 on the 4th in Ha Noi.
    found = offset("P1D after at 09:00 local").instant(STARTS, ends, "Asia/Ho_Chi_Minh")
    assert found == datetime(2026, 12, 5, 2, tzinfo=UTC)


def test_a_local_time_across_a_change_of_clocks_keeps_its_reading() -> None:
    starts = datetime(2026, 10, 7, 5, tzinfo=UTC)  # Sydney put its clocks forward on 4 October.
    found = offset("P7D before at 09:00 local").instant(starts, starts, "Australia/Sydney")
    assert found == datetime(2026, 9, 29, 23, tzinfo=UTC)


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1)),
    st.integers(0, 60),
    st.sampled_from(["Australia/Sydney", "Pacific/Auckland", "America/Toronto", "Asia/Yangon"]),
)
def test_every_reminder_at_nine_reads_nine_on_the_right_date(start: datetime, days: int, name: str) -> None:
    starts = start.replace(tzinfo=UTC)
    due = offset(f"P{days}D before at 09:00 local").instant(starts, starts, name).astimezone(zone(name))
    assert (due.hour, due.minute, due.second) == (9, 0, 0)
    assert (starts.astimezone(zone(name)).date() - due.date()).days == days


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("P7D before at 09:00 local", "7 days before, at 09:00 their time"),
        ("PT1H before", "1 h before"),
        ("P1D after", "1 day after the end"),
        ("P3D after at 16:30 local", "3 days after the end, at 16:30 their time"),
        ("PT0S after", "at the end"),
        ("PT0S before", "at the start"),
        ("P0D before at 09:00 local", "on the day of the start, at 09:00 their time"),
        ("P0D after at 17:00 local", "on the day of the end, at 17:00 their time"),
    ],
)
def test_an_offset_in_words(text: str, words: str) -> None:
    assert offset(text).words() == words


def test_the_shipped_timeline_loads_with_its_steps_in_order() -> None:
    shipped = Timeline.of(read_yaml(SHIPPED.read_text("utf-8")))
    assert [step.name for step in shipped.steps] == [
        "conference",
        "invite",
        "remind:P7D",
        "remind:P1D",
        "remind:PT1H",
        "conclude",
        "minutes",
    ]
    assert [step.words() for step in shipped.steps[1:4]] == [
        "at once",
        "7 days before, at 09:00 their time",
        "1 day before, at 09:00 their time",
    ]
    assert [step.grace for step in shipped.steps[2:5]] == [
        timedelta(hours=7),
        timedelta(hours=7),
        timedelta(minutes=30),
    ]
    conference = shipped.step(ActionKind.CONFERENCE)
    assert conference is not None
    assert conference.alert_after == timedelta(minutes=30)
    assert shipped.step(ActionKind.CANCEL) is None


INVITE = {"do": "invite", "at": "immediately"}


@pytest.mark.parametrize(
    ("step", "field", "message"),
    [
        ({"do": "remind", "at": "sometime"}, "steps[0].at", "is not an offset; write 'immediately'"),
        ({"do": "remind", "at": "P1M before"}, "steps[0].at", "is not an ISO 8601 duration"),
        ({"do": "remind"}, "steps[0].at", "is missing"),
        ({"do": "dance", "at": "immediately"}, "steps[0].do", "input should be"),
        ({"do": "cancel", "at": "immediately"}, "steps[0]", "'cancel' is not a step; write one of conclude,"),
        ({"do": "invite", "at": "PT1H before"}, "steps[0]", "a step 'invite' needs 'at: immediately'"),
        ({"do": "remind", "at": "immediately"}, "steps[0]", "a step 'remind' needs 'at: an offset'"),
        ({"do": "conclude", "at": "immediately"}, "steps[0]", "a step 'conclude' needs 'at: an offset'"),
        ({"do": "remind", "at": "PT1H after"}, "steps[0]", "a reminder comes before the meeting"),
        (INVITE | {"alert_after": "PT1M"}, "steps[0]", "'alert_after' belongs to the step 'conference'"),
        (INVITE | {"grace": "soon"}, "steps[0].grace", "is not an ISO 8601 duration"),
        (INVITE | {"grace": "PT0S"}, "steps[0]", "'grace' of zero would never let the step be done"),
        (INVITE | {"id": "a:b"}, "steps[0].id", "string should match pattern"),
        (INVITE | {"when": "now"}, "steps[0].when", "is not a known field"),
    ],
)
def test_a_wrong_step_is_named(step: dict[str, Any], field: str, message: str) -> None:
    ((where, what),) = problems(timeline(step))
    assert where == field
    assert what.startswith(message)


def test_a_timeline_needs_a_step_and_a_plain_name() -> None:
    assert [field for field, _ in problems(timeline())] == ["steps"]
    assert [field for field, _ in problems(timeline(INVITE, name="My own"))] == ["name"]


def test_steps_of_one_name_are_refused_since_their_actions_could_not_be_told_apart() -> None:
    remind = {"do": "remind", "at": "PT1H before"}
    assert problems(timeline(remind, remind)) == [
        ("document", "step remind is there twice; give each an 'id' of its own")
    ]
    assert Timeline.of(timeline(remind, remind | {"id": "again"})).steps[1].name == "remind:again"


def test_all_problems_are_told_at_once() -> None:
    found = problems(timeline({"do": "dance", "at": "never"}, {"do": "remind", "at": "P1D"}))
    assert [field for field, _ in found] == ["steps[0].do", "steps[0].at", "steps[1].at"]
