"""What an incoming mail says, in the manner of the programs that send answers and of those that send junk."""

from __future__ import annotations

import base64
import email
import time
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from orchestrator.domain.contentlines import clean
from orchestrator.domain.incoming import (
    LARGEST,
    MOST_PARTS,
    READER_FAILED,
    CalendarMessage,
    DeliveryReport,
    Received,
    Sort,
    _Mail,
    _with_plain_line_ends,
    read,
)

SAMPLES = Path(__file__).parent / "incoming"
GOLDEN = Path(__file__).parents[1] / "golden"
UID = "4f8c2d@accsm.example.org"
STAMP = datetime(2026, 11, 2, 2, 3, 4, tzinfo=UTC)
STARTS, ENDS = datetime(2026, 12, 3, 7, tzinfo=UTC), datetime(2026, 12, 3, 10, tzinfo=UTC)
US = "meetings@accsm.example.org"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")


ALL_SAMPLES = sorted(path.stem for path in SAMPLES.glob("*.eml"))

REPLY = f"""BEGIN:VCALENDAR
METHOD:REPLY
VERSION:2.0
BEGIN:VEVENT
UID:{UID}
DTSTAMP:20261102T020304Z
DTSTART:20261203T070000Z
DTEND:20261203T100000Z
SEQUENCE:3
ORGANIZER:mailto:{US}
ATTENDEE;CN=Lan;PARTSTAT=ACCEPTED:mailto:lan@vn.example.org
END:VEVENT
END:VCALENDAR
"""


def with_lines(*lines: str, without: str = "?") -> str:
    """REPLY with further lines in its event, and without the line that begins like ``without``."""
    kept = "\n".join(line for line in REPLY.split("\n") if not line.startswith(without))
    return kept.replace("END:VEVENT", "\n".join([*lines, "END:VEVENT"]))


def mail(
    body: str | bytes, kind: str = "text/calendar; charset=utf-8; method=REPLY", **headers: str
) -> bytes:
    lines = {"From": "Lan <lan@vn.example.org>", "To": US, "Content-Type": kind}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\n" for name, value in lines.items()).encode()
    return head + b"\n" + (body.encode() if isinstance(body, str) else body)


def part(body: str | bytes, kind: str, **headers: str) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    more = "".join(f"\n{name.replace('_', '-')}: {value}" for name, value in headers.items())
    return f"Content-Type: {kind}{more}\n\n".encode() + content


def multipart(*parts: bytes, kind: str = "mixed", **headers: str) -> bytes:
    body = b"".join(b"--b\n" + each + b"\n" for each in parts) + b"--b--\n"
    return mail(body, f'multipart/{kind}; boundary="b"', **headers)


def calendar_of(content: bytes) -> CalendarMessage:
    received = read(content)
    assert received.problem is None
    assert received.sort is Sort.ANSWER
    assert received.calendar is not None
    return received.calendar


HIDDEN = frozenset(map(chr, [*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), 0xFEFF]))


def assert_sound(received: Received) -> None:
    """What holds of any mail whatever."""
    assert received.problem != READER_FAILED
    assert (received.sort is Sort.REPORT) == bool(received.reports)
    assert received.calendar is None or received.sort is Sort.ANSWER
    assert received.problem or received.calendar or received.sort is not Sort.ANSWER
    assert received.problem or received.sort is not Sort.UNREADABLE
    if received.calendar and not received.problem:
        assert received.calendar.uid
        assert received.calendar.attendee is None or "@" in received.calendar.attendee
    for value in [received, received.calendar, *received.reports]:
        for field in fields(value) if value else ():
            assert_bounded(getattr(value, field.name))


def assert_bounded(value: object) -> None:
    if isinstance(value, str):
        assert len(value) <= 2_000
        assert not HIDDEN & set(value)
        value.encode("utf-8")
    elif isinstance(value, datetime):
        assert value.utcoffset() == timedelta(0)
    elif isinstance(value, tuple):
        assert len(value) <= 200
        for each in value:
            assert_bounded(each)


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


# --- delivery reports

FAILED = DeliveryReport(True, "failed", (), "5.1.1", "", "<aa11@accsm.example.org>", None)


