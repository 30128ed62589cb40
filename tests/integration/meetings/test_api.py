"""The REST API over a real container and database: shapes, statuses, and errors a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from integrations.clock import SystemClock
from orchestrator.bootstrap import Container
from orchestrator.web.app import create_app
from tests.integration.conftest import definition, like
from tests.integration.serving import TestClient, application


@pytest.fixture
def client(first_process: Container, tmp_path: Path) -> Iterator[TestClient]:
    container = like(first_process, data_dir=tmp_path, attachment_max_bytes=1000)
    headers = {"Authorization": f"Bearer {container.api_token}"}
    with TestClient(application(container), base_url="http://127.0.0.1", headers=headers) as found:
        yield found
    container.database.dispose()


def meeting(**changes: Any) -> dict[str, Any]:
    """The fields of a meeting a month from now, as JSON."""
    start = SystemClock().now() + timedelta(days=30)
    return definition(start=f"{start:%Y-%m-%d} 14:00", **changes).model_dump(mode="json", exclude_none=True)


def problems(answer: Any, status: int, code: str) -> dict[str, dict[str, str]]:
    """Check that an answer is a problem document and return its problems by field."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    return {item["field"]: item for item in body.get("problems", [])}


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"zone": "Australia/Sydney", "start": "2028-04-02 02:30"}, "start", "comes twice"),
        ({"zone": "Australia/Sydney", "start": "2027-10-03 02:30"}, "start", "does not exist"),
        ({"zone": "EST"}, "zone", "abbreviation"),
        ({"zone": "GMT+0"}, "zone", "abbreviation"),
    ],
)
def test_a_time_that_nobody_can_tell_is_asked_about(
    client: TestClient, given: dict[str, str], field: str, words: str
) -> None:
    refused = client.post("/api/v1/meetings", json=meeting() | given)
    assert words in problems(refused, 422, "invalid-input")[field]["message"]
    client.post("/api/v1/meetings", json=meeting())
    refused = client.patch("/api/v1/meetings/SOM-2026", json={"version": 1} | given)
    assert words in problems(refused, 422, "invalid-input")[field]["message"]


def test_many_actions_are_mended_at_once(client: TestClient) -> None:
    client.post("/api/v1/meetings", json=meeting())
    client.post("/api/v1/meetings/SOM-2026/publish")
    nothing = client.post("/api/v1/actions/retry", params={"preview": True}, json={})
    assert (nothing.status_code, nothing.json()["count"], nothing.json()["previewed"]) == (200, 0, True)
    refused = client.post("/api/v1/actions/discard", json={"kind": "remind"})
    assert "states" in problems(refused, 422, "invalid-input")
    chosen = {"states": ["scheduled"], "kind": "remind", "meeting": "SOM-2026", "reason": "told by telephone"}
    shown = client.post("/api/v1/actions/discard", params={"preview": True}, json=chosen).json()
    assert shown["count"] > 0
    assert client.post("/api/v1/actions/discard", json=chosen).json() == shown | {"previewed": False}
    assert client.post("/api/v1/actions/discard", json=chosen).json()["count"] == 0


def test_the_way_of_a_meeting_from_draft_to_cancelled(client: TestClient) -> None:
    created = client.post("/api/v1/meetings", json=meeting())
    assert (created.status_code, created.headers["location"]) == (201, "/api/v1/meetings/SOM-2026")
    assert (created.json()["status"], created.json()["version"]) == ("draft", 1)
    preview = client.post("/api/v1/meetings/SOM-2026/publish", params={"preview": True}).json()
    assert preview["previewed"] is True
    assert client.get("/api/v1/meetings/SOM-2026").json()["status"] == "draft"
    done = client.post("/api/v1/meetings/SOM-2026/publish").json()
    assert done["consequences"] == preview["consequences"]
    plan = client.get("/api/v1/meetings/SOM-2026/plan").json()
    assert {item["kind"] for item in plan} == {"conference", "look", "digest", "invite", "remind", "conclude"}
    blocked = client.get("/api/v1/actions", params={"state": "blocked"}).json()
    assert {item["kind"] for item in blocked} == {"invite"}
    changed = client.patch("/api/v1/meetings/SOM-2026", json={"version": 2, "title": "A new title"})
    assert changed.json()["version"] == 3
    problems(client.patch("/api/v1/meetings/SOM-2026", json={"version": 2}), 409, "version-conflict")
    assert client.post("/api/v1/meetings/SOM-2026/cancel", json={"reason": "ill"}).status_code == 200
    assert [item["status"] for item in client.get("/api/v1/meetings").json()] == ["cancelled"]
    problems(client.post("/api/v1/meetings/SOM-2026/cancel"), 409, "conflict")


