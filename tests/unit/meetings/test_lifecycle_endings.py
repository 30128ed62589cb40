"""Links, cancelling, concluding, saved dates, mailboxes, reinstating and new zone rules."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from orchestrator.domain.meetings.lifecycle import (
    Change,
    cancel,
    conclude,
    publish,
    reinstate,
    retimed,
    revise,
    with_link,
    with_organizer,
)
from orchestrator.domain.meetings.meeting import (
    Meeting,
    MeetingStatus,
    Participation,
)
from orchestrator.errors import Conflict
from tests.unit.meetings.living import (
    AFTER,
    LATER,
    LINK,
    NOW,
    ORGANIZER,
    OTHER,
    STARTS,
    draft,
    numbers,
    person,
    published,
    sequences,
    wanted,
)


def test_the_first_link_is_no_revision() -> None:
    meeting = with_link(publish(draft(), "uid-1", NOW, organizer=ORGANIZER), LINK, LATER)
    assert meeting.conference == LINK
    assert numbers(meeting) == (0, 1, 1)


def test_a_first_link_that_comes_after_the_invitations_is_told() -> None:
    meeting = with_link(published(), LINK, LATER)
    assert numbers(meeting) == (1, 2, 1)
    assert meeting.revised_at == LATER


def test_another_link_than_the_one_attendees_have_is_told_and_keeps_answers() -> None:
    meeting = with_link(published(conference=LINK), OTHER, LATER)
    assert numbers(meeting) == (1, 2, 1)
    assert sequences(meeting) == (1, 1, 0)
    assert meeting.revised_at == LATER
    assert meeting.attendees == published().attendees


def test_another_link_before_anybody_was_told_is_no_revision() -> None:
    meeting = publish(draft(conference=LINK), "uid-1", NOW, organizer=ORGANIZER)
    assert numbers(with_link(meeting, OTHER, LATER)) == (0, 1, 1)


def test_another_link_when_all_who_knew_the_old_one_have_been_sent_a_cancel_is_no_revision() -> None:
    gone = person(1, notified=True, withdrawn=True, removed_sequence=1, removed_at=NOW)
    meeting = published(conference=LINK, attendees=(gone, person(2)))
    assert numbers(with_link(meeting, OTHER, LATER)) == (0, 1, 1)


def test_the_same_link_with_other_facts_is_no_revision() -> None:
    meeting = with_link(published(conference=LINK), replace(LINK, provider_id="provider-2"), LATER)
    assert numbers(meeting) == (0, 1, 1)
    assert meeting.conference.provider_id == "provider-2"


@pytest.mark.parametrize("status", [MeetingStatus.DRAFT, MeetingStatus.CANCELLED, MeetingStatus.CONCLUDED])
def test_a_link_of_a_meeting_that_is_not_published_is_only_noted(status: MeetingStatus) -> None:
    meeting = with_link(published(conference=LINK, status=status), OTHER, LATER)
    assert meeting.conference == OTHER
    assert numbers(meeting) == (0, 1, 1)


def test_cancelling_raises_the_sequence_and_is_told() -> None:
    meeting = cancel(published(), LATER)
    assert meeting.status is MeetingStatus.CANCELLED
    assert numbers(meeting) == (1, 2, 1)
    assert sequences(meeting) == (1, 1, 0)
    assert (meeting.uid, meeting.revised_at) == ("uid-1", LATER)
    assert meeting.attendees == published().attendees


def test_cancelling_a_draft_tells_nobody_at_any_time() -> None:
    meeting = cancel(draft(), STARTS + timedelta(days=9))
    assert meeting.status is MeetingStatus.CANCELLED
    assert numbers(meeting) == (0, 0, 0)
    assert meeting.revised_at is None


def test_a_meeting_under_way_can_be_cancelled_but_not_one_that_took_place() -> None:
    ends = published().ends_at
    assert cancel(published(), ends - timedelta(seconds=1)).status is MeetingStatus.CANCELLED
    with pytest.raises(Conflict, match="SOM-2026 is over; a meeting that took place cannot be cancelled"):
        cancel(published(), ends)


@pytest.mark.parametrize("status", [MeetingStatus.CANCELLED, MeetingStatus.CONCLUDED])
def test_what_is_over_is_not_cancelled(status: MeetingStatus) -> None:
    with pytest.raises(Conflict, match=f"is {status}; only a draft or published meeting can be cancelled"):
        cancel(published(status=status), NOW)


def test_a_meeting_is_concluded_from_its_start_on_and_keeps_its_numbers() -> None:
    with pytest.raises(Conflict, match="SOM-2026 has not begun; it can be concluded once it has"):
        conclude(published(), STARTS - timedelta(seconds=1))
    meeting = conclude(published(), STARTS)
    assert meeting == replace(published(), status=MeetingStatus.CONCLUDED)


@pytest.mark.parametrize("status", [MeetingStatus.DRAFT, MeetingStatus.CANCELLED, MeetingStatus.CONCLUDED])
def test_only_a_published_meeting_is_concluded(status: MeetingStatus) -> None:
    with pytest.raises(Conflict, match=f"is {status}; only a published meeting can be concluded"):
        conclude(published(status=status), STARTS)


def test_a_save_the_date_is_not_concluded() -> None:
    with pytest.raises(Conflict, match="SOM-2026 is only a save-the-date; publish it, or cancel it"):
        conclude(published(tentative=True), STARTS)


# Save the date.


def saved(**fields: Any) -> Meeting:
    """A save-the-date that everybody has had; the first accepted, the second declined."""
    return published(tentative=True, **fields)


def test_a_save_the_date_is_published_tentatively_and_takes_its_first_numbers() -> None:
    meeting = publish(draft(), "uid-1", NOW, organizer=ORGANIZER, save_the_date=True)
    assert (meeting.status, meeting.tentative, meeting.uid) == (MeetingStatus.PUBLISHED, True, "uid-1")
    assert (numbers(meeting), sequences(meeting)) == ((0, 1, 1), (0, 0, 0))


def test_a_save_the_date_is_confirmed_under_its_uid_with_a_higher_sequence_and_all_answers() -> None:
    meeting = publish(saved(), "uid-2", LATER, organizer=ORGANIZER)
    assert (meeting.uid, meeting.tentative, meeting.status) == ("uid-1", False, MeetingStatus.PUBLISHED)
    assert (numbers(meeting), sequences(meeting)) == ((1, 2, 1), (1, 1, 0))
    assert (meeting.revised_at, meeting.published_at) == (LATER, LATER)
    assert meeting.attendees == saved().attendees


def test_a_save_the_date_confirmed_from_another_mailbox_is_one_revision() -> None:
    meeting = publish(saved(), "uid-2", LATER, organizer="new@accsm.example")
    assert (meeting.organizer, sequences(meeting)) == ("new@accsm.example", (1, 1, 0))


def test_a_date_is_saved_once_and_a_meeting_confirmed_once() -> None:
    with pytest.raises(Conflict, match="SOM-2026 is published; only a draft meeting can be published"):
        publish(saved(), "uid-2", LATER, organizer=ORGANIZER, save_the_date=True)
    confirmed = publish(saved(), "uid-2", LATER, organizer=ORGANIZER)
    for save_the_date in (True, False):
        with pytest.raises(Conflict, match="SOM-2026 is published; only a draft meeting can be published"):
            publish(confirmed, "uid-3", AFTER, organizer=ORGANIZER, save_the_date=save_the_date)


def test_a_date_that_has_passed_is_not_confirmed() -> None:
    with pytest.raises(Conflict, match="starts in the past; move it to a coming date"):
        publish(saved(), "uid-2", STARTS, organizer=ORGANIZER)


def test_a_saved_date_that_moves_stays_tentative_and_asks_again() -> None:
    meeting = revise(saved(), Change(wall_start=datetime(2026, 12, 4, 14)), LATER)
    assert (meeting.tentative, sequences(meeting)) == (True, (1, 1, 1))
    assert {item.participation for item in meeting.attendees} == {Participation.NEEDS_ACTION}


# The mailbox that attendees answer to.


def test_another_mailbox_is_a_material_revision_that_keeps_answers() -> None:
    meeting = with_organizer(published(), "new@accsm.example", LATER)
    assert meeting.organizer == "new@accsm.example"
    assert (numbers(meeting), sequences(meeting)) == ((1, 2, 1), (1, 1, 0))
    assert meeting.attendees == published().attendees


@pytest.mark.parametrize("same", [ORGANIZER, ORGANIZER.upper()])
def test_the_same_mailbox_in_whatever_letters_is_no_revision(same: str) -> None:
    meeting = with_organizer(published(), same, LATER)
    assert (numbers(meeting), meeting.revised_at) == ((0, 1, 1), NOW)


@pytest.mark.parametrize("status", [MeetingStatus.DRAFT, MeetingStatus.CANCELLED, MeetingStatus.CONCLUDED])
def test_only_a_published_meeting_is_moved_to_another_mailbox(status: MeetingStatus) -> None:
    with pytest.raises(Conflict, match=f"is {status}; only a published meeting can be moved to another"):
        with_organizer(published(status=status), "new@accsm.example", LATER)


# Taking place after all.


def test_a_cancelled_meeting_is_reinstated_under_its_uid_and_everybody_is_asked_again() -> None:
    told = replace(
        published().attendees[0],
        withdrawn=True,
        participation=Participation.DELEGATED,
        answer_stamp=NOW,
        comment="Ask Sok",
        delegated_to="sok@kh.example.org",
    )
    meeting = reinstate(cancel(published(attendees=(told,)), LATER), AFTER)
    assert (meeting.status, meeting.uid) == (MeetingStatus.PUBLISHED, "uid-1")
    assert (numbers(meeting), sequences(meeting)) == ((2, 3, 3), (2, 2, 2))
    assert (meeting.revised_at, meeting.published_at) == (AFTER, AFTER)
    assert meeting.attendees == (person(1, notified=True, withdrawn=True),)


def test_a_reinstated_meeting_asks_the_provider_for_a_link_again_but_keeps_one_by_hand() -> None:
    provided = reinstate(cancel(published(conference=LINK), LATER), AFTER).conference
    assert provided == replace(LINK, provider_id=None, join_url=None)
    by_hand = replace(LINK, by_hand=True)
    assert reinstate(cancel(published(conference=by_hand), LATER), AFTER).conference == by_hand


def test_somebody_removed_before_stays_removed_in_a_reinstated_meeting() -> None:
    removed = revise(published(), Change(attendees=wanted(person(1))), LATER)
    meeting = reinstate(cancel(removed, LATER), AFTER)
    assert [item.removed_sequence for item in meeting.attendees] == [None, 1]


def test_a_reinstated_save_the_date_is_one_again() -> None:
    assert reinstate(cancel(saved(), LATER), AFTER).tentative


def test_a_draft_that_was_cancelled_is_a_draft_again_at_any_time() -> None:
    assert reinstate(cancel(draft(), NOW), STARTS + timedelta(days=9)) == draft()


def test_a_meeting_is_not_reinstated_once_it_would_have_started() -> None:
    with pytest.raises(Conflict, match="SOM-2026 would have started already; create a new meeting instead"):
        reinstate(cancel(published(), LATER), STARTS)


@pytest.mark.parametrize("status", [MeetingStatus.DRAFT, MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED])
def test_only_a_cancelled_meeting_is_reinstated(status: MeetingStatus) -> None:
    with pytest.raises(Conflict, match=f"is {status}; only a cancelled meeting can be reinstated"):
        reinstate(published(status=status), LATER)


def test_new_zone_rules_number_a_new_time_and_ask_everybody_again() -> None:
    """Attendees were told 15:00; by the new rules 14:00 in Ha Noi is an hour before that."""
    told = STARTS + timedelta(hours=1)
    meeting = retimed(published(), told, told + timedelta(hours=3), LATER)
    assert (meeting.wall_start, meeting.zone) == (datetime(2026, 12, 3, 14), "Asia/Ho_Chi_Minh")
    assert (meeting.starts_at, meeting.duration) == (STARTS, timedelta(hours=3))
    assert (numbers(meeting), sequences(meeting)) == ((1, 2, 2), (1, 1, 1))
    assert meeting.revised_at == LATER
    assert {item.participation for item in meeting.attendees} == {Participation.NEEDS_ACTION}


def test_what_was_told_right_stays() -> None:
    meeting = published()
    assert retimed(meeting, STARTS, STARTS + timedelta(hours=3), LATER) == meeting


@pytest.mark.parametrize("told", [STARTS - timedelta(hours=1), STARTS + timedelta(hours=1)])
def test_a_meeting_that_has_begun_by_either_reckoning_is_not_told_again(told: datetime) -> None:
    meeting, first = published(), min(told, STARTS)
    assert retimed(meeting, told, told + timedelta(hours=3), first) == meeting
    assert retimed(meeting, told, told + timedelta(hours=3), first - timedelta(seconds=1)).sequence == 1


@pytest.mark.parametrize("status", [MeetingStatus.DRAFT, MeetingStatus.CANCELLED, MeetingStatus.CONCLUDED])
def test_only_a_published_meeting_is_told_of_new_zone_rules(status: MeetingStatus) -> None:
    with pytest.raises(Conflict, match="only a published meeting can be moved to new zone rules"):
        retimed(published(status=status), STARTS, STARTS + timedelta(hours=3), LATER)
