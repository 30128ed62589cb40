"""Chromium driven over its debugging pipe: the DevTools protocol with the standard library alone."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

_TIMEOUT = 30.0
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--remote-debugging-pipe",
)


class Chromium:
    """One page of a headless Chromium."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to = os.fdopen(to_browser, "wb", buffering=0)
        self._from = os.fdopen(from_browser, "rb", buffering=0)
        self._ids = itertools.count(1)
        self._pending = b""
        self._session: str | None = None
        self.complaints: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        """Close the pipe, which ends the browser."""
        self._to.close()
        self._from.close()

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result; what the page complains of meanwhile is kept."""
        wanted = next(self._ids)
        message = {"id": wanted, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == wanted:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Wait until an expression is true in the page."""
        pause, deadline = threading.Event(), time.monotonic() + _TIMEOUT
        while not self.evaluate(script):
            assert time.monotonic() < deadline, f"never true: {script}"
            pause.wait(0.05)

    def open(self, url: str, *, width: int, dark: bool = False) -> None:
        """Load a page at that width, in the light or the dark theme."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        self.evaluate("window.beforeLoading = true")
        self.call("Page.navigate", url=url)
        self.wait_for("!window.beforeLoading && document.readyState === 'complete'")

    def screenshot(self) -> bytes:
        """Return the visible part of the page as a PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._pending:
            chunk = self._from.read(1 << 20)
            assert chunk, "Chromium has ended"
            self._pending += chunk
        text, _, self._pending = self._pending.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if message.get("method") == "Log.entryAdded":
            self.complaints.append(message["params"]["entry"]["text"])
        if message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(message["params"]["exceptionDetails"]))
        return message


@contextmanager
def running(binary: str, profile: Path) -> Iterator[Chromium]:
    """Run Chromium until the block is left; it reads commands from descriptor 3 and answers on 4."""
    commands, to_browser = os.pipe()
    from_browser, answers = os.pipe()
    silent = os.open(os.devnull, os.O_RDWR)
    # High numbers first, so that neither end lies where the other one has to go.
    high = [os.dup2(number, 900 + number, inheritable=False) for number in (commands, answers)]
    moves = [(os.POSIX_SPAWN_DUP2, high[0], 3), (os.POSIX_SPAWN_DUP2, high[1], 4)]
    quiet = [(os.POSIX_SPAWN_DUP2, silent, number) for number in (1, 2)]
    pid = os.posix_spawn(
        binary,
        [binary, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"],
        os.environ,
        file_actions=[*quiet, *moves],
        setsid=True,
    )
    for number in (commands, answers, silent, *high):
        os.close(number)
    try:
        browser = Chromium(to_browser, from_browser)
        yield browser
        browser.close()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    binary = shutil.which("chromium")
    if binary is None:
        reason = "Chromium is not installed; on Debian: apt-get install chromium"
        pytest.fail(reason) if "CI" in os.environ else pytest.skip(reason)
    with running(binary, tmp_path_factory.mktemp("profile")) as found:
        yield found


def await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the web process answers at ``url``; fails when it ends or takes too long."""
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
