"""What a personal link can do, on both databases: look, answer, name who comes, revoke, subscribe."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import select

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.letters.invitation import description
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import Attendee, Meeting, Need, Participation
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput, NotFound, OrchestratorError
from orchestrator.services.people.contacts import Contact
from orchestrator.services.people.links import VALID_AFTER_THE_END
from orchestrator.services.personal.delegation_list import MOST_MEMBERS, Composition, Member
from orchestrator.services.personal.followed_link import LinkClosedError
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.answers import ResponseRow
from orchestrator.store.rows.meetings import HistoryRow
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    NHUNG,
    NOW,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
    contents,
    statements,
    until,
    waiting_for_a_lock,
)

P, K = Participation, ActionKind
LAN, MINH, WEI = "lan@vn.example.org", "minh@vn.example.org", "wei@sg.example.org"
STAFF = [
    PEOPLE[NHUNG],
    {"group": "ACCSM_FP", "delegation": "VN", "name": "Phạm Thu Lan", "email": LAN},
    {"group": "ACCSM_OFF", "delegation": "VN", "name": "Đỗ Quang Minh", "email": MINH},
    PEOPLE[THIDA],
    PEOPLE[TAN],
]
LINK = "https://teams.example.org/join/1"


@pytest.fixture
def invited(world: World) -> World:
    """A meeting to which Viet Nam sends a senior official, a focal point and a delegate."""
    world.invited(attendees=STAFF)
    world.clock.move(hours=1)
    return world


def meeting(world: World, reference: str = "SOM-2026") -> Meeting:
    with world.database.reading() as session:
        return store.load(session, store.find_id(session, reference))


def attendee(world: World, email: str) -> Attendee:
    return [item for item in meeting(world).attendees if item.email == email][-1]


def token(world: World, email: str) -> str:
    return world.links.page_token(attendee(world, email))


def feed_token(world: World, email: str) -> str:
    url = world.personal_pages.page(token(world, email)).feed_url
    return url.rpartition("/")[2].removesuffix(".ics")


def answers(world: World) -> dict[str, Participation]:
    return {item.email: item.participation for item in meeting(world).invited}


def records(world: World) -> list[ResponseRow]:
    with world.database.reading() as session:
        return list(session.scalars(select(ResponseRow).order_by(ResponseRow.id)))


def history(world: World, what: str) -> list[HistoryRow]:
    with world.database.reading() as session:
        return [item for item in session.scalars(select(HistoryRow)) if words.say(item.said) == what]


def reminders(world: World, email: str) -> Counter[str]:
    number = attendee(world, email).id
    return Counter(row.state for row in world.rows(K.REMIND) if row.attendee_id == number)


def events(content: bytes) -> dict[str, Any]:
    """The events of a calendar by summary."""
    return {str(item["SUMMARY"]): item for item in Calendar.from_ical(content).walk("VEVENT")}


# The page


def test_a_page_tells_the_readers_own_time_first_and_the_hosts_beside(invited: World) -> None:
    view = invited.personal_pages.page(token(invited, THIDA))
    assert str(view.times.starts) == "Thursday, 3 December 2026, 13:30 Nay Pyi Taw (UTC+06:30)"
    assert view.times.host is not None
    assert view.times.host.clock == "14:00"
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
    assert view.times.host is None
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
    invited.delegation_lists.compose(opened, [Member("A", "a@vn.example.org")], preview=True)
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
    invited.meetings.cancel("SOM-2026", caller=caller("coordinator"))
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
    assert [(maybe(item.what), item.old) for item in view.changes] == [("Status", "Save the date")]


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
        "SOM-2026", update, caller=caller("coordinator"), version=meeting(invited).version
    )
    view = invited.personal_pages.page(token(invited, THIDA))
    assert [maybe(item.what) for item in view.changes] == ["Time", "Title"]
    assert "13:30–16:00 Nay Pyi Taw" in view.changes[0].old
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
    assert invited.states(K.DECLINE_ALERT) == [ActionState.SCHEDULED]


# Links that open nothing


class Untouchable:
    """A database that must not be asked."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the database was asked: {name}")


