"""Answers that come by mail: what takes effect, which of several counts, and many at once."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.ports import Tray
from orchestrator.store.rows.meetings import MeetingRow
from orchestrator.store.timelines import actions
from tests.callers import caller
from tests.integration.answers.incoming_mails import (
    EARLIER,
    LATER,
    REMINDERS,
    STYLES,
    K,
    attendee_line,
    calendar,
    change,
    ended,
    english,
    exchange,
    google,
    incoming,
    news,
    next_morning,
    nobody_answered,
    participations,
    poll,
    reminders,
    reply,
    responses,
    uid_of,
)
from tests.integration.conftest import (
    ENDS,
    NHUNG,
    NOW,
    STARTS,
    TAN,
    THIDA,
    World,
    contents,
    crowd,
    definition,
    statements,
)

# --- an answer takes effect


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("participation", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_an_answer_takes_effect_within_one_poll(world: World, style: str, participation: str) -> None:
    world.invited()
    world.clock.move(hours=5)
    before, woken = world.reading.meeting("SOM-2026"), world.wake_up.notified
    poll(world, reply(world, TAN, participation, style=style))
    after = world.reading.meeting("SOM-2026")
    assert participations(world) == {
        TAN: participation.lower(),
        THIDA: "no answer",
        NHUNG: "no answer",
    }
    (tan,) = (item for item in after.attendees if item.email == TAN)
    assert (tan.answered_via, tan.answered_at) == ("mail", world.clock.now())
    assert (after.version, after.sequence, after.revision) == (
        before.version,
        before.sequence,
        before.revision,
    ), "an answer is no change of the meeting"
    state = "cancelled" if participation == "DECLINED" else "scheduled"
    assert reminders(world, TAN) == dict.fromkeys(REMINDERS, state)
    assert reminders(world, THIDA) == dict.fromkeys(REMINDERS, "scheduled")
    assert ended(world) == [("applied", f"Tan Hui Shan: {participation.lower()}")]
    assert len(world.mailbox.trays[Tray.PROCESSED]) == 1
    (response,) = responses(world)
    assert (response.kind, response.participation, response.channel, response.by, response.at) == (
        "answer",
        participation,
        "mail",
        TAN,
        world.clock.now(),
    )
    assert response.incoming_id == incoming(world)[0].id
    (said, *_) = after.history
    assert (said.actor, words.say(said.what), words.maybe(said.detail)) == (
        "mail",
        "answered",
        f"Tan Hui Shan: {participation.lower()}",
    )
    assert world.wake_up.notified > woken, "what follows from it is due now"


@pytest.mark.both_databases
def test_who_declines_gets_no_reminders_and_who_accepts_again_gets_those_still_to_come(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN, "DECLINED"))
    world.clock.at = STARTS - timedelta(days=3)
    world.run()
    assert not any(mail.subject.startswith("Reminder") for mail in world.mailer.to(TAN))
    poll(world, reply(world, TAN, "ACCEPTED"))
    assert reminders(world, TAN) == {
        "remind:P7D": "cancelled",
        "remind:P1D": "scheduled",
        "remind:PT1H": "scheduled",
    }
    world.clock.at = STARTS - timedelta(minutes=50)
    world.run()
    assert [mail.subject.partition(":")[0] for mail in world.mailer.to(TAN)][-1] == "Reminder"


def test_an_answer_is_in_the_next_calendar_that_leaves(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN), reply(world, THIDA, "DECLINED"))
    change(world, title="Another title")
    world.run()
    assert "PARTSTAT=ACCEPTED" in world.mailer.to(TAN)[-1].calendar
    assert len(world.mailer.to(THIDA)) == 1, "who declined is not told of another title"


COMMENTS = {
    "exchange": ("COMMENT;LANGUAGE=vi-VN:Tôi đến muộn\\, xin lỗi.\\n", "Tôi đến muộn, xin lỗi."),
    "google": ("COMMENT:Glad to join\\; thank you", "Glad to join; thank you"),
    "apple": ("COMMENT:ຂ້ອຍຈະມາ", "ຂ້ອຍຈະມາ"),
}


@pytest.mark.parametrize("style", STYLES)
def test_a_comment_is_kept_and_told(world: World, style: str) -> None:
    world.invited()
    line, comment = COMMENTS[style]
    poll(world, reply(world, TAN, "TENTATIVE", line, style=style))
    assert responses(world)[0].comment == comment
    next_morning(world)
    (digest,) = news(world)
    assert f'Singapore, Tan Hui Shan: may take part "{comment}"' in english(digest)


def test_google_keeps_its_comment_beside_the_name(world: World) -> None:
    world.invited()
    line = attendee_line(TAN, "ACCEPTED", 'X-NUM-GUESTS=0;X-RESPONSE-COMMENT="With pleasure"')
    poll(world, google(TAN, calendar(uid_of(world), line)))
    assert (participations(world)[TAN], responses(world)[0].comment) == ("accepted", "With pleasure")


def test_a_comment_without_end_is_cut(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN, "ACCEPTED", "COMMENT:" + "a" * 50_000))
    assert responses(world)[0].comment == "a" * 2000


def test_what_a_reply_brings_along_is_not_taken_over(world: World) -> None:
    world.invited()
    before = world.reading.meeting("SOM-2026")
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "END:VALARM")
    content = calendar(
        uid_of(world),
        attendee_line(TAN),
        "LOCATION:Somewhere else",
        "DESCRIPTION:Mine",
        *alarm,
        ends=ENDS + timedelta(days=1),
    )
    poll(world, exchange(TAN, content.replace("SUMMARY:Senior", "SUMMARY:Junior")))
    after = world.reading.meeting("SOM-2026")
    assert participations(world)[TAN] == "accepted"
    assert (after.title_en, after.starts_at, after.join_url) == (
        before.title_en,
        before.starts_at,
        before.join_url,
    )


# --- which answer counts


def test_an_answer_to_the_time_before_a_move_is_ignored(world: World) -> None:
    world.invited()
    old = reply(world, TAN)
    change(world, start="2026-12-10 14:00")
    world.run()
    world.clock.move(minutes=5)
    poll(world, old, reply(world, THIDA, starts=None, ends=None, sequence=0))
    assert nobody_answered(world)
    assert ended(world) == [("ignored", "it answers an earlier time of the meeting")] * 2
    poll(world, reply(world, TAN, sequence=1, starts=STARTS + timedelta(days=7)))
    assert participations(world)[TAN] == "accepted"


def test_an_answer_to_an_earlier_text_or_link_counts(world: World) -> None:
    """SEQUENCE is lower than the meeting's, but the time has not been set since."""
    world.invited()
    world.meetings.enter_join_link(
        "SOM-2026", "https://video.vn.example.org/som", caller=caller("coordinator")
    )
    change(world, title="Another title")
    assert world.reading.meeting("SOM-2026").sequence == 1
    poll(world, reply(world, TAN, sequence=0))
    assert participations(world)[TAN] == "accepted"


