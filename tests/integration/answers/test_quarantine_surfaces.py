"""Quarantine and known senders where people meet them: the API, the command line, the console."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestrator import terminal
from orchestrator.cli import cli
from orchestrator.domain.answers.speakers import Relation
from orchestrator.store.engine import Database
from tests.callers import caller
from tests.integration.answers.console.console_mails import hidden, section, words
from tests.integration.answers.incoming_mails import bounce, letter, participations, poll, reply
from tests.integration.answers.test_api_answers import problems
from tests.integration.conftest import TAN, World, emptied
from tests.integration.serving import TestClient, application

EVE, MEI = "eve@else.example.org", "mei@sg.example.org"


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(emptied(sqlite_of_session), tmp_path / "data")
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: found)
    found.invited()
    return found


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(application(world), base_url="http://127.0.0.1", headers=headers) as found:
        yield found


@pytest.fixture
def console(world: World) -> Iterator[TestClient]:
    with TestClient(application(world), base_url="http://127.0.0.1") as found:
        yield found


def run(*arguments: str) -> str:
    terminal.out.width = 200
    try:
        result = CliRunner().invoke(cli, ["mailbox", *arguments])
    finally:
        terminal.out._width = terminal._WIDE
    assert result.exit_code == 0, result.output
    return result.output


# --- the API


def test_one_request_believes_a_sender(client: TestClient, world: World) -> None:
    poll(world, reply(world, TAN, "DECLINED", sender=EVE))
    (found,) = client.get("/api/v1/incoming").json()
    assert (found["named"], found["sender"], found["says"]) == (TAN, EVE, "DECLINED")
    assert found["proposed"] == {"meeting": "SOM-2026", "email": TAN, "name": "Tan Hui Shan"}
    assert found["offers"] == ["accept", "invite", "assign", "discard", "download"]
    done = client.post(f"/api/v1/incoming/{found['id']}/accept").json()
    assert (done["fate"], done["offers"], participations(world)[TAN]) == (
        "assigned",
        ["download"],
        "declined",
    )
    (known,) = client.get("/api/v1/known-senders").json()
    assert (known["email"], known["sender"], known["relation"]) == (TAN, EVE, "deputy")
    assert client.delete(f"/api/v1/known-senders/{known['id']}").status_code == 204
    problems(client.delete(f"/api/v1/known-senders/{known['id']}"), 404, "not-found")
    assert client.get("/api/v1/known-senders").json() == []
    problems(client.post(f"/api/v1/incoming/{found['id']}/accept"), 409, "conflict")


def test_a_sender_is_believed_once_or_as_an_alias_when_asked(client: TestClient, world: World) -> None:
    poll(world, reply(world, TAN, "DECLINED", sender=EVE), reply(world, TAN, "ACCEPTED", sender=MEI))
    second, first = client.get("/api/v1/incoming").json()
    client.post(f"/api/v1/incoming/{first['id']}/accept", json={"remember": False})
    assert client.get("/api/v1/known-senders").json() == []
    client.post(f"/api/v1/incoming/{second['id']}/accept", json={"relation": "alias"})
    assert [item["relation"] for item in client.get("/api/v1/known-senders").json()] == ["alias"]
    body = {"relation": "friend"}
    problems(client.post(f"/api/v1/incoming/{second['id']}/accept", json=body), 422, "invalid-input")


def test_a_known_sender_is_confirmed_by_a_request(client: TestClient, world: World) -> None:
    body = {"email": TAN, "sender": EVE, "relation": "alias"}
    assert client.post("/api/v1/known-senders", json=body).status_code == 204
    assert [item.relation for item in world.known_senders.all()] == [Relation.ALIAS]
    refused = client.post("/api/v1/known-senders", json={**body, "sender": "eve"})
    assert "sender" in problems(refused, 422, "invalid-input")
    refused = client.post("/api/v1/known-senders", json={**body, "email": EVE})
    assert "email" in problems(refused, 422, "invalid-input")


def test_who_answered_is_invited_by_a_request(client: TestClient, world: World) -> None:
    poll(world, reply(world, MEI, "ACCEPTED"))
    (found,) = client.get("/api/v1/incoming").json()
    assert found["guest"]["email"] == MEI
    path, body = f"/api/v1/incoming/{found['id']}/invite", {"name": "Mei Lim"}
    preview = client.post(path, json=body, params={"preview": True}).json()
    assert ([item["recipient_email"] for item in preview["consequences"] if item["kind"] == "invite"]) == [
        MEI
    ]
    assert MEI not in participations(world)
    refused = problems(client.post(path, json={**body, "delegation": "XX"}), 422, "invalid-input")
    assert any("delegation" in field for field in refused)
    assert client.post(path, json=body).status_code == 200
    assert participations(world)[MEI] == "accepted"


def test_the_list_pages_and_is_searched_by_requests(client: TestClient, world: World) -> None:
    poll(world, *(letter(EVE, f"Number {number}") for number in range(5)))
    seen, path = [], "/api/v1/incoming?limit=2&search=number"
    while path:
        answer = client.get(path)
        seen += [item["id"] for item in answer.json()]
        found = re.fullmatch(r'<(.+)>; rel="next"', answer.headers.get("Link", ""))
        path = found[1] if found else ""
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5
    assert client.get("/api/v1/incoming", params={"search": "nothing of it"}).json() == []
    for wrong in ({"limit": 0}, {"limit": 201}, {"after": 0}, {"after": 10**12}, {"search": "x" * 201}):
        problems(client.get("/api/v1/incoming", params=wrong), 422, "invalid-input")


# --- the command line


def offered(printed: str) -> list[str]:
    return [line.partition("orchestrator ")[2] for line in printed.splitlines() if "orchestrator " in line]


def test_the_commands_that_are_shown_are_filled_in_and_work(world: World) -> None:
    poll(world, reply(world, TAN, "DECLINED", sender=EVE))
    commands = offered(run("show", "1"))
    assert commands[0] == "mailbox accept 1"
    assert f"mailbox assign 1 SOM-2026 {TAN}" in commands, "the answer that the mail gives is not replaced"
    assert "mailbox discard 1" in commands
    assert "accepted by" in run("accept", "1")
    assert participations(world)[TAN] == "declined"
    assert EVE in run("senders", "list")
    assert offered(run("show", "1")) == []


def test_a_letter_names_what_a_person_has_to_add(world: World) -> None:
    poll(world, letter(TAN))
    assert offered(run("show", "1")) == [
        f"mailbox assign 1 SOM-2026 {TAN} --as ANSWER",
        "mailbox discard 1",
    ]
    run("assign", "1", "SOM-2026", TAN, "--as", "accepted")
    assert participations(world)[TAN] == "accepted"


def test_a_report_can_only_be_let_go(world: World) -> None:
    poll(world, bounce("who@else.example.org", original="<other@else.example.org>"))
    found = json.loads(run("list", "--fate", "quarantined", "--json"))
    assert [item["offers"] for item in found] in ([], [["discard", "download"]])


def test_senders_are_confirmed_and_withdrawn_by_commands(world: World) -> None:
    assert "No address answers for another person." in run("senders", "list")
    run("senders", "confirm", TAN, EVE, "--as", "alias")
    (found,) = json.loads(run("senders", "list", "--json"))
    assert (found["sender"], found["relation"], found["email"]) == (EVE, "alias", TAN)
    run("senders", "withdraw", str(found["id"]))
    assert json.loads(run("senders", "list", "--json")) == []


def test_the_list_says_where_it_goes_on(world: World) -> None:
    poll(world, *(letter(EVE, f"Number {number}") for number in range(5)))
    printed = run("list", "--limit", "2", "--search", "number eve")
    assert "More: orchestrator mailbox list --search 'number eve' --limit 2 --after 4" in printed
    assert len(json.loads(run("list", "--json"))) == 5
    page = json.loads(run("list", "--json", "--limit", "2", "--after", "4"))
    assert ([item["id"] for item in page["mails"]], page["following"]) == ([3, 2], 2)


def test_who_answered_is_invited_by_a_command(world: World) -> None:
    poll(world, reply(world, TAN, "ACCEPTED", sender=MEI))
    assert "mailbox invite 1 --name NAME" in offered(run("show", "1"))
    run("invite", "1", "--name", "Mei Lim")
    assert participations(world)[MEI] == "no answer"


# --- the console


def test_one_click_believes_a_sender(console: TestClient, world: World) -> None:
    poll(world, reply(world, TAN, "DECLINED", sender=EVE))
    page = console.get("/mailbox")
    assert f"May {EVE} answer for Tan Hui Shan ?" in words(page)
    done = console.post("/mailbox/1/accept")
    assert "The sender is believed" in words(done)
    assert participations(world)[TAN] == "declined"
    known = section(console.get("/mailbox"), "known-senders")
    assert EVE in known
    number = re.search(r"/mailbox/senders/(\d+)/withdraw", known)
    assert number is not None
    assert "wait for you from now on" in words(console.post(f"/mailbox/senders/{number[1]}/withdraw"))
    assert world.known_senders.all() == []


def test_the_meeting_says_who_waits_and_asks_whether_to_invite(console: TestClient, world: World) -> None:
    poll(world, reply(world, MEI, "ACCEPTED"), reply(world, TAN, "DECLINED", sender=EVE))
    page = words(console.get("/meetings/SOM-2026"))
    assert "Was forwarded the invitation and answered it; it is not recorded. Invite this person?" in page
    assert "An answer that is not recorded yet. Decide about it" in page
    assert "Wrote a letter" not in page
    console.post("/mailbox/2/accept")
    assert "Decide about it" not in words(console.get("/meetings/SOM-2026"))


def test_a_believed_mail_that_changes_nothing_says_why(console: TestClient, world: World) -> None:
    poll(world, reply(world, TAN, "X-MAYBE", sender=EVE))
    page = console.post("/mailbox/1/accept", data={"once": "yes"})
    assert "neither yes nor no" in words(page)
    assert world.known_senders.all() == []


def test_inviting_is_looked_at_before_it_is_done(console: TestClient, world: World) -> None:
    poll(world, reply(world, MEI, "ACCEPTED"))
    refused = console.post("/mailbox/1/invite", data={"name": "", "delegation": "XX", "group": "ACCSM_FP"})
    assert refused.status_code == 422
    confirm = console.post("/mailbox/1/invite", data={"name": "Mei Lim"})
    assert "Invite Mei Lim to SOM-2026?" in words(confirm)
    assert MEI not in participations(world)
    console.post("/mailbox/1/invite", data=hidden(confirm))
    assert participations(world)[MEI] == "accepted"


def test_assigning_can_remember_the_sender(console: TestClient, world: World) -> None:
    poll(world, letter(EVE, "Ms Tan accepts."))
    form = {"meeting": "SOM-2026", "email": TAN, "participation": "accepted", "sender_is": "deputy"}
    console.post("/mailbox/1/assign", data=form)
    assert [item.sender for item in world.known_senders.all()] == [EVE]


def test_every_mail_is_found_and_reached(console: TestClient, world: World) -> None:
    poll(world, *(letter(EVE, f"Number {number}") for number in range(60)))
    assert "60 mails need you." in words(console.get("/mailbox"))
    assert "The other 35 that wait" in words(console.get("/mailbox"))
    page = console.get("/mailbox/all", params={"search": "number", "fate": "quarantined"})
    seen = set(re.findall(r'href="/mailbox/(\d+)"', page.text))
    older = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert older is not None
    seen |= set(re.findall(r'href="/mailbox/(\d+)"', console.get(older[1].replace("&amp;", "&")).text))
    assert len(seen) == 60
    assert "No mail is like that." in words(console.get("/mailbox/all", params={"search": "<b>"}))
    assert console.get("/mailbox/all", params={"after": "9" * 30}).status_code in (404, 422)


def test_a_discarded_mail_offers_no_download(console: TestClient, world: World) -> None:
    poll(world, letter(EVE))
    world.quarantine.discard(1, caller=caller("coordinator"))
    page = console.get("/mailbox/1")
    assert "mail.eml" not in page.text
    assert "not kept here any more" in words(page)
