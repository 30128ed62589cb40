"""The personal pages in a real browser: a phone first, nothing to scroll sideways, readable."""

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
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.services.meetings.meetings import MeetingUpdate
from tests.browser.conftest import await_answer
from tests.browser.meetings.test_console_in_chromium import WEAK_TEXT

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
    """Two meetings, one changed and answered, one cancelled; and the addresses that show them."""
    container.database.upgrade()
    container.examples.load(ACCSM21.read_text("utf-8"), None, actor="test")
    for reference in (PREP, SOM):
        container.meetings.publish(reference, actor="test")
        container.meetings.enter_link(reference, LINK, actor="test")
    focal, official, other = (_path(container, SOM, email) for email in (FOCAL, OFFICIAL, OTHER))
    container.personal.answer(official[3:], Participation.ACCEPTED, "I join ten minutes late.")
    container.personal.answer(other[3:], Participation.TENTATIVE)
    withdrawn = _path(container, SOM, "focal.point@la.example.org")
    container.personal.revoke_link(SOM, "focal.point@la.example.org", actor="test")
    title = container.reading.meeting(SOM).title_en
    update = MeetingUpdate.model_validate({"title": {"en": f"{title}, second session"}})
    version = container.reading.meeting(SOM).version
    container.meetings.update(SOM, update, actor="test", version=version)
    cancelled = _path(container, PREP, FOCAL)
    container.meetings.cancel(PREP, actor="test")
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
    return "/a/" + container.personal.my_link(reference, email).rpartition("/")[2]


def opened(site: Site, browser: Any, page: str, *, width: int, dark: bool = False) -> None:
    """Open a page as its reader would, the page to confirm by filling in the form."""
    browser.open(site.url + site.paths[page], width=width, dark=dark)
    if page == "confirm":
        browser.evaluate(
            "document.getElementById('name-2').value = 'Nur Aisyah';"
            "document.getElementById('email-2').value = 'nur.aisyah@bn.example.org';"
            "document.querySelector('form.members').requestSubmit()"
        )
        browser.wait_for("document.querySelector('form.confirm') && document.readyState === 'complete'")
    browser.evaluate("document.querySelectorAll('details').forEach((item) => item.open = true)")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_nothing_has_to_be_scrolled_sideways(
    site: Site, browser: Any, page: str, width: int, tmp_path: Path
) -> None:
    browser.complaints.clear()
    opened(site, browser, page, width=width)
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate("document.scrollingElement.scrollWidth") <= width
    picture = browser.screenshot()
    assert picture.startswith(b"\x89PNG")
    (Path(os.environ.get("PICTURES", tmp_path)) / f"{page}-{width}.png").write_bytes(picture)
    allowed = ("410", "404")
    assert [item for item in browser.complaints if not any(word in item for word in allowed)] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_all_text_stands_out(site: Site, browser: Any, page: str, dark: bool) -> None:
    opened(site, browser, page, width=375, dark=dark)
    ground = browser.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == ("rgb(18, 23, 30)" if dark else "rgb(255, 255, 255)")
    assert browser.evaluate(WEAK_TEXT) == []


def test_a_phone_shows_when_how_and_the_answer_without_scrolling(site: Site, browser: Any) -> None:
    browser.open(site.url + site.paths["official"], width=375)
    for element in (".big", ".join .button", ".given", ".three .accepted", ".three .declined"):
        bottom = browser.evaluate(f"document.querySelector('{element}').getBoundingClientRect().bottom")
        assert bottom <= 812, element
    # Large enough for a thumb.
    assert (
        browser.evaluate(
            "Math.min(...[...document.querySelectorAll('.three button')].map((b) => b.offsetHeight))"
        )
        >= 44
    )


def test_the_buttons_count_the_ticks_and_read_out_without_them(site: Site, browser: Any) -> None:
    browser.open(site.url + site.paths["focal"], width=375)
    assert "counter(people)" in browser.evaluate(
        "getComputedStyle(document.querySelector('.three button'), '::after').content"
    )
    tree = browser.call("Accessibility.getFullAXTree")["nodes"]
    names = [node["name"]["value"].strip() for node in tree if node.get("role", {}).get("value") == "button"]
    assert names == [f"{word} for Brunei Darussalam" for word in ("Accept", "Tentative", "Decline")]


def test_answering_by_hand_on_a_phone(site: Site, browser: Any) -> None:
    browser.open(site.url + site.paths["chosen"], width=375)
    browser.evaluate("document.getElementById('comment').value = 'We all come.'")
    browser.evaluate("document.querySelector('.three .picked').click()")
    browser.wait_for("document.querySelector('.notice')?.textContent.includes('Recorded')")
    people = {item.email: item for item in site.container.reading.meeting(SOM).attendees}
    assert (people[FOCAL].participation, people[FOCAL].answered_via) == ("accepted", "web")
