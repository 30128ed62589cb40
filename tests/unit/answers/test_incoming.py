"""What an incoming mail says, in the manner of the programs that send answers and of those that send junk."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from orchestrator import words
from orchestrator.domain.answers.content_lines import clean
from orchestrator.domain.answers.incoming import LARGEST, READER_FAILED, Received, Sort, read
from tests.effort import examples
from tests.unit.mails import (
    ALL_SAMPLES,
    ENDS,
    GOLDEN,
    LETTERS,
    REPLY,
    STAMP,
    STARTS,
    UID,
    US,
    assert_sound,
    calendar_of,
    mail,
    multipart,
    nested,
    part,
    sample,
)

# --- the manner of real programs

ANSWERS: dict[str, dict[str, Any]] = {
    "exchange_accepted": {
        "attendee": "Lan@vn.example.org",
        "attendee_name": "Lê Thị Lan",
        "participation": "ACCEPTED",
        "comment": "Tôi sẽ tham dự cùng hai đồng nghiệp.",
        "organizer": None,
    },
    "outlook_com_tentative": {
        "attendee": "somchai@outlook.example.com",
        "participation": "TENTATIVE",
        "comment": "",
    },
    "google_accepted": {
        "attendee": "maria@ph.example.org",
        "participation": "ACCEPTED",
        "comment": "Glad to join",
    },
    "google_counter": {
        "method": "COUNTER",
        "attendee": "maria@ph.example.org",
        "participation": "TENTATIVE",
        "starts_at": datetime(2026, 12, 4, 1, tzinfo=UTC),
        "ends_at": datetime(2026, 12, 4, 4, tzinfo=UTC),
        "comment": "Could we meet on Friday?",
    },
    "apple_declined": {
        "attendee": "siti@id.example.org",
        "participation": "DECLINED",
        "comment": "I am on leave; my deputy, Budi, attends.",
        "request_status": ("2.0;Success",),
    },
    "android_accepted": {"attendee": "dara@kh.example.org", "participation": "ACCEPTED"},
    "zimbra_sent_by": {
        "attendee": "khamla@la.example.org",
        "participation": "ACCEPTED",
        "sent_by": "secretary@la.example.org",
    },
    "domino_accepted": {
        "attendee": "Rene.Dubois@ca.example.org",
        "attendee_name": "René Dubois/OTTAWA/CA",
        "participation": "ACCEPTED",
        "comment": "Je serai présent",
    },
    "bluemind_accepted": {
        "attendee": "aisyah@bn.example.org",
        "participation": "ACCEPTED",
        "comment": "On time",
    },
    "thunderbird_accepted": {
        "attendee": "pat@au.example.org",
        "attendee_name": "O'Brien, Pat",
        "participation": "ACCEPTED",
    },
    "yahoo_accepted": {"attendee": "aung@mm.example.org", "participation": "ACCEPTED"},
    "kerio_declined": {
        "attendee": "tan@sg.example.org",
        "participation": "DECLINED",
        "comment": "Sorry Another meeting",
        "organizer": US,
    },
    "sogo_delegated": {
        "attendee": "khoi@vn.example.org",
        "participation": "DELEGATED",
        "delegated_to": ("lan@vn.example.org", "hoa@vn.example.org"),
    },
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_answer_of_a_real_program_is_understood(name: str) -> None:
    found = calendar_of(sample(name))
    expected = {
        "method": "REPLY",
        "uid": UID,
        "sequence": 3,
        "stamp": STAMP,
        "starts_at": STARTS,
        "ends_at": ENDS,
    }
    expected |= ANSWERS[name]
    assert {field: getattr(found, field) for field in expected} == expected
    assert found.attendees == (found.attendee,)
    assert not found.recurrence


@pytest.mark.parametrize("name", ALL_SAMPLES)
def test_a_sample_reads_the_same_with_any_line_ends_and_is_sound(name: str) -> None:
    content = sample(name)
    received = read(content)
    assert_sound(received)
    for line_end in (b"\n", b"\r", b"\r\r\n"):
        assert read(content.replace(b"\r\n", line_end)) == received


def test_what_stands_around_an_answer() -> None:
    received = read(sample("google_accepted"))
    assert received.automatic
    assert not received.forwarded
    assert (received.sender, received.sender_name) == ("maria@ph.example.org", "Maria Santos")
    assert received.sender_header == "calendar-notification@google.example.com"
    assert received.recipients == (US, "meetings+a1b2@accsm.example.org")
    assert received.date == STAMP + timedelta(seconds=1)
    assert received.message_id == "<calendar-0f0f@google.example.com>"
    assert received.text == "Maria Santos has accepted this invitation."
    assert read(sample("exchange_accepted")).sender == "lan@vn.example.org"
    assert read(sample("android_accepted")).subject == "Accepted: Senior Officials Meeting ព្រះ"
    assert read(sample("bluemind_accepted")).text == "Nur Aisyah accepted & wrote: On time"


def test_a_letter_is_a_letter() -> None:
    received = read(sample("letter"))
    assert received == Received(
        sort=Sort.LETTER,
        sender="maria@ph.example.org",
        sender_name="Maria Santos",
        recipients=(US, "a@x.example.org", "b@x.example.org", "lan@vn.example.org"),
        subject="Re: Invitation: Senior Officials Meeting",
        date=datetime(2026, 11, 1, 2, 3, 7, tzinfo=UTC),
        message_id="<l-1@mail.gmail.example.com>",
        references=("<aa11@accsm.example.org>", "<zz00@accsm.example.org>"),
        text="May we bring an observer?",
    )


@pytest.mark.parametrize("name", ["out_of_office_exchange", "vacation_gmail", "read_receipt"])
def test_what_a_machine_answers_is_automatic(name: str) -> None:
    received = read(sample(name))
    assert (received.sort, received.calendar, received.problem) == (Sort.AUTOMATIC, None, None)


def test_an_invitation_that_somebody_forwards_is_marked() -> None:
    received = read(sample("forwarded_invitation"))
    assert received.forwarded
    assert received.calendar is not None
    assert (received.calendar.method, received.calendar.participation) == ("REQUEST", "NEEDS-ACTION")
    assert received.text == "Is this from you?"


# --- headers


@pytest.mark.parametrize(
    ("value", "sender", "name"),
    [
        ("lan@vn.example.org", "lan@vn.example.org", ""),
        ("<LAN@vn.example.org>", "lan@vn.example.org", ""),
        ('"boss@vn.example.org" <lan@vn.example.org>', "lan@vn.example.org", "boss@vn.example.org"),
        ('"Lan \\"T\\", <a@b.example>" <lan@vn.example.org>', "lan@vn.example.org", 'Lan "T", <a@b.example>'),
        ("lan@vn.example.org (Lan (T))", "lan@vn.example.org", ""),
        ("=?utf-8?Q?a=40b.example=2C?= <lan@vn.example.org>", "lan@vn.example.org", "a@b.example,"),
        ("=?utf-8?B?VHI=?= =?utf-8?B?4bqnbg==?= <lan@vn.example.org>", "lan@vn.example.org", "Trần"),
        ("=?utf-8?B?4bo=?=\n =?utf-8?B?pw==?= Lan <lan@vn.example.org>", "lan@vn.example.org", "ầ Lan"),
        ("Trần, Lan <lan@vn.example.org>", "lan@vn.example.org", "Lan"),
        ("a@b.example <lan@vn.example.org>", "lan@vn.example.org", "a@b.example"),
        ("lan@vn.example.org, boss@vn.example.org", None, ""),
        ("Lan", None, ""),
        ('"' * 9_001, None, ""),
        ('\\"' * 6_000, None, ""),
        ("(" * 20_000, None, ""),
        ("<" * 20_000, None, ""),
        ("", None, ""),
    ],
)
def test_who_wrote_is_one_address_or_nobody(value: str, sender: str | None, name: str) -> None:
    received = read(mail("Hello", "text/plain", From=value))
    assert (received.sender, received.sender_name) == (sender, name)


def test_two_from_headers_are_nobody() -> None:
    content = b"From: boss@vn.example.org\n" + mail(REPLY)
    assert read(content).sender is None


@pytest.mark.parametrize(
    ("header", "automatic"),
    [
        ({"Auto_Submitted": "no"}, False),
        ({"Auto_Submitted": "No; x=y"}, False),
        ({"auto_submitted": "auto-replied (vacation)"}, True),
        ({"Precedence": "BULK"}, True),
        ({"Precedence": "list"}, False),
        ({"X_Autoreply": "yes"}, True),
        ({"X_Auto_Response_Suppress": "OOF"}, True),
        ({"Return_Path": "< >"}, True),
        ({"Return_Path": "<lan@vn.example.org>"}, False),
    ],
)
def test_headers_tell_what_no_person_wrote(header: dict[str, str], automatic: bool) -> None:
    received = read(mail("Hello", "text/plain", **header))
    assert received.automatic is automatic
    assert received.sort is (Sort.AUTOMATIC if automatic else Sort.LETTER)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "Mon, 99 Nov 2026 02:03:04 +0000",
        "Mon, 2 Nov 99999 02:03:04",
        "0" * 5000,
        "1 1 1 1 1 1 1",
    ],
)
def test_a_date_that_is_none_is_none(value: str) -> None:
    assert read(mail("Hello", "text/plain", Date=value)).date is None


def test_a_date_is_utc() -> None:
    assert read(mail("x", "text/plain", Date="Mon, 2 Nov 2026 09:03:04 +0700 (ICT)")).date == STAMP
    assert read(mail("x", "text/plain", Date="2 Nov 2026 02:03:04 -0000")).date == STAMP


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a &lt; b</p>", "a < b"),
        ("<STYLE>x</STYLE>a<script>b</script>c", "a c"),
        ("<!-- x --><title>t</title>a<br/>b<style", "a b"),
        ("&#" + "9" * 5000 + ";x", None),
    ],
)
def test_html_is_shown_without_its_tags(html: str, text: str | None) -> None:
    found = read(mail(html, "text/html")).text
    assert found == text if text is not None else len(found) <= 2_000


def test_an_attached_text_is_not_what_the_person_wrote() -> None:
    content = multipart(
        part("file", "text/plain", Content_Disposition="attachment"), part("<b>Hello</b>", "text/html")
    )
    assert read(content).text == "Hello"


# --- what cannot be read


def test_of_a_mail_that_was_cut_off_only_a_report_counts() -> None:
    received = read(mail(REPLY), complete=False)
    assert received.sort is Sort.UNREADABLE
    assert received.problem is not None and words.say(received.problem).startswith("is too large")
    assert received.sender == "lan@vn.example.org"
    assert received.calendar is None
    report = sample("dsn_postfix")
    cut = report[: report.index(b"Content-Type: message/rfc822") + 400]
    assert len(read(cut, complete=False).reports) == 2
    assert read(report[: report.index(b"Status: 5.2.2")], complete=False).reports == ()
    huge = report.replace(b"This is a MIME", b"x" * 100 + b"\r\n") + b"x" * LARGEST
    assert len(read(huge).reports) == 2


@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError, KeyError])
def test_an_error_in_the_reader_stops_at_this_mail(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("orchestrator.domain.answers.incoming._envelope", fail)
    assert read(mail(REPLY)) == Received(Sort.UNREADABLE, problem=READER_FAILED)


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\r\n", b"\0", b"\xff" * 100, b"no headers at all"])
def test_what_holds_nothing_is_unreadable(content: bytes) -> None:
    received = read(content)
    assert (received.sort, words.maybe(received.problem)) == (
        Sort.UNREADABLE,
        "holds nothing that can be read",
    )


# --- our own mails


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.eml")), ids=lambda path: path.stem)
def test_a_mail_of_our_own_that_comes_back_is_read_as_what_it_is(path: Path) -> None:
    content = path.read_bytes()
    received = read(content)
    assert_sound(received)
    assert received.automatic
    assert received.problem is None
    found = received.calendar
    assert (found is not None) == (b"text/calendar" in content)
    if found is not None:
        assert found.method in ("REQUEST", "CANCEL")
        assert {address.casefold() for address in found.attendees} & {*received.recipients}
        assert found.organizer is not None


@given(
    name=st.text(LETTERS, max_size=40).map(clean),
    comment=st.text(LETTERS + "\n", max_size=200),
    participation=st.sampled_from(["ACCEPTED", "DECLINED", "TENTATIVE"]),
    sequence=st.integers(0, 10**8),
    encoding=st.sampled_from(["base64", "quoted-printable", "8bit"]),
)
def test_an_answer_of_anybody_reads_back(
    name: str, comment: str, participation: str, sequence: int, encoding: str
) -> None:
    event = Event()
    event.add("uid", UID)
    event.add("sequence", sequence)
    event.add("dtstamp", STAMP)
    event.add("dtstart", STARTS)
    event.add("dtend", ENDS)
    event.add("comment", comment)
    event.add("attendee", "mailto:lan@vn.example.org", parameters={"CN": name, "PARTSTAT": participation})
    calendar = Calendar()
    calendar.add("method", "REPLY")
    calendar.add_component(event)
    message = EmailMessage()
    message["From"] = "Lan <lan@vn.example.org>"
    message["Subject"] = "Accepted: " + clean(name)
    message.set_content("Text")
    content = calendar.to_ical().decode()
    message.add_alternative(content, subtype="calendar", params={"method": "REPLY"}, cte=encoding)
    found = calendar_of(message.as_bytes())
    assert found.attendee_name == name
    assert found.comment == clean(comment)
    assert (found.participation, found.sequence, found.stamp) == (participation, sequence, STAMP)
    assert (found.starts_at, found.ends_at) == (STARTS, ENDS)
    assert read(message.as_bytes()).subject == clean("Accepted: " + name)


# --- anything at all


@given(st.binary(max_size=600))
def test_any_bytes_are_read(content: bytes) -> None:
    assert_sound(read(content))
    assert_sound(read(content, complete=False))
    received = read(b"From: lan@vn.example.org\nContent-Type: text/calendar\n\n" + content)
    assert_sound(received)
    assert received.calendar is None


@given(st.data())
def test_any_damage_to_a_real_mail_is_survived(data: st.DataObject) -> None:
    content = bytearray(sample(data.draw(st.sampled_from(ALL_SAMPLES))))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        end = min(len(content), at + data.draw(st.integers(0, 40)))
        content[at:end] = data.draw(st.binary(max_size=12) | st.just(bytes(content[at:end]) * 2))
        if not content:
            return
    assert_sound(read(bytes(content)))


CHARSETS = ["utf-8", "iso-8859-1", "utf-16", "windows-1258", "iso-2022-jp", "bogus", ""]
KINDS = [
    "text/calendar",
    "text/plain",
    "text/html",
    "application/ics",
    "application/octet-stream",
    "application/ms-tnef",
    "message/delivery-status",
    "message/rfc822",
    "application/pkcs7-mime",
]
LINES = st.lists(
    st.sampled_from(
        [
            *REPLY.split("\n"),
            "BEGIN:VALARM",
            "BEGIN:VTODO",
            'ATTENDEE;X="',
            "RECURRENCE-ID:x",
            " ",
            "",
            ":",
            ";:",
            "COMMENT:\\",
        ]
    ),
    max_size=30,
).map("\n".join)


@st.composite
def leaves(draw: st.DrawFn) -> bytes:
    charset, kind = draw(st.sampled_from(CHARSETS)), draw(st.sampled_from(KINDS))
    text = draw(st.just(REPLY) | LINES | st.text(max_size=60))
    known = charset if charset not in ("bogus", "") else "utf-8"
    body = text.encode(known, "replace")
    encoding = draw(st.sampled_from(["base64", "quoted-printable", "8bit", "x-uuencode", ""]))
    if encoding == "base64" and draw(st.booleans()):
        body = base64.encodebytes(body)
    declared = f"{kind}; charset={charset}; name={draw(st.sampled_from(['x', 'invite.ics', 'winmail.dat']))}"
    return part(body, declared, Content_Transfer_Encoding=encoding)


def trees(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    def joined(parts: list[bytes], kind: str, boundary: str, ending: str) -> bytes:
        mark = b"--" + boundary.encode()
        body = b"".join(mark + b"\n" + each + b"\n" for each in parts) + mark + ending.encode()
        return part(body, f'multipart/{kind}; boundary="{boundary}"')

    return st.builds(
        joined,
        st.lists(inner, max_size=3),
        st.sampled_from(["mixed", "alternative", "report", "signed", "digest"]),
        st.sampled_from(["b", "b1", "=_x y", "ộ"]),
        st.sampled_from(["--\n", "--", "\n", "x"]),
    ) | inner.map(lambda content: part(b"From: a@b.example\n" + content, "message/rfc822"))


@settings(max_examples=examples(200))
@given(st.recursive(leaves(), trees, max_leaves=8))
def test_any_tree_of_parts_is_read_and_nothing_is_taken_from_nonsense(tree: bytes) -> None:
    received = read(b"From: lan@vn.example.org\n" + tree)
    assert_sound(received)
    if received.calendar and not received.problem and received.calendar.participation:
        assert received.calendar.uid == UID
        assert received.calendar.attendee == "lan@vn.example.org"


# --- cost


def filled(unit: bytes, size: int = LARGEST - 5_000) -> bytes:
    return (unit * (size // len(unit) + 1))[:size]


CALENDAR = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n"
ONSET = b"BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0700\nTZOFFSETTO:+0700\nRDATE:"
ONSETS = (ONSET + b"19700101T000000," * 1_000 + b"\nEND:STANDARD\n") * 50
TIMES = b"DTSTART;TZID=Z:20261203T070000\nDTEND;TZID=Z:20261203T070000\n"
PIECES = bytes.fromhex("308006092a864886f70d010702a080308006092a864886f70d010701a0802480")
MIXED = "multipart/mixed; boundary=b"
BOUNCE = {"From": "mailer-daemon@x.example", "Subject": "rejected"}


def encoded(content: bytes, kind: str) -> bytes:
    return mail(base64.encodebytes(content), kind, Content_Transfer_Encoding="base64")


COSTLY: dict[str, Callable[[], bytes]] = {
    "line ends": lambda: filled(b"\r"),
    "headers": lambda: filled(b"From: a@b.example\n"),
    "folds": lambda: b"From: a@b.example\n" + filled(b" \n"),
    "comments in From": lambda: b"From: " + filled(b"("),
    "quotes in From": lambda: filled(b"From: " + b'\\"' * 4_900 + b"\n"),
    "addresses": lambda: filled(b"To: " + b"a@b.example," * 800 + b"\n"),
    "parameters": lambda: b"Content-Type: " + filled(b';a="'),
    "pieces of parameters": lambda: mail(
        filled(b"--b\nContent-Disposition: a" + b";filename*9=x" * 700 + b"\n\n"), MIXED
    ),
    "delimiters": lambda: mail(filled(b"--b\n"), MIXED),
    "almost delimiters": lambda: mail(b"--b\n" + filled(b"--b-\n"), MIXED),
    "depth": lambda: nested(10, filled(b"\n--b", LARGEST - 10_000)),
    "depth of mails": lambda: filled(b"Content-Type: message/rfc822\n\n"),
    "lines": lambda: mail(filled(b"x\n"), "text/plain"),
    "calendars": lambda: mail(
        filled(b"--b\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n" + b"A:B\n" * 19_000), MIXED
    ),
    "parameters in a calendar": lambda: mail(CALENDAR + b"A" + filled(b';a="b', 1_000_000)),
    "folds in a calendar": lambda: mail(CALENDAR + filled(b"A\n ", 1_000_000)),
    "torn lines": lambda: mail(CALENDAR + b"A:\n" + filled(b"!" * 40 + b"\n", 790_000)),
    "attendees": lambda: mail(CALENDAR + filled(b'ATTENDEE;CN="a;b":mailto:x@y.z\n', 600_000)),
    "dates of a zone": lambda: mail(
        b"BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Z\n"
        + ONSETS
        + b"END:VTIMEZONE\nBEGIN:VEVENT\nUID:1\n"
        + TIMES
    ),
    "tags": lambda: mail(filled(b"<style"), "text/html"),
    "encoded words": lambda: b"Subject: " + filled(b"=?utf-8?q?=41?= "),
    "a bounce of beginnings": lambda: mail(filled(b"fail deliver not "), "text/plain", **BOUNCE),
    "a bounce of dashes": lambda: mail(filled(b"-"), "text/plain", **BOUNCE),
    "a bounce of stars": lambda: mail(filled(b"*"), "text/plain", **BOUNCE),
    "reports": lambda: mail(filled(b"Final-Recipient: a@b.example\n\n"), "message/delivery-status"),
    "base64": lambda: encoded(filled(b"a\n", 7 << 20), "message/rfc822"),
    "signature in pieces": lambda: encoded(PIECES + filled(b"\4\1a", 7 << 20), "application/pkcs7-mime"),
    "properties in TNEF": lambda: encoded(
        b"\x78\x9f\x3e\x22\1\0" + filled(b"\1\3\x90\6\0\4\0\0\0\xff\xff\xff\xff\0\0", 1 << 20),
        "application/ms-tnef",
    ),
}


@pytest.mark.parametrize("name", COSTLY)
def test_no_mail_takes_longer_than_two_seconds(name: str) -> None:
    content = COSTLY[name]()
    assert len(content) <= LARGEST
    began = time.process_time()
    received = read(content)
    assert time.process_time() - began < 2
    assert_sound(received)
