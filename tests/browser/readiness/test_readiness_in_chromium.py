"""Readiness in a real browser: one click on the personal page, the board of the console, a nudge."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.meetings.meeting import ContributionState, Need, Participation
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.services.readiness.readiness import DelegationReadiness
from tests.browser.conftest import await_answer
from tests.browser.meetings.test_console_in_chromium import WEAK_TEXT

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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    container = Container(Settings(data_dir=folder, public_url=url))
    _prepare(container)
    page = container.personal.my_link(SOM, FOCAL)
    environment = {**os.environ, "ORCHESTRATOR_DATA_DIR": str(folder), "ORCHESTRATOR_PORT": str(port)}
    with subprocess.Popen([sys.executable, "-m", "orchestrator", "web"], env=environment) as process:
        try:
            await_answer(f"{url}/readyz", process)
            yield Site(url, container, page)
        finally:
            process.terminate()
    container.database.dispose()


def _prepare(container: Container) -> None:
    """The SOM with its link, a few answers, and of everything that a delegation can owe something."""
    container.database.upgrade()
    example = ACCSM21.read_text("utf-8").replace("timeline: standard", "timeline: som")
    container.examples.load(example, None, actor="test")
    container.meetings.publish(SOM, actor="test", save_the_date=False)
    container.meetings.enter_link(SOM, LINK, actor="test")
    container.meetings.answer(SOM, "senior.official@kh.example.org", Participation.ACCEPTED, actor="test")
    for people in ("senior.official", "focal.point"):
        container.meetings.answer(SOM, f"{people}@la.example.org", Participation.DECLINED, actor="test")
    for code, need, state, note in (
        ("KH", Need.LIST, ContributionState.IN, None),
        ("KH", Need.PAPER, ContributionState.WAIVED, "nothing to report this year"),
        ("MY", Need.TEST, ContributionState.FAILED, "no sound from the meeting room of the ministry"),
    ):
        container.readiness.record(SOM, code, need, state, actor="test", note=note)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["owed", "board", "nudge"])
def test_nothing_has_to_be_scrolled_sideways(
    site: Site, browser: Any, name: str, width: int, tmp_path: Path
) -> None:
    browser.complaints.clear()
    _open(site, browser, name, width=width)
    assert browser.evaluate("document.scrollingElement.scrollWidth") <= width
    picture = browser.screenshot()
    (Path(os.environ.get("PICTURES", tmp_path)) / f"readiness-{name}-{width}.png").write_bytes(picture)
    assert browser.complaints == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["owed", "board"])
def test_all_text_stands_out(site: Site, browser: Any, name: str, dark: bool) -> None:
    _open(site, browser, name, width=375, dark=dark)
    assert browser.evaluate(WEAK_TEXT) == []


def _open(site: Site, browser: Any, name: str, *, width: int, dark: bool = False) -> None:
    """Open a page and roll to its section."""
    pages = {"owed": site.page, "board": site.console, "nudge": f"{site.console}/nudge"}
    browser.open(pages[name], width=width, dark=dark)
    section = {"owed": "owed", "board": "readiness", "nudge": "consequences"}[name]
    browser.evaluate(f"document.querySelectorAll('#{section} details').forEach((item) => item.open = true)")
    browser.evaluate(f"document.getElementById('{section}').scrollIntoView()")


def test_the_buttons_are_large_enough_for_a_thumb(site: Site, browser: Any) -> None:
    _open(site, browser, "owed", width=375)
    heights = "[...document.querySelectorAll('#owed .press button, #owed .press .button')]"
    assert browser.evaluate(f"Math.min(...{heights}.map((b) => b.offsetHeight))") >= 44


def test_one_click_settles_and_one_takes_it_back(site: Site, browser: Any) -> None:
    _open(site, browser, "owed", width=375)
    _press(browser, "#owed button", "We will not submit a paper")
    browser.wait_for("document.querySelector('.notice')?.textContent.includes('Recorded')")
    assert site.row("BN").cells["paper"].state == "waived"
    _press(browser, "#owed button", "Take this back: paper")
    browser.wait_for("document.querySelector('.notice')?.textContent.includes('Taken back')")
    assert site.row("BN").cells["paper"].state == "missing"


def test_a_nudge_goes_through_the_page_that_says_whom_it_asks(site: Site, browser: Any) -> None:
    browser.open(site.console, width=1024)
    _press(browser, "#readiness a", "Nudge 1 person… of Brunei Darussalam")
    browser.wait_for("document.querySelector('form.confirm') && document.readyState === 'complete'")
    assert site.row("BN").nudged_at is None
    assert FOCAL in browser.evaluate("document.querySelector('main').textContent")
    _press(browser, "form.confirm button", "Nudge 1 person now")
    browser.wait_for("document.querySelector('.notice')?.textContent.includes('1 person is asked now')")
    assert site.row("BN").nudged_at is not None


def test_what_is_to_be_confirmed_fits_the_screen_of_a_phone_and_comes_before_the_rest(
    site: Site, browser: Any
) -> None:
    browser.open(f"{site.console}/cancel", width=375)
    button = "document.querySelector('form.confirm button')"
    assert browser.evaluate(f"{button}.getBoundingClientRect().bottom < innerHeight")
    brief = browser.evaluate("document.querySelector('.brief').textContent")
    assert "Nobody is told." in brief
    assert "steps that were planned no longer go out." in brief
    assert browser.evaluate(f"document.querySelector('main button, main summary') === {button}")


def _press(browser: Any, selector: str, label: str) -> None:
    """Press what has that label; fails when there is none."""
    found = f"[...document.querySelectorAll('{selector}')]"
    browser.evaluate(f"{found}.find((item) => item.textContent.trim() === '{label}').click()")
