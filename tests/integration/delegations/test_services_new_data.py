"""New versions of holidays and zones: what rests on older ones is told and moved."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.delegations import working_calendar as workdays
from orchestrator.domain.delegations.public_holidays import Holiday, HolidayYear, holidays_of
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.time.zones import ZoneData, pinned_zone_data, zone_data
from orchestrator.services.dates.date_polls import DatePollRequest
from orchestrator.services.timelines import planner as planner_module
from orchestrator.services.timelines.recalculating import Recalculation
from orchestrator.store.rows.dates import DateOptionRow
from orchestrator.store.rows.meetings import MeetingRow
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    NHUNG,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
    contents,
    definition,
)
from tests.integration.delegations.calendar_changes import (
    P7D,
    PT1H,
    K,
    entered,
    history,
    invited,
    moves,
    planned,
    restarted,
    row_of,
    settled,
)


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
            text = mail.message.get_body(("plain",))
            assert text is not None
            assert "The clocks of Ha Noi follow new rules" in text.get_content()
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
        preview = after.recalculating.run(dry_run=True)
        assert contents(world.database) == before
        assert after.wake_up.notified == 0
        assert after.calendars.versions().outdated == ("SOM-2026",)
        done = after.recalculating.run()
        assert (done.meetings, preview.previewed, done.previewed) == (preview.meetings, True, False)
        assert after.calendars.versions().outdated == ()
        assert after.wake_up.notified == 1


def edited(world: World) -> None:
    update = MeetingUpdate.model_validate({"title": "A new title"})
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=2, reason="The Chair is ill."
    )


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
        after.recalculating.run(dry_run=True)
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
    """A poll that has ended is shown by its stored instants, which nothing derives again any more."""
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
