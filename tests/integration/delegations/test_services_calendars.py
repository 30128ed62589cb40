"""Overrides and new versions: what moves, what stays, who is told, and that a preview leaves no trace.

The meeting is on Thursday, 3 December 2026 at 14:00 in Ha Noi, with the reminders of the timeline
``standard``: 7 days and 1 day before at 09:00 local, and an hour before.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from sqlalchemy import select, update

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.delegations import working_calendar as workdays
from orchestrator.domain.delegations.public_holidays import Holiday, HolidayYear, holidays_of
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.time.zones import ZoneData, pinned_zone_data, zone_data
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.reconciling import Reconciliation
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.services.dates.date_polls import DatePollRequest
from orchestrator.services.delegations.calendars import CalendarChange, NewOverride, override_words
from orchestrator.services.timelines import planner as planner_module
from orchestrator.services.timelines.moves import together
from orchestrator.services.timelines.recalculating import Recalculation
from orchestrator.store.delegations import overrides as calendar_store
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.dates import DateOptionRow
from orchestrator.store.rows.meetings import MeetingRow
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    NHUNG,
    NOW,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
    contents,
    definition,
    until,
    waiting_for_a_lock,
)

K = ActionKind
P7D, P1D, PT1H = "remind:P7D", "remind:P1D", "remind:PT1H"


def planned(world: World, email: str, step: str) -> str:
    """When something is planned for somebody, in their time."""
    (found,) = [
        item
        for item in world.reading.plan("SOM-2026")
        if item.recipient_email == email and item.key.startswith(f"{step}:")
    ]
    return str(found.planned)


def invited(world: World, **changes: Any) -> None:
    """A published meeting whose invitations have left."""
    world.invited(timeline="standard", **changes)


def entered(
    world: World,
    code: str,
    kind: str,
    first: str,
    last: str | None = None,
    *,
    preview: bool = False,
    **more: Any,
) -> CalendarChange:
    given = {"kind": kind, "first": first, "last": last, "name": "Declared", "why": "Decree 12"} | more
    return world.calendars.enter(code, NewOverride.of(given), caller=caller("coordinator"), preview=preview)


def moves(change: CalendarChange | Recalculation) -> list[tuple[str, str, str, str]]:
    """Effect, recipient, from and to of everything that moved."""
    return [
        (item.effect, item.recipient_email or "", str(item.was), str(item.when))
        for meeting in change.meetings
        for item in meeting.shifts
    ]


def history(world: World, what: str, reference: str = "SOM-2026") -> list[tuple[str, str]]:
    view = world.reading.meeting(reference)
    return [
        (item.actor, words.maybe(item.detail) or "") for item in view.history if words.say(item.what) == what
    ]


def settled(world: World) -> bool:
    """Whether replanning would change nothing."""
    with world.database.rehearsal() as session:
        meeting = store.load(session, store.find_id(session, "SOM-2026"))
        return world.planner.replan(session, meeting, world.clock.now()).changes_nothing


def restarted(world: World) -> World:
    """Another process on the same database, at the same time."""
    found = World(world.database, world.settings.data_dir)
    found.clock.at = world.clock.at
    return found


# --- a day off declared after the invitations went out

THURSDAY = "Thursday, 26 November 2026, 09:00 Ha Noi (UTC+07:00)"
WEDNESDAY = "Wednesday, 25 November 2026, 09:00 Ha Noi (UTC+07:00)"


def test_a_day_off_declared_after_the_invitations_moves_the_pending_reminders(world: World) -> None:
    invited(world)
    before = {row.id: (row.state, row.due_at) for row in world.rows() if row.state == "succeeded"}
    assert planned(world, NHUNG, P7D) == THURSDAY
    change = entered(world, "VN", "closed", "2026-11-26", name="National mourning", by="Trần Minh Khôi")
    assert moves(change) == [("moved", NHUNG, THURSDAY, WEDNESDAY)]
    assert planned(world, NHUNG, P7D) == WEDNESDAY
    assert planned(world, THIDA, P7D) == "Thursday, 26 November 2026, 09:30 Nay Pyi Taw (UTC+06:30)"
    assert {row.id: (row.state, row.due_at) for row in world.rows() if row.state == "succeeded"} == before
    assert history(world, "calendar changed") == [
        (
            "Trần Minh Khôi",
            (
                "Viet Nam, day off on Thursday, 26 November 2026 (National mourning; Decree 12): "
                f"Reminder, 7 days before to Lê Thị Hồng Nhung (VN): {THURSDAY} → {WEDNESDAY}"
            ),
        )
    ]
    assert settled(world)
    (shift,) = change.meetings[0].shifts
    assert maybe(shift.reason) == (
        "Thursday, 26 November 2026 is a declared day off (National mourning) in Viet Nam, "
        "so it goes out on Wednesday, 25 November 2026 at 09:00"
    )


@pytest.mark.both_databases
def test_withdrawing_moves_them_back_and_is_kept(world: World) -> None:
    invited(world)
    number = entered(world, "VN", "closed", "2026-11-26").override.id
    assert number is not None
    world.clock.move(days=1)
    change = world.calendars.withdraw(number, caller=caller("another coordinator"))
    assert moves(change) == [("moved", NHUNG, WEDNESDAY, THURSDAY)]
    assert planned(world, NHUNG, P7D) == THURSDAY
    assert settled(world)
    (kept,) = world.calendars.overrides("vn")
    assert (kept.by, kept.at, kept.why) == ("coordinator", NOW, "Decree 12")
    assert (kept.withdrawn_by, kept.withdrawn_at) == ("another coordinator", NOW + timedelta(days=1))
    assert [actor for actor, _ in history(world, "calendar changed")] == [
        "another coordinator",
        "coordinator",
    ]
    with pytest.raises(Conflict, match="withdrawn already, by another coordinator"):
        world.calendars.withdraw(number, caller=caller("x"))


def test_what_was_sent_stays(world: World) -> None:
    invited(world)
    world.clock.at = datetime(2026, 11, 26, 4, tzinfo=UTC)
    world.run()
    sent = len(world.mailer.accepted)
    before = [row for row in world.rows(K.REMIND) if row.step == P7D]
    assert {row.state for row in before} == {"succeeded"}
    change = entered(world, "VN", "closed", "2026-11-26")
    assert (moves(change), change.looked_at) == ([], 1)
    assert history(world, "calendar changed") == [], "nothing moved, so there is nothing to tell"
    change = entered(world, "VN", "closed", "2026-12-02")
    assert moves(change) == [
        (
            "moved",
            NHUNG,
            "Wednesday, 2 December 2026, 09:00 Ha Noi (UTC+07:00)",
            "Tuesday, 1 December 2026, 09:00 Ha Noi (UTC+07:00)",
        )
    ]
    world.run()
    assert len(world.mailer.accepted) == sent


def test_other_hours_and_a_day_worked_move_them_as_well(world: World) -> None:
    # 24 November is Vietnam Cultural Day, so the reminder of 7 days before lands on Monday.
    invited(world, start="2026-12-01 14:00")
    assert planned(world, NHUNG, P7D) == "Monday, 23 November 2026, 09:00 Ha Noi (UTC+07:00)"
    entered(world, "VN", "open", "2026-11-24")
    assert planned(world, NHUNG, P7D) == "Tuesday, 24 November 2026, 09:00 Ha Noi (UTC+07:00)"
    entered(world, "VN", "hours", "2026-11-23", "2026-11-27", hours=["13:00-16:00"])
    assert planned(world, NHUNG, P7D) == "Tuesday, 24 November 2026, 13:00 Ha Noi (UTC+07:00)"
    assert planned(world, TAN, P7D) == "Tuesday, 24 November 2026, 09:00 Singapore (UTC+08:00)"


RAMADAN = {"kind": "hours", "first": "2026-11-23", "last": "2026-11-29", "name": "Ramadan"}


def test_other_hours_on_some_weekdays_move_what_is_due_on_those(world: World) -> None:
    invited(world)
    fridays = entered(world, "VN", **RAMADAN, hours=["13:00-16:00"], days=["fri"])
    assert (moves(fridays), fridays.looked_at) == ([], 1), "the reminder is due on a Thursday"
    preview = entered(world, "VN", **RAMADAN, hours=["10:00-15:00"], days=["thu", "mon"], preview=True)
    done = entered(world, "VN", **RAMADAN, hours=["10:00-15:00"], days=["thu", "mon"])
    later = THURSDAY.replace("09:00", "10:00")
    assert moves(done) == [("moved", NHUNG, THURSDAY, later)]
    assert done.meetings == preview.meetings
    assert settled(restarted(world))
    days = world.calendars.show("VN", date(2026, 11, 25), date(2026, 11, 27)).days
    assert [item.hours[0] for item in days] == ["08:00-12:00", "10:00-15:00", "13:00-16:00"]
    assert [item.override and item.override.days for item in days] == [None, ("mon", "thu"), ("fri",)]
    number = done.override.id
    assert number is not None
    assert moves(world.calendars.withdraw(number, caller=caller("x"))) == [("moved", NHUNG, later, THURSDAY)]
    words = (
        "Viet Nam, hours 10:00-15:00 every Monday and Thursday from Monday, 23 November 2026 to "
        "Sunday, 29 November 2026 (Ramadan; Decree 12): Reminder, 7 days before to Lê Thị Hồng Nhung (VN): "
    )
    assert [detail for _, detail in history(world, "calendar changed")] == [
        f"withdrawn: {words}{later} → {THURSDAY}",
        f"{words}{THURSDAY} → {later}",
    ]


@pytest.mark.parametrize(
    ("given", "kept", "words"),
    [
        (None, None, "hours 10:00-15:00 from Monday,"),
        (["fri", "mon", "fri"], ("mon", "fri"), "hours 10:00-15:00 every Monday and Friday from Monday,"),
        (["thu", "wed", "mon"], ("mon", "wed", "thu"), "every Monday, Wednesday and Thursday from Monday,"),
        (["wed"], ("wed",), "hours 10:00-15:00 every Wednesday from Monday,"),
    ],
)
def test_weekdays_are_kept_once_each_and_in_the_order_of_the_week(
    world: World, given: list[str] | None, kept: tuple[str, ...] | None, words: str
) -> None:
    change = entered(world, "VN", **RAMADAN, hours=["10:00-15:00"], days=given)
    assert change.override.days == kept
    assert words in override_words(change.override)
    assert world.calendars.overrides("VN")[0].days == kept
    with world.database.reading() as session:
        assert [item.days for item in calendar_store.overrides(session)] == [kept]


def test_of_a_single_day_the_weekday_is_not_said_twice(world: World) -> None:
    change = entered(world, "VN", "hours", "2026-11-27", hours=["10:00-15:00"], days=["fri"])
    assert override_words(change.override) == (
        "Viet Nam, hours 10:00-15:00 on Friday, 27 November 2026 (Declared; Decree 12)"
    )


def test_people_who_move_alike_are_shown_together(world: World) -> None:
    second = PEOPLE[NHUNG] | {"email": "an@vn.example.org", "name": "Nguyễn An"}
    invited(world, attendees=[*PEOPLE.values(), second])
    change = entered(world, "VN", "closed", "2026-11-26")
    (shared,) = together(change.meetings[0].shifts)
    assert shared.names == ("Lê Thị Hồng Nhung", "Nguyễn An")


def test_only_meetings_the_delegation_takes_part_in_are_looked_at(world: World) -> None:
    invited(world)
    assert entered(world, "TH", "closed", "2026-11-26").looked_at == 0
    world.create(reference="HOSTED", host="TH", timeline="standard", attendees=[PEOPLE[TAN]])
    assert entered(world, "TH", "closed", "2026-11-25").looked_at == 0, "a draft"
    world.meetings.publish("HOSTED", caller=caller("coordinator"))
    assert entered(world, "TH", "closed", "2026-11-24").looked_at == 1, "the host's calendar counts"
    world.meetings.cancel("HOSTED", caller=caller("coordinator"))
    assert entered(world, "TH", "closed", "2026-11-23").looked_at == 0
    world.clock.at = ENDS
    world.run()
    assert world.reading.meeting("SOM-2026").status == "concluded"
    assert entered(world, "VN", "closed", "2026-12-24").looked_at == 0


def test_somebody_removed_no_longer_counts(world: World) -> None:
    invited(world)
    update = MeetingUpdate.model_validate({"attendees": [PEOPLE[NHUNG], PEOPLE[TAN]]})
    world.meetings.update("SOM-2026", update, caller=caller("x"), version=2)
    assert entered(world, "MM", "closed", "2026-11-26").looked_at == 0


# --- previews


def test_a_preview_changes_nothing_and_says_what_doing_it_does(world: World) -> None:
    invited(world)
    before, woken = contents(world.database), world.wake_up.notified
    preview = entered(world, "VN", "closed", "2026-11-26", preview=True)
    assert contents(world.database) == before
    assert world.wake_up.notified == woken
    assert (preview.previewed, preview.override.id) == (True, None)
    done = entered(world, "VN", "closed", "2026-11-26")
    assert (done.meetings, done.looked_at) == (preview.meetings, preview.looked_at)
    assert world.wake_up.notified == woken + 1
    before = contents(world.database)
    assert done.override.id is not None
    back = world.calendars.withdraw(done.override.id, caller=caller("x"), preview=True)
    assert contents(world.database) == before
    assert moves(back) == [("moved", NHUNG, WEDNESDAY, THURSDAY)]


def test_what_was_only_previewed_is_in_nobody_s_plan(world: World) -> None:
    """SQLite gives the number of a rolled-back row to the next one."""
    invited(world)
    entered(world, "VN", "closed", "2026-11-26", preview=True)
    other = restarted(world)
    entered(other, "SG", "closed", "2026-11-27")
    assert settled(world), "this process plans with what the other one entered, not with its own preview"
    assert world.calendars.show("VN", date(2026, 11, 26), date(2026, 11, 26)).days[0].working
    assert not world.calendars.show("SG", date(2026, 11, 27), date(2026, 11, 27)).days[0].working


# --- what is refused

WEEK = {"kind": "hours", "first": "2026-11-23", "last": "2026-11-29", "hours": ["08:00-14:00"]}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown delegation": ({"code": "XX"}, "delegation", "is not a delegation"),
    "last before first": ({"last": "2026-11-25"}, "last", "is before the first day, 2026-11-26"),
    "more than a year": ({"last": "2027-11-27"}, "last", "is more than a year after 2026-11-26"),
    "no hours": ({"kind": "hours"}, "hours", "are missing"),
    "hours of a day off": ({"hours": ["08:00-12:00"]}, "hours", "do not go with a day off"),
    "reversed hours": ({"kind": "hours", "hours": ["14:00-08:00"]}, "hours[0]", "ends before it begins"),
    "overlapping hours": (
        {"kind": "hours", "hours": ["12:00-16:00", "08:00-12:30"]},
        "hours",
        "overlap: 08:00-12:30 and 12:00-16:00",
    ),
    "hours in words": ({"kind": "hours", "hours": ["8 to 2"]}, "hours[0]", "is not a stretch of hours"),
    "an hour no clock shows": ({"kind": "hours", "hours": ["08:00-24:30"]}, "hours[0]", "no clock shows"),
    "a day that is none": ({"first": "2026-11-31"}, "first", "is not a date"),
    "another kind": ({"kind": "shut"}, "kind", "closed"),
    "no name": ({"name": "  "}, "name", "is empty"),
    "no reason": ({"why": ""}, "why", "is empty"),
    "nobody": ({"by": " "}, "by", "is empty"),
    # PostgreSQL stores no NUL, and what else controls a terminal has no place in a table or a log.
    "a name with a NUL": ({"name": "Mourning\x00"}, "name", "holds a line break or control character"),
    "a reason in two lines": ({"why": "Decree\n12"}, "why", "holds a line break or control character"),
    "a name that colours": ({"by": "\x1b[31mKhôi"}, "by", "holds a line break or control character"),
    "a weekend day": ({"first": "2026-11-28"}, "first", "is a weekend day in Viet Nam already"),
    "a holiday": (
        {"first": "2026-11-24"},
        "first",
        "is a public holiday (Vietnam Cultural Day) in Viet Nam already",
    ),
    "days that are all off": (
        {"first": "2026-11-28", "last": "2026-11-29"},
        "first",
        "is a weekend day in Viet Nam already, and so is every day up to Sunday, 29 November 2026",
    ),
    "a day worked anyway": ({"kind": "open"}, "first", "is a working day in Viet Nam already"),
    "hours that hold already": (
        {"kind": "hours", "hours": ["08:00-12:00", "13:30-17:00"]},
        "hours",
        "hold in Viet Nam already",
    ),
    "hours of days that are off": (
        {"kind": "hours", "first": "2026-11-28", "last": "2026-11-29", "hours": ["08:00-12:00"]},
        "first",
        "up to 2026-11-29 is no working day in Viet Nam",
    ),
    "weekdays of a day off": ({"days": ["thu"]}, "days", "go only with other hours"),
    "weekdays of a day worked": (
        {"kind": "open", "first": "2026-11-28", "days": ["sat"]},
        "days",
        "go only with other hours",
    ),
    "an unknown weekday": (WEEK | {"days": ["mon", "friday"]}, "days[1]", "input should be 'mon', 'tue',"),
    "no weekday": (WEEK | {"days": []}, "days", "is empty"),
    "no weekday for a day off": ({"days": []}, "days", "is empty"),
    "weekdays that do not occur": (
        WEEK | {"last": "2026-11-25", "days": ["thu", "fri"]},
        "days",
        "do not occur from 2026-11-23 to 2026-11-25 (given: thu,fri)",
    ),
    "weekdays that are off": (
        WEEK | {"first": "2026-11-24", "days": ["sun", "sat"]},
        "days",
        "are no working days in Viet Nam from 2026-11-24 to 2026-11-29 (given: sat,sun)",
    ),
    "a weekday that is a holiday": (
        WEEK | {"days": ["tue"]},
        "days",
        "are no working days in Viet Nam from 2026-11-23 to 2026-11-29",
    ),
    "hours that hold already on these weekdays": (
        WEEK | {"hours": ["08:00-12:00", "13:30-17:00"], "days": ["wed"]},
        "hours",
        "hold in Viet Nam already",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_field_and_leaves_no_trace(world: World, case: str) -> None:
    changes, field, message = REFUSED[case]
    before = contents(world.database)
    given = {"code": "VN", "kind": "closed", "first": "2026-11-26"} | changes
    for preview in (True, False):
        with pytest.raises(InvalidInput) as caught:
            entered(world, **given, preview=preview)
        assert caught.value.problems[0].field == field
        assert message in str(caught.value)
    assert contents(world.database) == before


def test_where_no_day_is_worked_for_months_mails_go_out_all_the_same(world: World) -> None:
    invited(world)
    change = entered(world, "VN", "closed", "2026-05-01", "2027-04-30")
    assert moves(change) == [], "at the wanted time, for there is no better one"
    assert planned(world, NHUNG, P7D) == THURSDAY
    notes = {
        maybe(item.note) or "" for item in world.reading.plan("SOM-2026") if item.recipient_email == NHUNG
    }
    assert any("has no working day within 120 days" in note and "all the same" in note for note in notes)


def test_an_estimated_holiday_can_be_confirmed(world: World) -> None:
    day = date(2027, 3, 10)
    assert world.calendars.show("BN", day, day).days[0].estimated
    entered(world, "BN", "closed", "2027-03-10", name="Eid al-Fitr")
    (found,) = world.calendars.show("BN", day, day).days
    assert (found.off, found.name, found.estimated) == ("declared day off", "Eid al-Fitr", False)
    with pytest.raises(InvalidInput, match="declared day off"):
        entered(world, "BN", "closed", "2027-03-10")


def test_there_is_no_such_override(world: World) -> None:
    with pytest.raises(NotFound, match="no override 7"):
        world.calendars.withdraw(7, caller=caller("x"))


# --- looking


def test_a_calendar_shows_each_day_and_who_changed_it(world: World) -> None:
    entered(world, "BN", "hours", "2027-03-01", "2027-03-09", name="Ramadan", hours=["08:00-14:00"])
    view = world.calendars.show("bn", date(2027, 3, 5), date(2027, 3, 10))
    friday, saturday, sunday, *_, wednesday = view.days
    assert (friday.weekday, friday.off, friday.soft) == ("Friday", "weekend day", True)
    assert (saturday.working, saturday.hours, saturday.name) == (True, ("08:00-14:00",), "Ramadan")
    assert saturday.override is not None
    assert (saturday.override.by, saturday.override.why) == ("coordinator", "Decree 12")
    assert (sunday.off, sunday.soft) == ("weekend day", False)
    assert (wednesday.off, wednesday.name, wednesday.estimated) == ("public holiday", "Eid al-Fitr", True)
    assert {(item.zone, item.city, item.offset) for item in view.days} == {
        ("Asia/Brunei", "Bandar Seri Begawan", "UTC+08:00")
    }


def test_without_a_period_it_is_the_present_month_there(world: World) -> None:
    # It is 1 December already in Ha Noi.
    world.clock.at = datetime(2026, 11, 30, 18, tzinfo=UTC)
    view = world.calendars.show("VN")
    assert (view.first, view.last) == (date(2026, 12, 1), date(2026, 12, 31))
    view = world.calendars.show("VN", last=date(2027, 2, 10))
    assert (view.first, view.last) == (date(2027, 2, 1), date(2027, 2, 10))
    view = world.calendars.show("VN", date(9999, 12, 30))
    assert (view.last, view.incomplete) == (date.max, (9999,)), "the last month there is"
    with pytest.raises(InvalidInput, match="is before the first day"):
        world.calendars.show("VN", date(2027, 2, 2), date(2027, 2, 1))


def test_the_zone_of_each_day_is_the_one_in_force(world: World) -> None:
    view = world.calendars.show("AU", date(2026, 10, 1), date(2026, 10, 6))
    # Summer time begins on Sunday, 4 October 2026.
    assert [item.offset for item in view.days] == ["UTC+10:00"] * 3 + ["UTC+11:00"] * 3


def test_a_year_the_holiday_data_does_not_cover_is_told(world: World) -> None:
    assert world.calendars.show("IN", date(2035, 12, 30), date(2036, 1, 2)).incomplete == (2036,)
    assert world.calendars.show("VN", date(2035, 12, 30), date(2036, 1, 2)).incomplete == ()


def test_all_delegations_come_in_protocol_order(world: World) -> None:
    found = world.calendars.all()
    codes = [item.code for item in found.delegations]
    assert codes[:3] + codes[10:] == [
        "BN",
        "KH",
        "ID",
        "VN",
        "ASEC",
        "CN",
        "JP",
        "KR",
        "AU",
        "CA",
        "IN",
        "NZ",
    ]
    brunei = found.delegations[0]
    assert brunei.hours["sat"] == ("07:45-12:15", "13:30-16:30")
    assert brunei.soft_days == ("fri",)
    assert (brunei.today.date, brunei.today.off) == (date(2026, 11, 1), "weekend day")
    assert found.versions.tzdata == pinned_zone_data().version


# --- new versions


@pytest.fixture(scope="module")
def moved_zone(tmp_path_factory: pytest.TempPathFactory) -> ZoneData:
    """The pinned zone data, but that Viet Nam keeps UTC+08:00, as Singapore does."""
    folder = tmp_path_factory.mktemp("zones") / "tzdata"
    shutil.copytree(Path(str(resources.files("tzdata"))), folder)
    zones = folder / "zoneinfo" / "Asia"
    shutil.copy(zones / "Singapore", zones / "Ho_Chi_Minh")
    return ZoneData(folder, "2027.1")


@pytest.fixture
def new_rules(moved_zone: ZoneData) -> Iterator[None]:
    """The zone data with Viet Nam's new time; used after the meeting was published under the old."""
    with zone_data(moved_zone):
        yield


