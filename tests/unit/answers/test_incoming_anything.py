"""Our own mails, anything at all, and what reading costs."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from orchestrator.domain.answers.content_lines import clean
from orchestrator.domain.answers.incoming import LARGEST, read
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
    assert_sound,
    calendar_of,
    mail,
    nested,
    part,
    sample,
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
