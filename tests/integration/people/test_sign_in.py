"""Signing in: sessions that the server ends, guesses that are counted, and logs without the secret."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

from orchestrator.bootstrap import Container
from orchestrator.web.app import create_app
from orchestrator.web.openapi import Application
from tests.integration.asking import Answer, ask
from tests.integration.people.conftest import BEARER, HOSTNAME, PUBLIC, TOKEN
from tests.integration.serving import TestClient

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": PUBLIC}
NAME = "__Host-orchestrator_session"


def sign_in(app: Application, token: str = TOKEN, **headers: str) -> Answer:
    client = headers.pop("client", "192.0.2.7")
    return ask(
        app,
        "POST",
        "/sign-in",
        host=HOSTNAME,
        client=client,
        body=[b"token=" + token.encode()],
        headers={**FORM, **headers},
    )


def cookie_of(answer: Answer) -> str:
    found = re.match(rf"{NAME}=([^;]*);", answer.headers["set-cookie"])
    assert found, answer.headers["set-cookie"]
    return found[1]


def page(app: Application, cookie: str, path: str = "/actions") -> Answer:
    return ask(app, "GET", path, host=HOSTNAME, headers={"Cookie": f"{NAME}={cookie}"})


def api(app: Application, token: str, client: str = "192.0.2.7") -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return ask(app, "GET", "/api/v1/meetings", host=HOSTNAME, client=client, headers=headers).status


@pytest.fixture
def browser(app: Application) -> Iterator[TestClient]:
    with TestClient(app, base_url=PUBLIC) as made:
        yield made


def test_the_cookie_is_random_and_bound_to_this_host_and_to_https(app: Application) -> None:
    first, second = sign_in(app), sign_in(app)
    assert cookie_of(first) != cookie_of(second)
    given = first.headers["set-cookie"]
    assert given.startswith(f"{NAME}=")
    assert "Domain" not in given
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(given.split("; "))
    assert "Max-Age=43200" in given


def test_what_was_computed_from_the_token_before_opens_nothing(app: Application) -> None:
    import hashlib
    import hmac

    old = hmac.new(TOKEN.encode(), b"console session", hashlib.sha256).hexdigest()
    assert page(app, old).status == 303


def test_signing_out_ends_the_session_and_not_only_the_cookie(app: Application) -> None:
    cookie = cookie_of(sign_in(app))
    assert page(app, cookie).status == 200
    out = ask(app, "POST", "/sign-out", host=HOSTNAME, headers={**FORM, "Cookie": f"{NAME}={cookie}"})
    assert out.status == 303
    assert page(app, cookie).status == 303


def test_a_session_ends_by_itself_and_at_once_when_somebody_ends_it(
    app: Application, production: Container
) -> None:
    cookie = cookie_of(sign_in(app))
    production.lease_clock.move(minutes=121)  # type: ignore[attr-defined]
    assert page(app, cookie).status == 303
    cookie = cookie_of(sign_in(app))
    assert page(app, cookie).status == 200
    assert production.sessions.end_all() == 1
    assert page(app, cookie).status == 303


def test_another_process_knows_the_session(
    app: Application, production: Container, first_process: Container
) -> None:
    cookie = cookie_of(sign_in(app))
    other = Container(production.settings)
    other.directory, other.timelines, other.languages = (
        first_process.directory,
        first_process.timelines,
        first_process.languages,
    )
    other.lease_clock = production.lease_clock
    assert page(create_app(other), cookie).status == 200
    other.database.dispose()


def test_signing_in_again_leaves_no_session_behind(app: Application, production: Container) -> None:
    cookie = cookie_of(sign_in(app))
    again = sign_in(app, Cookie=f"{NAME}={cookie}")
    assert page(app, cookie).status == 303
    assert page(app, cookie_of(again)).status == 200
    assert len(production.sessions.all()) == 1


def test_a_cookie_that_another_host_could_have_set_counts_for_nothing(app: Application) -> None:
    cookie = cookie_of(sign_in(app))
    answer = ask(app, "GET", "/actions", host=HOSTNAME, headers={"Cookie": f"orchestrator_session={cookie}"})
    assert answer.status == 303


def test_guesses_at_the_door_are_counted_by_source(app: Application) -> None:
    for _ in range(10):
        assert sign_in(app, "guess").status == 422
    refused = sign_in(app, "guess")
    assert refused.status == 429
    assert refused.headers["retry-after"] == "900"
    assert "Wait 15 minutes" in refused.text
    assert sign_in(app, TOKEN).status == 429, "the right token would tell who guesses that it is right"
    assert sign_in(app, TOKEN, client="192.0.2.8").status == 303


def test_the_wait_ends(app: Application, production: Container) -> None:
    for _ in range(11):
        sign_in(app, "guess")
    production.lease_clock.move(minutes=15)  # type: ignore[attr-defined]
    assert sign_in(app, TOKEN).status == 303


def test_the_right_token_in_between_begins_from_nothing(app: Application) -> None:
    for _ in range(3):
        for _ in range(9):
            assert sign_in(app, "guess").status == 422
        assert sign_in(app, TOKEN).status == 303


def test_wrong_tokens_of_the_api_are_counted_by_source(app: Application) -> None:
    for number in range(10):
        assert api(app, f"guess-{number}") == 401
    assert api(app, "guess") == 429
    assert api(app, TOKEN) == 429
    assert api(app, TOKEN, client="192.0.2.8") == 200
    assert sign_in(app, TOKEN).status == 303, "the console is another door"


def test_the_networks_of_one_customer_are_one_source(app: Application) -> None:
    for number in range(10):
        assert api(app, "guess", client=f"2001:db8::{number}") == 401
    assert api(app, "guess", client="2001:db8::ffff:1") == 429
    assert api(app, "guess", client="2001:db8:0:1::1") == 401
    for number in range(10):
        assert api(app, "guess", client="203.0.113.9" if number % 2 else "::ffff:203.0.113.9") == 401
    assert api(app, "guess", client="203.0.113.9") == 429


def test_no_token_at_all_is_no_guess(app: Application) -> None:
    for _ in range(30):
        assert ask(app, "GET", "/api/v1/meetings", host=HOSTNAME).status == 401
    assert api(app, TOKEN) == 200


def test_pages_that_are_open_go_on_while_their_network_is_refused(app: Application) -> None:
    cookie = cookie_of(sign_in(app))
    for _ in range(11):
        sign_in(app, "guess")
    assert page(app, cookie).status == 200


def test_guesses_are_logged_with_their_source_and_without_the_secret(
    app: Application, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(12):
            sign_in(app, "s3cret-guess")
            api(app, "s3cret-guess", client="198.51.100.1")
    lines = [record.getMessage() for record in caplog.records if "wrong token" in record.getMessage()]
    assert len(lines) == 20, "what is refused unseen is not logged again and again"
    assert lines[0] == "A wrong token of the console came from 192.0.2.7: 1 of 10."
    assert lines[-1] == "A wrong token of the API came from 198.51.100.1: refused from now on."
    assert "s3cret" not in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("token", ["", " ", "\x7f", "é", "a" * 8000, f"{TOKEN} x", TOKEN.upper()])
def test_odd_tokens_are_wrong_tokens(app: Application, token: str) -> None:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    assert ask(app, "GET", "/api/v1/meetings", host=HOSTNAME, headers=headers).status == 401
    assert sign_in(app, token).status in (422, 413)


def test_the_page_says_how_long_one_stays_signed_in(browser: TestClient) -> None:
    assert "Sign in for 12 hours" in browser.get("/sign-in").text
    assert browser.get("/sign-in").headers["cache-control"] == "no-store"
    assert BEARER["Authorization"].endswith(TOKEN)
