"""What the coordinator hears of what came back."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.people.caller import Channel
from orchestrator.errors import TransientFailure
from tests.callers import caller
from tests.integration.answers.incoming_mails import HOUR, K, counter, news, poll, reply, words_of
from tests.integration.conftest import (
    NHUNG,
    NOW,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
    crowd,
)


def test_answers_come_as_one_digest_an_hour_after_the_first(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN, "DECLINED", "COMMENT:On mission"))
    world.clock.move(minutes=50)
    poll(world, reply(world, THIDA), counter(world, NHUNG))
    world.run()
    assert news(world) == []
    world.clock.at = NOW + HOUR
    world.run()
    (digest,) = news(world)
    assert digest.subject == "Answers: Senior Officials Meeting"
    assert digest.calendar == ""
    said = words_of(digest)
    lines = [
        "Myanmar: Thida Aye, accepted",
        "Singapore: Tan Hui Shan, declined On mission",
        "Viet Nam: Lê Thị Hồng Nhung, proposes Friday, 4 December 2026, 14:00 Ha Noi (UTC+07:00)",
    ]
    assert [said.find(line) for line in lines] == sorted(said.find(line) for line in lines), "protocol order"
    assert all(line in said for line in lines), said
    assert "1 accepted 1 declined 1 no answer" in said
    assert "No answer at all yet from: Viet Nam." in said


def test_without_news_there_is_no_digest(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN))
    for _ in range(12):
        world.clock.move(hours=1)
        world.run()
    assert len(news(world)) == 1


def test_there_is_at_most_one_digest_an_hour_however_much_comes(world: World) -> None:
    world.invited()
    sent: list[datetime] = []
    for turn in range(60):
        world.clock.move(minutes=5)
        world.run()
        poll(world, reply(world, TAN, ("ACCEPTED", "DECLINED")[turn % 2]))
        if len(news(world)) > len(sent):
            sent.append(world.clock.now())
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert len(sent) >= 4
    assert min(gaps) >= HOUR, gaps


def test_each_answer_is_told_once(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN))
    world.clock.move(hours=1)
    world.run()
    poll(world, reply(world, THIDA))
    world.clock.move(hours=1)
    world.run()
    first, second = map(words_of, news(world))
    assert ("Tan Hui Shan, accepted" in first, "Thida Aye" in first) == (True, False)
    assert ("Tan Hui Shan" in second, "Thida Aye, accepted" in second) == (False, True)
    assert "2 accepted 1 no answer" in second, "how it stands counts all of them"
    assert len({mail.message["Message-ID"] for mail in news(world)}) == 2


def test_of_several_answers_of_one_person_the_last_is_told(world: World) -> None:
    world.invited()
    for minute, answer in enumerate(("ACCEPTED", "TENTATIVE", "DECLINED")):
        world.clock.at = NOW + timedelta(minutes=minute)
        poll(world, reply(world, TAN, answer))
    world.clock.move(hours=1)
    world.run()
    said = words_of(news(world)[0])
    assert said.count("Tan Hui Shan") == 1
    assert "Tan Hui Shan, declined" in said


def test_answers_that_a_coordinator_entered_are_no_news_to_the_coordinator(world: World) -> None:
    world.invited()
    for channel in (Channel.CONSOLE, Channel.CLI, Channel.API):
        giver = caller("coordinator", channel)
        world.answers.answer("SOM-2026", TAN, Participation.ACCEPTED, caller=giver)
    world.clock.move(hours=3)
    world.run()
    assert (news(world), world.rows(K.DIGEST)) == ([], [])


def test_what_comes_while_a_digest_is_in_hand_comes_in_the_next(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN))
    world.clock.move(hours=1)
    batch = world.claimed()

    def answer(_: str) -> None:
        world.mailer.before = lambda _: None
        poll(world, reply(world, THIDA))

    world.mailer.before = answer
    world.delivering.deliver(batch)
    assert Counter(world.states(K.DIGEST)) == {"succeeded": 1, "scheduled": 1}
    (first,) = news(world)
    assert "Thida Aye, accepted" not in words_of(first)
    world.clock.move(minutes=59)
    world.run()
    assert len(news(world)) == 1
    world.clock.move(minutes=1)
    world.run()
    said = words_of(news(world)[1])
    assert ("Thida Aye, accepted" in said, "Tan Hui Shan" in said) == (True, False)


def test_a_digest_that_fails_for_a_while_tells_everything_in_the_end_and_once(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN))
    world.clock.move(hours=1)

    def busy(_: str) -> None:
        raise TransientFailure("busy")

    world.mailer.before = busy
    for answer in ("ACCEPTED", "DECLINED"):
        world.run()
        poll(world, reply(world, THIDA, answer))
        world.clock.move(minutes=20)
    world.mailer.before = lambda _: None
    for _ in range(4):
        world.clock.move(hours=1)
        world.run()
    said = [words_of(mail) for mail in news(world)]
    assert sum("Tan Hui Shan, accepted" in item for item in said) == 1
    assert sum("Thida Aye, declined" in item for item in said) == 1


def test_a_worker_that_has_known_the_meeting_for_long_counts_the_answers_of_now(world: World) -> None:
    """Answers do not raise the meeting's version, so a worker could count those it remembers."""
    world.invited()
    for who, said in ((TAN, "1 accepted 2 no answer"), (THIDA, "2 accepted 1 no answer")):
        poll(world, reply(world, who))
        world.clock.move(hours=1)
        world.run()
        assert said in words_of(news(world)[-1])


