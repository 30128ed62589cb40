"""Linked meetings in a real browser: asked before one moves, and outcomes stand on the next agenda."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.services.definitions.examples import ACCSM21
from tests.browser.conftest import Chromium, free_port, web_process
from tests.browser.looks import content_width, unfold, weak_text
from tests.callers import caller

PREP, SOM = "ACCSM21-PREP-2021-04", "ACCSM21-SOM-2021-04"


@dataclass(frozen=True)
class Console:
    """A running web process and the container its data can be looked at with."""

    url: str
    container: Container


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("linked")
    container = Container(Settings(data_dir=folder))
    container.database.upgrade()
    container.examples.load(ACCSM21.read_text("utf-8"), None, caller=caller("test"))
    for reference in (PREP, SOM):
        container.meetings.publish(reference, caller=caller("test"))
    with web_process(folder, free_port()) as url:
        yield Console(url, container)
    container.database.dispose()


def press(page: Page, selector: str) -> None:
    """Press a button and wait for the page it leads to."""
    with page.expect_navigation():
        page.locator(selector).first.click()


def text(page: Page, selector: str) -> str:
    """What the first such element of the page says."""
    return page.locator(selector).first.text_content() or ""


def look(page: Page, name: str) -> None:
    """Nothing to scroll sideways and no weak text, on a desk and on a phone, in the light and in the dark."""
    unfold(page)
    for width, dark in ((1280, False), (1280, True), (390, False)):
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_viewport_size({"width": width, "height": 900})
        assert content_width(page) <= width, (name, width)
        assert weak_text(page) == [], (name, width, dark)


def test_moving_asks_and_the_outcomes_go_along(console: Console, browser: Chromium) -> None:
    reading = console.container.reading
    before = {name: datetime.fromisoformat(reading.meeting(name).start) for name in (PREP, SOM)}
    later = before[SOM] + timedelta(days=7)

    page = browser.open(f"{console.url}/meetings/{SOM}/change", width=1280)
    assert page.locator("[name=linked]:checked").count() == 0
    page.locator("#start").fill(f"{later:%Y-%m-%d %H:%M}")
    page.locator("[name=reason]").fill("The Chair is needed elsewhere.")
    press(page, "form.fields button")
    assert "keep or move" in text(page, "[role=alert]")
    assert page.locator("#start").input_value() == f"{later:%Y-%m-%d %H:%M}"
    look(page, "asked")
    assert reading.meeting(SOM).start == f"{before[SOM]:%Y-%m-%d %H:%M}"

    page.locator("#linked-move").check()
    press(page, "form.fields button")
    assert f"{PREP}, which prepares" in text(page, ".needs")
    assert text(page, "form.confirm button") == "Move and notify 46"
    look(page, "confirm")
    press(page, "form.confirm button")
    for name in (PREP, SOM):
        moved = before[name] + timedelta(days=7)
        assert reading.meeting(name).start == f"{moved:%Y-%m-%d %H:%M}"

    console.container.sandbox_clock.move_to(reading.meeting(PREP).starts_at)
    page = browser.open(f"{console.url}/meetings/{PREP}", width=1280)
    page.locator("#decision").fill("Venue of the next SOM")
    page.locator("#is_open").check()
    press(page, "form[action$='/decisions'] button")
    look(page, "decisions")
    console.container.meetings.conclude(PREP, caller=caller("test"))
    page = browser.open(f"{console.url}/meetings/{SOM}", width=1280)
    assert text(page, "#agenda .points") == "Venue of the next SOM (open)"
    assert "It needs you." in text(page, ".verdict")
    look(page, "agenda")


def test_a_pair_is_offered_where_a_meeting_is_created(console: Console, browser: Chromium) -> None:
    page = browser.open(f"{console.url}/meetings/new", width=1280)
    definition = (
        "{reference: PAIR-2027, kind: som, title: SOM, host: VN, start: '2027-04-22 14:00', duration: PT3H,"
        " zone: Asia/Ho_Chi_Minh, coordinator: {name: K, email: k@vn.example.org}, agenda: [Opening],"
        " attendees: [{group: SOM, delegation: VN, name: L, email: l@vn.example.org}]}"
    )
    page.locator("#definition").fill(definition)
    page.locator("#with_preparatory").check()
    press(page, "main form button")
    assert "2 drafts" in text(page, ".notice")
    assert console.container.reading.meeting("PAIR-2027-PREP").start == "2027-04-21 14:00"
