"""The conference behind a meeting, and its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import PermanentFailure, TransientFailure
from orchestrator.ports import ConferenceRequest
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    NOW,
    PEOPLE,
    TAN,
    World,
)
from tests.integration.delivery.failing import K, change, reminders_due

COORDINATOR = "coordinator@vn.example.org"


# --- the conference


def test_a_provider_that_fails_is_asked_again_and_then_invitations_go(world: World) -> None:
    world.conferences.during = failing_once(TransientFailure("Graph is busy", retry_after=40.0))
    world.published()
    world.run()
    assert world.states(K.CONFERENCE) == ["scheduled"]
    assert world.rows(K.CONFERENCE)[0].due_at == NOW + timedelta(seconds=40)
    assert world.states(K.INVITE) == ["blocked"] * 3
    world.clock.move(seconds=40)
    world.run()
    assert world.states(K.INVITE) == ["succeeded"] * 3
    assert len({request.external_id for _, request in world.conferences.calls}) == 1


def failing_once(error: Exception) -> Callable[[ConferenceRequest], None]:
    left = [error]

    def during(_: ConferenceRequest) -> None:
        if left:
            raise left.pop()

    return during


def test_while_there_is_no_link_the_coordinator_is_told_and_nobody_is_invited(world: World) -> None:
    world.conferences.during = failing_once(PermanentFailure("Sign-in was refused."))
    world.published()
    world.run()
    world.clock.move(minutes=30)
    world.run()
    assert world.mailer.sent() == [(COORDINATOR, "Cần xử lý")]
    assert world.states(K.INVITE) == ["blocked"] * 3
    (failed,) = world.rows(K.CONFERENCE)
    assert (failed.state, maybe(failed.reason)) == ("failed", "Sign-in was refused.")
    world.operations.retry(failed.id, caller=caller("ops"))
    world.run()
    assert world.states(K.INVITE) == ["succeeded"] * 3


def test_a_result_that_comes_after_the_cancellation_is_recorded_and_then_deleted(world: World) -> None:
    def cancel(_: ConferenceRequest) -> None:
        world.conferences.during = lambda _: None
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
        (delete,) = world.rows(K.CONFERENCE_DELETE)
        assert delete.state == "blocked"

    world.conferences.during = cancel
    world.published()
    world.delivering.deliver(world.claimed())
    assert world.reading.meeting("SOM-2026").join_url == "https://teams.example.org/join/1"
    world.run()
    assert [(what, request.provider_id) for what, request in world.conferences.calls] == [
        ("ensure", None),
        ("delete", "provider-1"),
    ]
    assert world.conferences.made == {}
    assert world.reading.meeting("SOM-2026").join_url is None
    assert world.mailer.accepted == []


def test_a_result_that_never_came_back_is_deleted_all_the_same(world: World) -> None:
    world.conferences.during = failing_once(TransientFailure("timeout", unknown=True))
    world.published()
    world.run()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.run()
    assert [what for what, _ in world.conferences.calls] == ["ensure", "delete"]


def test_a_link_that_the_provider_changes_is_told_to_everybody(world: World) -> None:
    world.invited()
    world.conferences.link = "https://teams.example.org/join/2"
    change(world, agenda=["Another agenda"])
    world.run()
    assert world.reading.meeting("SOM-2026").join_url == "https://teams.example.org/join/2"
    for email in PEOPLE:
        invitation, agenda, latest = world.mailer.to(email)
        # Mail does not wait for the provider, so the agenda has gone before the new link is known.
        assert agenda.subject.startswith(("Updated agenda: Thu 3 Dec 2026", "Cập nhật chương trình: "))
        assert latest.subject.startswith(("New link: Thu 3 Dec 2026", "Đường dẫn mới: "))
        assert "https://teams.example.org/join/2" in latest.calendar
        assert latest.message["References"] == invitation.message["Message-ID"]
    assert world.reading.meeting("SOM-2026").sequence == 1
    assert not {"blocked", "failed"} & {row.state for row in world.rows()}


def test_a_link_typed_in_while_the_provider_is_asked_stays(world: World) -> None:
    def enter(_: ConferenceRequest) -> None:
        world.meetings.enter_join_link(
            "SOM-2026", "https://video.vn.example.org/som", caller=caller("coordinator")
        )

    world.conferences.during = enter
    world.invited()
    assert world.reading.meeting("SOM-2026").join_url == "https://video.vn.example.org/som"
    assert all("video.vn.example.org" in mail.calendar for mail in world.mailer.accepted)


# --- the end


def test_concluding_keeps_answers_that_came_since_this_worker_last_looked(world: World) -> None:
    world.delivering.deliver(reminders_due(world))
    world.answers.answer("SOM-2026", TAN, Participation.ACCEPTED, caller=caller("telephone"))
    world.clock.at = ENDS
    world.run()
    view = world.reading.meeting("SOM-2026")
    assert view.status == "concluded"
    assert view.answers == {"accepted": 1, "no answer": 2}
