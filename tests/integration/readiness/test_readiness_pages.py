"""Readiness through every door: the personal page, the console, the API and the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orchestrator import cli
from orchestrator.domain.meetings.meeting import ContributionState, Need, Participation
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.store.engine import Database
from tests.callers import caller
from tests.integration.conftest import NHUNG, STARTS, TAN, THIDA, World, contents, emptied
from tests.integration.readiness.board import CHASING, LAN, MINH, STAFF, answer, history, meeting, record, row
from tests.integration.readiness.test_services_nudges import nudged
from tests.integration.readiness.test_services_readiness import state, token
from tests.integration.serving import TestClient, application

C = ContributionState


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path) -> World:
    made = World(emptied(sqlite_of_session), tmp_path / "data")
    made.timelines = {**made.timelines, "chasing": CHASING}
    made.invited(attendees=STAFF, timeline="chasing")
    made.clock.move(hours=1)
    return made


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(application(world), base_url="http://localhost", follow_redirects=False) as made:
        yield made


@pytest.fixture
def api(world: World, client: TestClient) -> TestClient:
    client.headers["Authorization"] = f"Bearer {world.api_token}"
    return client


def words(response: Any) -> str:
    """The text of a page as it is read, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def section(response: Any, name: str) -> str:
    """The part of a page with that id, as HTML."""
    found = re.search(rf'<section id="{name}".*?</section>', response.text, re.DOTALL)
    return found.group() if found else ""


def forms(html: str) -> dict[str, dict[str, str]]:
    """What each button of a part of a page would send, by its label."""
    found = {}
    for form in re.findall(r"<form .*?</form>", html, re.DOTALL):
        label = re.findall(r"<button[^>]*>(.*?)</button>", form, re.DOTALL)[-1]
        fields = re.findall(r'name="(\w+)" value="([^"]*)"', form)
        found[" ".join(unescape(label).split())] = {name: unescape(value) for name, value in fields}
    return found


# The personal page


def page(world: World, email: str) -> str:
    return f"/a/{token(world, email)}"


def test_the_page_says_what_is_missing_and_offers_one_click_for_each(
    world: World, client: TestClient
) -> None:
    before = contents(world.database)
    for _ in range(2):
        found = client.get(page(world, LAN))
        part = section(found, "owed")
        assert "What is still missing from Viet Nam" in part
        assert list(forms(part)) == [
            "Confirm this list of 3 people",
            "Our paper has been sent",
            "We will not submit a paper",
        ]
        slot = row(world, "VN").connection_test
        assert slot is not None
        assert f"{slot.starts.date}, {slot.starts.clock}" in part
    assert client.head(page(world, LAN)).status_code == 200
    assert client.get(f"{page(world, LAN)}/owed").headers["location"] == page(world, LAN)
    assert contents(world.database) == before


def test_one_click_mends_it_and_another_takes_it_back(world: World, client: TestClient) -> None:
    path = page(world, LAN)
    press = forms(section(client.get(path), "owed"))
    for label in ("Confirm this list of 3 people", "We will not submit a paper"):
        done = client.post(f"{path}/owed", data=press[label])
        assert (done.status_code, done.headers["location"]) == (303, f"{path}?done=settled")
    assert (state(world, "VN", "list"), state(world, "VN", "paper")) == ("in", "waived")
    found = client.get(f"{path}?done=settled")
    assert "Recorded. You can take it back until the start." in words(found)
    part = section(found, "owed")
    assert list(forms(part)) == ["Take this back: delegation list", "Take this back: paper"]
    done = client.post(f"{path}/owed", data=forms(part)["Take this back: paper"])
    assert done.headers["location"] == f"{path}?done=unsettled"
    assert state(world, "VN", "paper") == "missing"
    again = client.post(f"{path}/owed", data={"need": "paper", "state": ""})
    assert again.headers["location"] == f"{path}?done=same"


def test_a_page_says_when_nothing_is_missing(world: World, client: TestClient) -> None:
    for need in (Need.LIST, Need.PAPER, Need.TEST):
        record(world, "VN", need, C.IN)
    answer(world, NHUNG, Participation.ACCEPTED)
    part = section(client.get(page(world, LAN)), "owed")
    assert "Nothing is missing from Viet Nam" in part
    assert forms(part) == {}


def test_only_whoever_speaks_for_a_delegation_is_shown_the_section(world: World, client: TestClient) -> None:
    assert section(client.get(page(world, MINH)), "owed") == ""
    assert "Myanmar" in section(client.get(page(world, THIDA)), "owed")
    refused = client.post(f"{page(world, MINH)}/owed", data={"need": "paper", "state": "in"})
    assert (refused.status_code, state(world, "VN", "paper")) == (409, "missing")
    assert "Only the focal point and the head of a delegation" in words(refused)


