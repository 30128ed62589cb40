"""Readiness in a real browser: one click on the personal page, the board of the console, a nudge."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.meetings.meeting import ContributionState, Need, Participation
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.services.readiness.views import DelegationReadiness
from tests.browser.conftest import Chromium, free_port, web_process
from tests.browser.looks import content_width, unfold, weak_text
from tests.callers import caller

SOM = "ACCSM21-SOM-2021-04"
FOCAL, HEAD = "focal.point@bn.example.org", "senior.official@bn.example.org"
LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NjA2YzE1OTQtMzk0Ny00ODY3LWE0MmEt%40thread.v2/0"
WIDTHS = (375, 1024, 1280)


@dataclass(frozen=True)
class Site:
    """A running web process, the container its data can be changed with, and the focal point's page."""

    url: str
    container: Container
    page: str

    @property
    def console(self) -> str:
        return f"{self.url}/meetings/{SOM}"

    def row(self, code: str) -> DelegationReadiness:
        board = self.container.readiness.board(SOM)
        return next(item for item in board.delegations if item.code == code)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("readiness")
    port = free_port()
    container = Container(Settings(data_dir=folder, public_url=f"http://127.0.0.1:{port}"))
    _prepare(container)
    page = container.personal_links.link_of(SOM, FOCAL)
    with web_process(folder, port) as url:
        yield Site(url, container, page)
    container.database.dispose()


def _prepare(container: Container) -> None:
    """The SOM with its link, a few answers, and of everything that a delegation can owe something."""
    container.database.upgrade()
    example = ACCSM21.read_text("utf-8").replace("timeline: standard", "timeline: som")
    container.examples.load(example, None, caller=caller("test"))
    container.meetings.publish(SOM, caller=caller("test"), save_the_date=False)
    container.meetings.enter_join_link(SOM, LINK, caller=caller("test"))
    container.answers.answer(
        SOM, "senior.official@kh.example.org", Participation.ACCEPTED, caller=caller("test")
    )
    for people in ("senior.official", "focal.point"):
        container.answers.answer(
            SOM, f"{people}@la.example.org", Participation.DECLINED, caller=caller("test")
        )
    for code, need, state, note in (
        ("KH", Need.LIST, ContributionState.IN, None),
        ("KH", Need.PAPER, ContributionState.WAIVED, "nothing to report this year"),
        ("MY", Need.TEST, ContributionState.FAILED, "no sound from the meeting room of the ministry"),
    ):
        container.contributions.record(SOM, code, need, state, caller=caller("test"), note=note)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["owed", "board", "nudge"])
def test_nothing_has_to_be_scrolled_sideways(
    site: Site, browser: Chromium, name: str, width: int, tmp_path: Path
) -> None:
    browser.complaints.clear()
    page = _open(site, browser, name, width=width)
    assert content_width(page) <= width
    picture = page.screenshot()
    (Path(os.environ.get("PICTURES", tmp_path)) / f"readiness-{name}-{width}.png").write_bytes(picture)
    assert browser.complaints == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["owed", "board"])
def test_all_text_stands_out(site: Site, browser: Chromium, name: str, dark: bool) -> None:
    assert weak_text(_open(site, browser, name, width=375, dark=dark)) == []


def _open(site: Site, browser: Chromium, name: str, *, width: int, dark: bool = False) -> Page:
    """Open a page and roll to its section."""
    pages = {"owed": site.page, "board": site.console, "nudge": f"{site.console}/nudge"}
    page = browser.open(pages[name], width=width, dark=dark)
    section = {"owed": "owed", "board": "readiness", "nudge": "consequences"}[name]
    unfold(page, inside=f"#{section}")
    page.locator(f"#{section}").evaluate("(item) => item.scrollIntoView()")
    return page


def test_the_buttons_are_large_enough_for_a_thumb(site: Site, browser: Chromium) -> None:
    page = _open(site, browser, "owed", width=375)
    buttons = page.locator("#owed .press button, #owed .press .button")
    assert min(buttons.evaluate_all("(all) => all.map((item) => item.offsetHeight)")) >= 44


def test_one_click_settles_and_one_takes_it_back(site: Site, browser: Chromium) -> None:
    page = _open(site, browser, "owed", width=375)
    _press(page, "#owed button", "We will not submit a paper")
    expect(page.locator(".notice").first).to_contain_text("Recorded")
    assert site.row("BN").cells["paper"].state == "waived"
    _press(page, "#owed button", "Take this back: paper")
    expect(page.locator(".notice").first).to_contain_text("Taken back")
    assert site.row("BN").cells["paper"].state == "missing"


def test_a_nudge_goes_through_the_page_that_says_whom_it_asks(site: Site, browser: Chromium) -> None:
    page = browser.open(site.console, width=1024)
    _press(page, "#readiness a", "Nudge 1 person… of Brunei Darussalam")
    expect(page.locator("form.confirm")).to_have_count(1)
    assert site.row("BN").nudged_at is None
    assert FOCAL in (page.locator("main").text_content() or "")
    _press(page, "form.confirm button", "Nudge 1 person now")
    expect(page.locator(".notice").first).to_contain_text("1 person is asked now")
    assert site.row("BN").nudged_at is not None


def test_what_is_to_be_confirmed_fits_the_screen_of_a_phone_and_comes_before_the_rest(
    site: Site, browser: Chromium
) -> None:
    page = browser.open(f"{site.console}/cancel", width=375)
    button = page.locator("form.confirm button").first
    # What is still wanted of the coordinator, the reason, is on the first screen; the button follows it.
    wanted = page.locator("form.confirm #reason")
    assert wanted.evaluate("(item) => item.getBoundingClientRect().bottom < innerHeight")
    brief = page.locator(".brief").first.text_content() or ""
    assert "Nobody is told." in brief
    assert "steps that were planned no longer go out." in brief
    assert button.evaluate("(item) => document.querySelector('main button') === item")


def _press(page: Page, selector: str, label: str) -> None:
    """Press what has that label; fails when there is none."""
    page.locator(selector).filter(has_text=re.compile(rf"^\s*{re.escape(label)}\s*$")).first.click()
