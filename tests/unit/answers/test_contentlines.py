"""The tolerant reader of iCalendar text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from orchestrator.domain.answers.content_lines import (
    LARGEST,
    MOST_LINES,
    Component,
    Property,
    Unusable,
    clean,
    decode,
    mailto_address,
    plain_address,
    read_calendars,
)


def only(content: bytes, charset: str | None = None) -> Component:
    (calendar,) = read_calendars(content, charset)
    (event,) = calendar.named("VEVENT")
    return event


def event(*lines: str) -> bytes:
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    ).encode()


def line(text: str) -> Property:
    found = [each for group in only(event(text)).properties.values() for each in group]
    assert len(found) == 1
    return found[0]


# --- text


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        ("Trần Lê".encode(), None),
        ("Trần Lê".encode(), "iso-8859-1"),  # The claim is wrong.
        ("Trần Lê".encode(), "x-unheard-of"),
        (b"\xef\xbb\xbf" + "Trần Lê".encode(), "us-ascii"),
        ("Trần Lê".encode("utf-16"), "utf-8"),
        ("Trần Lê".encode("utf-16-be"), "utf-16be"),
        (b"\xfe\xff" + "Trần Lê".encode("utf-16-be"), None),
        ("Tr\u00e2\u0300n Lê".replace("\u0300", "").encode("windows-1258"), "windows-1258"),
    ],
)
def test_text_is_decoded_whatever_its_charset_is_said_to_be(content: bytes, charset: str | None) -> None:
    assert decode(content, charset) in ("Trần Lê", "Trân Lê")


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("สวัสดี", "TIS-620"),
        ("สวัสดี", "windows-874"),
        ("日本国", "iso-2022-jp"),
        ("日本国", "Shift_JIS"),
        ("한국어", "ks_c_5601-1987"),
        ("中华人民共和国", "gb2312"),
        ("présent – “oui”", "iso-8859-1"),
    ],
)
def test_charsets_of_the_region_are_known_and_understated_ones_are_widened(text: str, charset: str) -> None:
    codec = {"iso-8859-1": "windows-1252", "windows-874": "cp874", "ks_c_5601-1987": "cp949"}.get(
        charset, charset
    )
    assert decode(text.encode(codec), f'"{charset}"') == text


@given(
    st.binary(max_size=200),
    st.none() | st.text(max_size=20) | st.sampled_from(["idna", "utf-7", "rot13", "hz"]),
)
def test_decoding_never_fails(content: bytes, charset: str | None) -> None:
    decode(content, charset)


@given(st.text(max_size=300), st.integers(1, 100))
def test_cleaned_text_is_one_line_without_anything_hidden(text: str, longest: int) -> None:
    cleaned = clean(text, longest)
    assert len(cleaned) <= longest
    assert cleaned == clean(cleaned, longest)
    cleaned.encode("utf-8")
    assert len(cleaned.splitlines()) <= 1
    assert not set(cleaned) & set("\0\x1b\x7f\u202e\u2066\ufeff\u2028")


def test_cleaning_keeps_what_scripts_of_the_region_need() -> None:
    text = "ព្រះ\u200bរាជា မြန်မာ ไทย ‏עברית 👩\u200d💻 a  b"
    assert clean(text) == text


# --- addresses


@pytest.mark.parametrize(
    "uri",
    [
        "mailto:Lan@vn.example.org",
        "MAILTO:Lan@vn.example.org",
        "MailTo: Lan@vn.example.org ",
        "mailto:<Lan@vn.example.org>",
        "<mailto:Lan@vn.example.org>",
        '"mailto:Lan@vn.example.org"',
        "mailto:Lan%40vn.example.org",
        "mailto:Lan@vn.example.org?subject=SOM",
        "mailto:Lan <Lan@vn.example.org>",
        "Lan@vn.example.org",
        "mailto:boss@vn.example.org:mailto:Lan@vn.example.org",
    ],
)
def test_an_address_is_found_however_its_uri_is_written(uri: str) -> None:
    assert mailto_address(uri) == "Lan@vn.example.org"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "mailto:",
        "mailto:lan",
        "mailto:/o=VN/ou=First/cn=lan",
        "urn:uuid:1",
        "invalid:nomail",
        "mailto:lan@vn.example.org, boss@vn.example.org",
        "mailto:lan@exam\nple.org",
        "mailto:lan@vn.example.org%0Aboss",
        "mailto:lan@vn.example.org%00",
        "mailto:\u202elan@vn.example.org",
        "mailto:" + "a" * 400 + "@vn.example.org",
    ],
)
def test_what_is_no_single_address_is_none(uri: str) -> None:
    assert mailto_address(uri) is None


def test_an_internal_name_gives_way_to_the_parameter_email() -> None:
    assert line('ATTENDEE;EMAIL="lan@vn.example.org":/1234/principal/').address == "lan@vn.example.org"
    assert line("ATTENDEE:/1234/principal/").address is None


@given(st.text(max_size=400))
def test_addresses_are_plain(text: str) -> None:
    for found in (mailto_address(text), plain_address(text)):
        assert found is None or ("@" in found and not set(found) & set(" \r\n\t<>,;\0"))


# --- lines


def test_names_and_parameters_are_read_in_any_case_with_quotes_and_carets() -> None:
    found = line('attendee;cn="Lan; T: ""quoted""";PartStat=accepted;X-A=^\'a^n^^b^\':mailto:a@b.example')
    assert found.name == "ATTENDEE"
    assert found.param("CN") == "Lan; T: quoted"
    assert found.param("PARTSTAT") == "accepted"
    assert found.param("X-A") == '"a\n^b"'
    assert found.param("ROLE") == ""
    assert found.address == "a@b.example"


