"""Calendars to look at: what they say, what they leave out, and that texts come out as they went in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, vText

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.letters.feed import LastTold, entry_of, facts_of, feed, meeting_file
from orchestrator.domain.letters.invitation import NO_LONGER_INVITED, CalendarFacts, description
from orchestrator.domain.letters.message import NamedAddress
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.meeting import AgendaEntry, Attendee, Meeting, MeetingStatus, Participation
from orchestrator.services.letters.calendars import own_answer

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)
MAILBOX = NamedAddress("ACCSM Meetings", "meetings@accsm.example")
LINK = "https://teams.example.org/join/1?p=a,b;c"
PERSON = Attendee("Thida Aye", "thida@mm.example.org", "MM", "SOM", Role.SENIOR_OFFICIAL, id=7)
MEETING = Meeting(
    id=1,
    reference="SOM-2026",
    programme=None,
    kind="som",
    title_en="Senior Officials Meeting",
    title_vi=None,
    host="VN",
    coordinator_name="Trần Minh Khôi",
    coordinator_email="khoi@vn.example.org",
    wall_start=datetime(2026, 12, 3, 14),  # noqa: DTZ001 - a wall time.
    zone="Asia/Ho_Chi_Minh",
    duration=timedelta(hours=2, minutes=30),
    timeline="standard",
    conference=Conference("x", join_url=LINK),
    status=MeetingStatus.PUBLISHED,
    uid="uid-1@accsm-meetings",
    organizer="meetings@accsm.example",
    sequence=3,
    revised_sequence=2,
    revision=2,
    time_revision=1,
    revised_at=NOW,
    published_at=NOW,
    agenda=(AgendaEntry("Adoption", lead="VN", number=1), AgendaEntry("Other matters", lead="all", number=2)),
    attendees=(PERSON,),
)


@lru_cache(maxsize=1)
def delegations() -> Directory:
    return Container(Settings()).directory


@pytest.fixture
def directory() -> Directory:
    return delegations()


def facts(
    directory: Directory, meeting: Meeting = MEETING, told: LastTold | None = None, **person: Any
) -> CalendarFacts:
    return facts_of(meeting, replace(PERSON, **person), directory, MAILBOX, told)


def event(content: bytes) -> Any:
    (found,) = Calendar.from_ical(content).walk("VEVENT")
    return found


def shown(directory: Directory, answer: Participation, meeting: Meeting = MEETING) -> tuple[str, str, str]:
    """STATUS, TRANSP and the busy status of the event that shows an answer."""
    found = event(feed("Mine", [entry_of(facts(directory, meeting), answer, own_answer(answer))]))
    return str(found["STATUS"]), str(found["TRANSP"]), str(found["X-MICROSOFT-CDO-BUSYSTATUS"])


def test_a_file_says_when_and_where_and_names_nobody_but_the_organizer(directory: Directory) -> None:
    content = meeting_file(facts(directory))
    found = event(content)
    assert (found.start, found.end) == (STARTS, STARTS + timedelta(hours=2, minutes=30))
    assert b"DTSTART:20261203T070000Z\r\n" in content
    assert (found["UID"], found["SEQUENCE"], found["DTSTAMP"].dt) == ("uid-1@accsm-meetings", 2, NOW)
    assert found["LOCATION"] == str(found["CONFERENCE"]) == LINK
    assert LINK in found["DESCRIPTION"].splitlines()
    assert found["ORGANIZER"] == "mailto:meetings@accsm.example"
    assert found["ORGANIZER"].params["CN"] == "ACCSM Meetings"
    assert found["CONTACT"] == "Trần Minh Khôi, khoi@vn.example.org"
    assert "ATTENDEE" not in found and "X-MICROSOFT-DISALLOW-COUNTER" not in found
    assert "X-MICROSOFT-CDO-INTENDEDSTATUS" not in found
    assert Calendar.from_ical(content)["METHOD"] == "PUBLISH"


def test_the_description_has_everything_a_phone_should_show(directory: Directory) -> None:
    assert description(MEETING, directory, None).split("\n\n") == [
        "Senior Officials Meeting",
        "Host time: Thursday, 3 December 2026, 14:00 Ha Noi (UTC+07:00)",
        "Agenda:\n1. Adoption (Viet Nam)\n2. Other matters (all delegations)",
        "Contact: Trần Minh Khôi, khoi@vn.example.org",
    ]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Participation.ACCEPTED, ("CONFIRMED", "OPAQUE", "BUSY")),
        (Participation.TENTATIVE, ("TENTATIVE", "OPAQUE", "TENTATIVE")),
        (Participation.NEEDS_ACTION, ("CONFIRMED", "OPAQUE", "TENTATIVE")),
        (Participation.DECLINED, ("CONFIRMED", "TRANSPARENT", "FREE")),
        (Participation.DELEGATED, ("CONFIRMED", "TRANSPARENT", "FREE")),
    ],
)
def test_ones_answer_shows_in_the_time_that_is_taken_up(
    directory: Directory, answer: Participation, expected: tuple[str, str, str]
) -> None:
    assert shown(directory, answer) == expected
    content = feed("Mine", [entry_of(facts(directory), answer, own_answer(answer))])
    assert str(event(content)["DESCRIPTION"]).endswith(f"Your answer: {answer.words}")


def test_a_save_the_date_and_a_cancelled_meeting_are_marked(directory: Directory) -> None:
    tentative = replace(MEETING, tentative=True)
    assert shown(directory, Participation.ACCEPTED, tentative) == ("TENTATIVE", "OPAQUE", "BUSY")
    announced = event(meeting_file(facts(directory, tentative)))
    assert announced["SUMMARY"] == "Save the date: Senior Officials Meeting"
    first, *_ = str(announced["DESCRIPTION"]).splitlines()
    assert first == "Save the date: no reply is needed now."
    cancelled = replace(MEETING, status=MeetingStatus.CANCELLED)
    assert shown(directory, Participation.ACCEPTED, cancelled) == ("CANCELLED", "TRANSPARENT", "FREE")
    found = event(meeting_file(facts(directory, cancelled)))
    assert (found["STATUS"], found["SEQUENCE"]) == ("CANCELLED", 3)
    assert "LOCATION" not in found and LINK not in found["DESCRIPTION"]


def test_of_a_meeting_one_was_removed_from_only_what_one_was_told_is_said(directory: Directory) -> None:
    told = LastTold("Old title", STARTS - timedelta(days=1), STARTS)
    found = event(
        meeting_file(facts(directory, told=told, removed_sequence=3, removed_at=NOW + timedelta(days=1)))
    )
    assert (found["STATUS"], found["SEQUENCE"], found["SUMMARY"]) == ("CANCELLED", 3, "Old title")
    assert found.start == STARTS - timedelta(days=1)
    assert found["DESCRIPTION"] == NO_LONGER_INVITED


def test_a_feed_without_meetings_is_still_a_calendar() -> None:
    calendar = Calendar.from_ical(feed("Nobody's", []))
    assert (calendar["NAME"], calendar.walk("VEVENT")) == ("Nobody's", [])


@given(
    st.lists(
        st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=120),
        min_size=3,
        max_size=3,
    )
)
def test_texts_come_out_as_they_went_in_and_nothing_can_be_slipped_in(texts: list[str]) -> None:
    title, item, name = texts
    meeting = replace(MEETING, title_en=title, agenda=(AgendaEntry(item, number=1),))
    content = feed(
        name, [entry_of(facts(delegations(), meeting), Participation.ACCEPTED, "Your answer: accepted")]
    )
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"") and b"\r" not in content.replace(b"\r\n", b"")
    calendar = Calendar.from_ical(content)
    found = event(content)
    assert found["SUMMARY"] == title
    unfolded = content.replace(b"\r\n ", b"")
    for line in (b"NAME", b"X-WR-CALNAME"):
        assert b"\r\n%s:%s\r\n" % (line, vText(name).to_ical()) in unfolded
    assert f"1. {item}" in found["DESCRIPTION"]
    assert len(calendar.walk()) == 2