@pytest.mark.parametrize(
    ("name", "recipients", "status"),
    [
        ("dsn_postfix", ["lan@vn.example.org", "khoi@vn.example.org"], ["5.1.1", "5.2.2"]),
        ("dsn_exchange", ["lan@vn.example.org"], ["5.1.10"]),
        ("dsn_gmail", ["maria@ph.example.org"], ["5.1.1"]),
        ("dsn_qmail", ["dara@kh.example.org"], ["5.1.1"]),
        ("dsn_exim_old", ["siti@id.example.org", "budi@id.example.org"], ["", ""]),
        ("dsn_old_exchange", ["ahmad@my.example.org"], [""]),
    ],
)
def test_a_failed_delivery_is_told_for_each_recipient(
    name: str, recipients: list[str], status: list[str]
) -> None:
    received = read(sample(name))
    assert received.sort is Sort.REPORT
    assert received.calendar is None
    assert [report.recipients for report in received.reports] == [(each,) for each in recipients]
    assert [report.status for report in received.reports] == status
    for report in received.reports:
        assert (report.failed, report.action) == (True, "failed")
        assert report.original_message_id == "<aa11@accsm.example.org>"
        assert report.diagnostic


def test_the_details_of_a_report() -> None:
    first, _ = read(sample("dsn_postfix")).reports
    assert first.envelope_id == "delivery-77"
    assert first.diagnostic == "550 5.1.1 <lan@vn.example.org>: Recipient address rejected: User unknown"


def test_a_delayed_delivery_has_not_failed() -> None:
    (report,) = read(sample("dsn_postfix_delayed")).reports
    assert (report.failed, report.action, report.status) == (False, "delayed", "4.4.1")
    assert report.original_message_id == "<aa11@accsm.example.org>"


def status(*lines: str, returned: str = "Message-ID: <aa11@accsm.example.org>") -> bytes:
    block = "\n".join(["Reporting-MTA: dns; mx", "", *lines])
    return multipart(
        part("It failed.", "text/plain"),
        part(block, "message/delivery-status"),
        part(returned, "text/rfc822-headers"),
        kind="report; report-type=delivery-status",
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["Final-Recipient: rfc822; A@B.example", "Action: delivered", "Status: 2.0.0"],
            (False, "delivered", "2.0.0"),
        ),
        (
            ["Final-Recipient: rfc822; a@b.example", "Action: relayed", "Status: 2.0.0"],
            (False, "relayed", "2.0.0"),
        ),
        (
            ["Final-Recipient: rfc822; a@b.example", "Action: Failed (bad)", "Status: 5.0.0"],
            (False, "failed (bad)", "5.0.0"),
        ),
        (
            ["Final-Recipient: RFC822;<a@b.example>", "Action: FAILED; really", "Status: 5"],
            (True, "failed", ""),
        ),
        (["Final-Recipient: a@b.example", "Status: 5.7.1"], (True, "failed", "5.7.1")),
        (
            ["Original-Recipient: rfc822;", "Final-Recipient: LOCAL; a@b.example", "Status: 4.0.0"],
            (False, "delayed", "4.0.0"),
        ),
    ],
)
def test_a_report_is_read_also_where_fields_are_missing(
    lines: list[str], expected: tuple[bool, str, str]
) -> None:
    (report,) = read(status(*lines)).reports
    assert (report.failed, report.action, report.status) == expected
    assert report.recipients == ("a@b.example",)
    assert report.original_message_id == "<aa11@accsm.example.org>"


def test_a_report_in_one_block_and_in_base64_is_read() -> None:
    block = "Reporting-MTA: dns; mx\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\n"
    content = multipart(
        part(
            base64.encodebytes(block.encode()), "message/delivery-status", Content_Transfer_Encoding="base64"
        ),
        part(
            base64.encodebytes(b"Message-ID: <x@y>\r\n\r\n"),
            "message/rfc822",
            Content_Transfer_Encoding="base64",
        ),
        kind="report",
        In_Reply_To="<other@y>",
    )
    assert read(content).reports == (
        replace(FAILED, recipients=("a@b.example",), status="", original_message_id="<x@y>"),
    )


def test_a_report_without_a_copy_is_known_by_the_thread() -> None:
    content = status("Final-Recipient: rfc822; a@b.example", "Action: failed", returned="Subject: x")
    content = content.replace(b"To: ", b"In-Reply-To: <aa11@accsm.example.org>\nTo: ", 1)
    assert read(content).reports[0].original_message_id == "<aa11@accsm.example.org>"


