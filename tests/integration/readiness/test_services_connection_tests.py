"""The times of connection tests: moved, told and kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.delegations.overrides import NewOverride
from orchestrator.services.delegations.views import CalendarChange
from orchestrator.services.readiness.connection_tests import ConnectionTestMove
from orchestrator.words import maybe, say
from tests.callers import caller
from tests.integration.conftest import NHUNG, TAN, THIDA, World, contents
from tests.integration.readiness.board import CHASING, LAN, STAFF, history, meeting, recipients, row


def mails(world: World, purpose: str, email: str) -> list[EmailMessage]:
    ids = {item.message_id for item in world.deliveries() if item.purpose == purpose}
    return [mail.message for mail in world.mailer.to(email) if mail.message["Message-ID"] in ids]


# Rehearsal slots


def moved(world: World, code: str, start: str, *, dry_run: bool = False) -> Sequence[Any]:
    move = ConnectionTestMove.of(start)
    return world.connection_tests.move(
        "SOM-2026", code, move, caller=caller("console"), dry_run=dry_run
    ).consequences


def rehearsals(world: World) -> list[str]:
    return recipients(world, "connection-test")


def test_each_delegation_has_a_slot_in_its_own_time(published: World) -> None:
    slots = {item.delegation: item for item in published.readiness.connection_tests("SOM-2026")}
    assert set(slots) == {"MM", "SG", "VN"}
    starts = [item.host_starts.clock for item in published.readiness.connection_tests("SOM-2026")]
    assert starts == sorted(starts)
    yangon = slots["MM"]
    assert (yangon.starts.city, yangon.starts.offset) == ("Nay Pyi Taw", "UTC+06:30")
    assert row(published, "MM").connection_test == yangon


def test_a_slot_that_nobody_knows_yet_moves_in_silence(published: World) -> None:
    before = contents(published.database)
    assert moved(published, "VN", "2026-12-02 15:00", dry_run=True) == ()
    assert contents(published.database) == before
    assert moved(published, "vn", "2026-12-02 15:00") == ()
    slot = row(published, "VN").connection_test
    assert slot is not None
    assert (slot.starts.clock, slot.ends.clock, maybe(slot.note)) == ("15:00", "15:15", None)
    published.clock.at = datetime(2026, 11, 30, 5, tzinfo=UTC)
    published.run()
    assert sorted(rehearsals(published)) == sorted([THIDA, TAN, LAN, NHUNG])
    body = mails(published, "connection-test", LAN)[0].get_body(("plain",))
    assert body is not None
    assert "15:00" in body.get_content()
    detail = "Viet Nam: Wednesday, 2 December 2026, 15:00 Ha Noi (UTC+07:00)"
    assert history(published, "connectivity test moved") == [("console", detail)]


def test_a_slot_that_was_told_is_told_again_at_once_each_time(published: World) -> None:
    published.clock.at = datetime(2026, 11, 30, 5, tzinfo=UTC)
    published.run()
    told = len(rehearsals(published))
    for clock in ("15:00", "15:30"):
        expected = moved(published, "VN", f"2026-12-02 {clock}", dry_run=True)
        assert [item.recipient_email for item in expected] == [NHUNG, LAN]
        assert moved(published, "VN", f"2026-12-02 {clock}") == expected
        published.run()
    assert sorted(rehearsals(published)[told:]) == sorted([LAN, NHUNG] * 2)
    again = mails(published, "connection-test", LAN)
    assert len({message["Message-ID"] for message in again}) == 3
    body = again[-1].get_body(("plain",))
    assert body is not None
    assert "15:30" in body.get_content()
    # Moved twice before anybody could be told, it is told once.
    moved(published, "VN", "2026-12-02 16:00")
    moved(published, "VN", "2026-12-02 16:15")
    published.run()
    assert len(rehearsals(published)) == told + 6
    assert moved(published, "VN", "2026-12-02 16:15") == ()


def test_planning_again_changes_nothing_about_a_moved_slot(published: World) -> None:
    published.clock.at = datetime(2026, 11, 30, 5, tzinfo=UTC)
    published.run()
    moved(published, "VN", "2026-12-02 15:00")
    published.run()
    before = contents(published.database)
    with published.database.transaction() as session:
        result = published.planner.replan(session, meeting(published), published.clock.now())
    assert result.changes_nothing
    assert contents(published.database) == before


def test_a_slot_that_was_moved_goes_with_the_time_of_the_meeting(published: World) -> None:
    published.clock.at = datetime(2026, 11, 30, 5, tzinfo=UTC)
    published.run()
    moved(published, "VN", "2026-12-02 15:00")
    change = MeetingUpdate.model_validate({"start": "2026-12-10 14:00"})
    published.meetings.update(
        "SOM-2026",
        change,
        caller=caller("console"),
        version=meeting(published).version,
        reason="The Chair is ill.",
    )
    assert {item.starts_at.day for item in meeting(published).connection_tests} == {9}
    published.clock.at = datetime(2026, 12, 7, 5, tzinfo=UTC)
    published.run()
    count = len(rehearsals(published))
    moved(published, "VN", "2026-12-09 15:00")
    published.run()
    assert sorted(rehearsals(published)[count:]) == sorted([LAN, NHUNG])


def test_a_slot_outside_office_hours_says_so(published: World) -> None:
    moved(published, "SG", "2026-12-02 19:00")
    slot = row(published, "SG").connection_test
    assert slot is not None
    assert maybe(slot.note) == "outside the office hours of Singapore and Viet Nam"


def close(world: World, code: str, day: str, *, dry_run: bool = False) -> CalendarChange:
    off = NewOverride.of({"kind": "closed", "first": day, "name": "Mourning", "why": "Announced"})
    return world.calendars.enter(code, off, caller=caller("console"), dry_run=dry_run)


def moved_tests(change: CalendarChange) -> dict[str, str]:
    """When the tests of delegations are by now that were at another time before, in their own time."""
    return {
        item.delegation: f"{item.when.day} {item.when.clock}"
        for one in change.meetings
        for item in one.shifts
        if item.effect == "moved" and item.recipient_email is None and item.delegation and item.when
    }


def test_a_day_off_of_the_host_moves_all_tests_to_its_day_before(published: World) -> None:
    """Nobody had been told the old slots, so nobody is told that they have moved."""
    assert {item.starts_at.day for item in meeting(published).connection_tests} == {2}
    before = contents(published.database)
    expected = close(published, "VN", "2026-12-02", dry_run=True)
    assert contents(published.database) == before
    done = close(published, "VN", "2026-12-02")
    assert moved_tests(done) == moved_tests(expected)
    assert set(moved_tests(done)) == {"MM", "SG", "VN"}
    assert {item.starts_at.day for item in meeting(published).connection_tests} == {1}
    assert {maybe(item.note) for item in meeting(published).connection_tests} == {None}
    published.run()
    assert rehearsals(published) == []
    (_, detail), *_ = history(published, "calendar changed")
    assert detail is not None
    assert "Time of the connectivity test of MM: Wednesday, 2 December 2026" in detail


def test_whoever_was_told_a_slot_that_other_hours_move_is_told_the_new_one_at_once(published: World) -> None:
    published.clock.at = datetime(2026, 11, 30, 5, tzinfo=UTC)
    published.run()
    told = len(rehearsals(published))
    afternoon = {
        "kind": "hours",
        "first": "2026-12-02",
        "hours": ["15:00-17:00"],
        "name": "Power cut",
        "why": "Said",
    }
    published.calendars.enter("SG", NewOverride.of(afternoon), caller=caller("console"))
    published.run()
    assert rehearsals(published)[told:] == [TAN]
    slot = row(published, "SG").connection_test
    assert slot is not None
    # Not in the first hour of the office.
    assert (slot.starts.clock, maybe(slot.note)) == ("16:00", None)
    before = contents(published.database)
    with published.database.transaction() as session:
        assert published.planner.replan(session, meeting(published), published.clock.now()).changes_nothing
    assert contents(published.database) == before


def alerts(world: World) -> list[str]:
    """What the coordinator was told at once of days off."""
    world.run()
    return [
        " ".join(body.get_content().split())
        for mail in world.mailer.to("coordinator@vn.example.org")
        if "day off" in mail.subject or "trùng ngày nghỉ" in mail.subject
        for body in [mail.message.get_body(("plain",))]
        if body is not None
    ]


def test_a_day_off_moves_the_slot_tells_the_delegation_once_and_the_coordinator_at_once(
    published: World,
) -> None:
    published.clock.at = datetime(2026, 11, 30, 5, tzinfo=UTC)
    published.run()
    told = len(rehearsals(published))
    expected = close(published, "SG", "2026-12-02", dry_run=True)
    done = close(published, "SG", "2026-12-02")
    assert moved_tests(done) == moved_tests(expected)
    published.run()
    assert rehearsals(published)[told:] == [TAN]
    slot = row(published, "SG").connection_test
    assert slot is not None
    assert (str(slot.starts.day), maybe(slot.note)) == ("2026-12-01", None)
    (alert,) = alerts(published)
    assert "The connection test of Singapore was on a day that is off now" in alert
    assert "and has moved" in alert
    assert "Nobody else has been told" not in alert
    # Another day off that does not concern the slot tells nobody anything, nor does planning again.
    close(published, "MM", "2026-12-30")
    with published.database.transaction() as session:
        assert published.planner.replan(session, meeting(published), published.clock.now()).changes_nothing
    assert alerts(published) == [alert]
    assert rehearsals(published)[told:] == [TAN]


def test_a_day_off_that_leaves_no_day_for_a_slot_takes_it_away_and_alerts_the_coordinator(
    published: World,
) -> None:
    published.clock.at = datetime(2026, 12, 1, 15, 30, tzinfo=UTC)
    published.run()
    close(published, "SG", "2026-12-02")
    assert row(published, "SG").connection_test is None
    (alert,) = alerts(published)
    assert "No day is left for the connection test of Singapore" in alert


def test_the_tests_of_a_som_lie_before_its_preparatory_meeting(world: World) -> None:
    """The preparatory meeting takes place on 2 December 2026, the SOM on the day after."""
    world.timelines = {**world.timelines, "chasing": CHASING}
    world.create(timeline="chasing", attendees=STAFF, preparatory=True)
    world.meetings.publish("SOM-2026-PREP", caller=caller("console"))
    world.meetings.publish("SOM-2026", caller=caller("console"))
    assert {str(item.starts.day) for item in world.readiness.connection_tests("SOM-2026")} == {"2026-12-01"}
    with world.database.transaction() as session:
        assert world.planner.replan(session, meeting(world), world.clock.now()).changes_nothing
    # Once the preparatory meeting has begun, whoever has no test yet can still have one before the SOM.
    world.clock.at = datetime(2026, 12, 2, 7, 30, tzinfo=UTC)
    with world.database.transaction() as session:
        world.planner.replan(session, meeting(world), world.clock.now())
    assert {item.starts_at.day for item in meeting(world).connection_tests} == {1}


def test_who_publishes_is_told_of_delegations_without_a_day_for_a_test(world: World) -> None:
    for day in ("2026-11-26", "2026-11-27", "2026-11-30", "2026-12-01", "2026-12-02"):
        close(world, "SG", day)
    world.create(timeline="som", attendees=STAFF)
    world.clock.at = datetime(2026, 11, 2, 5, tzinfo=UTC)
    seen = world.meetings.publish("SOM-2026", caller=caller("console"), save_the_date=False, dry_run=True)
    assert any(
        say(item).startswith("SOM-2026: no connectivity test for Singapore: ") for item in seen.warnings
    )


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ("2026-12-03 13:50", "leaves no time before the meeting"),
        ("2026-10-30 10:00", "has gone by"),
        ("tomorrow", "is not a wall time"),
    ],
)
def test_a_slot_that_cannot_be_is_refused(published: World, start: str, message: str) -> None:
    before = contents(published.database)
    with pytest.raises(InvalidInput, match=message):
        moved(published, "VN", start)
    assert contents(published.database) == before


def test_two_slots_never_overlap(published: World) -> None:
    moved(published, "SG", "2026-12-02 15:00")
    for start in ("14:50", "15:00", "15:14"):
        with pytest.raises(InvalidInput, match="overlaps the test of Singapore, 15:00–15:15"):
            moved(published, "VN", f"2026-12-02 {start}")
    moved(published, "VN", "2026-12-02 15:15")


def test_a_meeting_without_a_test_has_no_slot_to_move(world: World) -> None:
    world.invited(attendees=STAFF)
    with pytest.raises(Conflict, match="has no connectivity test of VN"):
        moved(world, "VN", "2026-12-02 15:00")
