"""Old names of the API work for one more version, and say how they are called now."""

from __future__ import annotations

import re
from typing import Any

import pytest

from orchestrator.web.api.renamed import OLD_SEGMENTS, old_path
from orchestrator.web.app import create_app
from tests.callers import caller
from tests.integration.conftest import World, definition
from tests.integration.serving import TestClient, application

REF = "/api/v1/meetings/SOM-2026"
PRESENT = {
    "decisions": f"{REF}/decisions",
    "connection-tests": f"{REF}/connection-tests",
    "date-poll": "/api/v1/meetings/ASKED/date-poll",
    "fair-starts": "/api/v1/fair-starts?for=VN&duration=PT1H&host=VN&top=1",
}


@pytest.fixture
def api(world: World) -> TestClient:
    world.meetings.create(
        [definition("SOM-2026", timeline="som"), definition("ASKED", start="2027-02-03 14:00")],
        caller=caller("coordinator"),
    )
    made = TestClient(application(world), base_url="http://localhost")
    made.headers["Authorization"] = f"Bearer {world.api_token}"
    asked = {"starts": ["2027-02-03 09:00", "2027-02-04 09:00"], "closes": "2026-11-20 17:00"}
    assert made.post("/api/v1/meetings/ASKED/date-poll", json=asked).status_code == 201
    return made


def told(answer: Any) -> tuple[str, str]:
    return answer.headers.get("Deprecation", ""), answer.headers.get("Link", "")


@pytest.mark.parametrize(("segment", "path"), PRESENT.items())
def test_an_old_path_answers_like_the_present_one_and_names_it(
    api: TestClient, segment: str, path: str
) -> None:
    present, old = api.get(path), api.get(old_path(path.partition("?")[0]), params=present_params(path))
    assert (present.status_code, old.status_code) == (200, 200)
    assert present.json() == old.json()
    assert told(present) == ("", "")
    deprecation, link = told(old)
    assert re.fullmatch(r"@\d{10}", deprecation), "a date as RFC 9745 writes it"
    assert link == f'<{path.partition("?")[0]}>; rel="successor-version"'


def present_params(path: str) -> dict[str, str]:
    query = path.partition("?")[2]
    return dict(item.split("=") for item in query.split("&")) if query else {}


def test_a_refusal_names_the_present_path_too(api: TestClient) -> None:
    missing = api.get("/api/v1/meetings/NO/outcomes")
    assert missing.status_code == 404
    assert told(missing)[1] == '</api/v1/meetings/NO/decisions>; rel="successor-version"'
    wrong = api.put(f"{REF}/rehearsal/VN", json={"start": "soon"})
    assert wrong.status_code == 422
    assert told(wrong)[1] == f'<{REF}/connection-tests/VN>; rel="successor-version"'
    alone = api.get(f"{REF}/outcomes", headers={"Authorization": ""})
    assert alone.status_code == 401


def test_what_is_called_like_an_old_name_is_left_alone(api: TestClient, world: World) -> None:
    world.meetings.create([definition("poll")], caller=caller("coordinator"))
    assert told(api.get("/api/v1/meetings/poll")) == ("", "")
    assert told(api.get("/api/v1/meetings/poll/outcomes"))[1].startswith("</api/v1/meetings/poll/decisions>")


def test_renamed_fields_stand_under_both_names(api: TestClient, world: World) -> None:
    meeting = api.get(REF).json()
    assert meeting["decisions"] == meeting["outcomes"] == []
    found = api.get(
        "/api/v1/fair-starts", params={"for": "VN", "duration": "PT1H", "why_not": "2027-01-04", "host": "VN"}
    ).json()
    assert found["findings"]["fair_starts"] == found["findings"]["slots"] != []
    assert found["why_not"]["fair_start"] == found["why_not"]["slot"] is not None
    seen = api.post("/api/v1/meetings/ASKED/date-poll/remind?preview=true")
    assert seen.status_code == 409 or seen.json()["date_poll"] == seen.json()["poll"]
    (row, *_) = api.get(f"{REF}/readiness").json()["delegations"]
    assert "connection_test" in row and row["connection_test"] == row["slot"]


def test_the_description_marks_what_is_old(world: World) -> None:
    document = create_app(world).openapi()
    paths = document["paths"]
    renamed = {path for path in paths if old_path(path) != path}
    for path, methods in paths.items():
        if path not in renamed:
            marked = {operation.get("deprecated", False) for operation in methods.values()}
            assert marked == {path in map(old_path, renamed)}
            continue
        old = paths[old_path(path)]
        assert old.keys() == methods.keys()
        for method, operation in methods.items():
            assert not operation.get("deprecated")
            assert old[method]["deprecated"] is True
            assert path in old[method]["description"]
            assert old[method]["responses"].keys() == operation["responses"].keys()
            same = ("requestBody", "parameters")
            assert [old[method].get(item) for item in same] == [operation.get(item) for item in same]
    assert {segment for path in paths for segment in path.split("/")} >= OLD_SEGMENTS.keys()
    meeting = document["components"]["schemas"]["MeetingModel"]["properties"]
    assert meeting["outcomes"]["deprecated"] is True
    assert "deprecated" not in meeting["decisions"]