def test_a_report_that_names_nobody_is_automatic_and_the_invitation_in_it_is_no_answer() -> None:
    content = multipart(
        part("Reporting-MTA: dns; mx\n", "message/delivery-status"),
        part(mail(REPLY), "message/rfc822"),
        kind="report",
    )
    assert read(content).sort is Sort.AUTOMATIC


def test_a_complaint_that_returns_our_invitation_is_no_answer() -> None:
    content = multipart(
        part("Feedback-Type: abuse\n", "message/feedback-report"),
        part(mail(REPLY), "message/rfc822"),
        kind="report",
    )
    assert read(content).sort is Sort.AUTOMATIC


def test_somebody_who_forwards_a_report_reports_nothing() -> None:
    received = read(multipart(part(sample("dsn_postfix").replace(b"\r\n", b"\n"), "message/rfc822")))
    assert received.sort is not Sort.REPORT


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("<a@b.example>:\nUser unknown", Sort.REPORT),
        ("  a@b.example\n    mailbox is full", Sort.REPORT),
        ("Could not be delivered.\nMessage-ID: <aa11@accsm.example.org>", Sort.REPORT),
        ("Could not be delivered.", Sort.AUTOMATIC),
        (f"{US}\nYour mail was rejected", Sort.AUTOMATIC),  # That is us.
        ("a@b.example\nThank you for writing to us", Sort.AUTOMATIC),
    ],
)
def test_a_report_of_no_standard_form_needs_a_recipient_or_a_message(text: str, sort: Sort) -> None:
    received = read(mail(text, "text/plain", From="Postmaster@b.example", Return_Path="<>"))
    assert received.sort is sort
    assert [report.failed for report in received.reports] == [True] * (sort is Sort.REPORT)


def test_a_report_of_exchange_with_odd_parts_is_known_by_its_words_and_its_copy() -> None:
    content = multipart(
        part("Delivery has failed to these recipients:\n\nLan Le\nThe address was not found.", "text/plain"),
        part(b"Message-ID: <aa11@accsm.example.org>\n" + INNER, "message/rfc822"),
        kind="report",
        From="MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@vn.example.org",
        Return_Path="<>",
    )
    (report,) = read(content).reports
    assert (report.failed, report.recipients) == (True, ())
    assert report.original_message_id == "<aa11@accsm.example.org>"


def test_a_report_of_qmail_is_known_by_its_first_line_whoever_sends_it() -> None:
    content = sample("dsn_qmail").replace(b"MAILER-DAEMON@", b"anybody@")
    assert read(content).reports[0].recipients == ("dara@kh.example.org",)


def test_a_message_id_that_is_copied_into_a_text_is_cleaned() -> None:
    text = "user unknown\nMessage-ID: <a\0b@\u202ec>\n"
    (report,) = read(mail(text, "text/plain", From="mailer-daemon@b.example")).reports
    assert report.original_message_id == "<ab@c>"


def test_a_warning_of_no_standard_form_is_not_a_failure() -> None:
    text = "Your message could not be delivered yet, and will be retried.\n\na@b.example\n"
    (report,) = read(
        mail(text, "text/plain", From="MAILER-DAEMON", Subject="Warning: message delayed")
    ).reports
    assert (report.failed, report.action, report.recipients) == (False, "delayed", ("a@b.example",))


def test_a_person_who_writes_about_a_bounce_reports_nothing() -> None:
    assert read(mail("<a@b.example>:\nUser unknown", "text/plain")).sort is Sort.LETTER


# --- which calendar counts


