"""Mails of real programs: what is read in them and in their headers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.answers.incoming import LARGEST, READER_FAILED, Received, Sort, read
from tests.unit.mails import (
    ALL_SAMPLES,
    ENDS,
    REPLY,
    STAMP,
    STARTS,
    UID,
    US,
    assert_sound,
    calendar_of,
    mail,
    multipart,
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
        ("a@b.example <lan@vn.example.org>", None, "a@b.example"),
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
        ({"Auto_Submitted": "no (a person)"}, False),
        ({"Auto_Submitted": "auto-generated; type=x"}, True),
        ({"Precedence": "BULK"}, False),
        ({"Precedence": "junk"}, False),
        ({"Precedence": "list"}, False),
        ({"Precedence": "auto_reply"}, True),
        ({"List_Id": "<officials.example.org>"}, False),
        ({"X_Autoreply": "yes"}, True),
        ({"X_Auto_Response_Suppress": "OOF"}, False),
        ({"X_Auto_Response_Suppress": "All"}, False),
        ({"Return_Path": "< >"}, False),
        ({"Return_Path": "<>", "From": "postmaster@b.example"}, True),
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