def test_a_token_never_given_out_costs_a_signature_alone(tmp_path: Path) -> None:
    untouchable: Any = Untouchable()
    alone = World(untouchable, tmp_path)
    for forged in ("", "x", "WzEsMV0.x", "WzEsMV0" * 2000, "ổ", "[1,1]", "%00"):
        for call in (
            alone.personal_pages.page,
            alone.personal_pages.join_url,
            alone.personal_pages.invitation,
            alone.calendar_feeds.feed,
            lambda it: alone.personal_answers.answer(it, P.ACCEPTED),
            lambda it: alone.delegation_lists.compose(it, []),
            lambda it: alone.personal_pages.minutes(it, 1),
            alone.personal_date_polls.page,
            lambda it: alone.personal_date_polls.vote(it, {}),
            alone.still_missing.view,
            lambda it: alone.still_missing.settle(it, Need.PAPER, None),
        ):
            with pytest.raises(NotFound):
                call(forged)


def test_a_token_opens_only_what_it_was_made_for(invited: World) -> None:
    with pytest.raises(NotFound):
        invited.calendar_feeds.feed(token(invited, LAN))
    with pytest.raises(NotFound):
        invited.personal_pages.page(feed_token(invited, LAN))


def test_a_withdrawn_link_opens_nothing_and_the_next_mail_carries_the_new_one(invited: World) -> None:
    old = token(invited, MINH)
    new = invited.personal_links.revoke("SOM-2026", MINH.upper(), caller=caller("coordinator"))
    assert new == invited.personal_links.link_of("SOM-2026", MINH)
    for call in (
        lambda: invited.personal_pages.page(old),
        lambda: invited.personal_answers.answer(old, P.ACCEPTED),
        lambda: invited.personal_pages.invitation(old),
        lambda: invited.personal_pages.minutes(old, 1),
        lambda: invited.delegation_lists.compose(old, []),
    ):
        with pytest.raises(LinkClosedError) as closed:
            call()
        assert (closed.value.code, closed.value.contact.email) == (
            "link-revoked",
            "coordinator@vn.example.org",
        )
    assert invited.personal_pages.page(new.rpartition("/")[2]).email == MINH
    assert [row.actor for row in history(invited, "personal link revoked")] == ["coordinator"]
    invited.answers.send_again("SOM-2026", MINH, caller=caller("coordinator"))
    invited.run()
    text = str(invited.mailer.to(MINH)[-1].message.get_body(("plain",)))
    assert new.rpartition("/")[2] in text.replace("=\n", "").replace("=3D", "=")
    # Everybody else's link stays.
    assert invited.personal_pages.page(token(invited, LAN)).email == LAN


def test_links_of_drafts_and_strangers_cannot_be_had(world: World) -> None:
    world.create(attendees=STAFF)
    for call in (
        lambda: world.personal_links.link_of("SOM-2026", LAN),
        lambda: world.personal_links.revoke("SOM-2026", LAN, caller=caller("coordinator")),
    ):
        with pytest.raises(Conflict, match="is not published"):
            call()
    with pytest.raises(NotFound, match="has not been announced"):
        world.personal_pages.page(token(world, LAN))
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    with pytest.raises(NotFound, match=r"nobody@example\.org is not invited"):
        world.personal_links.link_of("SOM-2026", "nobody@example.org")


def test_a_page_closes_some_time_after_the_end(invited: World) -> None:
    opened = token(invited, MINH)
    invited.clock.at = ENDS + VALID_AFTER_THE_END
    invited.personal_pages.page(opened)
    invited.clock.move(seconds=1)
    with pytest.raises(LinkClosedError) as closed:
        invited.personal_pages.page(opened)
    assert closed.value.code == "link-expired"


