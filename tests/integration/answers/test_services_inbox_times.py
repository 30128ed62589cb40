"""Answers that come by mail: which time they are to, when they were given, and the part that counts.

This file is longer than others, because the cases of one table stand together.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime, timedelta

import pytest

from orchestrator.domain.meetings.meeting import Participation
from orchestrator.ports import Tray
from orchestrator.store.meetings import meetings as store
from tests.callers import caller
from tests.integration.answers.incoming_mails import (
    FRIDAY,
    HOUR,
    apple,
    attendee_line,
    calendar,
    change,
    counter,
    english,
    exchange,
    google,
    headers,
    incoming,
    last,
    letter,
    news,
    next_morning,
    nobody_answered,
    participations,
    poll,
    reply,
    responses,
    uid_of,
    utc,
    value_of,
)
from tests.integration.conftest import (
    ENDS,
    STARTS,
    TAN,
    THIDA,
    World,
)

WEEK = timedelta(days=7)
MOVED, MOVED_END = STARTS + WEEK, ENDS + WEEK
P = Participation


@pytest.fixture
def moved(world: World) -> World:
    """A meeting that was moved by a week after everybody was invited."""
    world.invited()
    world.clock.move(hours=1)
    change(world, start="2026-12-10 14:00")
    world.run()
    world.clock.move(hours=1)
    return world


def written(world: World, start: str, sequence: int | None) -> bytes:
    """Tan's answer with its DTSTART written as ``start``."""
    line = attendee_line(TAN)
    return google(TAN, calendar(uid_of(world), line, start, starts=None, ends=None, sequence=sequence))


def dated(mail: bytes, moment: datetime) -> bytes:
    """A mail with that Date."""
    return mail.replace(b"Sun, 01 Nov 2026 02:00:00 +0000", f"{moment:%a, %d %b %Y %H:%M:%S +0000}".encode())


# --- SEQUENCE and DTSTART


def test_a_new_start_under_an_old_sequence_is_for_a_person(moved: World) -> None:
    poll(moved, reply(moved, TAN, sequence=0, starts=MOVED, ends=MOVED_END))
    assert nobody_answered(moved)
    outcome, reason = last(moved)
    assert outcome == "quarantined"
    assert "it names the present start, but its SEQUENCE 0 is that of an earlier time" in reason


@pytest.mark.parametrize("sequence", [1, 2, 99])
def test_an_old_start_under_a_raised_sequence_is_no_answer_to_the_new_time(
    moved: World, sequence: int
) -> None:
    poll(moved, reply(moved, TAN, sequence=sequence, starts=STARTS))
    assert nobody_answered(moved)
    outcome, reason = last(moved)
    assert outcome == "quarantined"
    assert "names an earlier start, Thursday, 3 December 2026, 14:00" in reason


ZONES = {
    "Windows": 'DTSTART;TZID="SE Asia Standard Time":20261210T140000',
    "Outlook's words": 'DTSTART;TZID="(UTC+07:00) Bangkok, Hanoi, Jakarta":20261210T140000',
    "IANA": "DTSTART;TZID=Asia/Bangkok:20261210T140000",
}


@pytest.mark.parametrize("zone", ZONES)
def test_without_sequence_the_start_speaks_in_whatever_zone_it_is_written(moved: World, zone: str) -> None:
    poll(moved, written(moved, ZONES[zone], sequence=None))
    assert participations(moved)[TAN] == "accepted"


UNREAD = ["DTSTART:20261210T140000", 'DTSTART;TZID="Our Zone":20261210T140000', "X-NOTHING:1"]


@pytest.mark.parametrize("start", UNREAD)
def test_after_a_move_what_tells_no_time_is_for_a_person(moved: World, start: str) -> None:
    poll(moved, written(moved, start, sequence=None))
    assert nobody_answered(moved)
    outcome, reason = last(moved)
    assert outcome == "quarantined"
    assert "tells neither by SEQUENCE nor by a start that can be read" in reason


@pytest.mark.parametrize("start", [*UNREAD, 'DTSTART;TZID="Tonga Standard Time":20261203T140000'])
@pytest.mark.parametrize("sequence", [None, 0])
def test_without_a_move_there_is_one_time_to_answer(world: World, start: str, sequence: int | None) -> None:
    world.invited()
    poll(world, written(world, start, sequence=sequence))
    assert participations(world)[TAN] == "accepted"


