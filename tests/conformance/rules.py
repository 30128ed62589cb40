"""What a mail of ours must keep to, as small functions that name the section they come from.

Each takes a whole mail or a whole calendar object as bytes and raises ``AssertionError``.

This file is longer than others, because it is a list of rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from tests.conformance.mime import Part, decoded, mailbox, parameters, read

# --- the calendar object, read by the grammar of RFC 5545 section 3.1 and nothing else

_CONTROL = r"\x00-\x08\x0a-\x1f\x7f"
_VALUE = rf'(?:"[^"{_CONTROL}]*"|[^";:,{_CONTROL}]*)'
_PARAM = rf";([A-Z0-9-]+)=({_VALUE}(?:,{_VALUE})*)"
_LINE = re.compile(rf"(?P<name>[A-Z0-9-]+)(?P<params>(?:{_PARAM})*):(?P<value>[^{_CONTROL}]*)")
_TEXT = re.compile(r"(?:[^\\;,]|\\[\\;,nN])*")
_UTC = re.compile(r"\d{8}T\d{6}Z")
# RFC 6068 section 2, as narrow as our addresses are; no display name, no angle brackets, no headers.
_MAILTO = re.compile(r"mailto:(?:[A-Za-z0-9.!$'*+_~-]|%[0-9A-F]{2})+@[A-Za-z0-9.-]+")

PROPERTIES = {
    "VCALENDAR": {"VERSION", "PRODID", "CALSCALE", "METHOD"},
    "VEVENT": {
        "UID",
        "DTSTAMP",
        "DTSTART",
        "DTEND",
        "SEQUENCE",
        "STATUS",
        "SUMMARY",
        "DESCRIPTION",
        "CLASS",
        "TRANSP",
        "ORGANIZER",
        "ATTENDEE",
        "LOCATION",
        "CONFERENCE",
        "CONTACT",
        "X-MICROSOFT-CDO-BUSYSTATUS",
        "X-MICROSOFT-CDO-INTENDEDSTATUS",
        "X-MICROSOFT-DISALLOW-COUNTER",
    },
}
"""All that our calendar objects may hold, by component."""

PARAMETERS = {
    "ORGANIZER": {"CN"},
    "ATTENDEE": {"CN", "CUTYPE", "ROLE", "PARTSTAT", "RSVP"},
    "CONFERENCE": {"VALUE", "FEATURE", "LABEL"},
}
"""All parameters that our properties may have; the other properties have none."""

_TEXT_PROPERTIES = {"PRODID", "UID", "SUMMARY", "DESCRIPTION", "LOCATION", "CONTACT"}


@dataclass(frozen=True, slots=True)
class ContentLine:
    """A content line as it stands in the file: the value still escaped, the parameters unquoted."""

    component: str
    name: str
    value: str
    params: dict[str, str]

    @property
    def address(self) -> str:
        """The address of a calendar user."""
        return self.value.removeprefix("mailto:")


def content_lines(content: bytes) -> list[ContentLine]:
    """Return the content lines of a calendar object, each with the component it stands in."""
    found, within = [], [""]
    for text in content.replace(b"\r\n ", b"").decode("utf-8").removesuffix("\r\n").split("\r\n"):
        match = _LINE.fullmatch(text)
        assert match, f"not a content line: {text!r}"
        params = {name: value.strip('"') for name, value in re.findall(_PARAM, match["params"])}
        line = ContentLine(within[-1], match["name"], match["value"], params)
        if line.name == "END":
            assert within.pop() == line.value
        elif line.name == "BEGIN":
            within.append(line.value)
        else:
            found.append(line)
    assert within == [""], "a component is not ended"
    return found


def values(content: bytes, name: str) -> list[str]:
    """Return the values of a property, as they stand in the file."""
    return [line.value for line in content_lines(content) if line.name == name]


def value(content: bytes, name: str) -> str:
    """Return the value of a property that must occur exactly once."""
    (found,) = values(content, name)
    return found


def unescaped(text: str) -> str:
    """Return what a TEXT value means (RFC 5545 section 3.3.11)."""
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], text)


def lines_end_in_crlf(content: bytes) -> None:
    """RFC 5545 section 3.1."""
    assert content.endswith(b"END:VCALENDAR\r\n")
    rest = content.replace(b"\r\n", b"")
    assert b"\r" not in rest and b"\n" not in rest


def lines_are_folded_at_75_octets_between_characters(content: bytes) -> None:
    """RFC 5545 section 3.1; a fold within a character breaks readers that decode line by line."""
    for line in content.split(b"\r\n"):
        assert len(line) <= 75, f"{len(line)} octets: {line!r}"
        line.decode("utf-8")


def lines_follow_the_grammar(content: bytes) -> None:
    """RFC 5545 sections 3.1 and 3.3.11: no control characters, quotes in pairs, texts escaped."""
    for line in content_lines(content):
        if line.name in _TEXT_PROPERTIES:
            assert _TEXT.fullmatch(line.value), f"not escaped: {line}"


def nothing_stands_in_it_that_is_not_expected(content: bytes) -> None:
    """One event, and no alarm, time zone, attachment or Exchange sequence in or beside it."""
    unfolded = content.replace(b"\r\n ", b"")
    components = [line.partition(b":")[2] for line in unfolded.split(b"\r\n") if line.startswith(b"BEGIN:")]
    assert components == [b"VCALENDAR", b"VEVENT"]
    for line in content_lines(content):
        assert line.name in PROPERTIES[line.component], f"{line.name} in {line.component}"
        assert set(line.params) <= PARAMETERS.get(line.name, set()), f"{line.name}: {line.params}"


def properties_occur_as_often_as_they_may(content: bytes) -> None:
    """RFC 5546 sections 3.2.2 and 3.2.5, and RFC 5545 section 3.6.1."""
    names = [line.name for line in content_lines(content)]
    for name in (
        "VERSION",
        "PRODID",
        "METHOD",
        "UID",
        "ORGANIZER",
        "DTSTAMP",
        "SEQUENCE",
        "DTSTART",
        "DTEND",
        "SUMMARY",
        "TRANSP",
        "CLASS",
    ):
        assert names.count(name) == 1, f"{name} occurs {names.count(name)} times"
    for name in set(names) - {"ATTENDEE"}:
        assert names.count(name) == 1, f"{name} occurs {names.count(name)} times"
    assert names.count("ATTENDEE") >= 1


def it_is_icalendar_2_by_the_gregorian_calendar(content: bytes) -> None:
    """RFC 5545 sections 3.7.4 and 3.7.1."""
    assert value(content, "VERSION") == "2.0"
    assert values(content, "CALSCALE") in ([], ["GREGORIAN"])


def times_are_utc_and_in_order(content: bytes) -> None:
    """RFC 5545 sections 3.3.5 (form 2), 3.8.2.2 and 3.8.7.2."""
    stamps = {}
    for name in ("DTSTAMP", "DTSTART", "DTEND"):
        text = value(content, name)
        assert _UTC.fullmatch(text), f"{name} is not in UTC: {text}"
        stamps[name] = datetime.strptime(text, "%Y%m%dT%H%M%S%z")
    assert stamps["DTSTART"] < stamps["DTEND"]
    assert stamps["DTSTAMP"] < stamps["DTEND"], "a mail about a meeting wholly in the past"


def the_sequence_is_a_number(content: bytes) -> None:
    """RFC 5545 section 3.8.7.4; in a CANCEL it has risen at least once (RFC 5546 section 3.2.5)."""
    assert re.fullmatch(r"\d{1,9}", value(content, "SEQUENCE"))
    if value(content, "METHOD") == "CANCEL":
        assert int(value(content, "SEQUENCE")) >= 1


def the_status_fits_the_method(content: bytes) -> None:
    """RFC 5546 sections 3.2.2 and 3.2.5: a CANCEL without STATUS is to one who was removed."""
    allowed: dict[str, list[list[str]]] = {
        "REQUEST": [["CONFIRMED"], ["TENTATIVE"]],
        "CANCEL": [["CANCELLED"], []],
    }
    assert values(content, "STATUS") in allowed[value(content, "METHOD")]
    assert value(content, "CLASS") == "PUBLIC"


def only_what_takes_place_takes_up_time(content: bytes) -> None:
    """MS-OXOCAL section 3.1.4.9.1; what is not sure is not busy, and Exchange is told of both statuses."""
    cancels = value(content, "METHOD") == "CANCEL"
    assert value(content, "TRANSP") == ("TRANSPARENT" if cancels else "OPAQUE")
    shown = "TENTATIVE" if values(content, "STATUS") == ["TENTATIVE"] else "BUSY"
    expected = "FREE" if cancels else shown
    assert value(content, "X-MICROSOFT-CDO-BUSYSTATUS") == expected
    assert value(content, "X-MICROSOFT-CDO-INTENDEDSTATUS") == expected


def a_cancel_holds_no_link(content: bytes) -> None:
    """The link is taken down at the same time, and a CANCEL says the same however often it is sent."""
    if value(content, "METHOD") == "CANCEL":
        assert not [line for line in content_lines(content) if "://" in line.value]


def addresses_are_bare_mailto_uris(content: bytes) -> None:
    """RFC 6047 section 2.3."""
    for address in (*values(content, "ORGANIZER"), *values(content, "ATTENDEE")):
        assert _MAILTO.fullmatch(address), address


def names_hold_nothing_that_clients_trip_over(content: bytes) -> None:
    """Several clients show the escapes of RFC 6868, and one cuts a name at a semicolon."""
    for line in content_lines(content):
        if line.name in ("ORGANIZER", "ATTENDEE"):
            assert not set('";\\^') & set(line.params["CN"]), line.params["CN"]
            assert line.params["CN"] == line.params["CN"].strip()


def the_organizer_is_among_the_attendees(content: bytes) -> None:
    """Several calendars show an organizer only who is listed, under the same address.

    The CANCEL to one who was removed names only them (RFC 5546 section 3.2.5).
    """
    lines = content_lines(content)
    (organizer,) = (line for line in lines if line.name == "ORGANIZER")
    chairs = [line for line in lines if line.params.get("ROLE") == "CHAIR"]
    assert [(line.value, line.params["CN"], line.params.get("PARTSTAT")) for line in chairs] == (
        [(organizer.value, organizer.params["CN"], "ACCEPTED")] if values(content, "STATUS") else []
    )


def one_recipient_is_asked_or_told(content: bytes) -> None:
    """A confirmed REQUEST asks everybody, answered or not (MS-OXOCAL 2.2.2.43), and nothing else does."""
    found = recipients(content)
    assert len(found) == 1, f"{len(found)} people are asked"
    (line,) = found
    assert line.params["CUTYPE"] == "INDIVIDUAL"
    assert line.params["ROLE"] in {"REQ-PARTICIPANT", "OPT-PARTICIPANT"}
    assert line.params["PARTSTAT"] in {"NEEDS-ACTION", "ACCEPTED", "TENTATIVE", "DECLINED", "DELEGATED"}
    asked = {"CONFIRMED": "TRUE", "TENTATIVE": "FALSE"}
    status = "".join(values(content, "STATUS"))
    assert line.params.get("RSVP") == asked.get(status)


def a_save_the_date_says_in_words_what_it_is(content: bytes) -> None:
    """No client's card shows STATUS."""
    announced = values(content, "STATUS") == ["TENTATIVE"]
    assert value(content, "SUMMARY").startswith("Save the date: ") is announced
    assert value(content, "DESCRIPTION").startswith("Save the date: ") is announced


