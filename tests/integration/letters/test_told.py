"""What somebody was told decides what they are told next, however the mails came to leave."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import TransientFailure
from orchestrator.store.delivery import claims
from orchestrator.store.rows.delivery import DeliveryRow, DeliveryState
from orchestrator.words import say
from tests.callers import caller
from tests.integration.conftest import LEASE, PEOPLE, TAN, World


def methods(world: World) -> list[str]:
    return [mail.method for mail in world.mailer.to(TAN)]


@pytest.mark.both_databases
def test_an_invitation_revived_after_a_cancel_is_taken_back_again(world: World) -> None:
    """Its delivery is an old row used again, so the numbers of rows do not tell the order."""
    world.published(attendees=[PEOPLE[TAN]])
    world.run_conference()

    def lost(_: str) -> None:
        world.mailer.after = lambda _: None
        raise TransientFailure("the line broke", unknown=True)

    world.mailer.after = lost
    world.delivering.deliver(world.claimed())
    world.clock.move(seconds=1)
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.run()
    world.clock.move(seconds=1)
    world.meetings.reinstate("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.run()
    assert methods(world) == ["REQUEST", "CANCEL", "REQUEST"]
    world.clock.move(seconds=1)
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.run()
    assert methods(world) == ["REQUEST", "CANCEL", "REQUEST", "CANCEL"]


def test_what_a_slow_worker_sent_of_an_older_revision_does_not_stand_for_the_newer(world: World) -> None:
    world.invited(attendees=[PEOPLE[TAN]])
    change(world, "First title")

    def slow(_: str) -> None:
        """The lease runs out while the server is slow, and the title changes before the next claim."""
        world.mailer.before = lambda _: None
        world.lease_clock.move(seconds=LEASE.total_seconds() + 1)
        with world.database.transaction() as session:
            assert claims.expire_leases(session, world.lease_clock.now()) > 0
        change(world, "Second title")

    kinds = {row.id: row.kind for row in world.rows()}
    batches = world.scheduling.claim()
    world.mailer.before = slow
    for batch in sorted(batches, key=lambda batch: kinds[batch[0]] != ActionKind.INVITE):
        world.delivering.deliver(batch)
    world.clock.move(seconds=1)
    world.run()
    assert "Second title" in world.mailer.to(TAN)[-1].subject
    assert {row.state for row in world.rows(ActionKind.INVITE)} <= {
        ActionState.SUCCEEDED,
        ActionState.CANCELLED,
    }


def test_somebody_whose_invitation_bounced_can_be_sent_it_again(world: World) -> None:
    world.invited(attendees=[PEOPLE[TAN]])
    (sent,) = world.deliveries()
    report = (
        "From: <mailer-daemon@relay.example>\r\nTo: <meetings@accsm.example>\r\nSubject: Failed\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n"
        f"Final-Recipient: rfc822; {TAN}\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {sent.message_id}\r\n\r\n--b--\r\n"
    )
    world.mailbox.arrive(report.encode())
    assert world.inbox is not None
    world.inbox.read_mailbox()
    view = world.reading.meeting("SOM-2026")
    assert any(TAN in say(fact) for fact in view.attention)
    world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))
    world.run()
    assert methods(world) == ["REQUEST", "REQUEST"]
    assert not any(TAN in say(fact) for fact in world.reading.meeting("SOM-2026").attention)


def change(world: World, title: str) -> None:
    version = world.reading.meeting("SOM-2026").version
    update = MeetingUpdate.model_validate({"title": title})
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=version, reason="The Chair is ill."
    )


def test_an_update_after_one_sent_again_says_what_changed_since(world: World) -> None:
    world.invited(attendees=[PEOPLE[TAN]])
    change(world, "First title")
    world.run()
    world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))
    world.run()
    change(world, "Second title")
    world.run()
    assert world.mailer.to(TAN)[-1].subject == "Updated title: Thu 3 Dec 2026 – Second title"


def test_a_bounce_that_comes_before_the_answer_of_the_server_is_recorded_stays(world: World) -> None:
    world.published(attendees=[PEOPLE[TAN]])
    world.run_conference()

    def bounced_already(_: str) -> None:
        with world.database.transaction() as session:
            (row,) = session.scalars(select(DeliveryRow)).all()
            row.state = DeliveryState.BOUNCED

    world.mailer.after = bounced_already
    world.run()
    assert [row.state for row in world.deliveries()] == [DeliveryState.BOUNCED]