def test_a_start_that_the_meeting_never_had_is_not_answered(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN, starts=STARTS + HOUR, sequence=3))
    assert nobody_answered(world)
    outcome, reason = last(world)
    assert outcome == "quarantined"
    assert "never announced for that time" in reason


def test_an_answer_after_a_change_of_length_is_told_by_its_sequence(world: World) -> None:
    world.invited()
    change(world, duration="PT3H")
    world.run()
    poll(world, reply(world, TAN, sequence=0))
    assert last(world) == (
        "ignored",
        "it answers an earlier revision of the meeting, and everybody has been asked again since",
    )
    poll(world, reply(world, TAN, sequence=1))
    assert participations(world)[TAN] == "accepted"


def test_an_apple_answer_with_an_internal_name_is_applied(moved: World) -> None:
    line = f"ATTENDEE;CN=Tan;EMAIL={TAN};PARTSTAT=ACCEPTED:/aMTIzNDU2/principal/"
    content = calendar(uid_of(moved), line, starts=MOVED, ends=ENDS, sequence=1)
    poll(moved, apple(TAN, content))
    assert participations(moved)[TAN] == "accepted"


def test_a_fold_inside_a_character_is_no_hindrance(world: World) -> None:
    world.invited()
    whole = calendar(uid_of(world), attendee_line(TAN, "TENTATIVE"), "COMMENT:Tôi sẽ 👩🏽‍💻 ໂດຍ")
    octets = whole.encode()
    at = octets.index("👩".encode()) + 2
    folded = octets[:at] + b"\r\n " + octets[at:]
    mail = (
        headers(TAN, "Content-Type: text/calendar; method=REPLY; charset=utf-8").encode() + b"\r\n" + folded
    )
    poll(world, mail)
    assert participations(world)[TAN] == "tentative"
    assert responses(world)[0].comment == "Tôi sẽ 👩🏽‍💻 ໂດຍ"


# --- which of two answers was given later


def request_stamp(world: World) -> datetime:
    """The DTSTAMP of the invitation that Tan was sent first."""
    written = value_of(world.mailer.to(TAN)[0], "DTSTAMP")
    return datetime.strptime(f"{written}+0000", "%Y%m%dT%H%M%SZ%z")


def declined_on_the_page(world: World) -> None:
    person = next(item for item in world.reading.meeting("SOM-2026").attendees if item.email == TAN)
    with world.database.reading() as session:
        attendee = store.load(session, 1).attendee(person.id)
    world.personal_answers.answer(world.links.page_token(attendee), P.DECLINED)
    assert participations(world)[TAN] == "declined"


@pytest.mark.parametrize("how", ["dated later", "without a date", "dated before it was asked"])
def test_a_copy_of_our_own_stamp_does_not_make_a_later_answer_older(world: World, how: str) -> None:
    world.invited()
    stamp = request_stamp(world)
    world.clock.move(days=1)
    declined_on_the_page(world)
    world.clock.move(hours=1)
    mail = reply(world, TAN, stamp=stamp)
    dates = {"dated later": world.clock.now(), "dated before it was asked": stamp - HOUR}
    poll(world, dated(mail, dates[how]) if how in dates else mail.replace(b"Date:", b"X-Date:"))
    assert participations(world)[TAN] == "accepted", last(world)


def test_a_copied_stamp_leaves_an_answer_that_was_sent_earlier_the_earlier_one(world: World) -> None:
    world.invited()
    stamp = request_stamp(world)
    world.clock.move(days=1)
    mail = dated(reply(world, TAN, stamp=stamp), world.clock.now())
    world.clock.move(hours=1)
    declined_on_the_page(world)
    poll(world, mail)
    assert participations(world)[TAN] == "declined"
    assert last(world) == ("ignored", "a later answer of Tan Hui Shan is known")


def test_the_stamp_of_an_invitation_that_was_sent_again_is_a_copy_too(world: World) -> None:
    world.invited()
    world.clock.move(hours=3)
    world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))
    world.run()
    stamp = datetime.strptime(f"{value_of(world.mailer.to(TAN)[-1], 'DTSTAMP')}+0000", "%Y%m%dT%H%M%SZ%z")
    world.clock.move(hours=1)
    declined_on_the_page(world)
    world.clock.move(hours=1)
    poll(world, dated(reply(world, TAN, stamp=stamp), world.clock.now()))
    assert participations(world)[TAN] == "accepted"