def row_of(world: World, reference: str = "SOM-2026") -> MeetingRow:
    with world.database.reading() as session:
        return session.scalars(select(MeetingRow).where(MeetingRow.reference == reference)).one()


def test_new_zone_rules_keep_the_wall_time_and_tell_everybody_the_new_instant(
    world: World, moved_zone: ZoneData
) -> None:
    invited(world)
    world.answers.answer("SOM-2026", NHUNG, Participation.ACCEPTED, caller=caller("telephone"))
    world.mailer.accepted.clear()
    with zone_data(moved_zone):
        after = restarted(world)
        found = after.recalculating.run()
        (meeting,) = found.meetings
        assert [*map(maybe, meeting.because)] == [f"zone data {pinned_zone_data().version} → 2027.1"]
        assert meeting.retimed is not None
        assert str(meeting.retimed.now) == "Thursday, 3 December 2026, 14:00 Ha Noi (UTC+08:00)"
        assert str(meeting.retimed.was) == "Thursday, 3 December 2026, 15:00 Ha Noi (UTC+08:00)"
        row = row_of(after)
        assert (row.wall_start, row.zone) == (datetime(2026, 12, 3, 14), "Asia/Ho_Chi_Minh")  # noqa: DTZ001
        assert (row.starts_at, row.ends_at) == (STARTS - timedelta(hours=1), ENDS - timedelta(hours=1))
        assert (row.sequence, row.revision, row.time_revision, row.tzdata) == (1, 2, 2, "2027.1")
        assert {item.participation for item in after.reading.meeting("SOM-2026").attendees} == {"no answer"}
        assert planned(after, NHUNG, P7D) == "Thursday, 26 November 2026, 09:00 Ha Noi (UTC+08:00)"
        assert planned(after, THIDA, PT1H) == "Thursday, 3 December 2026, 11:30 Nay Pyi Taw (UTC+06:30)"
        assert planned(after, THIDA, P7D) == "Thursday, 26 November 2026, 09:30 Nay Pyi Taw (UTC+06:30)"
        moved = [item[1:] for item in moves(found) if item[0] == "moved" and item[1] == THIDA]
        assert moved == [
            (
                THIDA,
                "Thursday, 3 December 2026, 12:30 Nay Pyi Taw (UTC+06:30)",
                "Thursday, 3 December 2026, 11:30 Nay Pyi Taw (UTC+06:30)",
            )
        ]
        after.run()
        assert sorted(mail.recipient for mail in after.mailer.accepted) == sorted(PEOPLE)
        for mail in after.mailer.accepted:
            assert mail.method == "REQUEST"
            assert "SEQUENCE:1" in mail.calendar.splitlines()
            assert "RSVP=TRUE" in mail.calendar
        ((actor, detail),) = history(after, "recalculated")
        assert actor == "service"
        assert f"zone data {pinned_zone_data().version} → 2027.1" in detail
        assert "12:30 Nay Pyi Taw (UTC+06:30) → Thursday, 3 December 2026, 11:30 Nay Pyi Taw" in detail
        before = contents(world.database)
        assert after.recalculating.run() == Recalculation(False, (), ())
        assert contents(world.database) == before
        assert settled(after)


