"""Which incoming calendar messages are believed, and what they do.

The names tell the cases: ``R`` of processing replies as other implementations test it, ``I`` the numbered
rules for incoming answers. Cases that are not decided here:

R2       a REQUEST to somebody who has answered asks for nothing: ``test_revision``
R4 R5    REQUEST-STATUS in a reply says nothing of the answer; it does not hinder one (below)
R8 R9    two attendees in one reply: refused while reading, ``test_incoming``; here nobody is found
R10 R10b R11 R13 R14  tokens: here as far as they decide who speaks; their making is in ``test_links``
R15      delivery reports: ``test_incoming``
R16-R20 R22 R23  recurrence: all our meetings are single, so R21 is what happens
R30      two calendar objects in one part: refused while reading, ``test_incoming``
"""
# ruff: noqa: DTZ001, N802 - wall times have no zone on purpose; tests are named after their cases.

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import words
from orchestrator.domain.answers.incoming import CalendarMessage
from orchestrator.domain.answers.responses import (
    URGENT_BEFORE,
    KnownAttendees,
    Treatment,
    is_urgent,
    judge,
    participation_of,
)
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.lifecycle import Change, cancel, conclude, publish, reinstate, revise
from orchestrator.domain.meetings.meeting import Attendee, Conference, Meeting, MeetingStatus, Participation

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)
ENDS = STARTS + timedelta(hours=3)
ORGANIZER = "meetings@accsm.example"
LAN, SOK = "lan@vn.example.org", "sok@kh.example.org"
CRASHER = "eve@else.example.org"
SECOND = timedelta(seconds=1)


def person(number: int, email: str, **fields: Any) -> Attendee:
    whole: dict[str, Any] = {
        "name": email.partition("@")[0].title(),
        "email": email,
        "delegation": "VN",
        "group": "SOM",
        "role": Role.SENIOR_OFFICIAL,
        "id": number,
        "notified": True,
    }
    return Attendee(**(whole | fields))


def draft(*people: Attendee) -> Meeting:
    return Meeting(
        id=1,
        reference="SOM-2026",
        programme=None,
        kind="som",
        title_en="SOM",
        title_vi=None,
        host="VN",
        coordinator_name="K",
        coordinator_email="k@vn.example.org",
        wall_start=datetime(2026, 12, 3, 14),
        zone="Asia/Ho_Chi_Minh",
        duration=timedelta(hours=3),
        timeline="standard",
        conference=Conference("external-1"),
        attendees=people or (person(1, LAN), person(2, SOK, delegation="KH")),
    )


def meeting(*people: Attendee, **fields: Any) -> Meeting:
    return replace(publish(draft(*people), "uid-1", NOW, organizer=ORGANIZER), **fields)


def reset_at_10(**fields: Any) -> Meeting:
    """A meeting whose time was last set by the revision of SEQUENCE 10."""
    return meeting(sequence=10, revised_sequence=10, reset_sequence=10, **fields)


def said(participation: str | None = "ACCEPTED", **fields: Any) -> CalendarMessage:
    """A REPLY of Lan's, as most systems send it."""
    whole: dict[str, Any] = {
        "method": "REPLY",
        "uid": "uid-1",
        "attendee": LAN,
        "participation": participation,
        "sequence": 0,
        "stamp": LATER,
        "starts_at": STARTS,
        "ends_at": ENDS,
        "organizer": ORGANIZER,
    }
    return CalendarMessage(**(whole | fields))


def found_by(
    message: CalendarMessage, known: Meeting | None = None, token: int | None = None
) -> Attendee | None:
    return KnownAttendees.of(known or meeting()).find(message, token)


class Verdict(NamedTuple):
    """What is done with a message, and why, as it is said in English."""

    treatment: Treatment
    reason: str


def judged(
    message: CalendarMessage, to: Meeting | None = None, sender: str | None = LAN, token: int | None = None
) -> Verdict:
    """What is done with a message from ``sender``; ``token`` names whose reply address it came to."""
    known = to or meeting()
    attendee = found_by(message, known, token)
    found = judge(message, sender, known, attendee, by_token=token is not None)
    return Verdict(found.treatment, words.say(found.reason))


