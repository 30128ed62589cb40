"""Answers that come back by mail: believed, refused, repeated or damaged; what the coordinator hears."""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise, permutations
from pathlib import Path
from quopri import encodestring
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.people.caller import Channel
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput, NotFound, PermanentFailure, TransientFailure
from orchestrator.ports import Tray
from orchestrator.services.answers import deciding
from orchestrator.services.answers import inbox as inbox_module
from orchestrator.services.people.links import Links
from orchestrator.store.answers import read_mailbox
from orchestrator.store.engine import Database
from orchestrator.store.rows.answers import IncomingRow, ResponseRow
from orchestrator.store.rows.meetings import MeetingRow
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.store.timelines import actions
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    LEASE,
    NHUNG,
    NOW,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    FakeMailbox,
    Mail,
    World,
    contents,
    crowd,
    definition,
    statements,
)
from tests.unit.answers.test_tnef import APPOINTMENT, MEETING, filetime, global_id, tagged, text, tnef

K = ActionKind
SERVICE = "meetings@accsm.example"
COORDINATOR = "coordinator@vn.example.org"
HOUR = timedelta(hours=1)
REMINDERS = ("remind:P7D", "remind:P1D", "remind:PT1H")
_NUMBERS = count(1)


class Killed(BaseException):
    """The process is gone in the middle of the work."""


# --- mails as the great systems write them


def utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def attendee_line(email: str, participation: str = "ACCEPTED", *params: str, scheme: str = "mailto") -> str:
    more = "".join(f";{param}" for param in params)
    return f"ATTENDEE;PARTSTAT={participation};CN=Somebody{more}:{scheme}:{email}"


def calendar(
    uid: str,
    *lines: str,
    method: str = "REPLY",
    sequence: int | None = 0,
    stamp: datetime | None = NOW,
    starts: datetime | None = STARTS,
    ends: datetime | None = ENDS,
    organizer: str | None = SERVICE,
) -> str:
    """A calendar object with one event; ``lines`` are what the answer is about."""
    properties = [
        f"UID:{uid}",
        *([f"DTSTAMP:{utc(stamp)}"] if stamp else []),
        *([f"DTSTART:{utc(starts)}"] if starts else []),
        *([f"DTEND:{utc(ends)}"] if ends else []),
        *([f"SEQUENCE:{sequence}"] if sequence is not None else []),
        *([f"ORGANIZER;CN=ACCSM:mailto:{organizer}"] if organizer else []),
        "SUMMARY:Senior Officials Meeting",
        *lines,
    ]
    whole = [
        "BEGIN:VCALENDAR",
        f"METHOD:{method}",
        "PRODID:-//Somebody//EN",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        *properties,
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(whole)


def headers(sender: str, *more: str, to: str = SERVICE, subject: str = "Re: Senior Officials Meeting") -> str:
    number = next(_NUMBERS)
    return "\r\n".join(
        (
            f"From: Somebody <{sender}>",
            f"To: {to}",
            f"Subject: {subject}",
            "MIME-Version: 1.0",
            "Date: Sun, 01 Nov 2026 02:00:00 +0000",
            f"Message-ID: <{number}@{sender.partition('@')[2]}>",
            *more,
            "",
        )
    )


def base64_of(content: str) -> str:
    encoded = b64encode(content.encode()).decode()
    return "\r\n".join(encoded[start : start + 76] for start in range(0, len(encoded), 76))


def exchange(sender: str, content: str, *more: str, to: str = SERVICE) -> bytes:
    """As Exchange answers: Base64, no threading; its calendars name no ORGANIZER."""
    content = re.sub(r"ORGANIZER[^\r]*\r\n", "", content)
    return (
        headers(
            sender, "X-MS-Has-Attach:", *more, 'Content-Type: multipart/alternative; boundary="_000_"', to=to
        )
        + '\r\n--_000_\r\nContent-Type: text/plain; charset="utf-8"\r\n'
        + "Content-Transfer-Encoding: base64\r\n\r\n"
        + base64_of("Tôi sẽ tham dự.")
        + '\r\n\r\n--_000_\r\nContent-Type: text/calendar; charset="utf-8"; method=REPLY\r\n'
        + "Content-Transfer-Encoding: base64\r\n\r\n"
        + base64_of(content)
        + "\r\n\r\n--_000_--\r\n"
    ).encode()


def google(sender: str, content: str, *more: str, to: str = SERVICE) -> bytes:
    """As Google answers: generated by a program, and it says so; the calendar twice."""
    return (
        headers(
            sender,
            "Sender: Google Calendar <calendar-notification@google.example.com>",
            "Auto-Submitted: auto-generated",
            *more,
            'Content-Type: multipart/mixed; boundary="00005f"',
            to=to,
        )
        + '\r\n--00005f\r\nContent-Type: multipart/alternative; boundary="00005e"\r\n\r\n'
        + '--00005e\r\nContent-Type: text/plain; charset="UTF-8"\r\n\r\nSomebody has answered.\r\n'
        + '--00005e\r\nContent-Type: text/calendar; charset="UTF-8"; method=REPLY\r\n'
        + "Content-Transfer-Encoding: 7bit\r\n\r\n"
        + content
        + '\r\n--00005e--\r\n\r\n--00005f\r\nContent-Type: application/ics; name="invite.ics"\r\n'
        + 'Content-Disposition: attachment; filename="invite.ics"\r\n'
        + "Content-Transfer-Encoding: base64\r\n\r\n"
        + base64_of(content)
        + "\r\n--00005f--\r\n"
    ).encode()


def apple(sender: str, content: str, *more: str, to: str = SERVICE) -> bytes:
    """As Apple answers: quoted-printable, the calendar as an attachment with its own method."""
    return (
        headers(sender, *more, "Content-Type: multipart/alternative; boundary=Apple-Mail-1", to=to)
        + "\r\n--Apple-Mail-1\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nAccepted\r\n"
        + '--Apple-Mail-1\r\nContent-Type: text/calendar; name="invitation.ics"; method=REPLY;\r\n'
        + "  charset=utf-8\r\n"
        + 'Content-Disposition: attachment; filename="invitation.ics"\r\n'
        + "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        + encodestring(content.encode()).decode()
        + "\r\n--Apple-Mail-1--\r\n"
    ).encode()


STYLES = {"exchange": exchange, "google": google, "apple": apple}


def letter(sender: str, body: str = "I will be a little late.", *more: str, to: str = SERVICE) -> bytes:
    """A mail that a person wrote."""
    return (
        headers(sender, *more, 'Content-Type: text/plain; charset="utf-8"', to=to) + f"\r\n{body}\r\n"
    ).encode()


def bounce(
    recipient: str,
    action: str = "failed",
    original: str | None = None,
    *,
    to: str = SERVICE,
    status: str = "5.1.1",
) -> bytes:
    """A delivery status notification (RFC 3464), with the headers of the original when they are given."""
    said = (
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} User unknown\r\n"
    )
    parts = ["Content-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n", said]
    if original is not None:
        parts.append(f"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {original}\r\nSubject: S\r\n")
    kind = 'Content-Type: multipart/report; report-type=delivery-status; boundary="dsn"'
    whole = headers(
        "mailer-daemon@mx.example.org", "Auto-Submitted: auto-replied", kind, to=to, subject="Failed"
    )
    return (whole + "\r\n" + "".join(f"--dsn\r\n{part}\r\n" for part in parts) + "--dsn--\r\n").encode()