def test_a_preview_of_new_rules_leaves_no_trace(world: World, moved_zone: ZoneData) -> None:
    invited(world)
    before = contents(world.database)
    with zone_data(moved_zone):
        after = restarted(world)
        preview = after.recalculating.run(preview=True)
        assert contents(world.database) == before
        assert after.wake_up.notified == 0
        assert after.calendars.versions().outdated == ("SOM-2026",)
        done = after.recalculating.run()
        assert (done.meetings, preview.previewed, done.previewed) == (preview.meetings, True, False)
        assert after.calendars.versions().outdated == ()
        assert after.wake_up.notified == 1


def edited(world: World) -> None:
    update = MeetingUpdate.model_validate({"title": "A new title"})
    world.meetings.update("SOM-2026", update, caller=caller("coordinator"), version=2)


def day_off_entered(world: World) -> None:
    entered(world, "VN", "closed", "2026-11-26")


@pytest.mark.parametrize("first", [edited, day_off_entered])
def test_what_is_planned_before_recalculating_does_not_hide_the_new_instant(
    world: World, moved_zone: ZoneData, first: Callable[[World], None]
) -> None:
    """Another process may plan with the new data before beat begins; what attendees were told counts."""
    invited(world)
    with zone_data(moved_zone):
        after = restarted(world)
        first(after)
        assert after.calendars.versions().outdated == ("SOM-2026",)
        (meeting,) = after.recalculating.run().meetings
        assert meeting.retimed is not None
        assert str(meeting.retimed.was) == "Thursday, 3 December 2026, 15:00 Ha Noi (UTC+08:00)"
        assert words.say(meeting.because[0]).startswith("zone data ")
        assert "2027.1" in words.say(meeting.because[0])
        assert after.recalculating.run().meetings == ()
        assert after.calendars.versions().outdated == ()
        after.run()
        told = {mail.recipient for mail in after.mailer.accepted if mail.method == "REQUEST"}
        assert told == set(PEOPLE)
        assert {row.revision for row in after.rows(K.INVITE)} >= {row_of(after).time_revision}


