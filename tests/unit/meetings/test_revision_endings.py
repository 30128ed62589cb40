"""What cancelling, another link, mailbox or a saved date tells whom."""
# ruff: noqa: DTZ001, N802 - wall times have no zone on purpose; tests are named after their cases.

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.meetings.revision import (
    Weight,
    cancel_to,
    messages_of_change,
    request_to,
    to_cancel,
    weigh,
)
from tests.unit.meetings.revising import (
    ACCEPTED,
    AFTER,
    CANCEL,
    DECLINED,
    ENDS,
    LATER,
    LINK,
    NOW,
    ONE,
    ORGANIZER,
    OTHER_LINK,
    REQUEST,
    STARTS,
    THREE,
    TWO,
    calendar,
    delivered,
    draft,
    edit,
    listed,
    message,
    messages,
    named,
    publish,
    revise,
    told_at_1,
)

# The whole meeting.


def test_O20_a_cancelled_meeting_is_a_cancel_to_each_with_the_next_sequence() -> None:
    before = told_at_1(sequence=2, revised_sequence=2)
    after = lifecycle.cancel(before, LATER)
    assert messages(before, after) == {
        message(CANCEL, ONE, 3, LATER, ACCEPTED),
        message(CANCEL, TWO, 3, LATER),
    }


def test_O21_a_cancel_names_organizer_and_recipient_and_keeps_uid_organizer_start_and_end() -> None:
    before = told_at_1()
    after = lifecycle.cancel(before, LATER)
    for notice in messages_of_change(before, after, LATER):
        event = calendar(after, notice)
        assert named(event) == ["mailto:meetings@accsm.example", f"mailto:{notice.attendee.email}"]
        assert (str(event["uid"]), event["sequence"], str(event["status"])) == ("uid-1", 2, "CANCELLED")
        assert str(event["organizer"]) == f"mailto:{ORGANIZER}"
        assert (event.decoded("dtstart"), event.decoded("dtend")) == (STARTS, ENDS)
        assert event.decoded("dtstamp") == LATER


def test_cancelled_tells_who_declined_but_not_who_never_had_it_or_has_it_no_longer() -> None:
    people = (replace(ONE, participation=DECLINED), TWO, replace(THREE, withdrawn=True))
    before = told_at_1(*people)
    before = replace(before, attendees=(before.attendees[0], TWO, before.attendees[2]))
    after = lifecycle.cancel(before, LATER)
    assert messages(before, after) == {message(CANCEL, ONE, 2, LATER, DECLINED)}


def test_cancelled_while_a_removal_is_not_told_yet_adds_nothing_for_the_removed() -> None:
    gone, _ = revise(told_at_1(), listed(ONE))
    after = lifecycle.cancel(gone, AFTER)
    assert messages(gone, after, AFTER) == {message(CANCEL, ONE, 3, AFTER, ACCEPTED)}
    assert {cancel_to(after, item).sequence for item in to_cancel(after)} == {2, 3}


def test_cancelled_is_told_once_whatever_becomes_of_the_link_afterwards() -> None:
    over = lifecycle.cancel(told_at_1(), LATER)
    without = lifecycle.with_link(over, replace(LINK, provider_id=None, join_url=None), AFTER)
    assert messages(over, without, AFTER) == set()


def test_reinstated_is_a_request_to_each_above_the_cancel_and_asks_again() -> None:
    over = lifecycle.cancel(told_at_1(), LATER)
    over = delivered(over, messages_of_change(told_at_1(), over, LATER))
    assert [item.withdrawn for item in over.attendees] == [True, True]
    after = lifecycle.reinstate(over, AFTER)
    assert messages(over, after, AFTER) == {message(REQUEST, ONE, 3, AFTER), message(REQUEST, TWO, 3, AFTER)}
    assert after.uid == "uid-1"


def test_reinstated_asks_who_had_declined_too_but_nobody_who_was_removed() -> None:
    before = told_at_1(replace(ONE, participation=DECLINED), TWO)
    gone = delivered(*edit(before, listed(ONE), LATER))
    over = lifecycle.cancel(gone, LATER)
    after = lifecycle.reinstate(delivered(over, messages_of_change(gone, over, LATER)), AFTER)
    assert messages(over, after, AFTER) == {message(REQUEST, ONE, 4, AFTER)}


def test_reinstated_and_cancelled_again_before_anything_left_tells_nobody_twice() -> None:
    over = lifecycle.cancel(told_at_1(), LATER)
    over = delivered(over, messages_of_change(told_at_1(), over, LATER))
    again = lifecycle.cancel(lifecycle.reinstate(over, AFTER), AFTER)
    assert to_cancel(again) == ()


def test_reinstated_before_the_cancel_left_needs_no_cancel_and_is_above_it_all_the_same() -> None:
    over = lifecycle.cancel(told_at_1(), LATER)
    after = lifecycle.reinstate(over, AFTER)
    assert to_cancel(after) == ()
    assert {item[2] for item in messages(over, after, AFTER)} == {3}


# Link and mailbox.


def test_join_link_changed_raises_sequence_and_keeps_answers() -> None:
    before = told_at_1()
    after = lifecycle.with_link(before, OTHER_LINK, LATER)
    assert messages(before, after) == {
        message(REQUEST, ONE, 2, LATER, ACCEPTED, significant=False),
        message(REQUEST, TWO, 2, LATER, significant=False),
    }
    assert weigh(before, after) is Weight.MATERIAL
    assert (after.reset_sequence, after.time_revision) == (0, 1)


