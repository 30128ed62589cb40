"""A form counts that was sent from a page of ours: the same scheme, host and port."""

from __future__ import annotations

import pytest

from orchestrator.web.openapi import Application
from orchestrator.web.origins import allowed_hosts, host_allowed, own_origins
from tests.integration.asking import ask
from tests.integration.people.conftest import HOSTNAME, PUBLIC

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def status(app: Application, host: str = HOSTNAME, scheme: str = "http", **headers: str) -> int:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(
        app, "POST", "/sign-in", host=host, scheme=scheme, body=[b"token=x"], headers=FORM | given
    ).status


@pytest.mark.parametrize("origin", [PUBLIC, f"{PUBLIC}:443", PUBLIC.upper(), f"{PUBLIC}/"])
def test_our_own_pages_may(app: Application, origin: str) -> None:
    assert status(app, Origin=origin) == 422
    assert status(app, scheme="https", Origin=origin) == 422


@pytest.mark.parametrize(
    "origin",
    [
        "http://meetings.asean.example",
        "http://meetings.asean.example:443",
        "https://meetings.asean.example:8443",
        "https://meetings.asean.example.elsewhere.example",
        "https://elsewhere.example",
        "https://x@elsewhere.example",
        "ftp://meetings.asean.example",
        "//meetings.asean.example",
        "meetings.asean.example",
        "null",
        "",
        "http://[",
        "https://meetings.asean.example:99999",
        "https://é",
        "file://",
    ],
)
def test_pages_of_others_may_not(app: Application, origin: str) -> None:
    assert status(app, Origin=origin) == 403


def test_a_browser_that_says_it_comes_from_elsewhere_is_believed(app: Application) -> None:
    assert status(app, Sec_Fetch_Site="cross-site") == 403
    assert status(app, Sec_Fetch_Site="same-site") == 403
    assert status(app, Sec_Fetch_Site="same-origin") == 422
    assert status(app) == 422, "no browser"


def test_another_name_of_this_machine_is_its_own_origin(app: Application) -> None:
    assert status(app, host="localhost:8000", Origin="http://localhost:8000") == 422
    assert status(app, host="localhost:8000", Origin="http://localhost:8001") == 403
    assert status(app, host="localhost:8000", Origin="https://localhost:8000") == 403
    assert status(app, host="[::1]:8000", Origin="http://[::1]:8000") == 422


def test_without_a_public_address_the_one_that_was_asked_counts() -> None:
    assert own_origins("http", "localhost:8000", None) == [("http", "localhost", 8000)]
    assert own_origins("https", "localhost", "http://localhost") == [("http", "localhost", 80)]
    assert own_origins("http", "[", None) == []


@pytest.mark.parametrize("further", ["2001:db8::7", "[2001:db8::7]", "a.example, 2001:DB8::7"])
def test_a_further_host_may_be_an_address_of_ipv6(further: str) -> None:
    allowed = allowed_hosts(None, further)
    assert host_allowed("[2001:db8::7]:8000", allowed)
    assert host_allowed("[2001:db8::7]", allowed)
    assert not host_allowed("[2001:db8::8]", allowed)
    assert host_allowed("[2001:db8::9]", allowed_hosts("https://[2001:db8::9]:8443", ""))