def test_copied_stamps_order_two_mails_by_their_dates(world: World) -> None:
    world.invited()
    stamp = request_stamp(world)
    world.clock.move(days=1)
    first = dated(reply(world, TAN, "DECLINED", stamp=stamp), world.clock.now())
    second = dated(reply(world, TAN, "ACCEPTED", stamp=stamp), world.clock.now() + HOUR)
    world.clock.move(hours=2)
    poll(world, second, first)
    assert participations(world)[TAN] == "accepted"


# --- the part that counts


def mixed(sender: str, *parts: str) -> bytes:
    whole = headers(sender, 'Content-Type: multipart/mixed; boundary="mix"')
    return (whole + "\r\n" + "".join(f"--mix\r\n{part}\r\n" for part in parts) + "--mix--\r\n").encode()


def calendar_part(content: str, kind: str = "text/calendar; charset=utf-8") -> str:
    return f"Content-Type: {kind}\r\n\r\n{content}"


def test_the_answer_counts_though_our_invitation_comes_first(world: World) -> None:
    world.invited()
    ours = world.mailer.to(TAN)[0].calendar
    for number, answer in enumerate(("DECLINED", "ACCEPTED")):
        world.clock.move(hours=number + 1)
        theirs = calendar(uid_of(world), attendee_line(TAN, answer), stamp=world.clock.now())
        poll(world, mixed(TAN, calendar_part(ours), calendar_part(theirs)))
        assert participations(world)[TAN] == answer.lower()


def test_the_answer_counts_beside_a_calendar_that_cannot_be_read(world: World) -> None:
    world.invited()
    theirs = calendar(uid_of(world), attendee_line(TAN))
    broken = calendar_part("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR")
    poll(world, mixed(TAN, broken, calendar_part(theirs, 'application/ics; name="answer.ics"')))
    assert participations(world)[TAN] == "accepted"


def test_two_answers_in_one_mail_are_none(world: World) -> None:
    world.invited()
    both = [calendar(uid_of(world), attendee_line(TAN, answer)) for answer in ("ACCEPTED", "DECLINED")]
    poll(world, mixed(TAN, *map(calendar_part, both)))
    assert nobody_answered(world)
    assert last(world) == ("quarantined", "gives two answers")


def scan(megabytes: int) -> str:
    encoded = b64encode(bytes(range(256)) * 4096 * megabytes).decode()
    lines = "\r\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76))
    return f'Content-Type: image/tiff; name="scan.tif"\r\nContent-Transfer-Encoding: base64\r\n\r\n{lines}'


def test_a_small_answer_in_a_mail_that_is_too_large_counts(world: World) -> None:
    world.invited()
    theirs = calendar(uid_of(world), attendee_line(TAN, "DECLINED"))
    huge = mixed(TAN, "Content-Type: text/plain\r\n\r\nSorry.", calendar_part(theirs), scan(9))
    assert len(huge) > 11_000_000
    poll(world, huge)
    assert participations(world)[TAN] == "declined"
    assert len(world.mailbox.trays[Tray.PROCESSED]) == 1


def test_an_answer_behind_what_is_too_large_is_left_to_a_person(world: World) -> None:
    world.invited()
    theirs = calendar(uid_of(world), attendee_line(TAN, "DECLINED"))
    poll(world, mixed(TAN, scan(9), calendar_part(theirs)))
    assert nobody_answered(world)
    assert last(world)[0] == "quarantined"


def test_an_answer_that_a_calendar_gives_by_itself_counts(world: World) -> None:
    world.invited()
    poll(world, google(TAN, calendar(uid_of(world), attendee_line(TAN)), "Auto-Submitted: auto-replied"))
    assert participations(world)[TAN] == "accepted"


# --- what an answer says


def test_an_attendee_without_participation_needs_action(world: World) -> None:
    world.invited()
    poll(world, google(TAN, calendar(uid_of(world), f"ATTENDEE;CN=Tan:mailto:{TAN}")))
    assert nobody_answered(world)
    assert last(world) == ("ignored", "it does not say yes or no")


def test_words_beside_neither_yes_nor_no_are_told(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN, "NEEDS-ACTION", "COMMENT:Please call me first."))
    assert nobody_answered(world)
    assert last(world) == ("applied", "Tan Hui Shan says neither yes nor no, but wrote something")
    next_morning(world)
    assert "Please call me first." in english(news(world)[0])


