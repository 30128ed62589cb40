"""Voting in a date poll in a real browser, on a phone-sized window; and the poll in the console."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.dates.date_poll import Vote
from orchestrator.services.dates.proposals import DatePollRequest
from orchestrator.services.definitions.examples import ACCSM21
from tests.browser.conftest import Chromium, free_port, web_process
from tests.browser.looks import content_width, unfold, weak_text
from tests.callers import caller

SOM = "ACCSM21-SOM-2021-04"
OTHERS = {"KH": "y?n", "ID": "yyn", "MY": "yyy", "SG": "n?y", "VN": "?yy"}
MEANT = {"y": Vote.YES, "?": Vote.IF_NEEDED, "n": Vote.NO}
PAGES = (
    "vote",
    "unsaid",
    "voted",
    "withdrawn",
    "meeting",
    "ending",
    "linked",
    "choose",
    "form",
    "ask",
    "withdraw",
)
_PARTS = {"meeting": "poll", "ending": "poll-voters", "form": "ask-dates"}


@dataclass(frozen=True)
class Site:
    """A running web process, and the pages to look at."""

    url: str
    container: Container
    paths: dict[str, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("polls")
    port = free_port()
    container = Container(Settings(data_dir=folder, public_url=f"http://127.0.0.1:{port}"))
    paths = _prepared(container)
    with web_process(folder, port) as url:
        yield Site(url, container, paths)
    container.database.dispose()


def _prepared(container: Container) -> dict[str, str]:
    """A draft with an open poll of three dates, one early on a Saturday; one whose poll is withdrawn."""
    container.database.upgrade()
    first, second = container.examples.load(ACCSM21.read_text("utf-8"), None, caller=caller("test")).drafts
    prep = first.reference if second.reference == SOM else second.reference
    start = datetime.fromisoformat(container.reading.meeting(SOM).start)
    saturday = start + timedelta(days=(5 - start.weekday()) % 7)
    days = [saturday.replace(hour=7, minute=0), *(start + timedelta(days=shift) for shift in (9, 16))]
    request = DatePollRequest.of({"starts": days, "closes": start - timedelta(days=1)})
    links = {}
    for reference in (prep, SOM):
        container.date_polls.open(reference, request, caller=caller("test"))
        links[reference] = _path(container, reference, "focal.point@bn.example.org")
    container.date_polls.withdraw(prep, caller=caller("test"))
    for code, said in OTHERS.items():
        votes = {number: MEANT[letter] for number, letter in enumerate(said, 1)}
        container.date_polls.vote_for(SOM, code, votes, caller=caller("test"))
    return {
        "vote": links[SOM],
        "unsaid": links[SOM],
        "voted": f"{links[SOM]}?done=voted",
        "withdrawn": links[prep],
        "meeting": f"/meetings/{SOM}",
        "ending": f"/meetings/{SOM}",
        "linked": f"/meetings/{SOM}/date-poll/2",
        "choose": f"/meetings/{SOM}/date-poll/2?linked=move",
        "form": f"/meetings/{prep}",
        "ask": f"/meetings/{prep}",
        "withdraw": f"/meetings/{SOM}/date-poll/withdraw",
    }


def _path(container: Container, reference: str, email: str) -> str:
    return "/a/" + container.personal_links.link_of(reference, email).rpartition("/")[2] + "/dates"


def opened(site: Site, browser: Chromium, name: str, *, width: int, dark: bool = False) -> Page:
    """Open a page as its reader would; one by sending the form with an answer missing."""
    if name == "voted":
        token = site.paths["vote"].split("/")[2]
        site.container.personal_date_polls.vote(token, {1: Vote.NO, 2: Vote.YES, 3: Vote.IF_NEEDED})
    page = browser.open(site.url + site.paths[name], width=width, dark=dark)
    if name == "unsaid":
        form = page.locator("form.dates")
        form.locator("input").evaluate_all("(all) => all.forEach((item) => { item.checked = false })")
        _send(form)
        expect(page.locator(".wrong").first).to_be_attached()
    if name == "ask":
        closing = f"{site.container.clock.now() + timedelta(days=7):%Y-%m-%d} 17:00"
        page.locator("#open-poll-closes-0").evaluate("(item, value) => { item.value = value }", closing)
        _send(page.locator("#open-poll form"))
        expect(page.locator("ol.dates").first).to_be_attached()
    if name in _PARTS:
        page.locator(f"#{_PARTS[name]}").evaluate("(item) => item.scrollIntoView()")
        page.locator("#open-poll, #extend-poll").evaluate_all(
            "(all) => all.forEach((item) => { item.open = true })"
        )
    else:
        unfold(page)
    return page


def _send(form: Locator) -> None:
    """Send a form, also a folded one, and wait for the page it leads to."""
    with form.page.expect_navigation():
        form.evaluate("(item) => item.requestSubmit()")


@pytest.mark.parametrize("width", [375, 1024])
@pytest.mark.parametrize("page", PAGES)
def test_nothing_has_to_be_scrolled_sideways(
    site: Site, browser: Chromium, page: str, width: int, tmp_path: Path
) -> None:
    browser.complaints.clear()
    found = opened(site, browser, page, width=width)
    assert found.evaluate("innerWidth") == width
    assert content_width(found) <= width
    picture = found.screenshot()
    (Path(os.environ.get("PICTURES", tmp_path)) / f"poll-{page}-{width}.png").write_bytes(picture)
    assert [item for item in browser.complaints if "422" not in item] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_all_text_stands_out(site: Site, browser: Chromium, page: str, dark: bool) -> None:
    assert weak_text(opened(site, browser, page, width=375, dark=dark)) == []


def test_a_delegation_votes_on_a_phone(site: Site, browser: Chromium) -> None:
    page = browser.open(site.url + site.paths["vote"].removesuffix("/dates"), width=375)
    assert page.evaluate("location.pathname") == site.paths["vote"]
    sizes = page.locator("label.vote, form.dates button").evaluate_all(
        "(all) => all.map((item) => [item.offsetHeight, item.offsetWidth])"
    )
    assert min(min(size) for size in sizes) >= 44
    for number, vote in ((1, "no"), (2, "if needed"), (3, "yes")):
        # A tap anywhere on the label chooses.
        label = page.locator(f'label:has(input[name=vote-{number}][value="{vote}"])')
        label.tap()
        assert label.evaluate("(item) => getComputedStyle(item).borderTopWidth") == "3px"
    page.locator("form.dates button").first.tap()
    notice = page.locator(".notice").first
    expect(notice).to_contain_text("Recorded for Brunei Darussalam")
    assert "the invitation comes by mail" in (notice.text_content() or "")
    chosen = page.locator("form.dates :checked").evaluate_all("(all) => all.map((item) => item.value)")
    assert chosen == ["no", "if needed", "yes"]
    found = site.container.date_polls.show(SOM)
    assert [item.votes[0].vote for item in found.options] == ["no", "if needed", "yes"]


def test_the_keyboard_alone_can_vote(site: Site, browser: Chromium) -> None:
    page = browser.open(site.url + site.paths["vote"], width=375)
    page.locator("input[name=vote-1]").first.focus()
    page.keyboard.press("ArrowRight")
    chosen = page.locator("input[name=vote-1]:checked")
    assert chosen.input_value() in {item.value for item in Vote}
    label = page.locator("label:has(input[name=vote-1]:checked)")
    assert label.evaluate("(item) => getComputedStyle(item).borderTopWidth") == "3px"
