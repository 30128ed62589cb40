"""Answers in their order, delegations, proposals, and what is urgent."""
# ruff: noqa: N802 - wall times have no zone on purpose; tests are named after their cases.

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.answers.incoming import CalendarMessage
from orchestrator.domain.answers.responses import (
    URGENT_BEFORE,
    Treatment,
    is_urgent,
    participation_of,
)
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.lifecycle import cancel, conclude
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from tests.unit.answers.answering import (
    CRASHER,
    DECLINED,
    ENDS,
    LAN,
    LATER,
    NOW,
    SOK,
    STALE,
    STARTS,
    Verdict,
    draft,
    effect,
    judged,
    meeting,
    person,
    reset_at_10,
    said,
)

SECOND = timedelta(seconds=1)


def answered(participation: Participation, stamp: datetime | None = LATER, **fields: Any) -> Meeting:
    """A meeting that knows an answer of Lan's."""
    return meeting(person(1, LAN, participation=participation, answer_stamp=stamp, **fields))


# I5: which of two answers counts.


def test_I5_of_one_sequence_the_later_dtstamp_wins_and_the_earlier_is_ignored() -> None:
    known = answered(Participation.ACCEPTED)
    assert effect(said("DECLINED", stamp=LATER + SECOND), known) is Treatment.ANSWER
    assert judged(said("DECLINED", stamp=LATER - SECOND), known) == Verdict(
        Treatment.IGNORE, "a later answer of Lan is known"
    )


def test_I5_of_two_answers_of_one_second_the_one_that_comes_last_counts() -> None:
    assert effect(said("DECLINED", stamp=LATER), answered(Participation.ACCEPTED)) is Treatment.ANSWER


def test_I5_the_same_message_twice_changes_nothing() -> None:
    known = answered(Participation.ACCEPTED, comment="Gladly")
    same = Verdict(Treatment.IGNORE, "the same answer is known already")
    assert judged(said(comment="Gladly"), known) == same
    assert judged(said(comment="Gladly", stamp=None), known) == same
    assert effect(said(comment="Gladly, with Sok"), known) is Treatment.ANSWER


def test_I5_the_same_answer_given_once_more_later_is_the_one_that_counts() -> None:
    assert effect(said(stamp=LATER + SECOND), answered(Participation.ACCEPTED)) is Treatment.ANSWER


def test_I5_declined_and_then_accepted_is_accepted_in_either_order_of_arrival() -> None:
    declined, accepted = said("DECLINED", stamp=LATER), said("ACCEPTED", stamp=LATER + SECOND)
    assert effect(accepted, answered(Participation.DECLINED, LATER)) is Treatment.ANSWER
    assert effect(declined, answered(Participation.ACCEPTED, LATER + SECOND)) is Treatment.IGNORE


def test_I5_an_answer_without_dtstamp_counts_as_it_comes() -> None:
    assert effect(said("DECLINED", stamp=None), answered(Participation.ACCEPTED)) is Treatment.ANSWER
    assert effect(said(stamp=None)) is Treatment.ANSWER


def test_I5_an_answer_known_without_dtstamp_gives_way_to_any_other() -> None:
    assert effect(said("DECLINED"), answered(Participation.ACCEPTED, None)) is Treatment.ANSWER


def test_I5_a_higher_sequence_does_not_make_an_earlier_dtstamp_later() -> None:
    known = answered(Participation.ACCEPTED)
    assert effect(said("DECLINED", sequence=5, stamp=LATER - SECOND), known) is Treatment.IGNORE


# What an answer says.


def test_a_reply_that_says_neither_yes_nor_no_is_ignored() -> None:
    for participation in ("NEEDS-ACTION", None, ""):
        assert judged(said(participation)) == Verdict(Treatment.IGNORE, "it does not say yes or no")


def test_words_beside_neither_yes_nor_no_are_told() -> None:
    assert judged(said("NEEDS-ACTION", comment="Please call me.")) == Verdict(
        Treatment.TELL, "Lan says neither yes nor no, but wrote something"
    )


def test_a_time_that_is_proposed_beside_neither_yes_nor_no_is_a_proposal() -> None:
    assert effect(said("NEEDS-ACTION", proposed_start=ENDS)) is Treatment.PROPOSE
    assert effect(said("TENTATIVE", proposed_start=ENDS)) is Treatment.ANSWER


@pytest.mark.parametrize(
    ("participation", "spoken"),
    [
        ("COMPLETED", "COMPLETED"),
        ("IN-PROCESS", "IN-PROCESS"),
        ("X", "X"),
    ],
)
def test_an_answer_that_is_none_for_a_meeting_is_quarantined(participation: str | None, spoken: str) -> None:
    message = said(participation)
    assert participation_of(message) is None
    assert judged(message) == Verdict(
        Treatment.QUARANTINE, f"it answers {spoken}, which is neither yes nor no"
    )


@pytest.mark.parametrize("participation", list(Participation))
def test_every_answer_of_rfc_5545_for_an_event_is_known(participation: Participation) -> None:
    assert participation_of(said(participation.value)) is participation