def proposing(world: World, answer: str, start: datetime, *lines: str, status: str = "") -> bytes:
    """As Apple's calendars propose another time: beside the name, in an answer to the present one."""
    param = f'TO-ALL-PROPOSED-NEW-TIME="DTSTART:{utc(start)};STATUS:{status};"'
    line = attendee_line(TAN, answer, param)
    return apple(TAN, calendar(uid_of(world), line, *lines, stamp=world.clock.now()))


def test_apple_proposes_a_time_inside_an_answer(world: World) -> None:
    world.invited()
    said = "X-CALENDARSERVER-PRIVATE-COMMENT:Friday suits us better\\, please."
    poll(world, proposing(world, "TENTATIVE", FRIDAY, said))
    assert participations(world)[TAN] == "tentative"
    (answer,) = responses(world, "answer")
    (proposal,) = responses(world, "proposal")
    assert answer.comment == proposal.comment == "Friday suits us better, please."
    assert (proposal.state, proposal.starts_at, proposal.ends_at) == (
        "open",
        FRIDAY,
        FRIDAY + (ENDS - STARTS),
    )
    world.clock.move(hours=1)
    poll(world, proposing(world, "ACCEPTED", FRIDAY))
    assert participations(world)[TAN] == "accepted"
    assert len(responses(world, "proposal")) == 1, "the same proposal is open already"


def test_apple_proposes_a_time_and_says_nothing_else(world: World) -> None:
    world.invited()
    poll(world, proposing(world, "NEEDS-ACTION", FRIDAY))
    assert nobody_answered(world)
    assert [row.starts_at for row in responses(world, "proposal")] == [FRIDAY]


@pytest.mark.parametrize(
    ("start", "status"), [(STARTS, ""), (FRIDAY, "DECLINED"), (STARTS + timedelta(days=9_000), "")]
)
def test_what_is_no_proposal_leaves_the_answer_alone(world: World, start: datetime, status: str) -> None:
    world.invited()
    poll(world, proposing(world, "ACCEPTED", start, status=status))
    assert participations(world)[TAN] == "accepted"
    assert responses(world, "proposal") == []
    assert last(world)[0] == "applied"


def test_a_zone_that_the_calendar_defines_is_read_in_a_proposal(world: World) -> None:
    world.invited()
    zone = "\r\n".join(
        (
            "BEGIN:VTIMEZONE",
            "TZID:Customized Time Zone",
            "BEGIN:STANDARD",
            "DTSTART:16010101T000000",
            "TZOFFSETFROM:+0700",
            "TZOFFSETTO:+0700",
            "END:STANDARD",
            "END:VTIMEZONE",
            "BEGIN:VEVENT",
        )
    )
    start = "DTSTART;TZID=Customized Time Zone:20261204T140000"
    content = calendar(uid_of(world), attendee_line(TAN), start, method="COUNTER", starts=None, ends=None)
    poll(world, exchange(TAN, content.replace("BEGIN:VEVENT", zone, 1)))
    assert [row.starts_at for row in responses(world, "proposal")] == [FRIDAY]


def test_a_proposal_for_a_time_that_is_past_is_told_as_such(world: World) -> None:
    world.invited()
    past = world.clock.now() - timedelta(days=2)
    poll(world, counter(world, TAN, past))
    assert last(world) == ("applied", "it proposes another time, which is past already")
    (found,) = world.reading.meeting("SOM-2026").responses
    assert (found.kind, found.state, found.past) == ("proposal", "open", True)
    poll(world, counter(world, THIDA))
    assert [item.past for item in world.reading.meeting("SOM-2026").responses] == [False, True]
    next_morning(world)
    assert "09:00 (host’s time), which is past" in english(news(world)[0])


def test_a_letter_that_is_too_large_is_told_with_its_beginning(world: World) -> None:
    world.invited()
    asked = world.mailer.to(TAN)[0].message["Message-ID"]
    poll(world, letter(TAN, "Please call me. " * 700_000, f"In-Reply-To: {asked}"))
    (row,) = incoming(world)
    assert (row.fate, row.meeting_id) == ("quarantined", 1)
    assert row.text.startswith("Please call me.")


def test_a_person_decides_which_time_an_answer_is_to(moved: World) -> None:
    poll(moved, reply(moved, TAN, sequence=0, starts=MOVED, ends=MOVED_END))
    assert nobody_answered(moved)
    moved.quarantine.accept(incoming(moved)[0].id, caller=caller("coordinator"))
    assert participations(moved)[TAN] == "accepted"
    assert last(moved)[0] == "assigned"
