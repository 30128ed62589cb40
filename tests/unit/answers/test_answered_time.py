"""Which time an answer is to, where SEQUENCE and start speak or are silent; and when it was given."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from orchestrator.domain.answers.answered_time import given_at
from orchestrator.domain.answers.responses import Treatment
from orchestrator.domain.meetings.lifecycle import Change, revise
from orchestrator.domain.meetings.meeting import Meeting
from tests.unit.answers.answering import LATER, NOW, Verdict, judged, meeting, said, told_of

OLD, NEW = datetime(2026, 12, 3, 14), datetime(2026, 12, 4, 14)
MOVED_AT = NOW + timedelta(hours=6)
FIRST = meeting()
MOVED = revise(FIRST, Change(wall_start=NEW), MOVED_AT)
BACK = revise(MOVED, Change(wall_start=OLD), MOVED_AT + timedelta(hours=1))
LONGER = revise(FIRST, Change(duration=timedelta(hours=4)), MOVED_AT)
THEN, NOW_AT = FIRST.starts_at, MOVED.starts_at
NEVER = THEN + timedelta(days=30)
COUNTS, STALE, ASKED = "counts", "an earlier time", "everybody has been asked again"
TWO = "so that it may answer either"
NEVER_TOLD, UNTOLD = "never announced for that time", "tells neither by SEQUENCE nor by a start"


def holds(verdict: Verdict, expected: str) -> bool:
    if expected == COUNTS:
        return verdict.treatment is Treatment.ANSWER
    kept = Treatment.QUARANTINE if expected in (TWO, NEVER_TOLD, UNTOLD) else Treatment.IGNORE
    return verdict.treatment is kept and expected in verdict.reason


@pytest.mark.parametrize(
    ("sequence", "starts_at", "expected"),
    [
        (1, NOW_AT, COUNTS),
        (1, None, COUNTS),
        (1, THEN, TWO),
        (1, NEVER, NEVER_TOLD),
        (0, NOW_AT, TWO),
        (0, THEN, STALE),
        (0, None, STALE),
        (0, NEVER, NEVER_TOLD),
        (None, NOW_AT, COUNTS),
        (None, THEN, STALE),
        (None, None, UNTOLD),
        (None, NEVER, NEVER_TOLD),
        (7, NOW_AT, COUNTS),
        (7, THEN, TWO),
        (7, None, UNTOLD),
        (7, NEVER, NEVER_TOLD),
    ],
)
def test_after_a_move_sequence_and_start_must_not_disagree(
    sequence: int | None, starts_at: datetime | None, expected: str
) -> None:
    verdict = judged(said(sequence=sequence, starts_at=starts_at), MOVED, before=[FIRST])
    assert holds(verdict, expected), verdict


@pytest.mark.parametrize(
    ("sequence", "fields", "expected"),
    [
        (None, {"starts_at": None}, COUNTS),
        (None, {"starts_at": NEVER, "start_is_certain": False}, COUNTS),
        (None, {"starts_at": NEVER}, COUNTS),
        (0, {"starts_at": NEVER, "start_is_certain": False}, COUNTS),
        (0, {"starts_at": None}, COUNTS),
        (5, {"starts_at": None}, COUNTS),
        (0, {"starts_at": NEVER}, NEVER_TOLD),
        (5, {"starts_at": NEVER}, NEVER_TOLD),
    ],
)
def test_without_any_move_there_is_one_time_to_answer(
    sequence: int | None, fields: dict[str, Any], expected: str
) -> None:
    verdict = judged(said(sequence=sequence, **fields), FIRST)
    assert holds(verdict, expected), verdict


@pytest.mark.parametrize("sequence", [0, 1])
def test_a_start_in_a_zone_of_the_programs_own_does_not_speak_against_the_sequence(sequence: int) -> None:
    message = said(sequence=sequence, starts_at=NEVER, start_is_certain=False)
    verdict = judged(message, MOVED, before=[FIRST])
    assert holds(verdict, COUNTS if sequence else STALE), verdict


def test_after_a_move_and_back_an_old_number_with_the_present_start_may_answer_either() -> None:
    assert holds(judged(said(sequence=0, starts_at=THEN), BACK, before=[FIRST, MOVED]), TWO)
    assert holds(judged(said(sequence=1, starts_at=NOW_AT), BACK, before=[FIRST, MOVED]), STALE)
    assert holds(judged(said(sequence=2, starts_at=THEN), BACK, before=[FIRST, MOVED]), COUNTS)


def test_another_length_is_told_apart_by_sequence_or_else_by_the_end() -> None:
    def answer(**fields: Any) -> Verdict:
        return judged(said(starts_at=THEN, **fields), LONGER, before=[FIRST])

    assert holds(answer(sequence=0), ASKED)
    assert holds(answer(sequence=1, ends_at=FIRST.ends_at), COUNTS)
    assert holds(answer(sequence=None, ends_at=FIRST.ends_at), STALE)
    assert holds(answer(sequence=None, ends_at=LONGER.ends_at), COUNTS)
    assert holds(answer(sequence=None, ends_at=None), COUNTS)


def test_the_same_moment_in_another_zone_is_the_same_start() -> None:
    there = NOW_AT.astimezone(timezone(timedelta(hours=-5)))
    assert holds(judged(said(sequence=None, starts_at=there), MOVED, before=[FIRST]), COUNTS)


# --- when it was given

HOUR = timedelta(hours=1)


def order(stamp: datetime | None, dated: datetime | None) -> datetime:
    return given_at(said(stamp=stamp), told_of(FIRST), dated=dated, now=LATER)


def test_a_stamp_of_the_attendees_own_orders() -> None:
    assert order(NOW + HOUR, NOW + 2 * HOUR) == NOW + HOUR
    assert order(NOW - HOUR, NOW + 2 * HOUR) == NOW - HOUR
    assert order(LATER + HOUR, NOW) == LATER, "a clock that runs ahead"


@pytest.mark.parametrize("stamp", [NOW, NOW + timedelta(seconds=1), None])
def test_a_copied_or_missing_stamp_leaves_it_to_the_date(stamp: datetime | None) -> None:
    assert order(stamp, NOW + HOUR) == NOW + HOUR
    assert order(stamp, LATER + HOUR) == LATER


@pytest.mark.parametrize("stamp", [NOW, None])
@pytest.mark.parametrize("dated", [None, NOW - HOUR])
def test_without_a_date_that_can_be_true_the_arrival_orders(
    stamp: datetime | None, dated: datetime | None
) -> None:
    assert order(stamp, dated) == LATER


def test_nothing_that_was_told_leaves_the_date() -> None:
    unknown: Meeting = meeting(revised_at=None)
    assert given_at(said(stamp=None), told_of(unknown), dated=NOW, now=LATER) == NOW
