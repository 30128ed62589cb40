"""The personal pages in a real browser: a phone first, nothing to scroll sideways, readable."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.services.definitions.examples import ACCSM21
from tests.browser.conftest import Chromium, free_port, web_process
from tests.browser.looks import background, content_width, unfold, weak_text
from tests.callers import caller

PREP, SOM = "ACCSM21-PREP-2021-04", "ACCSM21-SOM-2021-04"
FOCAL, OFFICIAL, OTHER = (
    "focal.point@bn.example.org",
    "senior.official@bn.example.org",
    "focal.point@kh.example.org",
)
LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NjA2YzE1OTQtMzk0Ny00ODY3LWE0MmEt%40thread.v2/0"
PAGES = (
    "focal",
    "chosen",
    "official",
    "delegation",
    "confirm",
    "changed",
    "cancelled",
    "withdrawn",
    "broken",
)
WIDTHS = (375, 1024, 1280)


@dataclass(frozen=True)
class Site:
    """A running web process, the container its data can be changed with, and the pages to look at."""

    url: str
    container: Container
    paths: dict[str, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("personal")
    port = free_port()
    container = Container(Settings(data_dir=folder, public_url=f"http://127.0.0.1:{port}"))
    paths = _prepared(container)
    with web_process(folder, port) as url:
        yield Site(url, container, paths)
    container.database.dispose()


def _prepared(container: Container) -> dict[str, str]:
    """Two meetings, one changed and answered, one cancelled; and the addresses that show them."""
    container.database.upgrade()
    container.examples.load(ACCSM21.read_text("utf-8"), None, caller=caller("test"))
    for reference in (PREP, SOM):
        container.meetings.publish(reference, caller=caller("test"))
        container.meetings.enter_join_link(reference, LINK, caller=caller("test"))
    focal, official, other = (_path(container, SOM, email) for email in (FOCAL, OFFICIAL, OTHER))
    container.personal_answers.answer(official[3:], Participation.ACCEPTED, "I join ten minutes late.")
    container.personal_answers.answer(other[3:], Participation.TENTATIVE)
    withdrawn = _path(container, SOM, "focal.point@la.example.org")
    container.personal_links.revoke(SOM, "focal.point@la.example.org", caller=caller("test"))
    title = container.reading.meeting(SOM).title_en
    update = MeetingUpdate.model_validate({"title": {"en": f"{title}, second session"}})
    version = container.reading.meeting(SOM).version
    container.meetings.update(SOM, update, caller=caller("test"), version=version, reason="The Chair is ill.")
    cancelled = _path(container, PREP, FOCAL)
    container.meetings.cancel(PREP, caller=caller("test"), reason="The Chair is ill.")
    return {
        "focal": focal,
        "chosen": f"{focal}?answer=accepted",
        "official": official,
        "delegation": f"{focal}/delegation",
        "confirm": f"{focal}/delegation",
        "changed": other,
        "cancelled": cancelled,
        "withdrawn": withdrawn,
        "broken": f"{focal}x",
    }


def _path(container: Container, reference: str, email: str) -> str:
    return "/a/" + container.personal_links.link_of(reference, email).rpartition("/")[2]


def opened(site: Site, browser: Chromium, name: str, *, width: int, dark: bool = False) -> Page:
    """Open a page as its reader would, the page to confirm by filling in the form."""
    page = browser.open(site.url + site.paths[name], width=width, dark=dark)
    if name == "confirm":
        page.locator("#name-2").fill("Nur Aisyah")
        page.locator("#email-2").fill("nur.aisyah@bn.example.org")
        with page.expect_navigation():
            page.locator("form.members").evaluate("(form) => form.requestSubmit()")
        expect(page.locator("form.confirm")).to_have_count(1)
    unfold(page)
    return page


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_nothing_has_to_be_scrolled_sideways(
    site: Site, browser: Chromium, page: str, width: int, tmp_path: Path
) -> None:
    browser.complaints.clear()
    found = opened(site, browser, page, width=width)
    assert found.evaluate("innerWidth") == width
    assert content_width(found) <= width
    picture = found.screenshot()
    assert picture.startswith(b"\x89PNG")
    (Path(os.environ.get("PICTURES", tmp_path)) / f"{page}-{width}.png").write_bytes(picture)
    allowed = ("410", "404")
    assert [item for item in browser.complaints if not any(word in item for word in allowed)] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_all_text_stands_out(site: Site, browser: Chromium, page: str, dark: bool) -> None:
    found = opened(site, browser, page, width=375, dark=dark)
    assert background(found) == ("rgb(18, 23, 30)" if dark else "rgb(255, 255, 255)")
    assert weak_text(found) == []


@pytest.mark.usefixtures("font_of_phones")
def test_a_phone_shows_when_how_and_the_answer_without_scrolling(site: Site, browser: Chromium) -> None:
    page = browser.open(site.url + site.paths["official"], width=375)
    for element in (".big", ".join .button", ".given", ".three .accepted", ".three .declined"):
        bottom = page.locator(element).first.evaluate("(item) => item.getBoundingClientRect().bottom")
        assert bottom <= 812, element
    # Large enough for a thumb.
    heights = page.locator(".three button").evaluate_all("(all) => all.map((item) => item.offsetHeight)")
    assert min(heights) >= 44


def buttons_read_out(page: Page) -> list[str]:
    """The names of the buttons in the browser's own tree, which is what a screen reader gets."""
    session = page.context.new_cdp_session(page)
    tree = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [node["name"]["value"].strip() for node in tree if node.get("role", {}).get("value") == "button"]


def test_for_yourself_and_for_all_are_told_apart_and_the_ticks_are_counted(
    site: Site, browser: Chromium
) -> None:
    page = browser.open(site.url + site.paths["focal"], width=375)
    people = len(site.container.personal_pages.page(site.paths["focal"][3:]).members)
    words = ("Accept", "Tentative", "Decline")
    answers = [name for name in buttons_read_out(page) if name.startswith(words)]
    assert answers == [*words, *(f"{word} for {people}…" for word in words)]
    page.locator(".behalf .accepted").click()
    expect(page.locator("h1")).to_contain_text("Record “accepted” for Brunei Darussalam?")
    button = page.locator(".counted")
    assert "counter(people)" in button.evaluate("(item) => getComputedStyle(item, '::after').content")
    assert buttons_read_out(page) == ["Record “accepted” for those ticked"]
    assert weak_text(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_answering_by_hand_on_a_phone(site: Site, browser: Chromium) -> None:
    page = browser.open(site.url + site.paths["chosen"], width=375)
    page.locator("#comment").fill("We all come.")
    page.locator(".three .picked").click()
    expect(page.locator(".notice").first).to_contain_text("Recorded")
    people = {item.email: item for item in site.container.reading.meeting(SOM).attendees}
    assert (people[FOCAL].participation, people[FOCAL].answered_via) == ("accepted", "web")
