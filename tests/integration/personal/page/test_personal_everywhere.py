"""Files, feeds, links that open nothing, and what every personal page keeps to."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from icalendar import Calendar

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.services.people.links import VALID_AFTER_THE_END
from tests.callers import caller
from tests.integration.conftest import ENDS, World, contents
from tests.integration.personal.page.reading import (
    LAN,
    LINK,
    MEMBER,
    MINH,
    PRESENT,
    STAFF,
    feed_path,
    path,
    typed_rows,
    words,
)
from tests.integration.serving import TestClient

# Files


def test_the_meeting_as_a_file(client: TestClient, world: World) -> None:
    file = client.get(f"{path(world, MINH)}/meeting.ics")
    assert file.headers["content-type"] == "text/calendar; charset=utf-8"
    assert file.headers["content-disposition"].startswith("attachment; ")
    assert file.headers["cache-control"] == "no-store"
    assert Calendar.from_ical(file.content)["METHOD"] == "PUBLISH"


def test_the_feed_is_private_and_says_when_it_is_as_it_was(client: TestClient, world: World) -> None:
    feed = feed_path(world, LAN)
    first = client.get(feed)
    assert first.headers["content-type"] == "text/calendar; charset=utf-8"
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["last-modified"] == "Sun, 01 Nov 2026 02:00:00 GMT"
    assert first.headers["x-robots-tag"] == "noindex, nofollow, noarchive"
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        same = client.get(feed, headers={"If-None-Match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    world.personal_answers.answer(path(world, LAN)[3:], Participation.ACCEPTED)
    assert client.get(feed, headers={"If-None-Match": tag}).status_code == 200
    world.personal_links.revoke("SOM-2026", LAN, caller=caller("coordinator"))
    gone = client.get(feed)
    assert (gone.status_code, gone.headers["content-type"]) == (410, "text/plain; charset=utf-8")
    assert client.get("/feed/forged.ics").status_code == 404
    assert client.get("/feed/forged/accsm-meetings.ics").status_code == 404


def test_the_address_of_the_feed_ends_in_a_name_and_the_one_of_before_works(
    client: TestClient, world: World
) -> None:
    feed = feed_path(world, LAN)
    start, token, name = feed[1:].split("/")
    assert (start, name) == ("feed", "accsm-meetings.ics")
    named, before = client.get(feed), client.get(f"/feed/{token}.ics")
    assert named.status_code == before.status_code == 200
    assert named.content == before.content
    assert 'filename="accsm-meetings.ics"' in named.headers["content-disposition"]
    page = client.get(path(world, LAN))
    assert 'href="webcal://' in page.text and f"{token}/accsm-meetings.ics" in page.text
    assert "Subscribe read-only" in words(page)


def test_minutes_are_downloaded_under_their_name(client: TestClient, world: World) -> None:
    world.clock.at = ENDS
    world.run()
    world.minutes.attach("SOM-2026", "biên bản.txt", b"Agreed.", caller=caller("coordinator"))
    here = path(world, MINH)
    assert "biên bản.txt Minutes, version 1, draft, 7 bytes" in words(client.get(here))
    file = client.get(f"{here}/minutes/1")
    assert (file.content, file.headers["x-content-type-options"]) == (b"Agreed.", "nosniff")
    assert file.headers["content-disposition"].startswith('attachment; filename="bien ban.txt"; ')
    assert "filename*=UTF-8''bi%C3%AAn" in file.headers["content-disposition"]
    for version in ("0", "2", "9" * 30, "x"):
        assert client.get(f"{here}/minutes/{version}").status_code in (404, 422)


# Links that open nothing


def test_links_that_open_nothing_say_what_to_do(client: TestClient, world: World) -> None:
    here = path(world, MINH)
    broken = client.get(here[:-3])
    assert broken.status_code == 404
    assert "This link is not complete." in words(broken)
    assert "copy it whole into the address line" in words(broken)
    assert "Trần Minh Khôi" not in broken.text
    world.personal_links.revoke("SOM-2026", MINH, caller=caller("coordinator"))
    revoked = client.get(here)
    assert revoked.status_code == 410
    assert "This link was withdrawn" in words(revoked)
    assert "Trần Minh Khôi, coordinator@vn.example.org" in words(revoked)
    assert LINK not in revoked.text and "Senior Officials" not in revoked.text
    for refused in (
        client.post(f"{here}/answer", data={"answer": "accepted", "myself": "yes", "revision": "9"}),
        client.get(f"{here}/meeting.ics"),
        client.get(f"{here}/minutes/1"),
    ):
        assert refused.status_code == 410
    world.clock.at = ENDS + VALID_AFTER_THE_END + timedelta(seconds=1)
    expired = client.get(path(world, MINH))
    assert expired.status_code == 410
    assert "ended more than 30 days ago" in words(expired)
    assert "Trần Minh Khôi, coordinator@vn.example.org" in words(expired)


def test_who_is_no_longer_invited_reads_only_that(client: TestClient, world: World) -> None:
    here = path(world, MINH)
    kept = [item for item in STAFF if item["email"] != MINH]
    update = MeetingUpdate.model_validate({"attendees": kept})
    version = world.reading.meeting("SOM-2026").version
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=version, reason="The Chair is ill."
    )
    page = client.get(here)
    assert page.status_code == 410
    assert "You are no longer invited to “Senior Officials Meeting”." in words(page)
    assert LINK not in page.text and "14:00" not in page.text
    assert (
        client.post(
            f"{here}/answer", data={"answer": "accepted", "myself": "yes", "revision": "9"}
        ).status_code
        == 410
    )


def test_forms_of_other_sites_and_forms_too_large_are_refused(client: TestClient, world: World) -> None:
    here, before = path(world, LAN), contents(world.database)
    form = {"answer": "accepted", "myself": "yes", "revision": "9"}
    for origin in ("https://elsewhere.example", "null"):
        for target in ("answer", "delegation"):
            page = client.post(f"{here}/{target}", data=form, headers={"Origin": origin})
            assert page.status_code == 403
            assert "This form was sent from another site. Nothing was done." in words(page)
    large = client.post(f"{here}/answer", data={**form, "comment": "x" * 300_000})
    assert large.status_code == 413
    assert "Nothing was done." in words(large)
    hidden = client.post(
        f"{here}/answer",
        content=iter([b"comment=" + b"x" * 100_000, b"x" * 200_000]),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert hidden.status_code == 413
    assert contents(world.database) == before
    own = client.post(f"{here}/answer", data=form, headers={"Origin": "http://localhost"})
    assert own.status_code == 303


def test_addresses_stand_in_no_log(
    client: TestClient, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    here, feed = path(world, LAN), feed_path(world, LAN)
    client.get(here)
    client.post(
        f"{here}/answer", data={"answer": "accepted", "comment": "x" * 3000, "myself": "yes", "revision": "9"}
    )
    client.get(feed)
    world.personal_links.revoke("SOM-2026", LAN, caller=caller("coordinator"))
    client.get(here)
    client.get(feed)
    own = [record for record in caplog.records if not record.name.startswith(("httpx", "asyncio"))]
    text = " ".join(record.getMessage() for record in own)
    assert here[3:] not in text and feed.split("/")[2] not in text and LAN not in text


# What every page keeps to

KINDS = ("page", "chosen", "delegation", "confirm", "wrong", "revoked", "broken", "over")


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


@pytest.fixture
def shown(client: TestClient, world: World, request: pytest.FixtureRequest) -> Any:
    here = path(world, LAN)
    world.personal_answers.answer(path(world, MINH)[3:], Participation.DECLINED, "On mission")
    match request.param:
        case "chosen":
            return client.get(f"{here}?answer=accepted")
        case "delegation":
            return client.get(f"{here}/delegation")
        case "confirm":
            rows = (*PRESENT, ("Hạnh", "hanh@vn.example.org", MEMBER))
            mark = world.personal_pages.page(here[3:]).mark
            return client.post(f"{here}/delegation", data=typed_rows(*rows, mark=mark))
        case "wrong":
            return client.post(f"{here}/delegation", data=typed_rows(("", "x", MEMBER)))
        case "revoked":
            world.personal_links.revoke("SOM-2026", LAN, caller=caller("coordinator"))
        case "broken":
            return client.get("/a/broken")
        case "over":
            world.clock.at = ENDS
            world.run()
    return client.get(here)


@pytest.mark.parametrize("shown", KINDS, indirect=True)
def test_every_page_is_strict_kept_out_of_search_and_accessible(shown: Any) -> None:
    headers, page = shown.headers, Page(shown.text)
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-robots-tag"] == "noindex, nofollow, noarchive"
    assert page.all("script") == page.all("style") == []
    for _, attributes in page.tags:
        assert not {name for name in attributes if name == "style" or name.startswith("on")}
    assert all(str(item["href"]).startswith("/static/") for item in page.all("link"))
    own = ("/", "#", "mailto:", "webcal:")
    outside = [item for item in page.all("a") if not str(item["href"]).startswith(own)]
    assert all(item.get("rel") == "noreferrer" for item in outside)
    _has_landmarks_labels_and_legends(page, shown.text)


def _has_landmarks_labels_and_legends(page: Page, text: str) -> None:
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("main")) == len(page.all("h1")) == len(page.all("header")) == 1
    assert {"class": "skip", "href": "#main"} in page.all("a")
    assert text.count("<table") == text.count("<caption")
    assert len(page.all("fieldset")) == len(page.all("legend"))
    assert all("scope" in item for item in page.all("th"))
    labelled = {item.get("for") for item in page.all("label")}
    fields = [*page.all("input"), *page.all("textarea"), *page.all("select")]
    assert all(item.get("id") in labelled for item in fields if item.get("type") != "hidden")
    ids = [item["id"] for _, item in page.tags if "id" in item]
    assert len(ids) == len(set(ids))
    described = " ".join(str(item["aria-describedby"]) for _, item in page.tags if "aria-describedby" in item)
    assert set(described.split()) <= set(ids)
    assert all("datetime" in item for item in page.all("time"))


@pytest.mark.parametrize("shown", ["chosen", "delegation"], indirect=True)
def test_enter_in_a_field_presses_nothing(shown: Any) -> None:
    """Browsers press the first button of a form for it, which here does nothing."""
    first = re.search(r"<form.*?(<button[^>]*>)", shown.text, re.DOTALL)
    assert first is not None
    assert first[1] == "<button disabled hidden>"


@pytest.mark.parametrize("shown", ["confirm"], indirect=True)
def test_the_page_to_confirm_is_what_it_says(shown: Any) -> None:
    assert shown.status_code == 200
    assert "Save who comes for Viet Nam?" in words(shown)
