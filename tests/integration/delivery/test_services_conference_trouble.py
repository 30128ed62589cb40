"""Why a video meeting cannot be made or changed is told: at once where a person has to mend it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from orchestrator.domain.timelines.kinds import ActionKind as K
from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure
from orchestrator.facts import Fact
from orchestrator.ports import ConferenceRequest
from tests.integration.conftest import World
from tests.integration.meetings.changes import change

COORDINATOR = "coordinator@vn.example.org"

COMMANDS = Fact.of(
    "outside.graph.policy-commands",
    missing=Fact.of("outside.graph.no-access-policy", answer="403"),
    application="app-1",
    organizer="organizer-1",
)


def raising(error: DeliveryError) -> Callable[[ConferenceRequest], None]:
    def during(_: ConferenceRequest) -> None:
        raise error

    return during


def missing_policy() -> TransientFailure:
    return TransientFailure(COMMANDS, code="graph-access-policy", retry_after=1800.0, needs_person=True)


def healthy(_: ConferenceRequest) -> None:
    """Let the provider do its work."""


def alerts(world: World) -> list[str]:
    """The plain text of the alerts so far."""
    sent = [mail for mail in world.mailer.to(COORDINATOR) if mail.subject.startswith("Cần xử lý")]
    return [str(part.get_content()) for mail in sent if (part := mail.message.get_body(("plain",)))]


@pytest.mark.both_databases
def test_a_missing_policy_is_told_at_once_with_the_commands_and_tried_every_half_hour(world: World) -> None:
    world.conferences.during = raising(missing_policy())
    world.published()
    world.run()
    (alert,) = alerts(world)
    assert 'New-CsApplicationAccessPolicy -Identity Meeting-Orchestrator -AppIds "app-1"' in alert
    assert 'Grant-CsApplicationAccessPolicy -PolicyName Meeting-Orchestrator -Identity "organizer-1"' in alert
    (action,) = world.rows(K.CONFERENCE)
    assert (action.state, action.due_at) == ("scheduled", world.clock.now() + timedelta(minutes=30))
    for _ in range(3):
        world.clock.move(minutes=30)
        world.run()
    assert len(alerts(world)) == 1, "the same trouble is told once"
    world.conferences.during = healthy
    world.clock.move(minutes=30)
    world.run()
    assert world.states(K.CONFERENCE) == ["succeeded"]
    assert world.states(K.INVITE) == ["succeeded"] * 3


def test_a_refusal_is_told_at_once(world: World) -> None:
    world.conferences.during = raising(PermanentFailure("Grant the permission.", answer="403"))
    world.published()
    world.run()
    (alert,) = alerts(world)
    assert "Grant the permission." in alert


def test_what_may_pass_is_told_only_when_it_lasts(world: World) -> None:
    world.conferences.during = raising(TransientFailure("Busy.", answer="509"))
    world.published()
    world.run()
    assert alerts(world) == []
    world.clock.move(minutes=31)
    world.run()
    (alert,) = alerts(world)
    assert "Busy." in alert


def test_a_change_that_cannot_be_made_is_told_too_and_only_while_it_lasts(world: World) -> None:
    world.invited()
    world.conferences.during = raising(missing_policy())
    change(world, world.reading.meeting("SOM-2026").version, start="2026-12-08 10:00")
    world.run()
    (alert,) = alerts(world)
    assert "could not be brought up to date" in alert
    world.conferences.during = healthy
    world.clock.move(minutes=30)
    world.run()
    assert world.states(K.CONFERENCE)[-1] == "succeeded"
    world.clock.move(hours=2)
    world.run()
    assert len(alerts(world)) == 1