# --- the world, asked and told


def uid_of(world: World, name: str = "SOM-2026") -> str:
    uid = world.reading.meeting(name).uid
    assert uid is not None
    return uid


def reply(
    world: World,
    email: str,
    participation: str = "ACCEPTED",
    *lines: str,
    style: str = "google",
    sender: str | None = None,
    stamp: datetime | None = None,
    name: str = "SOM-2026",
    to: str = SERVICE,
    **fields: Any,
) -> bytes:
    """The answer of somebody to the meeting, given at this moment unless ``stamp`` says otherwise."""
    content = calendar(
        uid_of(world, name),
        attendee_line(email, participation),
        *lines,
        stamp=stamp or world.clock.now(),
        **fields,
    )
    return STYLES[style](sender or email, content, to=to)


def poll(world: World, *mails: bytes) -> None:
    """Let mails arrive and read the mailbox once."""
    world.mailbox.arrive(*mails)
    assert world.inbox is not None
    world.inbox.read_mailbox()
    assert world.mailbox.inbox == {}, "whatever was read is put away"


def participations(world: World, name: str = "SOM-2026") -> dict[str, str]:
    return {item.email: item.participation for item in world.reading.meeting(name).attendees}


def nobody_answered(world: World) -> bool:
    return set(participations(world).values()) == {"no answer"}


def incoming(world: World) -> list[IncomingRow]:
    with world.database.reading() as session:
        return list(session.scalars(select(IncomingRow).order_by(IncomingRow.id)))


def ended(world: World) -> list[tuple[str, str]]:
    """What became of each mail and why, in the order they were read."""
    return [(row.fate, words.say(row.reason)) for row in incoming(world)]


def last(world: World) -> tuple[str, str]:
    return ended(world)[-1]


def responses(world: World, kind: str | None = None) -> list[ResponseRow]:
    with world.database.reading() as session:
        rows = session.scalars(select(ResponseRow).order_by(ResponseRow.id)).all()
    return [row for row in rows if kind in (None, row.kind)]


def reminders(world: World, email: str) -> dict[str, str]:
    return {
        item.key.partition(":attendee-")[0]: item.state
        for item in world.reading.plan("SOM-2026")
        if item.recipient_email == email and item.kind == "remind"
    }


def change(world: World, **fields: Any) -> None:
    version = world.reading.meeting("SOM-2026").version
    world.meetings.update(
        "SOM-2026", MeetingUpdate.model_validate(fields), caller=caller("coordinator"), version=version
    )


def value_of(mail: Mail, name: str) -> str:
    found = re.search(rf"^{name}[:;](.*)$", mail.calendar, re.MULTILINE)
    assert found is not None
    return found[1].strip()


def words_of(mail: Mail) -> str:
    """The plain text of a mail as one line, because its own lines are wrapped."""
    body = mail.message.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def news(world: World) -> list[Mail]:
    return world.mailer.to(COORDINATOR)


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
    world.clock.move(hours=1)
    world.run()
    (digest,) = news(world)
    assert f"Singapore: Tan Hui Shan, tentative {comment}" in words_of(digest)


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
        starts=STARTS + timedelta(days=1),
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
    poll(world, old, reply(world, THIDA, starts=STARTS + timedelta(days=7), ends=None, sequence=0))
    assert nobody_answered(world)
    assert ended(world) == [("ignored", "it answers an earlier time of the meeting")] * 2
    poll(world, reply(world, TAN, sequence=1))
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


EARLIER, LATER = NOW - timedelta(minutes=20), NOW - timedelta(minutes=10)


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
    """A system that sends its answer again stamps it anew; the older one may still come after it."""
    world.invited()
    first = reply(world, TAN, "DECLINED", stamp=EARLIER)
    poll(world, reply(world, TAN, "ACCEPTED", stamp=LATER))
    poll(world, first)
    assert participations(world)[TAN] == "accepted"


# --- who may answer


@pytest.mark.parametrize("scheme", ["MAILTO", "mailto", "MailTo"])
def test_neither_scheme_nor_address_has_a_case(world: World, scheme: str) -> None:
    world.invited()
    line = attendee_line("TAN@SG.Example.ORG", scheme=scheme)
    poll(world, exchange("Tan@sg.EXAMPLE.org", calendar(uid_of(world), line)))
    assert participations(world)[TAN] == "accepted"


@pytest.mark.parametrize("sender", [THIDA, "tan@evil.example.org", "x@vn.example.org>, <tan@sg.example.org"])
def test_nobody_answers_for_somebody_else(world: World, sender: str) -> None:
    world.invited()
    poll(world, reply(world, TAN, "DECLINED", sender=sender))
    assert nobody_answered(world)
    outcome, reason = last(world)
    assert outcome == "quarantined"
    assert reason.startswith(f"it answers for {TAN}, but was sent by ")
    assert len(world.mailbox.trays[Tray.QUARANTINE]) == 1
    assert incoming(world)[0].attendee_id is not None, "it is shown beside whom it speaks for"


@pytest.mark.parametrize("named", [f'"mailto:{NHUNG}"', f'"MAILTO:{NHUNG.upper()}"'])
def test_somebody_named_as_sending_for_an_attendee_may_answer(world: World, named: str) -> None:
    world.invited()
    line = attendee_line(TAN, "ACCEPTED", f"SENT-BY={named}")
    poll(world, exchange(NHUNG, calendar(uid_of(world), line)))
    assert participations(world) == {TAN: "accepted", THIDA: "no answer", NHUNG: "no answer"}
    assert responses(world)[0].by == NHUNG, "the record says who sent it"


