"""The life of a meeting beyond being published: cancelling, link, end, minutes."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from orchestrator import words
from orchestrator.errors import Conflict
from orchestrator.services.meetings.meetings import Meetings
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    NHUNG,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
    contents,
)
from tests.integration.meetings.changes import (
    LINK,
    REMINDERS,
    K,
    P,
    answer,
    attach,
    of,
    refuse,
    told,
)

# --- the life of a meeting beyond being published


def test_a_date_is_announced_first_and_confirmed_later_under_the_same_uid(world: World) -> None:
    world.create()
    preview = world.meetings.publish(
        "SOM-2026", caller=caller("coordinator"), save_the_date=True, dry_run=True
    )
    announced = world.meetings.publish("SOM-2026", caller=caller("coordinator"), save_the_date=True)
    assert preview.consequences == announced.consequences
    assert told(announced) == {("new", "Save-the-date"): 3}, "there is nothing to join, nothing to remind of"
    world.run()
    assert {mail.subject.partition(":")[0] for mail in world.mailer.accepted} == {
        "Save the date",
        "Dự kiến lịch họp",
    }
    assert all("STATUS:TENTATIVE" in mail.calendar for mail in world.mailer.accepted)
    assert world.conferences.calls == []
    answer(world, TAN, P.ACCEPTED)
    confirmed = world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    assert told(confirmed)["new", "Reminder, 1 day before"] == 3
    world.run()
    first, second = world.mailer.to(TAN)
    assert second.subject == "Invitation: Thu 3 Dec 2026, 15:00 Singapore – Senior Officials Meeting"
    uids = {line for mail in (first, second) for line in mail.calendar.splitlines() if line[:4] == "UID:"}
    assert len(uids) == 1
    assert "STATUS:CONFIRMED" in second.calendar
    assert ("SEQUENCE:0" in first.calendar, "SEQUENCE:0" in second.calendar) == (True, False)
    assert "PARTSTAT=ACCEPTED" in second.calendar, "the time is the same, so the answer stays"
    assert world.reading.meeting("SOM-2026").join_url is not None


def test_a_cancelled_meeting_takes_place_after_all_and_everybody_is_asked_again(world: World) -> None:
    world.invited()
    answer(world, TAN, P.DECLINED)
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.run()
    world.mailer.accepted.clear()
    preview = world.meetings.reinstate("SOM-2026", caller=caller("coordinator"), dry_run=True)
    outcome = world.meetings.reinstate("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    assert preview.consequences == outcome.consequences
    world.run()
    assert {mail.recipient for mail in world.mailer.accepted} == {*PEOPLE}
    assert {mail.subject.partition(":")[0] for mail in world.mailer.accepted} == {
        "Held after all",
        "Tổ chức trở lại",
    }
    assert all("PARTSTAT=NEEDS-ACTION" in mail.calendar for mail in world.mailer.accepted)
    view = world.reading.meeting("SOM-2026")
    assert (view.status, view.answers) == ("published", {"no answer": 3})
    assert view.join_url is not None
    assert of(world, TAN) | dict.fromkeys(REMINDERS, "scheduled") == of(world, TAN)


def test_a_meeting_moves_to_another_mailbox_and_everybody_is_told(world: World) -> None:
    world.invited()
    assert world.meetings.move_mailbox("SOM-2026", caller=caller("coordinator")).consequences == (), (
        "it is there"
    )
    texts = world.preparatory_texts
    other = Meetings(
        world.database,
        world.planner,
        world.clock,
        world.changing,
        "new@accsm.example",
        texts,
        world.own_mailbox,
    )
    preview = other.move_mailbox("SOM-2026", caller=caller("coordinator"), dry_run=True)
    outcome = other.move_mailbox("SOM-2026", caller=caller("coordinator"))
    assert preview.consequences == outcome.consequences
    assert told(outcome)["new", "Updated invitation"] == 3
    world.run()
    for email in PEOPLE:
        latest = world.mailer.to(email)[-1]
        assert "new@accsm.example" in latest.calendar
        assert "SEQUENCE:1" in latest.calendar


# --- the link


def test_a_link_typed_in_lets_the_waiting_invitations_go(world: World) -> None:
    world.conferences.during = refuse
    world.published()
    world.run()
    assert world.states(K.INVITE) == ["blocked"] * 3
    preview = world.meetings.enter_join_link("SOM-2026", LINK, caller=caller("coordinator"), dry_run=True)
    assert world.states(K.INVITE) == ["blocked"] * 3
    outcome = world.meetings.enter_join_link("SOM-2026", f"  {LINK}\n", caller=caller("coordinator"))
    assert preview.consequences == outcome.consequences
    # The coordinator has been told at once of the failure, which stays until a person closes it.
    assert told(outcome) == {("moved", "Invitation"): 3}
    world.run()
    world.mailer.accepted = [mail for mail in world.mailer.accepted if mail.recipient in PEOPLE]
    assert all(f"LOCATION:{LINK}" in mail.calendar for mail in world.mailer.accepted)
    view = world.reading.meeting("SOM-2026")
    assert (view.join_url, view.link_by_hand, len(world.mailer.accepted)) == (LINK, True, 3)


def test_another_link_after_the_invitations_is_told_to_all(world: World) -> None:
    world.invited()
    outcome = world.meetings.enter_join_link("SOM-2026", LINK, caller=caller("coordinator"))
    assert told(outcome) == {("new", "Updated invitation"): 3}
    assert world.reading.meeting("SOM-2026").sequence == 1


# --- the end


def test_cancelling_tells_whoever_was_invited_and_removes_the_video_meeting(world: World) -> None:
    world.invited()
    preview = world.meetings.cancel("SOM-2026", caller=caller("coordinator"), dry_run=True)
    outcome = world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The chair is ill")
    assert preview.consequences == outcome.consequences
    assert {(item.effect, item.kind, maybe(item.reason)) for item in outcome.consequences} == {
        ("new", "cancel", None),
        ("new", "conference-delete", None),
        ("cancelled", "remind", "the meeting was cancelled"),
        ("cancelled", "conclude", "the meeting was cancelled"),
    }
    assert (outcome.count("cancel"), outcome.count("remind", "cancelled")) == (3, 9)
    world.run()
    assert [mail.method for mail in world.mailer.accepted[3:]] == ["CANCEL"] * 3
    assert world.conferences.made == {}
    history = world.reading.meeting("SOM-2026").history
    assert ("cancelled", "The chair is ill") in [
        (words.say(item.what), words.maybe(item.detail)) for item in history
    ]
    with pytest.raises(Conflict, match="is cancelled"):
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")


def test_a_cancelled_draft_tells_nobody(world: World) -> None:
    world.create()
    assert (
        world.meetings.cancel(
            "SOM-2026", caller=caller("coordinator"), reason="The Chair is ill."
        ).consequences
        == ()
    )
    assert world.reading.meeting("SOM-2026").status == "cancelled"


def test_a_meeting_concludes_by_itself_at_its_end(world: World) -> None:
    world.invited()
    world.clock.at = ENDS - timedelta(seconds=1)
    world.run()
    assert world.reading.meeting("SOM-2026").status == "published"
    world.clock.at = ENDS
    world.run()
    view = world.reading.meeting("SOM-2026")
    assert (view.status, view.version) == ("concluded", 2)
    assert world.states(K.CONCLUDE) == ["succeeded"]


def test_a_meeting_can_be_concluded_once_it_has_begun(world: World) -> None:
    world.invited()
    world.clock.at = STARTS
    outcome = world.meetings.conclude("SOM-2026", caller=caller("coordinator"))
    assert {(item.effect, maybe(item.reason)) for item in outcome.consequences} == {
        ("cancelled", "the meeting is over")
    }
    assert world.states(K.CONCLUDE) == ["cancelled"]


# --- minutes


def test_minutes_go_to_all_who_were_invited_also_to_who_declined(world: World) -> None:
    world.invited()
    answer(world, TAN, P.DECLINED)
    world.clock.at = ENDS
    world.run()
    world.mailer.accepted.clear()
    before = contents(world.database)
    preview = attach(world, dry_run=True)
    assert contents(world.database) == before
    outcome = attach(world)
    assert preview.consequences == outcome.consequences
    assert told(outcome) == {("new", "Minutes"): 3}
    world.run()
    assert Counter(mail.recipient for mail in world.mailer.accepted) == {NHUNG: 1, THIDA: 1, TAN: 1}
    (attached,) = world.mailer.accepted[0].message.iter_attachments()
    assert attached.get_filename() == "Minutes.md"
    assert world.minutes.content("SOM-2026", 1) == ("Minutes.md", "text/markdown; charset=utf-8", b"Adopted.")


def test_a_second_version_of_the_minutes_goes_to_all_again(world: World) -> None:
    world.concluded()
    world.mailer.accepted.clear()
    attach(world)
    world.run()
    outcome = attach(world, "Adopted as amended.")
    assert told(outcome) == {("new", "Minutes"): 3}
    world.run()
    assert Counter(mail.recipient for mail in world.mailer.accepted) == {NHUNG: 2, THIDA: 2, TAN: 2}
    assert len({mail.message["Message-ID"] for mail in world.mailer.to(TAN)}) == 2
    versions = world.reading.meeting("SOM-2026").minutes
    assert [(item.version, item.size) for item in versions] == [(1, 8), (2, 19)]
    assert world.minutes.content("SOM-2026", 1)[2] == b"Adopted."


def test_a_second_version_before_the_first_has_left_goes_alone(world: World) -> None:
    world.concluded()
    attach(world)
    outcome = attach(world, "Adopted as amended.")
    assert told(outcome) == {("moved", "Minutes"): 3}
    world.mailer.accepted.clear()
    world.run()
    assert len(world.mailer.accepted) == 3
    assert {item.revision for item in world.deliveries() if item.purpose == "minutes"} == {2}
