"""The moments in a calendar, by whatever name and definition its zones go."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from icalendar import Timezone

from orchestrator.domain.answers.calendar_times import instant, known_zone, zone_definitions
from orchestrator.domain.answers.content_lines import read_calendars
from orchestrator.domain.time.zones import instant_of, zone

SEVEN = datetime(2026, 12, 3, 7, tzinfo=UTC)


def moment(text: str, *definition: str) -> datetime | None:
    calendar = "\n".join(
        ["BEGIN:VCALENDAR", *definition, "BEGIN:VEVENT", text, "END:VEVENT", "END:VCALENDAR"]
    )
    (found,) = read_calendars(calendar.encode())
    return instant(found.named("VEVENT")[0].first("DTSTART"), zone_definitions(found))


@pytest.mark.parametrize(
    "text",
    [
        "DTSTART:20261203T070000Z",
        "dtstart:20261203t070000z",
        "DTSTART:20261203T0700Z",
        "DTSTART:2026-12-03T07:00:00Z",
        "DTSTART:20261203T140000+0700",
        "DTSTART;TZID=UTC:20261203T070000",
        "DTSTART;TZID=Europe/Berlin:20261203T070000Z",
        "DTSTART;VALUE=DATE-TIME;TZID=Asia/Bangkok:20261203T140000",
        'DTSTART;TZID="asia/bangkok":20261203T140000',
        "DTSTART;TZID=SE Asia Standard Time:20261203T140000",
        "DTSTART;TZID=/freeassociation.sourceforge.net/Asia/Bangkok:20261203T140000",
        "DTSTART;TZID=/freeassociation.sourceforge.net/Tzfile/Asia/Bangkok:20261203T140000",
        "DTSTART;TZID=/mozilla.org/20050126_1/America/Argentina/Buenos_Aires:20261203T040000",
        'DTSTART;TZID="(UTC+07:00) Bangkok, Hanoi, Jakarta":20261203T140000',
        'DTSTART;TZID="(GMT+07:00) Bangkok, Hanoi, Jakarta":20261203T140000',
        "DTSTART;TZID=tzone://Microsoft/Utc:20261203T070000",
        'DTSTART;TZID="tzone://Microsoft/Utc":20261203T070000',
        "DTSTART;TZID=(UTC+07:00) Bangkok, Hanoi, Jakarta:20261203T140000",
        "DTSTART;TZID=India Standard Time:20261203T123000",
        "DTSTART;TZID=Australia/Sydney:20261203T180000",
    ],
)
def test_a_time_is_read_in_every_way_that_zones_are_named(text: str) -> None:
    assert moment(text) == SEVEN


@pytest.mark.parametrize(
    "text",
    [
        "DTSTART:20261203T070000",  # Floating.
        "DTSTART;VALUE=DATE:20261203",
        "DTSTART;TZID=Customized Time Zone:20261203T070000",
        "DTSTART;TZID=EST:20261203T070000",  # Sydney's too.
        "DTSTART;TZID=IST:20261203T070000",
        'DTSTART;TZID="(UTC+07:00) Elsewhere":20261203T070000',
        "DTSTART:20261303T070000Z",
        "DTSTART:20261203T250000Z",
        "DTSTART:00010101T000000+0700",
        "DTSTART;TZID=Asia/Bangkok:00010101T000000",
        "DTSTART:٢٠٢٦١٢٠٣T٠٧٠٠٠٠Z",
        "DTSTART:" + "9" * 5000,
        "SUMMARY:none",
    ],
)
def test_a_time_that_is_not_certain_is_none(text: str) -> None:
    assert moment(text) is None


def test_the_zones_of_windows_that_outlook_shows_are_the_right_ones() -> None:
    assert known_zone("Tokyo Standard Time") == zone("Asia/Tokyo")
    assert known_zone("singapore standard time") == zone("Asia/Singapore")
    assert known_zone("(UTC+10:00) Canberra, Melbourne, Sydney") == zone("Australia/Sydney")
    assert known_zone("") is None


SYDNEY = (
    "BEGIN:VTIMEZONE",
    "TZID:Ours",
    "BEGIN:DAYLIGHT",
    "TZOFFSETFROM:+1000",
    "TZOFFSETTO:+1100",
    "DTSTART:20081005T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "TZOFFSETFROM:+1100",
    "TZOFFSETTO:+1000",
    "DTSTART:20080406T030000",
    "RRULE:FREQ=YEARLY;BYHOUR=3;BYMINUTE=0;BYMONTHDAY=1,2,3,4,5,6,7;BYDAY=SU;BYMONTH=4",
    "END:STANDARD",
    "END:VTIMEZONE",
)


@given(st.datetimes(datetime(2010, 1, 1), datetime(2060, 1, 1)).map(lambda wall: wall.replace(microsecond=0)))
def test_a_zone_that_the_calendar_defines_is_understood_to_the_second(wall: datetime) -> None:
    found = moment(f"DTSTART;TZID=Ours:{wall:%Y%m%dT%H%M%S}", *SYDNEY)
    assert found == instant_of(wall, zone("Australia/Sydney"))


@given(
    st.sampled_from(
        ["Asia/Bangkok", "Europe/Dublin", "America/Toronto", "Pacific/Auckland", "Asia/Kathmandu"]
    ),
    st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1)).map(
        lambda wall: wall.replace(second=0, microsecond=0)
    ),
)
def test_a_definition_that_icalendar_writes_is_understood(name: str, wall: datetime) -> None:
    # icalendar writes the start of summer time by the clock after it; RFC 5545 means the one before.
    near = {(wall + timedelta(hours=hours)).replace(tzinfo=zone(name)).utcoffset() for hours in (-3, 0, 3)}
    assume(len(near) == 1)
    definition = _definitions()[name]
    found = moment(f"DTSTART;TZID=Ours:{wall:%Y%m%dT%H%M%S}", *definition)
    assert found == instant_of(wall, zone(name))


_CACHE: dict[str, list[str]] = {}


def _definitions() -> dict[str, list[str]]:
    if not _CACHE:
        for name in (
            "Asia/Bangkok",
            "Europe/Dublin",
            "America/Toronto",
            "Pacific/Auckland",
            "Asia/Kathmandu",
        ):
            text = Timezone.from_tzid(
                name, first_date=datetime(2010, 1, 1).date(), last_date=datetime(2035, 1, 1).date()
            )
            _CACHE[name] = text.to_ical().decode().replace(f"TZID:{name}", "TZID:Ours").splitlines()
    return _CACHE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FREQ=YEARLY;BYMONTH=10", "FREQ=SECONDLY;BYMONTH=10"),
        ("BYMONTH=10;BYDAY=1SU", "BYMONTH=10;BYDAY=1SU,2SU"),
        ("BYMONTH=10;BYDAY=1SU", "BYMONTH=13;BYDAY=1SU"),
        ("BYMONTH=10;BYDAY=1SU", "BYMONTH=2;BYMONTHDAY=30"),
        ("BYMONTH=10;BYDAY=1SU", "BYMONTH=10;BYDAY=9SU"),
        ("BYMONTH=10;BYDAY=1SU", "BYMONTH=10;BYDAY=1SU;INTERVAL=2"),
        ("BYMONTH=10;BYDAY=1SU", "BYMONTH=10;BYDAY=1SU;COUNT=3"),
        ("BYMONTH=10;BYDAY=1SU", "BYMONTH=10;BYDAY=1SU;UNTIL=never"),
        ("TZOFFSETTO:+1100", "TZOFFSETTO:east"),
        ("DTSTART:2008", "DTSTART:9999"),
        ("DTSTART:20081005T020000", "RDATE;VALUE=PERIOD:20081005T020000Z/PT1H"),
        ("BEGIN:DAYLIGHT", "BEGIN:TWILIGHT\nEND:TWILIGHT\nBEGIN:DAYLIGHT\nDTSTART:x"),
    ],
)
def test_a_definition_that_is_not_understood_gives_no_time(old: str, new: str) -> None:
    definition = "\n".join(SYDNEY).replace(old, new)
    assert moment("DTSTART;TZID=Ours:20261203T180000", definition) is None


def test_a_rule_that_has_ended_holds_its_last_offset() -> None:
    definition = (
        "\n".join(SYDNEY)
        .replace("BYDAY=1SU", "BYDAY=1SU;UNTIL=20101003T160000Z")
        .replace("BYMONTH=4", "BYMONTH=4;UNTIL=20110403T030000")
    )
    found = moment("DTSTART;TZID=Ours:20261203T180000", definition)
    assert found == datetime(2026, 12, 3, 8, tzinfo=UTC)
    assert moment("DTSTART;TZID=Ours:20101203T180000", definition) == datetime(2010, 12, 3, 7, tzinfo=UTC)
    assert moment("DTSTART;TZID=Ours:20000101T000000", definition) is None  # Before anything is defined.


@given(st.text("BEGINDTSAR:;=,+-0123456789ZYLYFUM\n", max_size=300))
def test_no_definition_is_too_odd(text: str) -> None:
    found = moment("DTSTART;TZID=Ours:20261203T180000", "BEGIN:VTIMEZONE\nTZID:Ours", text, "END:VTIMEZONE")
    assert found is None or found.utcoffset() == timedelta(0)