def test_the_method_is_that_of_the_calendar_and_only_without_one_that_of_the_part() -> None:
    assert calendar_of(mail(REPLY, "text/calendar; method=REQUEST")).method == "REPLY"
    bare = REPLY.replace("METHOD:REPLY\n", "")
    assert calendar_of(mail(bare, "text/calendar; method=reply")).method == "REPLY"
    assert calendar_of(mail(bare, "text/calendar")).method == ""
    assert calendar_of(mail(REPLY.replace("METHOD:", "method:  x-"))).method == "X-REPLY"


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("text/calendar", {}),
        ("TEXT/Calendar; Charset=bogus", {}),
        ("text/calendar charset=utf-8", {}),
        ("text/x-vcalendar", {}),
        ("application/ics", {}),
        ("application/octet-stream", {}),
        ("application/octet-stream; name=invite", {}),
        ("application/x-unknown; name*=utf-8''Cu%E1%BB%99c%20h%E1%BB%8Dp.ICS", {}),
        ('application/x-unknown; name*0="meeti"; name*1="ng.vcs"', {}),
        ("image/png", {"Content_Disposition": 'attachment; filename="=?utf-8?B?aW52aXRlLmljcw==?="'}),
        ("text/plain; name=invite.ics", {}),
    ],
)
@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable", "BASE64 ; x", "8bit"])
def test_a_calendar_is_found_whatever_its_part_is_called(
    kind: str, headers: dict[str, str], encoding: str
) -> None:
    body = REPLY.encode()
    if encoding.lower().startswith("base64"):
        body = base64.encodebytes(body)
    elif encoding == "quoted-printable":
        body = body.replace(b"=", b"=3D").replace(b"ACCEPTED", b"ACCE=\nPTED")
    content = multipart(
        part("Yes", "text/plain"), part(body, kind, Content_Transfer_Encoding=encoding, **headers)
    )
    assert calendar_of(content).attendee == "lan@vn.example.org"


def test_the_same_calendar_as_alternative_and_as_file_is_one_and_the_outer_mail_comes_first() -> None:
    other = REPLY.replace("ACCEPTED", "DECLINED")
    forwarded = part(mail(other), "message/rfc822")
    assert calendar_of(multipart(forwarded, part(REPLY, "application/ics"))).participation == "ACCEPTED"
    assert not read(multipart(forwarded, part(REPLY, "application/ics"))).forwarded
    both = multipart(part(other, "application/ics; name=invite.ics"), part(REPLY, "text/calendar"))
    assert calendar_of(both).participation == "ACCEPTED"
    damaged = multipart(part("BEGIN:VCALEN", "text/calendar"), part(REPLY, "application/ics"))
    assert calendar_of(damaged).participation == "ACCEPTED"


def test_a_file_that_only_looks_like_a_calendar_is_passed_over() -> None:
    junk = b"%PDF" + b"BEGIN:\n" * 300_000
    received = read(multipart(part("Hello", "text/plain"), part(junk, "application/octet-stream")))
    assert (received.sort, received.problem) == (Sort.LETTER, None)


@pytest.mark.parametrize(
    ("calendar", "problem"),
    [
        (REPLY + REPLY, "holds two calendar objects in one part"),
        (REPLY.replace("VEVENT", "VTODO"), "is not about a meeting"),
        (REPLY.replace("VEVENT", "VFREEBUSY"), "is not about a meeting"),
        ("BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n", "holds a calendar without a meeting"),
        (with_lines("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:khoi@vn.example.org"), "names two attendees"),
        (with_lines("END:VEVENT", "BEGIN:VEVENT", "UID:other"), "names two meetings"),
        (with_lines("END:VEVENT", "BEGIN:VEVENT", f"UID:{UID}"), "describes the same meeting twice"),
        (
            with_lines(
                "END:VEVENT",
                "BEGIN:VEVENT",
                f"UID:{UID}",
                "RECURRENCE-ID:20261203T070000Z",
                "ATTENDEE:mailto:b@c.example",
            ),
            "names two attendees",
        ),
        (with_lines("ATTENDEE;PARTSTAT=DECLINED:MAILTO:LAN@vn.example.org"), "gives two answers"),
        (with_lines(without="UID"), "does not say which meeting it is about: it has no UID"),
        (REPLY.partition("END:VEVENT")[0], "holds a calendar that is cut off"),
        (with_lines("X:" + "x" * (1 << 20)), "holds a calendar larger than 1 MB"),
        (with_lines("X:" + "x" * (3 << 20)), "holds a calendar larger than 1 MB"),
        (with_lines(*["X:y"] * 20_000), "holds a calendar of more than 20,000 lines"),
    ],
)
def test_a_calendar_that_must_not_be_applied_says_why(calendar: str, problem: str) -> None:
    received = read(mail(calendar))
    assert (received.sort, received.problem) == (Sort.ANSWER, problem)
    if problem == "names two attendees":
        assert received.calendar is not None
        assert (received.calendar.attendee, received.calendar.participation) == (None, None)


