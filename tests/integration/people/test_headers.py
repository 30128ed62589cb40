"""Security headers stand on every answer, whoever made it, also on errors of ours and of the gate."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.web.openapi import Application
from tests.integration.asking import Answer, ask
from tests.integration.conftest import World, definition
from tests.integration.people.conftest import BEARER, HOSTNAME
from tests.integration.serving import application

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
REFUSED: dict[str, dict[str, Any]] = {
    "no page of that name": {"path": "/nothing"},
    "nothing of the API of that name": {"path": "/api/v1/nothing", "headers": BEARER},
    "no token": {"path": "/api/v1/meetings"},
    "no session": {"path": "/actions"},
    "another host": {"path": "/", "host": "elsewhere.example"},
    "an address that cannot be read": {"path": "/\x00"},
    "a body too large": {"path": "/sign-in", "method": "POST", "body": [b"x" * 100_000]},
    "a method nobody has": {"path": "/livez", "method": "BREW"},
    "a link that is none": {"path": "/a/some-token"},
    "a feed that is none": {"path": "/feed/some-token.ics"},
    "a form of another site": {
        "path": "/sign-in",
        "method": "POST",
        "headers": {"Origin": "https://elsewhere.example"},
    },
}


def asked(app: Application, path: str, method: str = "GET", **more: Any) -> Answer:
    return ask(app, method, path, **{"host": HOSTNAME, **more})


def require_headers(answer: Answer) -> None:
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "server" not in answer.headers


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED)
def test_refusals_have_them(app: Application, request_: dict[str, Any]) -> None:
    answer = asked(app, **request_)
    assert answer.status in range(300, 500)
    require_headers(answer)
    assert answer.headers["strict-transport-security"] == "max-age=63072000"


@pytest.mark.parametrize("path", ["/", "/api/v1/meetings", "/a/some-token", "/feed/t.ics", "/readyz"])
def test_our_own_faults_have_them_and_say_nothing(
    app: Application, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a detail that is nobody's business")

    monkeypatch.setattr("orchestrator.web.gate.FrontGate._admit", fail)
    answer = asked(app, path, headers=BEARER)
    assert answer.status == 500
    assert "nobody's business" not in answer.text
    assert "Traceback" not in answer.text
    require_headers(answer)


def test_over_plain_http_browsers_are_not_told_to_keep_to_https(world: World) -> None:
    answer = ask(application(world), "GET", "/livez")
    assert "strict-transport-security" not in answer.headers
    assert "strict-transport-security" in ask(application(world), "GET", "/livez", scheme="https").headers


def test_everything_personal_is_kept_nowhere_on_the_way(world: World) -> None:
    world.create()
    app = application(world)
    token = {"Authorization": f"Bearer {world.api_token}"}
    reference = definition().reference
    for path in (
        "/",
        f"/meetings/{reference}",
        "/api/v1/meetings",
        f"/api/v1/meetings/{reference}",
        "/readyz",
    ):
        answer = ask(app, "GET", path, headers=token)
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store"), path
    everybodys = ask(app, "GET", "/static/console.css")
    assert everybodys.headers.get("cache-control") != "no-store"
