"""The personal join link: it leads to the meeting as it is now, and says why when there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.services.people.links import VALID_AFTER_THE_END
from orchestrator.store.engine import Database
from tests.callers import caller
from tests.integration.conftest import ENDS, NHUNG, PEOPLE, STARTS, TAN, THIDA, World, contents, emptied
from tests.integration.serving import TestClient, application

LINK = "https://teams.example.org/join/1"
BY_HAND = "https://video.vn.example.org/som"


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path) -> World:
    return World(emptied(sqlite_of_session), tmp_path / "data")


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(application(world), base_url="http://localhost", follow_redirects=False) as made:
        yield made


def path(world: World, email: str = THIDA) -> str:
    return f"/a/{world.personal_links.link_of('SOM-2026', email).rpartition('/')[2]}/join"


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def assert_leads(response: Any, url: str) -> None:
    assert (response.status_code, response.headers["location"]) == (303, url)
    assert response.headers["cache-control"] == "no-store"
    # The page's address is a secret, which the video service must not learn.
    assert response.headers["referrer-policy"] == "same-origin"


def assert_explains(response: Any, sentence: str, status: int = 200) -> None:
    assert response.status_code == status
    assert "location" not in response.headers
    assert response.headers["cache-control"] == "no-store"
    assert sentence in words(response)
    assert LINK not in response.text


def test_it_leads_to_the_meeting_and_changes_nothing(client: TestClient, world: World) -> None:
    world.invited()
    before, woken = contents(world.database), world.wake_up.notified
    for email in (NHUNG, THIDA, TAN):
        assert_leads(client.get(path(world, email)), LINK)
        assert_leads(client.head(path(world, email)), LINK)
    assert contents(world.database) == before
    assert world.wake_up.notified == woken


def test_it_leads_to_the_meeting_until_its_end(client: TestClient, world: World) -> None:
    world.invited()
    here = path(world)
    world.clock.at = STARTS
    assert_leads(client.get(here), LINK)
    world.clock.at = ENDS
    assert_explains(client.get(here), "There is nothing to join any more: the meeting is over.")


def test_before_there_is_a_link_the_page_says_so(client: TestClient, world: World) -> None:
    world.published()
    here = path(world)
    assert_explains(client.get(here), "There is nothing to join yet. Open your join link again later")
    assert "Thursday, 3 December 2026" in words(client.get(here))
    world.run()
    assert_leads(client.get(here), LINK)


def test_it_follows_a_link_that_was_changed(client: TestClient, world: World) -> None:
    world.invited()
    here = path(world)
    world.meetings.enter_join_link("SOM-2026", BY_HAND, caller=caller("coordinator"))
    assert_leads(client.get(here), BY_HAND)


def test_after_a_cancellation_the_page_says_so(client: TestClient, world: World) -> None:
    world.invited()
    here = path(world)
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    assert_explains(client.get(here), "There is nothing to join: the meeting does not take place.")


def test_who_was_removed_is_refused(client: TestClient, world: World) -> None:
    world.invited()
    here = path(world)
    version = world.reading.meeting("SOM-2026").version
    update = MeetingUpdate.model_validate({"attendees": [PEOPLE[NHUNG], PEOPLE[TAN]]})
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=version, reason="The Chair is ill."
    )
    assert_explains(client.get(here), "You are no longer invited", 410)


def test_a_link_that_was_withdrawn_or_is_too_old_or_forged_opens_nothing(
    client: TestClient, world: World
) -> None:
    world.invited()
    old = path(world)
    world.personal_links.revoke("SOM-2026", THIDA, caller=caller("coordinator"))
    assert_explains(client.get(old), "This link was withdrawn", 410)
    assert_leads(client.get(path(world)), LINK)
    assert_explains(client.get("/a/forged/join"), "This page does not exist", 404)
    world.clock.at = ENDS + VALID_AFTER_THE_END * 2
    assert_explains(client.get(path(world)), "This page is closed", 410)


def test_who_has_declined_can_join_all_the_same(client: TestClient, world: World) -> None:
    world.invited()
    world.personal_answers.answer(path(world).split("/")[2], Participation.DECLINED)
    assert_leads(client.get(path(world)), LINK)