# I7: delegation.


def test_I7_a_delegation_is_recorded_when_it_names_somebody() -> None:
    assert judged(said("DELEGATED", delegated_to=(CRASHER,))) == Verdict(Treatment.ANSWER, "Lan: delegated")
    assert judged(said("DELEGATED")) == Verdict(Treatment.QUARANTINE, "it delegates without naming anybody")


def test_I7_a_delegation_to_another_person_in_the_same_second_is_news() -> None:
    known = answered(Participation.DELEGATED, delegated_to=SOK)
    assert effect(said("DELEGATED", delegated_to=(SOK,)), known) is Treatment.IGNORE
    assert effect(said("DELEGATED", delegated_to=(CRASHER,)), known) is Treatment.ANSWER


@pytest.mark.parametrize("participation", ["ACCEPTED", "DECLINED"])
def test_I7_the_answer_of_a_delegate_waits_for_the_coordinator_to_invite_the_delegate(
    participation: str,
) -> None:
    message = said(participation, attendee=CRASHER, delegated_from=(LAN.upper(),))
    assert judged(message, sender=CRASHER) == Verdict(
        Treatment.QUARANTINE, "it says that Lan delegated to eve@else.example.org, who is not invited yet"
    )


def test_I7_who_claims_to_be_the_delegate_of_somebody_uninvited_is_just_uninvited() -> None:
    known = meeting(person(1, LAN, removed_sequence=1), person(2, SOK))
    message = said(attendee=CRASHER, delegated_from=(LAN, "nobody@else.example.org"))
    assert judged(message, known, sender=CRASHER).reason == f"{CRASHER} is not invited to SOM-2026"


def test_I7_a_delegate_who_is_invited_answers_like_anybody() -> None:
    assert effect(said(attendee=SOK, delegated_from=(LAN,)), sender=SOK) is Treatment.ANSWER


# I7: proposals, and the other methods.


def countered(**fields: Any) -> CalendarMessage:
    return said("TENTATIVE", method="COUNTER", **fields)


@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [
        (STARTS + timedelta(hours=1), ENDS + timedelta(hours=1)),
        (STARTS, ENDS + timedelta(hours=1)),
        (STARTS - timedelta(hours=1), ENDS),
        (STARTS + timedelta(days=1), None),
    ],
)
def test_I7_a_proposed_time_is_recorded(starts_at: datetime, ends_at: datetime | None) -> None:
    verdict = judged(countered(starts_at=starts_at, ends_at=ends_at))
    assert verdict == Verdict(Treatment.PROPOSE, "it proposes another time")


@pytest.mark.parametrize("ends_at", [ENDS, None])
def test_I7_a_proposal_of_the_time_that_the_meeting_has_is_none(ends_at: datetime | None) -> None:
    assert judged(countered(ends_at=ends_at)) == Verdict(
        Treatment.IGNORE, "it proposes the time that the meeting has"
    )


def test_I7_a_proposal_without_a_time_that_can_be_read_is_quarantined() -> None:
    assert judged(countered(starts_at=None, ends_at=None)) == Verdict(
        Treatment.QUARANTINE, "it proposes another time that could not be read"
    )


def test_I7_a_proposal_to_the_old_time_is_ignored() -> None:
    assert judged(countered(sequence=9, starts_at=ENDS), reset_at_10()) == STALE
    for sequence in (10, None):
        assert effect(countered(sequence=sequence, starts_at=ENDS), reset_at_10()) is Treatment.PROPOSE


def test_I7_a_proposal_is_no_answer_whatever_participation_it_carries() -> None:
    for participation in ("ACCEPTED", "DECLINED", "NEEDS-ACTION", None):
        message = said(participation, method="COUNTER", starts_at=ENDS)
        assert effect(message) is Treatment.PROPOSE
        assert effect(message, answered(Participation.ACCEPTED, LATER + SECOND)) is Treatment.PROPOSE


def test_a_refresh_is_granted_whatever_revision_it_knows() -> None:
    for sequence in (None, 0, 10, 99):
        message = said(None, method="REFRESH", sequence=sequence, starts_at=None)
        assert judged(message, reset_at_10()) == Verdict(
            Treatment.RESEND, "Lan asked for the invitation again"
        )


def test_a_refresh_of_somebody_who_declined_is_granted() -> None:
    assert effect(said(None, method="REFRESH"), answered(Participation.DECLINED)) is Treatment.RESEND


@pytest.mark.parametrize(
    ("method", "verdict"),
    [
        ("DECLINECOUNTER", Verdict(Treatment.IGNORE, "only an organizer refuses a proposed time")),
        (
            "REQUEST",
            Verdict(Treatment.QUARANTINE, "it is an invitation that was forwarded here, not an answer"),
        ),
        (
            "PUBLISH",
            Verdict(Treatment.QUARANTINE, "its method is PUBLISH, so it is not an answer to an invitation"),
        ),
        ("ADD", Verdict(Treatment.QUARANTINE, "its method is ADD, so it is not an answer to an invitation")),
        ("", Verdict(Treatment.QUARANTINE, "it names no method, so it is not an answer to an invitation")),
    ],
)
def test_what_is_no_answer_changes_nothing(method: str, verdict: Verdict) -> None:
    message = said(method=method)
    assert judged(message) == verdict
    assert judged(message, token=1) == verdict
    assert judged(message, cancel(meeting(), NOW)) == verdict


