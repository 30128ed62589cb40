"""What the calendar object of each letter says, and that no letter promises what a calendar will do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from orchestrator.domain.letters.invitation import NO_LONGER_INVITED
from orchestrator.domain.letters.message import Letter, NamedAddress
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.meeting import Attendee, MeetingStatus, Participation
from orchestrator.domain.meetings.points import Point
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.services.letters.content import LetterContent
from tests.unit.letters.letters_made import (
    ACCEPTED,
    CANADIAN,
    FIRST,
    LETTERS,
    LETTERS_BY_NAME,
    MAILBOX,
    MEETING,
    NOW,
    THAI,
    VIETNAMESE,
    html_of,
    text_of,
)

CANCELLED = replace(MEETING, status=MeetingStatus.CANCELLED, sequence=1)
CANCEL = LetterContent(ActionKind.CANCEL, "cancel", 1, 1, FIRST)
WITH_CALENDAR = [name for name, letter in LETTERS_BY_NAME.items() if letter.calendar is not None]


def lines(letter: Letter) -> list[str]:
    assert letter.calendar is not None
    return letter.calendar.content.replace(b"\r\n ", b"").decode().split("\r\n")


def of_nobody(letter: Letter) -> list[str]:
    """Return what is not about the recipient."""
    return [line for line in lines(letter) if not re.match("ATTENDEE.*ROLE=(REQ|OPT)", line)]


def unescaped(letter: Letter, name: str) -> str:
    (found,) = (line.partition(":")[2] for line in lines(letter) if line.startswith(f"{name}:"))
    return found.replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";")


@pytest.mark.parametrize("name", WITH_CALENDAR)
def test_the_organizer_is_called_as_the_owner_of_the_address_and_the_coordinator_is_whom_to_ask(
    name: str,
) -> None:
    """A mail program remembers the organizer's name, and shows it with every later mail of that address."""
    letter = LETTERS_BY_NAME[name]
    organizers = [line for line in lines(letter) if line.startswith("ORGANIZER")]
    assert len(organizers) == 1 and organizers[0].startswith('ORGANIZER;CN="ACCSM Meetings":mailto:meetings')
    assert unescaped(letter, "CONTACT") == "Trần Minh Khôi, coordinator@vn.example.org"
    assert letter.reply_to == NamedAddress("Trần Minh Khôi", "coordinator@vn.example.org")
    assert "Trần Minh Khôi" in text_of(name) and "Trần Minh Khôi" in html_of(name)


def test_two_coordinators_leave_one_name_behind_the_address() -> None:
    other = replace(MEETING, coordinator_name="Suda Rattanakul", coordinator_email="suda@th.example.org")
    invite = LetterContent(ActionKind.INVITE, "invite", 1, 0)
    found = {
        line
        for meeting in (MEETING, other)
        for line in lines(LETTERS.to_attendee(meeting, THAI, invite, NOW))
        if line.startswith("ORGANIZER") or "ROLE=CHAIR" in line
    }
    assert found == {
        f'ORGANIZER;CN="ACCSM Meetings":mailto:{MAILBOX.address}',
        (
            'ATTENDEE;CN="ACCSM Meetings";CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=CHAIR:'
            f"mailto:{MAILBOX.address}"
        ),
    }


@pytest.mark.parametrize(
    "conference",
    [
        MEETING.conference,
        Conference("external", "provider", None),
        Conference("external", None, None),
        Conference("external", join_url="https://meet.example.org/other", by_hand=True),
    ],
)
@pytest.mark.parametrize("attendee", [VIETNAMESE, ACCEPTED, CANADIAN])
def test_a_cancellation_says_the_same_to_everybody_also_while_the_link_is_taken_down(
    conference: Conference, attendee: Attendee
) -> None:
    now = LETTERS.to_attendee(CANCELLED, VIETNAMESE, CANCEL, NOW)
    later = LETTERS.to_attendee(replace(CANCELLED, conference=conference), attendee, CANCEL, NOW)
    assert of_nobody(later) == of_nobody(now)
    assert not [line for line in lines(later) if "://" in line]


