"""Every address that an attendee can have works in the paths of the API, and so does the attendee's id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from orchestrator.store.rows.meetings import AttendeeRow
from tests.integration.conftest import PEOPLE, TAN, World
from tests.integration.serving import TestClient, application

ODD = [
    "unit/desk@sg.example.org",
    "a/answer@sg.example.org",
    "a/b/send-again@sg.example.org",
    "/@sg.example.org",
    "fifty%@sg.example.org",
    "tag+one@sg.example.org",
    "what?@sg.example.org",
    "no#1@sg.example.org",
    "o'hara&son=x@sg.example.org",
    "{brace}|pipe`~^*!$_-@sg.example.org",
    "7@sg.example.org",
]
NEW = {"group": "SOM", "delegation": "SG", "name": "Odd"}


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    people = [PEOPLE[TAN], *({**NEW, "email": email} for email in ODD)]
    world.invited(attendees=people)
    headers = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(application(world), base_url="http://127.0.0.1", headers=headers) as found:
        yield found


def everything(client: TestClient, who: str) -> dict[str, Any]:
    """Call each operation on an attendee, and return what each answers."""
    path = f"/api/v1/meetings/SOM-2026/attendees/{who}"
    return {
        "answer": client.put(f"{path}/answer", json={"participation": "accepted"}),
        "send-again": client.post(f"{path}/send-again"),
        "personal-link": client.get(f"{path}/personal-link"),
        "revoke-link": client.post(f"{path}/revoke-link"),
    }


def removed_and_back(client: TestClient, who: str) -> dict[str, Any]:
    """Take an attendee out and invite them again, and return what each operation answers."""
    path = f"/api/v1/meetings/SOM-2026/attendees/{who}"
    return {
        "remove": client.post(f"{path}/remove", json={"reason": "The list has changed.", "version": None}),
        "invite-again": client.post(f"{path}/invite-again"),
    }


@pytest.mark.parametrize("email", ODD)
def test_who_is_removed_by_address_is_invited_again_by_it(
    client: TestClient, world: World, email: str
) -> None:
    done = removed_and_back(client, quote(email, safe=""))
    assert {name: answer.status_code for name, answer in done.items()} == dict.fromkeys(done, 200)
    with world.database.reading() as session:
        rows = session.scalars(select(AttendeeRow).order_by(AttendeeRow.id))
        kept = [item.removed_sequence is None for item in rows if item.email == email]
    assert kept == [False, True]


@pytest.mark.parametrize("email", ODD)
def test_an_address_is_written_with_every_sign_encoded(client: TestClient, world: World, email: str) -> None:
    done = everything(client, quote(email, safe=""))
    assert {name: answer.status_code for name, answer in done.items()} == dict.fromkeys(done, 200)
    answers = {
        item.email: str(item.participation).lower() for item in world.reading.meeting("SOM-2026").attendees
    }
    assert [address for address, answer in answers.items() if answer == "accepted"] == [email]


def test_a_slash_works_unencoded_too(client: TestClient) -> None:
    done = everything(client, ODD[0])
    assert {answer.status_code for answer in done.values()} == {200}


def test_an_attendee_is_found_by_id(client: TestClient, world: World) -> None:
    wanted = next(item for item in world.reading.meeting("SOM-2026").attendees if item.email == ODD[3])
    done = everything(client, str(wanted.id))
    assert {answer.status_code for answer in done.values()} == {200}
    answers = {
        item.id: str(item.participation).lower() for item in world.reading.meeting("SOM-2026").attendees
    }
    assert [number for number, answer in answers.items() if answer == "accepted"] == [wanted.id]


@pytest.mark.parametrize(
    "who",
    [
        "nobody@sg.example.org",
        "99999",
        "9" * 40,
        "%00",
        "%FF%FE@x",
        "\u00e9l\u00e8ve@sg.example.org",
        "%2F",
        "a/b",
    ],
)
def test_who_is_not_invited_is_not_found(client: TestClient, who: str) -> None:
    given = quote(who, safe="%/")
    for answer in (everything(client, given) | removed_and_back(client, given)).values():
        assert answer.status_code in (400, 404), answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_these_are_all_paths_that_name_an_attendee(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    named = [path for path in paths if "{email" in path or "{attendee" in path]
    start = "/api/v1/meetings/{meeting}/attendees/{attendee}/"
    assert sorted(named) == sorted(
        f"{start}{name}" for name in everything(client, "nobody") | removed_and_back(client, "nobody")
    )
