"""How and where a meeting takes place: on the command line and through the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orchestrator import cli
from orchestrator.store.engine import Database
from tests.integration.conftest import World, definition, emptied
from tests.integration.serving import TestClient, application

VENUE = {
    "city": "Ha Noi",
    "zone": "Asia/Ho_Chi_Minh",
    "name": "Guest House",
    "address": None,
    "arrivals": "Entrance by Le Thach Street",
    "emergency": "+84 24 5550 0100",
}
HALL = {"mode": "in person", "venue": VENUE, "room": "Hall 2"}


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path) -> World:
    return World(emptied(sqlite_of_session), tmp_path / "data")


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(application(world), base_url="http://localhost", headers=headers) as made:
        yield made


def body(**fields: Any) -> dict[str, Any]:
    whole = definition().model_dump(mode="json", exclude_unset=True)
    return whole | fields


def patch(client: TestClient, **fields: Any) -> Any:
    version = client.get("/api/v1/meetings/SOM-2026").json()["version"]
    return client.patch("/api/v1/meetings/SOM-2026", json={"version": version} | fields)


def test_the_api_takes_and_answers_the_place(client: TestClient) -> None:
    title = {"en": "Senior Officials Meeting", "short": "SOM", "short_vi": "SOM VN"}
    made = client.post("/api/v1/meetings", json=body(title=title, **HALL))
    assert made.status_code == 201, made.text
    found = client.get("/api/v1/meetings/SOM-2026").json()
    assert {name: found[name] for name in HALL} == HALL
    assert (found["short"], found["short_vi"], found["join_url"]) == ("SOM", "SOM VN", None)
    (line,) = client.get("/api/v1/meetings").json()
    assert {name: line[name] for name in HALL} == HALL
    assert patch(client, room="Hall 3").status_code == 200
    assert patch(client, room=None).status_code == 200
    found = client.get("/api/v1/meetings/SOM-2026").json()
    assert (found["venue"], found["room"]) == (VENUE, None)
    # A venue is given as a whole: what is left out of it is not that of another house.
    assert patch(client, venue={"city": "Da Nang", "zone": "Asia/Ho_Chi_Minh"}).status_code == 200
    found = client.get("/api/v1/meetings/SOM-2026").json()
    assert (found["venue"]["city"], found["venue"]["name"]) == ("Da Nang", None)
    assert found["host_time"]["city"] == "Da Nang"
    assert patch(client, mode="online").status_code == 200
    found = client.get("/api/v1/meetings/SOM-2026").json()
    assert (found["mode"], found["venue"], found["room"]) == ("online", None, None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"mode": "in person"}, "venue"),
        ({"mode": "in person", "venue": {"city": "Ha Noi"}}, "venue.zone"),
        ({"mode": "in person", "venue": VENUE | {"zone": "Hanoi"}}, "venue.zone"),
        ({"room": "Hall 2"}, "room"),
        ({"venue": VENUE}, "mode"),
        ({"mode": "by letter"}, "mode"),
        ({"title": {"en": "SOM", "short": "x" * 41}}, "title.short"),
    ],
)
def test_the_api_refuses_what_is_wrong_and_names_it(
    client: TestClient, fields: dict[str, Any], field: str
) -> None:
    assert client.post("/api/v1/meetings", json=body()).status_code == 201
    created = client.post("/api/v1/meetings", json=body(reference="OTHER", **fields))
    for answer in (created, patch(client, **fields)):
        assert answer.status_code == 422, answer.text
        assert [item["field"] for item in answer.json()["problems"]] == [field]


def test_another_venue_in_another_zone_needs_the_start_by_its_clocks(client: TestClient) -> None:
    assert client.post("/api/v1/meetings", json=body(**HALL)).status_code == 201
    tokyo = {"city": "Tokyo", "zone": "Asia/Tokyo"}
    refused = patch(client, venue=tokyo)
    assert [item["field"] for item in refused.json()["problems"]] == ["zone"]
    assert patch(client, venue=tokyo, zone="Asia/Tokyo", start="2026-12-03 10:00").status_code == 200
    found = client.get("/api/v1/meetings/SOM-2026").json()
    assert (found["host_time"]["clock"], found["host_time"]["city"]) == ("10:00", "Tokyo")


def test_no_link_is_entered_through_the_api_in_person(client: TestClient, world: World) -> None:
    world.published(**HALL)
    refused = client.put(
        "/api/v1/meetings/SOM-2026/join-link", json={"join_url": "https://meet.example/room"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "in-person")


def run(monkeypatch: pytest.MonkeyPatch, world: World, *arguments: str) -> str:
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: world)
    done = CliRunner().invoke(cli.cli, ["meeting", *arguments], standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.output


def test_the_command_line_shows_and_changes_the_place(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.create(**HALL)
    shown = " ".join((run(monkeypatch, world, "show", "SOM-2026") + capsys.readouterr().out).split())
    assert "Form in person" in shown
    assert "Venue Guest House, Hall 2, Ha Noi" in shown
    assert "Link" not in shown
    run(monkeypatch, world, "update", "SOM-2026", "--room", "Hall 3", "--mode", "hybrid", "--yes")
    capsys.readouterr()
    found = json.loads(run(monkeypatch, world, "show", "SOM-2026", "--json"))
    assert (found["mode"], found["room"], found["venue"]["city"]) == ("hybrid", "Hall 3", "Ha Noi")


def test_the_command_line_tells_of_invitations_and_not_of_links_in_person(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.invited(**HALL)
    shown = run(monkeypatch, world, "readiness", "SOM-2026") + capsys.readouterr().out
    assert "3 of 3 invitation" in shown
    assert "Link" not in shown
    assert "Joined" not in shown