def removed(world: World, *emails: str, reference: str = "SOM-2026") -> None:
    kept = [item for item in STAFF if item["email"] not in emails]
    update = MeetingUpdate.model_validate({"attendees": kept})
    version = meeting(world, reference).version
    world.meetings.update(reference, update, caller=caller("coordinator"), version=version)


def test_who_was_removed_reads_that_and_nothing_that_came_later(invited: World) -> None:
    opened, other, subscribed = token(invited, MINH), token(invited, LAN), feed_token(invited, MINH)
    removed(invited, MINH)
    invited.clock.move(hours=1)
    update = MeetingUpdate.model_validate({"title": {"en": "A secret"}, "start": "2026-12-04 09:00"})
    invited.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=meeting(invited).version
    )
    with pytest.raises(LinkClosedError) as closed:
        invited.personal_pages.page(opened)
    assert closed.value.code == "not-invited"
    assert closed.value.message == "You are no longer invited to “Senior Officials Meeting”."
    for call in (
        lambda: invited.personal_answers.answer(opened, P.ACCEPTED),
        lambda: invited.personal_pages.invitation(opened),
    ):
        with pytest.raises(LinkClosedError):
            call()
    (event,) = events(invited.calendar_feeds.feed(subscribed).content).values()
    assert (event["STATUS"], event["SUMMARY"]) == ("CANCELLED", "Senior Officials Meeting")
    assert event.start == STARTS
    assert "LOCATION" not in event and "teams.example.org" not in event["DESCRIPTION"]
    assert "Đỗ Quang Minh" not in [item.name for item in invited.personal_pages.page(other).members]


def test_an_old_link_of_somebody_invited_again_leads_to_the_newest_row(invited: World) -> None:
    old, number = token(invited, MINH), attendee(invited, MINH).id
    removed(invited, MINH)
    invited.run()
    removed(invited)
    assert attendee(invited, MINH).id != number
    assert invited.personal_pages.page(old).answer == "no answer"
    invited.personal_answers.answer(old, P.ACCEPTED)
    assert answers(invited)[MINH] is P.ACCEPTED
    assert [row.attendee_id for row in records(invited)] == [attendee(invited, MINH).id]
    invited.personal_links.revoke("SOM-2026", MINH, caller=caller("coordinator"))
    with pytest.raises(LinkClosedError):
        invited.personal_pages.page(old)


# Naming who comes


def composed(world: World, *members: Member, by: str = LAN, **options: Any) -> Composition:
    return world.delegation_lists.compose(token(world, by), members, **options)


NEW = Member("Vũ Thị Hạnh", "Hanh@vn.example.org", Seat.MEMBER)
OUT = Member("Đỗ Quang Minh", MINH, removed=True)


def test_named_members_are_invited_and_removed_ones_get_a_cancel(invited: World) -> None:
    preview = composed(invited, NEW, OUT, preview=True)
    assert preview.invited == (Contact("Vũ Thị Hạnh", "Hanh@vn.example.org"),)
    assert preview.withdrawn == (Contact("Đỗ Quang Minh", MINH),)
    assert (preview.dropped, preview.changed) == ((), ())
    version, sent = meeting(invited).version, len(invited.mailer.accepted)
    assert composed(invited, NEW, OUT) == preview
    invited.run()
    assert {(mail.recipient, mail.method) for mail in invited.mailer.accepted[sent:]} == {
        ("Hanh@vn.example.org", "REQUEST"),
        (MINH, "CANCEL"),
    }
    assert meeting(invited).version == version + 1
    hanh = attendee(invited, "Hanh@vn.example.org")
    assert (hanh.group, hanh.role, hanh.delegation, hanh.seat) == ("SOM", "delegate", "VN", Seat.MEMBER)
    (row,) = records(invited)
    assert (row.kind, row.channel, row.by) == ("composition", "web", f"Phạm Thu Lan <{LAN}>")
    assert "Vũ Thị Hạnh <Hanh@vn.example.org>, member" in (row.comment or "")
    assert f"Đỗ Quang Minh <{MINH}>, removed" in (row.comment or "")
    (noted,) = history(invited, "delegation named")
    assert (words.maybe(noted.detail) or "").startswith("VN, by Phạm Thu Lan: ")
    newest = invited.personal_pages.page(token(invited, LAN)).history[0]
    assert words.say(newest.what) == "named who comes"
    # The new member answers with the link in the invitation.
    invited.personal_answers.answer(token(invited, "Hanh@vn.example.org"), P.ACCEPTED)


