"""What the coordinator hears each morning, and at once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.people.caller import Channel
from orchestrator.errors import PermanentFailure, TransientFailure
from tests.callers import caller
from tests.integration.answers.incoming_mails import HOUR, K, alerts, counter, english, news, poll, reply
from tests.integration.conftest import (
    ENDS,
    NHUNG,
    NOW,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
    crowd,
)

URL = "http://127.0.0.1:8000/meetings/SOM-2026"


def morning(day: int, month: int = 12) -> datetime:
    """08:30 in Ha Noi."""
    return datetime(2026, month, day, 1, 30, tzinfo=UTC)


def until(world: World, moment: datetime) -> None:
    """Let everything happen that is due up to a moment, each at its time."""
    while True:
        world.run()
        due = [row.due_at for row in world.rows() if row.state == "scheduled" and row.due_at <= moment]
        if not due:
            break
        world.clock.at = max(world.clock.at, min(due))
    world.clock.at = moment
    world.run()


def test_what_came_is_told_the_next_morning_of_the_host(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN, "DECLINED", "COMMENT:On <b>mission</b>"), reply(world, THIDA))
    row = world.rows(K.DIGEST)[-1]
    assert row.due_at.astimezone(UTC).time() == morning(1).time()
    until(world, row.due_at - timedelta(seconds=1))
    assert news(world) == []
    until(world, row.due_at)
    (mail,) = news(world)
    said = english(mail)
    lines = ["Myanmar, Thida Aye: will take part", "Singapore, Tan Hui Shan: will not take part"]
    assert [said.find(line) for line in lines] == sorted(said.find(line) for line in lines), "protocol order"
    assert all(line in said for line in lines), said
    assert '"On <b>mission</b>"' in said
    assert "No reply: Viet Nam." in said
    assert f"Everything about the meeting: {URL}" in said
    assert "2/3 đoàn đã xác nhận" in mail.subject
    assert mail.calendar == ""
    html = mail.message.get_body(("html",))
    assert html is not None
    assert "<b>mission" not in html.get_content()


def test_without_anything_to_say_there_is_no_digest(world: World) -> None:
    world.invited(timeline="standard")
    days = [row.due_at for row in world.rows(K.DIGEST)]
    assert len(days) == 1
    # Seven working days before the meeting the first reminder is three working days away.
    assert days[0] > NOW


def test_there_is_one_digest_a_day_however_much_comes(world: World) -> None:
    world.invited()
    for turn in range(24):
        world.clock.move(hours=2)
        poll(world, reply(world, TAN, ("ACCEPTED", "DECLINED")[turn % 2]))
        world.run()
    days = Counter(row.revision for row in world.rows(K.DIGEST) if row.state == "succeeded")
    assert set(days.values()) <= {1}
    assert 1 <= len(news(world)) <= 3


def test_each_answer_is_told_once_and_the_last_of_a_person(world: World) -> None:
    world.invited()
    for minute, answer in enumerate(("ACCEPTED", "TENTATIVE", "DECLINED")):
        world.clock.at = NOW + timedelta(minutes=minute)
        poll(world, reply(world, TAN, answer))
    until(world, world.rows(K.DIGEST)[-1].due_at)
    poll(world, reply(world, THIDA))
    until(world, world.rows(K.DIGEST)[-1].due_at)
    first, second = (english(mail) for mail in news(world)[:2])
    assert first.count("Tan Hui Shan") == 1
    assert "Tan Hui Shan: will not take part" in first
    assert "Tan Hui Shan" not in second
    assert "Thida Aye: will take part" in second
    assert len({mail.message["Message-ID"] for mail in news(world)}) == len(news(world))


def test_answers_that_a_coordinator_entered_are_no_news_to_the_coordinator(world: World) -> None:
    world.invited()
    before = [row.due_at for row in world.rows(K.DIGEST)]
    for channel in (Channel.CONSOLE, Channel.CLI, Channel.API):
        giver = caller("coordinator", channel)
        world.answers.answer("SOM-2026", TAN, Participation.ACCEPTED, caller=giver)
    world.run()
    assert [row.due_at for row in world.rows(K.DIGEST)] == before


def test_a_digest_that_fails_for_a_while_tells_everything_in_the_end_and_once(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN))
    world.clock.at = world.rows(K.DIGEST)[-1].due_at

    def busy(_: str) -> None:
        raise TransientFailure("busy")

    world.mailer.before = busy
    world.run()
    poll(world, reply(world, THIDA))
    world.clock.move(hours=2)
    world.mailer.before = lambda _: None
    world.run()
    until(world, world.clock.at + timedelta(days=3))
    said = [english(mail) for mail in news(world)]
    assert sum("Tan Hui Shan: will take part" in item for item in said) == 1
    assert sum("Thida Aye: will take part" in item for item in said) == 1


def test_three_hundred_answers_are_counted_and_the_mail_stays_readable(world: World) -> None:
    world.invited(attendees=crowd(300))
    poll(world, *(reply(world, item["email"]) for item in crowd(300)))
    until(world, world.rows(K.DIGEST)[-1].due_at)
    said = english(news(world)[-1])
    assert "and 260 more" in said
    assert "Every delegation has replied." in said


def test_the_day_of_the_meeting_has_a_summary_in_its_place(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN), reply(world, THIDA, "DECLINED"))
    until(world, morning(3))
    today = news(world)[-1]
    assert today.subject.startswith("Hôm nay 3/12: dự kiến 1/3 đoàn, 1 việc cần xử lý – ")
    said = english(today)
    assert "Expected at Senior Officials Meeting, Thu 3 December, 14:00 - Singapore: " in said
    assert "Viet Nam has not replied." in said
    assert sum(mail.subject.startswith(("Tình hình 3/12", "Hôm nay 3/12")) for mail in news(world)) == 1


def test_a_meeting_published_a_minute_before_has_its_first_digest_that_morning_at_the_earliest(
    world: World,
) -> None:
    world.clock.at = morning(2) - timedelta(minutes=1)
    world.published()
    (row,) = world.rows(K.DIGEST)
    assert row.due_at == morning(2)


def test_two_meetings_of_one_event_share_one_digest(world: World) -> None:
    world.create()
    world.create(reference="PREP-2026", start="2026-12-02 14:00", feeds="SOM-2026")
    for reference in ("PREP-2026", "SOM-2026"):
        world.meetings.publish(reference, caller=caller("coordinator"))
    until(world, morning(1) + HOUR)
    of_day = [mail for mail in news(world) if mail.subject.startswith("Tình hình 1/12")]
    assert len(of_day) == 1
    reasons = [row.reason.key for row in world.rows(K.DIGEST) if row.reason is not None]
    assert "timelines.told-with" in reasons


# --- at once


@pytest.mark.parametrize(
    ("before", "urgent"),
    [(timedelta(hours=49), False), (timedelta(hours=48), True), (HOUR / 2, True)],
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
    assert len(alerts(world)) == urgent
    if urgent:
        (mail,) = alerts(world)
        assert mail.subject == ("Cần xử lý: Trưởng đoàn Mi-an-ma báo vắng – Hội nghị quan chức cấp cao")
        said = english(mail)
        assert "Myanmar: the head of delegation, Thida Aye, has declined." in said
        assert '"The minister is ill"' in said
        assert f"{URL}#attendees" in said


def test_only_a_decline_of_a_head_is_urgent_and_saying_so_again_is_no_news(world: World) -> None:
    world.invited()
    world.clock.at = STARTS - timedelta(hours=20)
    world.run()
    world.mailer.accepted.clear()
    poll(world, reply(world, NHUNG, "TENTATIVE"))
    world.run()
    assert alerts(world) == []
    poll(world, reply(world, THIDA, "DECLINED"))
    world.run()
    world.clock.move(minutes=5)
    poll(world, reply(world, THIDA, "DECLINED"))
    world.run()
    assert len(alerts(world)) == 1


def test_what_happens_at_one_moment_shares_a_mail(world: World) -> None:
    world.invited()
    poll(world, counter(world, NHUNG), counter(world, TAN))
    world.run()
    (mail,) = alerts(world)
    assert " và 1 việc khác – " in mail.subject
    assert english(mail).count(" proposes ") == 2
    assert f"{URL}#came-back" in english(mail)


def test_what_is_mended_before_the_mail_leaves_is_not_told(world: World) -> None:
    world.invited()
    world.clock.at = STARTS - timedelta(hours=20)
    world.run()
    world.mailer.accepted.clear()
    poll(world, reply(world, THIDA, "DECLINED"))
    poll(world, reply(world, THIDA, "ACCEPTED", stamp=world.clock.at + timedelta(minutes=1)))
    world.run()
    assert alerts(world) == []


def test_a_letter_that_is_refused_for_good_is_told_with_where_to_see_it(world: World) -> None:
    def refuse(recipient: str) -> None:
        if recipient == PEOPLE[TAN]["email"]:
            raise PermanentFailure("no such user")

    world.mailer.before = refuse
    world.invited()
    (mail,) = alerts(world)
    said = english(mail)
    assert (
        "Singapore: invitation to Tan Hui Shan did not go out: the mail server refuses it for good." in said
    )
    assert f"{URL}#deliveries" in said


def test_letters_that_come_too_late_are_told_once_for_each_step(world: World) -> None:
    world.invited()
    world.clock.at = ENDS + timedelta(days=1)
    world.run()
    told = [english(mail) for mail in alerts(world)]
    assert sum("reminder of the meeting" in item for item in told) == 1
    assert "because it would come too late now" in told[0]