def update_basis(basis: str) -> Any:
    return update(MeetingRow).values(basis=basis)


def test_a_meeting_that_has_begun_is_not_moved_any_more(world: World, moved_zone: ZoneData) -> None:
    invited(world)
    # By the new rules it began half an hour ago, by the old ones it begins in half an hour.
    world.clock.at = STARTS - timedelta(minutes=30)
    world.run()
    with zone_data(moved_zone):
        after = restarted(world)
        (meeting,) = after.recalculating.run().meetings
        assert meeting.retimed is None
        assert row_of(after).sequence == 0


def test_a_draft_gets_its_instants_and_nobody_is_told(world: World, moved_zone: ZoneData) -> None:
    world.create(timeline="standard")
    with zone_data(moved_zone):
        after = restarted(world)
        (meeting,) = after.recalculating.run().meetings
        row = row_of(after)
        assert (meeting.status, meeting.retimed, meeting.shifts) == ("draft", None, ())
        assert (row.starts_at, row.tzdata, row.version) == (STARTS - timedelta(hours=1), "2027.1", 1)
        assert (row.revision, after.rows()) == (0, [])
        assert after.recalculating.run().meetings == ()


OPTIONS = {"starts": ["2026-12-08 09:00", "2026-12-10 14:00"], "closes": "2026-11-13 17:00"}


