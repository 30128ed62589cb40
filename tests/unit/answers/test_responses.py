"""Which answers count: whom they are from, and which revision they are to."""
# ruff: noqa: DTZ001, N802 - wall times have no zone on purpose; tests are named after their cases.

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from orchestrator.domain.answers.responses import Treatment, participation_of
from orchestrator.domain.answers.speakers import KnownAttendees, Origin
from orchestrator.domain.meetings.lifecycle import Change, cancel, publish, reinstate, revise
from orchestrator.domain.meetings.meeting import Meeting, Participation
from tests.unit.answers.answering import (
    CRASHER,
    LAN,
    LATER,
    NOW,
    ORGANIZER,
    SOK,
    STALE,
    STARTS,
    SUPERSEDED,
    Verdict,
    draft,
    effect,
    found_by,
    judged,
    meeting,
    person,
    reset_at_10,
    said,
)

EARLIER = STARTS - timedelta(days=1)
BEFORE_COMING_BACK = Verdict(
    Treatment.IGNORE, "it answers an invitation from before Lan was removed and invited again"
)


def at_first() -> Meeting:
    """The meeting before it was moved."""
    return meeting(wall_start=datetime(2026, 12, 2, 14))


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
    assert judged(message) == Verdict(
        Treatment.QUARANTINE, "it names no attendee, so it does not say whose answer it is"
    )


# R10-R14: reply addresses of one's own.


def test_R10_the_token_says_who_answers_when_the_text_names_nobody() -> None:
    message = said(attendee=None)
    found = found_by(message, token=2)
    assert found is not None
    assert found.email == SOK
    assert judged(message, sender=SOK, token=2) == Verdict(Treatment.ANSWER, "Sok: accepted")


def test_R10b_the_token_says_whose_invitation_was_answered_and_not_by_whom() -> None:
    for named in (SOK, LAN, CRASHER, ""):
        verdict = judged(said(attendee=named), sender=CRASHER, token=2)
        assert verdict.treatment is Treatment.QUARANTINE
        assert f"{SOK}, but was sent by {CRASHER}" in verdict.reason


def test_R10b_a_name_that_a_gateway_put_there_does_not_count_against_the_token() -> None:
    for named in (SOK, "sok@gateway.kh.example.org", ""):
        verdict = judged(said(attendee=named), sender=SOK, token=2)
        assert verdict == Verdict(Treatment.ANSWER, "Sok: accepted")


def test_who_is_invited_too_and_answers_a_forwarded_invitation_answers_for_themselves() -> None:
    assert judged(said(), sender=LAN, token=2) == Verdict(Treatment.ANSWER, "Lan: accepted")


def test_an_answer_to_ones_own_invitation_that_names_another_attendee_is_read_by_a_person() -> None:
    verdict = judged(said(attendee=LAN), sender=SOK, token=2)
    assert verdict == Verdict(Treatment.QUARANTINE, f"it answers the invitation of {SOK}, but names {LAN}")


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
        found = people.find(message, Origin(LAN, token))
        assert found is not None
        assert (found.id, found.participation) == (1, Participation.ACCEPTED)
    assert (people.of_id(None), people.of_id(99)) == (None, None)


# R21: recurrence.


@pytest.mark.parametrize("method", ["REPLY", "COUNTER", "REFRESH", "CANCEL", "REQUEST"])
def test_R21_I6_a_message_about_one_occurrence_is_ignored_for_no_meeting_is_a_series(method: str) -> None:
    assert judged(said(method=method, recurrence=True)) == Verdict(
        Treatment.IGNORE, "it is about one occurrence of a series, and this meeting is not a series"
    )


def test_R24_an_answer_with_a_sequence_below_the_last_reset_is_to_the_old_time_and_ignored() -> None:
    assert judged(said(sequence=9, starts_at=EARLIER), reset_at_10(), before=[at_first()]) == STALE
    assert judged(said(sequence=9), reset_at_10()) == SUPERSEDED, "only its length was changed"


def test_R25_an_answer_with_the_sequence_of_the_reset_counts() -> None:
    assert effect(said(sequence=10), reset_at_10()) is Treatment.ANSWER


def test_R26_an_answer_below_the_current_sequence_counts_when_no_reset_lies_between() -> None:
    known = meeting(sequence=10, revised_sequence=10, reset_sequence=9)
    assert effect(said(sequence=9), known) is Treatment.ANSWER
    assert judged(said(sequence=8), known) == SUPERSEDED


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
        assert judged(said(sequence=0), state, before=[known]) == STALE
        assert effect(said(sequence=1, starts_at=state.starts_at), state) is Treatment.ANSWER


def test_an_answer_to_what_was_cancelled_says_nothing_about_the_reinstated_meeting() -> None:
    again = reinstate(cancel(meeting(), NOW), LATER)
    assert judged(said(sequence=0), again) == SUPERSEDED
    assert effect(said(sequence=2), again) is Treatment.ANSWER


def test_an_answer_to_a_save_the_date_counts_for_the_meeting_that_it_becomes() -> None:
    saved = publish(draft(), "uid-1", NOW, organizer=ORGANIZER, save_the_date=True)
    confirmed = publish(saved, "uid-1", LATER, organizer=ORGANIZER)
    for state in (saved, confirmed):
        assert effect(said(sequence=0), state) is Treatment.ANSWER


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
        assert judged(said(sequence=stale), known) == BEFORE_COMING_BACK
        assert judged(said(sequence=stale, attendee=None), known, token=1) == BEFORE_COMING_BACK
    before = said(sequence=None, stamp=NOW - timedelta(hours=1))
    assert judged(before, meeting(person(3, LAN, joined_sequence=2, joined_at=NOW))) == BEFORE_COMING_BACK
    assert effect(said(sequence=2), known) is Treatment.ANSWER
    assert effect(said(sequence=0, attendee=SOK), known, sender=SOK) is Treatment.ANSWER


def test_I2_addresses_are_compared_in_any_case() -> None:
    known = meeting(person(1, "Lan@VN.Example.org"))
    assert effect(said(attendee="LAN@vn.EXAMPLE.org"), known, sender=LAN) is Treatment.ANSWER