def test_looking_ahead_at_a_list_writes_and_locks_nothing(invited: World) -> None:
    opened = token(invited, LAN)
    with statements(invited.database) as seen:
        assert invited.delegation_lists.compose(opened, [NEW, OUT], preview=True).invited
    assert {text.split()[0] for text in seen if not text.startswith("BEGIN")} == {"SELECT"}
    assert not any("FOR UPDATE" in text or "FOR SHARE" in text or "IMMEDIATE" in text for text in seen)


def test_who_stays_keeps_row_answer_and_link(invited: World) -> None:
    invited.personal_answers.answer(token(invited, MINH), P.ACCEPTED)
    number, opened, sent = attendee(invited, MINH).id, token(invited, MINH), len(invited.mailer.accepted)
    done = composed(invited, Member("Đỗ Quang Minh, PhD", MINH, Seat.SUBSTITUTE))
    assert tuple(map(words.say, done.changed)) == (
        "Đỗ Quang Minh is now called Đỗ Quang Minh, PhD",
        "Đỗ Quang Minh, PhD comes as substitute, not as member",
    )
    invited.run()
    found = attendee(invited, MINH)
    assert (found.id, found.seat, found.participation) == (number, Seat.SUBSTITUTE, P.ACCEPTED)
    assert len(invited.mailer.accepted) == sent
    assert invited.personal_pages.page(opened).answer == "accepted"


def test_a_new_head_leads_and_may_answer_for_the_delegation(invited: World) -> None:
    head = Member("Trần Văn Dũng", "dung@vn.example.org", Seat.HEAD)
    composed(invited, head, Member("Lê Thị Hồng Nhung", NHUNG, Seat.MEMBER))
    assert meeting(invited).head_of("VN") == attendee(invited, "dung@vn.example.org")
    assert attendee(invited, "dung@vn.example.org").role == "senior official"
    assert invited.personal_pages.page(token(invited, "dung@vn.example.org")).answers_for_delegation
    assert not invited.personal_pages.page(token(invited, NHUNG)).answers_for_delegation


def test_the_same_list_again_changes_nothing(invited: World) -> None:
    composed(invited, NEW, OUT)
    before = contents(invited.database)
    assert composed(invited, NEW, OUT, mark="of an older list").nothing
    assert contents(invited.database) == before


def test_a_list_changed_meanwhile_is_not_overwritten(invited: World) -> None:
    mark = invited.personal_pages.page(token(invited, LAN)).mark
    removed(invited, MINH)
    before = contents(invited.database)
    with pytest.raises(Conflict) as refused:
        composed(invited, NEW, Member("Đỗ Quang Minh", MINH, Seat.MEMBER), mark=mark)
    assert refused.value.code == "list-changed"
    assert contents(invited.database) == before
    # What the coordinator or another delegation changes beside it is in nobody's way.
    mark = invited.personal_pages.page(token(invited, LAN)).mark
    update = MeetingUpdate.model_validate({"title": {"en": "SOM, second"}})
    invited.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=meeting(invited).version
    )
    composed(invited, Member("Wei", WEI, Seat.MEMBER), by=TAN)
    composed(invited, NEW, mark=mark)


