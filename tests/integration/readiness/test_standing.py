"""The notice after publishing, "Ready", the strip and the board agree; each failed address has one line."""

from __future__ import annotations

import html
import re

import pytest

from orchestrator import words
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import PermanentFailure
from orchestrator.services.meetings.listing import MOST_ADDRESSES
from tests.callers import caller
from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World, crowd
from tests.integration.serving import TestClient, application

REF = "SOM-2026"
BY = caller("coordinator")


@pytest.fixture
def client(world: World) -> TestClient:
    return TestClient(application(world), base_url="http://localhost")


def refusing(world: World, *addresses: str) -> None:
    def refuse(recipient: str) -> None:
        if recipient in addresses:
            raise PermanentFailure(f"{recipient} is no user")

    world.mailer.before = refuse


def head(client: TestClient, query: str = "") -> str:
    page = client.get(f"/meetings/{REF}{query}").text
    found = re.search(r'<div id="head".*?<aside', page, re.DOTALL)
    assert found is not None
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[0])).split())


def strip(client: TestClient) -> list[str]:
    page = client.get(f"/meetings/{REF}").text
    section = page[page.index('id="readiness"') :]
    return re.findall(r'<rect class="fill-(\w+)"', section[: section.index("</svg>")])


def attention(world: World) -> list[str]:
    return list(map(words.say, world.reading.meeting(REF).attention))


def answer_all(world: World) -> None:
    for person in PEOPLE:
        world.answers.answer(REF, person, Participation.ACCEPTED, caller=BY)


def test_a_meeting_is_ready_once_every_delegation_has_answered_and_has_its_invitation(
    world: World, client: TestClient
) -> None:
    world.published()
    assert "Ready" not in head(client)
    world.run_conference()
    assert "0 of 3 delegations have answered; 0 of 3 have their invitation." in head(client)
    assert not world.readiness.board(REF).ready
    world.run()
    assert "0 of 3 delegations have answered; 3 of 3 have their invitation." in head(client)
    assert strip(client) == ["quiet"] * 3
    world.answers.answer(REF, TAN, Participation.ACCEPTED, caller=BY)
    world.answers.answer(REF, NHUNG, Participation.DECLINED, caller=BY)
    said = head(client)
    assert "2 of 3 delegations have answered; 2 of 2 have their invitation." in said
    assert "Ready" not in said
    assert sorted(strip(client)) == ["bad", "good", "quiet"]
    world.answers.answer(REF, THIDA, Participation.TENTATIVE, caller=BY)
    assert "Ready: every delegation has answered and has its invitation." in head(client)
    assert world.readiness.board(REF).ready


def test_it_is_not_ready_while_an_invitation_has_not_arrived(world: World, client: TestClient) -> None:
    refusing(world, TAN)
    world.published()
    world.run()
    world.run()
    answer_all(world)
    said = head(client)
    assert "Ready" not in said and "It needs you." in said
    assert not world.readiness.board(REF).ready
    (failed,) = (item for item in world.rows(ActionKind.INVITE) if item.state == "failed")
    world.operations.discard(failed.id, caller=BY)
    # The failure is closed, but the invitation is still not there.
    said = head(client)
    assert "Ready" not in said
    assert "3 of 3 delegations have answered; 2 of 3 have their invitation." in said


def test_it_is_not_ready_while_the_news_of_a_move_is_on_its_way(world: World, client: TestClient) -> None:
    world.invited()
    answer_all(world)
    assert "Ready:" in head(client)
    world.meetings.enter_join_link(REF, "https://video.example.org/room", caller=BY)
    assert "3 of 3 delegations have answered; 0 of 3 have their invitation." in head(client)
    world.run()
    assert "Ready:" in head(client)


@pytest.mark.parametrize(("done", "verb"), [("published", "Published"), ("confirmed", "Confirmed")])
def test_the_notice_after_publishing_says_what_the_board_says(
    world: World, client: TestClient, done: str, verb: str
) -> None:
    refusing(world, TAN)
    world.published()
    assert f"{verb}. 3 invitations go out as soon as the join link is there." in head(
        client, f"?done={done}&count=3"
    )
    world.run()
    world.run()
    said = head(client, f"?done={done}&count=3")
    assert f"{verb}. 0 of 3 delegations have answered; 2 of 3 have their invitation." in said
    assert "3 invitations" not in said


@pytest.mark.both_databases
def test_each_failed_address_has_one_line(world: World) -> None:
    refusing(world, TAN, THIDA)
    world.published()
    world.run()
    world.run()
    assert attention(world) == [
        f"Invitation to {TAN} failed: {TAN} is no user",
        f"Invitation to {THIDA} failed: {THIDA} is no user",
    ]
    (home,) = world.reading.meetings()
    assert list(map(words.say, home.attention)) == attention(world)


def test_an_address_to_which_several_mails_failed_has_one_line(world: World) -> None:
    refusing(world, TAN)
    world.published()
    world.run()
    world.run()
    world.meetings.enter_join_link(REF, "https://video.example.org/room", caller=BY)
    world.run()
    assert attention(world) == [f"Invitation and 1 more mail to {TAN} failed: {TAN} is no user"]


def test_a_crowd_of_failed_addresses_is_cut_short(world: World) -> None:
    people = crowd(MOST_ADDRESSES + 3)
    refusing(world, *(person["email"] for person in people))
    world.published(attendees=people)
    for _ in range(4):
        world.run()
    lines = attention(world)
    assert len(lines) == MOST_ADDRESSES + 1
    assert lines[-1] == "3 more addresses failed; the page of the meeting names them."
