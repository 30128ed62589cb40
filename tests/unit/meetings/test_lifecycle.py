"""Publishing and changing a meeting."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from orchestrator.domain.meetings.lifecycle import (
    Change,
    publish,
    require_status,
    revise,
)
from orchestrator.domain.meetings.meeting import (
    AgendaEntry,
    MeetingStatus,
    Participation,
)
from orchestrator.errors import Conflict
from orchestrator.facts import plain
from tests.unit.meetings.living import (
    LATER,
    NOW,
    ORGANIZER,
    STARTS,
    draft,
    numbers,
    person,
    published,
    sequences,
    wanted,
)

AGENDA = (AgendaEntry("Welcome", "Chào mừng", "TH", number=1),)


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
