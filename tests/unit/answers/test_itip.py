"""Which calendar in a mail counts, and what it says."""

from __future__ import annotations

import base64

import pytest

from orchestrator import words
from orchestrator.domain.answers.incoming import Sort, read
from tests.unit.mails import ENDS, REPLY, STAMP, STARTS, UID, calendar_of, mail, multipart, part, with_lines


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
    assert (received.sort, words.maybe(received.problem)) == (Sort.ANSWER, problem)
    if problem == "names two attendees":
        assert received.calendar is not None
        assert (received.calendar.attendee, received.calendar.participation) == (None, None)


def test_the_same_attendee_twice_is_one() -> None:
    found = calendar_of(mail(with_lines("ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:LAN@vn.example.org")))
    assert (found.attendee, found.participation) == ("lan@vn.example.org", "ACCEPTED")


@pytest.mark.parametrize(
    "line",
    [
        "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:someone@accsm.example",
        "ORGANIZER:mailto:meetings@x.example\nATTENDEE;PARTSTAT=ACCEPTED:MAILTO:Meetings@X.example",
    ],
)
def test_the_organizer_whom_our_invitations_list_is_no_second_attendee(line: str) -> None:
    found = calendar_of(mail(with_lines(*line.splitlines(), without="ORGANIZER")))
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


# --- TNEF


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
    problem = read(tnef_mail(uid=b"")).problem
    assert words.maybe(problem) == "does not say which meeting it is about: it has no UID"
    other = base64.b64encode(b"\x78\x9f\x3e\x22\1\0").decode()
    assert read(mail(other, "application/ms-tnef", Content_Transfer_Encoding="base64")).sort is Sort.LETTER
