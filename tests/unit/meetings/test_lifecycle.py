"""The life of a meeting: publish, change, link, mailbox, cancel, reinstate, conclude."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.lifecycle import (
    Change,
    cancel,
    conclude,
    publish,
    reinstate,
    require_status,
    retimed,
    revise,
    with_link,
    with_organizer,
)
from orchestrator.domain.meetings.meeting import (
    AgendaEntry,
    Attendee,
    Conference,
    Meeting,
    MeetingStatus,
    Participation,
)
from orchestrator.errors import Conflict
from orchestrator.facts import plain

ORGANIZER = "meetings@accsm.example"
NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
AFTER = NOW + timedelta(days=2)
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


AGENDA = (AgendaEntry("Welcome", "Chào mừng", "TH", number=1),)


def published(**fields: Any) -> Meeting:
    """A published meeting; everybody has been invited, the first accepted, the second declined."""
    meeting = publish(draft(), "uid-1", NOW, organizer=ORGANIZER)
    people = (
        replace(meeting.attendees[0], notified=True, participation=Participation.ACCEPTED),
        replace(meeting.attendees[1], notified=True, participation=Participation.DECLINED),
    )
    return replace(meeting, **({"attendees": people} | fields))


def numbers(meeting: Meeting) -> tuple[int, int, int]:
    return meeting.sequence, meeting.revision, meeting.time_revision


def sequences(meeting: Meeting) -> tuple[int, int, int]:
    """The highest given out, that of the current revision, that of the last reset."""
    return meeting.sequence, meeting.revised_sequence, meeting.reset_sequence


def wanted(*people: Attendee) -> tuple[Attendee, ...]:
    """The people as a coordinator lists them: without what only the store knows."""
    return tuple(Attendee(item.name, item.email, item.delegation, item.group, item.role) for item in people)


def test_a_refusal_says_what_would_be_allowed() -> None:
    with pytest.raises(Conflict) as caught:
        require_status(draft(), plain("changed"), MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED)
    assert caught.value.message == "SOM-2026 is draft; only a published or concluded meeting can be changed."


def test_publishing_gives_the_uid_and_the_first_revision() -> None:
    meeting = publish(draft(), "uid-1", NOW, organizer=ORGANIZER)
    assert (meeting.status, meeting.uid) == (MeetingStatus.PUBLISHED, "uid-1")
    assert numbers(meeting) == (0, 1, 1)
    assert sequences(meeting) == (0, 0, 0)
    assert (meeting.revised_at, meeting.published_at) == (NOW, NOW)
    assert (meeting.organizer, meeting.tentative) == (ORGANIZER, False)
    assert [(item.joined_sequence, item.joined_at) for item in meeting.attendees] == [(0, None)] * 2


@pytest.mark.parametrize(
    "status", [MeetingStatus.PUBLISHED, MeetingStatus.CANCELLED, MeetingStatus.CONCLUDED]
)
def test_only_a_draft_is_published(status: MeetingStatus) -> None:
    with pytest.raises(Conflict, match=f"SOM-2026 is {status}; only a draft meeting can be published"):
        publish(draft(status=status), "uid-1", NOW, organizer=ORGANIZER)


@pytest.mark.parametrize("now", [STARTS, STARTS + timedelta(days=1)])
def test_a_meeting_that_starts_in_the_past_is_not_published(now: datetime) -> None:
    with pytest.raises(Conflict, match="starts in the past; move it to a coming date"):
        publish(draft(), "uid-1", now, organizer=ORGANIZER)


def test_a_meeting_without_attendees_is_not_published() -> None:
    with pytest.raises(Conflict, match="has no attendees; add somebody to invite"):
        publish(draft(attendees=(person(1, removed_sequence=0),)), "uid-1", NOW, organizer=ORGANIZER)


def test_a_draft_is_changed_without_any_revision() -> None:
    change = Change(
        title_en="New", wall_start=datetime(2026, 1, 1), zone="Asia/Dili", duration=timedelta(hours=1)
    )
    meeting = revise(draft(), change, NOW)
    assert (meeting.title_en, meeting.title_vi, meeting.zone) == ("New", "Hội nghị", "Asia/Dili")
    assert (meeting.wall_start, meeting.duration) == (datetime(2026, 1, 1), timedelta(hours=1))
    assert numbers(meeting) == (0, 0, 0)
    assert meeting.revised_at is None


def test_somebody_removed_from_a_draft_is_marked_so_and_no_number_is_used_up() -> None:
    meeting = revise(draft(), Change(attendees=wanted(person(2), person(3))), NOW)
    assert [(item.name, item.id) for item in meeting.invited] == [("Person 2", 2), ("Person 3", 0)]
    gone = meeting.attendees[0]
    assert (gone.name, gone.removed_sequence, gone.removed_at) == ("Person 1", 0, NOW)
    assert numbers(meeting) == (0, 0, 0)


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
    assert sequences(meeting) == (1, 1, 1)
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


def test_a_new_time_forgets_what_was_said_to_the_old_one() -> None:
    answered = person(
        1,
        notified=True,
        participation=Participation.DELEGATED,
        answer_stamp=NOW,
        comment="Ask Sok",
        delegated_to="sok@kh.example.org",
        resends=2,
    )
    (again,) = revise(published(attendees=(answered,)), Change(duration=timedelta(hours=1)), LATER).attendees
    assert again == person(1, notified=True, resends=2)


TEXTS = [
    Change(title_en="New"),
    Change(title_vi="Mới"),
    Change(title_vi=""),
    Change(agenda=(AgendaEntry("Opening", number=1),)),
    Change(agenda=(AgendaEntry("Welcome", "Khai mạc", "VN", number=1),)),
    Change(coordinator_name="L"),
    Change(coordinator_email="l@vn.example.org"),
]


@pytest.mark.parametrize("change", TEXTS)
def test_a_new_text_is_a_revision_that_keeps_sequence_and_answers(change: Change) -> None:
    before = published(agenda=AGENDA)
    meeting = revise(before, change, LATER)
    assert numbers(meeting) == (0, 2, 1)
    assert sequences(meeting) == (0, 0, 0)
    assert meeting.revised_at == LATER
    assert meeting.attendees == before.attendees


@pytest.mark.parametrize("change", TEXTS)
def test_a_text_may_be_saved_silently_and_is_fresh_for_whoever_is_sent_it_later(change: Change) -> None:
    before = published(agenda=AGENDA)
    meeting = revise(before, change, LATER, notify=False)
    assert meeting == replace(revise(before, change, LATER), revision=1)
    assert numbers(meeting) == (0, 1, 1)
    assert meeting.revised_at == LATER


def test_an_empty_vietnamese_title_takes_it_out() -> None:
    assert revise(published(), Change(title_vi=""), LATER).title_vi is None


def test_a_new_vietnamese_agenda_alone_is_told_to_nobody_because_mails_carry_the_english_one() -> None:
    before = published(agenda=AGENDA)
    translated = replace(AGENDA[0], vi="Khai mạc")
    meeting = revise(before, Change(agenda=(translated,)), LATER)
    assert meeting == replace(before, agenda=(translated,))


@pytest.mark.parametrize("notify", [True, False])
def test_each_revision_has_a_later_dtstamp_than_all_before_even_within_one_second(notify: bool) -> None:
    """Calendars take the later of two messages of one SEQUENCE, and they count whole seconds."""
    meeting, stamps = published(), [NOW]
    for number in range(4):
        now = NOW + timedelta(milliseconds=200 * number)
        meeting = revise(meeting, Change(title_en=f"Title {number}"), now, notify=notify)
        assert meeting.revised_at is not None
        stamps.append(meeting.revised_at)
    assert [stamp.replace(microsecond=0) for stamp in stamps] == [
        NOW + timedelta(seconds=number) for number in range(5)
    ]
    meeting = revise(meeting, Change(title_en="Last"), LATER)
    assert meeting.revised_at == LATER


def test_a_text_saved_in_the_second_in_which_somebody_was_added_has_a_later_dtstamp_than_that() -> None:
    added = revise(published(), Change(attendees=wanted(person(1), person(2), person(3))), LATER)
    meeting = revise(added, Change(title_en="New"), LATER)
    assert meeting.revised_at == LATER + timedelta(seconds=1)


def test_a_clock_put_back_makes_no_revision_look_old() -> None:
    meeting = revise(published(), Change(title_en="New"), NOW - timedelta(hours=1))
    assert meeting.revised_at == NOW + timedelta(seconds=1)


def test_a_change_that_changes_nothing_is_no_revision() -> None:
    meeting = published()
    same = Change(
        title_en="SOM",
        title_vi="Hội nghị",
        coordinator_name="K",
        coordinator_email="k@vn.example.org",
        wall_start=meeting.wall_start,
        zone=meeting.zone,
        duration=meeting.duration,
        agenda=(),
        attendees=wanted(*meeting.attendees),
    )
    assert revise(meeting, same, LATER) == meeting
    assert revise(meeting, Change(), LATER) == meeting


def test_an_agenda_can_be_emptied() -> None:
    meeting = published(agenda=(AgendaEntry("Opening", number=1),))
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


LINK = Conference("external-1", "provider-1", "https://meet.example.org/1", attempted=True)
OTHER = replace(LINK, join_url="https://meet.example.org/2")


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


# --- new rules of a zone


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
