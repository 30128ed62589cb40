"""The REST API where answers come back: responses, proposals, personal links, the mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.callers import caller
from tests.integration.answers.console.console_mails import SOM, arrive, proposal, reply
from tests.integration.answers.console.test_console_mailbox import letter
from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World
from tests.integration.serving import TestClient, application

MEETING = f"/api/v1/meetings/{SOM}"


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    world.scheduling.begin()
    headers = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(application(world), base_url="http://127.0.0.1", headers=headers) as found:
        yield found


def problems(answer: Any, status: int, code: str) -> dict[str, dict[str, str]]:
    """Check that an answer is a problem document and return its problems by field."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    return {item["field"]: item for item in body.get("problems", [])}


def test_a_save_the_date_is_announced_then_confirmed(client: TestClient, world: World) -> None:
    world.create()
    body = {"save_the_date": True, "version": 1}
    preview = client.post(f"{MEETING}/publish", json=body, params={"preview": True}).json()
    assert {item["kind"] for item in preview["consequences"]} == {"invite"}
    done = client.post(f"{MEETING}/publish", json=body).json()
    assert done["consequences"] == preview["consequences"]
    assert client.get(MEETING).json()["tentative"] is True
    problems(client.post(f"{MEETING}/publish", json={"save_the_date": True}), 409, "conflict")
    confirmed = client.post(f"{MEETING}/publish").json()
    assert "remind" in {item["kind"] for item in confirmed["consequences"]}
    assert client.get(MEETING).json()["tentative"] is False


@pytest.mark.both_databases
def test_a_cancelled_meeting_is_reinstated(client: TestClient, world: World) -> None:
    world.invited()
    problems(client.post(f"{MEETING}/reinstate"), 409, "conflict")
    version = client.post(f"{MEETING}/cancel", json={"reason": "The Chair is ill."}).json()["version"]
    world.run()
    problems(client.post(f"{MEETING}/reinstate", json={"version": 1}), 409, "version-conflict")
    body = {"version": version, "reason": "The Chair is well."}
    preview = client.post(f"{MEETING}/reinstate", json=body, params={"preview": True}).json()
    assert client.get(MEETING).json()["status"] == "cancelled"
    done = client.post(f"{MEETING}/reinstate", json=body).json()
    assert done["consequences"] == preview["consequences"]
    assert sum(item["kind"] == "invite" for item in done["consequences"]) == 3
    assert client.get(MEETING).json()["status"] == "published"


def test_an_answer_carries_a_comment(client: TestClient, world: World) -> None:
    world.invited()
    path = f"{MEETING}/attendees/{TAN}/answer"
    assert client.put(path, json={"participation": "declined", "comment": "Abroad"}).status_code == 200
    (found,) = client.get(f"{MEETING}/responses").json()
    assert (found["kind"], found["participation"], found["comment"], found["channel"]) == (
        "answer",
        "declined",
        "Abroad",
        "api",
    )
    attendees = {item["email"]: item for item in client.get(MEETING).json()["attendees"]}
    assert attendees[TAN]["comment"] == "Abroad"
    refused = problems(client.put(path, json={"participation": "delegated"}), 422, "invalid-input")
    assert "add the delegate to the attendees" in refused["participation"]["message"]
    long = {"participation": "accepted", "comment": "x" * 2001}
    assert "comment" in problems(client.put(path, json=long), 422, "invalid-input")


def test_responses_come_newest_first(client: TestClient, world: World) -> None:
    world.invited()
    assert client.get(f"{MEETING}/responses").json() == []
    arrive(world, reply(world, TAN, "ACCEPTED"), proposal(world, THIDA))
    found = client.get(f"{MEETING}/responses").json()
    assert {(item["kind"], item["name"]) for item in found} == {
        ("proposal", "Thida Aye"),
        ("answer", "Tan Hui Shan"),
    }
    assert [item["id"] for item in found] == sorted((item["id"] for item in found), reverse=True)
    problems(client.get("/api/v1/meetings/NONE/responses"), 404, "not-found")


def test_a_proposal_is_refused(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, proposal(world, THIDA))
    (found,) = client.get(f"{MEETING}/responses").json()
    assert (found["state"], found["proposed"]["clock"]) == ("open", "09:00")
    path = f"{MEETING}/proposals/{found['id']}/refuse"
    done = client.post(path, json={"reply": "The hall is taken."}).json()
    assert [item["recipient_email"] for item in done["consequences"] if item["kind"] == "refusal"] == [THIDA]
    world.run()
    assert "The hall is taken." in str(world.mailer.to(THIDA)[-1].message)
    problems(client.post(path), 404, "not-found")
    problems(client.post(f"{MEETING}/proposals/99999999999/refuse"), 422, "invalid-input")


def test_the_invitation_is_sent_again(client: TestClient, world: World) -> None:
    world.published()
    path = f"{MEETING}/attendees/{TAN}/send-again"
    problems(client.post(path), 409, "conflict")
    world.run()
    done = client.post(path).json()
    assert [(item["kind"], item["recipient_email"]) for item in done["consequences"]] == [("resend", TAN)]
    problems(client.post(f"{MEETING}/attendees/nobody@example.org/send-again"), 404, "not-found")


def test_a_personal_link_is_shown_and_revoked(client: TestClient, world: World) -> None:
    world.create()
    path = f"{MEETING}/attendees/{TAN}"
    problems(client.get(f"{path}/personal-link"), 409, "conflict")
    world.meetings.publish(SOM, caller=caller("test"))
    before = client.get(f"{path}/personal-link").json()
    assert client.get(f"{path}/personal-link").json() == before
    after = client.post(f"{path}/revoke-link").json()
    assert after != before
    assert client.get(f"{path}/personal-link").json() == after
    problems(client.post(f"{MEETING}/attendees/nobody@example.org/revoke-link"), 404, "not-found")


