"""What mails say is missing, and of whom, as their recipients get them; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.callers import caller
from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World

LAN, RATIH = "lan@vn.example.org", "ratih@asean.example.org"
STAFF = [
    PEOPLE[NHUNG],
    {"group": "ACCSM_FP", "delegation": "VN", "name": "Phạm Thu Lan", "email": LAN},
    PEOPLE[THIDA],
    PEOPLE[TAN],
    {"group": "ASEC", "delegation": "ASEC", "name": "Ratih Lestari", "email": RATIH},
]
LIST = "the list of who comes for your delegation"
ANSWER = "your own reply: whether you will take part"


def lived_through(world: World) -> None:
    """A SOM on 24 June 2027 to which nobody answers and for which nothing comes in."""
    world.published(timeline="som", attendees=STAFF, start="2027-06-24 14:00")
    for month, day in ((5, 12), (5, 26), (5, 27), (5, 28), *((6, number) for number in range(1, 27))):
        world.clock.at = datetime(2027, month, day, 4, tzinfo=UTC)
        world.run()


CHASED = ("Reminder, by ", "Awaited")


def texts(world: World, email: str, subject: str | tuple[str, ...]) -> list[str]:
    """The plain texts of the mails to somebody under a subject, with every run of blanks as one."""
    return [
        " ".join(body.get_content().split())
        for mail in world.mailer.to(email)
        if mail.subject.startswith(subject)
        if (body := mail.message.get_body(("plain",))) is not None
    ]


def test_a_call_names_what_it_asks_for_and_the_deadline_of_that_alone(world: World) -> None:
    lived_through(world)
    (call,) = texts(world, TAN, "Delegation list")
    assert LIST in call
    assert "Deadline" in call
    assert ANSWER not in call
    assert "paper" not in call


def test_a_chaser_says_by_when_it_was_asked_for_and_whether_that_has_passed(world: World) -> None:
    """The list is wanted 16, the paper 10 of the recipient's working days before Thursday, 24 June 2027."""
    lived_through(world)
    chasers = texts(world, TAN, CHASED)
    lists = [text for text in chasers if LIST in text]
    passed = "The deadline has passed: Wednesday, 2 June 2027, 16:00 Singapore (UTC+08:00)"
    assert [passed in text for text in lists] == [True, True, True]
    early, late = (text for text in chasers if "the paper of your delegation" in text)
    assert " Deadline: Thursday, 10 June 2027, 16:00 Singapore (UTC+08:00)" in early
    assert " The deadline has passed: Thursday, 10 June 2027, 16:00 Singapore (UTC+08:00)" in late
    # Nobody has said until when an answer is wanted.
    assert not [text for text in chasers if "reply: whether" in text and "eadline" in text]


def test_nobody_is_held_to_a_deadline_before_the_question(world: World) -> None:
    """Because of Tet, 16 working days before 18 February 2027 are the day before the call in Ha Noi."""
    world.published(timeline="som", attendees=STAFF, start="2027-02-18 14:00")
    for day in (21, 28):
        world.clock.at = datetime(2027, 1, day, 4, tzinfo=UTC)
        world.run()
    (call,) = texts(world, LAN, "Danh sách đoàn")
    (chaser,) = (text for text in texts(world, LAN, ("Xin nhắc", "Đã quá hạn", "Kính chờ")) if LIST in text)
    assert LIST in call
    assert "eadline" not in call + chaser
    (elsewhere,) = texts(world, TAN, "Delegation list")
    assert "Deadline: Tuesday, 26 January 2027, 16:00 Singapore" in elsewhere


def test_who_hears_of_all_delegations_is_told_no_deadline_for_each_has_its_own(world: World) -> None:
    lived_through(world)
    reports = [text for text in texts(world, RATIH, CHASED) if "Singapore: " in text]
    assert len(reports) == 2
    assert not [text for text in reports if "eadline" in text]


def test_a_notice_that_asks_nothing_does_not_say_what_is_missing(world: World) -> None:
    lived_through(world)
    for subject in ("Provisional agenda", "Documents of the meeting", "Thank you"):
        (text,) = texts(world, TAN, subject)
        assert "Awaited from you" not in text


@pytest.mark.both_databases
def test_a_reminder_says_everything_that_is_missing(world: World) -> None:
    lived_through(world)
    first = texts(world, TAN, "Reminder: ")[0]
    assert ANSWER in first
    assert LIST in first


def test_the_secretariat_is_chased_for_its_own_answer_until_the_rung_that_reports_to_it(world: World) -> None:
    lived_through(world)
    own = [ANSWER in text for text in texts(world, RATIH, CHASED)]
    all_of_them = ["Singapore: reply" in text for text in texts(world, RATIH, CHASED)]
    lists = ["Singapore: list" in text for text in texts(world, RATIH, CHASED)]
    assert own.count(True) == 2
    assert all_of_them.count(True) == 1
    assert lists.count(True) == 1


def test_a_deadline_after_the_meeting_counts_from_its_end(world: World) -> None:
    """It goes on until after midnight: three working days from then are not three from the start."""
    notice = {
        "do": "notice",
        "id": "report",
        "about": "papers",
        "to": "focal point",
        "at": "+1WD",
        "deadline": "+3WD",
    }
    document = world.meeting_timelines.one("standard").document
    world.create(start="2026-12-03 20:00", duration="PT5H")
    own = document | {"name": "own", "steps": [*document["steps"], notice]}
    world.meeting_timelines.adjust("SOM-2026", own, caller=caller("K"))
    world.meetings.publish("SOM-2026", caller=caller("K"))
    world.clock.at = datetime(2026, 12, 7, 4, tzinfo=UTC)
    world.run()
    (text,) = texts(world, TAN, "Call for papers")
    # In Singapore it ends on Friday, 4 December at 02:00.
    assert "Wednesday, 9 December 2026" in text