def with_poll(world: World) -> None:
    """A draft whose delegations are asked for a date, under the pinned rules."""
    world.create(timeline="standard")
    world.date_polls.open("SOM-2026", DatePollRequest.of(OPTIONS), caller=caller("coordinator"))
    world.run()
    world.mailer.accepted.clear()


def options_of(world: World) -> list[tuple[datetime, datetime]]:
    """Wall time and instant of each option, as stored."""
    with world.database.reading() as session:
        rows = session.scalars(select(DateOptionRow).order_by(DateOptionRow.number)).all()
        return [(row.wall_start, row.starts_at) for row in rows]


WALLS = [datetime(2026, 12, 8, 9), datetime(2026, 12, 10, 14)]  # noqa: DTZ001 - wall times.
OLD_INSTANTS = [datetime(2026, 12, 8, 2, tzinfo=UTC), datetime(2026, 12, 10, 7, tzinfo=UTC)]
NEW_INSTANTS = [datetime(2026, 12, 8, 1, tzinfo=UTC), datetime(2026, 12, 10, 6, tzinfo=UTC)]


def test_new_zone_rules_keep_the_wall_times_of_an_open_date_poll(world: World, moved_zone: ZoneData) -> None:
    with_poll(world)
    assert options_of(world) == list(zip(WALLS, OLD_INSTANTS, strict=True))
    with zone_data(moved_zone):
        after = restarted(world)
        after.recalculating.run(preview=True)
        assert options_of(after) == list(zip(WALLS, OLD_INSTANTS, strict=True))
        (meeting,) = after.recalculating.run().meetings
        assert (meeting.status, meeting.retimed, meeting.shifts) == ("draft", None, ())
        assert options_of(after) == list(zip(WALLS, NEW_INSTANTS, strict=True))
        ((actor, detail),) = history(after, "recalculated")
        assert actor == "service"
        assert detail == (
            f"zone data {pinned_zone_data().version} → 2027.1; 2 dates of the date poll stay at their wall "
            "time, which is now another instant"
        )
        after.run()
        assert after.mailer.accepted == [], "nobody is asked again by that alone"
        assert after.recalculating.run().meetings == ()
        assert len(history(after, "recalculated")) == 1
        after.date_polls.close("SOM-2026", 2, caller=caller("coordinator"))
        assert row_of(after).starts_at == NEW_INSTANTS[1]


