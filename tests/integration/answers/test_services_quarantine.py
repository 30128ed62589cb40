"""Bounces, letters and all that no program could apply, and what a person makes of them."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter

import pytest

from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.ports import Tray
from orchestrator.services.answers import inbox as inbox_module
from orchestrator.words import say
from tests.callers import caller
from tests.integration.answers.incoming_mails import (
    REMINDERS,
    apple,
    calendar,
    ended,
    english,
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
)
from tests.unit.answers.test_tnef import APPOINTMENT, MEETING, filetime, global_id, tagged, text, tnef


def message_id_to(world: World, email: str) -> str:
    return str(world.mailer.to(email)[-1].message["Message-ID"])


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
    next_morning(world)
    assert "Singapore, Tan Hui Shan: wrote a mail" in english(news(world)[0])


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
    poll(world, apple(TAN, sent))
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
    huge = letter(TAN, "x" * inbox_module.LARGEST_MAIL)
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
    assert (answer.by, answer.assigned_by) == ("tan.private@mail.example.org", "coordinator")
    (shown, *_) = world.reading.meeting("SOM-2026").responses
    assert say(shown.by) == "tan.private@mail.example.org, assigned by coordinator"
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
