"""The personal page: what it tells, and the answers that are given on it."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.people.contacts import Contact
from orchestrator.services.personal.delegation_list import Member
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    NHUNG,
    STARTS,
    TAN,
    THIDA,
    World,
    contents,
    until,
    waiting_for_a_lock,
)
from tests.integration.personal.personal_pages import (
    LAN,
    LINK,
    MINH,
    STAFF,
    K,
    P,
    answers,
    attendee,
    feed_token,
    history,
    meeting,
    records,
    token,
)


def reminders(world: World, email: str) -> Counter[str]:
    number = attendee(world, email).id
    return Counter(row.state for row in world.rows(K.REMIND) if row.attendee_id == number)


# The page


def test_a_page_tells_the_readers_own_time_first_and_the_hosts_beside(invited: World) -> None:
    view = invited.personal_pages.page(token(invited, THIDA))
    assert str(view.times.starts) == "Thursday, 3 December 2026, 13:30 Nay Pyi Taw (UTC+06:30)"
    assert view.times.beside is not None
    assert view.times.beside.clock == "14:00"
    assert (words.say(view.times.duration), view.times.started, view.times.over) == (
        "2 h 30 min",
        False,
        False,
    )
    assert (view.name, view.delegation_name, view.title) == (
        "Thida Aye",
        "Myanmar",
        "Senior Officials Meeting",
    )
    assert view.join_url == LINK
    assert view.contact == Contact("Trần Minh Khôi", "coordinator@vn.example.org")
    assert [item.lead for item in view.agenda] == ["Viet Nam", None]
    assert (view.answer, view.answered_at, view.comment, view.refusal) == ("no answer", None, None, None)


def test_the_hosts_own_people_see_one_time_and_the_title_in_their_language(invited: World) -> None:
    view = invited.personal_pages.page(token(invited, NHUNG))
    assert view.times.beside is None
    assert view.title_vi == "Hội nghị quan chức cấp cao"
    assert invited.personal_pages.page(token(invited, THIDA)).title_vi is None


def test_who_answers_for_the_delegation_sees_it_and_nobody_else_does(invited: World) -> None:
    for email, seen in ((LAN, 3), (NHUNG, 3), (MINH, 0), (THIDA, 1), (TAN, 1)):
        view = invited.personal_pages.page(token(invited, email))
        assert view.answers_for_delegation == (email != MINH)
        assert len(view.members) == seen
        assert {item.email for item in view.members} <= {
            item["email"] for item in STAFF if item["delegation"] == view.delegation
        }
    members = invited.personal_pages.page(token(invited, LAN)).members
    assert [(item.email, item.seat, item.myself, item.stays) for item in members] == [
        (NHUNG, "head of delegation", False, False),
        (LAN, "member", True, True),
        (MINH, "member", False, False),
    ]


def test_looking_changes_nothing(invited: World) -> None:
    opened, subscribed = token(invited, LAN), feed_token(invited, LAN)
    before, woken = contents(invited.database), invited.wake_up.notified
    invited.personal_pages.page(opened)
    invited.personal_pages.invitation(opened)
    invited.calendar_feeds.feed(subscribed)
    invited.delegation_lists.compose(opened, [Member("A", "a@vn.example.org")], dry_run=True)
    invited.personal_links.link_of("SOM-2026", LAN)
    assert contents(invited.database) == before
    assert invited.wake_up.notified == woken


# Answering


def test_an_answer_is_recorded_with_who_when_and_how(invited: World) -> None:
    version, woken = meeting(invited).version, invited.wake_up.notified
    done = invited.personal_answers.answer(token(invited, MINH), P.ACCEPTED, "  Tôi sẽ đến.\r\nMinh\x00 ")
    assert done.names == ("Đỗ Quang Minh",)
    assert invited.wake_up.notified == woken + 1
    assert meeting(invited).version == version
    found = attendee(invited, MINH)
    assert (found.participation, found.comment, found.answer_stamp) == (
        P.ACCEPTED,
        "Tôi sẽ đến.\nMinh",
        invited.clock.now(),
    )
    (row,) = records(invited)
    assert (row.kind, row.channel, row.by) == ("answer", "web", f"Đỗ Quang Minh <{MINH}>")
    (noted,) = history(invited, "answered")
    assert (noted.channel, words.maybe(noted.detail)) == ("web", "Đỗ Quang Minh: accepted")
    view = invited.personal_pages.page(token(invited, MINH))
    assert (view.answer, words.maybe(view.answered_via), view.answered_by) == (
        "accepted",
        "on the personal page",
        None,
    )
    assert str(view.answered_at) == "Sunday, 1 November 2026, 10:00 Ha Noi (UTC+07:00)"
    (line,) = view.history
    assert (line.who, maybe(line.what), line.by, line.comment) == (
        "Đỗ Quang Minh",
        "accepted",
        None,
        "Tôi sẽ đến.\nMinh",
    )


def test_a_focal_point_answers_for_the_delegation(invited: World) -> None:
    head, delegate = attendee(invited, NHUNG), attendee(invited, MINH)
    done = invited.personal_answers.answer(
        token(invited, LAN), P.ACCEPTED, "All of us.", {head.id, delegate.id, attendee(invited, LAN).id}
    )
    assert set(done.names) == {"Lê Thị Hồng Nhung", "Phạm Thu Lan", "Đỗ Quang Minh"}
    assert answers(invited) == {
        NHUNG: P.ACCEPTED,
        LAN: P.ACCEPTED,
        MINH: P.ACCEPTED,
        THIDA: P.NEEDS_ACTION,
        TAN: P.NEEDS_ACTION,
    }
    assert {row.attendee_id: (row.by, row.comment) for row in records(invited)} == {
        attendee(invited, LAN).id: (f"Phạm Thu Lan <{LAN}>", "All of us."),
        head.id: (f"Phạm Thu Lan <{LAN}>", None),
        delegate.id: (f"Phạm Thu Lan <{LAN}>", None),
    }
    view = invited.personal_pages.page(token(invited, NHUNG))
    assert (view.answered_by, len(view.history)) == ("Phạm Thu Lan", 3)
    # A delegate sees their own answers only.
    assert [item.who for item in invited.personal_pages.page(token(invited, MINH)).history] == [
        "Đỗ Quang Minh"
    ]


def test_one_can_answer_for_others_and_leave_ones_own_answer(invited: World) -> None:
    invited.personal_answers.answer(
        token(invited, LAN), P.DECLINED, "On mission", [attendee(invited, MINH).id], myself=False
    )
    assert (answers(invited)[LAN], attendee(invited, MINH).comment) == (P.NEEDS_ACTION, "On mission")
    with pytest.raises(InvalidInput, match="Tick whom the answer is for"):
        invited.personal_answers.answer(token(invited, LAN), P.ACCEPTED, myself=False)


def test_answering_for_others_keeps_what_they_said_themselves(invited: World) -> None:
    invited.personal_answers.answer(token(invited, MINH), P.ACCEPTED, "I come later.")
    done = invited.personal_answers.answer(
        token(invited, LAN), P.ACCEPTED, None, [attendee(invited, MINH).id]
    )
    assert done.names == ("Phạm Thu Lan",)
    assert attendee(invited, MINH).comment == "I come later."


def test_nobody_answers_for_another_delegation_or_without_the_right(invited: World) -> None:
    before = contents(invited.database)
    for reader, wanted in ((LAN, THIDA), (LAN, TAN), (TAN, NHUNG), (MINH, LAN), (THIDA, NHUNG)):
        for number in (attendee(invited, wanted).id, 10**30):
            with pytest.raises(InvalidInput) as refused:
                invited.personal_answers.answer(token(invited, reader), P.DECLINED, None, [number])
            assert refused.value.problems[0].field == "for_also"
    assert contents(invited.database) == before


def test_the_same_answer_twice_is_recorded_once(invited: World) -> None:
    for text in ("Yes", " Yes\r\n", "Yes"):
        invited.personal_answers.answer(token(invited, MINH), P.ACCEPTED, text)
    assert len(records(invited)) == 1
    assert invited.personal_answers.answer(token(invited, MINH), P.ACCEPTED, "Yes, at 3").names
    assert invited.personal_answers.answer(token(invited, MINH), P.ACCEPTED).names
    assert len(records(invited)) == 3


def test_a_double_click_is_recorded_once(postgres: Database, tmp_path: Any) -> None:
    world = World(postgres, tmp_path)
    world.invited(attendees=STAFF)
    opened, together = token(world, MINH), Barrier(4)

    def press() -> None:
        together.wait()
        world.personal_answers.answer(opened, P.ACCEPTED)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(press) for _ in range(4)]:
            done.result()
    assert len(records(world)) == 1


@pytest.mark.both_databases
def test_declining_stops_reminders_and_accepting_again_brings_them_back(invited: World) -> None:
    assert reminders(invited, MINH) == {ActionState.SCHEDULED: 3}
    invited.personal_answers.answer(token(invited, MINH), P.DECLINED)
    assert reminders(invited, MINH) == {ActionState.CANCELLED: 3}
    invited.personal_answers.answer(token(invited, MINH), P.ACCEPTED)
    assert reminders(invited, MINH) == {ActionState.SCHEDULED: 3}


def test_answers_are_taken_until_the_start(invited: World) -> None:
    opened = token(invited, MINH)
    invited.clock.at = STARTS - timedelta(seconds=1)
    invited.personal_answers.answer(opened, P.TENTATIVE)
    invited.clock.at = STARTS
    for call in (
        lambda: invited.personal_answers.answer(opened, P.ACCEPTED),
        lambda: invited.delegation_lists.compose(token(invited, LAN), [Member("A", "a@vn.example.org")]),
    ):
        with pytest.raises(Conflict, match="The meeting has begun"):
            call()
    view = invited.personal_pages.page(opened)
    assert (view.answer, view.join_url) == ("tentative", LINK)
    assert view.times.started and not view.times.over
    invited.clock.at = ENDS
    view = invited.personal_pages.page(opened)
    assert (words.maybe(view.refusal), view.join_url, view.times.over) == ("The meeting is over.", None, True)


def test_a_cancelled_meeting_takes_no_answer(invited: World) -> None:
    invited.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    with pytest.raises(Conflict, match="was cancelled"):
        invited.personal_answers.answer(token(invited, MINH), P.ACCEPTED)
    view = invited.personal_pages.page(token(invited, MINH))
    assert (view.status, view.join_url) == ("cancelled", None)


def test_a_save_the_date_can_be_answered_and_the_answer_stays(world: World) -> None:
    world.create(attendees=STAFF)
    world.meetings.publish("SOM-2026", caller=caller("coordinator"), save_the_date=True)
    world.run()
    world.clock.move(hours=1)
    assert world.personal_pages.page(token(world, MINH)).status == "save-the-date"
    world.personal_answers.answer(token(world, MINH), P.ACCEPTED)
    world.clock.move(hours=1)
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    view = world.personal_pages.page(token(world, MINH))
    assert (view.status, view.answer) == ("published", "accepted")
    assert [(maybe(item.what.fact), maybe(item.old)) for item in view.changes] == [
        ("Status", "Save the date")
    ]


def test_only_three_answers_can_be_given(invited: World) -> None:
    for participation in (P.NEEDS_ACTION, P.DELEGATED):
        with pytest.raises(InvalidInput) as refused:
            invited.personal_answers.answer(token(invited, MINH), participation)
        assert refused.value.problems[0].field == "answer"


def test_a_comment_that_is_too_long_is_refused_whole(invited: World) -> None:
    with pytest.raises(InvalidInput, match="has 2001 characters"):
        invited.personal_answers.answer(token(invited, MINH), P.ACCEPTED, "x" * 2001)
    # Joiners make Khmer, Burmese and emoji what they are.
    said = "\u1781\u200b\u1793\u200d \U0001f468\u200d\U0001f469\u200d\U0001f467"
    invited.personal_answers.answer(token(invited, MINH), P.ACCEPTED, said)
    assert attendee(invited, MINH).comment == said


def test_what_changed_since_the_answer_is_told_and_a_new_time_asks_again(invited: World) -> None:
    invited.personal_answers.answer(token(invited, THIDA), P.ACCEPTED)
    assert invited.personal_pages.page(token(invited, THIDA)).changes == ()
    invited.clock.move(hours=1)
    update = MeetingUpdate.model_validate({"start": "2026-12-03 15:00", "title": {"en": "SOM, second"}})
    invited.meetings.update(
        "SOM-2026",
        update,
        caller=caller("coordinator"),
        version=meeting(invited).version,
        reason="The Chair is ill.",
    )
    view = invited.personal_pages.page(token(invited, THIDA))
    assert [maybe(item.what.fact) for item in view.changes] == ["Time", "Title"]
    assert "13:30–16:00 Nay Pyi Taw" in (maybe(view.changes[0].old) or "")
    assert (view.answer, view.asked_again) == ("no answer", True)
    # Who never answered reads what the last revision changed.
    assert invited.personal_pages.page(token(invited, TAN)).changes
    assert invited.personal_pages.page(token(invited, TAN)).changed_since is None
    invited.clock.move(hours=1)
    assert invited.personal_answers.answer(token(invited, THIDA), P.ACCEPTED).names
    view = invited.personal_pages.page(token(invited, THIDA))
    assert (view.changes, view.asked_again) == ((), False)


def test_answers_of_every_channel_stand_in_the_record(invited: World) -> None:
    invited.answers.answer("SOM-2026", NHUNG, P.TENTATIVE, caller=caller("telephone"))
    invited.clock.move(minutes=1)
    invited.answers.answer("SOM-2026", MINH, P.DECLINED, caller=caller("console"))
    view = invited.personal_pages.page(token(invited, LAN))
    assert [
        (item.who, words.say(item.what), words.say(item.channel), words.maybe(item.by))
        for item in view.history
    ] == [
        ("Đỗ Quang Minh", "declined", "entered by the coordinator", "the coordinator"),
        ("Lê Thị Hồng Nhung", "tentative", "entered by the coordinator", "the coordinator"),
    ]
    assert invited.personal_pages.page(token(invited, THIDA)).history == ()


def test_who_waits_for_the_meeting_is_stamped_once_it_is_theirs(postgres: Database, tmp_path: Path) -> None:
    world = World(postgres, tmp_path)
    world.invited(attendees=STAFF)
    opened = token(world, MINH)
    with postgres.transaction() as session:
        store.load(session, meeting(world).id, lock=True)
        answering = Thread(target=world.personal_answers.answer, args=(opened, P.ACCEPTED))
        answering.start()
        until(lambda: waiting_for_a_lock(postgres), "the answer to wait")
        world.clock.move(minutes=5)
    answering.join(30)
    assert not answering.is_alive()
    assert attendee(world, MINH).answer_stamp == world.clock.now()


def test_a_heads_late_decline_is_urgent(invited: World) -> None:
    invited.clock.at = STARTS - timedelta(hours=3)
    invited.personal_answers.answer(token(invited, LAN), P.DECLINED, None, [attendee(invited, NHUNG).id])
    assert {row.attendee_id: row.urgent for row in records(invited)} == {
        attendee(invited, LAN).id: False,
        attendee(invited, NHUNG).id: True,
    }
    invited.scheduling.claim()
    assert invited.states(K.ALERT) == [ActionState.CLAIMED]
