"""What people write comes out of every parser unchanged, and can add nothing to a mail or calendar.

Our definitions refuse control characters (``tests/unit/definitions/test_definition.py``), so the texts here
have none but the line breaks and tabs that a description may hold.
"""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.letters.invitation import common_name
from tests.conformance.building import COORDINATOR, LAN, LINK, ORGANIZER, calendar, cancelled, mail, named
from tests.conformance.mime import decoded, defects_of, mailbox, read
from tests.conformance.readers import Component, DataIcal, Libical, Reader, Vobject, event_of
from tests.conformance.rules import (
    CALENDAR_RULES,
    INVITATION_RULES,
    MAIL_RULES,
    PARAMETERS,
    PROPERTIES,
)

VIETNAMESE = "Hội nghị trực tuyến quan chức cấp cao về các vấn đề công vụ ASEAN lần thứ 21"
SCRIPTS = {
    "vietnamese": VIETNAMESE,
    "vietnamese, decomposed": normalize("NFD", VIETNAMESE),
    "thai": "การประชุมเจ้าหน้าที่อาวุโสอาเซียนด้านกิจการข้าราชการพลเรือน",
    "khmer": "កិច្ចប្រជុំមន្ត្រីជាន់ខ្ពស់អាស៊ានស្តីពីកិច្ចការមុខងារសាធារណៈ",
    "lao": "ກອງປະຊຸມເຈົ້າໜ້າທີ່ອາວຸໂສອາຊຽນກ່ຽວກັບວຽກງານລັດຖະກອນ",
    "burmese": "အာဆီယံအဆင့်မြင့်အရာရှိကြီးများအစည်းအဝေး",
    "chinese": "东盟公务员事务合作高级官员会议第二十一次会议的筹备会议",
    "arabic": "اجتماع كبار المسؤولين، جاكرتا؛ ٢٠٢٦",
    "hebrew, turned": "\u202bפגישת בכירים\u202c (SOM)",
    "emoji": "👩🏽‍💻 🇻🇳 👨‍👩‍👧‍👦 ❤️‍🔥",
    "zero width": "ក\u200bខ\u200cគ\u200dឃ\u2060\ufeff",
    "quotes": 'The "new normal", it\'s “almost” ‘here’ «now»',
    "separators": "a;b,c:d=e;;,,::==",
    "backslashes": r"C:\News\new\; a\, b\\ c\n d\N e\\n f\\",
    "carets": "^n ^^ ^' ^",
    "percent signs": "100% %0D%0A %s %(x)s {x}",
    "looks encoded": "=?utf-8?q?Hello=2C?= =?utf-8?b?SGVsbG8=?=",
    "looks quoted-printable": "=3D =20 = =\u00a0=",
    "long words": "x" * 300 + " " + "ក" * 100,
    "many spaces": "a  b   c",
    "markup": "<b>bold</b> &amp; <!-- --> ]]> {{ name }} {% if %}",
    "dots": ".\u2024..",
    "spaces around": "  \u00a0x\u00a0  ",
}
BREAKS = ["\r\n", "\n", "\r", "\r\n\r\n", "\n "]
INJECTIONS = [
    "x{}Bcc: eve@example.org",
    "x{}ATTENDEE:mailto:eve@example.org",
    "x{}END:VEVENT{}BEGIN:VALARM{}ACTION:DISPLAY{}TRIGGER:-PT5M{}END:VALARM{}BEGIN:VEVENT",
    "x{}METHOD:PUBLISH",
    'x":mailto:eve@example.org',
    'x";PARTSTAT=ACCEPTED;X="',
    "x;RSVP=FALSE:mailto:eve@example.org",
    "x^n^'ATTENDEE",
    "ATTENDEE:mailto:recipient@invalid",
    "END:VEVENT{}",
    "END:VCALENDAR",
    "BEGIN:VALARM",
    "x <eve@example.org>, y",
    "x, eve@example.org",
    "x (comment",
    "x{}--=_boundary{}Content-Type: text/html{}{}<b>",
]
HOSTILE = {**SCRIPTS, **{text: text for text in INJECTIONS}}