def test_an_answer_of_somebody_not_invited_is_kept_and_never_merged(world: World) -> None:
    world.invited()
    mail = reply(world, "crasher@sg.example.org")
    poll(world, mail)
    assert {*participations(world)} == {*PEOPLE}
    assert nobody_answered(world)
    assert responses(world, "answer") == []
    (row,) = incoming(world)
    assert (row.fate, words.say(row.reason)) == (
        "quarantined",
        "crasher@sg.example.org is not invited to SOM-2026",
    )
    assert (row.sender, row.participation, row.uid) == ("crasher@sg.example.org", "ACCEPTED", uid_of(world))
    assert world.documents.get(row.digest) == mail, "its bytes are kept for a person to look at"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ((attendee_line(THIDA),), "names two attendees"),
        (
            ("END:VEVENT", "END:VCALENDAR", "BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", "UID:x"),
            "two calendar",
        ),
        (("END:VEVENT", "BEGIN:VEVENT", "UID:another"), "names two meetings"),
    ],
    ids=["two attendees", "two calendars", "two meetings"],
)
def test_what_speaks_for_two_at_once_is_refused(world: World, more: tuple[str, ...], why: str) -> None:
    world.invited()
    poll(world, google(TAN, calendar(uid_of(world), attendee_line(TAN), *more)))
    assert nobody_answered(world)
    outcome, reason = last(world)
    assert outcome == "quarantined"
    assert why in reason


def test_an_answer_to_one_occurrence_of_a_series_is_ignored(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN, "DECLINED", f"RECURRENCE-ID:{utc(STARTS)}"))
    assert nobody_answered(world)
    assert last(world)[0] == "ignored"


def test_an_answer_to_an_unknown_meeting_is_kept(world: World) -> None:
    world.invited()
    poll(world, google(TAN, calendar("other@example.org", attendee_line(TAN))))
    assert nobody_answered(world)
    assert last(world) == ("quarantined", "it is about UID other@example.org, which is not known here")
    assert incoming(world)[0].meeting_id is None


def test_an_answer_to_a_meeting_that_was_cancelled_is_ignored(world: World) -> None:
    world.invited()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
    poll(world, reply(world, TAN, sequence=1))
    assert nobody_answered(world)
    assert last(world) == ("ignored", "the meeting is cancelled")


def test_an_answer_of_somebody_removed_since_is_ignored_until_invited_again(world: World) -> None:
    world.invited()
    old = reply(world, TAN)
    change(world, attendees=[PEOPLE[THIDA], PEOPLE[NHUNG]])
    poll(world, old)
    assert last(world) == ("ignored", "Tan Hui Shan is no longer invited")
    change(world, attendees=list(PEOPLE.values()))
    world.run()
    poll(world, reply(world, TAN, "DECLINED", stamp=EARLIER))
    assert last(world) == ("ignored", "it answers an earlier time of the meeting")
    poll(world, reply(world, TAN, sequence=2))
    assert participations(world)[TAN] == "accepted"


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH", "ADD"])
def test_only_the_organizer_invites_and_cancels(world: World, method: str) -> None:
    world.invited()
    before = world.reading.meeting("SOM-2026")
    poll(world, reply(world, TAN, method=method, sequence=9))
    assert last(world)[0] == "quarantined"
    after = world.reading.meeting("SOM-2026")
    assert (after.status, after.sequence, after.answers) == (before.status, before.sequence, before.answers)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("NEEDS-ACTION", "ignored"),
        ("COMPLETED", "quarantined"),
        ("X-MAYBE", "quarantined"),
        ("", "quarantined"),
    ],
)
def test_what_is_neither_yes_nor_no_changes_nothing(world: World, answer: str, outcome: str) -> None:
    world.invited()
    poll(world, reply(world, TAN, answer))
    assert nobody_answered(world)
    assert last(world)[0] == outcome


def test_answers_to_several_meetings_in_one_poll_find_their_meetings(world: World) -> None:
    world.invited()
    world.create(reference="SECOND")
    world.meetings.publish("SECOND", caller=caller("coordinator"))
    world.run()
    poll(
        world,
        reply(world, TAN, "DECLINED", name="SECOND"),
        reply(world, TAN),
        reply(world, THIDA, name="SECOND"),
    )
    assert participations(world) == {TAN: "accepted", THIDA: "no answer", NHUNG: "no answer"}
    assert participations(world, "SECOND") == {TAN: "declined", THIDA: "accepted", NHUNG: "no answer"}


# --- another time


FRIDAY = STARTS + timedelta(days=1)


def counter(world: World, email: str = TAN, starts: datetime = FRIDAY, *lines: str, **fields: Any) -> bytes:
    """As Google proposes: the MIME part says REPLY, the calendar COUNTER."""
    fields = {"ends": starts + (ENDS - STARTS), **fields}
    lines = (*lines, "COMMENT:Could we meet on Friday?")
    return reply(world, email, "TENTATIVE", *lines, method="COUNTER", starts=starts, **fields)


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
    world.clock.move(hours=1)
    world.run()
    (digest,) = news(world)
    assert (
        "Singapore: Tan Hui Shan, proposes Friday, 4 December 2026, 14:00 Ha Noi (UTC+07:00) "
        "Could we meet on Friday?"
    ) in words_of(digest)


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
    assert mail.subject == "Time unchanged: Senior Officials Meeting"
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
    assert (last(world)[0], responses(world)) == ("quarantined", [])


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
    world.clock.move(hours=1)
    world.run()
    (digest,) = news(world)
    assert "Myanmar: Thida Aye, accepted" in words_of(digest)


# --- the invitation once more


def refresh(world: World, email: str = TAN, **fields: Any) -> bytes:
    content = calendar(uid_of(world), f"ATTENDEE:mailto:{email}", method="REFRESH", ends=None, **fields)
    return apple(email, content)


def test_who_asks_gets_the_invitation_again_as_it_stands_now(world: World) -> None:
    world.invited()
    change(world, title="The title of now")
    world.run()
    world.mailer.accepted.clear()
    world.clock.move(hours=2)
    poll(world, refresh(world))
    world.run()
    (mail,) = world.mailer.accepted
    assert (mail.recipient, mail.method, mail.subject) == (TAN, "REQUEST", "Invitation: The title of now")
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
    world.clock.move(hours=1)
    world.run()
    assert "Tan Hui Shan, delegated to Lim@sg.example.org" in words_of(news(world)[0])


