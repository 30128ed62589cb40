"""The judges themselves: each rule finds the fault that it is there for."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest

from orchestrator.domain.meetings.itip import EventStatus
from tests.conformance import rules
from tests.conformance.building import LINK, calendar, cancelled, mail
from tests.conformance.mime import decoded, mailbox, read
from tests.conformance.readers import Libical
from tests.conformance.rules import CALENDAR_RULES, INVITATION_RULES, MAIL_RULES

GOOD = calendar()
CANCEL = cancelled(sequence=1)
MAIL = mail()
UNFOLDED = GOOD.replace(b"\r\n ", b"")
REMOVAL = cancelled(sequence=1, status=None)
CHAIRED_REMOVAL = REMOVAL.replace(b"\r\n ", b"").replace(b"REQ-PARTICIPANT", b"CHAIR")
ANNOUNCED = calendar(
    status=EventStatus.TENTATIVE, summary="Save the date: SOM", description=f"Save the date: {LINK}"
).replace(b"Save the date: https", b"Save the date: \\n\r\n https")
CHAIRLESS = UNFOLDED.replace(b"CHAIR", b"REQ-PARTICIPANT")
STRANGE = b"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:x\r\nEND:VALARM\r\nEND:VEVENT"

BAD_CALENDARS = [
    (rules.lines_end_in_crlf, GOOD.replace(b"\r\n", b"\n", 1)),
    (rules.lines_end_in_crlf, GOOD.replace(b"\r\n", b"\r", 1)),
    (rules.lines_end_in_crlf, GOOD.removesuffix(b"\r\n")),
    (rules.lines_are_folded_at_75_octets_between_characters, UNFOLDED),
    (rules.lines_follow_the_grammar, GOOD.replace(b"Senior Officials", b"Senior, Officials")),
    (rules.lines_follow_the_grammar, GOOD.replace(b"Senior Officials", b"Senior\x07Officials")),
    (rules.lines_follow_the_grammar, GOOD.replace(b'CN="', b'CN=""')),
    (rules.lines_follow_the_grammar, GOOD.replace(b"END:VEVENT\r\n", b"")),
    (rules.nothing_stands_in_it_that_is_not_expected, GOOD.replace(b"END:VEVENT", STRANGE)),
    (
        rules.nothing_stands_in_it_that_is_not_expected,
        GOOD.replace(b"SEQUENCE:0", b"SEQUENCE:0\r\nX-MICROSOFT-CDO-APPT-SEQUENCE:0"),
    ),
    (rules.nothing_stands_in_it_that_is_not_expected, GOOD.replace(b"DTSTART:", b"DTSTART;TZID=UTC:")),
    (rules.properties_occur_as_often_as_they_may, GOOD.replace(b"SEQUENCE:0\r\n", b"")),
    (rules.properties_occur_as_often_as_they_may, GOOD.replace(b"SEQUENCE:0", b"SEQUENCE:0\r\nSEQUENCE:1")),
    (rules.it_is_icalendar_2_by_the_gregorian_calendar, GOOD.replace(b"VERSION:2.0", b"VERSION:1.0")),
    (rules.times_are_utc_and_in_order, GOOD.replace(b"DTSTART:20261210T070000Z", b"DTSTART:20261210T070000")),
    (rules.times_are_utc_and_in_order, GOOD.replace(b"DTSTART:20261210", b"DTSTART:20261211")),
    (rules.times_are_utc_and_in_order, GOOD.replace(b"DTSTAMP:2026", b"DTSTAMP:2027")),
    (rules.the_sequence_is_a_number, cancelled(sequence=0)),
    (rules.the_status_fits_the_method, GOOD.replace(b"STATUS:CONFIRMED", b"STATUS:CANCELLED")),
    (rules.the_status_fits_the_method, CANCEL.replace(b"STATUS:CANCELLED", b"STATUS:CONFIRMED")),
    (rules.the_status_fits_the_method, GOOD.replace(b"STATUS:CONFIRMED\r\n", b"")),
    (rules.only_what_takes_place_takes_up_time, GOOD.replace(b"OPAQUE", b"TRANSPARENT")),
    (rules.only_what_takes_place_takes_up_time, CANCEL.replace(b"TRANSPARENT", b"OPAQUE")),
    (
        rules.only_what_takes_place_takes_up_time,
        REMOVAL.replace(b"INTENDEDSTATUS:FREE", b"INTENDEDSTATUS:BUSY"),
    ),
    (rules.only_what_takes_place_takes_up_time, CANCEL.replace(b"BUSYSTATUS:FREE", b"BUSYSTATUS:BUSY")),
    (rules.a_cancel_holds_no_link, cancelled(sequence=1, description=LINK)),
    (rules.addresses_are_bare_mailto_uris, UNFOLDED.replace(b":mailto:lan@", b":lan@")),
    (rules.addresses_are_bare_mailto_uris, UNFOLDED.replace(b"mailto:lan@", b"mailto:Lan <lan@")),
    (rules.names_hold_nothing_that_clients_trip_over, GOOD.replace(b'CN="L', b'CN="L; ')),
    (rules.the_organizer_is_among_the_attendees, CHAIRLESS),
    (
        rules.the_organizer_is_among_the_attendees,
        REMOVAL.replace(b"\r\n ", b"").replace(b"REQ-PARTICIPANT", b"CHAIR"),
    ),
    (rules.one_recipient_is_asked_or_told, UNFOLDED.replace(b";RSVP=TRUE", b"")),
    (rules.one_recipient_is_asked_or_told, UNFOLDED.replace(b";RSVP=TRUE", b";RSVP=FALSE")),
    (rules.one_recipient_is_asked_or_told, ANNOUNCED.replace(b"RSVP=FALSE", b"RSVP=TRUE")),
    (rules.a_save_the_date_says_in_words_what_it_is, calendar(status=EventStatus.TENTATIVE)),
    (rules.a_save_the_date_says_in_words_what_it_is, calendar(summary="Save the date: SOM")),
    (rules.one_recipient_is_asked_or_told, CHAIRLESS),
    (rules.the_join_link_stands_in_all_three_places, calendar(description="Agenda")),
    (rules.the_join_link_stands_in_all_three_places, GOOD.replace(b"CONFERENCE;", b"X-CONFERENCE;")),
    (rules.the_join_link_stands_in_all_three_places, calendar(location="Guest House, Ha Noi")),
]


def other_copy(raw: bytes) -> bytes:
    """Replace the second of the two calendars."""
    first, middle, last = raw.rpartition(b"Content-Type: application/ics")
    return first + middle + last.replace(last.split(b"\r\n\r\n")[1], base64.b64encode(b"x") + b"\r\n", 1)


def without_field(name: bytes) -> bytes:
    return re.sub(rb"(?m)^" + name + rb": .*\r\n(?:[ \t].*\r\n)*", b"", MAIL, count=1)


def with_field(line: bytes) -> bytes:
    return MAIL.replace(b"Date: ", line + b"\r\nDate: ", 1)


BAD_MAILS = [
    (rules.lines_are_fit_for_any_server, MAIL.replace(b"\r\n", b"\n", 1)),
    (rules.lines_are_fit_for_any_server, MAIL.replace(b"Subject: ", b"Subject: \xc3\xa9")),
    (rules.lines_are_fit_for_any_server, with_field(b"X: " + b"x" * 1000)),
    (rules.header_lines_are_printable_ascii, MAIL.replace(b"Subject: ", b"Subject: \x07")),
    (rules.header_lines_are_printable_ascii, with_field(b"X: =?utf-8?q?x?= " + b"x" * 60)),
    (rules.header_fields_are_those_wanted_and_no_others, without_field(b"Date")),
    (rules.header_fields_are_those_wanted_and_no_others, with_field(b"Precedence: bulk")),
    (rules.header_fields_are_those_wanted_and_no_others, with_field(b"Bcc: x@y.org")),
    (rules.header_fields_are_those_wanted_and_no_others, with_field(b"Subject: x")),
    (rules.it_says_that_no_person_wrote_it, MAIL.replace(b"auto-generated", b"no")),
    (rules.date_and_message_id_can_be_read, MAIL.replace(b"Message-ID: <", b"Message-ID: ")),
    (rules.a_reference_is_to_another_mail, with_field(b"References: <a@b.org>")),
    (rules.parts_are_ordered_as_every_client_takes_them, MAIL.replace(b"text/html", b"text/plain")),
    (rules.parts_are_ordered_as_every_client_takes_them, MAIL.replace(b"/mixed", b"/related")),
    (
        rules.parts_are_ordered_as_every_client_takes_them,
        MAIL.replace(b"method=REQUEST\r\n", b"method=REQUEST\r\nContent-Disposition: inline\r\n"),
    ),
    (
        rules.parts_are_ordered_as_every_client_takes_them,
        MAIL.replace(b"method=REQUEST\r\n", b"method=REQUEST\r\nContent-ID: <a@b.org>\r\n"),
    ),
    (rules.texts_are_utf_8, MAIL.replace(b"charset=utf-8", b"charset=us-ascii")),
    (rules.a_follow_up_refers_to_the_first_mail, mail(subject="Updated: x")),
    (rules.the_method_is_the_same_in_both_places, MAIL.replace(b"method=REQUEST", b"method=CANCEL")),
    (rules.the_method_is_the_same_in_both_places, MAIL.replace(b"; method=REQUEST", b"")),
    (rules.both_calendar_copies_are_the_same_bytes, other_copy(MAIL)),
    (rules.the_calendar_names_the_sender_and_the_recipient, MAIL.replace(b"<lan@", b"<dara@")),
    (rules.the_calendar_names_the_sender_and_the_recipient, MAIL.replace(b"<meetings@", b"<noreply@")),
    (rules.the_join_link_can_be_read_in_the_text, mail(text="Agenda")),
]


def named(case: object) -> str:
    return getattr(case, "__name__", "")


@pytest.mark.parametrize("rule", rules.CALENDAR_RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("link", [None, LINK])
def test_a_rule_takes_the_calendar_of_a_meeting_at_a_venue(
    rule: Callable[[bytes], None], link: str | None
) -> None:
    venue = "Venue:\nGuest House\nHa Noi"
    described = f"{venue}\n\nJoin the meeting:\n{link}" if link else venue
    rule(calendar(location="Guest House, Ha Noi", join_url=link, description=described))


@pytest.mark.parametrize("rule", CALENDAR_RULES, ids=named)
def test_a_rule_takes_a_good_calendar(rule: Callable[[bytes], None]) -> None:
    rule(GOOD)
    rule(CANCEL)
    rule(REMOVAL)
    rule(ANNOUNCED)
    rule(calendar(join_url=None))


@pytest.mark.parametrize("rule", [*MAIL_RULES, *INVITATION_RULES], ids=named)
def test_a_rule_takes_a_good_mail(rule: Callable[[bytes], None]) -> None:
    rule(MAIL)


@pytest.mark.parametrize(("rule", "content"), [*BAD_CALENDARS, *BAD_MAILS], ids=named)
def test_a_rule_finds_its_fault(rule: Callable[[bytes], None], content: bytes) -> None:
    with pytest.raises(AssertionError):
        rule(content)


def test_every_rule_has_found_a_fault() -> None:
    tried = {rule for rule, _ in (*BAD_CALENDARS, *BAD_MAILS)}
    assert tried == {*CALENDAR_RULES, *MAIL_RULES, *INVITATION_RULES}


@pytest.mark.parametrize(
    "content",
    [
        UNFOLDED.replace(b"ORGANIZER;", b"X-ORGANIZER;"),
        GOOD.replace(b"DTSTAMP:20261122T083000Z\r\n", b""),
        GOOD.replace(b"STATUS:CONFIRMED", b"STATUS:CANCELLED"),
        GOOD.replace(b"DTSTART:20261210T070000Z", b"DTSTART:tomorrow"),
    ],
)
def test_libical_finds_what_itip_does_not_allow(libical: Libical, content: bytes) -> None:
    assert libical.complaints(content) != []


@pytest.mark.parametrize(
    ("field", "read_as"),
    [
        ("Lan <lan@vn.example.org>", ("Lan", "lan@vn.example.org")),
        ("lan@vn.example.org", ("", "lan@vn.example.org")),
        ('"a\\"b, \\\\c" <a@b.org>', ('a"b, \\c', "a@b.org")),
        ("=?utf-8?q?L=C3=AA?= =?utf-8?b?IFRo4buL?= <a@b.org>", ("Lê Thị", "a@b.org")),
    ],
)
def test_a_mailbox_is_read(field: str, read_as: tuple[str, str]) -> None:
    assert mailbox(field) == read_as


def test_text_between_encoded_words_stays() -> None:
    assert decoded("a =?utf-8?q?b_c?=  =?utf-8?q?d?= e") == "a b cd e"


@pytest.mark.parametrize(
    "raw",
    [
        MAIL.replace(b'"\r\n\r\n--', b'"\r\n\r\npreamble\r\n--', 1),
        MAIL.removesuffix(b"--\r\n"),
        MAIL.replace(b"\r\nDate: ", b"\r\nDate "),
    ],
)
def test_a_broken_message_is_not_read(raw: bytes) -> None:
    with pytest.raises(AssertionError):
        read(raw)


def test_the_link_of_these_tests_holds_what_has_to_be_escaped() -> None:
    assert {",", ";", "&", "%"} <= set(LINK)
