"""Subjects: what a mail is and when, at most 60 characters before the title, for every city and language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.domain.letters.addressing import Addressee, greeting, you
from orchestrator.domain.letters.wording import ENGLISH
from orchestrator.domain.meetings.meeting import Need
from orchestrator.domain.time.zones import local_time
from orchestrator.services.letters import subjects
from orchestrator.services.letters.page_facts import WANTED_OF_OTHERS
from tests.unit.letters.letters_made import DIRECTORY, LETTERS_BY_NAME, WORDINGS, html_of, text_of

VIETNAMESE = next(item for item in WORDINGS if item.code == "vi")
LANGUAGES = {"en": ENGLISH, "vi": VIETNAMESE}
CITIES = sorted(item.code for item in DIRECTORY.delegations)
# The latest date of a year in every language: the most digits, and the longest weekday and month.
AT = datetime(2027, 9, 22, 7, tzinfo=UTC)
DATED = sorted(
    {item for item in (*subjects.SUBJECTS.values(), *subjects.UPDATES.values()) if "{when}" in item}
)
REPLACED = ("câu trả lời", "Nhắc:", "đường liên kết", "Đường liên kết", "tham luận, tài liệu")
BUILDERS_WORDS = (
    "Still missing",
    "no longer asked",
    "will follow",
    "iCalendar",
    "SEQUENCE",
    "UID",
    "save-the-date once more",
    "orchestrator ",
    "What changed",
)
TO_THE_COORDINATOR = ("alert", "digest", "day-off")


@pytest.mark.parametrize("code", ["en", "vi"])
@pytest.mark.parametrize("pattern", DATED)
def test_at_most_60_characters_stand_before_the_title(pattern: str, code: str) -> None:
    for city in CITIES:
        at = local_time(AT, DIRECTORY.get(city).place)
        notice = LANGUAGES[code].say("Provisional agenda for comments")
        more = {"notice": notice, "was": "22 Apr"}
        before, found, _ = subjects.written(pattern, LANGUAGES[code], "TITLE", at, **more).partition("TITLE")
        assert found and len(before) <= subjects.LONGEST_BEFORE, before
        assert "2027" in before


@pytest.mark.parametrize("code", ["en", "vi"])
@pytest.mark.parametrize("overdue", [True, False])
def test_a_chaser_names_everything_awaited_in_at_most_60_characters(code: str, overdue: bool) -> None:
    wording = LANGUAGES[code]
    items = [wording.say(WANTED_OF_OTHERS[need]) for need in Need]
    at = local_time(AT, DIRECTORY.get("BN").place)
    subject = subjects.asking(wording, "TITLE", ", ".join(items), at, overdue=overdue)
    before = subject.partition("TITLE")[0]
    assert len(before) <= subjects.LONGEST_BEFORE
    assert all(item in before for item in items)


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_no_letter_holds_words_of_its_builders_or_words_that_were_replaced(name: str) -> None:
    said = f"{LETTERS_BY_NAME[name].subject} {text_of(name)} {html_of(name)}"
    unwanted = REPLACED if name.startswith(TO_THE_COORDINATOR) else (*REPLACED, *BUILDERS_WORDS)
    assert [item for item in unwanted if item in said] == []


@pytest.mark.parametrize("name", [name for name in LETTERS_BY_NAME if name.startswith("in-person")])
def test_no_letter_of_a_meeting_in_person_says_how_to_join(name: str) -> None:
    for said in (text_of(name), html_of(name)):
        assert "Join" not in said and "/join" not in said and "teams." not in said


def test_a_new_time_has_the_new_date_before_the_old_one_and_says_the_reason() -> None:
    assert LETTERS_BY_NAME["focal-point-english-new-time"].subject == (
        "New time: Fri 11 Dec 2026, 09:00 Nay Pyi Taw – SOM on the 21st ACCSM (was 10 Dec)"
    )
    assert LETTERS_BY_NAME["focal-point-new-time"].subject == (
        "Giờ họp mới: Thứ Sáu 11/12/2026, 09:30 Hà Nội – SOM ACCSM 21 (trước: 10/12)"
    )
    assert "Lý do: Các cơ quan tại Hà Nội đóng cửa do bão" in text_of("focal-point-new-time")


@pytest.mark.parametrize("name", ["focal-point-removal", "focal-point-english-removal"])
def test_who_was_removed_reads_that_the_meeting_takes_place_and_never_that_it_is_cancelled(name: str) -> None:
    letter = LETTERS_BY_NAME[name]
    assert "Cancelled" not in letter.subject and "Hủy" not in letter.subject
    assert "takes place as planned" in text_of(name)
    assert letter.calendar is not None and letter.calendar.method == "CANCEL"
    people = [line for line in letter.calendar.content.split(b"\r\n") if line.startswith(b"ATTENDEE")]
    assert len(people) == 1


@pytest.mark.parametrize("name", ["focal-point-invitation", "update-confirmed", "in-person-invitation"])
def test_the_first_confirmed_request_is_a_letter_of_invitation(name: str) -> None:
    assert LETTERS_BY_NAME[name].subject.startswith("Thư mời: ")
    said = " ".join(text_of(name).split())
    assert "trân trọng kính mời" in said and "has the honour to invite you" in said
    if name != "update-confirmed":
        assert "chậm nhất 16:00 Thứ Hai, ngày 30 tháng 11 năm 2026 (giờ Hà Nội)" in said


@pytest.mark.parametrize(
    ("form", "position", "english", "vietnamese", "word"),
    [
        (None, None, "Dear An Bình,", "Kính gửi Ông/Bà An Bình,", ""),
        ("Bà", None, "Dear Ms An Bình,", "Kính gửi Bà An Bình,", "Bà"),
        ("Mr.", None, "Dear Mr An Bình,", "Kính gửi Ông An Bình,", "Ông"),
        ("Daw", None, "Dear Daw An Bình,", "Kính gửi Daw An Bình,", ""),
        (
            None,
            "Minister of Home Affairs",
            "Excellency,",
            "Kính gửi Ngài An Bình, Minister of Home Affairs,",
            "Ngài",
        ),
        ("Ngài", None, "Excellency,", "Kính gửi Ngài An Bình,", "Ngài"),
        ("Ms", "Assistant to the Minister", "Dear Ms An Bình,", "Kính gửi Bà An Bình,", "Bà"),
        (None, "Ministry desk officer", "Dear An Bình,", "Kính gửi Ông/Bà An Bình,", ""),
    ],
)
def test_a_reader_is_addressed_by_what_is_known_and_nothing_is_guessed(
    form: str | None, position: str | None, english: str, vietnamese: str, word: str
) -> None:
    reader = Addressee("An Bình", form, position)
    assert greeting(reader, ENGLISH) == english
    assert greeting(reader, VIETNAMESE) == vietnamese
    assert you(reader) == word


def test_running_vietnamese_text_speaks_to_the_reader_as_the_greeting_does() -> None:
    own = text_of("focal-point-invitation").partition("English. This text")[0]
    assert "kính mời Bà cùng Đoàn Việt Nam" in " ".join(own.split())
    assert "Quý vị" not in own
    assert "Kính gửi Ngài Nguyễn Văn An, Bộ trưởng Bộ Nội vụ," in text_of("in-person-invitation-minister")
    assert "\nExcellency,\n" in text_of("in-person-invitation-minister")