def test_join_link_that_comes_before_the_first_invitation_is_no_change() -> None:
    before = publish(draft(conference=Conference("external-1")))
    after = lifecycle.with_link(before, LINK, LATER)
    assert messages(before, after) == set()
    assert (after.sequence, after.revision) == (0, 1)


def test_join_link_that_comes_after_the_invitations_is_told() -> None:
    before = told_at_1(conference=Conference("external-1"))
    after = lifecycle.with_link(before, LINK, LATER)
    assert {item[:3] for item in messages(before, after)} == {
        (REQUEST, ONE.address, 2),
        (REQUEST, TWO.address, 2),
    }


def test_host_mailbox_changed_raises_sequence_under_the_same_uid_and_keeps_answers() -> None:
    before = told_at_1()
    after = lifecycle.with_organizer(before, "new@accsm.example", LATER)
    assert messages(before, after) == {
        message(REQUEST, ONE, 2, LATER, ACCEPTED, significant=False),
        message(REQUEST, TWO, 2, LATER, significant=False),
    }
    assert weigh(before, after) is Weight.MATERIAL
    for notice in messages_of_change(before, after, LATER):
        event = calendar(after, notice)
        assert str(event["organizer"]) == named(event)[0] == "mailto:new@accsm.example"
        assert str(event["uid"]) == "uid-1"


def test_O34_the_organizer_is_among_the_attendees_of_a_request_under_the_same_address() -> None:
    after = publish(draft())
    for notice in messages_of_change(None, after, NOW):
        event = calendar(after, notice)
        assert named(event) == [f"mailto:{ORGANIZER}", f"mailto:{notice.attendee.email}"]
        assert str(event["organizer"]) == f"mailto:{ORGANIZER}"


def test_O35_names_may_be_missing_and_the_addresses_are_there_all_the_same() -> None:
    after = publish(draft(coordinator_name="", attendees=(replace(ONE, name=""),)))
    (notice,) = messages_of_change(None, after, NOW)
    event = calendar(after, notice)
    assert named(event) == [f"mailto:{ORGANIZER}", "mailto:person1@example.org"]


# Save the date.


def test_save_the_date_is_tentative_and_asks_for_no_answer() -> None:
    after = publish(draft(), save_the_date=True)
    assert messages(draft(), after, NOW) == {
        message(REQUEST, ONE, 0, NOW, tentative=True),
        message(REQUEST, TWO, 0, NOW, tentative=True),
    }
    assert {str(calendar(after, item)["status"]) for item in messages_of_change(None, after, NOW)} == {
        "TENTATIVE"
    }


def test_save_the_date_confirmed_under_the_same_uid_raises_sequence_and_keeps_answers() -> None:
    before = told_at_1(tentative=True)
    after = publish(before, now=LATER)
    assert messages(before, after) == {
        message(REQUEST, ONE, 2, LATER, ACCEPTED),
        message(REQUEST, TWO, 2, LATER),
    }
    assert (after.uid, after.reset_sequence) == (before.uid, before.reset_sequence)
    assert {str(calendar(after, item)["status"]) for item in messages_of_change(before, after, LATER)} == {
        "CONFIRMED"
    }


def test_save_the_date_that_is_called_off_or_moved_follows_the_same_rules() -> None:
    before = told_at_1(tentative=True)
    assert messages(before, lifecycle.cancel(before, LATER)) == {
        message(CANCEL, ONE, 2, LATER, ACCEPTED),
        message(CANCEL, TWO, 2, LATER),
    }
    _, found = revise(before, Change(wall_start=datetime(2026, 12, 4, 14)))
    assert found == {
        message(REQUEST, ONE, 2, LATER, tentative=True),
        message(REQUEST, TWO, 2, LATER, tentative=True),
    }


# Single messages.


def test_a_request_is_no_older_than_the_revision_and_no_lower_than_its_recipient_s_joining() -> None:
    meeting = told_at_1()
    for joined_sequence, joined_at, expected in (
        (0, None, (1, NOW)),
        (3, LATER, (3, LATER)),
        (1, NOW - timedelta(days=1), (1, NOW)),
    ):
        found = request_to(meeting, replace(THREE, joined_sequence=joined_sequence, joined_at=joined_at))
        assert (found.sequence, found.stamp) == expected


def test_a_cancel_to_one_who_was_removed_has_the_number_and_the_time_of_that_for_ever() -> None:
    gone, _ = revise(told_at_1(), listed(ONE))
    later = lifecycle.cancel(lifecycle.revise(gone, Change(title_en="New"), AFTER), AFTER)
    for meeting in (gone, later):
        found = cancel_to(meeting, meeting.attendees[1])
        assert (found.sequence, found.stamp, found.significant) == (2, LATER, True)


def test_what_was_never_published_cannot_be_cancelled_by_a_message() -> None:
    with pytest.raises(ValueError, match="SOM-2026 has not been published, so there is nothing to cancel"):
        cancel_to(draft(), ONE)


@pytest.mark.parametrize("participation", list(Participation))
def test_a_confirmed_request_asks_everybody_and_nothing_else_does(participation: Participation) -> None:
    meeting = told_at_1(replace(ONE, participation=participation))
    attendee = meeting.attendees[0]
    assert request_to(meeting, attendee).rsvp is True
    assert request_to(replace(meeting, tentative=True), attendee).rsvp is False
    assert request_to(meeting, attendee).participation is participation
    assert cancel_to(lifecycle.cancel(meeting, LATER), attendee).rsvp is False
