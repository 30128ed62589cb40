"""The calendar object in an invitation and in a cancellation."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import ascii_letters, digits
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, vText
from icalendar.cal import Component

from config import DATA
from orchestrator.domain.answers.content_lines import mailto_address
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.letters.invitation import CalendarFacts, CalendarTemplate, common_name, mailto
from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.meeting import Attendee, Participation

ROOT = Path(__file__).resolve().parents[3]
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)
FACTS = CalendarFacts(
    method=Method.REQUEST,
    status=EventStatus.CONFIRMED,
    uid="4f8c2d@accsm.example.org",
    sequence=3,
    stamp=datetime(2026, 11, 1, 2, 3, 4, tzinfo=UTC),
    starts_at=STARTS,
    ends_at=STARTS + timedelta(hours=3),
    summary="Senior Officials Meeting; on the 21st ACCSM, online",
    description="Hội nghị quan chức cấp cao\nJoin: https://meet.example.org/1?a=1,2;b\n" + "ກ" * 100,
    organizer_name="Trần Minh Khôi (Viet Nam)",
    organizer_address="meetings@accsm.example.org",
    join_url="https://meet.example.org/1?a=1,2;b",
)
LAN = Attendee("Lê Thị Lan", "lan@vn.example.org", "VN", "SOM", Role.SENIOR_OFFICIAL, id=7)


REMOVAL = replace(FACTS, method=Method.CANCEL, status=None)


def copy(attendee: Attendee = LAN, **fields: Any) -> bytes:
    if fields.get("method") is Method.CANCEL:
        fields.setdefault("status", EventStatus.CANCELLED)
    return CalendarTemplate.of(replace(FACTS, **fields)).copy_for(attendee)


def attendees(found: Component) -> list[Any]:
    """The ATTENDEEs of a copy, the recipient last."""
    people = found["attendee"]
    return people if isinstance(people, list) else [people]


def event(content: bytes) -> Component:
    calendar = Calendar.from_ical(content)
    (found,) = calendar.subcomponents
    assert found.name == "VEVENT"
    assert found.errors == []
    return found


def unfolded(content: bytes) -> list[str]:
    return content.replace(b"\r\n ", b"").decode("utf-8").split("\r\n")


def assert_well_formed(content: bytes) -> None:
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    for line in content.split(b"\r\n"):
        assert len(line) <= 75
        line.decode("utf-8")


def test_line_ends_are_crlf_and_lines_are_folded_at_75_octets_between_characters() -> None:
    assert_well_formed(copy())
    assert_well_formed(copy(replace(LAN, name="ເຈົ້າ" * 40, email="a" * 60 + "@" + "b" * 60 + ".example.org")))


def test_a_request_has_exactly_these_lines() -> None:
    assert unfolded(copy(description="Text", summary="SOM", organizer_name="Khôi")) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//ACCSM//Meeting Orchestrator//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "SUMMARY:SOM",
        "DTSTART:20261203T070000Z",
        "DTEND:20261203T100000Z",
        "DTSTAMP:20261101T020304Z",
        "UID:4f8c2d@accsm.example.org",
        "SEQUENCE:3",
        "CLASS:PUBLIC",
        "CONFERENCE;FEATURE=AUDIO,VIDEO;LABEL=Join the meeting;VALUE=URI:https://meet.example.org/1?a=1,2;b",
        "DESCRIPTION:Text",
        "LOCATION:https://meet.example.org/1?a=1\\,2\\;b",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
        "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
        "ORGANIZER;CN=Khôi:mailto:meetings@accsm.example.org",
        "ATTENDEE;CN=Khôi;CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:meetings@accsm.example.org",
        (
            'ATTENDEE;CN="Lê Thị Lan";CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=TRUE:'
            "mailto:lan@vn.example.org"
        ),
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_icalendar_reads_back_what_was_said() -> None:
    found = event(copy())
    assert str(found["summary"]) == FACTS.summary
    assert str(found["description"]) == FACTS.description
    assert str(found["location"]) == FACTS.join_url
    assert str(found["conference"]) == FACTS.join_url
    assert (found.decoded("dtstart"), found.decoded("dtend")) == (FACTS.starts_at, FACTS.ends_at)
    assert found.decoded("dtstamp") == FACTS.stamp
    assert (found["sequence"], str(found["uid"])) == (3, FACTS.uid)


def test_a_cancel_of_the_meeting_frees_the_time_and_names_organizer_and_recipient() -> None:
    assert unfolded(copy(replace(LAN, participation=Participation.ACCEPTED), method=Method.CANCEL))[5:-2] == [
        "BEGIN:VEVENT",
        "SUMMARY:Senior Officials Meeting\\; on the 21st ACCSM\\, online",
        "DTSTART:20261203T070000Z",
        "DTEND:20261203T100000Z",
        "DTSTAMP:20261101T020304Z",
        "UID:4f8c2d@accsm.example.org",
        "SEQUENCE:3",
        "CLASS:PUBLIC",
        "DESCRIPTION:" + str(vText(FACTS.description).to_ical(), "utf-8"),
        "STATUS:CANCELLED",
        "TRANSP:TRANSPARENT",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "X-MICROSOFT-CDO-INTENDEDSTATUS:FREE",
        'ORGANIZER;CN="Trần Minh Khôi (Viet Nam)":mailto:meetings@accsm.example.org',
        (
            'ATTENDEE;CN="Trần Minh Khôi (Viet Nam)";CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=CHAIR:'
            "mailto:meetings@accsm.example.org"
        ),
        (
            'ATTENDEE;CN="Lê Thị Lan";CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:'
            "mailto:lan@vn.example.org"
        ),
        "END:VEVENT",
    ]


def test_a_cancel_to_one_who_was_removed_has_no_status_and_names_only_them() -> None:
    lines = unfolded(CalendarTemplate.of(REMOVAL).copy_for(LAN))
    assert not [line for line in lines if line.startswith(("STATUS", "LOCATION", "CONFERENCE"))]
    assert "TRANSP:TRANSPARENT" in lines and "X-MICROSOFT-CDO-BUSYSTATUS:FREE" in lines
    assert [line for line in lines if line.startswith("ATTENDEE")] == [
        (
            'ATTENDEE;CN="Lê Thị Lan";CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT:'
            "mailto:lan@vn.example.org"
        )
    ]


@pytest.mark.parametrize("participation", list(Participation))
@pytest.mark.parametrize(
    ("facts", "rsvp"),
    [
        ({"status": EventStatus.CONFIRMED}, "TRUE"),
        ({"status": EventStatus.TENTATIVE}, "FALSE"),
        ({"method": Method.CANCEL}, None),
        ({"method": Method.CANCEL, "status": None}, None),
    ],
)
def test_every_confirmed_request_asks_for_an_answer_and_nothing_else_does(
    participation: Participation, facts: dict[str, Any], rsvp: str | None
) -> None:
    params = attendees(event(copy(replace(LAN, participation=participation), **facts)))[-1].params
    assert params["PARTSTAT"] == participation.value
    assert params.get("RSVP") == rsvp


def test_who_has_sent_another_person_is_named_with_them_and_still_asked() -> None:
    lan = replace(LAN, participation=Participation.DELEGATED, delegated_to="r&d=x/y@vn.example.org")
    assert (
        'ATTENDEE;CN="Lê Thị Lan";CUTYPE=INDIVIDUAL;DELEGATED-TO="mailto:r%26d%3Dx%2Fy@vn.example.org";'
        "PARTSTAT=DELEGATED;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:lan@vn.example.org"
    ) in unfolded(copy(lan))


def test_an_observer_is_an_optional_participant() -> None:
    observer = attendees(event(copy(replace(LAN, role=Role.OBSERVER))))[-1]
    assert observer.params["ROLE"] == "OPT-PARTICIPANT"


def test_the_organizer_is_an_attendee_of_a_request_under_the_same_address_and_has_accepted() -> None:
    found = event(copy())
    organizer, _ = attendees(found)
    assert str(organizer) == str(found["organizer"]) == "mailto:meetings@accsm.example.org"
    assert organizer.params == {
        "CN": FACTS.organizer_name,
        "CUTYPE": "INDIVIDUAL",
        "PARTSTAT": "ACCEPTED",
        "ROLE": "CHAIR",
    }


def test_a_recipient_may_have_a_reply_address_of_their_own_and_the_next_copy_has_its_own_again() -> None:
    template = CalendarTemplate.of(FACTS)
    own = "meetings+t7@accsm.example.org"
    found = event(template.copy_for(LAN, own))
    assert str(found["organizer"]) == str(attendees(found)[0]) == f"mailto:{own}"
    assert str(event(template.copy_for(LAN))["organizer"]) == "mailto:meetings@accsm.example.org"
    assert own.encode() not in template.copy_for(LAN)


@pytest.mark.parametrize(
    ("status", "busy"),
    [(EventStatus.CONFIRMED, "BUSY"), (EventStatus.TENTATIVE, "TENTATIVE")],
)
def test_a_save_the_date_is_tentative_in_both_of_its_words(status: EventStatus, busy: str) -> None:
    lines = unfolded(copy(status=status))
    assert f"STATUS:{status}" in lines
    assert f"X-MICROSOFT-CDO-BUSYSTATUS:{busy}" in lines
    assert f"X-MICROSOFT-CDO-INTENDEDSTATUS:{busy}" in lines


@pytest.mark.parametrize(("counter", "disallowed"), [(True, "FALSE"), (False, "TRUE")])
def test_another_time_may_be_proposed_or_not(counter: bool, disallowed: str) -> None:
    assert f"X-MICROSOFT-DISALLOW-COUNTER:{disallowed}" in unfolded(copy(counter=counter))


def test_a_copy_names_the_organizer_and_its_recipient_and_nobody_else() -> None:
    template = CalendarTemplate.of(FACTS)
    for attendee in (LAN, replace(LAN, name="Sok Dara", email="dara@kh.example.org")):
        lines = unfolded(template.copy_for(attendee))
        named = [line.rpartition(":mailto:")[2] for line in lines if "mailto:" in line]
        assert named == [FACTS.organizer_address, FACTS.organizer_address, attendee.email]


def test_a_copy_says_whom_to_ask() -> None:
    assert "CONTACT:Trần Minh Khôi\\, khoi@vn.example.org" in unfolded(
        copy(contact="Trần Minh Khôi, khoi@vn.example.org")
    )


def test_a_meeting_without_a_link_says_nothing_of_a_place() -> None:
    assert not [line for line in unfolded(copy(join_url=None)) if line.startswith(("LOCATION", "CONFERENCE"))]


def test_nothing_is_emitted_that_clients_trip_over() -> None:
    whole = copy().decode()
    for name in ("VALARM", "VTIMEZONE", "TZID", "APPT-SEQUENCE", "RFC822", "ATTACH"):
        assert name not in whole


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("name", ["Lê Thị Lan", "Santos, Maria: chair", 'O"Brien; x', "យ៉ាង សុខា " * 12])
def test_a_spliced_copy_equals_building_it_whole(method: Method, name: str) -> None:
    attendee = replace(LAN, name=name)
    spliced = copy(attendee, method=method)
    # The lines of people stand last, where ``icalendar`` would sort them in.
    assert Calendar.from_ical(spliced).to_ical(sorted=False) == spliced


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ('Maria "Mia" Santos', "Maria Mia Santos"),
        ("Santos; X=1", "Santos X=1"),
        ("A\r\nATTENDEE:mailto:x@y.org", "A ATTENDEE:mailto:x@y.org"),
        ("back\\slash ^n caret", "back slash n caret"),
        ("  two   spaces\u00a0here ", "two spaces here"),
        ("Bell\x07\x00", "Bell"),
        ("อนุชา พรหมศิริ", "อนุชา พรหมศิริ"),
    ],
)
def test_a_common_name_loses_what_clients_show_or_cut(name: str, cleaned: str) -> None:
    assert common_name(name) == cleaned
    attendee = attendees(event(copy(replace(LAN, name=name))))[-1]
    assert (attendee.params["CN"], str(attendee)) == (cleaned, "mailto:lan@vn.example.org")


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("lan@vn.example.org", "mailto:lan@vn.example.org"),
        ("Lan.Le+som@vn.example.org", "mailto:Lan.Le+som@vn.example.org"),
        ("o'brien@au.example.org", "mailto:o'brien@au.example.org"),
        ("50%off?x#y@z.org", "mailto:50%25off%3Fx%23y@z.org"),
        ("r&d=hr/it;x@z.org", "mailto:r%26d%3Dhr%2Fit%3Bx@z.org"),
        ("a^b`c{d|e}f@z.org", "mailto:a%5Eb%60c%7Bd%7Ce%7Df@z.org"),
        ("a[b]c@z.org", "mailto:a%5Bb%5Dc@z.org"),
        ('"a b"@z.org', "mailto:%22a%20b%22@z.org"),
        ("lê@việt.vn", "mailto:l%C3%AA@xn--vit-5kz.vn"),
        ("lan@a b", "mailto:lan@a%20b"),
    ],
)
def test_an_address_is_a_bare_mailto(address: str, uri: str) -> None:
    assert mailto(address) == uri


ALLOWED_IN_ADDRESSES = ascii_letters + digits + "!#$%&'*+/=?^_`{|}~-."


# A reader takes an apostrophe at the very beginning for a quotation mark, which some programs put there.
@given(st.text(ALLOWED_IN_ADDRESSES, min_size=1, max_size=64).filter(lambda text: not text.startswith("'")))
def test_every_address_that_can_be_invited_is_encoded_as_a_mailto_wants_it_and_comes_back(local: str) -> None:
    address = f"{local}@vn.example.org"
    uri = mailto(address)
    # RFC 6068 section 2: what may stand in an address, without the characters that have to be encoded.
    assert re.fullmatch(r"mailto:(?:[A-Za-z0-9._~!$'*+-]|%[0-9A-F]{2})+@vn\.example\.org", uri)
    assert unquote(uri.removeprefix("mailto:")) == mailto_address(uri) == address
    people = attendees(event(copy(replace(LAN, email=address))))
    assert mailto_address(str(people[-1])) == address


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_no_text_whatever_breaks_a_mailto(local: str, domain: str) -> None:
    try:
        address = f"{local}@{domain.replace('@', '')}"
        address.encode()
    except UnicodeEncodeError:
        return
    uri = mailto(address)
    assert re.fullmatch(r"mailto:[A-Za-z0-9._~!$'*+%-]*@[A-Za-z0-9._~%/-]*", uri)
    assert unquote(uri.removeprefix("mailto:").rpartition("@")[0]) == local


@pytest.mark.parametrize(
    "title",
    [
        "ATTENDEE:mailto:recipient@invalid",
        "x" * 67 + "ATTENDEE:mailto:recipient@invalid",
        "SOM\r\nATTENDEE:mailto:eve@example.org",
        "SOM\r\nEND:VEVENT\r\nBEGIN:VEVENT",
        "END:VEVENT",
        "END:VEVENT\r\n",
        "x" * 67 + "END:VEVENT\r\n",
        "SOM\nMETHOD:CANCEL",
        "SOM; with, all\\ of: it\\n",
    ],
)
def test_a_title_cannot_add_lines_or_take_the_recipient_s_place(title: str) -> None:
    content = copy(summary=title, description=title, organizer_name=title)
    assert_well_formed(content)
    found = event(content)
    assert [str(item) for item in attendees(found)] == [
        "mailto:meetings@accsm.example.org",
        "mailto:lan@vn.example.org",
    ]
    assert str(found["organizer"]) == "mailto:meetings@accsm.example.org"
    assert str(found["summary"]).splitlines() == title.splitlines()
    assert [line for line in unfolded(content) if line.startswith("METHOD")] == ["METHOD:REQUEST"]
    assert len([line for line in unfolded(content) if line.startswith("ATTENDEE")]) == 2


@given(st.text(max_size=120), st.text(max_size=60), st.text(max_size=60))
def test_no_text_whatever_breaks_the_shape(title: str, organizer: str, name: str) -> None:
    content = copy(replace(LAN, name=name), summary=title, description=title, organizer_name=organizer)
    lines = unfolded(content)
    heads = [line.replace(":", ";").partition(";")[0] for line in lines]
    assert heads == [line.replace(":", ";").partition(";")[0] for line in unfolded(copy())]
    assert_well_formed(content)


def test_a_common_name_keeps_the_joiners_that_khmer_and_burmese_need() -> None:
    assert common_name("ស៊ុន\u200bសុខា") == "ស៊ុន\u200bសុខា"
    assert common_name("က\u200dခ") == "က\u200dခ"


def test_no_template_writes_an_address_into_a_uri_by_itself() -> None:
    templates = [*(DATA / "templates").rglob("*.j2"), *(ROOT / "orchestrator" / "web").rglob("*.j2")]
    assert len(templates) > 50
    assert [str(file) for file in templates if "mailto:" in file.read_text("utf-8")] == []