def test_a_delegate_who_answers_before_being_invited_is_kept_and_explained(world: World) -> None:
    world.invited()
    line = attendee_line("lim@sg.example.org", "ACCEPTED", f'DELEGATED-FROM="mailto:{TAN}"')
    poll(world, exchange("lim@sg.example.org", calendar(uid_of(world), line)))
    assert last(world) == (
        "quarantined",
        "Tan Hui Shan delegated to lim@sg.example.org, who is not invited yet",
    )


# --- mails that did not arrive


def message_id_to(world: World, email: str) -> str:
    return str(world.mailer.to(email)[-1].message["Message-ID"])


def delivery_states(world: World) -> dict[str, str]:
    return {item.recipient: item.state for item in world.reading.deliveries("SOM-2026")}


@pytest.mark.parametrize("known_by", ["its Message-ID", "its recipient"])
def test_a_mail_that_could_not_be_delivered_is_marked(world: World, known_by: str) -> None:
    world.invited()
    original = message_id_to(world, TAN) if known_by == "its Message-ID" else None
    recipient = "forwarded-to@elsewhere.example.org" if original else TAN.upper()
    poll(world, bounce(recipient, original=original))
    assert delivery_states(world) == {TAN: "bounced", THIDA: "sent", NHUNG: "sent"}
    (row,) = (item for item in world.reading.deliveries("SOM-2026") if item.recipient == TAN)
    assert row.answer is not None
    assert "5.1.1" in words.say(row.answer)
    (found,) = responses(world)
    assert (found.kind, found.by, last(world)[0]) == ("bounce", found.by, "applied")
    world.clock.move(hours=1)
    world.run()
    assert "Singapore: Tan Hui Shan, a mail could not be delivered" in words_of(news(world)[0])


def test_a_bounce_takes_nobody_s_cancellation_away(world: World) -> None:
    """It may be forged, or be about one of several mailboxes behind an address."""
    world.invited()
    poll(world, bounce(TAN, original=message_id_to(world, TAN)))
    world.mailer.accepted.clear()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
    world.run()
    assert {mail.recipient for mail in world.mailer.accepted} == {THIDA, NHUNG, TAN}


@pytest.mark.parametrize("action", ["delayed", "relayed", "delivered"])
def test_a_mail_that_is_only_late_is_only_noted(world: World, action: str) -> None:
    world.invited()
    poll(world, bounce(TAN, action, message_id_to(world, TAN), status="4.4.1"))
    assert set(delivery_states(world).values()) == {"sent"}
    assert (last(world)[0], responses(world)) == ("ignored", [])


def test_the_report_of_the_same_mail_twice_is_one_bounce(world: World) -> None:
    world.invited()
    original = message_id_to(world, TAN)
    poll(world, bounce(TAN, original=original))
    poll(world, bounce(TAN, original=original))
    assert len(responses(world)) == 1


def test_a_report_about_a_mail_that_is_not_ours_is_kept(world: World) -> None:
    world.invited()
    poll(world, bounce("who@example.org", original="<other@example.org>"))
    assert last(world)[0] == "quarantined"
    assert set(delivery_states(world).values()) == {"sent"}


def test_a_report_that_names_a_meeting_of_another_mailbox_address_marks_the_right_delivery(
    world: World,
) -> None:
    """Somebody in two meetings: the report quotes the mail of the first, the latest is of the second."""
    world.invited()
    original = message_id_to(world, TAN)
    world.create(reference="SECOND", attendees=[PEOPLE[TAN]])
    world.meetings.publish("SECOND", caller=caller("coordinator"))
    world.run()
    poll(world, bounce(TAN, original=original))
    assert delivery_states(world)[TAN] == "bounced"
    assert [item.state for item in world.reading.deliveries("SECOND")] == ["sent"]


def test_a_digest_that_bounces_does_not_bring_the_next_one_for_ever(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN))
    for _ in range(4):
        world.clock.move(hours=1)
        world.run()
        poll(world, bounce(COORDINATOR, original=message_id_to(world, COORDINATOR)))
    assert len(news(world)) == 1, "nobody answered since"


# --- what programs and people write besides


def test_an_out_of_office_reply_changes_nothing(world: World) -> None:
    world.invited()
    before = contents(world.database)
    thread = f"In-Reply-To: {message_id_to(world, TAN)}"
    poll(world, letter(TAN, "I am away until Monday.", "Auto-Submitted: auto-replied", thread))
    after = contents(world.database)
    assert {table for table in before if before[table] != after[table]} == {"incoming_mail"}
    assert last(world) == ("ignored", "it is an automatic reply without an answer")
    assert len(world.mailbox.trays[Tray.PROCESSED]) == 1


def test_an_answer_in_a_winmail_dat_counts(world: World) -> None:
    world.invited()
    content = tnef(
        "IPM.Schedule.Meeting.Resp.Neg",
        [
            tagged(0x0102, 0x23, sized_id(uid_of(world)), MEETING),
            tagged(0x40, 0x1A, filetime(NOW), MEETING),
            tagged(0x03, 0x8201, (0).to_bytes(4, "little"), APPOINTMENT),
            tagged(0x40, 0x820D, filetime(STARTS), APPOINTMENT),
            tagged(0x40, 0x820E, filetime(ENDS), APPOINTMENT),
            tagged(0x1F, 0x1000, text("Không thể dự.")),
        ],
    )
    mail = (
        headers(
            TAN,
            "X-MS-TNEF-Correlator: <1@x>",
            'Content-Type: application/ms-tnef; name="winmail.dat"',
            "Content-Transfer-Encoding: base64",
        )
        + "\r\n"
        + b64encode(content).decode()
        + "\r\n"
    )
    poll(world, mail.encode())
    assert participations(world)[TAN] == "declined", ended(world)
    assert reminders(world, TAN) == dict.fromkeys(REMINDERS, "cancelled")


def sized_id(uid: str) -> bytes:
    whole = global_id(uid.encode())
    return (1).to_bytes(4, "little") + len(whole).to_bytes(4, "little") + whole + b"\0" * (-len(whole) % 4)


