"""The life of an action."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.timelines.actions import TRANSITIONS, ActionState, CancelCode, retry_at, sources_of
from orchestrator.domain.timelines.kinds import ActionKind

NOW = datetime(2026, 12, 3, 7, tzinfo=UTC)
S = ActionState


def test_the_table_of_transitions_is_the_one_agreed() -> None:
    assert {
        source.value: {target.value for target in targets} for source, targets in TRANSITIONS.items()
    } == {
        "blocked": {"scheduled", "cancelled", "missed"},
        "scheduled": {"blocked", "claimed", "cancelled", "missed"},
        "claimed": {"running", "scheduled"},
        "running": {"succeeded", "scheduled", "failed", "missed", "cancelled"},
        "failed": {"scheduled", "cancelled"},
        "missed": {"scheduled", "cancelled"},
        "cancelled": {"scheduled", "blocked"},
        "succeeded": set(),
    }


def test_every_state_has_its_row_and_none_leads_to_itself() -> None:
    assert set(TRANSITIONS) == set(ActionState)
    assert all(state not in targets for state, targets in TRANSITIONS.items())


def test_only_what_is_done_is_final() -> None:
    assert [state for state, targets in TRANSITIONS.items() if not targets] == [S.SUCCEEDED]


def test_every_state_can_be_reached_from_a_new_action() -> None:
    reached, frontier = set(), {S.SCHEDULED}
    while frontier:
        reached |= frontier
        frontier = {target for state in frontier for target in TRANSITIONS[state]} - reached
    assert reached == set(ActionState)


def test_nothing_is_done_without_being_claimed_and_run() -> None:
    assert sources_of(S.SUCCEEDED) == {S.RUNNING}
    assert sources_of(S.FAILED) == {S.RUNNING}
    assert sources_of(S.RUNNING) == {S.CLAIMED}
    assert sources_of(S.CLAIMED) == {S.SCHEDULED}


def test_sources_are_the_table_read_backwards() -> None:
    for target in ActionState:
        assert sources_of(target) == {source for source in ActionState if target in TRANSITIONS[source]}


def test_pending_and_in_flight_are_told_apart() -> None:
    assert [state for state in ActionState if state.is_pending] == [S.BLOCKED, S.SCHEDULED]
    assert [state for state in ActionState if state.is_in_flight] == [S.CLAIMED, S.RUNNING]


def test_replanning_may_cancel_whatever_is_pending_and_nothing_in_flight_that_is_only_claimed() -> None:
    assert all(S.CANCELLED in TRANSITIONS[state] for state in ActionState if state.is_pending)
    assert S.CANCELLED not in TRANSITIONS[S.CLAIMED]


def test_mails_are_told_from_what_the_service_does_by_itself() -> None:
    assert [kind.value for kind in ActionKind if kind.is_mail] == [
        "invite",
        "remind",
        "notice",
        "chase",
        "connection-test",
        "date-poll",
        "cancel",
        "minutes",
        "resend",
        "refusal",
        "answered-for",
        "letter",
        "alert",
        "digest",
    ]


def test_mails_with_a_calendar_are_those_that_an_attendee_s_calendar_has_to_see_in_order() -> None:
    assert [kind.value for kind in ActionKind if kind.carries_calendar] == [
        "invite",
        "cancel",
        "resend",
        "refusal",
    ]
    assert all(kind.is_mail for kind in ActionKind if kind.carries_calendar)


def test_codes_of_cancelling_are_stable() -> None:
    assert {code.value for code in CancelCode} == {
        "meeting-cancelled",
        "meeting-over",
        "attendee-removed",
        "attendee-declined",
        "time-passed",
        "superseded",
        "not-needed",
        "discarded",
    }


@pytest.mark.parametrize(
    ("attempt", "least", "most"),
    [(1, 5, 10), (2, 10, 20), (3, 20, 40), (7, 320, 640), (8, 450, 900), (13, 450, 900), (10_000, 450, 900)],
)
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(attempt: int, least: float, most: float) -> None:
    assert retry_at(NOW, attempt, 0.0, None) == NOW + timedelta(seconds=least)
    assert retry_at(NOW, attempt, 1.0, None) == NOW + timedelta(seconds=most)


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [(None, 10), (0, 10), (3.5, 10), (120.0, 120), (7200, 7200)]
)
def test_retry_after_is_a_minimum(retry_after: float | None, seconds: float) -> None:
    assert retry_at(NOW, 1, 1.0, retry_after) == NOW + timedelta(seconds=seconds)


@given(st.floats())
def test_no_retry_after_breaks_the_schedule(retry_after: float) -> None:
    assert timedelta(seconds=10) <= retry_at(NOW, 1, 1.0, retry_after) - NOW <= timedelta(days=1)


@given(st.integers(1, 50), st.floats(0, 1), st.none() | st.floats(0, 86_400))
def test_a_retry_is_always_later_and_never_before_what_was_asked(
    attempt: int, jitter: float, retry_after: float | None
) -> None:
    wait = retry_at(NOW, attempt, jitter, retry_after) - NOW
    assert wait >= timedelta(seconds=max(5, retry_after or 0)) - timedelta(microseconds=1)
    assert wait <= max(timedelta(minutes=15), timedelta(seconds=retry_after or 0))


@given(st.integers(1, 20), st.floats(0, 1), st.floats(0, 1))
def test_more_jitter_never_means_sooner(attempt: int, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert retry_at(NOW, attempt, low, None) <= retry_at(NOW, attempt, high, None)