def recipients(content: bytes) -> list[ContentLine]:
    """Return the attendees other than the organizer."""
    return [
        line
        for line in content_lines(content)
        if line.name == "ATTENDEE" and line.params.get("ROLE") != "CHAIR"
    ]


def the_join_link_stands_in_all_three_places(content: bytes) -> None:
    """RFC 7986 section 5.11, and LOCATION and DESCRIPTION for the many that do not know it.

    Where people come to a venue, that is the LOCATION, and its house is named in DESCRIPTION too.
    """
    links, places = values(content, "CONFERENCE"), [unescaped(text) for text in values(content, "LOCATION")]
    described = unescaped("".join(values(content, "DESCRIPTION"))).split("\n")
    assert all(link in described for link in links), "the link has no line of its own in DESCRIPTION"
    assert len(places) == 1 or not links
    for place in places:
        at_venue = "://" not in place
        assert at_venue or [place] == links
        assert not at_venue or any(place.partition(", ")[0] in line for line in described)


CALENDAR_RULES: tuple[Callable[[bytes], None], ...] = (
    lines_end_in_crlf,
    lines_are_folded_at_75_octets_between_characters,
    lines_follow_the_grammar,
    nothing_stands_in_it_that_is_not_expected,
    properties_occur_as_often_as_they_may,
    it_is_icalendar_2_by_the_gregorian_calendar,
    times_are_utc_and_in_order,
    the_sequence_is_a_number,
    the_status_fits_the_method,
    addresses_are_bare_mailto_uris,
    names_hold_nothing_that_clients_trip_over,
    only_what_takes_place_takes_up_time,
    a_cancel_holds_no_link,
    the_organizer_is_among_the_attendees,
    one_recipient_is_asked_or_told,
    a_save_the_date_says_in_words_what_it_is,
    the_join_link_stands_in_all_three_places,
)

