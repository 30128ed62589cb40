"""What the console's pages say of mails that did not arrive, and of times that are past."""

from __future__ import annotations

from tests.callers import caller
from tests.integration.answers.console.console_mails import (
    PAGE,
    SOM,
    arrive,
    bounce,
    proposal,
    section,
)
from tests.integration.conftest import TAN, World
from tests.integration.serving import TestClient

CORRECT = "Correct the address; see first who is told"
CLERK = "retired.clerk@sg.example.org"


def test_a_full_mailbox_is_not_to_be_corrected(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, bounce(world, TAN, status="5.2.2"))
    came = section(client.get(PAGE), "came-back")
    assert f'Mail to <span class="break">{TAN}</span> did not arrive' in came
    assert "The mailbox is full. The address is right." in came
    assert CORRECT not in came
    assert f'href="#person-{_id(world)}"' in came, "it leads to where it is sent again"


def test_a_wrong_address_is_to_be_corrected(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, bounce(world, TAN))
    came = section(client.get(PAGE), "came-back")
    assert "Ask for the right address and correct it" in came
    assert CORRECT in came


def test_an_address_behind_the_invited_one_is_named(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, bounce(world, TAN, final=CLERK))
    page = client.get(PAGE)
    came = section(page, "came-back")
    assert f'Mail to an address behind <span class="break">{TAN}</span> did not arrive' in came
    assert f"did not reach {CLERK}, which is behind that address" in came
    assert CORRECT not in came
    assert CLERK in section(page, "attendees")


def test_what_arrived_is_said_beside_the_delivery(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, bounce(world, TAN, status="2.0.0", action="delivered"))
    page = client.get(PAGE)
    assert f"A mail to {TAN} arrived" in section(page, "deliveries")
    assert "did not arrive" not in page.text


def test_a_cancelled_meeting_still_shows_what_did_not_arrive(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, bounce(world, TAN))
    world.meetings.cancel(SOM, caller=caller("coordinator"), reason="The Chair is ill.")
    world.run()
    came = section(client.get(PAGE), "came-back")
    assert "did not arrive" in came
    assert CORRECT not in came, "there is nothing to send any more"
    assert TAN in client.get("/").text


def test_nobody_is_offered_to_move_the_meeting_to_a_time_that_is_past(
    client: TestClient, world: World
) -> None:
    world.invited()
    arrive(world, proposal(world, TAN, day="20261030"))
    came = section(client.get(PAGE), "came-back")
    assert "This time is past. Ask which time is meant, or refuse." in came
    assert "Move the meeting to this time" not in came


def _id(world: World) -> int:
    return next(item.id for item in world.reading.meeting(SOM).attendees if item.email == TAN)