PIECES = st.one_of(
    st.sampled_from(sorted(SCRIPTS.values())),
    st.sampled_from(
        ['"', ";", ",", ":", "^", "\\", "\\n", "\\N", "%", "=?", "?=", "\u00a0", " ", "  ", "👩🏽‍💻"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=20),
)
LINES = st.lists(PIECES, min_size=1, max_size=6).map("".join).filter(str.strip)
TEXTS = st.lists(st.one_of(PIECES, st.sampled_from(["\n", "\n\n", "\t"])), max_size=8).map("".join)


def event(reader: Reader, content: bytes) -> Component:
    """Read a calendar and see that nothing but what we wrote has come in."""
    for rule in CALENDAR_RULES[:4]:
        rule(content)
    found = reader.read(content)
    assert sorted(line.name for line in found.lines) == ["CALSCALE", "METHOD", "PRODID", "VERSION"]
    assert [item.name for item in found.components] == ["VEVENT"]
    inner = event_of(found)
    assert inner.components == ()
    assert {line.name for line in inner.lines} <= PROPERTIES["VEVENT"]
    assert all(set(line.params) <= PARAMETERS.get(line.name, set()) for line in inner.lines)
    return inner


def as_read(reader: Reader, text: str) -> str:
    """Return how a parser reads a text of ours: as it is, but for one fault each in two parsers.

    Data::ICal takes the escapes off backslashes first and then those off line breaks, so that it
    reads every backslash before an "n" as a line break. libical trims both ends of a value.
    """
    if isinstance(reader, DataIcal):
        return re.sub(r"\\n", "\n", text, flags=re.IGNORECASE)
    return text.strip(" \t") if isinstance(reader, Libical) else text


def name_as_read(reader: Reader, name: str) -> str:
    """Return how a parser reads a common name; Data::ICal cuts parameters at an equals sign."""
    return name.partition("=")[0] if isinstance(reader, DataIcal) else name


def check_texts(reader: Reader, summary: str, description: str) -> None:
    found = event(reader, calendar(summary=summary, description=description))
    assert found.text("SUMMARY") == as_read(reader, summary)
    assert found.text("DESCRIPTION") == as_read(reader, description)
    assert found.text("LOCATION") == LINK
    # vobject is from before CONFERENCE, and takes what it does not know for a list of texts.
    conference = LINK.partition(",")[0] if isinstance(reader, Vobject) else LINK
    assert found.one("CONFERENCE").value == conference


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_text_of_any_script_comes_out_of_each_parser_unchanged(reader: Reader, text: str) -> None:
    check_texts(reader, text, f"{text}\n\n\t{text}\n")


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_venue_of_any_script_comes_out_of_each_parser_unchanged(reader: Reader, text: str) -> None:
    for link in (None, LINK):
        found = event(reader, calendar(location=text, join_url=link))
        assert found.text("LOCATION") == as_read(reader, text)
        assert [line.name for line in found.lines].count("CONFERENCE") == (link is not None)


@given(summary=LINES, description=TEXTS)
def test_any_text_comes_out_of_each_parser_unchanged(reader: Reader, summary: str, description: str) -> None:
    check_texts(reader, summary, f"Agenda\n{description}")


@given(first=LINES, second=LINES)
def test_any_name_comes_out_of_each_parser_as_cleaned(reader: Reader, first: str, second: str) -> None:
    check_names(reader, first, second)


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_name_of_any_script_comes_out_of_each_parser_as_cleaned(reader: Reader, text: str) -> None:
    check_names(reader, text, text)


def check_names(reader: Reader, organizer: str, recipient: str) -> None:
    for content in (calendar(named(recipient), organizer_name=organizer), cancelled(named(recipient))):
        found = event(reader, content)
        (line,) = (line for line in found.all("ATTENDEE") if line.params["ROLE"] != "CHAIR")
        assert line.value == f"mailto:{LAN.email}"
        assert line.params["CN"] == name_as_read(reader, common_name(recipient) or LAN.email)
    found = event(reader, calendar(organizer_name=organizer))
    names = [found.one("ORGANIZER"), *(x for x in found.all("ATTENDEE") if x.params["ROLE"] == "CHAIR")]
    shown = common_name(organizer) or names[0].value.removeprefix("mailto:")
    assert [line.params["CN"] for line in names] == [name_as_read(reader, shown)] * 2


@pytest.mark.parametrize("injection", INJECTIONS)
def test_no_text_and_no_name_adds_anything_to_a_calendar(reader: Reader, injection: str) -> None:
    for attack in attacks(injection):
        content = calendar(named(attack), summary=attack, description=attack, organizer_name=attack)
        found = event(reader, content)
        meant = attack.replace("\r\n", "\n").replace("\r", "\n")
        assert found.text("SUMMARY") == as_read(reader, meant)
        assert found.text("DESCRIPTION") == as_read(reader, meant)
        assert len(found.all("ATTENDEE")) == 2
        assert found.one("ORGANIZER").params["CN"] == name_as_read(reader, common_name(attack))


def attacks(text: str) -> list[str]:
    """Return a text with each kind of line break in its places."""
    return [text.replace("{}", line_break) for line_break in BREAKS] if "{}" in text else [text]


# --- the header fields of a mail


def parsed(raw: bytes) -> EmailMessage:
    """Read a mail, hold it against the rules, and see that no field came in but ours."""
    for rule in (*MAIL_RULES, *INVITATION_RULES):
        rule(raw)
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert part.defects == []
        assert [defects_of(name, value) for name, value in part.items()] == [[]] * len(part)
    return message


def check_header(subject: str, name: str) -> None:
    raw = mail(subject=f"Invitation: {subject}", names=name)
    expected, shown = " ".join(f"Invitation: {subject}".split()), " ".join(name.split())
    message, again = parsed(raw), read(raw)
    assert message["Subject"] == decoded(again.field("Subject")) == expected
    for field, address in (("From", ORGANIZER), ("To", LAN.email), ("Reply-To", COORDINATOR)):
        assert mailbox(again.field(field)) == (shown, address)
        # Python's newer parser keeps the space between two encoded words of a display name, which RFC
        # 2047 section 6.2 says to drop; its older one does as it says.
        assert [item.addr_spec for item in message[field].addresses] == [address]
        phrase, _ = parseaddr(again.field(field))
        assert str(make_header(decode_header(phrase))) == shown


@given(subject=LINES, name=LINES)
def test_any_subject_and_any_display_name_can_be_read(subject: str, name: str) -> None:
    check_header(subject, name)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_subject_and_no_display_name_adds_anything_to_a_header(text: str) -> None:
    for attack in attacks(text):
        check_header(attack, attack)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_text_adds_a_part_to_a_mail(text: str) -> None:
    for attack in attacks(text):
        raw = mail(text=f"{LINK}\n{attack}", files=((f"{attack}.pdf", b"%PDF-"),))
        parsed(raw)
        kinds = [part.content_type for part in read(raw).walk()]
        assert kinds == [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "text/calendar",
            "application/pdf",
            "application/ics",
        ]
