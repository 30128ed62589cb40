"""Headless Chromium, driven by Playwright, and a web process of our own for it to look at."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

_TIMEOUT = 30_000  # Milliseconds.
_PHONE = 500  # What is narrower than this is held in a hand.
# Nothing leaves the machine, and the sandbox of Chromium needs rights that containers and root do not give.
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
)

expect.set_options(timeout=_TIMEOUT)


class Chromium:
    """Two windows, a desk's and a phone's, and what the browser complained of in either."""

    def __init__(self, browser: Browser) -> None:
        self.complaints: list[str] = []
        self._desk = self._window(browser, phone=False)
        self._phone = self._window(browser, phone=True)

    def _window(self, browser: Browser, *, phone: bool) -> Page:
        context = browser.new_context(is_mobile=phone, has_touch=phone)
        context.set_default_timeout(_TIMEOUT)
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def open(self, url: str, *, width: int, dark: bool = False) -> Page:
        """Load a page at that width, in the light or the dark theme, and return its window."""
        page = self._phone if width < _PHONE else self._desk
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(url)
        return page


# Of a module, not of the session: Playwright's event loop stays in this thread until it is stopped, and no
# test of another folder could run one of its own there.
@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    binary = shutil.which("chromium")
    if binary is None:
        pytest.skip("Chromium is not installed; on Debian: chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=_OPTIONS)
        yield Chromium(browser)
        browser.close()


@pytest.fixture
def font_of_phones(browser: Chromium) -> None:
    """Letters about as wide as those of telephones, which decide how much a screen holds."""
    page = browser.open("about:blank", width=375)
    page.set_content("<p style='font-family: system-ui, sans-serif'>ACCSM</p>")
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    text = session.send("DOM.querySelector", {"nodeId": root, "selector": "p"})["nodeId"]
    (used,) = session.send("CSS.getPlatformFontsForNode", {"nodeId": text})["fonts"]
    session.detach()
    if used["familyName"] != "Noto Sans":
        pytest.skip(f"The sans-serif font is {used['familyName']}, not Noto Sans; on Debian: fonts-noto-core")


def free_port() -> int:
    """A port of this machine that nothing uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


@contextmanager
def web_process(folder: Path, port: int) -> Iterator[str]:
    """Run the web process on the data in ``folder`` until the block is left; gives its address."""
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "ORCHESTRATOR_DATA_DIR": str(folder), "ORCHESTRATOR_PORT": str(port)}
    with subprocess.Popen([sys.executable, "-m", "orchestrator", "web"], env=environment) as process:
        try:
            _await_answer(f"{url}/readyz", process)
            yield url
        finally:
            process.terminate()


def _await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the process answers; fails when it ends or takes too long."""
    pause, deadline = threading.Event(), time.monotonic() + 60
    with requests.Session() as session:
        session.trust_env = False
        while True:
            try:
                if session.get(url, timeout=5).ok:
                    return
            except requests.ConnectionError:
                assert process.poll() is None, "the web process has ended"
                assert time.monotonic() < deadline, "the web process does not answer"
                pause.wait(0.1)