@pytest.mark.parametrize(
    ("text", "partstat"),
    [
        ('ATTENDEE;PARTSTAT=ACCEPTED;CN="Lan:mailto:lan@vn.example.org', "ACCEPTED"),  # Never closed.
        ("ATTENDEE;PARTSTAT=ACCEPTED;CN=Lan: the first:mailto:lan@vn.example.org", "ACCEPTED"),
        ("ATTENDEE ; PARTSTAT = ACCEPTED : mailto:lan@vn.example.org", "ACCEPTED"),
        ("ATTENDEE;;=;PARTSTAT=ACCEPTED;FLAG:mailto:lan@vn.example.org", "ACCEPTED"),
        ("ATTENDEE;PARTSTAT=ACCEPTED;PARTSTAT=DECLINED:mailto:lan@vn.example.org", "ACCEPTED"),
    ],
)
def test_parameters_that_are_written_badly_do_not_hide_the_address(text: str, partstat: str) -> None:
    found = line(text)
    assert (found.address, found.param("PARTSTAT")) == ("lan@vn.example.org", partstat)


def test_a_parameter_can_list_addresses() -> None:
    found = line('ATTENDEE;DELEGATED-TO="mailto:a@b.example","MAILTO:c@d.example",urn:x:mailto:e@f.example')
    assert found.addresses("DELEGATED-TO") == ("a@b.example", "c@d.example")
    assert found.addresses("DELEGATED-FROM") == ()


def test_escapes_in_text_are_undone() -> None:
    assert line(r"COMMENT:a\, b\; c\\n d\ne\Nf\x").text == "a, b; c\\n d\ne\nf\\x"


TEXT = "UID:1\r\nCOMMENT:Trần Thị Lan đến dự họp với đoàn đại biểu\r\n"