def test_a_failed_test_is_told_with_what_was_noted(world: World, client: TestClient) -> None:
    record(world, "VN", Need.TEST, C.FAILED, "no sound <from> us")
    part = section(client.get(page(world, LAN)), "owed")
    assert "The connectivity test failed" in part
    assert "No sound &lt;from&gt; us." in part


def test_a_test_whose_time_has_gone_by_is_not_called_to_come(world: World, client: TestClient) -> None:
    (slot,) = (item for item in meeting(world).connection_tests if item.delegation == "VN")
    for moment, said in (
        (slot.starts_at, "Join at your time to try: Wednesday, 2 December 2026"),
        (slot.ends_at, "Your time to try was Wednesday, 2 December 2026"),
    ):
        world.clock.at = moment
        text = words(client.get(page(world, LAN)))
        assert said in text
    assert "Join at your time to try" not in text
    assert re.search(r"Ask .+, coordinator@vn.example.org ?, for another", text)


def test_what_the_page_refuses_changes_nothing(world: World, client: TestClient) -> None:
    path = page(world, LAN)
    before = contents(world.database)
    for data, status in (
        ({"need": "delegation list", "state": "in", "mark": "older"}, 409),
        ({"need": "connectivity test", "state": "in"}, 422),
        ({"need": "nonsense", "state": "in"}, 422),
        ({"need": "paper", "state": "lost"}, 422),
        ({}, 422),
    ):
        assert client.post(f"{path}/owed", data=data).status_code == status, data
    elsewhere = {"Origin": "https://elsewhere.example"}
    press = {"need": "paper", "state": "in"}
    assert client.post(f"{path}/owed", data=press, headers=elsewhere).status_code == 403
    assert client.post(f"{path}x/owed", data=press).status_code == 404
    assert contents(world.database) == before
    world.personal_links.revoke("SOM-2026", LAN, caller=caller("console"))
    assert client.post(f"{path}/owed", data=press).status_code == 410
    world.clock.at = STARTS
    assert section(client.get(page(world, LAN)), "owed") == ""


# The console


def test_the_board_stands_on_the_page_of_the_meeting(world: World, client: TestClient) -> None:
    record(world, "VN", Need.PAPER, C.WAIVED, "none this year")
    found = client.get("/meetings/SOM-2026")
    part = section(found, "readiness")
    rows = [" ".join(unescape(re.sub(r"<[^>]+>", " ", item)).split()) for item in part.split("<tr>")]
    assert [item.split()[0] for item in rows[2:]] == ["MM", "SG", "VN"]
    assert "0 of 3</strong> answered" in part
    assert "1 of 3</strong> settled their paper" in part
    assert "None this year" in part
    assert "Joined" not in part
    assert re.findall(r'href="(/meetings/SOM-2026/nudge[^"]*)"', part) == [
        "/meetings/SOM-2026/nudge",
        *(f"/meetings/SOM-2026/nudge?to={code}" for code in ("MM", "SG", "VN")),
    ]


def test_what_nobody_is_asked_for_is_not_shown(world: World, client: TestClient) -> None:
    world.create(reference="OTHER", attendees=STAFF)
    assert section(client.get("/meetings/OTHER"), "readiness") == ""
    world.meetings.publish("OTHER", caller=caller("console"))
    part = section(client.get("/meetings/OTHER"), "readiness")
    assert re.findall(r'<th scope="col">([^<]+)</th>', part) == ["Delegation", "Head’s answer", "Link"]


def test_a_long_plan_is_folded_to_what_is_still_to_come(world: World, client: TestClient) -> None:
    world.create(reference="LONG", timeline="som")
    world.meetings.publish("LONG", caller=caller("console"), save_the_date=False)
    assert "plan-over" not in section(client.get("/meetings/LONG"), "plan")
    world.clock.move(days=20)
    world.run()
    plan = world.reading.plan("LONG")
    page = section(client.get("/meetings/LONG"), "plan")
    over, _, coming = page.partition("what is still to come, or went wrong, follows")[2].partition(
        "</details>\n<table"
    )
    assert over.count("succeeded") > 3
    assert "scheduled" not in over
    assert "Reminder, 7 days before" in coming
    assert "1 h before" not in over
    assert {item.state for item in plan} >= {"succeeded", "scheduled"}