# --- the mail around it

_ONCE = (
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
)
_AT_MOST_ONCE = ("In-Reply-To", "References")
_FIRST_SUBJECTS = ("Invitation: ", "Save the date: ", "Thư mời: ", "Dự kiến lịch họp: ")
_MESSAGE_ID = re.compile(r"<[0-9A-Za-z.!#$%&'*+/=?^_`{|}~-]+@[0-9A-Za-z.-]+>")
_ENCODED_WORD = re.compile(rb"=\?[^?]*\?[^?]*\?[^?]*\?=")


def calendar_part(message: Part) -> Part | None:
    """Return the calendar among the alternatives, if the mail has one."""
    found = [part for part in message.walk() if part.content_type == "text/calendar"]
    assert len(found) <= 1
    return found[0] if found else None


def calendar_of(raw: bytes) -> bytes:
    """Return the calendar object of a mail that has one."""
    part = calendar_part(read(raw))
    assert part is not None
    return part.content()


def lines_are_fit_for_any_server(raw: bytes) -> None:
    """RFC 5322 section 2.1.1 and RFC 5321 section 4.5.3.1.6; 7 bits, for not all have 8BITMIME."""
    assert raw.isascii() and b"\0" not in raw
    assert raw.endswith(b"\r\n")
    rest = raw.replace(b"\r\n", b"")
    assert b"\r" not in rest and b"\n" not in rest
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def header_lines_are_printable_ascii(raw: bytes) -> None:
    """RFC 5322 section 2.2, and RFC 2047 section 2 for encoded words and the lines that hold them."""
    for part in read(raw).walk():
        assert all(text.isascii() and text.isprintable() for field in part.fields for text in field)
    for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        assert len(line) <= 998
        words = _ENCODED_WORD.findall(line)
        assert all(len(word) <= 75 for word in words)
        assert not words or len(line) <= 76, f"{len(line)} characters with an encoded word: {line!r}"


