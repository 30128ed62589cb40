"""What an update says has changed."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.domain.meetings import changes
from orchestrator.domain.meetings.changes import Difference, Snapshot, What
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.meeting import AgendaEntry, Meeting
from orchestrator.domain.time.zones import Place
from orchestrator.words import say

HA_NOI = Place("Asia/Ho_Chi_Minh", "Ha Noi")
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)
OLD = Snapshot(
    revision=1,
    title="SOM",
    title_vi="Hội nghị",
    tentative=False,
    coordinator="K <k@vn.example.org>",
    starts_at=STARTS,
    ends_at=STARTS + timedelta(hours=3),
    join_url="https://meet.example.org/1",
    agenda=("Opening", "Report (VN)"),
)
NEXT_DAY = replace(OLD, starts_at=STARTS + timedelta(days=1), ends_at=STARTS + timedelta(days=1, hours=2))


def differences(old: Snapshot, new: Snapshot, place: Place) -> list[Difference]:
    """What changed, as it is read in English."""
    found = changes.differences(old, new, place)
    return [replace(item, old=say(item.old), new=say(item.new)) for item in found]


def test_nothing_changed_gives_nothing_to_tell() -> None:
    assert differences(OLD, replace(OLD, revision=2), HA_NOI) == []


def test_a_new_time_is_told_as_it_reads_at_the_recipient_s() -> None:
    assert differences(OLD, NEXT_DAY, HA_NOI) == [
        Difference(
            What.TIME,
            "Thursday, 3 December 2026, 14:00–17:00 Ha Noi (UTC+07:00)",
            "Friday, 4 December 2026, 14:00–16:00 Ha Noi (UTC+07:00)",
        )
    ]


def test_a_new_end_alone_is_a_new_time() -> None:
    (found,) = differences(OLD, replace(OLD, ends_at=OLD.ends_at + timedelta(minutes=30)), HA_NOI)
    assert found.new == "Thursday, 3 December 2026, 14:00–17:30 Ha Noi (UTC+07:00)"


def test_a_time_over_midnight_or_over_a_change_of_clocks_names_both_ends_whole() -> None:
    starts = datetime(2026, 10, 3, 13, tzinfo=UTC)
    new = replace(OLD, starts_at=starts, ends_at=starts + timedelta(hours=6))
    (found,) = differences(OLD, new, Place("Australia/Sydney", "Canberra"))
    assert found.new == (
        "Saturday, 3 October 2026, 23:00 Canberra (UTC+10:00) – "
        "Sunday, 4 October 2026, 06:00 Canberra (UTC+11:00)"
    )


def test_everything_else_is_told_old_and_new_in_the_order_of_its_weight() -> None:
    new = replace(
        OLD,
        title="SOM 21",
        title_vi=None,
        join_url="https://meet.example.org/2",
        agenda=("Opening",),
        coordinator="L <l@vn.example.org>",
    )
    assert differences(replace(OLD, tentative=True), new, HA_NOI) == [
        Difference(What.STATUS, "Save the date", "Confirmed"),
        Difference(What.TITLE, "SOM", "SOM 21"),
        Difference(What.TITLE_VI, "Hội nghị", "none"),
        Difference(What.LINK, "https://meet.example.org/1", "https://meet.example.org/2"),
        Difference(What.AGENDA, "1. Opening; 2. Report (VN)", "1. Opening"),
        Difference(What.COORDINATOR, "K <k@vn.example.org>", "L <l@vn.example.org>"),
    ]


def test_a_save_the_date_that_is_confirmed_with_its_first_link_says_so_and_nothing_else() -> None:
    told = replace(OLD, tentative=True, join_url=None)
    assert differences(told, OLD, HA_NOI) == [Difference(What.STATUS, "Save the date", "Confirmed")]


def test_the_same_instants_read_in_each_recipient_s_own_place() -> None:
    new = replace(OLD, starts_at=STARTS + timedelta(hours=1), ends_at=OLD.ends_at + timedelta(hours=1))
    (found,) = differences(OLD, new, Place("Asia/Yangon", "Nay Pyi Taw"))
    assert (found.old, found.new) == (
        "Thursday, 3 December 2026, 13:30–16:30 Nay Pyi Taw (UTC+06:30)",
        "Thursday, 3 December 2026, 14:30–17:30 Nay Pyi Taw (UTC+06:30)",
    )


def test_the_first_link_is_no_change_and_an_agenda_may_come_and_go() -> None:
    assert differences(replace(OLD, join_url=None), OLD, HA_NOI) == []
    assert differences(OLD, replace(OLD, join_url=None), HA_NOI) == []
    assert differences(replace(OLD, agenda=()), OLD, HA_NOI) == [
        Difference(What.AGENDA, "none", "1. Opening; 2. Report (VN)")
    ]


def test_a_snapshot_holds_what_attendees_are_told() -> None:
    meeting = Meeting(
        id=1,
        reference="SOM",
        programme=None,
        kind="som",
        title_en="SOM",
        title_vi="Hội nghị",
        host="VN",
        coordinator_name="K",
        coordinator_email="k@vn.example.org",
        wall_start=datetime(2026, 12, 3, 14),
        zone="Asia/Ho_Chi_Minh",
        duration=timedelta(hours=3),
        timeline="standard",
        conference=Conference("x", join_url="https://meet.example.org/1"),
        revision=1,
        agenda=(AgendaEntry("Opening", number=1), AgendaEntry("Report", "Báo cáo", "VN", number=2)),
    )
    wall = {"wall_start": datetime(2026, 12, 3, 14), "zone": "Asia/Ho_Chi_Minh"}
    assert Snapshot.of(meeting) == replace(OLD, **wall)


def test_new_rules_of_a_zone_leave_its_own_wall_time_and_name_the_offset() -> None:
    """Told as 14:00 at UTC+07:00; by the rules of today the same wall time is another instant."""
    now = replace(OLD, wall_start=datetime(2026, 12, 3, 14), zone="Asia/Ho_Chi_Minh")
    told = replace(
        now,
        starts_at=STARTS - timedelta(hours=1),
        ends_at=OLD.ends_at - timedelta(hours=1),
    )
    new = replace(now, revision=2)
    (found,) = differences(told, new, HA_NOI)
    assert found == Difference(
        What.TIME,
        "Thursday, 3 December 2026, 14:00–17:00 Ha Noi (UTC+08:00)",
        "Thursday, 3 December 2026, 14:00–17:00 Ha Noi (UTC+07:00)",
    )