def test_an_answer_without_sequence_is_judged_by_the_time_it_names(world: World) -> None:
    world.invited()
    change(world, start="2026-12-10 14:00")
    world.run()
    later = timedelta(days=7)
    poll(
        world,
        reply(world, TAN, sequence=None),
        reply(world, THIDA, sequence=None, starts=STARTS + later, ends=ENDS + later),
    )
    assert participations(world) == {TAN: "no answer", THIDA: "accepted", NHUNG: "no answer"}


@pytest.mark.parametrize("polls", ["one poll", "two polls"])
@pytest.mark.parametrize("order", list(permutations(("ACCEPTED", "DECLINED"))), ids=" then ".join)
def test_of_two_answers_the_one_given_later_wins_whichever_comes_first(
    world: World, order: tuple[str, str], polls: str
) -> None:
    world.invited()
    given = {"ACCEPTED": EARLIER, "DECLINED": LATER}
    mails = [reply(world, TAN, answer, stamp=given[answer]) for answer in order]
    if polls == "one poll":
        poll(world, *mails)
    else:
        for mail in mails:
            poll(world, mail)
    assert participations(world)[TAN] == "declined"
    assert reminders(world, TAN) == dict.fromkeys(REMINDERS, "cancelled")
    ignored = ("ignored", "a later answer of Tan Hui Shan is known")
    assert (ignored in ended(world)) == (order == ("DECLINED", "ACCEPTED"))


def test_of_two_answers_of_the_same_second_the_one_that_came_last_wins(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN, "ACCEPTED", stamp=LATER), reply(world, TAN, "TENTATIVE", stamp=LATER))
    assert participations(world)[TAN] == "tentative"


def test_an_answer_by_mail_given_before_one_by_telephone_does_not_undo_it(world: World) -> None:
    world.invited()
    world.answers.answer("SOM-2026", TAN, Participation.DECLINED, caller=caller("telephone"))
    poll(world, reply(world, TAN, stamp=LATER))
    assert participations(world)[TAN] == "declined"
    world.clock.move(minutes=1)
    poll(world, reply(world, TAN))
    assert participations(world)[TAN] == "accepted"


