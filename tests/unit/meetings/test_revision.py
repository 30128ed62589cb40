"""What a new meeting and its attendees are told."""
# ruff: noqa: N802 - wall times have no zone on purpose; tests are named after their cases.

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.meeting import (
    MeetingStatus,
)
from orchestrator.domain.meetings.revision import (
    messages_of_change,
    to_cancel,
)
from orchestrator.errors import Conflict
from tests.unit.meetings.revising import (
    ACCEPTED,
    AFTER,
    CANCEL,
    DECLINED,
    LATER,
    NOW,
    ONE,
    ORGANIZER,
    REQUEST,
    THREE,
    TWO,
    also,
    calendar,
    delivered,
    draft,
    edit,
    listed,
    message,
    messages,
    named,
    person,
    publish,
    revise,
    told_at_1,
)

# A new meeting.


def test_O1_a_new_meeting_is_one_request_to_each_attendee_who_is_asked_for_an_answer() -> None:
    after = publish(draft())
    expected = {message(REQUEST, ONE, 0, NOW), message(REQUEST, TWO, 0, NOW)}
    assert messages(draft(), after, NOW) == messages(None, after, NOW) == expected
    for notice in messages_of_change(None, after, NOW):
        assert named(calendar(after, notice))[1:] == [f"mailto:{notice.attendee.email}"]
        assert calendar(after, notice).decoded("dtstamp") == NOW


def test_O1_the_organizer_is_not_written_to() -> None:
    after = publish(draft())
    assert ORGANIZER not in {notice.attendee.email for notice in messages_of_change(None, after, NOW)}


def test_O2_a_meeting_without_organizer_which_is_a_draft_is_told_to_nobody() -> None:
    changed = lifecycle.revise(draft(), Change(title_en="New"), LATER)
    assert (draft().organizer, changed.organizer) == (None, None)
    assert messages(None, draft()) == messages(draft(), changed) == set()
    assert messages(draft(), lifecycle.cancel(draft(), LATER)) == set()


def test_O3_a_meeting_without_attendees_is_not_published_and_tells_nobody() -> None:
    with pytest.raises(Conflict, match="has no attendees"):
        publish(draft(attendees=()))
    empty = lifecycle.revise(told_at_1(), listed(), LATER)
    assert revise(empty, Change(title_en="New"), AFTER)[1] == set()


def test_O6_an_organizer_in_other_letters_is_the_same_and_nothing_is_sent() -> None:
    before = told_at_1()
    after = lifecycle.with_organizer(before, ORGANIZER.upper(), LATER)
    assert (after.sequence, after.revision) == (before.sequence, before.revision)
    assert messages(before, after) == set()


def test_O12_a_draft_that_gets_its_organizer_is_a_request_to_each() -> None:
    after = publish(draft(attendees=(ONE,)))
    assert messages(draft(attendees=(ONE,)), after, NOW) == {message(REQUEST, ONE, 0, NOW)}


def test_O13_a_meeting_that_ends_as_one_is_a_cancel_to_the_only_attendee() -> None:
    before = told_at_1(ONE)
    assert messages(before, lifecycle.cancel(before, LATER)) == {message(CANCEL, ONE, 2, LATER)}


# Other attendees.


def test_O10_one_removed_and_three_added_two_hears_nothing() -> None:
    before = told_at_1()
    after, found = revise(before, listed(TWO, THREE))
    assert found == {
        message(CANCEL, ONE, 2, LATER, ACCEPTED),
        message(REQUEST, THREE, 2, LATER),
    }
    (cancel,) = (item for item in messages_of_change(before, after, LATER) if item.method is CANCEL)
    assert named(calendar(after, cancel)) == ["mailto:person1@example.org"]


def test_O11_the_same_with_a_longer_duration_is_significant_to_two_as_well() -> None:
    _, found = revise(told_at_1(), also(listed(TWO, THREE), duration=timedelta(hours=4)))
    assert found == {
        # Everybody's answer is put back before One is looked at.
        message(CANCEL, ONE, 2, LATER),
        message(REQUEST, TWO, 2, LATER),
        message(REQUEST, THREE, 2, LATER),
    }


def test_O14_when_all_are_removed_each_has_a_cancel_of_their_own() -> None:
    after, found = revise(told_at_1(), listed())
    assert found == {message(CANCEL, ONE, 2, LATER, ACCEPTED), message(CANCEL, TWO, 2, LATER)}
    assert after.status is MeetingStatus.PUBLISHED
    assert after.invited == ()


def test_O29_a_removal_is_a_cancel_to_the_removed_alone_with_the_next_sequence() -> None:
    _, found = revise(told_at_1(), listed(ONE))
    assert found == {message(CANCEL, TWO, 2, LATER)}


def test_O30_two_removals_are_two_cancels_of_one_sequence() -> None:
    _, found = revise(told_at_1(ONE, TWO, THREE), listed(THREE))
    assert found == {message(CANCEL, ONE, 2, LATER), message(CANCEL, TWO, 2, LATER)}