def test_a_cancellation_does_not_change_with_the_agenda() -> None:
    """Outcomes of a linked meeting may still come onto the agenda of one that is cancelled."""
    longer = replace(CANCELLED, agenda=(replace(CANCELLED.agenda[0], points=(Point("An outcome"),)),))
    assert lines(LETTERS.to_attendee(longer, VIETNAMESE, CANCEL, NOW)) == lines(
        LETTERS.to_attendee(CANCELLED, VIETNAMESE, CANCEL, NOW)
    )


@pytest.mark.parametrize("answer", list(Participation))
def test_a_cancellation_names_the_answer_that_was_given(answer: Participation) -> None:
    attendee = replace(VIETNAMESE, participation=answer)
    found = lines(LETTERS.to_attendee(CANCELLED, attendee, CANCEL, NOW))
    assert [re.findall("PARTSTAT=([A-Z-]+)", line)[0] for line in found if line.startswith("ATTENDEE")] == [
        "ACCEPTED",
        answer.value,
    ]


@pytest.mark.parametrize(
    ("status", "goes_on"), [(MeetingStatus.PUBLISHED, True), (MeetingStatus.CANCELLED, False)]
)
def test_who_was_removed_is_told_so_and_nothing_of_the_meeting_that_is_not_so(
    status: MeetingStatus, goes_on: bool
) -> None:
    removed = replace(VIETNAMESE, removed_sequence=1, removed_at=NOW)
    letter = LETTERS.to_attendee(replace(MEETING, status=status, sequence=2), removed, CANCEL, NOW)
    found = lines(letter)
    assert not [line for line in found if line.startswith("STATUS") or "ROLE=CHAIR" in line]
    assert "SEQUENCE:1" in found
    said = unescaped(letter, "DESCRIPTION")
    assert said.startswith(f"{NO_LONGER_INVITED}\n")
    assert ("takes place as planned" in said) is goes_on
    assert not {"Cancelled", "Hủy"} & set(re.findall(r"\w+", letter.subject))
    assert letter.subject.startswith("Thay đổi thành phần dự họp: ")


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_no_mail_promises_what_a_calendar_does(name: str) -> None:
    for said in (text_of(name), html_of(name)):
        flat = " ".join(said.split())
        for promise in (
            "takes it out",
            "nothing is asked",
            "nothing more is asked",
            "no action is needed",
            "buttons of this",
            "updates your calendar",
        ):
            assert promise not in flat, f"{name} promises: {promise}"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cancellation", "If your calendar still shows it, kindly press Delete or Remove;"),
        ("cancellation-removed", "If your calendar still shows it, kindly press Delete or Remove."),
        ("update-text", "If your calendar shows Update or Accept, kindly press it"),
        ("update-confirmed", "Your reply on record: ● will take part."),
        ("update-save-the-date", "If your calendar shows Update or Accept, kindly press it"),
        ("invitation", "with the buttons of your calendar if it shows them"),
        ("refusal", "with the buttons of your calendar if it shows them"),
        ("again", "Your reply on record: ● will take part."),
    ],
)
def test_a_mail_names_the_button_to_press_if_the_calendar_shows_one(name: str, sentence: str) -> None:
    for said in (text_of(name), html_of(name)):
        assert sentence in " ".join(said.split())


@pytest.mark.parametrize("name", ["save-the-date", "update-save-the-date", "again-save-the-date"])
def test_a_save_the_date_says_what_it_is_and_asks_for_no_answer(name: str) -> None:
    letter = LETTERS_BY_NAME[name]
    found = lines(letter)
    assert "STATUS:TENTATIVE" in found
    assert [line for line in found if "RSVP=FALSE" in line] and not [
        line for line in found if "=TRUE" in line
    ]
    assert unescaped(letter, "SUMMARY") == f"Save the date: {MEETING.title_en}"
    assert unescaped(letter, "DESCRIPTION").startswith("Save the date: ")
    assert "?answer=" not in html_of(name)
    for said in (text_of(name), html_of(name)):
        assert "o reply is needed now" in " ".join(said.split())


def test_a_reason_stands_in_the_mail_once_it_is_given() -> None:
    for name in ("cancellation-reason", "update-reason"):
        for said in (text_of(name), html_of(name)):
            assert "A typhoon has closed public offices" in " ".join(said.split())
    assert "Reason" not in text_of("cancellation") and "Reason" not in html_of("update-new-time")