def test_a_letter_is_kept_and_told_beside_whom_it_answers(world: World) -> None:
    world.invited()
    poll(world, letter(TAN, "May my deputy come?", f"In-Reply-To: {message_id_to(world, TAN)}"))
    (row,) = incoming(world)
    assert (row.fate, row.sort, row.text) == ("quarantined", "letter", "May my deputy come?")
    assert row.meeting_id is not None
    world.clock.move(hours=1)
    world.run()
    assert "Singapore: Tan Hui Shan, wrote a mail, see the mailbox" in words_of(news(world)[0])


def test_a_letter_of_a_stranger_is_kept_and_told_to_nobody(world: World) -> None:
    world.invited()
    poll(world, letter("who@example.org", "Buy now!"))
    world.clock.move(hours=2)
    world.run()
    assert last(world)[0] == "quarantined"
    assert news(world) == []


def test_an_invitation_that_somebody_forwarded_here_is_kept(world: World) -> None:
    world.invited()
    sent = world.mailer.to(TAN)[0].calendar.replace("\n", "\r\n")
    poll(world, google(TAN, sent))
    assert last(world) == ("quarantined", "it is an invitation that was forwarded here, not an answer")
    assert nobody_answered(world)


NONSENSE = {
    "nothing": b"",
    "one byte": b"\0",
    "line ends": b"\r\n" * 500,
    "all bytes": bytes(range(256)) * 8,
    "zeros in headers": b"From: a\0b <tan@sg.example.org>\r\nSubject: \0\0\r\n\r\n\0\0\0",
    "no calendar after all": b"Content-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR",
    "a boundary of nothing": b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n--\r\n----\r\n',
    "half a Base64": b"Content-Type: text/calendar\r\nContent-Transfer-Encoding: base64\r\n\r\nQkVHSU4",
    "lone surrogates": b"From: tan@sg.example.org\r\nSubject: \xed\xa0\x80\r\n\r\n\xed\xbf\xbf",
    "Latin-1 that says UTF-8": b"Subject: caf\xe9\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xe9\xff",
    "an unknown charset": b"Content-Type: text/plain; charset=x-klingon\r\n\r\nnuqneH",
    "lone carriage returns": b"From: tan@sg.example.org\rSubject: x\r\rhello\r",
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_is_kept_and_never_blocks_the_next_mail(world: World, what: str) -> None:
    world.invited()
    poll(world, NONSENSE[what], reply(world, TAN), NONSENSE[what] + b" ")
    assert participations(world) == {TAN: "accepted", THIDA: "no answer", NHUNG: "no answer"}
    assert Counter(outcome for outcome, _ in ended(world)) == {"applied": 1, "quarantined": 2}
    assert len(world.mailbox.trays[Tray.QUARANTINE]) == 2


@pytest.mark.parametrize("zero", ["\\0", "\0", "\x01", "\ufffe", "\U0010ffff"])
def test_no_character_of_an_answer_is_one_that_the_database_refuses(world: World, zero: str) -> None:
    world.invited()
    line = f"ATTENDEE;PARTSTAT=DECLINED;CN=T{zero}an:mailto:{TAN}"
    mail = google(TAN, calendar(uid_of(world), line, f"COMMENT:a{zero}b"))
    other = google(TAN, calendar(f"u{zero}id", line))
    poll(world, mail.replace(b"Re: ", f"Re: {zero}".encode()), other, reply(world, THIDA))
    assert participations(world)[TAN] == "declined"
    assert participations(world)[THIDA] == "accepted"
    assert "it could not be applied" not in str(ended(world))


def test_a_mail_that_is_too_large_is_kept_unread(world: World) -> None:
    world.invited()
    huge = reply(world, TAN) + b"x" * inbox_module.LARGEST_MAIL
    poll(world, huge, reply(world, THIDA))
    assert participations(world) == {TAN: "no answer", THIDA: "accepted", NHUNG: "no answer"}
    assert ended(world)[0][0] == "quarantined"


# --- what a person makes of a mail that no program could apply


def test_a_mail_that_a_person_assigns_is_an_answer_like_any_other(world: World) -> None:
    world.invited()
    mail = reply(world, "tan.private@mail.example.org", "DECLINED", "COMMENT:Ill")
    poll(world, mail)
    (kept,) = incoming(world)
    assert world.incoming.content(kept.id) == mail
    world.quarantine.assign(kept.id, "SOM-2026", TAN.upper(), caller=caller("coordinator"))
    assert participations(world)[TAN] == "declined"
    assert reminders(world, TAN) == dict.fromkeys(REMINDERS, "cancelled")
    (answer,) = responses(world)
    assert (answer.comment, answer.incoming_id) == ("Ill", kept.id)
    assert "tan.private@mail.example.org" in answer.by
    assert last(world)[0] == "assigned"
    with pytest.raises(Conflict, match="is assigned"):
        world.quarantine.assign(kept.id, "SOM-2026", THIDA, caller=caller("coordinator"))
    poll(world, mail)
    assert (len(incoming(world)), len(responses(world))) == (1, 1), "the same mail is known"
    assert len(world.mailbox.trays[Tray.QUARANTINE]) == 1, "it does not come back to be looked at again"


def test_a_letter_is_assigned_with_the_answer_that_a_person_reads_in_it(world: World) -> None:
    world.invited()
    poll(world, letter("tan.private@mail.example.org", "With pleasure!"))
    (kept,) = incoming(world)
    with pytest.raises(InvalidInput, match="participation"):
        world.quarantine.assign(kept.id, "SOM-2026", TAN, caller=caller("coordinator"))
    with pytest.raises(NotFound, match="not invited"):
        world.quarantine.assign(
            kept.id,
            "SOM-2026",
            "who@example.org",
            caller=caller("coordinator"),
            participation=Participation.ACCEPTED,
        )
    assert (nobody_answered(world), last(world)[0]) == (True, "quarantined")
    world.quarantine.assign(
        kept.id, "SOM-2026", TAN, caller=caller("coordinator"), participation=Participation.ACCEPTED
    )
    assert (participations(world)[TAN], responses(world)[0].comment) == ("accepted", "With pleasure!")


def test_a_mail_that_a_person_lets_go_has_no_effect(world: World) -> None:
    world.invited()
    poll(world, reply(world, "crasher@sg.example.org"))
    (kept,) = incoming(world)
    world.quarantine.discard(kept.id, caller=caller("coordinator"))
    assert last(world)[0] == "discarded"
    assert nobody_answered(world)
    with pytest.raises(Conflict, match="is discarded"):
        world.quarantine.discard(kept.id, caller=caller("coordinator"))


# --- a reply address of one's own


@pytest.fixture
def subaddressed(world: World) -> World:
    """A world whose mailbox takes ``name+anything``, so that each attendee answers to an own address."""
    world.links = Links(world.link_key, "https://meetings.example.org", SERVICE, subaddress=True)
    return world


def own_address(world: World, email: str, name: str = "SOM-2026") -> str:
    """The address that somebody's calendar answers to: the ORGANIZER of what they were sent last."""
    uid = uid_of(world, name)
    mail = next(item for item in reversed(world.mailer.to(email)) if f"UID:{uid}" in item.calendar)
    return value_of(mail, "ORGANIZER").rpartition("mailto:")[2].replace("%2B", "+")


def test_everybody_answers_to_an_address_of_their_own(subaddressed: World) -> None:
    subaddressed.invited()
    addresses = {own_address(subaddressed, email) for email in PEOPLE}
    assert len(addresses) == 3
    assert {re.sub(r"\+[^@]+", "", item) for item in addresses} == {SERVICE}
    for mail in subaddressed.mailer.accepted:
        assert mail.message["From"].addresses[0].addr_spec == SERVICE, "replies of people go to one address"


@pytest.mark.parametrize("header", ["To", "Cc", "Delivered-To", "X-Original-To"])
def test_the_reply_address_decides_who_answered_whatever_the_text_says(
    subaddressed: World, header: str
) -> None:
    world = subaddressed
    world.invited()
    address = own_address(world, TAN).upper()
    line = attendee_line("tan.alias@mail.example.org")
    mail = exchange("tan.alias@mail.example.org", calendar(uid_of(world), line))
    first = mail if header == "To" else f"{header}: {address}\r\n".encode() + mail
    poll(
        world,
        first.replace(f"To: {SERVICE}".encode(), f"To: {address}".encode(), 1) if header == "To" else first,
    )
    assert participations(world) == {TAN: "accepted", THIDA: "no answer", NHUNG: "no answer"}
    assert responses(world)[0].by == "tan.alias@mail.example.org"


def test_somebody_elses_name_in_the_text_does_not_count_against_the_reply_address(
    subaddressed: World,
) -> None:
    world = subaddressed
    world.invited()
    poll(world, reply(world, THIDA, "DECLINED", to=own_address(world, TAN)))
    assert participations(world) == {TAN: "declined", THIDA: "no answer", NHUNG: "no answer"}


def test_an_answer_of_nobody_to_an_own_address_is_shown_beside_whose_it_is(subaddressed: World) -> None:
    """Without ATTENDEE there is no PARTSTAT either, so what was answered cannot be known."""
    world = subaddressed
    world.invited()
    mail = google(TAN, calendar(uid_of(world)), to=own_address(world, TAN))
    asked = google(TAN, calendar(uid_of(world), method="REFRESH"), to=own_address(world, TAN))
    poll(world, mail)
    assert nobody_answered(world)
    (row,) = incoming(world)
    (tan,) = (item.id for item in world.reading.meeting("SOM-2026").attendees if item.email == TAN)
    assert (row.fate, row.attendee_id) == ("quarantined", tan)
    poll(world, asked)
    world.run()
    assert [mail.subject.partition(":")[0] for mail in world.mailer.to(TAN)] == ["Invitation"] * 2


def test_a_plain_letter_to_an_own_address_finds_its_meeting(subaddressed: World) -> None:
    world = subaddressed
    world.invited()
    poll(world, letter(TAN, "We come with five.", to=own_address(world, TAN)))
    (row,) = incoming(world)
    assert (row.fate, row.meeting_id) == ("quarantined", 1)
    world.clock.move(hours=1)
    world.run()
    assert "Tan Hui Shan, wrote a mail" in words_of(news(world)[0])


def forged(address: str) -> list[str]:
    local, _, domain = address.partition("@")
    name, _, tag = local.partition("+")
    number, _, signature = tag.partition("-")
    return [
        f"{name}+{number}-{signature[:-1]}{'a' if signature[-1] != 'a' else 'b'}@{domain}",
        f"{name}+{int(number) + 1}-{signature}@{domain}",
        f"{name}+{number}-@{domain}",
        f"{name}+{number}@{domain}",
        f"{name}+-{signature}@{domain}",
        f"{name}+{number}-{signature}x@{domain}",
    ]


def test_a_forged_reply_address_does_nothing(subaddressed: World) -> None:
    world = subaddressed
    world.invited()
    content = calendar(uid_of(world), attendee_line(TAN, "DECLINED"))
    for address in forged(own_address(world, TAN)):
        poll(world, exchange("who@example.org", content, to=address))
    assert nobody_answered(world)
    assert {outcome for outcome, _ in ended(world)} == {"quarantined"}
    poll(world, exchange(TAN, content, to=forged(own_address(world, TAN))[0]))
    assert participations(world)[TAN] == "declined", "the attendee still answers as without it"


def test_the_reply_address_of_one_meeting_opens_no_other(subaddressed: World) -> None:
    """Whoever has an address of one meeting must not be able to answer for anybody in another."""
    world = subaddressed
    world.invited()
    world.create(reference="SECOND", attendees=[PEOPLE[TAN]])
    world.meetings.publish("SECOND", caller=caller("coordinator"))
    world.run()
    key = own_address(world, TAN, "SECOND")
    poll(world, reply(world, THIDA, "DECLINED", sender="who@example.org", to=key))
    assert nobody_answered(world)
    assert last(world) == ("quarantined", f"it answers for {THIDA}, but was sent by who@example.org")
    poll(world, reply(world, TAN, to=key))
    assert participations(world)[TAN] == "accepted", "who may answer by address still may"
    assert participations(world, "SECOND")[TAN] == "no answer"


def test_somebody_invited_again_keeps_the_reply_address(subaddressed: World) -> None:
    world = subaddressed
    world.invited()
    before = own_address(world, TAN)
    change(world, attendees=[PEOPLE[THIDA], PEOPLE[NHUNG]])
    world.run()
    change(world, attendees=list(PEOPLE.values()))
    world.run()
    assert own_address(world, TAN) == before
    poll(world, reply(world, "alias@sg.example.org", sequence=2, to=before))
    assert participations(world)[TAN] == "accepted"


def test_a_bounce_to_an_own_address_marks_the_delivery_of_that_meeting(subaddressed: World) -> None:
    """The report quotes nothing, but the address it came to says of which meeting the mail was."""
    world = subaddressed
    world.invited()
    address = own_address(world, TAN)
    world.create(reference="SECOND", attendees=[PEOPLE[TAN]])
    world.meetings.publish("SECOND", caller=caller("coordinator"))
    world.run()
    poll(world, bounce(TAN, to=address))
    assert delivery_states(world)[TAN] == "bounced"
    assert [item.state for item in world.reading.deliveries("SECOND")] == ["sent"]


# --- a poller that fails


def test_one_mail_that_cannot_be_applied_blocks_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.invited()
    judge = deciding.judge

    def judged(message: Any, *arguments: Any, **named: Any) -> Any:
        if message.attendee == TAN:
            raise KeyError("a defect")
        return judge(message, *arguments, **named)

    monkeypatch.setattr(deciding, "judge", judged)
    poll(world, reply(world, THIDA), reply(world, TAN), reply(world, NHUNG, "DECLINED"))
    assert participations(world) == {TAN: "no answer", THIDA: "accepted", NHUNG: "declined"}
    assert Counter(outcome for outcome, _ in ended(world)) == {"applied": 2, "quarantined": 1}
    (kept,) = (row for row in incoming(world) if row.fate == "quarantined")
    assert words.say(kept.reason) == "it could not be applied; the worker's log has the details"
    assert (kept.sender, len(responses(world))) == (TAN, 2)
    assert len(world.mailbox.trays[Tray.QUARANTINE]) == 1
    assert world.documents.get(kept.digest)
    world.mailbox.arrive(*world.mailbox.trays[Tray.QUARANTINE].values())
    monkeypatch.undo()
    poll(world)
    assert len(incoming(world)) == 3, "what is in quarantine waits for a person"


def dying_once(error: BaseException) -> Callable[[object], None]:
    left = [error]

    def die(_: object) -> None:
        if left:
            raise left.pop()

    return die


@pytest.mark.parametrize(
    "error", [Killed(), TransientFailure("The connection broke.")], ids=["killed", "cut off"]
)
def test_a_poller_that_dies_before_it_has_put_the_mails_away_applies_nothing_twice(
    world: World, error: BaseException
) -> None:
    world.invited()
    world.mailbox.arrive(reply(world, TAN), reply(world, "who@example.org"), refresh(world, THIDA))
    world.mailbox.during = dying_once(error)
    with pytest.raises(type(error)):
        world.inbox.read_mailbox()
    assert participations(world)[TAN] == "accepted", "it was applied before"
    assert len(world.mailbox.inbox) == 3
    before = contents(world.database)
    world.clock.move(hours=2)
    poll(world)
    assert contents(world.database) == before
    assert {tray: len(mails) for tray, mails in world.mailbox.trays.items()} == {
        Tray.PROCESSED: 2,
        Tray.QUARANTINE: 1,
    }


def test_a_poller_that_dies_while_applying_leaves_nothing_half_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.invited()
    before = contents(world.database)
    apply = actions.apply

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    monkeypatch.setattr(actions, "apply", die)
    world.mailbox.arrive(reply(world, TAN, "DECLINED"), reply(world, THIDA))
    with pytest.raises(Killed):
        world.inbox.read_mailbox()
    assert contents(world.database) == before
    monkeypatch.setattr(actions, "apply", apply)
    poll(world)
    assert participations(world) == {TAN: "declined", THIDA: "accepted", NHUNG: "no answer"}
    assert len(responses(world)) == 2


def test_a_mail_that_vanishes_while_it_is_read_stops_nothing(world: World) -> None:
    world.invited()
    mails = [reply(world, TAN), reply(world, THIDA)]
    world.mailbox.arrive(*mails)
    read = world.mailbox.read

    def reading(keys: Any, largest: int) -> Iterator[Any]:
        world.mailbox.inbox.pop(keys[0], None)
        yield from read(keys, largest)

    world.mailbox.read = reading  # type: ignore[method-assign]
    world.inbox.read_mailbox()
    assert participations(world) == {TAN: "no answer", THIDA: "accepted", NHUNG: "no answer"}


class Meeting(FakeMailbox):
    """A mailbox whose readers wait for each other before they go on, so that both have read the same."""

    def __init__(self, barrier: Barrier) -> None:
        super().__init__()
        self._barrier = barrier
        self._first = True

    def read(self, keys: Any, largest: int) -> Iterator[Any]:
        found = list(super().read(keys, largest))
        if self._first:
            self._first = False
            self._barrier.wait(20)
        yield from found


def both_poll(postgres: Database, folder: Path, *mails: list[bytes]) -> None:
    """Two pollers read at one moment, each from its own copy of the mailbox."""
    barrier = Barrier(len(mails))

    def run(contents: list[bytes]) -> None:
        world = World(postgres, folder)
        world.mailbox = Meeting(barrier)
        poll(world, *contents)

    with ThreadPoolExecutor(len(mails)) as pool:
        for done in [pool.submit(run, item) for item in mails]:
            done.result(30)


def test_two_pollers_that_read_the_same_mails_at_once_apply_each_once(
    postgres: Database, tmp_path: Path
) -> None:
    world = World(postgres, tmp_path)
    world.invited(attendees=crowd(20))
    mails = [reply(world, item["email"], "DECLINED") for item in crowd(20)]
    both_poll(postgres, tmp_path, mails, mails[::-1])
    assert set(participations(world).values()) == {"declined"}
    assert len(responses(world)) == len(incoming(world)) == 20
    assert Counter(outcome for outcome, _ in ended(world)) == {"applied": 20}
    assert Counter(world.states(K.DIGEST)) == {"scheduled": 1}


def test_two_pollers_of_different_mails_about_one_meeting_never_wait_for_each_other(
    postgres: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(postgres, tmp_path)
    world.invited(attendees=crowd(20))
    mails = [reply(world, item["email"]) for item in crowd(20)]
    with caplog.at_level(logging.WARNING, "orchestrator"):
        both_poll(postgres, tmp_path, mails[:10], mails[10:])
    assert set(participations(world).values()) == {"accepted"}
    assert len(responses(world)) == 20
    assert caplog.messages == [], "no batch had to be taken apart"


def test_a_poll_and_a_change_of_the_meeting_at_once_both_hold(postgres: Database, tmp_path: Path) -> None:
    world = World(postgres, tmp_path)
    world.invited(attendees=crowd(20))
    mails = [reply(world, item["email"], "DECLINED") for item in crowd(20)]
    barrier = Barrier(2)

    def move() -> None:
        barrier.wait(20)
        change(World(postgres, tmp_path), start="2026-12-10 14:00")

    def read() -> None:
        other = World(postgres, tmp_path)
        other.mailbox = Meeting(barrier)
        poll(other, *mails)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(move), pool.submit(read)]:
            done.result(30)
    assert set(participations(world).values()) == {"no answer"}, "the answers were to the time before"
    assert {row.state for row in world.rows(K.REMIND)} == {"scheduled"}


# --- polling is an action like any other


def the_poll(world: World) -> ActionRow:
    (row,) = world.rows(K.READ_MAILBOX)
    return row


def test_a_mailbox_is_read_through_the_schedule(world: World) -> None:
    world.invited()
    world.scheduling.begin()
    assert (the_poll(world).state, the_poll(world).due_at) == ("scheduled", NOW)
    world.mailbox.arrive(reply(world, TAN))
    world.run()
    assert participations(world)[TAN] == "accepted"
    interval = timedelta(seconds=world.settings.poll_seconds)
    assert (the_poll(world).state, the_poll(world).due_at) == ("scheduled", NOW + interval)
    world.mailbox.arrive(reply(world, TAN, "DECLINED"))
    world.clock.at = NOW + interval - timedelta(seconds=1)
    world.run()
    assert participations(world)[TAN] == "accepted"
    world.clock.move(seconds=1)
    world.mailbox.arrive(reply(world, TAN, "DECLINED"))
    world.run()
    assert participations(world)[TAN] == "declined"


def test_the_poll_travels_in_a_task_of_its_own(world: World) -> None:
    world.published()
    world.scheduling.begin()
    batches = world.scheduling.claim()
    kinds = {row.id: row.kind for row in world.rows()}
    assert sorted([kinds[number] for number in batch] for batch in batches) == [
        ["conference"],
        ["read-mailbox"],
    ]


def test_beginning_again_and_again_keeps_one_poll(world: World) -> None:
    for _ in range(3):
        world.scheduling.begin()
        world.run()
        world.clock.move(minutes=1)
    assert len(world.rows(K.READ_MAILBOX)) == 1


def test_two_beats_that_begin_at_once_make_one_poll(postgres: Database, tmp_path: Path) -> None:
    barrier = Barrier(4)

    def begin(_: int) -> None:
        world = World(postgres, tmp_path)
        barrier.wait(20)
        world.scheduling.begin()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(begin, range(4)))
    assert len(World(postgres, tmp_path).rows(K.READ_MAILBOX)) == 1