def test_a_clock_that_runs_ahead_does_not_keep_later_answers_out(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN, stamp=NOW + timedelta(days=300)))
    world.clock.move(hours=2)
    world.answers.answer("SOM-2026", TAN, Participation.TENTATIVE, caller=caller("telephone"))
    world.clock.move(hours=2)
    poll(world, reply(world, TAN, "DECLINED"))
    assert participations(world)[TAN] == "declined"


@pytest.mark.parametrize("polls", ["one poll", "two polls"])
@pytest.mark.parametrize("what", ["the same bytes", "other bytes"])
def test_the_same_mail_twice_changes_nothing(world: World, what: str, polls: str) -> None:
    world.invited()
    mail = reply(world, TAN, "DECLINED", "COMMENT:Ill")
    again = mail if what == "the same bytes" else b"Received: from another.example.org\r\n" + mail
    if polls == "one poll":
        poll(world, mail, again)
    else:
        poll(world, mail)
        world.clock.move(minutes=1)
        before = contents(world.database)
        poll(world, again)
        after = contents(world.database)
        changed = {table for table in before if before[table] != after[table]}
        assert changed <= {"incoming_mail"}, "nothing is recorded but that the mail came"
    assert len(responses(world)) == 1
    assert len(incoming(world)) == (1 if what == "the same bytes" else 2)
    assert world.mailbox.trays[Tray.QUARANTINE] == {}


def test_an_answer_that_is_repeated_later_changes_nothing_either(world: World) -> None:
    """A system that sends its answer again stamps it again; the older one may still come after it."""
    world.invited()
    first = reply(world, TAN, "DECLINED", stamp=EARLIER)
    poll(world, reply(world, TAN, "ACCEPTED", stamp=LATER))
    poll(world, first)
    assert participations(world)[TAN] == "accepted"


# --- many at once


def test_three_hundred_answers_are_applied_with_few_statements_and_planned_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[int] = []
    apply = actions.apply

    def applied(session: Any, meeting_id: int, *rest: Any) -> None:
        planned.append(meeting_id)
        apply(session, meeting_id, *rest)

    def polled(size: int, first: int) -> int:
        people = crowd(300)[first : first + size]
        world.mailbox.arrive(*(reply(world, item["email"], "DECLINED") for item in people))
        with statements(world.database) as seen:
            world.inbox.read_mailbox()
        return len(seen)

    world.invited(attendees=crowd(300))
    monkeypatch.setattr(actions, "apply", applied)
    few, many = polled(10, 0), polled(290, 10)
    assert planned == [1, 1], "once for each meeting in each poll"
    assert many <= few + 10, "the number of answers must not count"
    assert many < 60
    assert set(participations(world).values()) == {"declined"}
    assert {row.state for row in world.rows(K.REMIND)} == {"cancelled"}
    assert len(responses(world)) == 300


def test_answers_to_several_meetings_cost_by_the_meeting(world: World) -> None:
    names = [f"M-{number}" for number in range(4)]
    for name in names:
        world.create(reference=name, attendees=crowd(20))
        world.meetings.publish(name, caller=caller("coordinator"))
    world.run()
    mails = [reply(world, item["email"], name=name) for name in names for item in crowd(20)]
    with statements(world.database) as seen:
        poll(world, *mails)
    assert len(seen) < 40 * len(names)
    for name in names:
        assert set(participations(world, name).values()) == {"accepted"}


def test_an_answer_touches_the_meeting_no_more_than_it_must(world: World) -> None:
    """Neither a coordinator at work nor other attendees notice an answer."""
    world.invited()
    version = world.reading.meeting("SOM-2026").version
    poll(world, reply(world, TAN))
    update = MeetingUpdate.model_validate({"title": "Another"})
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=version, reason="The Chair is ill."
    )
    with world.database.reading() as session:
        assert session.scalar(select(MeetingRow.title_en)) == "Another"


def test_an_answer_to_a_save_the_date_counts_and_stays_when_it_is_confirmed(world: World) -> None:
    world.meetings.create([definition()], caller=caller("coordinator"))
    world.meetings.publish("SOM-2026", caller=caller("coordinator"), save_the_date=True)
    world.run()
    poll(world, reply(world, TAN))
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    world.run()
    assert participations(world)[TAN] == "accepted"
    assert "PARTSTAT=ACCEPTED" in world.mailer.to(TAN)[-1].calendar
