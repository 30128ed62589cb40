"""``orchestrator calendar`` on a real database: what is printed at 80 columns and more, and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orchestrator import terminal
from orchestrator.cli import cli
from orchestrator.domain.time.zones import ZoneData, pinned_zone_data, zone_data
from orchestrator.errors import InvalidInput
from orchestrator.store.engine import Database
from tests.integration.conftest import PEOPLE, TAN, World, emptied


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(emptied(sqlite_of_session), tmp_path / "data")
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: found)
    return found


def run(*arguments: str, width: int = 100) -> str:
    """Run a command and return what it prints, without the blanks at the ends of lines."""
    terminal.out.width = width
    try:
        result = CliRunner().invoke(cli, ["calendar", *arguments], catch_exceptions=False)
    finally:
        terminal.out._width = terminal._WIDE
    assert result.exit_code == 0, result.output
    return "\n".join(line.rstrip() for line in result.output.splitlines())


def run_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


CLOSE = ("close", "VN", "2026-11-26", "--name", "Mourning", "--why", "Decree 12", "--by", "Trần Minh Khôi")


@pytest.mark.parametrize("width", [80, 100])
def test_a_month_is_one_line_a_day_with_words_and_shapes(world: World, width: int) -> None:
    printed = run("show", "bn", "--from", "2027-03-04", "--to", "2027-03-10", width=width)
    assert printed.replace(" are\n", " are ").splitlines() == [
        "Brunei Darussalam (BN)",
        "",
        "March 2027, Bandar Seri Begawan (UTC+08:00), zone Asia/Brunei",
        "●  Thu  4  07:45-12:15, 13:30-16:30",
        "–  Fri  5  closed                    weekend day, can be used",
        "●  Sat  6  07:45-12:15, 13:30-16:30",
        "–  Sun  7  closed                    weekend day",
        "●  Mon  8  07:45-12:15, 13:30-16:30",
        "●  Tue  9  07:45-12:15, 13:30-16:30",
        "~  Wed 10  closed                    public holiday, estimated: Eid al-Fitr",
        "",
        "4 of 7 days are working days.",
        "● working day   – day off   ~ day off by estimate   + entered by hand",
        "Note: The weekend is Friday and Sunday. During Ramadan the hours are 08:00-14:00.",
    ]


def test_summer_time_begins_a_new_heading(world: World) -> None:
    printed = run("show", "AU", "--month", "2026-10")
    assert "October 2026, Canberra (UTC+10:00), zone Australia/Sydney\n●  Thu  1 " in printed
    assert "October 2026, Canberra (UTC+11:00), zone Australia/Sydney\n–  Sun  4 " in printed
    assert "–  Mon  5  closed       public holiday: Labor Day" in printed


def test_a_day_off_is_shown_asked_for_and_entered(world: World) -> None:
    world.invited(timeline="standard", attendees=list(PEOPLE.values()))
    printed = run(*CLOSE, "--preview", width=80)
    assert printed.splitlines() == [
        "Viet Nam, day off on Thursday, 26 November 2026 (Mourning; Decree 12)",
        "SOM-2026: Senior Officials Meeting",
        "  Reminder, 7 days before to Lê Thị Hồng Nhung (VN): moved",
        "    was  Thursday, 26 November 2026, 09:00 Ha Noi (UTC+07:00)",
        "    now  Wednesday, 25 November 2026, 09:00 Ha Noi (UTC+07:00)",
        "    why  Thursday, 26 November 2026 is a declared day off (Mourning) in Viet",
        "         Nam, so it goes out on Wednesday, 25 November 2026 at 09:00",
    ]
    assert world.calendars.overrides() == []
    assert run(*CLOSE, "--yes") == "Override 1 is entered; 1 action(s) moved in 1 meeting(s)."
    shown = run("show", "VN", "--from", "2026-11-26", "--to", "2026-11-26", width=180)
    assert "declared day off: Mourning; Decree 12 (Trần Minh Khôi, override 1)" in shown
    assert "–+  Thu 26  closed" in shown
    assert "Reminder, 7 days before" in run("withdraw", "1", "--preview")
    assert run("withdraw", "1", "--yes") == "Override 1 is withdrawn; 1 action(s) moved in 1 meeting(s)."
    assert run("overrides", "VN").splitlines() == [
        "   1  VN  closed  2026-11-26  Mourning",
        "      withdrawn by command line, 2026-11-01 02:00 UTC; entered by Trần Minh Khôi, 2026-11-01 02:00",
        "      UTC: Decree 12",
    ]


def test_a_period_a_day_worked_and_other_hours(world: World) -> None:
    why = ("--name", "N", "--why", "W", "--json")
    off = run_json("close", "VN", "2026-11-26..2026-11-27", *why[:-1])["override"]
    assert (off["first"], off["last"], off["by"]) == ("2026-11-26", "2026-11-27", "command line")
    worked = run_json("open", "VN", "2026-11-28", "--hours", "08:00-12:00, 13:00-15:00", *why[:-1])[
        "override"
    ]
    assert (worked["kind"], worked["hours"]) == ("open", ["08:00-12:00", "13:00-15:00"])
    ramadan = run_json("hours", "BN", "2027-02-08..2027-03-09", "08:00-14:00", *why[:-1])
    assert ramadan["override"]["hours"] == ["08:00-14:00"]
    assert (ramadan["previewed"], ramadan["looked_at"], ramadan["meetings"]) == (False, 0, [])
    assert [item["kind"] for item in run_json("overrides")] == ["hours", "open", "closed"]
    days = run_json("show", "VN", "--from", "2026-11-26", "--to", "2026-11-28")["days"]
    assert [item["working"] for item in days] == [False, False, True]


SCHEDULE = ("--name", "Ramadan", "--why", "Circular 3", "--by", "Dewi Lestari")


def test_a_schedule_with_other_hours_on_friday(world: World) -> None:
    period = ("hours", "ID", "2027-02-08..2027-03-09")
    weekdays = (*period, "08:00-12:00,12:30-15:00", "--days", "thu, mon,tue,wed", *SCHEDULE)
    assert run(*weekdays, "--preview", width=200).splitlines() == [
        (
            "Indonesia, hours 08:00-12:00, 12:30-15:00 every Monday, Tuesday, Wednesday and Thursday "
            "from Monday, 8 February 2027 to Tuesday, 9 March 2027 (Ramadan; Circular 3)"
        ),
        "No coming meeting of the delegation is published, so nothing moves.",
    ]
    run(*weekdays, "--yes")
    run(*period, "08:00-11:30,12:30-15:30", "--days", "fri", *SCHEDULE, "--yes")
    assert run("overrides", "ID").splitlines()[::2] == [
        "   2  ID  hours 08:00-11:30, 12:30-15:30  2027-02-08 to 2027-03-09 on fri  Ramadan",
        "   1  ID  hours 08:00-12:00, 12:30-15:00  2027-02-08 to 2027-03-09 on mon, tue, wed, thu  Ramadan",
    ]
    shown = run("show", "ID", "--from", "2027-02-11", "--to", "2027-02-12", width=200)
    assert shown.splitlines()[3:5] == [
        (
            "●+  Thu 11  08:00-12:00, 12:30-15:00  "
            "Ramadan; Circular 3 (Dewi Lestari, override 1 on mon, tue, wed, thu)"
        ),
        "●+  Fri 12  08:00-11:30, 12:30-15:30  Ramadan; Circular 3 (Dewi Lestari, override 2 on fri)",
    ]
    assert [item["days"] for item in run_json("overrides")] == [["fri"], ["mon", "tue", "wed", "thu"]]


@pytest.mark.parametrize("command", ["close", "open"])
def test_only_other_hours_have_weekdays(world: World, command: str) -> None:
    result = CliRunner().invoke(cli, ["calendar", command, "ID", "2027-02-12", "--days", "fri", *SCHEDULE])
    assert result.exit_code == 2
    assert "--days" in result.output
    assert world.calendars.overrides() == []


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("show", "XX"), "delegation"),
        (("show", "VN", "--month", "2027-13"), "--month"),
        (("show", "VN", "--from", "tomorrow"), "--from"),
        (("close", "VN", "26.11.2026", "--name", "N", "--why", "W"), "first"),
        (("hours", "VN", "2026-11-26", "eight", "--name", "N", "--why", "W"), "hours[0]"),
        (("close", "VN", "2026-11-28", "--name", "N", "--why", "W"), "first"),
        (("hours", "VN", "2026-11-26", "08:00-14:00", "--days", "thur", *SCHEDULE), "days[0]"),
        (("hours", "VN", "2026-11-26", "08:00-14:00", "--days", "", *SCHEDULE), "days"),
        (("hours", "VN", "2026-11-26", "08:00-14:00", "--days", "fri", *SCHEDULE), "days"),
    ],
)
def test_what_is_wrong_is_named(world: World, arguments: tuple[str, ...], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        run(*arguments)
    assert caught.value.problems[0].field == field


def test_a_month_and_a_period_do_not_go_together(world: World) -> None:
    result = CliRunner().invoke(cli, ["calendar", "show", "VN", "--month", "2027-01", "--to", "2027-01-02"])
    assert result.exit_code == 2
    assert "either --month, or --from and --to" in result.output


@pytest.mark.parametrize("number", ["0", "99999999999999999999", "first"])
def test_a_number_that_no_override_can_have_is_a_mistake_in_the_command(world: World, number: str) -> None:
    result = CliRunner().invoke(cli, ["calendar", "withdraw", number, "--yes"])
    assert result.exit_code == 2
    assert number in result.output


def test_versions_and_what_rests_on_older_ones(world: World) -> None:
    world.invited(timeline="standard", attendees=[PEOPLE[TAN]])
    pinned = pinned_zone_data()
    printed = run("versions", width=80)
    assert f"Zone data                tzdata {pinned.version}" in printed
    assert "Every plan of a published meeting rests on these." in printed
    assert run("recalculate", "--preview") == "Every plan rests on the data in use already."
    with zone_data(ZoneData(pinned.folder, "2027.1")):
        assert run_json("versions")["outdated"] == ["SOM-2026"]
        assert "1 plan(s) rest on older ones: SOM-2026" in run("versions")
        preview = run("recalculate", "--preview")
        assert preview == "Nothing moves in 1 meeting(s) that rested on something older."
        assert run("recalculate", "--yes") == "Recalculated 1 meeting(s); 0 action(s) moved."
        assert run_json("versions")["outdated"] == []