def test_a_page_to_confirm_says_first_what_goes_out_first(world: World, client: TestClient) -> None:
    world.create(reference="LONG", timeline="som")
    page = client.get("/meetings/LONG/publish?save_the_date=no")
    text = words(page)
    assert re.search(
        r"First: .+ In all, up to \d+ mails to 3 people in \d+ steps, the last on Monday, 7 Dec", text
    )
    assert (
        text.index("In all, up to") < text.index("Leave it as it is") < text.index("Who gets what, and when")
    )
    ladder = re.findall(r"Chaser: delegation list (\d+) working days", text)
    assert ladder == ["15", "10", "7"], "each rung is told by itself"
    announced = words(client.get("/meetings/LONG/publish?save_the_date=yes"))
    assert re.search(
        r"On \w+, \d+ \w+ 2026, 09:00 Ha Noi \(UTC\+07:00\) the meeting is confirmed by itself", announced
    )


def test_a_nudge_shows_first_whom_it_asks(world: World, client: TestClient) -> None:
    before = contents(world.database)
    shown = client.get("/meetings/SOM-2026/nudge?to=VN")
    assert "Nudge 1 person now" in words(shown)
    assert LAN in shown.text
    assert TAN not in shown.text
    assert contents(world.database) == before
    done = client.post("/meetings/SOM-2026/nudge", data=forms(shown.text)["Nudge 1 person now"])
    assert done.headers["location"] == "/meetings/SOM-2026?done=nudged&count=1"
    assert "1 person is asked now for what is missing." in words(client.get(done.headers["location"]))
    twice = client.post("/meetings/SOM-2026/nudge", data={"to": "VN"})
    assert twice.status_code == 409
    assert "Phạm Thu Lan was asked on Sunday, 1 November 2026, 10:00" in words(twice)
    shown = client.get("/meetings/SOM-2026/nudge")
    assert "Not asked: Phạm Thu Lan was asked" in words(shown)
    client.post("/meetings/SOM-2026/nudge", data=forms(shown.text)["Nudge 2 people now"])
    world.run()
    assert sorted(nudged(world)) == sorted([LAN, TAN, THIDA])
    assert "nudged Sunday, 1 November 2026, 10:00" in words(client.get("/meetings/SOM-2026"))


# The API


def test_the_api_returns_the_board_and_takes_what_comes_in(world: World, api: TestClient) -> None:
    path = "/api/v1/meetings/SOM-2026/readiness"
    board = api.get(path).json()
    assert board["tally"]["answered"] == {"settled": 0, "of": 3}
    assert [item["code"] for item in board["delegations"]] == ["MM", "SG", "VN"]
    assert board["delegations"][2]["nudge_to"] == [{"name": "Phạm Thu Lan", "email": LAN}]
    done = api.put(f"{path}/VN/test", json={"state": "failed", "note": "no sound"})
    assert (done.status_code, state(world, "VN", "tested")) == (200, "failed")
    done = api.put(f"{path}/vn/list", json={"state": "in"})
    assert {(item["effect"], item["kind"]) for item in done.json()["consequences"]} == {
        ("cancelled", "chase")
    }
    api.put(f"{path}/VN/list", json={"state": "missing"})
    assert state(world, "VN", "list") == "missing"
    assert api.put(f"{path}/VN/paper", json={"state": "failed"}).json()["code"] == "invalid-input"
    for wrong, status in ((f"{path}/KH/list", 404), (f"{path}/VN/answer", 422)):
        assert api.put(wrong, json={"state": "in"}).status_code == status
    assert api.put(f"{path}/VN/list", json={"state": "lost"}).status_code == 422
    assert history(world, "connectivity test failed") == [("api", "VN: no sound")]