@pytest.mark.parametrize("method", ["REPLY", "COUNTER", "REFRESH"])
@pytest.mark.parametrize("over", [MeetingStatus.CANCELLED, MeetingStatus.CONCLUDED])
def test_nothing_is_answered_any_more_to_a_meeting_that_is_over(over: MeetingStatus, method: str) -> None:
    states = {
        MeetingStatus.CANCELLED: cancel(meeting(), NOW),
        MeetingStatus.CONCLUDED: conclude(meeting(), ENDS),
    }
    for sender in (LAN, CRASHER):
        assert judged(said(method=method), states[over], sender=sender) == Verdict(
            Treatment.IGNORE, f"the meeting is {over}"
        )


# The coordinator must know at once.

VN_HEAD = person(1, LAN, seat=Seat.HEAD)


def test_a_head_s_decline_is_urgent_from_exactly_48_hours_before_the_start() -> None:
    assert timedelta(hours=48) == URGENT_BEFORE
    moment = STARTS - timedelta(hours=48)
    known = meeting(VN_HEAD)
    assert not is_urgent(known, VN_HEAD, DECLINED, moment - timedelta(microseconds=1))
    for now in (moment, moment + SECOND, STARTS - SECOND, STARTS):
        assert is_urgent(known, VN_HEAD, DECLINED, now)


@pytest.mark.parametrize("participation", [item for item in Participation if item is not DECLINED])
def test_no_other_answer_is_urgent(participation: Participation) -> None:
    assert not is_urgent(meeting(VN_HEAD), VN_HEAD, participation, STARTS - SECOND)


@pytest.mark.parametrize(
    ("people", "heads"),
    [
        ((VN_HEAD, person(2, SOK, role=Role.HEAD_OF_CIVIL_SERVICE)), {1}),
        ((person(1, LAN), person(2, SOK, role=Role.HEAD_OF_CIVIL_SERVICE)), {2}),
        ((person(1, LAN), person(2, SOK)), {1}),
        ((person(1, LAN, role=Role.FOCAL_POINT), person(2, SOK, role=Role.DELEGATE)), set()),
        ((person(1, LAN), person(2, SOK, delegation="KH")), {1, 2}),
        ((person(1, LAN, seat=Seat.SUBSTITUTE), person(2, SOK, seat=Seat.HEAD)), {2}),
        ((replace(VN_HEAD, removed_sequence=1), person(2, SOK)), {2}),
    ],
)
def test_only_the_head_is_urgent_by_seat_or_else_by_role(
    people: tuple[Attendee, ...], heads: set[int]
) -> None:
    known = meeting(*people)
    assert {item.id for item in people if is_urgent(known, item, DECLINED, STARTS - SECOND)} == heads


# Whatever comes.


@given(
    st.sampled_from(
        ["REPLY", "COUNTER", "REFRESH", "CANCEL", "REQUEST", "PUBLISH", "ADD", "DECLINECOUNTER", ""]
    ),
    st.sampled_from([None, LAN, SOK, CRASHER]),
    st.sampled_from([None, LAN, SOK, CRASHER]),
    st.sampled_from([None, LAN, CRASHER]),
    st.sampled_from([None, "ACCEPTED", "DECLINED", "DELEGATED", "NEEDS-ACTION", "X"]),
    st.none() | st.integers(0, 12),
    st.sampled_from([None, STARTS, ENDS]),
    st.sampled_from(["published", "moved", "cancelled", "concluded", "draft"]),
)
def test_nothing_is_done_for_anybody_but_an_invited_attendee_who_sent_it_or_named_who_did(
    method: str,
    sender: str | None,
    attendee: str | None,
    sent_by: str | None,
    participation: str | None,
    sequence: int | None,
    starts_at: datetime | None,
    state: str,
) -> None:
    known = {
        "published": meeting(),
        "moved": reset_at_10(),
        "cancelled": cancel(meeting(), NOW),
        "concluded": conclude(meeting(), ENDS),
        "draft": draft(),
    }[state]
    message = said(
        participation,
        method=method,
        attendee=attendee,
        sent_by=sent_by,
        sequence=sequence,
        starts_at=starts_at,
    )
    verdict = judged(message, known, sender)
    assert verdict.reason
    if verdict.treatment in (Treatment.ANSWER, Treatment.PROPOSE, Treatment.RESEND):
        assert known.status is MeetingStatus.PUBLISHED
        assert attendee in (LAN, SOK)
        assert sender is not None
        assert sender in (attendee, sent_by)
        assert method == {"answer": "REPLY", "propose": "COUNTER", "resend": "REFRESH"}[verdict.treatment]