def test_the_same_attendee_twice_is_one() -> None:
    found = calendar_of(mail(with_lines("ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:LAN@vn.example.org")))
    assert (found.attendee, found.participation) == ("lan@vn.example.org", "ACCEPTED")


def test_an_answer_about_one_occurrence_is_marked_and_one_about_the_whole_goes_before_it() -> None:
    alone = calendar_of(mail(with_lines("RECURRENCE-ID:20261203T070000Z")))
    assert alone.recurrence
    override = (
        f"BEGIN:VEVENT\nUID:{UID}\nRECURRENCE-ID:20261203T070000Z\n"
        "ATTENDEE;PARTSTAT=DECLINED:mailto:lan@vn.example.org\nEND:VEVENT\nBEGIN:VEVENT"
    )
    both = calendar_of(mail(REPLY.replace("BEGIN:VEVENT", override)))
    assert (both.recurrence, both.participation) == (False, "ACCEPTED")
    unsaid = with_lines(without="ATTENDEE").replace("BEGIN:VEVENT", override)
    assert calendar_of(mail(unsaid)).attendee is None


def test_a_proposal_may_name_everybody_and_is_about_who_sent_it() -> None:
    everybody = with_lines("ATTENDEE;PARTSTAT=ACCEPTED:mailto:khoi@vn.example.org").replace(
        "REPLY", "COUNTER"
    )
    found = calendar_of(mail(everybody))
    assert (found.attendee, found.attendees) == (
        "lan@vn.example.org",
        ("lan@vn.example.org", "khoi@vn.example.org"),
    )
    assert calendar_of(mail(everybody, From="other@vn.example.org")).attendee is None


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("SEQUENCE:+3", "sequence", None),
        ("SEQUENCE:-1", "sequence", None),
        ("SEQUENCE:٣", "sequence", None),
        ("SEQUENCE:" + "9" * 5000, "sequence", None),
        ("SEQUENCE: 12 ", "sequence", 12),
        ("DTSTAMP:20261102T020304", "stamp", None),
        ("DTSTAMP;TZID=Asia/Bangkok:20261102T090304", "stamp", STAMP),
        ("DTEND:nonsense", "ends_at", None),
        ("DTSTART;VALUE=DATE:20261203", "starts_at", None),
        ("ORGANIZER:/o=ORG/cn=x", "organizer", None),
        ("ATTENDEE;PARTSTAT=ACCEPTED:/o=ORG/cn=x", "attendee", None),
        ("ATTENDEE:mailto:lan@vn.example.org", "participation", None),
        ("ATTENDEE;PARTSTAT=x-later:mailto:lan@vn.example.org", "participation", "X-LATER"),
    ],
)
def test_what_cannot_be_told_is_none(line: str, field: str, value: object) -> None:
    found = calendar_of(mail(with_lines(line, without=line.partition(":")[0].partition(";")[0])))
    assert getattr(found, field) == value


def test_an_end_may_be_given_as_a_duration() -> None:
    assert calendar_of(mail(with_lines("DURATION:+PT3H", without="DTEND"))).ends_at == ENDS
    assert calendar_of(mail(with_lines("DURATION:P1Y", without="DTEND"))).ends_at is None
    assert calendar_of(mail(with_lines(without="DTEND"))).ends_at is None


def test_a_comment_is_joined_cut_and_cleaned() -> None:
    found = calendar_of(mail(with_lines(r"COMMENT:a\nb\, c", "COMMENT:\u202ed\x07", "COMMENT:" + "x" * 5000)))
    assert found.comment.startswith("a b, c d x")
    assert len(found.comment) == 2_000


def test_times_that_only_the_calendar_defines_are_resolved() -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0630\n"
        "TZOFFSETTO:+0630\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT"
    )
    calendar = with_lines("DTSTART;TZID=Ours:20261203T133000", without="DTSTART").replace(
        "BEGIN:VEVENT", zone
    )
    assert calendar_of(mail(calendar)).starts_at == STARTS


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


# --- wrapped mails


