"""Attendees taken out of a draft: what was recorded of them, or has gone out to them, stays explained."""

from __future__ import annotations

from typing import Any

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.store.meetings import meetings as store
from tests.callers import caller
from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World


def attendees(world: World, *people: dict[str, Any]) -> None:
    """Let a draft have exactly these attendees."""
    update = MeetingUpdate.model_validate({"attendees": list(people)})
    version = world.reading.meeting("SOM-2026").version
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=version, reason="The Chair is ill."
    )


def rows(world: World) -> list[tuple[str, bool]]:
    """Every row of an attendee: the address, and whether it is (still) invited."""
    with world.database.reading() as session:
        found = store.load(session, store.find_id(session, "SOM-2026"))
    return [(item.email, item.invited) for item in found.attendees]


def test_somebody_whose_answer_is_recorded_can_be_taken_out_of_a_draft(world: World) -> None:
    world.create()
    world.answers.answer("SOM-2026", TAN, Participation.ACCEPTED, caller=caller("coordinator"))
    attendees(world, PEOPLE[NHUNG], PEOPLE[THIDA])
    assert rows(world) == [(THIDA, True), (TAN, False), (NHUNG, True)]
    assert [item.email for item in world.reading.meeting("SOM-2026").attendees] == [THIDA, NHUNG]
    assert [item.name for item in world.reading.meeting("SOM-2026").responses] == ["Tan Hui Shan"]


def test_somebody_taken_out_of_a_draft_and_put_in_again_is_invited_once(world: World) -> None:
    world.create()
    attendees(world, PEOPLE[NHUNG], PEOPLE[THIDA])
    attendees(world, *PEOPLE.values())
    assert rows(world) == [(THIDA, True), (TAN, False), (NHUNG, True), (TAN, True)]
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    world.run()
    assert sorted(item.recipient for item in world.mailer.accepted) == [NHUNG, TAN, THIDA]
    assert world.rows(ActionKind.CANCEL) == []


def test_whoever_was_taken_out_of_a_draft_hears_nothing_even_when_it_is_cancelled(world: World) -> None:
    world.create()
    attendees(world, PEOPLE[NHUNG], PEOPLE[THIDA])
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    world.run()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.run()
    assert {item.recipient for item in world.mailer.accepted} == {NHUNG, THIDA}