def test_the_api_nudges(world: World, api: TestClient) -> None:
    path = "/api/v1/meetings/SOM-2026/nudge"
    planned = api.post(path, params={"preview": True}, json={"to": ["VN", TAN]}).json()
    assert [item["recipient_email"] for item in planned["consequences"]] == [TAN, LAN]
    assert nudged(world) == []
    assert api.post(path, json={"to": ["VN", TAN]}).json()["consequences"] == planned["consequences"]
    refused = api.post(path, json={"to": ["VN"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "nobody-to-ask")
    assert [item["recipient_email"] for item in api.post(path).json()["consequences"]] == [THIDA]
    assert api.post(path, json={"to": ["KH"]}).status_code == 404


def test_the_api_moves_slots_and_takes_who_has_joined(world: World, api: TestClient) -> None:
    path = "/api/v1/meetings/SOM-2026/connection-tests"
    assert {item["delegation"] for item in api.get(path).json()} == {"MM", "SG", "VN"}
    for preview in (True, False):
        done = api.put(f"{path}/VN", params={"preview": preview}, json={"start": "2026-12-02 15:00"})
        assert (done.status_code, done.json()["previewed"]) == (200, preview)
    slot = next(item for item in api.get(path).json() if item["delegation"] == "VN")
    assert (slot["starts"]["clock"], slot["ends"]["clock"]) == ("15:00", "15:15")
    taken = api.put(f"{path}/SG", json={"start": "2026-12-02 15:00"})
    assert "overlaps the test of Viet Nam" in taken.json()["problems"][0]["message"]
    assert api.put(f"{path}/SG", json={"start": "soon"}).status_code == 422
    joined = "/api/v1/meetings/SOM-2026/joined/VN"
    assert api.post(joined).status_code == 409
    world.clock.at = STARTS
    assert [api.post(joined).status_code for _ in range(2)] == [204, 204]
    assert row(world, "VN").cells["joined"].by == "api"


# The command line

Command = Callable[..., str]


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: world)

    def invoke(*arguments: str) -> str:
        result = CliRunner().invoke(
            cli.cli, ["meeting", *arguments], catch_exceptions=False, standalone_mode=False
        )
        if result.exception:
            raise result.exception
        return result.output

    return invoke


def test_the_command_line_shows_the_board(world: World, run: Command) -> None:
    record(world, "VN", Need.PAPER, C.IN)
    text = run("readiness", "SOM-2026")
    assert text.startswith("0 of 3 answered, 0 of 3 list, 1 of 3 paper, 0 of 3 tested, 3 of 3 link\n")
    board, said = text.split("\n\n")
    assert [line.split()[0] for line in board.splitlines()[2:] if line[:2].isupper()] == ["MM", "SG", "VN"]
    assert max(len(line.rstrip()) for line in board.splitlines()) <= 80
    assert re.search(r"VN +◌ missing +◌ missing +✓ in +◌ missing +✓ in", board.replace("Viet Nam", ""))
    assert "no answer: Lê Thị Hồng Nhung, Phạm Thu Lan, Đỗ Quang Minh" in said
    assert "with the" not in said, "what is settled needs no words"
    found = json.loads(run("readiness", "SOM-2026", "--json"))
    assert found["delegations"][2]["cells"]["paper"]["state"] == "in"


def test_the_command_line_records_and_nudges(world: World, run: Command) -> None:
    assert "no longer" not in run(
        "delegation", "record", "SOM-2026", "VN", "paper", "waived", "--note", "none"
    )
    assert state(world, "VN", "paper") == "waived"
    run("delegation", "record", "SOM-2026", "VN", "paper", "missing")
    assert state(world, "VN", "paper") == "missing"
    with pytest.raises(InvalidInput):
        run("delegation", "record", "SOM-2026", "VN", "list", "failed")
    assert "Phạm Thu Lan (VN)" in run("delegation", "nudge", "SOM-2026", "VN", "--preview")
    assert nudged(world) == []
    assert "Done: SOM-2026" in run("delegation", "nudge", "SOM-2026", "VN", TAN, "--yes")
    with pytest.raises(Conflict, match="already"):
        run("delegation", "nudge", "SOM-2026", "VN", "--yes")
    assert json.loads(run("delegation", "nudge", "SOM-2026", "--json"))["warnings"]
    world.run()
    assert sorted(nudged(world)) == sorted([LAN, TAN, THIDA])


def test_the_command_line_shows_and_moves_slots(world: World, run: Command) -> None:
    run("connection-test", "move", "SOM-2026", "VN", "2026-12-02 15:00", "--yes")
    lines = run("connection-test", "list", "SOM-2026").splitlines()
    assert any("Wednesday, 2 December 2026, 15:00–15:15 Ha Noi (UTC+07:00)" in line for line in lines)
    assert {
        item["delegation"] for item in json.loads(run("connection-test", "list", "SOM-2026", "--json"))
    } == {
        "MM",
        "SG",
        "VN",
    }
    with pytest.raises(InvalidInput, match="is not a wall time"):
        run("connection-test", "move", "SOM-2026", "VN", "noon", "--yes")
    world.clock.at = STARTS
    assert run("delegation", "joined", "SOM-2026", "vn") == "VN has joined.\n"
    assert run("delegation", "joined", "SOM-2026", "VN") == "VN had joined already.\n"
    assert json.loads(run("delegation", "joined", "SOM-2026", "VN", "--json")) == {
        "delegation": "VN",
        "is_new": False,
    }