def test_nobody_gets_in_without_the_token(client: TestClient) -> None:
    for token in ("", "Bearer wrong", "Basic d3Jvbmc="):
        answer = client.get("/api/v1/meetings", headers={"Authorization": token})
        problems(answer, 401, "http-401")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_another_host_name_is_not_answered(client: TestClient) -> None:
    assert client.get("/livez", headers={"Host": "elsewhere.example"}).status_code == 400


def test_every_problem_of_a_definition_is_named_at_once(client: TestClient) -> None:
    wrong = meeting(zone="Asia/Hanoi") | {"host": "XX", "nonsense": 1}
    found = problems(client.post("/api/v1/meetings", json=wrong), 422, "invalid-input")
    assert found["nonsense"]["message"] == "is not a known field"
    del wrong["nonsense"]
    found = problems(client.post("/api/v1/meetings", json=wrong), 422, "invalid-input")
    assert found["zone"]["value"] == "Asia/Hanoi"
    assert "Asia/Ho_Chi_Minh" in found["zone"]["remedy"]
    assert found["host"]["value"] == "XX"
    assert client.get("/api/v1/meetings").json() == []


def test_broken_json_says_where(client: TestClient) -> None:
    answer = client.post(
        "/api/v1/meetings", content=b'{"reference": }', headers={"Content-Type": "application/json"}
    )
    found = problems(answer, 422, "invalid-input")
    assert found["document"]["value"] == "character 14"
    assert "invalid JSON" in found["document"]["message"]


def test_a_reference_is_taken_once(client: TestClient) -> None:
    client.post("/api/v1/meetings", json=meeting())
    problems(client.post("/api/v1/meetings", json=meeting()), 409, "conflict")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("minutes.exe", b"MZ", "is not a type that minutes can have"),
        ("minutes.md", b"x" * 1001, "is larger than the limit of 1,000 bytes"),
        ("minutes.pdf", b"no pdf", "does not contain what its ending .pdf says"),
        ("minutes.txt", b"", "is empty"),
    ],
)
def test_a_file_that_minutes_cannot_be_is_refused(
    client: TestClient, name: str, content: bytes, message: str
) -> None:
    client.post("/api/v1/meetings", json=meeting())
    answer = client.post("/api/v1/meetings/SOM-2026/minutes", files={"file": (name, content)})
    assert problems(answer, 422, "invalid-input")["file"]["message"] == message


def test_what_is_not_there_is_404(client: TestClient) -> None:
    problems(client.get("/api/v1/meetings/NONE"), 404, "not-found")
    problems(client.post("/api/v1/actions/99/retry"), 404, "not-found")
    problems(client.get("/api/v1/nowhere"), 404, "http-404")


def test_an_answer_may_be_written_in_small_letters(client: TestClient) -> None:
    body = meeting()
    client.post("/api/v1/meetings", json=body)
    email = body["attendees"][0]["email"]
    path = f"/api/v1/meetings/SOM-2026/attendees/{email}/answer"
    assert client.put(path, json={"participation": "declined"}).status_code == 200
    assert client.get("/api/v1/meetings/SOM-2026").json()["answers"]["declined"] == 1
    problems(client.put(path, json={"participation": "maybe"}), 422, "invalid-input")


def test_health_needs_no_token_and_an_old_schema_is_not_ready(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'own.db'}")  # type: ignore[arg-type]
    container = Container(settings)
    with TestClient(create_app(container), base_url="http://127.0.0.1") as found:
        assert found.get("/livez").json() == {"status": "ok"}
        unready = found.get("/readyz")
        assert unready.status_code == 503
        assert "orchestrator db upgrade" in unready.json()["reason"]
        container.database.upgrade()
        assert found.get("/readyz").json() == {"status": "ok", "late": 0}
    container.database.dispose()


def test_the_published_description_names_every_route(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert {"/api/v1/meetings", "/api/v1/meetings/{meeting}/plan", "/api/v1/actions/{action_id}/retry"} <= {
        *paths
    }
