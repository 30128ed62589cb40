"""People who are added, removed and invited again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.lifecycle import (
    Change,
    cancel,
    revise,
    with_link,
)
from orchestrator.domain.meetings.meeting import (
    Participation,
)
from tests.unit.meetings.living import (
    AFTER,
    LATER,
    LINK,
    NOW,
    OTHER,
    numbers,
    person,
    published,
    sequences,
    wanted,
)


def test_somebody_added_changes_nothing_for_the_others() -> None:
    meeting = revise(published(), Change(attendees=wanted(person(1), person(2), person(3))), LATER)
    assert numbers(meeting) == (0, 1, 1)
    assert meeting.revised_at == NOW
    assert meeting.attendees[:2] == published().attendees
    new = meeting.attendees[2]
    assert (new.id, new.notified, new.joined_sequence, new.joined_at) == (0, False, 0, LATER)


def test_somebody_added_after_a_removal_joins_at_the_highest_sequence_given_out() -> None:
    removed = revise(published(), Change(attendees=wanted(person(1))), LATER)
    meeting = revise(removed, Change(attendees=wanted(person(1), person(3))), AFTER)
    assert sequences(meeting) == (1, 0, 0)
    assert (meeting.attendees[2].joined_sequence, meeting.attendees[2].joined_at) == (1, AFTER)


def test_somebody_removed_stays_on_record_with_the_sequence_of_the_cancel() -> None:
    meeting = revise(published(), Change(attendees=wanted(person(1))), LATER)
    assert numbers(meeting) == (1, 1, 1)
    # The number is used up for the CANCEL; for the others nothing is new.
    assert sequences(meeting) == (1, 0, 0)
    assert meeting.revised_at == NOW
    assert [item.removed_sequence for item in meeting.attendees] == [None, 1]
    assert [item.removed_at for item in meeting.attendees] == [None, LATER]
    assert meeting.attendees[0] == published().attendees[0]
    assert [item.id for item in meeting.invited] == [1]


def test_a_removal_together_with_a_new_time_raises_the_sequence_once() -> None:
    meeting = revise(published(), Change(duration=timedelta(hours=1), attendees=wanted(person(1))), LATER)
    assert numbers(meeting) == (1, 2, 2)
    assert sequences(meeting) == (1, 1, 1)
    assert (meeting.attendee(2).removed_sequence, meeting.attendee(2).removed_at) == (1, LATER)


def test_a_later_removal_does_not_touch_an_earlier_one() -> None:
    first = revise(published(), Change(attendees=wanted(person(1), person(3))), LATER)
    second = revise(first, Change(attendees=wanted(person(3))), AFTER)
    assert numbers(second) == (2, 1, 1)
    assert [item.removed_sequence for item in second.attendees] == [2, 1, None]
    assert [item.removed_at for item in second.attendees] == [AFTER, LATER, None]


def test_the_next_revision_is_above_every_number_that_a_removal_used_up() -> None:
    removed = revise(published(), Change(attendees=wanted(person(1))), LATER)
    assert sequences(revise(removed, Change(title_en="New"), AFTER)) == (1, 0, 0)
    assert sequences(with_link(replace(removed, conference=LINK), OTHER, AFTER)) == (2, 2, 0)
    assert sequences(revise(removed, Change(duration=timedelta(hours=1)), AFTER)) == (2, 2, 2)
    assert sequences(cancel(removed, AFTER)) == (2, 2, 0)


def test_somebody_removed_and_invited_again_is_a_new_attendee_of_a_higher_sequence() -> None:
    removed = revise(published(), Change(attendees=wanted(person(1))), LATER)
    again = revise(removed, Change(attendees=wanted(person(1), person(2))), AFTER)
    assert numbers(again) == (2, 1, 1)
    assert sequences(again) == (2, 0, 0)
    old, new = again.attendees[1:]
    assert (old.id, old.removed_sequence, new.id, new.removed_sequence) == (2, 1, 0, None)
    assert (new.notified, new.participation) == (False, Participation.NEEDS_ACTION)
    assert (new.joined_sequence, new.joined_at) == (2, AFTER)


def test_somebody_invited_again_together_with_a_new_time_joins_at_its_sequence() -> None:
    removed = revise(published(), Change(attendees=wanted(person(1))), LATER)
    change = Change(duration=timedelta(hours=1), attendees=wanted(person(1), person(2)))
    meeting = revise(removed, change, AFTER)
    assert sequences(meeting) == (2, 2, 2)
    assert meeting.attendees[2].joined_sequence == 2


def test_one_person_for_another_uses_one_number_for_both() -> None:
    meeting = revise(published(), Change(attendees=wanted(person(1), person(3))), LATER)
    assert sequences(meeting) == (1, 0, 0)
    assert meeting.attendees[1].removed_sequence == meeting.attendees[2].joined_sequence == 1


def test_an_address_counts_as_the_same_in_any_case_and_facts_are_taken_over() -> None:
    change = Change(
        attendees=wanted(
            person(
                1, email="PERSON1@vn.example.org", name="Lan", group="HCS", role=Role.HEAD_OF_CIVIL_SERVICE
            ),
            person(2),
        )
    )
    meeting = revise(published(), change, LATER)
    first = meeting.attendees[0]
    assert len(meeting.attendees) == 2
    assert numbers(meeting) == (0, 1, 1)
    assert (first.id, first.name, first.group, first.role) == (1, "Lan", "HCS", Role.HEAD_OF_CIVIL_SERVICE)
    assert (first.email, first.participation) == ("person1@vn.example.org", Participation.ACCEPTED)


def test_the_order_of_the_list_does_not_matter() -> None:
    meeting = published()
    assert revise(meeting, Change(attendees=wanted(person(2), person(1))), LATER) == meeting


def test_a_new_seat_is_taken_over_and_nobody_is_told() -> None:
    head = replace(wanted(person(1))[0], seat=Seat.HEAD)
    meeting = revise(published(), Change(attendees=(head, *wanted(person(2)))), LATER)
    assert meeting.attendees[0] == replace(published().attendees[0], seat=Seat.HEAD)
    assert (sequences(meeting), meeting.revision, meeting.revised_at) == ((0, 0, 0), 1, NOW)