def test_a_date_poll_that_new_zone_rules_do_not_concern_is_not_named(
    world: World, moved_zone: ZoneData
) -> None:
    world.create(timeline="standard", host="SG", zone="Asia/Singapore")
    world.date_polls.open("SOM-2026", DatePollRequest.of(OPTIONS), caller=caller("coordinator"))
    before = options_of(world)
    with zone_data(moved_zone):
        after = restarted(world)
        after.recalculating.run()
        assert (row_of(after).tzdata, options_of(after)) == ("2027.1", before)
        assert history(after, "recalculated") == []


@pytest.mark.parametrize("ending", ["choose", "withdraw"])
def test_a_date_poll_that_ends_before_recalculating_says_which_instants_were_meant(
    world: World, moved_zone: ZoneData, ending: str
) -> None:
    """A poll that has ended is shown by its stored instants, which nothing derives anew any more."""
    with_poll(world)
    with zone_data(moved_zone):
        after = restarted(world)
        if ending == "choose":
            after.date_polls.close("SOM-2026", 1, caller=caller("coordinator"))
        else:
            after.date_polls.withdraw("SOM-2026", caller=caller("coordinator"))
        assert options_of(after) == list(zip(WALLS, NEW_INSTANTS, strict=True))
        shown = after.date_polls.show("SOM-2026").options[0].starts
        assert str(shown) == "Tuesday, 8 December 2026, 09:00 Ha Noi (UTC+08:00)"


