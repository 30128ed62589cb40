"""What else programs send: another time, the wish for the invitation, a delegate."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pytest

from orchestrator.errors import NotFound
from tests.callers import caller
from tests.integration.answers.incoming_mails import (
    COORDINATOR,
    FRIDAY,
    HOUR,
    alerts,
    attendee_line,
    calendar,
    change,
    counter,
    ended,
    english,
    exchange,
    google,
    last,
    news,
    next_morning,
    nobody_answered,
    participations,
    poll,
    refresh,
    reply,
    responses,
    uid_of,
    utc,
    value_of,
    words_of,
)
from tests.integration.conftest import (
    ENDS,
    NHUNG,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
)

# --- another time


def test_a_proposed_time_is_recorded_and_told_and_changes_nothing(world: World) -> None:
    world.invited()
    before = world.reading.meeting("SOM-2026")
    poll(world, counter(world))
    after = world.reading.meeting("SOM-2026")
    assert (after.starts_at, after.sequence, after.revision) == (
        before.starts_at,
        before.sequence,
        before.revision,
    )
    assert nobody_answered(world), "a proposal is no answer, though its PARTSTAT says tentative"
    (found,) = responses(world)
    assert (found.kind, found.state, found.starts_at, found.ends_at) == (
        "proposal",
        "open",
        FRIDAY,
        FRIDAY + (ENDS - STARTS),
    )
    assert (found.comment, found.by) == ("Could we meet on Friday?", TAN)
    assert last(world)[0] == "applied"
    next_morning(world)
    (digest,) = news(world)
    assert ("Singapore, Tan Hui Shan: proposes Fri 4 December, 14:00 (host’s time)") in english(digest)
    (alert,) = alerts(world)
    assert "Could we meet on Friday?" in english(alert)


def test_a_proposed_time_that_is_refused_brings_a_mail_and_the_invitation_as_it_stands(world: World) -> None:
    world.invited()
    world.clock.move(hours=3)
    poll(world, counter(world))
    (first,) = world.mailer.to(TAN)
    world.clock.move(hours=1)
    outcome = world.answers.refuse_proposal(
        "SOM-2026", responses(world)[0].id, caller=caller("coordinator"), reply="The other states cannot."
    )
    assert [(item.effect, item.kind, item.recipient_email) for item in outcome.consequences] == [
        ("new", "refusal", TAN)
    ]
    world.mailer.accepted.clear()
    world.run()
    (mail,) = world.mailer.to(TAN)
    assert [item.recipient for item in world.mailer.accepted if item.recipient != COORDINATOR] == [TAN]
    assert mail.subject == "Time unchanged: Thu 3 Dec 2026, 15:00 Singapore – Senior Officials Meeting"
    said = words_of(mail)
    assert "The other states cannot." in said
    assert "Friday, 4 December 2026, 15:00 Singapore (UTC+08:00)" in said, "the time as it reads there"
    assert mail.method == "REQUEST"
    assert value_of(mail, "SEQUENCE") == value_of(first, "SEQUENCE") == "0"
    assert value_of(mail, "DTSTAMP") == utc(world.clock.now()) > value_of(first, "DTSTAMP")
    assert value_of(mail, "DTSTART") == utc(STARTS)
    assert mail.message["References"] == first.message["Message-ID"]
    assert responses(world)[0].state == "refused"
    assert participations(world)[TAN] == "no answer"


def test_a_proposal_is_refused_once_and_only_in_its_own_meeting(world: World) -> None:
    world.invited()
    world.create(reference="SECOND")
    world.meetings.publish("SECOND", caller=caller("coordinator"))
    poll(world, counter(world))
    number = responses(world)[0].id
    for name, wrong in (("SECOND", number), ("SOM-2026", 999)):
        with pytest.raises(NotFound):
            world.answers.refuse_proposal(name, wrong, caller=caller("coordinator"))
    world.answers.refuse_proposal("SOM-2026", number, caller=caller("coordinator"))
    with pytest.raises(NotFound, match=f"no open proposal {number}"):
        world.answers.refuse_proposal("SOM-2026", number, caller=caller("coordinator"))


def test_each_refusal_is_a_message_of_its_own(world: World) -> None:
    world.invited()
    poll(world, counter(world), counter(world, TAN, FRIDAY + HOUR))
    world.mailer.accepted.clear()
    for item in responses(world):
        world.answers.refuse_proposal("SOM-2026", item.id, caller=caller("coordinator"))
    world.run()
    first, second = world.mailer.to(TAN)
    assert first.message["Message-ID"] != second.message["Message-ID"]


def test_moving_the_meeting_settles_what_was_proposed(world: World) -> None:
    world.invited()
    poll(world, counter(world), counter(world, THIDA, FRIDAY + HOUR))
    world.answers.refuse_proposal("SOM-2026", responses(world)[1].id, caller=caller("coordinator"))
    change(world, title="Not the time")
    assert [item.state for item in responses(world)] == ["open", "refused"]
    change(world, start="2026-12-04 14:00")
    assert [item.state for item in responses(world)] == ["settled", "refused"]
    with pytest.raises(NotFound):
        world.answers.refuse_proposal("SOM-2026", responses(world)[0].id, caller=caller("coordinator"))


def test_a_proposal_to_the_time_before_a_move_or_of_the_same_time_is_ignored(world: World) -> None:
    world.invited()
    old = counter(world)
    change(world, start="2026-12-10 14:00")
    poll(world, old, counter(world, starts=STARTS + timedelta(days=7), sequence=1))
    assert ended(world) == [
        ("ignored", "it answers an earlier time of the meeting"),
        ("ignored", "it proposes the time that the meeting has"),
    ]
    assert responses(world) == []


def test_a_proposal_is_quarantined_when_somebody_else_sends_it(world: World) -> None:
    world.invited()
    poll(world, counter(world, sender="who@example.org"))
    assert (last(world)[0], [item.kind for item in responses(world)]) == ("quarantined", ["waiting"])


@pytest.mark.parametrize("polls", ["one poll", "two polls"])
def test_the_same_proposal_in_another_mail_is_one_proposal(world: World, polls: str) -> None:
    world.invited()
    mail = counter(world)
    again = b"Received: from another.example.org\r\n" + mail
    if polls == "one poll":
        poll(world, mail, again)
    else:
        poll(world, mail)
        poll(world, again)
    assert len(responses(world)) == 1


@pytest.mark.parametrize("starts", ["99991231T235900Z", "00010101T000000Z", "20261204T250000Z", "tomorrow"])
def test_a_proposal_of_no_possible_time_hurts_neither_the_poll_nor_the_digest(
    world: World, starts: str
) -> None:
    world.invited()
    content = calendar(
        uid_of(world), attendee_line(TAN, "TENTATIVE"), method="COUNTER", starts=None, ends=None
    )
    content = content.replace("SUMMARY", f"DTSTART:{starts}\r\nDTEND:{starts}\r\nSUMMARY")
    poll(world, google(TAN, content), reply(world, THIDA))
    assert participations(world)[THIDA] == "accepted"
    next_morning(world)
    (digest,) = news(world)
    assert "Myanmar, Thida Aye: will take part" in english(digest)


# --- the invitation once more


def test_who_asks_gets_the_invitation_again_as_it_stands_now(world: World) -> None:
    world.invited()
    change(world, title="The title of now")
    world.run()
    world.mailer.accepted.clear()
    world.clock.move(hours=2)
    poll(world, refresh(world))
    world.run()
    (mail,) = world.mailer.accepted
    assert (mail.recipient, mail.method) == (TAN, "REQUEST")
    assert re.fullmatch("Invitation: .* – The title of now", mail.subject)
    assert (value_of(mail, "SEQUENCE"), value_of(mail, "DTSTAMP")) == ("0", utc(world.clock.now()))
    assert responses(world) == [], "it is no news to the coordinator"


def test_who_asks_again_and_again_gets_one_an_hour(world: World) -> None:
    world.invited()
    world.mailer.accepted.clear()
    poll(world, refresh(world), refresh(world))
    for _ in range(3):
        world.clock.move(minutes=15)
        poll(world, refresh(world))
        world.run()
    assert [mail.recipient for mail in world.mailer.accepted] == [TAN]
    assert Counter(outcome for outcome, _ in ended(world)) == {"applied": 1, "ignored": 4}
    assert last(world)[1] == "the invitation was sent again less than an hour ago"
    world.clock.move(minutes=15)
    poll(world, refresh(world))
    world.run()
    first, second = world.mailer.to(TAN)
    assert first.message["Message-ID"] != second.message["Message-ID"]


def test_who_declined_may_ask_again_and_who_is_out_may_not(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN, "DECLINED"))
    world.mailer.accepted.clear()
    poll(world, refresh(world))
    world.run()
    assert [mail.recipient for mail in world.mailer.accepted if mail.recipient != COORDINATOR] == [TAN]
    assert "PARTSTAT=DECLINED" in world.mailer.to(TAN)[0].calendar
    change(world, attendees=[PEOPLE[THIDA], PEOPLE[NHUNG]])
    world.run()
    world.mailer.accepted.clear()
    world.clock.move(hours=2)
    poll(world, refresh(world))
    world.run()
    assert world.mailer.to(TAN) == []


def test_an_invitation_is_not_sent_to_whoever_else_asks(world: World) -> None:
    world.invited()
    world.mailer.accepted.clear()
    content = calendar(uid_of(world), f"ATTENDEE:mailto:{TAN}", method="REFRESH")
    poll(world, google("who@example.org", content), refresh(world, "who@example.org"))
    world.run()
    assert world.mailer.accepted == []
    assert [outcome for outcome, _ in ended(world)] == ["quarantined"] * 2


# --- somebody else instead


def test_a_delegation_is_recorded_with_the_delegate_and_told(world: World) -> None:
    world.invited()
    line = attendee_line(TAN, "DELEGATED", 'DELEGATED-TO="mailto:Lim@sg.example.org"')
    poll(world, exchange(TAN, calendar(uid_of(world), line)))
    (row,) = responses(world)
    assert (row.participation, row.delegate) == ("DELEGATED", "Lim@sg.example.org")
    assert {*participations(world)} == {*PEOPLE}, "the coordinator decides whether the delegate is invited"
    next_morning(world)
    assert "Tan Hui Shan: sends Lim@sg.example.org instead" in english(news(world)[0])


def test_a_delegate_who_answers_before_being_invited_is_kept_and_explained(world: World) -> None:
    world.invited()
    line = attendee_line("lim@sg.example.org", "ACCEPTED", f'DELEGATED-FROM="mailto:{TAN}"')
    poll(world, exchange("lim@sg.example.org", calendar(uid_of(world), line)))
    assert last(world) == (
        "quarantined",
        "it says that Tan Hui Shan delegated to lim@sg.example.org, who is not invited yet",
    )