def test_who_is_not_named_stays(invited: World) -> None:
    composed(invited, NEW)
    assert {item.email for item in meeting(invited).invited} == {
        NHUNG,
        LAN,
        MINH,
        THIDA,
        TAN,
        "Hanh@vn.example.org",
    }


def test_nobody_named_for_a_meeting_without_its_link_yet_is_told_too_early(world: World) -> None:
    world.published(attendees=STAFF)
    done = composed(world, NEW, OUT)
    assert done.invited == (Contact("Vũ Thị Hạnh", "Hanh@vn.example.org"),)
    assert (done.withdrawn, done.dropped) == ((), (Contact("Đỗ Quang Minh", MINH),))
    assert world.mailer.accepted == []
    world.run()
    assert MINH not in {mail.recipient for mail in world.mailer.accepted}


REFUSED: list[tuple[list[Member], str, str]] = [
    ([Member("A", "a@vn")], "members[0].email", "is not an e-mail address"),
    ([Member("A", "")], "members[0].email", "is not an e-mail address"),
    ([Member(" ", "a@vn.example.org")], "members[0].name", "is empty"),
    ([Member("A\r\nBcc: x", "a@vn.example.org")], "members[0].name", "holds a line break"),
    ([Member("A" * 251, "a@vn.example.org")], "members[0].name", "at most 250"),
    ([NEW, Member("H", " hanh@VN.example.org ")], "members[1].email", "is there twice"),
    ([Member("T", THIDA.upper())], "members[0].email", "for another delegation"),
    ([Member("M", "Meetings@accsm.example")], "members[0].email", "that invitations come from"),
    ([Member("M", "meetings+1@accsm.example")], "members[0].email", "that invitations come from"),
    (
        [Member("N", NHUNG, Seat.HEAD), Member("H", "h@vn.example.org", Seat.HEAD)],
        "members[1].seat",
        "so is somebody else",
    ),
    ([Member("Lan", LAN, removed=True)], "members[0].seat", "cannot be taken out by yourself"),
    (
        [Member(f"P{n}", f"p{n}@vn.example.org", Seat.MEMBER) for n in range(MOST_MEMBERS - 2)],
        "members",
        "more than a delegation can have",
    ),
]


def test_what_cannot_be_is_refused_at_its_field(invited: World) -> None:
    before, opened = contents(invited.database), token(invited, LAN)
    for members, field, said in REFUSED:
        with pytest.raises(InvalidInput) as refused:
            invited.delegation_lists.compose(opened, members)
        (problem,) = refused.value.problems
        assert problem.field == field
        assert said in problem.message
    assert contents(invited.database) == before


def test_a_focal_point_cannot_be_removed_by_the_head_either(invited: World) -> None:
    with pytest.raises(InvalidInput, match="is a focal point"):
        composed(invited, Member("Lan", LAN, removed=True), by=NHUNG)


def test_a_delegate_names_nobody(invited: World) -> None:
    with pytest.raises(Conflict) as refused:
        composed(invited, NEW, by=MINH)
    assert refused.value.code == "not-allowed"


def test_somebody_of_another_delegation_is_not_removed(invited: World) -> None:
    assert composed(invited, Member("T", THIDA, removed=True)).nothing
    assert THIDA in answers(invited)


@pytest.mark.parametrize(
    ("attendees", "group"),
    [
        (STAFF, "SOM"),
        # Without a head of its own, the group in which other delegations' heads are.
        ([PEOPLE[TAN], PEOPLE[THIDA]], "SOM"),
        # A group that is not for that delegation is none.
        ([PEOPLE[TAN]], "ACCSM_FP"),
    ],
)
def test_new_members_come_in_the_circle_of_the_heads(world: World, attendees: Any, group: str) -> None:
    world.invited(attendees=attendees)
    composed(world, Member("Wei", WEI, Seat.MEMBER), by=TAN)
    assert attendee(world, WEI).group == group