def test_a_meeting_moves_to_another_mailbox(client: TestClient, world: World) -> None:
    world.invited()
    unchanged = client.post(f"{MEETING}/move-mailbox", params={"preview": True}).json()
    assert unchanged["consequences"] == []
    world.meetings._organizer = "new@accsm.example"
    preview = client.post(f"{MEETING}/move-mailbox", params={"preview": True}).json()
    done = client.post(f"{MEETING}/move-mailbox").json()
    assert done["consequences"] == preview["consequences"]
    assert sum(item["kind"] == "invite" for item in done["consequences"]) == 3


def test_a_change_takes_a_coordinator_and_seats(client: TestClient, world: World) -> None:
    world.create()
    people = [{**PEOPLE[NHUNG], "seat": "head of delegation"}, PEOPLE[TAN]]
    new = {"name": "Phạm Thu Hà", "email": "ha@vn.example.org"}
    body = {"version": 1, "coordinator": new, "attendees": people}
    assert client.patch(MEETING, json=body).status_code == 200
    found = client.get(MEETING).json()
    assert found["coordinator_email"] == "ha@vn.example.org"
    assert [item["seat"] for item in found["attendees"] if item["email"] == NHUNG] == ["head of delegation"]
    assert len(found["attendees"]) == 2
    body = {"version": 2, "attendees": [{**PEOPLE[NHUNG], "seat": "throne"}]}
    assert "attendees[0].seat" in problems(client.patch(MEETING, json=body), 422, "invalid-input")


# The mailbox


def test_mails_are_listed_by_what_became_of_them(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, reply(world, TAN, "ACCEPTED"), letter())
    assert len(client.get("/api/v1/incoming").json()) == 2
    (found,) = client.get("/api/v1/incoming", params={"fate": "quarantined"}).json()
    assert (found["sender"], found["subject"]) == (TAN, "About the meeting")
    assert client.get(f"/api/v1/incoming/{found['id']}").json() == found
    assert found["fate"] == found["outcome"] == "quarantined"
    assert client.get("/api/v1/incoming", params={"outcome": "quarantined"}).json() == [found]
    problems(client.get("/api/v1/incoming", params={"fate": "lost"}), 422, "invalid-input")
    problems(client.get("/api/v1/incoming/999"), 404, "not-found")
    problems(client.get("/api/v1/incoming/99999999999"), 422, "invalid-input")


def test_a_mail_is_downloaded_as_it_came(client: TestClient, world: World) -> None:
    arrive(world, letter(text="<script>alert(1)</script>"))
    (found,) = client.get("/api/v1/incoming").json()
    file = client.get(f"/api/v1/incoming/{found['id']}/content")
    assert file.content == letter(text="<script>alert(1)</script>")
    assert file.headers["content-type"] == "message/rfc822"
    assert file.headers["content-disposition"].startswith("attachment; ")
    assert file.headers["x-content-type-options"] == "nosniff"


def test_a_mail_is_assigned(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, letter())
    (found,) = client.get("/api/v1/incoming").json()
    path = f"/api/v1/incoming/{found['id']}/assign"
    body = {"meeting": SOM, "email": TAN}
    assert "participation" in problems(client.post(path, json=body), 422, "invalid-input")
    problems(
        client.post(path, json={**body, "email": "x@y.example", "participation": "accepted"}),
        404,
        "not-found",
    )
    done = client.post(path, json={**body, "participation": "accepted"}).json()
    assert (done["fate"], done["meeting"]) == ("assigned", SOM)
    assert client.get(MEETING).json()["answers"]["accepted"] == 1
    problems(client.post(path, json={**body, "participation": "accepted"}), 409, "conflict")


def test_a_mail_is_let_go(client: TestClient, world: World) -> None:
    arrive(world, letter())
    (found,) = client.get("/api/v1/incoming").json()
    path = f"/api/v1/incoming/{found['id']}/discard"
    assert client.post(path).status_code == 204
    assert client.get(f"/api/v1/incoming/{found['id']}").json()["fate"] == "discarded"
    problems(client.post(path), 409, "conflict")


def test_every_new_route_wants_the_token(client: TestClient) -> None:
    person = f"{MEETING}/attendees/{TAN}"
    for method, path in (
        ("GET", f"{MEETING}/responses"),
        ("POST", f"{MEETING}/proposals/1/refuse"),
        ("POST", f"{MEETING}/reinstate"),
        ("POST", f"{MEETING}/move-mailbox"),
        ("GET", f"{person}/personal-link"),
        ("POST", f"{person}/revoke-link"),
        ("POST", f"{person}/send-again"),
        ("GET", "/api/v1/incoming"),
        ("GET", "/api/v1/incoming/1"),
        ("GET", "/api/v1/incoming/1/content"),
        ("POST", "/api/v1/incoming/1/assign"),
        ("POST", "/api/v1/incoming/1/discard"),
        ("POST", "/api/v1/incoming/1/accept"),
        ("POST", "/api/v1/incoming/1/invite"),
        ("GET", "/api/v1/known-senders"),
        ("POST", "/api/v1/known-senders"),
        ("DELETE", "/api/v1/known-senders/1"),
    ):
        # Wrong tokens are counted, and none is none.
        problems(client.request(method, path, headers={"Authorization": ""}), 401, "http-401")
