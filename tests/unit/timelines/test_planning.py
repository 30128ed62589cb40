"""Planning, rule by rule."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from orchestrator.domain.meetings.alerts import Alert, AlertKind
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.lifecycle import (
    Change,
    cancel,
    conclude,
    publish,
    revise,
)
from orchestrator.domain.meetings.meeting import MeetingStatus, News, Participation, Refusal
from orchestrator.domain.timelines.planning import plan
from orchestrator.domain.timelines.reconciling import reconcile
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.facts import Fact
from tests.saying import said
from tests.unit.plans import (
    CALENDARS,
    ENDS,
    LINK,
    MEETINGS,
    NO_LINK,
    NOW,
    ORGANIZER,
    STARTS,
    TIMELINE,
    K,
    S,
    draft,
    person,
    planned,
    published,
    reconciled,
    removed,
    stored,
)

# What each status calls for.


def test_a_draft_calls_for_nothing() -> None:
    assert plan(draft(), TIMELINE, CALENDARS) == []


def test_a_published_meeting_calls_for_link_invitations_reminders_and_its_end() -> None:
    found = planned(published())
    assert {key: (item.revision, item.due, item.expires, item.waits_for) for key, item in found.items()} == {
        "conference": (1, None, ENDS, None),
        "look:link": (1, NOW + timedelta(minutes=30), ENDS, None),
        "invite:attendee-1": (1, None, ENDS, "conference"),
        "invite:attendee-2": (1, None, ENDS, "conference"),
        "remind:P7D:attendee-1": (
            1,
            datetime(2026, 11, 26, 2, tzinfo=UTC),
            datetime(2026, 11, 26, 9, tzinfo=UTC),
            None,
        ),
        "remind:P7D:attendee-2": (
            1,
            datetime(2026, 11, 26, 2, 30, tzinfo=UTC),
            datetime(2026, 11, 26, 9, 30, tzinfo=UTC),
            None,
        ),
        # The grace would last beyond the start; nobody is reminded of a meeting that has begun.
        "remind:PT1H:attendee-1": (1, STARTS - timedelta(hours=1), STARTS, None),
        "remind:PT1H:attendee-2": (1, STARTS - timedelta(hours=1), STARTS, None),
        "conclude": (1, ENDS, ENDS + timedelta(days=365), None),
        # Three working days before the first reminder.
        "digest": (
            date(2026, 11, 23).toordinal(),
            datetime(2026, 11, 23, 1, 30, tzinfo=UTC),
            datetime(2026, 11, 23, 16, 30, tzinfo=UTC),
            None,
        ),
    }


def test_once_the_link_is_there_nothing_waits_and_no_alert_is_due() -> None:
    found = planned(published(conference=LINK))
    assert "look:link" not in found
    assert found["invite:attendee-1"].waits_for is None
    assert found["conference"].revision == 1


REFUSED = Fact.of("outside.graph.no-access-policy", answer="403")


def troubled(conference: Conference, *, needs_person: bool) -> Conference:
    return conference.failed(REFUSED, NOW + timedelta(minutes=5), needs_person=needs_person)


@pytest.mark.parametrize("known", [NO_LINK, LINK])
def test_what_only_a_person_can_mend_is_told_at_once(known: Conference) -> None:
    alert = planned(published(conference=troubled(known, needs_person=True)))["look:link"]
    assert (alert.revision, alert.due) == (2, None)


@pytest.mark.parametrize("known", [NO_LINK, LINK])
def test_what_may_pass_is_told_when_it_lasts(known: Conference) -> None:
    alert = planned(published(conference=troubled(known, needs_person=False)))["look:link"]
    assert (alert.revision, alert.due) == (2, NOW + timedelta(minutes=35))


def test_the_same_trouble_is_not_told_twice_and_another_one_is() -> None:
    first = troubled(NO_LINK, needs_person=False)
    assert troubled(first, needs_person=False) is first
    worse = troubled(first, needs_person=True)
    assert planned(published(conference=worse))["look:link"].revision == 3
    assert troubled(worse, needs_person=True) is worse
    assert troubled(worse, needs_person=False) is worse
    again = troubled(replace(worse, trouble=None), needs_person=True)
    assert planned(published(conference=again))["look:link"].revision == 4


def test_a_link_given_by_hand_needs_no_provider() -> None:
    found = planned(published(conference=replace(LINK, by_hand=True, provider_id=None)))
    assert not {"conference", "look:link"} & set(found)
    assert found["invite:attendee-1"].waits_for is None


def test_who_has_declined_is_neither_invited_nor_reminded() -> None:
    meeting = published(attendees=(person(1), person(2, participation=Participation.DECLINED)))
    assert not [key for key in planned(meeting) if key.endswith("attendee-2")]
    assert [key for key in planned(meeting) if key.endswith("attendee-1")]


def test_a_text_change_calls_for_new_invitations_but_no_new_reminders() -> None:
    found = planned(revise(published(), Change(title_en="New"), NOW))
    assert (found["invite:attendee-1"].revision, found["conference"].revision) == (2, 2)
    assert (found["remind:P7D:attendee-1"].revision, found["conclude"].revision) == (1, 1)


def test_a_new_time_calls_for_all_of_them_again() -> None:
    found = planned(revise(published(), Change(wall_start=datetime(2026, 12, 10, 14)), NOW))
    own = {"look:link", "digest"}
    assert {key: item.revision for key, item in found.items() if key not in own} == dict.fromkeys(
        set(found) - own, 2
    )
    assert found["remind:P7D:attendee-1"].due == datetime(2026, 12, 3, 2, tzinfo=UTC)


def test_whoever_was_removed_after_an_invitation_left_is_sent_a_cancel_and_nothing_else() -> None:
    people = (
        person(1),
        removed(2, 4),
        removed(3, 5, notified=False),
        removed(4, 5, withdrawn=True),
    )
    found = planned(published(attendees=people, conference=LINK))
    assert [key for key in found if key.endswith(("-2", "-3", "-4"))] == ["cancel:attendee-2"]
    wanted = found["cancel:attendee-2"]
    assert (wanted.kind, wanted.revision, wanted.due, wanted.expires) == (
        K.CANCEL,
        4,
        None,
        ENDS + timedelta(days=1),
    )


def test_whoever_is_in_the_meeting_again_is_due_an_invitation_and_no_cancel() -> None:
    again = person(5, email="PERSON2@example.org", joined_sequence=5, joined_at=NOW)
    found = planned(published(attendees=(person(1), removed(2, 4), again), conference=LINK))
    assert [key for key in found if "attendee-2" in key] == []
    assert found["invite:attendee-5"].revision == 1


def test_one_address_is_due_one_cancel_whatever_rows_it_stands_in() -> None:
    again = removed(5, 6, email="PERSON2@example.org", notified=False)
    found = planned(published(attendees=(person(1), removed(2, 4), again), conference=LINK))
    assert {key: item.revision for key, item in found.items() if key.startswith("cancel")} == {
        "cancel:attendee-5": 6
    }


def test_a_removal_after_the_end_is_told_to_nobody() -> None:
    in_time, late = (removed(2, 4, removed_at=ENDS + timedelta(seconds=seconds)) for seconds in (-1, 0))
    assert "cancel:attendee-2" in planned(published(attendees=(person(1), in_time)))
    assert "cancel:attendee-2" not in planned(published(attendees=(person(1), late)))


def test_a_save_the_date_calls_for_nothing_but_the_date_and_waits_for_no_link() -> None:
    found = planned(published(tentative=True))
    assert {key: item.waits_for for key, item in found.items()} == {
        "invite:attendee-1": None,
        "invite:attendee-2": None,
        "digest": None,
    }


def test_a_confirmed_save_the_date_calls_for_all_that_a_meeting_does() -> None:
    meeting = publish(published(tentative=True), "uid-1", NOW, organizer=ORGANIZER)
    found = planned(meeting)
    assert set(found) == set(planned(published()))
    assert (found["invite:attendee-1"].revision, found["invite:attendee-1"].waits_for) == (2, "conference")
    assert found["remind:P7D:attendee-1"].revision == 1


# What was asked for, and what is told to the coordinator.


def test_who_asked_for_the_invitation_again_is_sent_it_once_for_every_time_of_asking() -> None:
    people = (
        person(1, notified=True, resends=2),
        person(2, resends=1),
        removed(3, 1, resends=1),
        person(4, notified=True, resends=1, participation=Participation.DECLINED),
        person(5, notified=True),
    )
    found = planned(published(attendees=people, conference=LINK))
    again = {key: item for key, item in found.items() if item.kind is K.RESEND}
    assert {key: item.revision for key, item in again.items()} == {
        "resend:attendee-1": 2,
        # Perhaps what she was sent came back.
        "resend:attendee-2": 1,
        "resend:attendee-4": 1,
    }
    wanted = again["resend:attendee-1"]
    assert (wanted.due, wanted.expires, wanted.waits_for) == (None, ENDS, None)
    done = stored(wanted, S.SUCCEEDED, revision=1)
    (insert,) = reconcile(published(attendees=people), [wanted], [done], NOW).inserts
    assert insert.key == "resend:attendee-1#2"


def test_who_proposed_a_time_that_is_refused_is_told_once() -> None:
    people = (person(1, notified=True), removed(2, 1))
    refusals = (Refusal(7, 1), Refusal(8, 2), Refusal(9, 1))
    found = planned(published(attendees=people, refusals=refusals, conference=LINK))
    told = {key: item for key, item in found.items() if item.kind is K.REFUSAL}
    assert {key: (item.attendee_id, item.revision) for key, item in told.items()} == {
        "refusal:response-7": (1, 7),
        "refusal:response-9": (1, 9),
    }
    assert told["refusal:response-7"].expires == ENDS


def test_what_was_asked_for_waits_for_the_link_as_invitations_do() -> None:
    found = planned(published(attendees=(person(1, notified=True, resends=1),), refusals=(Refusal(7, 1),)))
    assert found["resend:attendee-1"].waits_for == found["refusal:response-7"].waits_for == "conference"


def test_what_came_is_told_on_the_next_working_morning_of_the_host_late_if_need_be() -> None:
    meeting = published(news=News(latest=9, first_at=NOW))
    wanted = planned(meeting)["digest"]
    assert (wanted.kind, wanted.attendee_id, wanted.late) == (K.DIGEST, None, True)
    assert wanted.due is not None
    assert (wanted.due.hour, wanted.due.minute) == (1, 30), "08:30 in Ha Noi"
    assert NOW < wanted.due <= NOW + timedelta(days=3)
    much_later = wanted.due + timedelta(hours=5)
    (insert,) = reconcile(meeting, [wanted], [], much_later).inserts
    assert insert.obligation.due == wanted.due
    assert reconcile(meeting, [wanted], [], wanted.expires).inserts == ()


def test_a_digest_that_is_out_is_followed_by_another_one_on_another_day() -> None:
    first = planned(published(news=News(latest=9, first_at=NOW)))["digest"]
    sent = stored(first, S.SUCCEEDED)
    assert first.due is not None
    later = first.due + timedelta(hours=1)
    again = published(news=News(latest=10, digest_at=first.due, told_until=first.due, first_at=later))
    (insert,) = reconciled(again, sent, only="digest", now=later).inserts
    assert insert.key == "digest#2"
    assert insert.obligation.revision > first.revision
    assert reconciled(published(news=News(latest=9, first_at=NOW)), sent, only="digest").changes_nothing


def test_the_day_of_the_meeting_has_a_digest_before_it_begins() -> None:
    eve = STARTS - timedelta(hours=20)
    found = planned(published(news=News(digest_at=eve, told_until=eve)))["digest"]
    assert found.due is not None
    assert (found.due.date(), found.due < STARTS) == (STARTS.date(), True)
    over = published(news=News(digest_at=STARTS))
    assert "digest" not in planned(over)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (MeetingStatus.DRAFT, set()),
        (MeetingStatus.PUBLISHED, {"digest", "alert"}),
        (MeetingStatus.CANCELLED, {"digest"}),
        (MeetingStatus.CONCLUDED, {"digest"}),
    ],
)
def test_a_digest_comes_whatever_becomes_of_the_meeting_but_a_decline_matters_only_while_it_goes_on(
    status: MeetingStatus, told: set[str]
) -> None:
    found = planned(replace(MEETINGS[status], news=News(latest=9, first_at=NOW), **DECLINE))
    assert set(found) & {"digest", "alert"} == told


def decline(number: int) -> Alert:
    return Alert(number, AlertKind.HEAD_DECLINED, f"key-{number}", NOW, (("attendee", "1"),))


DECLINE: dict[str, Any] = {
    "attendees": (person(1, participation=Participation.DECLINED), person(2)),
    "alerts": (decline(8),),
}


def test_what_must_not_wait_is_told_at_once_and_only_once() -> None:
    meeting = published(**DECLINE)
    wanted = planned(meeting)["alert"]
    assert (wanted.revision, wanted.due, wanted.attendee_id, wanted.waits_for) == (8, None, None, None)
    told = stored(wanted, S.SUCCEEDED)
    assert reconciled(meeting, told, only="alert").changes_nothing
    again = replace(meeting, alerts=(decline(8), decline(9)))
    (insert,) = reconciled(again, told, only="alert").inserts
    assert insert.key == "alert#2"


def test_what_has_been_mended_is_not_told() -> None:
    assert "alert" not in planned(published(alerts=(decline(8),))), "who has accepted since"


def test_a_cancelled_meeting_tells_whom_it_told_and_takes_the_link_down() -> None:
    people = (
        person(1, notified=True),
        person(2),
        person(3, notified=True, participation=Participation.DECLINED),
        person(4, notified=True, withdrawn=True),
    )
    meeting = cancel(published(attendees=people, conference=LINK), NOW)
    found = planned(meeting)
    assert set(found) == {"cancel:attendee-1", "cancel:attendee-3", "conference-delete"}
    assert found["cancel:attendee-1"].revision == meeting.sequence == 1
    assert found["conference-delete"].expires == ENDS + timedelta(days=7)


@pytest.mark.parametrize(
    ("conference", "deleted"),
    [
        (NO_LINK, False),
        (replace(NO_LINK, attempted=True), True),
        (replace(NO_LINK, provider_id="p"), True),
        (replace(LINK, by_hand=True), True),
        (replace(LINK, by_hand=True, provider_id=None), False),
        (replace(LINK, by_hand=True, provider_id=None, attempted=True), False),
    ],
)
def test_only_what_may_exist_at_the_provider_is_deleted(conference: Conference, deleted: bool) -> None:
    assert ("conference-delete" in planned(cancel(published(conference=conference), NOW))) is deleted


def test_a_cancelled_draft_tells_nobody() -> None:
    assert plan(cancel(draft(), NOW), TIMELINE, CALENDARS) == []


def test_a_concluded_meeting_calls_for_minutes_once_there_are_some() -> None:
    meeting = conclude(published(), ENDS)
    assert planned(meeting) == {}
    declined = person(3, participation=Participation.DECLINED)
    gone = person(4, removed_sequence=1)
    people = (*meeting.attendees, declined, gone)
    found = planned(replace(meeting, minutes_version=2, minutes_at=ENDS, attendees=people))
    assert set(found) == {f"minutes:attendee-{number}" for number in (1, 2, 3)}
    wanted = found["minutes:attendee-3"]
    assert (wanted.revision, wanted.due, wanted.expires) == (2, None, ENDS + timedelta(days=7))


def test_planning_is_a_pure_function_of_its_arguments() -> None:
    assert plan(published(), TIMELINE, CALENDARS) == plan(published(), TIMELINE, CALENDARS)


def test_nobody_is_chased_on_the_day_on_which_they_are_first_asked() -> None:
    steps = [
        {
            "do": "notice",
            "about": "x",
            "ask": "delegation list",
            "to": "everyone",
            "at": "-P5D at 09:00 local",
        },
        {"do": "chase", "when": "list missing", "to": "everyone", "at": ["-P5D at 15:00 local", "-P4D"]},
    ]
    asking = Timeline.of({"name": "t", "title": "T", "steps": steps})
    meeting = published(conference=LINK)
    found = {item.step: item.left_out for item in plan(meeting, asking, CALENDARS) if item.kind is K.CHASE}
    assert said(found["chase/1"]).startswith("the delegation list is first asked for on ")
    assert found["chase/2"] is None


@pytest.mark.parametrize(("after", "noted"), [(timedelta(0), False), (timedelta(seconds=1), True)])
def test_an_invitation_at_the_very_moment_of_publishing_is_not_overdue(after: timedelta, noted: bool) -> None:
    steps = [{"do": "invite", "at": "-P20D at 09:00 local"}]
    inviting = Timeline.of({"name": "t", "title": "T", "steps": steps})
    meeting = published(conference=LINK)
    (wanted, *_) = plan(meeting, inviting, CALENDARS)
    assert wanted.due is not None
    late = replace(meeting, published_at=wanted.due + after)
    (item, *_) = plan(late, inviting, CALENDARS)
    assert bool(item.note) is noted