def test_two_delegations_name_the_same_new_person_at_once(postgres: Database, tmp_path: Any) -> None:
    world = World(postgres, tmp_path)
    world.invited(attendees=STAFF)
    opened, together = [token(world, LAN), token(world, TAN)], Barrier(2)

    def name(which: str) -> OrchestratorError | None:
        together.wait()
        try:
            world.delegation_lists.compose(which, [Member("Same", "same@example.org", Seat.MEMBER)])
        except OrchestratorError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(name, opened))
    assert sum(error is None for error in ended) == 1
    assert Counter(item.address for item in meeting(world).invited)["same@example.org"] == 1


# Calendars


def test_the_file_is_the_event_of_the_mail_and_asks_nothing(invited: World) -> None:
    file = invited.personal_pages.invitation(token(invited, MINH))
    assert b"\nATTENDEE" not in file
    assert max(len(line) for line in file.split(b"\r\n")) <= 75
    (mailed,) = Calendar.from_ical(invited.mailer.to(MINH)[0].calendar).walk("VEVENT")
    calendar = Calendar.from_ical(file)
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "PUBLISH"
    for name in mailed:
        if name not in ("ATTENDEE", "X-MICROSOFT-DISALLOW-COUNTER"):
            assert event[name].to_ical() == mailed[name].to_ical(), name
    assert str(mailed["DESCRIPTION"]) == description(meeting(invited), invited.directory, LINK)


def test_the_file_of_a_cancelled_meeting_says_so(invited: World) -> None:
    invited.meetings.cancel("SOM-2026", caller=caller("coordinator"))
    (event,) = Calendar.from_ical(invited.personal_pages.invitation(token(invited, MINH))).walk("VEVENT")
    assert event["STATUS"] == "CANCELLED"
    assert "LOCATION" not in event and LINK not in event["DESCRIPTION"]


def test_the_feed_has_all_of_a_persons_meetings_and_nothing_of_anybody_else(invited: World) -> None:
    invited.create(reference="PREP-2026", start="2026-11-20 09:00", attendees=STAFF, title={"en": "Prep"})
    invited.create(reference="OFF-2026", start="2026-11-25 09:00", attendees=STAFF, title={"en": "Off"})
    invited.create(reference="DRAFT-2026", attendees=STAFF, title={"en": "Draft"})
    invited.create(reference="OTHER-2026", attendees=[PEOPLE[THIDA]], title={"en": "Elsewhere"})
    for reference in ("PREP-2026", "OFF-2026", "OTHER-2026"):
        invited.meetings.publish(reference, caller=caller("coordinator"))
    invited.run()
    invited.meetings.cancel("OFF-2026", caller=caller("coordinator"))
    invited.personal_answers.answer(token(invited, MINH), P.DECLINED, "A private reason")
    invited.personal_answers.answer(token(invited, LAN), P.TENTATIVE)
    found = invited.calendar_feeds.feed(feed_token(invited, LAN))
    calendar = Calendar.from_ical(found.content)
    assert (calendar["METHOD"], calendar["X-PUBLISHED-TTL"]) == ("PUBLISH", "PT1H")
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in found.content
    assert calendar["NAME"] == calendar["X-WR-CALNAME"] == "ACCSM meetings: Phạm Thu Lan"
    shown = events(found.content)
    assert list(shown) == ["Prep", "Off", "Senior Officials Meeting"]
    assert {name: (str(item["STATUS"]), str(item["TRANSP"])) for name, item in shown.items()} == {
        "Prep": ("CONFIRMED", "OPAQUE"),
        "Off": ("CANCELLED", "TRANSPARENT"),
        "Senior Officials Meeting": ("TENTATIVE", "OPAQUE"),
    }
    som = shown["Senior Officials Meeting"]
    assert (som.start, som.end, som["LOCATION"]) == (STARTS, ENDS, LINK)
    assert "CONFERENCE" in som and "Your answer: tentative" in som["DESCRIPTION"]
    text = found.content.replace(b"\r\n ", b"").decode()
    for private in ("ATTENDEE", "/a/", MINH, THIDA, TAN, "Đỗ Quang Minh", "A private reason", "Elsewhere"):
        assert private not in text
    declined = events(invited.calendar_feeds.feed(feed_token(invited, MINH)).content)[
        "Senior Officials Meeting"
    ]
    assert (declined["TRANSP"], declined["X-MICROSOFT-CDO-BUSYSTATUS"]) == ("TRANSPARENT", "FREE")


