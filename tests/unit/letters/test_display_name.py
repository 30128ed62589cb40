"""What people type as their name in the meeting."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config import DATA
from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.letters.display_name import LONGEST, display_name, plain_latin
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import Attendee, Meeting

DIRECTORY = Directory.of(yaml.safe_load((DATA / "delegations.yaml").read_text("utf-8")))
CODES = [item.code for item in DIRECTORY.delegations]


def person(name: str, delegation: str = "VN", role: Role = Role.SENIOR_OFFICIAL, **more: object) -> Attendee:
    return Attendee(name, "someone@example.org", delegation, "SOM", role, id=1, **more)  # type: ignore[arg-type]


def shown(attendee: Attendee, *others: Attendee) -> str:
    meeting = Meeting(
        id=1,
        reference="SOM",
        programme=None,
        kind="som",
        title_en="SOM",
        title_vi=None,
        host="VN",
        coordinator_name="Khôi",
        coordinator_email="khoi@vn.example.org",
        wall_start=datetime(2026, 12, 3, 14),  # noqa: DTZ001 - a wall time.
        zone="Asia/Ho_Chi_Minh",
        duration=timedelta(hours=2),
        timeline="som",
        conference=Conference("external"),
        attendees=(attendee, *others),
    )
    return display_name(attendee, meeting, DIRECTORY)


HEAD = replace(person("Nguyễn Duy Thăng"), id=9, email="head@example.org")


@pytest.mark.parametrize(
    ("attendee", "text"),
    [
        (person("Nguyễn Duy Thăng"), "VIET NAM – HoD – Nguyen Duy Thang"),
        (person("Đỗ Quang Đạt", role=Role.DELEGATE), "VIET NAM – Delegate – Do Quang Dat"),
        (person("Phạm Thu Lan", role=Role.FOCAL_POINT), "VIET NAM – FP – Pham Thu Lan"),
        (person("Phạm Thu Lan", role=Role.FOCAL_POINT, seat=Seat.HEAD), "VIET NAM – HoD – Pham Thu Lan"),
        (person("Zoë Tremblay-Østergård", "CA", Role.OBSERVER), "CANADA – Observer – Zoe Tremblay-Ostergard"),
        (person("Ratih Lestari", "ASEC", Role.SECRETARIAT), "ASEAN SECRETARIAT – Ratih Lestari"),
        (person("Head of ASEC", "ASEC", Role.SENIOR_OFFICIAL), "ASEAN SECRETARIAT – Head of ASEC"),
        (person("Filomena da Conceição", "TL"), "TIMOR-LESTE – HoD – Filomena da Conceicao"),
        (person("อนุชา พรหมศิริ", "TH"), "THAILAND – HoD – อนุชา พรหมศิริ"),
        (person("សុខ ចាន់ថាវី", "KH"), "CAMBODIA – HoD – សុខ ចាន់ថាវី"),
        (person("김민준", "KR"), "REPUBLIC OF KOREA – HoD – 김민준"),
        (person("ガルシア", "JP"), "JAPAN – HoD – ガルシア"),
        (person("  Tan\tHui\n Shan ", "SG"), "SINGAPORE – HoD – Tan Hui Shan"),
    ],
)
def test_delegation_role_and_name(attendee: Attendee, text: str) -> None:
    assert shown(attendee) == text


def test_only_one_leads_a_delegation() -> None:
    assert shown(person("Lê Thị Hồng"), HEAD) == "VIET NAM – HoD – Le Thi Hong"
    named = replace(HEAD, seat=Seat.HEAD)
    assert shown(person("Lê Thị Hồng"), named) == "VIET NAM – Delegate – Le Thi Hong"


def test_a_long_name_loses_whole_words_from_its_end() -> None:
    long = person("Pengiran Anak Haji Muhammad Abdul Rahman bin Pengiran Haji Ismail", "BN")
    assert shown(long) == "BRUNEI DARUSSALAM – HoD – Pengiran Anak Haji Muhammad Abdul"
    assert len(shown(long)) <= LONGEST
    exact = person("A" * 10 + " " + "B" * (LONGEST - len("SINGAPORE – HoD – ") - 11), "SG")
    assert shown(exact).endswith("B") and len(shown(exact)) == LONGEST


def test_one_endless_word_is_cut_between_letters_and_their_marks() -> None:
    assert len(shown(person("x" * 100, "SG"))) == LONGEST
    # Each letter is followed by a vowel sign, which must not be torn off or left as the last.
    text = shown(person("กี" * 60, "TH"))
    assert len(text) <= LONGEST
    assert text.endswith("กี")


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=90)


@given(NAMES, st.sampled_from(CODES), st.sampled_from(Role))
def test_it_always_fits_on_one_line_and_begins_with_the_delegation(name: str, code: str, role: Role) -> None:
    text = shown(person(name, code, role))
    assert len(text) <= LONGEST
    assert len(text.splitlines()) == 1
    assert text.startswith(plain_latin(DIRECTORY.get(code).name).upper())


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x24F, exclude_categories=["Cc"])))
def test_latin_letters_lose_their_diacritics_and_nothing_else_is_lost(text: str) -> None:
    plain = plain_latin(text)
    assert not [char for char in unicodedata.normalize("NFD", plain) if unicodedata.category(char) == "Mn"]
    assert len(plain) >= len(" ".join(text.split()))
