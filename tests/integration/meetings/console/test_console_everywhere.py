"""Queue, outbox and signing in, and what every page of the console keeps to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from orchestrator.bootstrap import Container
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.web import console
from orchestrator.web.app import create_app
from orchestrator.web.events import Pulse, messages
from tests.callers import caller
from tests.integration.conftest import like
from tests.integration.meetings.console.reading import HOSTILE, SOM, ends_badly, words
from tests.integration.serving import TestClient

# The queue


def test_the_queue_of_a_new_installation(client: TestClient) -> None:
    assert "Everything that was due has gone out." in words(client.get("/actions"))


def test_the_queue_shows_what_comes_next_and_what_is_late(
    client: TestClient, container: Container, published: str
) -> None:
    page = client.get("/actions")
    assert "Reminder, 7 days before" in words(page)
    assert "09:00 Bandar Seri Begawan and 3 other cities (UTC+08:00)" in words(page)
    container.sandbox_clock.move_to(container.clock.now() + timedelta(minutes=10))
    page = client.get("/actions")
    assert "1 thing should have gone out and did not." in words(page)
    assert 'id="overdue"' in page.text


def test_a_failed_action_is_retried(client: TestClient, container: Container, published: str) -> None:
    action = ends_badly(container, ActionState.FAILED)
    page = client.get("/actions")
    assert "1 thing has not gone out and needs you." in words(page)
    assert "The relay <refused> the address" in words(page)
    assert "It needs you." in words(client.get(f"/meetings/{published}"))
    done = client.post(f"/actions/{action}/retry", data={"back": f"/meetings/{published}"})
    assert done.url.path == f"/meetings/{published}"
    assert "It is due now and goes out at once." in words(done)
    assert container.reading.actions(ActionState.FAILED) == []
    assert client.post(f"/actions/{action}/retry").status_code == 409


def test_a_missed_action_is_discarded_with_a_reason(
    client: TestClient, container: Container, published: str
) -> None:
    action = ends_badly(container, ActionState.MISSED)
    done = client.post(
        f"/actions/{action}/discard",
        data={"reason": "told by telephone", "back": "https://elsewhere.example"},
    )
    assert done.url.path == "/actions"
    assert "Discarded. It will not go out any more." in words(done)
    assert "told by telephone" in words(client.get(f"/meetings/{published}"))
    assert client.post("/actions/999999/retry").status_code == 404


# The sandbox's outbox


@pytest.fixture
def mail(container: Container) -> str:
    message = EmailMessage()
    message["From"] = "ACCSM Meetings <meetings@accsm.example>"
    message["To"] = "focal.point@bn.example.org"
    message["Subject"] = f"Thư mời {HOSTILE}"
    message.set_content(f"Dear Siti,\n{HOSTILE}\n")
    message.add_alternative(f"<p style='color:red'>Dear Siti</p>{HOSTILE}", subtype="html")
    message.add_alternative("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", subtype="calendar")
    folder = container.settings.data_dir / "outbox" / "new"
    folder.mkdir(parents=True)
    trace = (
        b"Delivered-To: focal.point@bn.example.org\nReceived: by sandbox; Thu, 03 Dec 2026 07:00:00 +0000\n"
    )
    (folder / "1.abc.sandbox").write_bytes(trace + message.as_bytes())
    return "/sandbox/outbox/1.abc.sandbox"


def test_an_empty_outbox_says_what_to_do(client: TestClient) -> None:
    assert "No mail was caught yet" in words(client.get("/sandbox/outbox"))


def test_a_caught_mail_is_read_as_its_recipient_would(client: TestClient, mail: str) -> None:
    listed = client.get("/sandbox/outbox")
    assert "1 mail was caught" in words(listed)
    assert "Thursday, 3 December 2026, 07:00 UTC" in words(listed)
    page = client.get(mail)
    assert "Thư mời" in words(page)
    assert "BEGIN:VCALENDAR" in page.text
    assert f'<iframe class="mail" src="{mail}/html" sandbox' in page.text
    assert "<script>alert" not in listed.text + page.text
    html = client.get(f"{mail}/html")
    assert "<p style='color:red'>Dear Siti</p>" in html.text
    policy = html.headers["content-security-policy"]
    assert policy.startswith("sandbox;")
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert client.get(f"{mail}/mail.eml").content.startswith(b"From: ACCSM Meetings")
    assert client.get(f"{mail}/invite.ics").content.split() == [b"BEGIN:VCALENDAR", b"END:VCALENDAR"]
    assert client.get("/sandbox/outbox/unknown").status_code == 404


# Refusals and headers

PAGES = (
    "/",
    "/meetings/new",
    f"/meetings/{SOM}",
    f"/meetings/{SOM}/change",
    f"/meetings/{SOM}/cancel",
    f"/meetings/{SOM}/words",
    "/actions",
    "/sandbox/outbox",
    "/nothing/here",
)


class Page(HTMLParser):
    """What the accessibility and security checks look at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_strict_about_what_may_run(client: TestClient, published: str, path: str) -> None:
    response = client.get(path)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["cache-control"] == "no-store"
    page = Page(response.text)
    assert all(item.get("src", "").startswith("/static/") for item in page.all("script"))  # type: ignore[union-attr]
    assert page.all("style") == []
    for _, attributes in page.tags:
        assert not {name for name in attributes if name == "style" or name.startswith("on")}
    outside = [item["href"] for item in page.all("link") if not str(item["href"]).startswith("/static/")]
    assert outside == []


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_landmarks_labels_and_captions(client: TestClient, published: str, path: str) -> None:
    text = client.get(path).text
    page = Page(text)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("main")) == len(page.all("h1")) == len(page.all("header")) == 1
    assert {"class": "skip", "href": "#main"} in page.all("a")
    assert text.count("<table") == text.count("<caption")
    assert all("scope" in item for item in page.all("th"))
    labelled = {item.get("for") for item in page.all("label")}
    fields = [*page.all("input"), *page.all("textarea")]
    assert all(item.get("id") in labelled for item in fields if item.get("type") != "hidden")
    ids = [item["id"] for _, item in page.tags if "id" in item]
    assert len(ids) == len(set(ids))
    assert all("datetime" in item for item in page.all("time"))


