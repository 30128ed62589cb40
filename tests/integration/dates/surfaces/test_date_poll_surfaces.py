"""Date polls through the API and on the command line."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from orchestrator.errors import Conflict, InvalidInput
from tests.integration.conftest import World
from tests.integration.dates.polling import CLOSES, CLOSING, STARTS_GIVEN, opened, recipients
from tests.integration.dates.surfaces.polled_pages import PREP
from tests.integration.serving import TestClient


@pytest.fixture
def api(world: World, client: TestClient) -> TestClient:
    client.headers["Authorization"] = f"Bearer {world.api_token}"
    return client


def test_the_api_asks_what_becomes_of_the_linked_meeting(linked: World, api: TestClient) -> None:
    at = "/api/v1/meetings/SOM-2026/date-poll/close"
    asked = api.post(at, json={"option": 2})
    assert (asked.status_code, asked.json()["code"]) == (409, "linked-meetings")
    assert api.post(at, json={"option": 2, "linked": "leave"}).status_code == 422
    seen = api.post(f"{at}?preview=true", json={"option": 2, "linked": "move"}).json()
    done = api.post(at, json={"option": 2, "linked": "move"}).json()
    assert seen["consequences"] == done["consequences"]
    assert {item["meeting"] for item in done["consequences"]} == {PREP}
    assert done["warnings"][0].startswith(f"{PREP}, which prepares it, goes along")
    assert linked.reading.meeting(PREP).start == "2026-12-09 09:00"


# The API


def test_the_api_takes_a_poll_through_its_life(world: World, api: TestClient) -> None:
    at = "/api/v1/meetings/SOM-2026/date-poll"
    assert api.get(at).status_code == 404
    body = {"starts": STARTS_GIVEN, "closes": CLOSES}
    seen = api.post(f"{at}?preview=true", json=body)
    assert (seen.status_code, seen.json()["previewed"], len(seen.json()["consequences"])) == (201, True, 3)
    assert api.get(at).status_code == 404
    made = api.post(at, json=body)
    assert made.status_code == 201
    assert [item["starts"]["clock"] for item in made.json()["date_poll"]["options"]] == ["09:00", "14:00"]
    again = api.post(at, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "open-date-poll")
    voted = api.post(f"{at}/votes", json={"delegation": "SG", "votes": {"1": "Yes", "2": "if needed"}})
    assert voted.status_code == 200
    moved = api.patch(at, json={"closes": "2026-11-20 17:00"})
    assert moved.json()["date_poll"]["closes"]["day"] == "2026-11-20"
    assert api.post(f"{at}/remind").json()["code"] == "asked-today"
    read = api.get(at).json()
    assert (read["leading"], read["silent"], read["open"]) == (1, ["Myanmar", "Viet Nam"], True)
    published = api.post("/api/v1/meetings/SOM-2026/publish")
    assert (published.status_code, published.json()["code"]) == (409, "open-date-poll")
    closed = api.post(f"{at}/close", json={"option": 2, "version": 1})
    assert (closed.status_code, closed.json()["date_poll"]["chosen"]) == (200, 2)
    assert api.get("/api/v1/meetings/SOM-2026").json()["start"] == "2026-12-10 14:00"
    assert api.delete(at).status_code == 409
    assert api.post("/api/v1/meetings/SOM-2026/publish").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("", {"starts": STARTS_GIVEN}, "closes"),
        ("", {"starts": ["tomorrow"], "closes": CLOSES}, "starts"),
        ("", {"starts": STARTS_GIVEN, "closes": CLOSES, "top": 11}, "top"),
        ("/votes", {"delegation": "SG", "votes": {"1": "perhaps"}}, "votes"),
        ("/votes", {"delegation": "SG", "votes": {"1": "yes"}}, "votes[2]"),
    ],
)
def test_the_api_names_the_field_that_is_wrong(
    world: World, api: TestClient, path: str, body: dict[str, Any], field: str
) -> None:
    if path:
        opened(world)
    found = api.post(f"/api/v1/meetings/SOM-2026/date-poll{path}", json=body)
    assert found.status_code == 422
    assert field in found.json()["problems"][0]["field"]


def test_a_poll_is_withdrawn_through_the_api(world: World, api: TestClient) -> None:
    opened(world)
    done = api.delete("/api/v1/meetings/SOM-2026/date-poll")
    assert (done.status_code, done.json()["date_poll"]["state"]) == (200, "withdrawn")
    world.run()
    assert recipients(world) == []


def test_the_command_line_takes_a_poll_through_its_life(world: World, run: Any) -> None:
    starts = [word for start in STARTS_GIVEN for word in ("--start", start)]
    shown = run("open", "SOM-2026", *starts, "--closes", CLOSES, "--preview")
    assert "3 × Date poll: planned" in shown
    assert "1. Tuesday, 8 December 2026, 09:00–11:30 Ha Noi (UTC+07:00)" in shown
    assert re.search(r"MM +Myanmar +Tue 8 Dec 08:30 +\+06:30 +early, up to 1 h before", shown)
    assert world.date_polls.newest("SOM-2026") is None
    opening = json.loads(run("open", "SOM-2026", *starts, "--closes", CLOSES, "--json"))
    assert [item["number"] for item in opening["date_poll"]["options"]] == [1, 2]
    with pytest.raises(InvalidInput, match="names an option twice"):
        run("vote", "SOM-2026", "VN", "1=no", "2=no", "01=yes")
    run("vote", "SOM-2026", "VN", "1=no", "2=if needed")
    run("vote", "SOM-2026", "SG", "1=yes", "2=if-needed")
    shown = run("show", "SOM-2026")
    assert "2 of 3 delegations have answered" in shown
    assert "Option 2 would win. Nobody says no, 2 delegations say only if needed." in shown
    assert "Not answered: Myanmar." in shown
    assert "At the host's, Ha Noi (UTC+07:00)" in shown
    assert re.search(r"\n2 +Thursday, 10 December 2026, 14:00–16:30 +[\d,]+ +0 +2 +0 +1 *\n1 ", shown)
    assert re.search(r"Delegation +2 +1 *\n", shown)
    assert re.search(r"SG +Singapore +◐ +● *\n", shown)
    run("extend", "SOM-2026", "--closes", "2026-11-20 17:00", "--yes")
    world.clock.move(days=2)
    run("remind", "SOM-2026", "--yes")
    run("close", "SOM-2026", "2", "--yes")
    assert world.reading.meeting("SOM-2026").start == "2026-12-10 14:00"
    assert "Option 2 became the meeting's time" in run("show", "SOM-2026")


def test_the_command_line_withdraws_a_poll(world: World, run: Any) -> None:
    opened(world)
    run("withdraw", "SOM-2026", "--yes")
    assert "Withdrawn." in run("show", "SOM-2026")


def test_after_the_closing_the_command_line_says_what_can_be_done(world: World, run: Any) -> None:
    opened(world)
    world.clock.at = CLOSING
    assert "Choose an option, extend the poll, or withdraw it." in run("show", "SOM-2026")


@pytest.mark.parametrize("votes", [["1=maybe"], ["one=yes"], ["yes"]])
def test_a_vote_that_cannot_be_read_is_named(world: World, run: Any, votes: list[str]) -> None:
    opened(world)
    with pytest.raises(Exception, match=r"votes: is not a vote .*Write 1=yes"):
        run("vote", "SOM-2026", "VN", *votes)


def test_a_time_that_cannot_be_read_is_named(world: World, run: Any) -> None:
    opened(world)
    with pytest.raises(Exception, match="closes: is not a wall time such as"):
        run("extend", "SOM-2026", "--closes", "soon", "--yes")


def test_the_command_line_asks_what_becomes_of_the_linked_meeting(linked: World, run: Any) -> None:
    for asked in ((), ("--yes",), ("--json",), ("--preview",)):
        with pytest.raises(Conflict, match="Say what becomes of it: keep or move"):
            run("close", "SOM-2026", "2", *asked)
    assert f"{PREP}, which prepares it, stays on" in run(
        "close", "SOM-2026", "2", "--linked", "keep", "--preview"
    )
    done = json.loads(run("close", "SOM-2026", "2", "--linked", "move", "--json"))
    assert (done["date_poll"]["chosen"], {item["meeting"] for item in done["consequences"]}) == (2, {PREP})
    assert linked.reading.meeting(PREP).start == "2026-12-09 09:00"


def test_a_person_at_the_keyboard_is_asked_for_the_linked_meeting(
    linked: World, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.commands.meetings.linked._at_a_terminal", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_, **__: "keep")
    assert "keep: it stays there" in run("close", "SOM-2026", "1")
    assert linked.reading.meeting("SOM-2026").start == "2026-12-08 09:00"
    assert linked.reading.meeting(PREP).start == "2026-12-02 09:00"