def test_the_record_of_a_date_poll_that_has_ended_stays(world: World, moved_zone: ZoneData) -> None:
    with_poll(world)
    world.date_polls.withdraw("SOM-2026", caller=caller("coordinator"))
    with zone_data(moved_zone):
        after = restarted(world)
        after.recalculating.run()
        assert options_of(after) == list(zip(WALLS, OLD_INSTANTS, strict=True))


def test_a_zone_that_did_not_change_only_gets_the_new_version(world: World, moved_zone: ZoneData) -> None:
    invited(world, zone="Asia/Singapore", start="2026-12-03 15:00", attendees=[PEOPLE[TAN]])
    with zone_data(moved_zone):
        after = restarted(world)
        (meeting,) = after.recalculating.run().meetings
        assert (meeting.retimed, meeting.shifts) == (None, ())
        assert (row_of(after).sequence, row_of(after).tzdata) == (0, "2027.1")
        assert history(after, "recalculated") == []


def test_new_holiday_data_moves_what_it_concerns(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    invited(world)

    def newer(rule: Any, year: int) -> HolidayYear:
        found = holidays_of(rule, year)
        if (rule.country, year) != ("SG", 2026):
            return found
        return HolidayYear({**found.days, date(2026, 11, 26): Holiday("Polling Day", False)}, found.worked)

    monkeypatch.setattr(workdays, "holidays_of", newer)
    monkeypatch.setattr(planner_module, "holidays_version", lambda: "0.999")
    after = restarted(world)
    found = after.recalculating.run()
    (meeting,) = found.meetings
    assert words.say(meeting.because[0]).endswith(" → 0.999")
    assert words.say(meeting.because[0]).startswith("holiday data ")
    assert moves(found) == [
        (
            "moved",
            TAN,
            "Thursday, 26 November 2026, 09:00 Singapore (UTC+08:00)",
            "Wednesday, 25 November 2026, 09:00 Singapore (UTC+08:00)",
        )
    ]
    assert "Polling Day" in (maybe(meeting.shifts[0].reason) or "")
    assert row_of(after).sequence == 0, "the meeting itself has not changed, so nobody is told"


def test_a_delegations_file_that_was_edited_and_a_plan_from_before_bases_were_recorded(world: World) -> None:
    invited(world)
    after = restarted(world)
    directory = after.directory
    after.directory = directory.model_copy(
        update={
            "delegations": tuple(
                item.model_copy(update={"hours": ()}) if item.code == "MM" else item
                for item in directory.delegations
            )
        }
    )
    found = after.recalculating.run()
    assert words.say(found.meetings[0].because[0]).startswith("delegations file ")
    # Without hours of its own, Myanmar is taken to open at nine.
    assert {item[1] for item in moves(found)} == {THIDA}
    with world.database.transaction() as session:
        session.execute(update_basis(""))
    (meeting,) = world.recalculating.run().meetings
    assert [*map(maybe, meeting.because)] == ["nothing was recorded before"]


def test_one_meeting_that_cannot_be_planned_holds_up_no_other(
    world: World, moved_zone: ZoneData, caplog: pytest.LogCaptureFixture
) -> None:
    invited(world)
    world.meetings.create([definition("GONE", timeline="workshop")], caller=caller("x"))
    world.meetings.publish("GONE", caller=caller("x"))
    with zone_data(moved_zone), caplog.at_level(logging.WARNING):
        after = restarted(world)
        after.timelines = {name: item for name, item in after.timelines.items() if name != "workshop"}
        found = after.recalculating.run()
    assert [item.reference for item in found.meetings] == ["SOM-2026"]
    ((reference, why),) = [(item.reference, maybe(item.why)) for item in found.troubles]
    assert reference == "GONE"
    assert "workshop" in why
    assert "GONE could not be recalculated" in caplog.text


# --- beats


def test_a_beat_brings_plans_up_to_date_when_it_begins(
    world: World, moved_zone: ZoneData, caplog: pytest.LogCaptureFixture
) -> None:
    invited(world)
    with zone_data(moved_zone):
        after = restarted(world)
        with caplog.at_level(logging.INFO):
            (coming,) = after.recalculating.run(preview=True).meetings
            assert "recalculated" not in caplog.text
            after.scheduling.begin()
        assert row_of(after).sequence == 1
        assert (
            f"SOM-2026 was recalculated (zone data {pinned_zone_data().version} → 2027.1): "
            f"{len(coming.shifts)} action(s) moved; attendees are told the new instant"
        ) in caplog.text
        after.scheduling.begin()
        assert row_of(after).sequence == 1


def test_several_beats_that_begin_at_once_do_it_once(world: World, moved_zone: ZoneData) -> None:
    invited(world)
    with zone_data(moved_zone):
        beats = [restarted(world) for _ in range(3)]
        together_now = Barrier(len(beats))

        def begin(beat: World) -> None:
            together_now.wait()
            beat.scheduling.begin()

        with ThreadPoolExecutor(len(beats)) as pool:
            list(pool.map(begin, beats))
        assert (row_of(world).sequence, row_of(world).revision) == (1, 2)
        assert len(history(beats[0], "recalculated")) == 1
        pending = [row for row in world.rows(K.INVITE) if row.state != ActionState.SUCCEEDED]
        assert len(pending) == 3


def test_an_error_does_not_keep_a_beat_from_beginning(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(store, "planned", fail)
    with caplog.at_level(logging.ERROR):
        world.scheduling.begin()
    assert world.states(K.READ_MAILBOX) == ["scheduled"], "the mailbox is read all the same"
    assert "orchestrator calendar recalculate" in caplog.text


# --- at the same time (PostgreSQL only; SQLite has one writer at a time)


def test_no_meeting_is_published_past_an_override(
    postgres: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, other = World(postgres, tmp_path), World(postgres, tmp_path)
    world.create(timeline="standard")
    has_planned, may_commit = Event(), Event()
    replan = world.planner.replan

    def slow(*given: Any, **beside: Any) -> Reconciliation:
        found = replan(*given, **beside)
        has_planned.set()
        assert may_commit.wait(15)
        return found

    monkeypatch.setattr(world.planner, "replan", slow)
    with ThreadPoolExecutor(2) as pool:
        publishing = pool.submit(world.meetings.publish, "SOM-2026", caller=caller("coordinator"))
        assert has_planned.wait(15)
        entering = pool.submit(entered, other, "VN", "closed", "2026-11-26")
        until(lambda: waiting_for_a_lock(postgres), "the override to wait for the plan")
        may_commit.set()
        publishing.result()
        with pytest.raises(Conflict, match="published or ended at this very moment"):
            entering.result()
    assert moves(entered(other, "VN", "closed", "2026-11-26")) == [("moved", NHUNG, THURSDAY, WEDNESDAY)]