def test_every_sandbox_page_says_that_no_mail_leaves(client: TestClient, published: str) -> None:
    for path in PAGES:
        assert "Sandbox: no mail leaves this machine." in words(client.get(path))


def test_errors_are_pages_for_people_and_documents_for_programs(client: TestClient) -> None:
    page = client.get("/meetings/NOPE")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "There is no meeting NOPE." in words(page)
    document = client.get("/api/v1/nothing")
    assert document.headers["content-type"] == "application/problem+json"
    assert client.get("/sign-out").status_code == 405


def test_a_form_of_another_site_is_refused(client: TestClient, container: Container, draft: str) -> None:
    for origin in ("https://elsewhere.example", "null"):
        page = client.post(f"/meetings/{draft}/publish", data={"version": "1"}, headers={"Origin": origin})
        assert page.status_code == 403
        assert "Nothing was done." in words(page)
    assert container.reading.meeting(draft).status == "draft"
    own = client.post(
        f"/meetings/{draft}/publish", data={"version": "1"}, headers={"Origin": "http://localhost"}
    )
    assert own.status_code == 200


def test_static_files_are_served(client: TestClient) -> None:
    for name in ("console.css", "live.js", "icon.svg"):
        answer = client.get(f"/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"


# Signing in


@pytest.fixture
def production(first_process: Container, tmp_path: Path) -> Iterator[TestClient]:
    container = like(
        first_process,
        profile="production",
        data_dir=tmp_path,
        api_token="the-token",
        database_url=f"sqlite:///{tmp_path / 'orchestrator.db'}",
        organizer_address="meetings@asean.example",
        public_url="https://meetings.asean.example",
    )
    with TestClient(create_app(container), base_url="https://meetings.asean.example") as made:
        yield made
    container.database.dispose()


def test_the_console_wants_a_sign_in(production: TestClient) -> None:
    for path in ("/", "/actions", "/meetings/new", "/sandbox/outbox"):
        answer = production.get(path, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"] == ("/sign-in" if path == "/" else f"/sign-in?to={path}")
    assert production.post("/meetings/new", follow_redirects=False).headers["location"] == "/sign-in"
    assert production.get("/events").status_code == 401


def test_no_page_of_the_console_answers_without_signing_in(production: TestClient) -> None:
    refused = set()
    for module in console.PAGES:
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            path = re.sub(r"{\w+}", "1", route.path)
            for method in route.methods:
                answer = production.request(method, path, follow_redirects=False)
                assert answer.status_code == 303, (method, path)
                assert answer.headers["location"].startswith("/sign-in")
                refused.add((method, route.path))
    assert len(refused) > 40


def test_signing_in_and_out(production: TestClient) -> None:
    wrong = production.post("/sign-in", data={"token": "guess", "to": "/actions"})
    assert wrong.status_code == 422
    assert "This is not the token." in words(wrong)
    right = production.post(
        "/sign-in", data={"token": " the-token ", "to": "/actions"}, follow_redirects=False
    )
    assert right.headers["location"] == "/actions"
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" in cookie
    assert "the-token" not in cookie
    page = production.get("/actions")
    assert page.status_code == 200
    assert "Sandbox" not in words(page)
    assert "Sign out" in words(page)
    assert production.get("/sign-in", follow_redirects=False).status_code == 303
    assert production.get("/sandbox/outbox").status_code == 404
    assert production.post("/sandbox/example").status_code == 404
    assert "example" not in words(production.get("/meetings/new")).partition("What it holds")[0]
    production.post("/sign-out")
    assert production.get("/", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("to", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"])
def test_signing_in_never_leads_elsewhere(production: TestClient, to: str) -> None:
    answer = production.post("/sign-in", data={"token": "the-token", "to": to}, follow_redirects=False)
    assert answer.headers["location"] == "/"


# Live pages


def test_a_change_is_told_once_to_open_pages(container: Container, draft: str) -> None:
    pulse = Pulse(container.reading.pulse)
    looks = 0

    async def left() -> bool:
        nonlocal looks
        looks += 1
        if looks == 2:
            container.meetings.publish(draft, caller=caller("test"))
            pulse._read_at = None
        return looks > 4

    async def told() -> list[str]:
        return [message async for message in messages(pulse, left, interval=0.001)]

    found = asyncio.run(told())
    assert [item for item in found if item.startswith("event: change")] == [
        "event: change\ndata: look again\n\n"
    ]


def test_many_open_pages_cost_one_look_a_second() -> None:
    reads: list[int] = []

    def read() -> str:
        reads.append(1)
        return str(len(reads))

    pulse = Pulse(read)
    assert {pulse.value() for _ in range(50)} == {"1"}
