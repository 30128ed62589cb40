"""Linked meetings in a real browser: asked before one moves, and outcomes stand on the next agenda."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.services.definitions.examples import ACCSM21
from tests.browser.conftest import await_answer
from tests.browser.meetings.test_console_in_chromium import PREP, SOM, WEAK_TEXT


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
    container.examples.load(ACCSM21.read_text("utf-8"), None, actor="test")
    for reference in (PREP, SOM):
        container.meetings.publish(reference, actor="test")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "ORCHESTRATOR_DATA_DIR": str(folder), "ORCHESTRATOR_PORT": str(port)}
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen([sys.executable, "-m", "orchestrator", "web"], env=environment) as process:
        try:
            await_answer(f"{url}/readyz", process)
            yield Console(url, container)
        finally:
            process.terminate()
    container.database.dispose()


def press(browser: Any, selector: str) -> None:
    """Press a button and wait for the page it leads to."""
    browser.evaluate("window.beforePressing = true")
    browser.evaluate(f"document.querySelector({selector!r}).click()")
    browser.wait_for("!window.beforePressing && document.readyState === 'complete'")


def text(browser: Any, selector: str) -> Any:
    """What the first such element of the page says."""
    return browser.evaluate(f"document.querySelector({selector!r}).textContent")


def look(browser: Any, name: str) -> None:
    """Nothing to scroll sideways and no weak text, on a desk and on a phone, in the light and in the dark."""
    browser.evaluate("document.querySelectorAll('details').forEach((item) => item.open = true)")
    for width, dark in ((1280, False), (1280, True), (390, False)):
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        browser.call("Emulation.setEmulatedMedia", features=[scheme])
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.call("Emulation.setDeviceMetricsOverride", **size)
        assert browser.evaluate("document.scrollingElement.scrollWidth") <= width, (name, width)
        assert browser.evaluate(WEAK_TEXT) == [], (name, width, dark)


def test_moving_asks_and_the_outcomes_go_along(console: Console, browser: Any) -> None:
    reading = console.container.reading
    before = {name: datetime.fromisoformat(reading.meeting(name).start) for name in (PREP, SOM)}
    later = before[SOM] + timedelta(days=7)

    browser.open(f"{console.url}/meetings/{SOM}/change", width=1280)
    assert browser.evaluate("document.querySelectorAll('[name=linked]:checked').length") == 0
    browser.evaluate(f"document.getElementById('start').value = '{later:%Y-%m-%d %H:%M}'")
    press(browser, "form.fields button")
    assert "keep or move" in text(browser, "[role=alert]")
    assert browser.evaluate("document.getElementById('start').value") == f"{later:%Y-%m-%d %H:%M}"
    look(browser, "asked")
    assert reading.meeting(SOM).start == f"{before[SOM]:%Y-%m-%d %H:%M}"

    browser.evaluate("document.getElementById('linked-move').click()")
    press(browser, "form.fields button")
    assert browser.evaluate(
        f"document.querySelector('.needs').textContent.includes('{PREP}, which prepares')"
    )
    assert (
        browser.evaluate("document.querySelector('form.confirm button').textContent") == "Move and notify 46"
    )
    look(browser, "confirm")
    press(browser, "form.confirm button")
    for name in (PREP, SOM):
        moved = before[name] + timedelta(days=7)
        assert reading.meeting(name).start == f"{moved:%Y-%m-%d %H:%M}"

    console.container.sandbox_clock.move_to(reading.meeting(PREP).starts_at)
    browser.open(f"{console.url}/meetings/{PREP}", width=1280)
    browser.evaluate("document.getElementById('outcome').value = 'Venue of the next SOM'")
    browser.evaluate("document.getElementById('is_open').click()")
    press(browser, "form[action$='/outcomes'] button")
    look(browser, "outcomes")
    console.container.meetings.conclude(PREP, actor="test")
    browser.open(f"{console.url}/meetings/{SOM}", width=1280)
    assert text(browser, "#agenda .points") == "Venue of the next SOM (open)"
    assert "It needs you." in text(browser, ".verdict")
    look(browser, "agenda")


def test_a_pair_is_offered_where_a_meeting_is_created(console: Console, browser: Any) -> None:
    browser.open(f"{console.url}/meetings/new", width=1280)
    definition = (
        "{reference: PAIR-2027, kind: som, title: SOM, host: VN, start: '2027-04-22 14:00', duration: PT3H,"
        " zone: Asia/Ho_Chi_Minh, coordinator: {name: K, email: k@vn.example.org}, agenda: [Opening],"
        " attendees: [{group: SOM, delegation: VN, name: L, email: l@vn.example.org}]}"
    )
    browser.evaluate(f"document.getElementById('definition').value = {definition!r}")
    browser.evaluate("document.getElementById('with_preparatory').click()")
    press(browser, "main form button")
    assert "2 drafts" in text(browser, ".notice")
    assert console.container.reading.meeting("PAIR-2027-PREP").start == "2027-04-21 14:00"
