"""When nothing can be written, the health checks say so, pages that only show go on, and requests get 503."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from orchestrator.services.operations.write_probe import WriteProbe
from orchestrator.store.engine import Database, is_outage
from orchestrator.web.openapi import Application
from tests.integration.asking import Answer, ask
from tests.integration.conftest import World, contents
from tests.integration.serving import application

pytestmark = pytest.mark.both_databases
READ_ONLY = {
    "sqlite": "PRAGMA query_only=ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
}


@pytest.fixture
def full(world: World) -> Iterator[World]:
    """The same database, in which nothing can be written any more."""
    world.published()
    assert world.api_token
    database = Database(world.database._url.render_as_string(hide_password=False))

    def take_no_writes(connection: Any, _record: Any) -> None:
        connection.execute(READ_ONLY[database.dialect])
        if database.dialect == "postgresql":
            connection.commit()

    event.listen(database.engine, "connect", take_no_writes)
    made = World(database, world.settings.data_dir)
    yield made
    database.dispose()


def asked(app: Application, world: World, method: str, path: str, body: bytes = b"") -> Answer:
    kind = "application/json" if path.startswith("/api") else "application/x-www-form-urlencoded"
    headers = {"Authorization": f"Bearer {world.api_token}", "Content-Type": kind}
    return ask(app, method, path, headers=headers, body=[body] if body else [])


def test_the_health_check_says_that_nothing_can_be_written(full: World) -> None:
    answer = asked(application(full), full, "GET", "/readyz")
    assert answer.status == 503
    assert json.loads(answer.body)["reason"].startswith("nothing can be written (")


def test_requests_get_503_as_a_problem_and_nothing_is_half_done(full: World) -> None:
    before, app = contents(full.database), application(full)
    answer = asked(app, full, "POST", "/api/v1/meetings/SOM-2026/cancel", b"{}")
    assert answer.status == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "30"
    document = json.loads(answer.body)
    assert (document["code"], document["status"]) == ("unavailable", 503)
    assert "Nothing was done." in document["detail"]
    page = asked(app, full, "POST", "/meetings/SOM-2026/cancel", b"version=2&confirmed=yes")
    assert page.status == 503
    assert page.headers["content-type"].startswith("text/html")
    assert "Try again in a minute." in page.text
    assert contents(full.database) == before


def test_what_only_shows_goes_on(full: World) -> None:
    app = application(full)
    for path in ("/", "/meetings/SOM-2026", "/api/v1/meetings/SOM-2026", "/livez"):
        assert asked(app, full, "GET", path).status == 200, path


def test_a_database_that_is_away_is_503_everywhere(world: World, tmp_path: Any) -> None:
    url = {
        "sqlite": f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}",
        "postgresql": "postgresql://nobody@127.0.0.1:1/nothing",
    }[world.database.dialect]
    gone = World(Database(url), world.settings.data_dir)
    app = application(gone)
    for path in ("/", "/meetings/SOM-2026", "/api/v1/meetings", "/a/some.1.token", "/readyz"):
        answer = asked(app, gone, "GET", path)
        assert answer.status in ((404, 503) if path.startswith("/a/") else (503,)), path
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_all_well_is_said_and_not_tried_again_at_once(world: World) -> None:
    app = application(world)
    assert asked(app, world, "GET", "/readyz").status == 200
    first = contents(world.database)["throttle"]
    assert len(first) == 1
    for _ in range(3):
        assert asked(app, world, "GET", "/readyz").status == 200
    assert contents(world.database)["throttle"] == first
    world.lease_clock.move(seconds=11)
    world.write_probe.require()
    assert len(contents(world.database)["throttle"]) == 1


def test_a_folder_that_takes_nothing_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.settings.data_dir.mkdir(exist_ok=True)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    probe = WriteProbe(world.database, world.settings.data_dir, world.lease_clock)
    with pytest.raises(OSError, match="No space left"):
        probe.require()
    answer = asked(application(world), world, "GET", "/readyz")
    assert (answer.status, json.loads(answer.body)["reason"]) == (503, "nothing can be written (OSError)")


def test_a_fault_of_ours_is_no_outage() -> None:
    assert not is_outage(ValueError("x"))
    assert not is_outage(ConnectionResetError(errno.ECONNRESET, "x"))
    assert is_outage(OSError(errno.EROFS, "x"))
