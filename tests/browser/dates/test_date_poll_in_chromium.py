"""Voting in a date poll in a real browser, on a phone-sized window; and the poll in the console."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.dates.date_poll import Vote
from orchestrator.services.dates.date_polls import PollRequest
from orchestrator.services.definitions.examples import ACCSM21
from tests.browser.conftest import await_answer
from tests.browser.meetings.test_console_in_chromium import WEAK_TEXT

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
FORM = "document.querySelector('form.dates')"


@dataclass(frozen=True)
class Site:
    """A running web process, and the pages to look at."""

    url: str
    container: Container
    paths: dict[str, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("polls")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    container = Container(Settings(data_dir=folder, public_url=url))
    paths = _prepared(container)
    environment = {**os.environ, "ORCHESTRATOR_DATA_DIR": str(folder), "ORCHESTRATOR_PORT": str(port)}
    with subprocess.Popen([sys.executable, "-m", "orchestrator", "web"], env=environment) as process:
        try:
            await_answer(f"{url}/readyz", process)
            yield Site(url, container, paths)
        finally:
            process.terminate()
    container.database.dispose()


def _prepared(container: Container) -> dict[str, str]:
    """A draft with an open poll of three dates, one early on a Saturday; one whose poll is withdrawn."""
    container.database.upgrade()
    first, second = container.examples.load(ACCSM21.read_text("utf-8"), None, actor="test")
    prep = first.reference if second.reference == SOM else second.reference
    start = datetime.fromisoformat(container.reading.meeting(SOM).start)
    saturday = start + timedelta(days=(5 - start.weekday()) % 7)
    days = [saturday.replace(hour=7, minute=0), *(start + timedelta(days=shift) for shift in (9, 16))]
    request = PollRequest.of({"starts": days, "closes": start - timedelta(days=1)})
    links = {}
    for reference in (prep, SOM):
        container.polls.open(reference, request, actor="test")
        links[reference] = _path(container, reference, "focal.point@bn.example.org")
    container.polls.withdraw(prep, actor="test")
    for code, said in OTHERS.items():
        votes = {number: MEANT[letter] for number, letter in enumerate(said, 1)}
        container.polls.vote_for(SOM, code, votes, actor="test")
    return {
        "vote": links[SOM],
        "unsaid": links[SOM],
        "voted": f"{links[SOM]}?done=voted",
        "withdrawn": links[prep],
        "meeting": f"/meetings/{SOM}",
        "ending": f"/meetings/{SOM}",
        "linked": f"/meetings/{SOM}/poll/2",
        "choose": f"/meetings/{SOM}/poll/2?linked=move",
        "form": f"/meetings/{prep}",
        "ask": f"/meetings/{prep}",
        "withdraw": f"/meetings/{SOM}/poll/withdraw",
    }


def _path(container: Container, reference: str, email: str) -> str:
    return "/a/" + container.personal.my_link(reference, email).rpartition("/")[2] + "/dates"


def opened(site: Site, browser: Any, page: str, *, width: int, dark: bool = False) -> None:
    """Open a page as its reader would; one by sending the form with an answer missing."""
    if page == "voted":
        token = site.paths["vote"].split("/")[2]
        site.container.polls.vote(token, {1: Vote.NO, 2: Vote.YES, 3: Vote.IF_NEEDED})
    browser.open(site.url + site.paths[page], width=width, dark=dark)
    if page == "unsaid":
        browser.evaluate(f"{FORM}.querySelectorAll('input').forEach((item) => item.checked = false)")
        browser.evaluate(f"{FORM}.requestSubmit()")
        browser.wait_for("document.querySelector('.wrong') && document.readyState === 'complete'")
    if page == "ask":
        closing = f"{site.container.clock.now() + timedelta(days=7):%Y-%m-%d} 17:00"
        browser.evaluate(f"document.getElementById('open-poll-closes-0').value = '{closing}'")
        browser.evaluate("document.querySelector('#open-poll form').requestSubmit()")
        browser.wait_for("document.querySelector('ol.dates') && document.readyState === 'complete'")
    if page in _PARTS:
        browser.evaluate(f"document.getElementById('{_PARTS[page]}').scrollIntoView()")
        browser.evaluate(
            "document.querySelectorAll('#open-poll, #extend-poll').forEach((item) => item.open = true)"
        )
    else:
        browser.evaluate("document.querySelectorAll('details').forEach((item) => item.open = true)")


@pytest.mark.parametrize("width", [375, 1024])
@pytest.mark.parametrize("page", PAGES)
def test_nothing_has_to_be_scrolled_sideways(
    site: Site, browser: Any, page: str, width: int, tmp_path: Path
) -> None:
    browser.complaints.clear()
    opened(site, browser, page, width=width)
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate("document.scrollingElement.scrollWidth") <= width
    picture = browser.screenshot()
    (Path(os.environ.get("PICTURES", tmp_path)) / f"poll-{page}-{width}.png").write_bytes(picture)
    assert [item for item in browser.complaints if "422" not in item] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_all_text_stands_out(site: Site, browser: Any, page: str, dark: bool) -> None:
    opened(site, browser, page, width=375, dark=dark)
    assert browser.evaluate(WEAK_TEXT) == []


def test_a_delegation_votes_on_a_phone(site: Site, browser: Any) -> None:
    browser.open(site.url + site.paths["vote"].removesuffix("/dates"), width=375)
    assert browser.evaluate("location.pathname") == site.paths["vote"]
    sizes = "[...document.querySelectorAll('label.vote, form.dates button')]"
    assert browser.evaluate(f"Math.min(...{sizes}.map((item) => item.offsetHeight))") >= 44
    assert browser.evaluate(f"Math.min(...{sizes}.map((item) => item.offsetWidth))") >= 44
    for number, vote in ((1, "no"), (2, "if needed"), (3, "yes")):
        # A tap anywhere on the label chooses.
        label = f"document.querySelector('input[name=vote-{number}][value=\"{vote}\"]').closest('label')"
        browser.evaluate(f"{label}.click()")
        assert browser.evaluate(f"getComputedStyle({label}).borderTopWidth") == "3px"
    browser.evaluate(f"{FORM}.querySelector('button').click()")
    browser.wait_for("document.querySelector('.notice') && document.readyState === 'complete'")
    notice = browser.evaluate("document.querySelector('.notice').textContent")
    assert "Recorded for Brunei Darussalam" in notice
    assert "the invitation comes by mail" in notice
    chosen = "[...document.querySelectorAll('form.dates :checked')].map((item) => item.value).join()"
    assert browser.evaluate(chosen) == "no,if needed,yes"
    found = site.container.polls.show(SOM)
    assert [item.votes[0].vote for item in found.options] == ["no", "if needed", "yes"]


def test_the_keyboard_alone_can_vote(site: Site, browser: Any) -> None:
    browser.open(site.url + site.paths["vote"], width=375)
    browser.evaluate("document.querySelector('input[name=vote-1]').focus()")
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight", windowsVirtualKeyCode=39
        )
    chosen = browser.evaluate("document.querySelector('input[name=vote-1]:checked').value")
    assert chosen in {item.value for item in Vote}
    label = "document.querySelector('input[name=vote-1]:checked').closest('label')"
    assert browser.evaluate(f"getComputedStyle({label}).borderTopWidth") == "3px"