def test_the_feed_changes_its_tag_only_with_its_content(invited: World) -> None:
    opened = feed_token(invited, LAN)
    first = invited.calendar_feeds.feed(opened)
    invited.clock.move(hours=5)
    invited.personal_answers.answer(token(invited, THIDA), P.ACCEPTED)
    again = invited.calendar_feeds.feed(opened)
    assert (again.tag, again.modified) == (first.tag, first.modified)
    assert first.modified == NOW
    invited.meetings.enter_join_link(
        "SOM-2026", "https://video.vn.example.org/x", caller=caller("coordinator")
    )
    changed = invited.calendar_feeds.feed(opened)
    assert changed.tag != first.tag
    assert changed.modified == invited.clock.now()


def test_a_feed_takes_as_many_statements_for_two_meetings_as_for_twelve(invited: World) -> None:
    def also(*numbers: int) -> None:
        for number in numbers:
            reference = f"PREP-{number}"
            invited.create(reference=reference, attendees=STAFF, start=f"2026-11-{number:02} 09:00")
            invited.meetings.publish(reference, caller=caller("coordinator"))
        invited.run()
        for number in numbers:
            # What is shown of a meeting that one is removed from stands in an earlier revision.
            removed(invited, MINH, reference=f"PREP-{number}")

    opened = feed_token(invited, MINH)
    also(20)
    with statements(invited.database) as few:
        first = invited.calendar_feeds.feed(opened).content
    also(*range(10, 20))
    with statements(invited.database) as many:
        second = invited.calendar_feeds.feed(opened).content
    assert [len(Calendar.from_ical(content).walk("VEVENT")) for content in (first, second)] == [2, 12]
    assert len(many) == len(few)


def test_a_withdrawn_feed_opens_nothing_and_the_page_has_the_new_one(invited: World) -> None:
    old = feed_token(invited, LAN)
    new = invited.calendar_feeds.revoke(LAN.upper(), caller=caller("coordinator"))
    with pytest.raises(Conflict) as closed:
        invited.calendar_feeds.feed(old)
    assert closed.value.code == "link-revoked"
    view = invited.personal_pages.page(token(invited, LAN))
    assert view.feed_url == new
    assert view.webcal_url.startswith("webcal://")
    with pytest.raises(NotFound):
        invited.calendar_feeds.revoke("nobody@example.org", caller=caller("coordinator"))


def test_somebody_removed_before_having_been_told_has_nothing_in_the_feed(world: World) -> None:
    world.published(attendees=STAFF)
    opened = feed_token(world, MINH)
    removed(world, MINH)
    assert events(world.calendar_feeds.feed(opened).content) == {}


# Documents


def test_minutes_are_there_for_whoever_is_invited(invited: World) -> None:
    opened = token(invited, MINH)
    invited.clock.at = ENDS
    invited.run()
    invited.minutes.attach("SOM-2026", "report.txt", b"Agreed.", caller=caller("coordinator"))
    assert [item.filename for item in invited.personal_pages.page(opened).documents] == ["report.txt"]
    assert invited.personal_pages.minutes(opened, 1) == (
        "report.txt",
        "text/plain; charset=utf-8",
        b"Agreed.",
    )
    for version in (0, 2, 10**30):
        with pytest.raises(NotFound):
            invited.personal_pages.minutes(opened, version)
