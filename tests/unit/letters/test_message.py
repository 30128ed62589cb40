"""The mail around a letter, as bytes; read back with the standard library."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.letters.message import (
    Attachment,
    CalendarCopy,
    Form,
    Letter,
    NamedAddress,
    assemble,
    message_id,
)
from orchestrator.domain.meetings.itip import Method
from tests.unit.letters.messages_made import CALENDAR, LETTER, parse

PDF = Attachment("Agenda.pdf", "application/pdf", b"%PDF-1.7\r\n\x00\xff" * 100)

SCRIPTS = {
    "vietnamese": "Hội nghị quan chức cấp cao về các vấn đề công vụ lần thứ hai mươi mốt",
    "thai": "การประชุมเจ้าหน้าที่อาวุโสอาเซียนด้านกิจการข้าราชการพลเรือน",
    "khmer": "កិច្ចប្រជុំមន្ត្រីជាន់ខ្ពស់អាស៊ានស្តីពីកិច្ចការមុខងារសាធារណៈ",
    "lao": "ກອງປະຊຸມເຈົ້າໜ້າທີ່ອາວຸໂສອາຊຽນກ່ຽວກັບວຽກງານລັດຖະກອນ",
    "burmese": "အာဆီယံအဆင့်မြင့်အရာရှိကြီးများအစည်းအဝေး",
    "chinese": "东盟公务员事务高级官员会议",
    "right-to-left": "اجتماع كبار المسؤولين",
    "emoji": "Welcome 👩🏽‍💻 🇻🇳 now",
    "quotes": 'The "new normal", it\'s (almost) <here>; and \\ back, too',
    "one long word": "x" * 240,
    "long and mixed": "Báo cáo report " * 16 + "end",
    "looks encoded": "=?utf-8?q?Hello?= there",
    "percent and equals": "100% = all =3D =20",
}


def content(message: EmailMessage, kind: str) -> str:
    found = [part for part in message.walk() if part.get_content_type() == kind]
    assert len(found) == 1
    return str(found[0].get_content()).replace("\r\n", "\n")


def mailbox(letter: Letter, header: str) -> tuple[str, str]:
    """The decoded display name, and the address.

    Python 3.11's modern parser keeps the blank between two encoded words of a display name, which
    RFC 2047 section 6.2 says to drop; the classic one does as it says.
    """
    raw = message_from_bytes(assemble(letter), policy=policy.compat32)[header]
    name, address = parseaddr(re.sub(r"\r?\n[ \t]", " ", raw))
    return str(make_header(decode_header(name))), address


def structure(message: EmailMessage) -> Any:
    if not message.is_multipart():
        return message.get_content_type()
    return message.get_content_type(), [structure(part) for part in message.iter_parts()]  # type: ignore[arg-type]


def test_an_invitation_is_built_as_every_client_wants_it() -> None:
    assert structure(parse(LETTER)) == (
        "multipart/mixed",
        [("multipart/alternative", ["text/plain", "text/html", "text/calendar"]), "application/ics"],
    )


def test_attachments_leave_the_alternative_in_place_and_the_calendar_file_last() -> None:
    assert structure(parse(replace(LETTER, attachments=(PDF, PDF)))) == (
        "multipart/mixed",
        [
            ("multipart/alternative", ["text/plain", "text/html", "text/calendar"]),
            "application/pdf",
            "application/pdf",
            "application/ics",
        ],
    )


def test_a_reminder_has_two_bodies_and_nothing_else() -> None:
    assert structure(parse(replace(LETTER, calendar=None))) == (
        "multipart/alternative",
        ["text/plain", "text/html"],
    )


def test_minutes_are_two_bodies_and_a_file() -> None:
    letter = replace(LETTER, calendar=None, attachments=(PDF,))
    assert structure(parse(letter)) == (
        "multipart/mixed",
        [("multipart/alternative", ["text/plain", "text/html"]), "application/pdf"],
    )


@pytest.mark.parametrize("method", list(Method))
def test_the_method_stands_in_the_type_of_the_calendar_part(method: Method) -> None:
    message = parse(replace(LETTER, calendar=CalendarCopy(method, CALENDAR)))
    (part,) = [item for item in message.walk() if item.get_content_type() == "text/calendar"]
    header = f"Content-Type: text/calendar; charset=UTF-8; method={method.value}\r\n"
    assert assemble(replace(LETTER, calendar=CalendarCopy(method, CALENDAR))).count(header.encode()) == 1
    assert part["Content-Type"].params["method"] == method.value
    assert part["Content-Transfer-Encoding"] == "base64"
    assert part["Content-Disposition"] is None
    assert part["Content-ID"] is None


def test_both_copies_of_the_calendar_are_the_bytes_given() -> None:
    message = parse(LETTER)
    copies = [
        item.get_payload(decode=True)
        for item in message.walk()
        if item.get_content_type() in ("text/calendar", "application/ics")
    ]
    assert copies == [CALENDAR, CALENDAR]


def test_the_calendar_file_has_a_name() -> None:
    *_, part = parse(LETTER).iter_parts()
    assert (part.get_filename(), part.get_content_disposition()) == ("invite.ics", "attachment")
    assert part["Content-Type"].params["name"] == "invite.ics"


def test_the_headers_are_exactly_these() -> None:
    head = assemble(LETTER).partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    assert head[:2] == [
        "From: ACCSM meetings <meetings@accsm.example.org>",
        "To: =?utf-8?b?TMOqIFRo4buLIExhbg==?=",
    ]
    assert [
        line for line in head if not line.startswith((" ", "To", "From", "Reply-To", "Content-Type"))
    ] == [
        "Subject: Invitation: Senior Officials Meeting",
        "Date: Sun, 01 Nov 2026 02:03:04 +0000",
        "Message-ID: <abc@accsm.example.org>",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "MIME-Version: 1.0",
    ]


def test_no_header_that_would_suppress_or_unsubscribe() -> None:
    names = [name.lower() for name, _ in parse(LETTER).items()]
    assert len(names) == len(set(names))
    assert not {"list-unsubscribe", "precedence", "bcc", "cc", "in-reply-to", "references"} & set(names)


def test_an_update_refers_to_the_first_invitation() -> None:
    message = parse(replace(LETTER, references="<first@accsm.example.org>"))
    assert (message["References"], message["In-Reply-To"]) == ("<first@accsm.example.org>",) * 2


def test_the_date_keeps_its_instant_in_any_zone() -> None:
    date = datetime(2026, 11, 1, 9, 3, 4, tzinfo=timezone(timedelta(hours=7)))
    message = parse(replace(LETTER, date=date))
    assert message["Date"] == "Sun, 01 Nov 2026 09:03:04 +0700"
    assert parsedate_to_datetime(message["Date"]) == LETTER.date


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_every_script_comes_back_unchanged(text: str) -> None:
    letter = replace(
        LETTER,
        sender=NamedAddress(text, "meetings@accsm.example.org"),
        recipient=NamedAddress(text, "lan@vn.example.org"),
        reply_to=NamedAddress(text, "coordinator@vn.example.org"),
        subject=f"Updated: {text}",
        text=f"{text}\n\n{text}",
        html=f"<p>{text}</p>",
    )
    message = parse(letter)
    assert message["Subject"] == f"Updated: {text}"
    for header, address in (("From", "meetings@accsm"), ("To", "lan@vn"), ("Reply-To", "coordinator@vn")):
        assert mailbox(letter, header) == (text, f"{address}.example.org")
        assert [item.addr_spec for item in message[header].addresses] == [f"{address}.example.org"]
    assert content(message, "text/plain") == letter.text
    assert content(message, "text/html") == letter.html


@pytest.mark.parametrize("length", [1, 73, 74, 75, 76, 77, 997, 998, 999, 5000])
@pytest.mark.parametrize("char", ["x", "ក", "=", " ", "."])
def test_lines_of_every_length_come_back_unchanged(length: int, char: str) -> None:
    text = f"before\n{char * length}\nafter"
    assert content(parse(replace(LETTER, text=text, html=text)), "text/plain") == text


@pytest.mark.parametrize(
    ("given_text", "text"),
    [
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("one\n\n\n", "one"),
        ("", ""),
        (".\n..\n. dot\nFrom here\n--=_x", ".\n..\n. dot\nFrom here\n--=_x"),
        ("trailing \nspace\t\nhere \n", "trailing \nspace\t\nhere "),
    ],
)
def test_line_ends_are_made_crlf_and_nothing_else_changes(given_text: str, text: str) -> None:
    assert content(parse(replace(LETTER, text=given_text)), "text/plain") == text


BREAKS = ["\r\n", "\n", "\r", "\r\n\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("line_break", BREAKS)
@pytest.mark.parametrize("before", ["SOM", "Hội nghị", ""])
def test_no_name_or_subject_can_add_a_header(before: str, line_break: str) -> None:
    evil = f"{before}{line_break}Bcc: eve@example.org"
    letter = replace(
        LETTER,
        subject=evil,
        sender=NamedAddress(evil, "meetings@accsm.example.org"),
        recipient=NamedAddress(evil, "lan@vn.example.org"),
        reply_to=NamedAddress(evil, "coordinator@vn.example.org"),
        attachments=(Attachment(f"{evil}.pdf", "application/pdf", b"%PDF-"),),
    )
    message = parse(letter)
    assert [part["Bcc"] for part in message.walk()] == [None] * len(list(message.walk()))
    assert [len(message[name].addresses) for name in ("From", "To", "Reply-To")] == [1, 1, 1]
    assert message["Subject"] == f"{before} Bcc: eve@example.org".strip()


def test_a_boundary_never_meets_the_content() -> None:
    raw = assemble(LETTER)
    boundaries = re.findall(rb'boundary="([^"]+)"', raw)
    assert len(boundaries) == 2 == len(set(boundaries))
    imitated = b"".join(b"--%s--\r\n--%s\r\n" % (item, item) for item in boundaries).decode()
    letter = replace(
        LETTER,
        text=f"{imitated}text",
        html=f"{imitated}html",
        attachments=(Attachment("a.txt", "text/plain; charset=utf-8", imitated.encode()),),
    )
    message = parse(letter)
    assert re.findall(rb'boundary="([^"]+)"', assemble(letter)) == boundaries
    assert content(message, "text/html") == imitated.replace("\r\n", "\n") + "html"
    assert [part.get_filename() for part in message.iter_attachments()] == ["a.txt", "invite.ics"]


def test_two_messages_have_different_boundaries_and_one_message_always_the_same() -> None:
    other = assemble(replace(LETTER, message_id="<other@accsm.example.org>"))
    assert not set(re.findall(rb'boundary="([^"]+)"', other)) & set(
        re.findall(rb'boundary="([^"]+)"', assemble(LETTER))
    )
    assert assemble(LETTER) == assemble(LETTER)


def test_a_message_id_is_deterministic_and_tells_apart_whatever_differs() -> None:
    one = message_id("accsm.example.org", "uid", 1, "lan@vn.example.org", "invite")
    assert one == message_id("accsm.example.org", "uid", 1, "lan@vn.example.org", "invite")
    assert re.fullmatch(r"<[0-9a-f]{40}@accsm\.example\.org>", one)
    others = {
        message_id("accsm.example.org", "uid", 2, "lan@vn.example.org", "invite"),
        message_id("accsm.example.org", "uid", 1, "dara@kh.example.org", "invite"),
        message_id("accsm.example.org", "uid", 1, "lan@vn.example.org", "remind"),
        message_id("accsm.example.org", "uid2", 1, "lan@vn.example.org", "invite"),
        message_id("accsm.example.org", "uid", 11, "an@vn.example.org", "invite"),
        message_id("accsm.example.org", "uid", "1lan@vn.example.org", "invite"),
    }
    assert len(others | {one}) == 7


def test_a_message_id_gives_away_no_address() -> None:
    assert "lan" not in message_id("accsm.example.org", "uid", "lan@vn.example.org").partition("@")[0]


LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=100)


def tidy(text: str) -> str:
    return " ".join(text.split())


@given(LINES)
def test_any_subject_comes_back(subject: str) -> None:
    assert parse(replace(LETTER, subject=f"Invitation: {subject}"))["Subject"] == tidy(
        f"Invitation: {subject}"
    )


@given(LINES)
def test_any_display_name_comes_back(name: str) -> None:
    letter = replace(LETTER, recipient=NamedAddress(name, "lan@vn.example.org"))
    assert mailbox(letter, "To") == (tidy(name), "lan@vn.example.org")
    assert [item.addr_spec for item in parse(letter)["To"].addresses] == ["lan@vn.example.org"]


@given(st.lists(LINES, max_size=8))
def test_any_text_comes_back(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert content(parse(replace(LETTER, text=text)), "text/plain") == text.rstrip("\n")


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_what_is_put_in_for_a_mark_may_be_several_lines(line_break: str) -> None:
    form = Form.of("before\n\ue000\nafter\n", "\ue000")
    filled = form.filled(("\ue000", f"Dear Lê,{line_break}and all"))
    message = parse(replace(LETTER, text=filled))
    assert content(message, "text/plain") == "before\nDear Lê,\nand all\nafter"