def test_mail_that_arrives_makes_the_poll_due_at_once(world: World) -> None:
    world.scheduling.begin()
    world.run()
    world.clock.move(seconds=10)
    assert world.scheduling.claim() == []
    with world.database.transaction() as session:
        assert read_mailbox.read_now(session, world.clock.now())
    (batch,) = world.scheduling.claim()
    with world.database.transaction() as session:
        assert not read_mailbox.read_now(session, world.clock.now()), "somebody is about to read already"
    world.delivering.deliver(batch)
    assert the_poll(world).due_at == world.clock.now() + timedelta(seconds=world.settings.poll_seconds)


@pytest.mark.parametrize(
    "error",
    [
        TransientFailure("The IMAP server is away."),
        PermanentFailure("The sign-in to the mailbox was refused."),
    ],
)
def test_a_mailbox_that_cannot_be_read_is_tried_again_and_says_why(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    world.invited()
    world.scheduling.begin()
    world.mailbox.arrive(reply(world, TAN))
    minute = timedelta(seconds=world.settings.poll_seconds)

    @contextmanager
    def away(_: FakeMailbox) -> Iterator[FakeMailbox]:
        raise error
        yield  # What makes it a generator.

    with monkeypatch.context() as patch:
        patch.setattr(FakeMailbox, "session", away)
        for turn in range(8):
            world.run()
            row = the_poll(world)
            assert (row.state, row.reason) == ("scheduled", str(error)), turn
            assert row.due_at == world.clock.now() + minute
            world.clock.at = row.due_at
    world.run()
    assert (the_poll(world).state, the_poll(world).reason) == ("scheduled", None)
    assert participations(world)[TAN] == "accepted"


def test_a_defect_while_polling_never_ends_the_polling(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The poll's attempts count up for ever, so its fifth defect must not be taken for a hopeless case."""
    world.invited()
    world.scheduling.begin()

    def broken(*_: Any) -> list[str]:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(FakeMailbox, "waiting", broken)
        for _ in range(8):
            world.run()
            world.clock.move(minutes=20)
    world.mailbox.arrive(reply(world, TAN))
    world.run()
    assert the_poll(world).state == "scheduled"
    assert participations(world)[TAN] == "accepted"


@pytest.mark.both_databases
def test_a_poll_whose_worker_died_comes_back_by_itself(world: World) -> None:
    world.invited()
    world.scheduling.begin()
    world.mailbox.arrive(reply(world, TAN))
    world.mailbox.during = dying_once(Killed())
    (batch,) = world.scheduling.claim()
    with pytest.raises(Killed):
        world.delivering.deliver(batch)
    assert the_poll(world).state == "running"
    world.lease_clock.at += 2 * LEASE
    world.run()
    assert (the_poll(world).state, world.mailbox.inbox) == ("scheduled", {})
    assert len(responses(world)) == 1


def test_the_claim_is_renewed_while_a_full_mailbox_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.invited(attendees=crowd(6))
    world.scheduling.begin()
    monkeypatch.setattr(inbox_module, "_BATCH", 2)
    world.mailbox.arrive(*(reply(world, item["email"]) for item in crowd(6)))
    (batch,) = world.scheduling.claim()

    def slow(_: object) -> None:
        world.lease_clock.at += LEASE / 4
        assert world.scheduling.claim() == [], "nobody else may read what is being read"

    world.mailbox.during = slow
    world.delivering.deliver(batch)
    assert set(participations(world).values()) == {"accepted"}
    assert the_poll(world).attempt == 1


def test_reading_the_mailbox_is_not_thrown_away(world: World) -> None:
    world.scheduling.begin()
    with pytest.raises(Exception, match="cannot be discarded"):
        world.operations.discard(the_poll(world).id, caller=caller("ops"))
    assert the_poll(world).state == "scheduled"


# --- what the coordinator hears


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
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
    world.clock.move(hours=1)
    world.run()
    assert len(news(world)) == 1


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
    world.meetings.update("SOM-2026", update, caller=caller("coordinator"), version=version)
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