def effect(
    message: CalendarMessage, to: Meeting | None = None, sender: str | None = LAN, token: int | None = None
) -> Treatment:
    return judged(message, to, sender, token).treatment


def answered(participation: Participation, stamp: datetime | None = LATER, **fields: Any) -> Meeting:
    """A meeting that knows an answer of Lan's."""
    return meeting(person(1, LAN, participation=participation, answer_stamp=stamp, **fields))


# R1-R7: a reply, and who may give it.


@pytest.mark.parametrize("participation", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_R1_an_answer_of_an_attendee_counts(participation: str) -> None:
    verdict = judged(said(participation))
    assert verdict == Verdict(Treatment.ANSWER, f"Lan: {participation.lower()}")
    assert participation_of(said(participation)) is Participation(participation)


def test_R3_a_reply_to_a_meeting_that_was_never_published_is_ignored() -> None:
    assert judged(said(), draft()) == Verdict(Treatment.IGNORE, "the meeting is draft")


@pytest.mark.parametrize(
    "status",
    [("2.3;Success, invalid property",), ("2.1;x", "2.2;y"), ("2.0\\;Success",), ("3.7;Invalid user",)],
)
def test_R4_R5_request_status_of_whatever_kind_does_not_hinder_an_answer(status: tuple[str, ...]) -> None:
    assert effect(said(request_status=status)) is Treatment.ANSWER


def test_R7_the_answer_of_an_uninvited_address_is_quarantined_and_never_merged() -> None:
    known = meeting()
    message = said(attendee=CRASHER)
    assert found_by(message, known) is None
    assert judged(message, known, sender=CRASHER) == Verdict(
        Treatment.QUARANTINE, "eve@else.example.org is not invited to SOM-2026"
    )


def test_R8_a_reply_that_is_about_no_single_attendee_is_quarantined() -> None:
    message = said(attendee=None, attendees=(LAN, SOK))
    assert found_by(message) is None
    assert judged(message) == Verdict(Treatment.QUARANTINE, "whoever answered is not invited to SOM-2026")


# R10-R14: reply addresses of one's own.


def test_R10_the_token_says_who_answers_when_the_text_names_nobody() -> None:
    message = said(attendee=None)
    found = found_by(message, token=2)
    assert found is not None
    assert found.email == SOK
    assert judged(message, token=2) == Verdict(Treatment.ANSWER, "Sok: accepted")


def test_R10b_the_token_decides_who_answers_whatever_the_text_says() -> None:
    for named in (LAN, CRASHER, ""):
        verdict = judged(said(attendee=named), sender=CRASHER, token=2)
        assert verdict == Verdict(Treatment.ANSWER, "Sok: accepted")


def test_R11_R12_I2_a_reply_without_organizer_counts_as_exchange_sends_it() -> None:
    for token in (None, 1):
        assert effect(said(organizer=None), token=token) is Treatment.ANSWER


def test_R14_a_token_that_belongs_to_nobody_of_the_meeting_leaves_it_to_the_text() -> None:
    found = found_by(said(), token=99)
    assert found is not None
    assert found.email == LAN
    assert found_by(said(attendee=CRASHER), token=99) is None


def test_a_token_of_a_removed_row_speaks_for_the_person_as_invited_now() -> None:
    again = person(3, LAN.upper(), joined_sequence=2)
    known = meeting(person(1, LAN, removed_sequence=1), again)
    assert found_by(said(attendee=None), known, 1) is again


def test_what_is_learnt_of_somebody_is_found_for_the_next_message() -> None:
    people = KnownAttendees.of(meeting())
    lan = people.of_id(1)
    assert lan is not None
    people.put(replace(lan, participation=Participation.ACCEPTED))
    for message, token in ((said(), None), (said(attendee=None), 1)):
        found = people.find(message, token)
        assert found is not None
        assert (found.id, found.participation) == (1, Participation.ACCEPTED)
    assert (people.of_id(None), people.of_id(99)) == (None, None)


# R21: recurrence.


@pytest.mark.parametrize("method", ["REPLY", "COUNTER", "REFRESH", "CANCEL", "REQUEST"])
def test_R21_I6_a_message_about_one_occurrence_is_ignored_for_no_meeting_is_a_series(method: str) -> None:
    assert judged(said(method=method, recurrence=True)) == Verdict(
        Treatment.IGNORE, "it is about one occurrence of a series, and this meeting is not a series"
    )


# R24-R27: which revision is answered.

STALE = Verdict(Treatment.IGNORE, "it answers an earlier time of the meeting")


def test_R24_an_answer_with_a_sequence_below_the_last_reset_is_to_the_old_time_and_ignored() -> None:
    assert judged(said(sequence=9), reset_at_10()) == STALE


def test_R25_an_answer_with_the_sequence_of_the_reset_counts() -> None:
    assert effect(said(sequence=10), reset_at_10()) is Treatment.ANSWER


def test_R26_an_answer_below_the_current_sequence_counts_when_no_reset_lies_between() -> None:
    known = meeting(sequence=10, revised_sequence=10, reset_sequence=9)
    assert effect(said(sequence=9), known) is Treatment.ANSWER
    assert judged(said(sequence=8), known) == STALE


def test_R27_an_answer_with_a_sequence_above_ours_counts() -> None:
    assert effect(said(sequence=11), reset_at_10()) is Treatment.ANSWER


def test_R28_a_comment_beside_the_answer_is_no_hindrance() -> None:
    assert effect(said(comment="Do not remind me")) is Treatment.ANSWER


def test_R29_a_cancel_sent_to_the_organizer_cancels_nothing() -> None:
    verdict = judged(said(method="CANCEL", participation=None))
    assert verdict == Verdict(
        Treatment.QUARANTINE, "only the organizer cancels a meeting, and the organizer is this service"
    )


def test_what_really_happened_decides_which_time_an_answer_is_to() -> None:
    known = meeting()
    moved = revise(known, Change(wall_start=datetime(2026, 12, 4, 14)), LATER)
    renamed = revise(moved, Change(title_en="New"), LATER)
    narrowed = revise(renamed, Change(attendees=(person(1, LAN),)), LATER)
    assert (narrowed.sequence, narrowed.reset_sequence) == (2, 1)
    for state in (moved, renamed, narrowed):
        assert judged(said(sequence=0), state) == STALE
        assert effect(said(sequence=1), state) is Treatment.ANSWER


def test_an_answer_to_what_was_cancelled_says_nothing_about_the_reinstated_meeting() -> None:
    again = reinstate(cancel(meeting(), NOW), LATER)
    assert judged(said(sequence=0), again) == STALE
    assert effect(said(sequence=2), again) is Treatment.ANSWER


def test_an_answer_to_a_save_the_date_counts_for_the_meeting_that_it_becomes() -> None:
    saved = publish(draft(), "uid-1", NOW, organizer=ORGANIZER, save_the_date=True)
    confirmed = publish(saved, "uid-1", LATER, organizer=ORGANIZER)
    for state in (saved, confirmed):
        assert effect(said(sequence=0), state) is Treatment.ANSWER


def test_a_reply_without_sequence_is_to_the_time_that_it_names() -> None:
    known = reset_at_10()
    assert effect(said(sequence=None), known) is Treatment.ANSWER
    there = STARTS.astimezone(timezone(timedelta(hours=7)))
    assert effect(said(sequence=None, starts_at=there), known) is Treatment.ANSWER
    assert judged(said(sequence=None, starts_at=STARTS - timedelta(days=1)), known) == STALE


def test_a_reply_without_sequence_and_time_has_the_sequence_0() -> None:
    assert judged(said(sequence=None, starts_at=None), reset_at_10()) == STALE
    assert effect(said(sequence=None, starts_at=None)) is Treatment.ANSWER


def test_the_time_in_a_reply_does_not_matter_where_its_sequence_speaks() -> None:
    assert effect(said(sequence=10, starts_at=STARTS - timedelta(days=1)), reset_at_10()) is Treatment.ANSWER
    assert judged(said(sequence=9, starts_at=STARTS), reset_at_10()) == STALE


# Removed, and invited again.


def test_somebody_removed_no_longer_answers() -> None:
    known = meeting(person(1, LAN, removed_sequence=1), person(2, SOK))
    for method in ("REPLY", "COUNTER", "REFRESH"):
        assert judged(said(method=method), known) == Verdict(Treatment.IGNORE, "Lan is no longer invited")


def test_somebody_invited_again_is_found_in_the_newest_row() -> None:
    again = person(3, LAN, joined_sequence=2)
    known = meeting(person(1, LAN, removed_sequence=1), person(2, SOK), again, sequence=2)
    assert found_by(said(), known) is again


def test_what_somebody_answered_before_being_removed_does_not_count_after_coming_back() -> None:
    again = person(3, LAN, joined_sequence=2)
    known = meeting(person(1, LAN, removed_sequence=1), person(2, SOK), again, sequence=2)
    for stale in (0, 1):
        assert judged(said(sequence=stale), known) == STALE
        assert judged(said(sequence=stale, attendee=None), known, token=1) == STALE
    assert effect(said(sequence=2), known) is Treatment.ANSWER
    assert effect(said(sequence=0, attendee=SOK), known, sender=SOK) is Treatment.ANSWER


# I4: the sender must be the attendee, or be named by them.


def test_I4_an_answer_sent_by_somebody_else_is_quarantined_with_both_addresses() -> None:
    assert judged(said(), sender=SOK) == Verdict(
        Treatment.QUARANTINE, "it answers for lan@vn.example.org, but was sent by sok@kh.example.org"
    )
    for nobody in (None, ""):
        assert judged(said(), sender=nobody).reason.endswith("but was sent by nobody known")
        assert effect(said(), sender=nobody) is Treatment.QUARANTINE


def test_I4_an_answer_may_come_from_the_address_that_is_named_as_sending_it() -> None:
    secretary = "secretary@vn.example.org"
    assert effect(said(sent_by="Secretary@VN.example.org"), sender=secretary) is Treatment.ANSWER
    assert effect(said(sent_by="other@vn.example.org"), sender=secretary) is Treatment.QUARANTINE
    assert effect(said(sent_by=secretary), sender=LAN) is Treatment.ANSWER


@pytest.mark.parametrize("method", ["COUNTER", "REFRESH"])
def test_I4_a_proposal_or_a_question_of_somebody_else_is_quarantined_too(method: str) -> None:
    message = said(None, method=method, starts_at=STARTS + timedelta(hours=1))
    assert effect(message, sender=CRASHER) is Treatment.QUARANTINE


def test_I2_addresses_are_compared_in_any_case() -> None:
    known = meeting(person(1, "Lan@VN.Example.org"))
    assert effect(said(attendee="LAN@vn.EXAMPLE.org"), known, sender=LAN) is Treatment.ANSWER


def test_I4_a_token_needs_no_other_proof_of_who_sends() -> None:
    for sender in (CRASHER, None):
        assert effect(said(), sender=sender, token=1) is Treatment.ANSWER


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
    assert judged(said("NEEDS-ACTION")) == Verdict(Treatment.IGNORE, "it does not say yes or no")


@pytest.mark.parametrize(
    ("participation", "spoken"),
    [
        (None, "nothing"),
        ("", "nothing"),
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
        Treatment.QUARANTINE, "Lan delegated to eve@else.example.org, who is not invited yet"
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
    for sequence in (9, None):
        assert judged(countered(sequence=sequence, starts_at=ENDS), reset_at_10()) == STALE
    assert effect(countered(sequence=10, starts_at=ENDS), reset_at_10()) is Treatment.PROPOSE


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
DECLINED = Participation.DECLINED


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