def header_fields_are_those_wanted_and_no_others(raw: bytes) -> None:
    """RFC 5322 section 3.6; no List-Unsubscribe or Precedence, which would cost people cancellations."""
    names = [name for name, _ in read(raw).fields]
    assert [names.count(name) for name in _ONCE] == [1] * len(_ONCE)
    assert {names.count(name) for name in _AT_MOST_ONCE} <= {0, 1}
    assert set(names) <= {*_ONCE, *_AT_MOST_ONCE}, set(names) - {*_ONCE, *_AT_MOST_ONCE}


def it_says_that_no_person_wrote_it(raw: bytes) -> None:
    """RFC 3834 section 5, and the header that Exchange heeds."""
    message = read(raw)
    assert message.field("Auto-Submitted") == "auto-generated"
    assert message.field("X-Auto-Response-Suppress") == "OOF, AutoReply"


def date_and_message_id_can_be_read(raw: bytes) -> None:
    """RFC 5322 sections 3.3 and 3.6.4."""
    message = read(raw)
    assert parsedate_to_datetime(message.field("Date")).tzinfo is not None
    assert _MESSAGE_ID.fullmatch(message.field("Message-ID"))


def a_reference_is_to_another_mail(raw: bytes) -> None:
    """RFC 5322 section 3.6.4; both fields, for clients thread by one or the other."""
    message = read(raw)
    replies, references = message.all("In-Reply-To"), message.all("References")
    assert replies == references
    assert all(_MESSAGE_ID.fullmatch(item) for item in references)
    assert message.field("Message-ID") not in references


def a_follow_up_refers_to_the_first_mail(raw: bytes) -> None:
    """RFC 5322 section 3.6.4; only an invitation can be somebody's first mail about a meeting."""
    message = read(raw)
    starts = decoded(message.field("Subject")).startswith(_FIRST_SUBJECTS)
    assert starts or message.all("References"), "a follow-up stands alone"
    if value(calendar_of(raw), "METHOD") == "CANCEL":
        assert not starts


