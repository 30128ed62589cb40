"""Nobody is invited under an address of the service itself, whichever door the address comes through."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from orchestrator.domain.definitions.edits import Correct, Intent, Invite, MeetingUpdate
from orchestrator.domain.definitions.written import Invitee
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.store.rows.meetings import AttendeeRow, MeetingRow
from tests.callers import caller
from tests.integration.conftest import NHUNG, PEOPLE, World, definition
from tests.integration.serving import TestClient, application

SPELLINGS = ["meetings@accsm.example", "Meetings@ACCSM.Example", "meetings+42-abc@accsm.example"]
WHO = caller("coordinator")


def person(email: str) -> dict[str, Any]:
    return {"group": "SOM", "delegation": "VN", "name": "Mai", "email": email}


@pytest.mark.parametrize("email", SPELLINGS)
def test_not_in_a_meeting_file(world: World, email: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        world.create(attendees=[PEOPLE[NHUNG], person(email)], coordinator={"name": "Desk", "email": email})
    assert [item.field for item in refused.value.problems] == ["coordinator.email", "attendees[1].email"]
    assert all("own address" in item.remedy for item in refused.value.problems)


@pytest.mark.parametrize("email", SPELLINGS)
def test_not_with_the_second_of_two_meetings_in_one_file(world: World, email: str) -> None:
    both = [definition(), definition("SOM-2027", attendees=[person(email)])]
    with pytest.raises(InvalidInput) as refused:
        world.meetings.create(both, caller=WHO)
    assert [item.field for item in refused.value.problems] == ["meetings[1].attendees[0].email"]


@pytest.mark.parametrize("email", SPELLINGS)
def test_not_by_a_change(world: World, email: str) -> None:
    world.create()
    changes = [
        {"attendees": [person(email)]},
        {"coordinator": {"name": "Desk", "email": email}},
    ]
    for change in changes:
        with pytest.raises(InvalidInput, match="the mailbox of this service"):
            world.meetings.update(
                "SOM-2026",
                MeetingUpdate.model_validate(change),
                caller=WHO,
                version=1,
                reason="The Chair is ill.",
            )
    intents: list[Intent] = [Correct(NHUNG, {"email": email}), Invite(Invitee.model_validate(person(email)))]
    for intent in intents:
        with pytest.raises(InvalidInput, match="the mailbox of this service"):
            world.meetings.edit("SOM-2026", intent, caller=WHO, reason="The Chair is ill.")


def test_not_under_the_mailbox_that_the_meeting_was_announced_from(world: World) -> None:
    world.published()
    with world.database.transaction() as session:
        session.execute(update(MeetingRow).values(organizer="older@accsm.example"))
    change = MeetingUpdate.model_validate({"attendees": [person("older+1@accsm.example")]})
    version = world.reading.meeting("SOM-2026").version
    with pytest.raises(InvalidInput, match="the mailbox of this service"):
        world.meetings.update("SOM-2026", change, caller=WHO, version=version, reason="The Chair is ill.")


def test_api_and_console_say_so_at_the_field(world: World) -> None:
    world.create()
    token = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(application(world), base_url="http://localhost") as client:
        body = definition("SOM-2027").model_dump(mode="json", exclude_none=True)
        body["coordinator"]["email"] = SPELLINGS[2]
        answer = client.post("/api/v1/meetings", json=body, headers=token)
        assert answer.status_code == 422
        assert [item["field"] for item in answer.json()["problems"]] == ["coordinator.email"]
        people = {"attendees": [person(SPELLINGS[1])]}
        answer = client.patch("/api/v1/meetings/SOM-2026", json=people | {"version": 1}, headers=token)
        assert answer.status_code == 422
        assert [item["field"] for item in answer.json()["problems"]] == ["attendees[0].email"]


def test_what_was_taken_before_does_not_stand_in_the_way_of_another_change(world: World) -> None:
    world.create()
    with world.database.transaction() as session:
        session.execute(update(MeetingRow).values(coordinator_email=SPELLINGS[0], title_en="See evil.com"))
        session.execute(
            update(AttendeeRow).where(AttendeeRow.address == NHUNG).values(name="Win https://x.example")
        )
    later = MeetingUpdate.model_validate({"start": "2026-12-04 14:00"})
    world.meetings.update("SOM-2026", later, caller=WHO, version=1, reason="The Chair is ill.")
    world.meetings.edit("SOM-2026", Correct(NHUNG, {"name": "Nhung"}), caller=WHO)
    names = {item.email: item.name for item in world.reading.meeting("SOM-2026").attendees}
    assert names[NHUNG] == "Nhung"


@pytest.mark.parametrize(
    "table", [AttendeeRow.__table__, MeetingRow.__table__], ids=["attendee", "coordinator"]
)
def test_not_when_the_address_became_the_mailbox_after_it_was_named(world: World, table: Any) -> None:
    world.create()
    world.create(reference="SOM-2027")
    world.meetings.publish("SOM-2027", caller=WHO)
    email = SPELLINGS[2]
    change = (
        {"email": email, "address": email} if table is AttendeeRow.__table__ else {"coordinator_email": email}
    )
    with world.database.transaction() as session:
        where = [table.c.address == NHUNG] if table is AttendeeRow.__table__ else []
        session.execute(update(table).where(*where).values(change))
        session.execute(update(MeetingRow).values(organizer="older@accsm.example"))
    with pytest.raises(Conflict, match="which is the mailbox of this service"):
        world.meetings.publish("SOM-2026", caller=WHO)
    with pytest.raises(Conflict, match="which is the mailbox of this service"):
        world.meetings.move_mailbox("SOM-2027", caller=WHO)