@pytest.mark.parametrize(
    "content",
    [
        event("COMMENT:Trần").replace(b"\r\n", b"\n"),
        event("COMMENT:Trần").replace(b"\r\n", b"\r"),
        event("COMMENT:Trần").replace(b"\r\n", b"\r\r\n"),
        event("COMMENT:Trần").replace(b"\r\n", b"\r\n\r\n"),
        event("COMMENT:Trần").replace(b"Tr\xe1", b"Tr\r\n \xe1"),
        event("COMMENT:Trần").replace("ầ".encode(), b"\xe1\r\n \xba\n\t\xa7"),  # Inside a character.
        event("COMMENT:Trần").replace(b"\xa7", b"\r\n\r\n \xa7"),
        event("COMMENT:Trần").replace(b"M", b"M\0").replace(b"\r\n", b"\0\r\n"),
        b"\xef\xbb\xbf" + event("COMMENT:Trần"),
        "Dear all,\r\n\ufeff".encode() + event("COMMENT:Trần") + b"Regards: Lan\r\n",
        event("COMMENT:Trần").decode().encode("utf-16"),
        event("COMMENT:Trần").decode().encode("utf-16-le"),
        event("COMMENT:Trần").replace(b"END:VCALENDAR\r\n", b""),
        event("COMMENT:Trần").replace(b"END:VEVENT\r\n", b""),
        event("COMMENT:Trần", "BEGIN:VALARM", "COMMENT:no", "END:VALARM", "END:VUNKNOWN"),
        event("COMMENT:Trần").replace(b"BEGIN:V", b"begin:v").replace(b"END:VEVENT", b"End:vEvent "),
    ],
)
def test_damaged_text_reads_as_it_was_meant(content: bytes) -> None:
    assert only(content).value("COMMENT") == "Trần"
    assert only(content).ended


def test_a_raw_line_break_inside_a_value_is_kept_so_that_nothing_is_mistaken_for_something_shorter() -> None:
    found = only(event("COMMENT:two", "(2) people", "ATTENDEE:mailto:lan@vn.exam", "!ple.org"))
    assert found.value("COMMENT") == "two (2) people"
    assert [person.address for person in found.all("ATTENDEE")] == [None]


def test_each_calendar_is_found_also_where_the_first_has_no_end() -> None:
    twice = event("UID:1").replace(b"END:VCALENDAR\r\n", b"") + event("UID:2")
    assert [calendar.named("VEVENT")[0].value("UID") for calendar in read_calendars(twice)] == ["1", "2"]
    assert read_calendars(b"BEGIN:VCARD\r\nUID:1\r\nEND:VCARD\r\n") == []


def test_an_event_without_an_end_does_not_swallow_the_next() -> None:
    (calendar,) = read_calendars(event("UID:1", "BEGIN:VEVENT", "UID:2"))
    assert [found.value("UID") for found in calendar.named("VEVENT")] == ["1", "2"]


def test_a_text_that_stops_inside_an_event_is_told() -> None:
    assert not only(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nATTENDEE:mail").ended


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (event("X:" + "a" * LARGEST), "larger than 1 MB"),
        (event(*["A:B"] * MOST_LINES), "more than 20,000 lines"),
        (event(*[f"BEGIN:X{depth}" for depth in range(20)]), "nested too deeply"),
    ],
)
def test_more_than_a_meeting_needs_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        read_calendars(content)


@given(st.binary(max_size=400))
def test_any_bytes_are_read(content: bytes) -> None:
    read_calendars(content)
    read_calendars(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + content)


SCRIPTS = st.text(
    st.sampled_from(
        "aZ9 \"';:,\\^=%<>@./-\nộữđĐ ไทยสวัสดี ភាសាខ្មែរ မြန်မာ ລາວ עברית العربية 日本 한국 👩\u200d💻🇻🇳é\u0301"
    ),
    max_size=60,
).map(lambda text: text.strip())


@given(comment=SCRIPTS, name=SCRIPTS, uid=st.text("abc-@.019", min_size=1, max_size=40))
def test_what_icalendar_writes_reads_back(comment: str, name: str, uid: str) -> None:
    name = clean(name)
    written = Event()
    written.add("uid", uid)
    written.add("comment", comment)
    written.add("attendee", "mailto:lan@vn.example.org", parameters={"CN": name, "PARTSTAT": "ACCEPTED"})
    calendar = Calendar()
    calendar.add_component(written)
    found = only(calendar.to_ical())
    assert found.value("UID") == uid
    text = found.first("COMMENT")
    assert text is not None and text.text == comment
    person = found.first("ATTENDEE")
    assert person is not None
    assert person.param("CN") == name
    assert (person.param("PARTSTAT"), person.address) == ("ACCEPTED", "lan@vn.example.org")
