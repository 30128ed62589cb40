"""Wall time, zones and instants."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from orchestrator.domain.time.zones import (
    Place,
    ZoneData,
    at_local,
    city_of,
    exists,
    instant_of,
    local_date,
    local_time,
    long_date,
    offset_text,
    pinned_zone_data,
    require_instant,
    tzdata_version,
    wall_problem,
    zone,
    zone_data,
    zone_names,
    zone_problem,
)
from orchestrator.errors import InvalidInput

SYDNEY, AUCKLAND, TORONTO = zone("Australia/Sydney"), zone("Pacific/Auckland"), zone("America/Toronto")

ZONES = st.sampled_from(
    [
        "Asia/Ho_Chi_Minh",
        "Asia/Yangon",
        "Asia/Kolkata",
        "Asia/Dili",
        "Asia/Kathmandu",
        "UTC",
        "Australia/Sydney",
        "Australia/Lord_Howe",
        "Pacific/Auckland",
        "Pacific/Chatham",
        "Pacific/Apia",
        "America/Toronto",
        "America/St_Johns",
        "Europe/Dublin",
        "Africa/Casablanca",
    ]
)
WALLS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2060, 1, 1)).map(
    lambda wall: wall.replace(second=0, microsecond=0)
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_zone_data_come_from_the_pinned_package_even_where_the_system_has_none() -> None:
    path = zoneinfo.TZPATH
    try:
        zoneinfo.reset_tzpath(to=[])
        zone.cache_clear()
        assert zone("Asia/Ho_Chi_Minh").key == "Asia/Ho_Chi_Minh"
        assert instant_of(datetime(2026, 12, 3, 14), zone("Asia/Ho_Chi_Minh")) == utc(2026, 12, 3, 7)
    finally:
        zoneinfo.reset_tzpath(to=path)
        zone.cache_clear()


def test_a_zone_of_the_system_s_own_path_is_never_read(tmp_path: object) -> None:
    path = zoneinfo.TZPATH
    try:
        zoneinfo.reset_tzpath(to=[str(tmp_path)])
        assert zone("Asia/Dili").key == "Asia/Dili"
    finally:
        zoneinfo.reset_tzpath(to=path)


def test_the_version_of_the_zone_data_is_that_of_the_installed_package() -> None:
    import tzdata

    assert tzdata_version().split(".")[0] == tzdata.IANA_VERSION[:4]


@pytest.mark.parametrize(
    "name", ["", "Hanoi", "ICT", "UTC+7", "asia/ho_chi_minh", "../../etc/passwd", "/etc/localtime", "Asia"]
)
def test_an_unknown_zone_is_refused_with_its_name(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        zone(name)
    (problem,) = caught.value.problems
    assert (problem.field, problem.value) == ("zone", name)
    assert problem.message == "is not a zone of the IANA time zone database"
    assert "Asia/Ho_Chi_Minh" in problem.remedy


def test_every_name_in_the_listing_can_be_loaded() -> None:
    assert len(zone_names()) > 400
    assert all(zone(name).key == name for name in zone_names())


def test_of_the_names_without_a_city_only_countries_and_utc_can_be_meant() -> None:
    refused = {name for name in zone_names() if zone_problem(name)}
    assert refused == {name for name in zone_names() if name.startswith("Etc/")} - {"Etc/UTC"} | {
        "CET",
        "CST6CDT",
        "EET",
        "EST",
        "EST5EDT",
        "Eire",
        "Factory",
        "GB",
        "GB-Eire",
        "GMT",
        "GMT+0",
        "GMT-0",
        "GMT0",
        "Greenwich",
        "HST",
        "Kwajalein",
        "MET",
        "MST",
        "MST7MDT",
        "NZ",
        "NZ-CHAT",
        "Navajo",
        "PRC",
        "PST8PDT",
        "ROC",
        "ROK",
        "UCT",
        "Universal",
        "W-SU",
        "WET",
        "Zulu",
    }
    assert all(zone(name).key == name for name in refused), "what has been stored is still read"


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
        lambda wall: wall.replace(second=0, microsecond=0)
    ),
    st.sampled_from(sorted(zone_names())),
)
@example(datetime(2027, 4, 4, 2, 30), "Australia/Sydney")
@example(datetime(2027, 10, 3, 2, 30), "Australia/Sydney")
@example(datetime(2027, 4, 4, 1, 45), "Australia/Lord_Howe")
@example(datetime(2026, 11, 1, 1, 59), "America/Toronto")
def test_a_wall_time_without_a_problem_is_one_instant_and_no_other(wall: datetime, name: str) -> None:
    there = zone(name)
    instants = {
        instant
        for shift in range(-30 * 60, 30 * 60 + 1, 15)
        if (instant := wall.replace(tzinfo=UTC) + timedelta(minutes=shift))
        .astimezone(there)
        .replace(tzinfo=None, fold=0)
        == wall
    }
    assert (wall_problem(wall, there) is None) == (len(instants) == 1)
    if len(instants) == 1:
        assert instants == {instant_of(wall, there)}


@pytest.mark.parametrize("wall", [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)])
@pytest.mark.parametrize("name", ["America/Toronto", "Pacific/Auckland"])
def test_the_ends_of_the_calendar_have_no_problem(wall: datetime, name: str) -> None:
    assert wall_problem(wall, zone(name)) is None


@pytest.mark.parametrize(
    "value",
    [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=7)))],
)
def test_what_is_not_an_aware_utc_instant_is_refused(value: datetime) -> None:
    with pytest.raises(ValueError, match="is not an aware UTC instant"):
        require_instant(value)


def test_an_aware_utc_instant_is_handed_back() -> None:
    assert require_instant(utc(2026, 1, 1)) == utc(2026, 1, 1)


@pytest.mark.parametrize(
    ("name", "wall", "instant"),
    [
        # The clocks go forward: a wall time in the gap is read with the offset before it.
        ("Australia/Sydney", datetime(2026, 10, 4, 2, 30), utc(2026, 10, 3, 16, 30)),
        ("Pacific/Auckland", datetime(2026, 9, 27, 2, 30), utc(2026, 9, 26, 14, 30)),
        ("America/Toronto", datetime(2026, 3, 8, 2, 30), utc(2026, 3, 8, 7, 30)),
        # The clocks go back: a wall time that happens twice is its first occurrence.
        ("Australia/Sydney", datetime(2026, 4, 5, 2, 30), utc(2026, 4, 4, 15, 30)),
        ("Pacific/Auckland", datetime(2026, 4, 5, 2, 30), utc(2026, 4, 4, 13, 30)),
        ("America/Toronto", datetime(2026, 11, 1, 1, 30), utc(2026, 11, 1, 5, 30)),
    ],
)
def test_gap_and_overlap_follow_rfc_5545(name: str, wall: datetime, instant: datetime) -> None:
    assert instant_of(wall, zone(name)) == instant


def test_the_fold_of_a_given_wall_time_is_ignored() -> None:
    assert instant_of(datetime(2026, 11, 1, 1, 30, fold=1), TORONTO) == utc(2026, 11, 1, 5, 30)


@pytest.mark.parametrize(
    ("in_zone", "before", "first", "last", "after"),
    [
        (SYDNEY, (10, 4, 1, 59), (10, 4, 2, 0), (10, 4, 2, 59), (10, 4, 3, 0)),
        (AUCKLAND, (9, 27, 1, 59), (9, 27, 2, 0), (9, 27, 2, 59), (9, 27, 3, 0)),
        (TORONTO, (3, 8, 1, 59), (3, 8, 2, 0), (3, 8, 2, 59), (3, 8, 3, 0)),
    ],
)
def test_wall_times_inside_a_gap_do_not_exist(
    in_zone: zoneinfo.ZoneInfo,
    before: tuple[int, int, int, int],
    first: tuple[int, int, int, int],
    last: tuple[int, int, int, int],
    after: tuple[int, int, int, int],
) -> None:
    found = [exists(datetime(2026, *parts), in_zone) for parts in (before, first, last, after)]
    assert found == [True, False, False, True]


def test_a_wall_time_that_happens_twice_exists() -> None:
    assert exists(datetime(2026, 11, 1, 1, 30), TORONTO)


@given(WALLS, ZONES)
def test_wall_time_to_instant_and_back_is_the_same_wall_time_where_it_exists(
    wall: datetime, name: str
) -> None:
    assume(exists(wall, zone(name)))
    back = instant_of(wall, zone(name)).astimezone(zone(name))
    assert back.replace(tzinfo=None) == wall
    assert back.fold == 0


@given(WALLS, ZONES)
def test_a_wall_time_that_does_not_exist_comes_out_later_on_the_clock(wall: datetime, name: str) -> None:
    back = instant_of(wall, zone(name)).astimezone(zone(name)).replace(tzinfo=None, fold=0)
    assert (back == wall) is exists(wall, zone(name))
    assert back >= wall


@given(WALLS, ZONES)
def test_instants_are_always_utc(wall: datetime, name: str) -> None:
    assert require_instant(instant_of(wall, zone(name))).tzinfo is UTC


def test_the_local_date_differs_from_the_host_s() -> None:
    late_in_ha_noi = utc(2026, 12, 3, 16, 30)
    assert local_date(late_in_ha_noi, zone("Asia/Ho_Chi_Minh")) == date(2026, 12, 3)
    assert local_date(late_in_ha_noi, zone("Asia/Dili")) == date(2026, 12, 4)
    assert local_date(late_in_ha_noi, AUCKLAND) == date(2026, 12, 4)
    assert local_date(late_in_ha_noi, TORONTO) == date(2026, 12, 3)


def test_a_local_clock_time_on_a_day_is_an_instant() -> None:
    assert at_local(date(2026, 11, 26), time(9), zone("Asia/Yangon")) == utc(2026, 11, 26, 2, 30)


@pytest.mark.parametrize(
    ("name", "instant", "text"),
    [
        ("Asia/Ho_Chi_Minh", utc(2026, 12, 3), "UTC+07:00"),
        ("Asia/Kolkata", utc(2026, 12, 3), "UTC+05:30"),
        ("Asia/Yangon", utc(2026, 12, 3), "UTC+06:30"),
        ("Asia/Kathmandu", utc(2026, 12, 3), "UTC+05:45"),
        ("UTC", utc(2026, 12, 3), "UTC+00:00"),
        ("America/Toronto", utc(2026, 12, 3), "UTC-05:00"),
        ("America/Toronto", utc(2026, 7, 3), "UTC-04:00"),
        ("America/St_Johns", utc(2026, 12, 3), "UTC-03:30"),
        ("Australia/Sydney", utc(2026, 12, 3), "UTC+11:00"),
        ("Australia/Sydney", utc(2026, 7, 3), "UTC+10:00"),
        ("Pacific/Auckland", utc(2026, 12, 3), "UTC+13:00"),
    ],
)
def test_the_offset_in_force_is_written_out(name: str, instant: datetime, text: str) -> None:
    assert offset_text(instant, zone(name)) == text


def test_the_city_of_a_zone_is_its_last_part() -> None:
    assert [city_of(name) for name in ("Asia/Phnom_Penh", "America/Argentina/Buenos_Aires", "UTC")] == [
        "Phnom Penh",
        "Buenos Aires",
        "UTC",
    ]


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 12, 3), "Thursday, 3 December 2026"),
        (date(2025, 10, 26), "Sunday, 26 October 2025"),
        (date(2028, 2, 29), "Tuesday, 29 February 2028"),
    ],
)
def test_a_date_names_its_weekday_and_month(day: date, text: str) -> None:
    assert long_date(day) == text


def test_a_date_is_english_in_every_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    assert long_date(date(2026, 5, 1)) == "Friday, 1 May 2026"


def test_local_time_reads_as_people_at_the_place_read_it() -> None:
    there = local_time(utc(2026, 12, 3, 7), Place("Asia/Ho_Chi_Minh", "Ha Noi"))
    assert str(there) == "Thursday, 3 December 2026, 14:00 Ha Noi (UTC+07:00)"
    assert (there.date, there.clock, there.city, there.offset, there.day) == (
        "Thursday, 3 December 2026",
        "14:00",
        "Ha Noi",
        "UTC+07:00",
        date(2026, 12, 3),
    )


@pytest.mark.parametrize(
    ("name", "days"), [("Pacific/Auckland", 1), ("Asia/Yangon", 0), ("America/Toronto", 0), ("UTC", 0)]
)
def test_another_date_elsewhere_is_counted_in_days_after_the_host_s(name: str, days: int) -> None:
    instant = utc(2026, 12, 3, 14)
    host = local_time(instant, Place("Asia/Ho_Chi_Minh", "Ha Noi"))
    assert local_time(instant, Place(name, "There")).days_after(host) == days


def test_a_date_before_the_host_s_counts_negative_also_across_a_month() -> None:
    instant = utc(2026, 12, 1, 2)
    host = local_time(instant, Place("Asia/Ho_Chi_Minh", "Ha Noi"))
    assert local_time(instant, Place("America/Toronto", "Ottawa")).days_after(host) == -1


def test_other_zone_data_is_used_for_a_while_and_then_no_more(tmp_path: Path) -> None:
    """In the other data Viet Nam keeps the time of Singapore, UTC+08:00."""
    pinned = pinned_zone_data()
    folder = tmp_path / "zoneinfo" / "Asia"
    folder.mkdir(parents=True)
    (folder / "Ho_Chi_Minh").write_bytes(pinned.folder.joinpath("zoneinfo", "Asia", "Singapore").read_bytes())
    wall = datetime(2026, 12, 3, 14)
    with zone_data(ZoneData(tmp_path, "2027.1")):
        assert tzdata_version() == "2027.1"
        assert instant_of(wall, zone("Asia/Ho_Chi_Minh")) == utc(2026, 12, 3, 6)
    assert tzdata_version() == pinned.version
    assert instant_of(wall, zone("Asia/Ho_Chi_Minh")) == utc(2026, 12, 3, 7)
