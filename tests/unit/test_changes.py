"""What an update says has changed."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.domain.changes import Difference, Snapshot, differences
from orchestrator.domain.meeting import AgendaEntry, Conference, Meeting
from orchestrator.domain.zones import Place

HA_NOI = Place("Asia/Ho_Chi_Minh", "Ha Noi")
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)
OLD = Snapshot(
    1, "SOM", STARTS, STARTS + timedelta(hours=3), "https://meet.example.org/1", ("Opening", "Report")
)


def test_nothing_changed_gives_nothing_to_tell() -> None:
    assert differences(OLD, replace(OLD, revision=2), HA_NOI) == []


def test_a_new_time_is_told_as_it_reads_at_the_recipient_s() -> None:
    new = replace(OLD, starts_at=STARTS + timedelta(days=1), ends_at=STARTS + timedelta(days=1, hours=2))
    assert differences(OLD, new, HA_NOI) == [
        Difference(
            "Time",
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


def test_title_link_and_agenda_are_told_old_and_new_in_a_fixed_order() -> None:
    new = replace(OLD, title="SOM 21", join_url="https://meet.example.org/2", agenda=("Opening",))
    assert differences(OLD, new, HA_NOI) == [
        Difference("Title", "SOM", "SOM 21"),
        Difference("Join link", "https://meet.example.org/1", "https://meet.example.org/2"),
        Difference("Agenda", "1. Opening; 2. Report", "1. Opening"),
    ]


def test_the_first_link_is_no_change_and_an_agenda_may_come_and_go() -> None:
    assert differences(replace(OLD, join_url=None), OLD, HA_NOI) == []
    assert differences(OLD, replace(OLD, join_url=None), HA_NOI) == []
    assert differences(replace(OLD, agenda=()), OLD, HA_NOI) == [
        Difference("Agenda", "none", "1. Opening; 2. Report")
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
        agenda=(AgendaEntry(1, "Opening"), AgendaEntry(2, "Report", "Báo cáo", "VN")),
    )
    assert Snapshot.of(meeting) == OLD
