"""A failure stays visible until a person closes it, whatever the plan calls for by then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator import words
from orchestrator.domain.definitions.edits import Correct, MeetingUpdate, Remove
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import PermanentFailure
from tests.callers import caller
from tests.integration.conftest import STARTS, TAN, World

REF = "SOM-2026"
BY = caller("coordinator")
WHY = "no such user"


def failing(world: World) -> int:
    """Invite, and let the mail to one address fail for good; return the action's id."""
    world.published()
    world.run_conference()

    def refuse(recipient: str) -> None:
        if recipient == TAN:
            raise PermanentFailure(WHY)

    world.mailer.before = refuse
    world.run()
    world.mailer.before = lambda _: None
    (row,) = (item for item in world.rows(ActionKind.INVITE) if item.state == ActionState.FAILED)
    return row.id


def state(world: World, action: int) -> str:
    return next(item.state for item in world.rows() if item.id == action)


def attention(world: World) -> str:
    return " ".join(map(words.say, world.reading.meeting(REF).attention))


MOVED = MeetingUpdate.model_validate({"start": "2026-12-04 14:00"})
CHANGES: dict[str, Callable[[World], object]] = {
    "moved": lambda world: world.meetings.update(
        REF, MOVED, caller=BY, version=2, reason="The Chair is ill."
    ),
    "removed": lambda world: world.meetings.edit(REF, Remove(TAN), caller=BY, reason="The Chair is ill."),
    "corrected": lambda world: world.meetings.edit(
        REF, Correct(TAN, {"email": "tan.hs@sg.example.org"}), caller=BY
    ),
    "declined": lambda world: world.answers.answer(REF, TAN, Participation.DECLINED, caller=BY),
    "cancelled": lambda world: world.meetings.cancel(REF, caller=BY, reason="The Chair is ill."),
    "recalculated": lambda world: world.recalculating.run(),
}


@pytest.mark.both_databases
@pytest.mark.parametrize("change", CHANGES)
def test_a_failure_stays_when_the_plan_changes(world: World, change: str) -> None:
    failed = failing(world)
    assert WHY in attention(world)
    CHANGES[change](world)
    world.run()
    assert state(world, failed) == "failed"
    assert WHY in attention(world)
    assert any(item.id == failed for item in world.reading.actions(ActionState.FAILED))


@pytest.mark.both_databases
def test_it_stays_when_the_meeting_is_over_and_goes_when_a_person_closes_it(world: World) -> None:
    failed = failing(world)
    world.clock.at = STARTS
    world.run()
    world.meetings.conclude(REF, caller=BY)
    world.run()
    assert state(world, failed) == "failed"
    world.operations.discard(failed, caller=BY, reason="told by telephone")
    assert state(world, failed) == "cancelled"
    assert WHY not in attention(world)


def test_a_link_by_hand_does_not_close_what_went_wrong_with_the_video_meeting(world: World) -> None:
    world.published()

    def refuse(_: object) -> None:
        raise PermanentFailure("the policy is missing")

    world.conferences.during = refuse
    world.run()
    (row,) = world.rows(ActionKind.CONFERENCE)
    assert row.state == "failed"
    world.meetings.enter_join_link(REF, "https://video.example.org/room", caller=BY)
    world.run()
    assert state(world, row.id) == "failed"
    assert "the policy is missing" in attention(world)
    assert world.mailer.to(TAN), "the invitations go out all the same"


def test_what_is_tried_again_though_nobody_wants_it_ends_with_the_reason(world: World) -> None:
    failed = failing(world)
    world.meetings.edit(REF, Remove(TAN), caller=BY, reason="The Chair is ill.")
    world.operations.retry(failed, caller=BY)
    world.run()
    assert state(world, failed) == "cancelled"
    assert world.mailer.to(TAN) == []