def signed(content: bytes, *, options: list[pkcs7.PKCS7Options]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lan")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=900))
    certificate = builder.sign(key, hashes.SHA256())
    signature = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
    encoding = Encoding.SMIME if pkcs7.PKCS7Options.DetachedSignature in options else Encoding.DER
    return signature.sign(encoding, options)


INNER = part("Yes\n", "text/plain")
INNER_MAIL = multipart(INNER, part(REPLY, "text/calendar")).partition(b"Content-Type")[2]
INNER_ENTITY = b"Content-Type" + INNER_MAIL


def test_a_signed_mail_is_read_with_its_signature_beside_it_or_around_it() -> None:
    beside = signed(INNER_ENTITY, options=[pkcs7.PKCS7Options.DetachedSignature])
    assert calendar_of(b"From: lan@vn.example.org\n" + beside).participation == "ACCEPTED"
    around = base64.encodebytes(signed(INNER_ENTITY, options=[pkcs7.PKCS7Options.Binary])).decode()
    for kind in (
        "application/pkcs7-mime; smime-type=signed-data",
        "application/octet-stream; name=smime.p7m",
    ):
        content = mail(around, kind, Content_Transfer_Encoding="base64")
        assert calendar_of(content).participation == "ACCEPTED"
        assert read(content).text == "Yes"


def ber(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def test_a_signature_in_pieces_as_outlook_writes_it_is_opened() -> None:
    pieces = b"".join(ber(0x04, INNER_ENTITY[at : at + 50]) for at in range(0, len(INNER_ENTITY), 50))
    data = b"\x06\x09" + bytes.fromhex("2a864886f70d010701") + b"\xa0\x80\x24\x80" + pieces + bytes(6)
    whole = (
        b"\x30\x80\x06\x09"
        + bytes.fromhex("2a864886f70d010702")
        + b"\xa0\x80\x30\x80\x02\x01\x01"
        + data
        + bytes(6)
    )
    content = mail(base64.encodebytes(whole), "application/x-pkcs7-mime", Content_Transfer_Encoding="base64")
    assert calendar_of(content).participation == "ACCEPTED"
    for length in range(0, len(whole), 7):
        cut = mail(
            base64.encodebytes(whole[:length]), "application/x-pkcs7-mime", Content_Transfer_Encoding="base64"
        )
        assert_sound(read(cut))


@pytest.mark.parametrize(
    "content",
    [
        mail("MIAGCSqGSIb3DQEHAw==", "application/pkcs7-mime", Content_Transfer_Encoding="base64"),
        multipart(part("Version: 1", "application/pgp-encrypted"), kind="encrypted"),
    ],
)  # fmt: skip
def test_an_encrypted_mail_is_unreadable(content: bytes) -> None:
    received = read(content)
    assert received.sort is Sort.UNREADABLE
    assert received.problem is not None and received.problem.startswith("is encrypted")


def tnef_mail(*, attached: bytes = b"", uid: bytes = UID.encode()) -> bytes:
    """A mail of Outlook to what it takes for another Outlook; the structure has a test of its own."""
    blob = bytes(40) + b"vCal-Uid\x01\0\0\0" + uid + b"\0"
    blob += bytes(-len(blob) % 4)
    meeting = bytes.fromhex("90da d86e 0b45 1b10 98da 00aa 003f 1305")
    properties = b"\1\0\0\0" + b"\x02\x01\0\x80" + meeting + b"\0\0\0\0\x03\0\0\0" + b"\1\0\0\0"
    properties += len(blob).to_bytes(4, "little") + blob
    content = b"\x78\x9f\x3e\x22\1\0"
    for level, name, data in [
        (1, 0x8008, b"IPM.Schedule.Meeting.Resp.Neg\0"),
        (1, 0x9003, properties if uid else bytes(4)),
        (2, 0x800F, attached),
    ]:
        content += (
            bytes([level]) + name.to_bytes(4, "little") + len(data).to_bytes(4, "little") + data + b"\0\0"
        )
    return multipart(
        part("No", "text/plain"),
        part(
            base64.encodebytes(content),
            "application/ms-tnef; name=winmail.dat",
            Content_Transfer_Encoding="base64",
        ),
    )


def test_an_answer_in_tnef_is_that_of_the_sender_when_it_names_nobody() -> None:
    found = calendar_of(tnef_mail())
    assert (found.method, found.participation, found.uid) == ("REPLY", "DECLINED", UID)
    assert (found.attendee, found.attendees) == ("lan@vn.example.org", ("lan@vn.example.org",))


def test_a_calendar_inside_tnef_is_read() -> None:
    assert calendar_of(tnef_mail(attached=REPLY.encode())).participation == "ACCEPTED"


def test_tnef_that_names_no_meeting_is_not_applied_and_one_about_something_else_is_a_letter() -> None:
    assert read(tnef_mail(uid=b"")).problem == "does not say which meeting it is about: it has no UID"
    other = base64.b64encode(b"\x78\x9f\x3e\x22\1\0").decode()
    assert read(mail(other, "application/ms-tnef", Content_Transfer_Encoding="base64")).sort is Sort.LETTER


def nested(depth: int, inner: bytes) -> bytes:
    content = inner
    for level in range(depth):
        content = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%s\n--b%d--\n" % (
            level,
            level,
            content,
            level,
        )
    return b"From: lan@vn.example.org\n" + content


def test_deep_and_wide_mails_are_read_to_a_limit() -> None:
    inner = part(REPLY, "text/calendar")
    assert calendar_of(nested(10, inner)).uid == UID
    assert read(nested(11, inner)).problem == "is nested too deeply"
    assert read(nested(11, inner)).sort is Sort.UNREADABLE
    chain = b"Content-Type: message/rfc822\n\n" * 500 + inner
    assert read(chain).problem == "is nested too deeply"
    assert calendar_of(multipart(*[INNER] * (MOST_PARTS - 2), inner)).uid == UID
    assert read(multipart(*[INNER] * MOST_PARTS, inner)).problem == "holds too many parts"


def test_of_a_mail_that_was_cut_off_only_a_report_counts() -> None:
    received = read(mail(REPLY), complete=False)
    assert received.sort is Sort.UNREADABLE
    assert received.problem is not None and received.problem.startswith("is too large")
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

    monkeypatch.setattr("orchestrator.domain.incoming._envelope", fail)
    assert read(mail(REPLY)) == Received(Sort.UNREADABLE, problem=READER_FAILED)


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\r\n", b"\0", b"\xff" * 100, b"no headers at all"])
def test_what_holds_nothing_is_unreadable(content: bytes) -> None:
    received = read(content)
    assert (received.sort, received.problem) == (Sort.UNREADABLE, "holds nothing that can be read")


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


LETTERS = "aZ09 -_.'\";:,()<>@\\ộữđĐẦ ไทยสวัสดี ភាសាខ្មែរ မြန်မာ ລາວ עברית العربية 日本 한국 👩\u200d💻🇻🇳é\u0301"


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


@settings(max_examples=200)
@given(st.recursive(leaves(), trees, max_leaves=8))
def test_any_tree_of_parts_is_read_and_nothing_is_taken_from_nonsense(tree: bytes) -> None:
    received = read(b"From: lan@vn.example.org\n" + tree)
    assert_sound(received)
    if received.calendar and not received.problem and received.calendar.participation:
        assert received.calendar.uid == UID
        assert received.calendar.attendee == "lan@vn.example.org"


@st.composite
def mime_trees(draw: st.DrawFn, depth: int = 0) -> Message:
    choice = draw(st.integers(0, 5 if depth < 3 else 2))
    text = draw(st.text(LETTERS + "\n", max_size=80))
    if choice == 0:
        return MIMEText(text, draw(st.sampled_from(["plain", "html", "calendar"])), "utf-8")
    if choice == 1:
        return MIMEApplication(
            text.encode(), draw(st.sampled_from(["ics", "octet-stream"])), name="Cuộc họp.ics"
        )
    if choice == 2:
        leaf = MIMEBase("text", "calendar", charset="utf-8")
        leaf.set_payload("".join(char for char in text if char.isascii()))
        return leaf
    if choice == 3:
        return MIMEMessage(draw(mime_trees(depth + 1)))
    return MIMEMultipart("mixed", None, draw(st.lists(mime_trees(depth + 1), min_size=1, max_size=3)))


@given(mime_trees())
def test_parts_are_those_that_the_standard_library_finds(tree: Message) -> None:
    tree["From"] = "lan@vn.example.org"
    content = _with_plain_line_ends(tree.as_bytes())
    theirs = list(email.message_from_bytes(content).walk())
    ours = _Mail(content).parts
    assert [each.kind for each in ours] == [each.get_content_type() for each in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.filename == clean(str(other.get_filename() or ""), 300).lower()
        if not other.is_multipart():
            assert mine.content() == other.get_payload(decode=True)


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