def test_attendee_added_has_the_current_revision_and_nobody_else_hears_of_it() -> None:
    before = told_at_1()
    after, found = revise(before, listed(ONE, TWO, THREE))
    assert found == {message(REQUEST, THREE, 1, LATER)}
    assert after.sequence == 1


def test_attendee_removed_before_anything_left_hears_nothing() -> None:
    _, found = revise(publish(draft()), listed(ONE))
    assert found == set()


def test_attendee_removed_who_has_had_a_cancel_already_hears_nothing() -> None:
    before = told_at_1(ONE, replace(TWO, withdrawn=True))
    assert revise(before, listed(ONE))[1] == set()


def test_attendee_removed_who_had_declined_has_the_cancel_all_the_same() -> None:
    declined = replace(TWO, participation=DECLINED)
    _, found = revise(told_at_1(ONE, declined), listed(ONE))
    assert found == {message(CANCEL, TWO, 2, LATER, DECLINED)}


def test_attendee_re_added_after_the_cancel_has_a_request_above_it() -> None:
    gone, told = revise(told_at_1(), listed(ONE))
    assert told == {message(CANCEL, TWO, 2, LATER)}
    gone = delivered(gone, messages_of_change(told_at_1(), gone, LATER))
    back, found = revise(gone, listed(ONE, TWO), AFTER)
    assert found == {message(REQUEST, TWO, 3, AFTER)}
    back = delivered(back, messages_of_change(gone, back, AFTER))
    _, found = revise(back, listed(ONE), AFTER + timedelta(days=1))
    assert found == {message(CANCEL, TWO, 4, AFTER + timedelta(days=1))}


def test_attendee_re_added_before_the_cancel_left_has_the_request_instead() -> None:
    gone, _ = revise(told_at_1(), listed(ONE))
    back, found = revise(gone, listed(ONE, TWO), AFTER)
    assert found == {message(REQUEST, TWO, 3, AFTER)}
    assert to_cancel(back) == ()


def test_attendee_re_added_and_removed_before_anything_left_is_due_one_cancel_the_newest() -> None:
    gone, _ = revise(told_at_1(), listed(ONE))
    back, _ = revise(gone, listed(ONE, TWO), AFTER)
    last = AFTER + timedelta(days=1)
    again, found = revise(back, listed(ONE), last)
    assert found == {message(CANCEL, TWO, 4, last)}
    assert [item.id for item in to_cancel(again)] == [0]


def test_attendee_re_added_and_removed_unwritten_after_having_had_the_cancel_hears_nothing() -> None:
    had_it = replace(TWO, removed_sequence=2, removed_at=NOW, withdrawn=True)
    unwritten = person(5, email=TWO.email, joined_sequence=3, joined_at=NOW)
    before = replace(told_at_1(ONE, had_it), sequence=3)
    before = replace(before, attendees=(*before.attendees, unwritten))
    assert revise(before, listed(ONE))[1] == set()


def test_a_cancel_to_a_row_that_was_never_invited_itself_settles_the_rows_before_it() -> None:
    held = replace(TWO, removed_sequence=2, removed_at=NOW, notified=True)
    told = person(5, email=TWO.email, joined_sequence=3, removed_sequence=4, removed_at=NOW, withdrawn=True)
    meeting = replace(told_at_1(ONE), sequence=4)
    meeting = replace(meeting, attendees=(*meeting.attendees, held, told))
    assert to_cancel(meeting) == ()
    back, _ = revise(meeting, listed(ONE, TWO), LATER)
    assert revise(back, listed(ONE), AFTER)[1] == set()


def test_a_removal_in_an_edit_of_text_cancels_one_and_updates_the_others_alone() -> None:
    _, found = revise(told_at_1(), also(listed(ONE), title_en="New"))
    assert found == {
        message(CANCEL, TWO, 2, LATER),
        message(REQUEST, ONE, 1, LATER, ACCEPTED, significant=False),
    }


def test_after_a_removal_the_others_keep_the_sequence_of_their_revision() -> None:
    gone = delivered(revise(told_at_1(), listed(ONE))[0], ())
    _, found = revise(gone, Change(title_en="New"), AFTER)
    assert found == {message(REQUEST, ONE, 1, AFTER, ACCEPTED, significant=False)}


def test_whoever_joined_later_keeps_the_sequence_of_joining_until_the_revision_overtakes_it() -> None:
    gone = delivered(revise(told_at_1(), listed(ONE))[0], ())
    joined = delivered(*edit(gone, listed(ONE, TWO), LATER))
    renamed, found = revise(joined, Change(title_en="New"), AFTER)
    assert found == {
        message(REQUEST, ONE, 1, AFTER, ACCEPTED, significant=False),
        message(REQUEST, TWO, 3, AFTER, significant=False),
    }
    _, found = revise(renamed, Change(duration=timedelta(hours=1)), AFTER + timedelta(days=1))
    assert {item[2] for item in found} == {4}
