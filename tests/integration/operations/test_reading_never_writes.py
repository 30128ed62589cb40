"""Looking at anything takes no lock and opens no transaction that could write."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import iter_route_contexts

from orchestrator.services.dates.date_polls import DatePollRequest
from tests.callers import caller
from tests.integration.conftest import NHUNG, World, definition, statements
from tests.integration.serving import TestClient, application

_WRITES = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|BEGIN IMMEDIATE)\b|.*\bFOR (UPDATE|SHARE|KEY SHARE)\b", re.DOTALL
)
_ENDLESS = "/events"
_PROBE = "/readyz"  # It tries whether anything can be written, at most every ten seconds.
"""Never ends, and asks only whether there is something new."""
MEETINGS = ("DRAFT", "POLLED", "PUBLISHED", "CANCELLED")


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    """A draft, one with an open date poll, a published meeting linked to it, and a cancelled one."""
    by = caller("coordinator")
    world.meetings.create(
        [
            definition("DRAFT", timeline="som"),
            definition("POLLED", start="2026-12-10 09:00"),
            definition("PUBLISHED", timeline="som", feeds="POLLED"),
            definition("CANCELLED"),
        ],
        caller=by,
    )
    world.meetings.publish("PUBLISHED", caller=by, save_the_date=False)
    world.meetings.publish("CANCELLED", caller=by)
    world.run()
    world.meetings.cancel("CANCELLED", caller=by, reason="The Chair is ill.")
    asked = {"starts": ["2026-12-08 09:00", "2026-12-10 14:00"], "closes": "2026-12-04 12:00"}
    world.date_polls.open("POLLED", DatePollRequest.of(asked), caller=by)
    headers = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(application(world), base_url="http://localhost", headers=headers) as made:
        yield made


def addresses(world: World, client: TestClient) -> Iterator[str]:
    """Return every address that can be looked at, once for each meeting where it names one."""
    link = world.personal_links.link_of("PUBLISHED", NHUNG)
    values = {
        "meeting": MEETINGS,
        "reference": MEETINGS,
        "event": MEETINGS,
        "email": (NHUNG,),
        "attendee_id": ("1",),
        "attendee": (NHUNG, "1"),
        "version": ("1",),
        "incoming_id": ("1",),
        "code": ("VN",),
        "name": ("som",),
        "number": ("1",),
        "person_id": ("1",),
        "key": (NHUNG,),
        "option": ("1",),
        "rest": ("elsewhere",),
        "token": (link.rsplit("/", 1)[-1],),
    }
    for route in iter_route_contexts(client.app.routes):  # type: ignore[attr-defined]
        if "GET" not in (route.methods or ()) or route.path in (_ENDLESS, _PROBE):
            continue
        found = [route.path]
        for place, name in re.findall(r"(\{(\w+)(?::\w+)?\})", route.path):
            assert name in values, f"say what {name} of {route.path} may be"
            found = [path.replace(place, value) for path in found for value in values[name]]
        yield from found


def test_no_page_and_no_answer_writes_or_locks_anything(world: World, client: TestClient) -> None:
    seen: dict[str, int] = {}
    writing: dict[str, list[str]] = {}
    for path in addresses(world, client):
        with statements(world.database) as asked:
            seen[path] = client.get(path, follow_redirects=False).status_code
        writing[path] = [statement for statement in asked if _WRITES.match(statement)]
    assert not {path: found for path, found in writing.items() if found}
    assert not {path: status for path, status in seen.items() if status >= 500}
    assert sum(status == 200 for status in seen.values()) > 50, seen
