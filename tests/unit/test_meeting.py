"""The life of a meeting: publish, change, link, cancel, conclude."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.domain.delegation import Role
from orchestrator.domain.meeting import (
    AgendaEntry,
    Attendee,
    Change,
    Conference,
    Meeting,
    MeetingStatus,
    Participation,
    cancel,
    conclude,
    publish,
    require_status,
    revise,
    with_link,
)
from orchestrator.errors import Conflict

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)


def person(number: int, **fields: Any) -> Attendee:
    whole: dict[str, Any] = {
        "name": f"Person {number}",
        "email": f"person{number}@vn.example.org",
        "delegation": "VN",
        "group": "SOM",
        "role": Role.SENIOR_OFFICIAL,
        "id": number,
    }
    return Attendee(**(whole | fields))


def draft(**fields: Any) -> Meeting:
    whole: dict[str, Any] = {
        "id": 1,
        "reference": "SOM-2026",
        "programme": None,
        "kind": "som",
        "title_en": "SOM",
        "title_vi": "Hội nghị",
        "host": "VN",
        "coordinator_name": "K",
        "coordinator_email": "k@vn.example.org",
        "wall_start": datetime(2026, 12, 3, 14),
        "zone": "Asia/Ho_Chi_Minh",
        "duration": timedelta(hours=3),
        "timeline": "standard",
        "conference": Conference("external-1"),
        "attendees": (person(1), person(2)),
    }
    return Meeting(**(whole | fields))


def published(**fields: Any) -> Meeting:
    """A published meeting; everybody has been invited, the first accepted, the second declined."""
    meeting = publish(draft(), "uid-1", NOW)
    people = (
        replace(meeting.attendees[0], notified=True, participation=Participation.ACCEPTED),
        replace(meeting.attendees[1], notified=True, participation=Participation.DECLINED),
    )
    return replace(meeting, **({"attendees": people} | fields))


def numbers(meeting: Meeting) -> tuple[int, int, int]:
    return meeting.sequence, meeting.revision, meeting.time_revision


def wanted(*people: Attendee) -> tuple[Attendee, ...]:
    """The people as a coordinator lists them: without what only the store knows."""
    return tuple(Attendee(item.name, item.email, item.delegation, item.group, item.role) for item in people)


def test_instants_are_derived_from_wall_time_and_zone() -> None:
    assert draft().starts_at == STARTS
    assert draft().ends_at == STARTS + timedelta(hours=3)
    assert draft(zone="Australia/Sydney").starts_at == datetime(2026, 12, 3, 3, tzinfo=UTC)


def test_an_answer_is_said_in_words() -> None:
    assert [item.words for item in Participation] == ["no answer", "accepted", "tentative", "declined"]


def test_attendees_are_found_by_id() -> None:
    assert draft().attendee(2).name == "Person 2"
    with pytest.raises(KeyError):
        draft().attendee(3)


def test_a_refusal_says_what_would_be_allowed() -> None:
    with pytest.raises(Conflict) as caught:
        require_status(draft(), "changed", MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED)
    assert caught.value.message == "SOM-2026 is draft; only a published or concluded meeting can be changed."


def test_publishing_gives_the_uid_and_the_first_revision() -> None:
    meeting = publish(draft(), "uid-1", NOW)
    assert (meeting.status, meeting.uid) == (MeetingStatus.PUBLISHED, "uid-1")
    assert numbers(meeting) == (0, 1, 1)
    assert (meeting.revised_at, meeting.published_at) == (NOW, NOW)


@pytest.mark.parametrize(
    "status", [MeetingStatus.PUBLISHED, MeetingStatus.CANCELLED, MeetingStatus.CONCLUDED]
)
def test_only_a_draft_is_published(status: MeetingStatus) -> None:
    with pytest.raises(Conflict, match=f"SOM-2026 is {status}; only a draft meeting can be published"):
        publish(draft(status=status), "uid-1", NOW)


@pytest.mark.parametrize("now", [STARTS, STARTS + timedelta(days=1)])
def test_a_meeting_that_starts_in_the_past_is_not_published(now: datetime) -> None:
    with pytest.raises(Conflict, match="starts in the past; move it to a coming date"):
        publish(draft(), "uid-1", now)


def test_a_meeting_without_attendees_is_not_published() -> None:
    with pytest.raises(Conflict, match="has no attendees; add somebody to invite"):
        publish(draft(attendees=(person(1, removed_sequence=0),)), "uid-1", NOW)


def test_a_draft_is_changed_without_any_revision() -> None:
    change = Change(
        title_en="New", wall_start=datetime(2026, 1, 1), zone="Asia/Dili", duration=timedelta(hours=1)
    )
    meeting = revise(draft(), change, NOW)
    assert (meeting.title_en, meeting.title_vi, meeting.zone) == ("New", "Hội nghị", "Asia/Dili")
    assert (meeting.wall_start, meeting.duration) == (datetime(2026, 1, 1), timedelta(hours=1))
    assert numbers(meeting) == (0, 0, 0)
    assert meeting.revised_at is None


def test_somebody_removed_from_a_draft_is_gone() -> None:
    meeting = revise(draft(), Change(attendees=wanted(person(2), person(3))), NOW)
    assert [item.name for item in meeting.attendees] == ["Person 2", "Person 3"]
    assert meeting.attendees[0].id == 2


@pytest.mark.parametrize(
    "change",
    [
        Change(wall_start=datetime(2026, 12, 3, 15)),
        Change(duration=timedelta(hours=2)),
        Change(zone="Asia/Dili"),
    ],
)
def test_a_new_time_raises_everything_and_asks_everybody_again(change: Change) -> None:
    meeting = revise(published(), change, LATER)
    assert numbers(meeting) == (1, 2, 2)
    assert meeting.revised_at == LATER
    assert [item.participation for item in meeting.attendees] == [Participation.NEEDS_ACTION] * 2
    assert all(item.notified for item in meeting.attendees)


def test_the_same_instant_in_another_zone_is_no_new_time() -> None:
    meeting = revise(published(), Change(wall_start=datetime(2026, 12, 3, 16), zone="Asia/Dili"), LATER)
    assert meeting.starts_at == STARTS
    assert numbers(meeting) == (0, 1, 1)
    assert meeting.attendees[0].participation is Participation.ACCEPTED


def test_a_new_time_is_told_even_when_a_silent_change_was_asked_for() -> None:
    assert numbers(revise(published(), Change(duration=timedelta(hours=1)), LATER, notify=False)) == (1, 2, 2)


def test_time_and_text_together_are_one_revision() -> None:
    meeting = revise(published(), Change(title_en="New", duration=timedelta(hours=1)), LATER)
    assert numbers(meeting) == (1, 2, 2)


@pytest.mark.parametrize(
    "change", [Change(title_en="New"), Change(title_vi="Mới"), Change(agenda=(AgendaEntry(1, "Opening"),))]
)
def test_a_new_text_is_a_revision_that_keeps_sequence_and_answers(change: Change) -> None:
    meeting = revise(published(), change, LATER)
    assert numbers(meeting) == (0, 2, 1)
    assert meeting.revised_at == LATER
    assert meeting.attendees == published().attendees


def test_a_text_may_be_saved_silently() -> None:
    meeting = revise(published(), Change(title_en="New"), LATER, notify=False)
    assert meeting.title_en == "New"
    assert numbers(meeting) == (0, 1, 1)
    assert meeting.revised_at == NOW


def test_a_change_that_changes_nothing_is_no_revision() -> None:
    meeting = published()
    same = Change(
        "SOM", "Hội nghị", meeting.wall_start, meeting.zone, meeting.duration, (), wanted(*meeting.attendees)
    )
    assert revise(meeting, same, LATER) == meeting
    assert revise(meeting, Change(), LATER) == meeting


def test_an_agenda_can_be_emptied() -> None:
    meeting = published(agenda=(AgendaEntry(1, "Opening"),))
    assert numbers(revise(meeting, Change(agenda=()), LATER)) == (0, 2, 1)


def test_the_text_of_a_meeting_under_way_may_change_but_not_its_time() -> None:
    under_way = STARTS + timedelta(minutes=5)
    assert revise(published(), Change(title_en="New"), under_way).title_en == "New"
    with pytest.raises(Conflict, match="SOM-2026 has begun; its time can no longer be changed"):
        revise(published(), Change(duration=timedelta(hours=5)), under_way)


def test_a_meeting_is_not_moved_into_the_past() -> None:
    with pytest.raises(Conflict, match="SOM-2026 would start in the past; choose a coming time"):
        revise(published(), Change(wall_start=datetime(2026, 11, 1, 9)), NOW)


@pytest.mark.parametrize("status", [MeetingStatus.CANCELLED, MeetingStatus.CONCLUDED])
def test_a_meeting_that_is_over_is_not_changed(status: MeetingStatus) -> None:
    with pytest.raises(Conflict, match=f"is {status}; only a draft or published meeting can be changed"):
        revise(published(status=status), Change(title_en="New"), LATER)


def test_somebody_added_changes_nothing_for_the_others() -> None:
    meeting = revise(published(), Change(attendees=wanted(person(1), person(2), person(3))), LATER)
    assert numbers(meeting) == (0, 1, 1)
    assert meeting.attendees[:2] == published().attendees
    assert (meeting.attendees[2].id, meeting.attendees[2].notified) == (0, False)


def test_somebody_removed_stays_on_record_with_the_sequence_of_the_cancel() -> None:
    meeting = revise(published(), Change(attendees=wanted(person(1))), LATER)
    assert numbers(meeting) == (1, 1, 1)
    assert meeting.revised_at == LATER
    assert [item.removed_sequence for item in meeting.attendees] == [None, 1]
    assert [item.id for item in meeting.invited] == [1]


def test_a_removal_together_with_a_new_time_raises_the_sequence_once() -> None:
    meeting = revise(published(), Change(duration=timedelta(hours=1), attendees=wanted(person(1))), LATER)
    assert numbers(meeting) == (1, 2, 2)
    assert meeting.attendee(2).removed_sequence == 1


def test_a_later_removal_does_not_touch_an_earlier_one() -> None:
    first = revise(published(), Change(attendees=wanted(person(1), person(3))), LATER)
    second = revise(first, Change(attendees=wanted(person(3))), LATER)
    assert numbers(second) == (2, 1, 1)
    assert [item.removed_sequence for item in second.attendees] == [2, 1, None]


def test_somebody_removed_and_invited_again_is_a_new_attendee_of_a_higher_sequence() -> None:
    removed = revise(published(), Change(attendees=wanted(person(1))), LATER)
    again = revise(removed, Change(attendees=wanted(person(1), person(2))), LATER)
    assert numbers(again) == (2, 1, 1)
    old, new = again.attendees[1:]
    assert (old.id, old.removed_sequence, new.id, new.removed_sequence) == (2, 1, 0, None)
    assert (new.notified, new.participation) == (False, Participation.NEEDS_ACTION)


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


LINK = Conference("external-1", "provider-1", "https://meet.example.org/1", attempted=True)
OTHER = replace(LINK, join_url="https://meet.example.org/2")


def test_the_first_link_is_no_revision() -> None:
    meeting = with_link(publish(draft(), "uid-1", NOW), LINK, LATER)
    assert meeting.conference == LINK
    assert numbers(meeting) == (0, 1, 1)


def test_a_first_link_that_comes_after_the_invitations_is_told() -> None:
    meeting = with_link(published(), LINK, LATER)
    assert numbers(meeting) == (1, 2, 1)
    assert meeting.revised_at == LATER


def test_another_link_than_the_one_attendees_have_is_told_and_keeps_answers() -> None:
    meeting = with_link(published(conference=LINK), OTHER, LATER)
    assert numbers(meeting) == (1, 2, 1)
    assert meeting.revised_at == LATER
    assert meeting.attendees == published().attendees


def test_another_link_before_anybody_was_told_is_no_revision() -> None:
    meeting = publish(draft(conference=LINK), "uid-1", NOW)
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
    assert (meeting.uid, meeting.revised_at) == ("uid-1", LATER)


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
