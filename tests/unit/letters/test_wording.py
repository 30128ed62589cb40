"""Dates, times and durations in ten languages. The oracles were written out by hand."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import DATA
from orchestrator.domain.letters.wording import ENGLISH, LANGUAGES, Wording
from orchestrator.domain.time.durations import duration_fact
from orchestrator.domain.time.zones import Place, local_time, long_date
from orchestrator.services.letters.languages import read_wordings
from orchestrator.words import say

WORDINGS = {"en": ENGLISH} | {item.code: item for item in read_wordings(DATA / "locales")}
HA_NOI = Place("Asia/Ho_Chi_Minh", "Ha Noi")
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2035, 12, 31))

each_language = pytest.mark.parametrize("wording", WORDINGS.values(), ids=WORDINGS.keys())


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


THE_SAME_INSTANT = {
    "en": "Thursday, 3 December 2026, 14:00 Ha Noi (UTC+07:00)",
    "vi": "Thứ Năm, ngày 3 tháng 12 năm 2026, 14:00 Hà Nội (UTC+07:00)",
    "id": "Kamis, 3 Desember 2026, pukul 14:00 Hanoi (UTC+07:00)",
    "ms": "Khamis, 3 Disember 2026, 14:00 Hanoi (UTC+07:00)",
    "th": "วันพฤหัสบดีที่ 3 ธันวาคม คริสต์ศักราช 2026 เวลา 14:00 ฮานอย (UTC+07:00)",
    "km": "ថ្ងៃព្រហស្បតិ៍ ទី 3 ខែធ្នូ ឆ្នាំ 2026 ម៉ោង 14:00 ហាណូយ (UTC+07:00)",
    "lo": "ວັນພະຫັດ ທີ 3 ເດືອນທັນວາ ປີ 2026 ເວລາ 14:00 ຮ່າໂນ້ຍ (UTC+07:00)",
    "my": "2026 ခုနှစ်၊ ဒီဇင်ဘာလ 3 ရက်၊ ကြာသပတေးနေ့၊ 14:00 ဟနွိုင်း (UTC+07:00)",
    "fil": "Huwebes, ika-3 ng Disyembre 2026, 14:00 Ha Noi (UTC+07:00)",
    "pt": "quinta-feira, 3 de dezembro de 2026, 14:00 Hanói (UTC+07:00)",
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_one_instant_reads_so_in_each_language(code: str) -> None:
    there = local_time(utc(2026, 12, 3, 7), HA_NOI)
    assert WORDINGS[code].moment(there) == THE_SAME_INSTANT[code]


@pytest.mark.parametrize(
    ("zone", "city", "instant", "code", "text"),
    [
        # The last and the first instant of an offset, where clocks go forward and where they go back.
        (
            "Australia/Sydney",
            "Canberra",
            utc(2026, 10, 3, 15, 59),
            "en",
            "Sunday, 4 October 2026, 01:59 Canberra (UTC+10:00)",
        ),
        (
            "Australia/Sydney",
            "Canberra",
            utc(2026, 10, 3, 16),
            "vi",
            "Chủ Nhật, ngày 4 tháng 10 năm 2026, 03:00 Canberra (UTC+11:00)",
        ),
        (
            "Australia/Sydney",
            "Canberra",
            utc(2026, 4, 4, 15, 59),
            "id",
            "Minggu, 5 April 2026, pukul 02:59 Canberra (UTC+11:00)",
        ),
        (
            "Australia/Sydney",
            "Canberra",
            utc(2026, 4, 4, 16),
            "id",
            "Minggu, 5 April 2026, pukul 02:00 Canberra (UTC+10:00)",
        ),
        (
            "Pacific/Auckland",
            "Wellington",
            utc(2026, 9, 26, 14),
            "th",
            "วันอาทิตย์ที่ 27 กันยายน คริสต์ศักราช 2026 เวลา 03:00 เวลลิงตัน (UTC+13:00)",
        ),
        (
            "America/Toronto",
            "Ottawa",
            utc(2026, 11, 1, 5, 30),
            "fil",
            "Linggo, ika-1 ng Nobyembre 2026, 01:30 Ottawa (UTC-04:00)",
        ),
        (
            "America/Toronto",
            "Ottawa",
            utc(2026, 11, 1, 6, 30),
            "fil",
            "Linggo, ika-1 ng Nobyembre 2026, 01:30 Ottawa (UTC-05:00)",
        ),
        (
            "Asia/Yangon",
            "Nay Pyi Taw",
            utc(2026, 8, 31, 17, 30),
            "my",
            "2026 ခုနှစ်၊ စက်တင်ဘာလ 1 ရက်၊ အင်္ဂါနေ့၊ 00:00 နေပြည်တော် (UTC+06:30)",
        ),
        (
            "Asia/Phnom_Penh",
            "Phnom Penh",
            utc(2027, 4, 14, 2),
            "km",
            "ថ្ងៃពុធ ទី 14 ខែមេសា ឆ្នាំ 2027 ម៉ោង 09:00 ភ្នំពេញ (UTC+07:00)",
        ),
        (
            "Asia/Vientiane",
            "Vientiane",
            utc(2026, 1, 5, 2),
            "lo",
            "ວັນຈັນ ທີ 5 ເດືອນມັງກອນ ປີ 2026 ເວລາ 09:00 ນະຄອນຫຼວງວຽງຈັນ (UTC+07:00)",
        ),
        (
            "Asia/Brunei",
            "Bandar Seri Begawan",
            utc(2026, 8, 1, 1),
            "ms",
            "Sabtu, 1 Ogos 2026, 09:00 Bandar Seri Begawan (UTC+08:00)",
        ),
        (
            "Asia/Dili",
            "Dili",
            utc(2026, 3, 1, 15),
            "pt",
            "segunda-feira, 2 de março de 2026, 00:00 Díli (UTC+09:00)",
        ),
    ],
)
def test_fixed_instants(zone: str, city: str, instant: datetime, code: str, text: str) -> None:
    assert WORDINGS[code].moment(local_time(instant, Place(zone, city))) == text


@given(DAYS)
def test_english_is_exactly_what_local_times_print(day: date) -> None:
    there = local_time(datetime(day.year, day.month, day.day, 5, tzinfo=UTC), HA_NOI)
    assert ENGLISH.date(day) == long_date(day)
    assert ENGLISH.moment(there) == str(there)
    assert ENGLISH.local(there) == there


@each_language
@given(day=DAYS)
def test_a_date_is_weekday_day_month_in_words_and_gregorian_year(wording: Wording, day: date) -> None:
    text = wording.date(day)
    month_in_digits = [str(day.month)] if wording.code == "vi" else []
    # Vietnamese has numbers for names of months: "tháng 12" is the word.
    numbers = re.findall(r"\d+", text)
    assert sorted(numbers) == sorted([str(day.day), *month_in_digits, str(day.year)])
    assert all(char.isascii() for char in text if unicodedata.category(char) == "Nd")
    assert "." not in text


@each_language
def test_no_two_days_of_a_year_read_alike(wording: Wording) -> None:
    first = date(2028, 1, 1)
    assert len({wording.date(first + timedelta(days=number)) for number in range(366)}) == 366


@each_language
def test_weekdays_and_months_have_names_of_their_own(wording: Wording) -> None:
    """No name is a shorter form of another, and none ends like an abbreviation."""
    words = {
        re.sub(r"\d+", "", wording.date(date(2026, month, day))) for month in range(1, 13) for day in (1, 15)
    }
    assert all(len(word.strip()) > 8 for word in words)


def test_a_stretch_of_time_marks_an_end_on_another_day() -> None:
    starts = local_time(utc(2026, 12, 10, 2), Place("America/Toronto", "Ottawa"))
    ends = local_time(utc(2026, 12, 10, 5), Place("America/Toronto", "Ottawa"))
    assert (
        ENGLISH.moment(starts, ends) == "Wednesday, 9 December 2026, 21:00–00:00 (+1 day) Ottawa (UTC-05:00)"
    )
    assert WORDINGS["vi"].moment(starts, ends) == (
        "Thứ Tư, ngày 9 tháng 12 năm 2026, 21:00–00:00 (+1 ngày) Ottawa (UTC-05:00)"
    )
    assert ENGLISH.moment(starts, starts) == "Wednesday, 9 December 2026, 21:00–21:00 Ottawa (UTC-05:00)"


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40)))
def test_english_durations_are_those_of_everywhere_else(length: timedelta) -> None:
    assert ENGLISH.duration(length) == say(duration_fact(length))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("vi", "1 ngày 2 giờ 30 phút"),
        ("id", "1 hari 2 jam 30 menit"),
        ("ms", "1 hari 2 jam 30 minit"),
        ("th", "1 วัน 2 ชั่วโมง 30 นาที"),
        ("km", "1 ថ្ងៃ 2 ម៉ោង 30 នាទី"),
        ("lo", "1 ມື້ 2 ຊົ່ວໂມງ 30 ນາທີ"),
        ("my", "1 ရက် 2 နာရီ 30 မိနစ်"),
        ("fil", "1 araw 2 oras 30 minuto"),
        ("pt", "1 dia 2 h 30 min"),
    ],
)
def test_durations_in_each_language(code: str, text: str) -> None:
    assert WORDINGS[code].duration(timedelta(days=1, hours=2, minutes=30)) == text
    assert WORDINGS[code].duration(timedelta(0)).startswith("0 ")


@pytest.mark.parametrize(
    ("days", "english", "portuguese"),
    [
        (0, "", ""),
        (1, " (+1 day)", " (+1 dia)"),
        (-1, " (-1 day)", " (-1 dia)"),
        (2, " (+2 days)", " (+2 dias)"),
    ],
)
def test_a_time_on_another_date_is_marked(days: int, english: str, portuguese: str) -> None:
    assert ENGLISH.day_mark(days) == english
    assert WORDINGS["pt"].day_mark(days) == portuguese


def test_what_has_no_translation_stays_english() -> None:
    vietnamese = WORDINGS["vi"]
    assert vietnamese.say("A text of {count} words", count=5) == "A text of 5 words"
    assert vietnamese.name("Atlantis {here}") == "Atlantis {here}"
    assert vietnamese.name("") == ""
