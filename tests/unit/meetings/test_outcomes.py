"""Outcomes of a meeting: recorded in order, changed, agreed, moved and taken out."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.decisions import (
    LONGEST_DECISION,
    MOST_DECISIONS,
    Decision,
    Edit,
    added,
    changed,
    removed,
    require_begun,
)
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.words import say

AT = datetime(2026, 12, 2, 4, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)


def three() -> tuple[Decision, ...]:
    found: tuple[Decision, ...] = ()
    for text in ("Agenda agreed", "Venue", "Theme"):
        found = added(found, text, is_open=text == "Venue", by="k", at=AT)
    return found


def texts(items: tuple[Decision, ...]) -> list[tuple[int, str]]:
    return [(item.number, item.text) for item in items]


def test_outcomes_are_numbered_as_they_come() -> None:
    assert texts(three()) == [(1, "Agenda agreed"), (2, "Venue"), (3, "Theme")]
    assert [say(item.point.said) for item in three()] == ["Agenda agreed", "Venue (open)", "Theme"]
    assert [item.point.text for item in three()] == ["Agenda agreed", "Venue", "Theme"]


def test_agreeing_changes_one_and_says_who_and_when() -> None:
    _, venue, theme = changed(three(), 2, Edit(is_open=False), by="console", at=LATER)
    assert (venue.point.said, venue.by, venue.at) == ("Venue", "console", LATER)
    assert (theme.by, theme.at) == ("k", AT)


def test_an_edit_that_says_what_is_there_changes_nothing() -> None:
    assert changed(three(), 2, Edit(text=" Venue ", is_open=True, number=2), by="x", at=LATER) == three()


def test_an_outcome_moves_and_the_others_close_up() -> None:
    first = changed(three(), 3, Edit(number=1), by="k", at=LATER)
    assert texts(first) == [(1, "Theme"), (2, "Agenda agreed"), (3, "Venue")]
    last = changed(three(), 1, Edit(number=3, text="Agenda adopted"), by="k", at=LATER)
    assert texts(last) == [(1, "Venue"), (2, "Theme"), (3, "Agenda adopted")]


def test_taking_one_out_moves_the_rest_up() -> None:
    assert texts(removed(three(), 2)) == [(1, "Agenda agreed"), (2, "Theme")]


@given(st.data())
def test_whatever_is_done_the_numbers_run_from_one(data: st.DataObject) -> None:
    items = three()
    for _ in range(data.draw(st.integers(0, 8))):
        number = data.draw(st.integers(1, len(items))) if items else 0
        if number and data.draw(st.booleans()):
            place = data.draw(st.integers(1, len(items)))
            items = changed(items, number, Edit(number=place), by="k", at=AT)
            assert items[place - 1].number == place
        elif number and data.draw(st.booleans()):
            items = removed(items, number)
        else:
            items = added(items, "One more", is_open=False, by="k", at=AT)
        assert [item.number for item in items] == list(range(1, len(items) + 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  ", "is empty"),
        ("One\nTwo", "holds a line break or control character"),
        ("x" * (LONGEST_DECISION + 1), "is too long for a decision"),
    ],
)
def test_a_text_that_is_no_outcome_is_named(text: str, message: str) -> None:
    for attempt in (
        lambda: added((), text, is_open=False, by="k", at=AT),
        lambda: changed(three(), 1, Edit(text=text), by="k", at=AT),
    ):
        with pytest.raises(InvalidInput) as caught:
            attempt()
        (problem,) = caught.value.problems
        assert (problem.field, problem.message) == ("text", message)


def test_a_number_that_is_another_outcome_s_by_now_changes_nothing() -> None:
    left = removed(three(), 1, "Agenda agreed")
    with pytest.raises(Conflict, match="decision 1 is now 'Venue'"):
        removed(left, 1, "Agenda agreed")
    with pytest.raises(Conflict, match="decision 2 is now 'Theme'"):
        changed(left, 2, Edit(is_open=False), by="k", at=AT, seen="Venue")
    assert texts(changed(left, 2, Edit(number=1), by="k", at=AT, seen="Theme")) == [
        (1, "Theme"),
        (2, "Venue"),
    ]


def test_there_is_an_end_to_outcomes_and_to_numbers() -> None:
    full = tuple(Decision(number, "x", False, "k", AT) for number in range(1, MOST_DECISIONS + 1))
    with pytest.raises(InvalidInput, match="decision 101"):
        added(full, "x", is_open=False, by="k", at=AT)
    with pytest.raises(NotFound, match="no decision 4; this meeting has 3"):
        removed(three(), 4)
    with pytest.raises(NotFound, match="has none"):
        changed((), 1, Edit(), by="k", at=AT)
    with pytest.raises(InvalidInput, match="is no place in the list"):
        changed(three(), 1, Edit(number=0), by="k", at=AT)


@pytest.mark.parametrize(
    ("fields", "now", "words"),
    [
        ({"status": MeetingStatus.PUBLISHED}, STARTS, ""),
        ({"status": MeetingStatus.CONCLUDED}, STARTS + timedelta(days=30), ""),
        ({"status": MeetingStatus.PUBLISHED}, STARTS - timedelta(seconds=1), "has not begun"),
        ({"status": MeetingStatus.PUBLISHED, "tentative": True}, STARTS, "only a save-the-date"),
        ({"status": MeetingStatus.DRAFT}, STARTS, "is draft"),
        ({"status": MeetingStatus.CANCELLED}, STARTS, "is cancelled"),
    ],
)
def test_only_a_meeting_that_has_begun_has_outcomes(
    fields: dict[str, Any], now: datetime, words: str
) -> None:
    meeting = Meeting(
        1,
        "PREP",
        None,
        "preparatory",
        "Preparatory",
        None,
        "VN",
        "K",
        "k@vn.example.org",
        datetime(2026, 12, 3, 14),
        "Asia/Ho_Chi_Minh",
        timedelta(hours=2),
        "standard",
        Conference("x"),
        **fields,
    )
    if not words:
        require_begun(meeting, now)
        return
    with pytest.raises(Conflict, match=words):
        require_begun(meeting, now)
