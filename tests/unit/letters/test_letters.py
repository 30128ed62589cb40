"""Each letter is as its golden file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.domain.letters.message import assemble
from tests.unit.letters.letters_made import LETTERS_BY_NAME, html_of, text_of

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_a_letter_is_as_its_golden_file(name: str) -> None:
    file = GOLDEN / f"{name}.eml"
    content = assemble(LETTERS_BY_NAME[name])
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_bytes(content)
    assert content == file.read_bytes()


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_plain_text_keeps_to_72_columns(name: str) -> None:
    too_long = [line for line in text_of(name).splitlines() if len(line) > 72]
    # A link, what is written without spaces, and a command to be copied stand on lines of their own.
    commands = ("New-CsApplicationAccessPolicy ", "Grant-CsApplicationAccessPolicy ")
    assert [line for line in too_long if " " in line and not line.startswith(commands)] == []
    assert max(len(line.encode()) for line in text_of(name).splitlines()) < 998


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_no_abbreviation_of_a_zone_is_ever_printed(name: str) -> None:
    assert not {"ICT", "PST", "EST", "GMT"} & set(text_of(name).split())


def test_the_own_time_comes_first_and_the_host_time_marks_another_day() -> None:
    text = text_of("invitation-other-day")
    assert "When: Thursday, 10 December 2026, 02:00–05:00 Ottawa (UTC-05:00)\n" in text
    assert "Host: 14:00–17:00 Ha Noi (UTC+07:00)\n" in text
    moved = text_of("update-new-time-other-day")
    assert "Now: Thursday, 10 December 2026, 21:30–00:30 (+1 day) Ottawa (UTC-05:00)\n" in moved
    assert "Host: 09:30–12:30 Ha Noi (UTC+07:00) (+1 day)\n" in moved


def test_an_update_says_what_it_is_then_the_new_time_before_the_old() -> None:
    assert (
        "The Senior Officials Meeting (SOM) on the 21st ACCSM has been moved to a\nnew time.\n\n"
        "Now: Friday, 11 December 2026, 09:30–12:30 Ha Noi (UTC+07:00)\n"
        "Was: Thursday, 10 December 2026, 14:00–17:00 Ha Noi (UTC+07:00)\n"
    ) in text_of("update-new-time")


def test_who_has_not_answered_is_asked_again_in_a_reminder() -> None:
    asked = "Awaited from you:\n- your own reply: whether you will take part\n"
    assert asked in text_of("reminder-unanswered")
    assert "?answer=accepted" in html_of("reminder-unanswered")
    assert "Nothing is missing from you." in text_of("reminder")
    assert "?answer=" not in html_of("reminder")
