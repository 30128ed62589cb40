"""Whether mail to a tagged address arrives: tried with a mail, by whatever way it comes in."""

from __future__ import annotations

import pytest

from orchestrator.arrival import tagged_mail_arrives
from orchestrator.errors import InvalidInput, PermanentFailure
from orchestrator.ports import Tray
from tests.integration.conftest import World


@pytest.fixture
def tagging(world: World) -> World:
    world.settings = world.settings.model_copy(update={"reply_subaddress": True})
    return world


def delivered(world: World) -> None:
    """Let what was sent to the service itself arrive in its mailbox."""
    for mail in world.mailer.accepted:
        if "+doctor-" in mail.recipient:
            world.mailbox.arrive(mail.content)
    world.mailer.accepted.clear()


def test_a_mail_that_arrives_is_put_away(tagging: World) -> None:
    tagging.mailbox.arrive(b"Subject: another\r\n\r\nI come.\r\n")
    found = tagged_mail_arrives(tagging, lambda _: delivered(tagging))
    assert "has arrived" in found and "+doctor-" in found
    assert len(tagging.mailbox.inbox) == 1, "what others wrote stays"
    assert len(tagging.mailbox.trays[Tray.PROCESSED]) == 1


def test_a_worker_may_be_faster(tagging: World) -> None:
    tagging.scheduling.begin()

    def worked(_: float) -> None:
        delivered(tagging)
        tagging.run()

    assert "has arrived" in tagged_mail_arrives(tagging, worked)
    assert tagging.incoming.mailbox().quarantined == 0, "no person is asked to look at it"  # type: ignore[union-attr]


def test_a_mail_that_does_not_arrive_is_told_with_the_remedy(tagging: World) -> None:
    with pytest.raises(InvalidInput, match=r"has not arrived within 30 seconds.*deliver name\+anything@"):
        tagged_mail_arrives(tagging, lambda _: None)


def test_a_relay_that_refuses_the_address_is_told(tagging: World) -> None:
    def refuse(recipient: str) -> None:
        raise PermanentFailure(f"refused {recipient}")

    tagging.mailer.before = refuse
    with pytest.raises(PermanentFailure, match="refused"):
        tagged_mail_arrives(tagging, lambda _: None)


def test_nothing_is_sent_where_no_tags_are_used(world: World) -> None:
    assert tagged_mail_arrives(world, lambda _: None).startswith("not used")
    assert world.mailer.accepted == []