def parts_are_ordered_as_every_client_takes_them(raw: bytes) -> None:
    """RFC 2046 sections 5.1.3 and 5.1.4: the calendar last among the alternatives, and again as a file."""
    message = read(raw)
    calendar = calendar_part(message)
    texts = ["text/plain", "text/html"]
    alternative = message.parts[0] if message.content_type == "multipart/mixed" else message
    files = list(message.parts[1:]) if alternative is not message else []
    assert alternative.content_type == "multipart/alternative"
    expected = [*texts, "text/calendar"] if calendar else texts
    assert [part.content_type for part in alternative.parts] == expected
    assert [part.content_type for part in files].count("application/ics") == (1 if calendar else 0)
    assert all(part.field("Content-Disposition").startswith("attachment; ") for part in files)
    assert not any(part.all("Content-Disposition") for part in alternative.parts)
    assert not any(part.all("Content-ID") for part in message.walk())


def texts_are_utf_8(raw: bytes) -> None:
    """RFC 2046 section 4.1.2."""
    for part in read(raw).walk():
        if part.content_type in ("text/plain", "text/html"):
            assert part.parameters["charset"].lower() == "utf-8"
            text = part.content().decode("utf-8")
            assert "\r" not in text.replace("\r\n", "") and "\n" not in text.replace("\r\n", "")


def the_method_is_the_same_in_both_places(raw: bytes) -> None:
    """RFC 6047 section 2.4."""
    part = calendar_part(read(raw))
    assert part is not None
    assert part.parameters == {"charset": "UTF-8", "method": value(part.content(), "METHOD")}


def both_calendar_copies_are_the_same_bytes(raw: bytes) -> None:
    """RFC 6047 section 2.4 forbids two different calendar objects in one mail."""
    message = read(raw)
    content = calendar_of(raw)
    files = [part for part in message.walk() if part.content_type == "application/ics"]
    assert [part.content() for part in files] == [content]
    for part in files:
        assert part.parameters == {"name": "invite.ics"}
        assert parameters(part.field("Content-Disposition")) == {"filename": "invite.ics"}


def the_calendar_names_the_sender_and_the_recipient(raw: bytes) -> None:
    """RFC 6047 section 2.2.1; a subaddress (RFC 5233) tells whose answer comes back."""
    message, content = read(raw), calendar_of(raw)
    (recipient,) = recipients(content)
    assert mailbox(message.field("To"))[1] == recipient.address
    local, _, domain = value(content, "ORGANIZER").removeprefix("mailto:").rpartition("@")
    assert mailbox(message.field("From"))[1] == f"{local.partition('+')[0]}@{domain}"


def the_join_link_can_be_read_in_the_text(raw: bytes) -> None:
    """Who sees neither calendar nor HTML must get in too; a save-the-date lets nobody in yet.

    A personal link that leads to the meeting does as well, and better: it is the reader's own.
    """
    content = calendar_of(raw)
    if values(content, "STATUS") != ["CONFIRMED"]:
        return
    for link in map(unescaped, values(content, "LOCATION")):
        if "://" not in link:
            continue  # A venue.
        lines, html = _text(raw, "text/plain").split("\r\n"), _text(raw, "text/html")
        own = next((line for line in lines if re.fullmatch(r"https?://\S+/join", line)), link)
        assert own in lines
        assert f'href="{own}"'.replace("&", "&amp;") in html


def _text(raw: bytes, kind: str) -> str:
    (part,) = (part for part in read(raw).walk() if part.content_type == kind)
    return part.content().decode("utf-8")


MAIL_RULES: tuple[Callable[[bytes], None], ...] = (
    lines_are_fit_for_any_server,
    header_lines_are_printable_ascii,
    header_fields_are_those_wanted_and_no_others,
    it_says_that_no_person_wrote_it,
    date_and_message_id_can_be_read,
    a_reference_is_to_another_mail,
    parts_are_ordered_as_every_client_takes_them,
    texts_are_utf_8,
)
"""What holds for every mail."""

INVITATION_RULES: tuple[Callable[[bytes], None], ...] = (
    a_follow_up_refers_to_the_first_mail,
    the_method_is_the_same_in_both_places,
    both_calendar_copies_are_the_same_bytes,
    the_calendar_names_the_sender_and_the_recipient,
    the_join_link_can_be_read_in_the_text,
)
"""What holds beside for mails with a calendar."""