def test_three_hundred_answers_are_all_told(world: World) -> None:
    world.invited(attendees=crowd(300))
    poll(world, *(reply(world, item["email"]) for item in crowd(300)))
    world.clock.move(hours=1)
    world.run()
    said = words_of(news(world)[0])
    assert "300 accepted" in said
    assert "Every delegation has answered." in said
    listed = said.count(", accepted")
    assert listed == 300 or f"{300 - listed} more" in said, f"only {listed} are listed, and nothing says so"


@pytest.mark.parametrize(
    ("before", "urgent"),
    [
        (timedelta(hours=49), False),
        (timedelta(hours=48), True),
        (timedelta(hours=47), True),
        (HOUR / 2, True),
    ],
    ids=str,
)
def test_a_head_of_delegation_who_declines_close_to_the_start_is_told_at_once(
    world: World, before: timedelta, urgent: bool
) -> None:
    world.invited()
    world.clock.at = STARTS - before
    world.run()
    world.mailer.accepted.clear()
    poll(world, reply(world, THIDA, "DECLINED", "COMMENT:The minister is ill"))
    world.run()
    alerts = [mail for mail in news(world) if mail.subject.startswith("Head of delegation declined")]
    assert len(alerts) == urgent
    if urgent:
        assert "Myanmar: Thida Aye, declined The minister is ill" in words_of(alerts[0])


def test_only_a_decline_of_a_head_is_urgent(world: World) -> None:
    deputy = {**PEOPLE[THIDA], "name": "Deputy", "email": "deputy@mm.example.org"}
    world.invited(attendees=[*PEOPLE.values(), deputy])
    world.clock.at = STARTS - timedelta(hours=20)
    world.run()
    poll(
        world,
        reply(world, THIDA),
        reply(world, NHUNG, "TENTATIVE"),
        reply(world, TAN, "DECLINED"),
        reply(world, "deputy@mm.example.org", "DECLINED"),
    )
    assert world.rows(K.DECLINE_ALERT) == []


def test_whoever_was_named_head_counts_and_each_decline_is_told_once(world: World) -> None:
    head = {**PEOPLE[TAN], "seat": "head of delegation"}
    world.invited(attendees=[PEOPLE[THIDA], head])
    world.clock.at = STARTS - timedelta(hours=20)
    world.run()
    poll(world, reply(world, TAN, "DECLINED"))
    world.run()
    world.clock.move(minutes=1)
    poll(world, reply(world, THIDA, "DECLINED"))
    world.run()
    alerts = [words_of(mail) for mail in news(world) if mail.subject.startswith("Head")]
    assert ["Tan Hui Shan" in item for item in alerts] == [True, False]
    assert ["Thida Aye" in item for item in alerts] == [False, True]


def test_a_digest_still_comes_after_the_meeting_was_cancelled(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN))
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.clock.move(hours=1)
    world.run()
    assert len(news(world)) == 1
