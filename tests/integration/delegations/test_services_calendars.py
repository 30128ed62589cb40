"""Days off and other hours that are declared after the invitations went out, and their previews."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.errors import Conflict
from orchestrator.services.delegations.views import override_fact
from orchestrator.services.timelines.moves import together
from orchestrator.store.delegations import overrides as calendar_store
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    NHUNG,
    NOW,
    PEOPLE,
    TAN,
    THIDA,
    World,
    contents,
)
from tests.integration.delegations.calendar_changes import (
    P7D,
    THURSDAY,
    WEDNESDAY,
    K,
    entered,
    history,
    invited,
    moves,
    planned,
    restarted,
    settled,
)
from tests.saying import said

# --- a day off declared after the invitations went out


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
    preview = entered(world, "VN", **RAMADAN, hours=["10:00-15:00"], days=["thu", "mon"], dry_run=True)
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
    assert words in said(override_fact(change.override))
    assert world.calendars.overrides("VN")[0].days == kept
    with world.database.reading() as session:
        assert [item.days for item in calendar_store.overrides(session)] == [kept]


def test_of_a_single_day_the_weekday_is_not_said_twice(world: World) -> None:
    change = entered(world, "VN", "hours", "2026-11-27", hours=["10:00-15:00"], days=["fri"])
    assert said(override_fact(change.override)) == (
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
    world.meetings.cancel("HOSTED", caller=caller("coordinator"), reason="The Chair is ill.")
    assert entered(world, "TH", "closed", "2026-11-23").looked_at == 0
    world.clock.at = ENDS
    world.run()
    assert world.reading.meeting("SOM-2026").status == "concluded"
    assert entered(world, "VN", "closed", "2026-12-24").looked_at == 0


def test_somebody_removed_no_longer_counts(world: World) -> None:
    invited(world)
    update = MeetingUpdate.model_validate({"attendees": [PEOPLE[NHUNG], PEOPLE[TAN]]})
    world.meetings.update("SOM-2026", update, caller=caller("x"), version=2, reason="The Chair is ill.")
    assert entered(world, "MM", "closed", "2026-11-26").looked_at == 0


# --- previews


def test_a_preview_changes_nothing_and_says_what_doing_it_does(world: World) -> None:
    invited(world)
    before, woken = contents(world.database), world.wake_up.notified
    preview = entered(world, "VN", "closed", "2026-11-26", dry_run=True)
    assert contents(world.database) == before
    assert world.wake_up.notified == woken
    assert (preview.previewed, preview.override.id) == (True, None)
    done = entered(world, "VN", "closed", "2026-11-26")
    assert (done.meetings, done.looked_at) == (preview.meetings, preview.looked_at)
    assert world.wake_up.notified == woken + 1
    before = contents(world.database)
    assert done.override.id is not None
    back = world.calendars.withdraw(done.override.id, caller=caller("x"), dry_run=True)
    assert contents(world.database) == before
    assert moves(back) == [("moved", NHUNG, WEDNESDAY, THURSDAY)]


def test_what_was_only_previewed_is_in_nobody_s_plan(world: World) -> None:
    """SQLite gives the number of a rolled-back row to the next one."""
    invited(world)
    entered(world, "VN", "closed", "2026-11-26", dry_run=True)
    other = restarted(world)
    entered(other, "SG", "closed", "2026-11-27")
    assert settled(world), "this process plans with what the other one entered, not with its own preview"
    assert world.calendars.show("VN", date(2026, 11, 26), date(2026, 11, 26)).days[0].working
    assert not world.calendars.show("SG", date(2026, 11, 27), date(2026, 11, 27)).days[0].working
