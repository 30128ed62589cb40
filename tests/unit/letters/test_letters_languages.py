"""Letters in the languages of their readers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from orchestrator.bootstrap import mail_templates
from orchestrator.domain.letters.message import Letter
from orchestrator.domain.letters.wording import Review
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.services.letters.languages import Languages
from orchestrator.services.letters.letters import Letters
from tests.unit.letters.letters_made import (
    BILINGUAL,
    DIRECTORY,
    KHMER,
    LETTERS,
    LETTERS_BY_NAME,
    LINKS,
    MAILBOX,
    MEETING,
    NOW,
    SINGAPOREAN,
    THAI,
    VIETNAMESE,
    WORDINGS,
    body,
    every,
    html_of,
    occasion,
    text_of,
)

RULE = "=" * 72


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_only_what_people_read_in_another_language_has_two_parts(name: str) -> None:
    text = text_of(name)
    has_two = name in BILINGUAL
    assert text.count(RULE) == text.count("English. This text is authoritative.") == has_two
    assert html_of(name).count("English. This text is authoritative.") == has_two
    assert html_of(name).count("<html") == html_of(name).count("</html>") == 1


@pytest.fixture(scope="module")
def in_english() -> dict[str, Letter]:
    return every(Letters(mail_templates(), DIRECTORY, MAILBOX, LINKS))


@pytest.mark.parametrize(
    "name", [name for name in BILINGUAL if name != "invitation-own-address" and "Lý do" not in text_of(name)]
)
def test_the_english_part_is_the_mail_that_somebody_who_reads_english_gets(
    name: str, in_english: dict[str, Letter]
) -> None:
    """Oracle: the same letter from a service that knows no other language than English."""
    _, _, part = text_of(name).partition(f"{RULE}\nEnglish. This text is authoritative.\n\n")
    assert part == body(in_english[name], "plain")


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_no_digits_but_latin_ones_and_no_buddhist_year_are_printed(name: str) -> None:
    text = text_of(name)
    assert {char for char in text if char.isdecimal()} <= set("0123456789")
    assert not {"2569", "2570"} & set(re.findall(r"\d+", text))


def test_each_part_says_its_language_and_tall_letters_get_more_room() -> None:
    khmer = html_of("reminder-khmer")
    own, english = khmer.split("English. This text is authoritative.")
    assert '<html lang="km">' in own
    # The title, three items of the agenda, the display name, and the English part itself.
    assert own.count('lang="en"') == 6
    assert "line-height:1.8" in own
    assert "line-height:1.8" not in english
    assert 'lang="km"' not in english
    assert '<html lang="vi">' in html_of("reminder") and 'lang="en" style' in html_of("reminder")
    assert '<html lang="en">' in html_of("chaser-english")


def test_the_subject_begins_in_the_own_language_and_keeps_the_english_title() -> None:
    subjects = {name: LETTERS_BY_NAME[name].subject for name in LETTERS_BY_NAME}
    assert subjects["reminder"] == "Nhắc lịch họp: Thứ Năm 10/12/2026, 14:00 Hà Nội – SOM ACCSM 21"
    assert subjects["chaser-thai"].endswith(f" – {MEETING.short}")
    assert subjects["notice-room-open"] == f"The meeting room is open: Thu 10 Dec 2026 – {MEETING.short}"
    assert subjects["rehearsal-without-slot"] == (
        f"Connectivity test: Thu 10 Dec 2026, 15:00 Singapore – {MEETING.short}"
    )


def test_a_language_that_nobody_has_reviewed_is_not_used_unless_it_is_turned_on() -> None:
    reviewed = [
        replace(item, review=Review("Sok Dara", NOW.date())) if item.code == "km" else item
        for item in WORDINGS
    ]
    reminded = occasion(ActionKind.REMIND, "remind:P7D")
    for languages, people in (
        (Languages(WORDINGS), {VIETNAMESE}),
        (Languages(WORDINGS, {"th"}), {VIETNAMESE, THAI}),
        (Languages(reviewed), {VIETNAMESE, KHMER}),
    ):
        letters = Letters(mail_templates(), DIRECTORY, MAILBOX, LINKS, languages=languages)
        for person in (VIETNAMESE, THAI, KHMER, SINGAPOREAN):
            text = body(letters.to_attendee(MEETING, person, reminded, NOW), "plain")
            assert (RULE in text) is (person in people)


def test_a_persons_own_language_goes_before_their_delegations() -> None:
    reminded = occasion(ActionKind.REMIND, "remind:P7D")
    for language, first in (
        ("fil_PH", "Kagalang-galang"),
        ("en", "Dear"),
        ("xx", "Dear"),
        (None, "Kính gửi"),
    ):
        person = replace(VIETNAMESE, language=language)
        assert body(LETTERS.to_attendee(MEETING, person, reminded, NOW), "plain").startswith(first)


def test_a_title_without_a_translation_stays_english() -> None:
    untitled = replace(MEETING, title_vi=None, short_vi=None)
    letter = LETTERS.to_attendee(untitled, VIETNAMESE, occasion(ActionKind.REMIND, "remind:P7D"), NOW)
    assert letter.subject == f"Nhắc lịch họp: Thứ Năm 10/12/2026, 14:00 Hà Nội – {MEETING.short}"
