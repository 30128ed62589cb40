"""Meetings made before an upgrade go on after it, and the way back."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import MeetingStatus, Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from tests.callers import caller
from tests.integration.conftest import NHUNG, NOW, PEOPLE, STARTS, TAN, THIDA, World
from tests.integration.operations.old_database import (
    GONE,
    PUBLISHED,
    RETITLED,
    UID,
    config_on,
    tables,
)

pytestmark = pytest.mark.both_databases
K = ActionKind


# --- life goes on


@pytest.fixture
def world(upgraded: Database, tmp_path: Path) -> World:
    """The service on a database that was filled before the upgrade."""
    return World(upgraded, tmp_path / "data")


def change(world: World, version: int, **fields: Any) -> None:
    update = MeetingUpdate.model_validate(fields)
    world.meetings.update(
        "SOM-2026",
        update,
        caller=caller("coordinator"),
        version=version,
        linked="keep",
        reason="The Chair is ill.",
    )


def sequence_of(mail: Any) -> str:
    return next(line for line in mail.calendar.splitlines() if line.startswith("SEQUENCE"))


def test_planning_after_an_upgrade_changes_nothing_that_was_told(world: World) -> None:
    with world.database.transaction() as session:
        result = world.planner.replan(session, store.load(session, 1, lock=True), NOW)
    told = {K.INVITE, K.CANCEL, K.CONFERENCE}
    assert [item for item in result.inserts if item.obligation.kind in told] == []
    world.run()
    assert world.mailer.accepted == [], "an upgrade sends nothing"


def test_a_meeting_published_before_an_upgrade_can_be_moved(world: World) -> None:
    change(world, 4, start="2026-12-04 14:00")
    world.run()
    assert [(mail.recipient, mail.method) for mail in world.mailer.accepted] == [
        (THIDA, "REQUEST"),
        (TAN, "REQUEST"),
        (NHUNG, "REQUEST"),
    ]
    first = world.mailer.accepted[0]
    assert (sequence_of(first), f"UID:{UID}" in first.calendar) == ("SEQUENCE:3", True)
    assert first.message["References"] == "<1@accsm.example>"
    assert "PARTSTAT=NEEDS-ACTION" in first.calendar
    assert world.reading.meeting("SOM-2026").answers == {"no answer": 3}


def test_the_first_update_after_an_upgrade_names_only_what_changed(world: World) -> None:
    change(world, 4, start="2026-12-04 14:00")
    world.run()
    subject = world.mailer.to(NHUNG)[0].subject
    assert subject.startswith("Giờ họp mới: "), subject


def test_people_come_and_go_after_an_upgrade(world: World) -> None:
    again = {"group": "SOM", "delegation": "MM", "name": "Zaw Lin", "email": GONE}
    change(world, 4, attendees=[PEOPLE[THIDA], PEOPLE[TAN], again])
    world.run()
    assert [(mail.recipient, mail.method, sequence_of(mail)) for mail in world.mailer.accepted] == [
        (NHUNG, "CANCEL", "SEQUENCE:3"),
        (GONE, "REQUEST", "SEQUENCE:3"),
    ]


def test_a_meeting_published_before_an_upgrade_can_be_cancelled(world: World) -> None:
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.run()
    assert [(mail.recipient, mail.method) for mail in world.mailer.accepted] == [
        (THIDA, "CANCEL"),
        (TAN, "CANCEL"),
        (NHUNG, "CANCEL"),
    ]
    assert {sequence_of(mail) for mail in world.mailer.accepted} == {"SEQUENCE:3"}


def test_reminders_planned_before_an_upgrade_still_go(world: World) -> None:
    world.clock.at = STARTS - timedelta(days=1)
    world.run()
    reminders = ("Reminder:", "Nhắc lịch họp:")
    reminded = {mail.recipient for mail in world.mailer.accepted if mail.subject.startswith(reminders)}
    assert reminded == {THIDA, NHUNG}, "who declined gets none"


def test_answers_to_a_meeting_published_before_an_upgrade_are_recorded(world: World) -> None:
    world.answers.answer("SOM-2026", TAN, Participation.ACCEPTED, caller=caller("telephone"))
    assert world.reading.meeting("SOM-2026").answers == {"accepted": 2, "no answer": 1}
    assert {row.state for row in world.rows(K.REMIND) if row.attendee_id == 2} == {"scheduled"}


def test_a_draft_made_before_an_upgrade_can_be_published(world: World) -> None:
    person = {"group": "SOM", "delegation": "SG", "name": "Tan Hui Shan", "email": TAN}
    update = MeetingUpdate.model_validate({"attendees": [person]})
    world.meetings.update("M-2", update, caller=caller("coordinator"), version=4, reason="The Chair is ill.")
    world.meetings.publish("M-2", caller=caller("coordinator"))
    world.run()
    assert [(mail.recipient, mail.method) for mail in world.mailer.accepted] == [(TAN, "REQUEST")]


def test_the_mailbox_is_polled_after_an_upgrade(world: World) -> None:
    world.scheduling.begin()
    world.mailbox.arrive(b"Subject: hello\r\n\r\nhello\r\n")
    world.run()
    assert world.mailbox.inbox == {}
    assert len(tables(world.database)["incoming_mail"]) == 1


# --- and back


def test_a_database_with_new_things_in_it_can_be_taken_back(upgraded: Database, tmp_path: Path) -> None:
    """What the old schema cannot hold goes; everything else stays."""
    world = World(upgraded, tmp_path / "data")
    world.scheduling.begin()
    world.answers.send_again("SOM-2026", THIDA, caller=caller("coordinator"))
    with upgraded.transaction() as session:
        session.execute(text("UPDATE attendee SET nudges = 1 WHERE id = 3"))
        world.planner.replan(session, store.load(session, 1, lock=True), NOW)
    world.run()
    assert {"again", "chaser"} <= {row["purpose"] for row in tables(upgraded)["delivery"]}
    with upgraded.transaction() as session:
        session.execute(text("UPDATE delivery SET state = 'bounced' WHERE id = 2"))
        session.execute(text("UPDATE attendee SET participation = 'DELEGATED' WHERE id = 3"))
    with upgraded.migrating() as connection:
        command.downgrade(config_on(connection), "0001")
        connection.commit()
    after = tables(upgraded)
    assert {row["id"] for row in after["attendee"]} == {1, 2, 3, 4}
    assert {row["kind"] for row in after["action"]}.isdisjoint({"poll", "resend", "chase"})
    assert {row["id"] for row in after["delivery"]} == {1, 3, 4, 5, 6, 7, 8}
    upgraded.upgrade()
    with upgraded.reading() as session:
        assert store.load(session, 1).status is MeetingStatus.PUBLISHED


def test_an_instant_stays_the_same_instant(upgraded: Database) -> None:
    with upgraded.reading() as session:
        found = store.load(session, 1)
    assert (found.revised_at, found.published_at) == (RETITLED, PUBLISHED)
    assert found.revised_at is not None
    assert found.revised_at.tzinfo is UTC
