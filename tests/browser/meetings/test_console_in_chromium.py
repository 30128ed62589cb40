"""The console in a real browser: nothing to scroll sideways, nothing blocked, readable, live."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from orchestrator.bootstrap import Container, inbox_folder
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.services.definitions.examples import ACCSM21
from tests.browser.conftest import await_answer

PREP, SOM = "ACCSM21-PREP-2021-04", "ACCSM21-SOM-2021-04"
PAGES = (
    "/",
    "/meetings/new",
    f"/meetings/{SOM}",
    f"/meetings/{PREP}",
    f"/meetings/{SOM}/cancel",
    f"/meetings/{SOM}/change",
    "/actions",
    "/mailbox",
    "/mailbox/1",
    "/sandbox/outbox",
    "/sandbox/outbox/1.mail",
    f"/meetings/{PREP}/publish?save_the_date=yes",
    "/nowhere",
)

# What every visible piece of text stands out by against what lies behind it (WCAG 2, 1.4.3).
WEAK_TEXT = """
(() => {
  const numbers = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return numbers(getComputedStyle(document.documentElement).backgroundColor);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!text || !element.checkVisibility() || element.closest("svg")) continue;
    const [a, b] = [luminance(numbers(getComputedStyle(element).color)), luminance(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`${contrast} ${element.className} ${element.textContent.slice(0, 40)}`);
  }
  return found;
})()
"""


@dataclass(frozen=True)
class Console:
    """A running web process and the container its data can be changed with."""

    url: str
    container: Container


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("console")
    container = Container(Settings(data_dir=folder))
    container.database.upgrade()
    container.examples.load(ACCSM21.read_text("utf-8"), None, actor="test")
    container.meetings.publish(SOM, actor="test")
    container.meetings.answer(SOM, "focal.point@bn.example.org", Participation.ACCEPTED, actor="test")
    _catch_a_mail(folder)
    _let_something_come_back(container)
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


def _catch_a_mail(folder: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Invitation: Senior Officials Meeting"
    message.set_content("Dear Siti,\n" + "x" * 200 + "\n")
    html = "<p>Dear Siti</p><script>document.title = 'run'</script><img src=https://elsewhere.example/x>"
    message.add_alternative(html, subtype="html")
    message.add_alternative("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", subtype="calendar")
    target = folder / "outbox" / "new"
    target.mkdir(parents=True)
    (target / "1.mail").write_bytes(message.as_bytes())


def _let_something_come_back(container: Container) -> None:
    """A letter that waits for somebody, another time, and somebody who sends a delegate."""
    meeting = container.reading.meeting(SOM)
    head = "MIME-Version: 1.0\r\nTo: meetings@accsm.example\r\n"
    times = f"DTSTART:{meeting.starts_at:%Y%m%d}T010000Z\r\nDTEND:{meeting.starts_at:%Y%m%d}T030000Z\r\n"
    delegate = ';PARTSTAT=DELEGATED;DELEGATED-TO="mailto:deputy.secretary.general@sg.example.org"'
    mails = [f"{head}From: focal.point@bn.example.org\r\nSubject: {'long' * 50}\r\n\r\n{'x' * 300}\r\n"]
    for method, email, parameters, more in (
        ("COUNTER", "senior.official@id.example.org", "", f"{times}COMMENT:{'earlier' * 30}\r\n"),
        ("REPLY", "senior.official@sg.example.org", delegate, ""),
    ):
        mails.append(
            f"{head}From: {email}\r\nSubject: {method}\r\nContent-Type: text/calendar; method={method}\r\n"
            f"\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:{meeting.uid}\r\n"
            f"SEQUENCE:0\r\nDTSTAMP:{container.clock.now():%Y%m%dT%H%M%SZ}\r\n{more}"
            f"ATTENDEE{parameters}:mailto:{email}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    target = inbox_folder(container.settings) / "new"
    for folder in ("cur", "new", "tmp"):
        target.with_name(folder).mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(mails):
        (target / f"1700000000.{number}.test").write_bytes(content.encode())
    assert container.inbox is not None
    assert container.inbox.poll() == len(mails)


@pytest.mark.parametrize("width", [1280, 1024, 390])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_has_to_be_scrolled_sideways(console: Console, browser: Any, path: str, width: int) -> None:
    browser.open(console.url + path, width=width)
    assert browser.evaluate("innerWidth") == width
    browser.evaluate("document.querySelectorAll('details').forEach((item) => item.open = true)")
    assert browser.evaluate("document.scrollingElement.scrollWidth") <= width
    assert browser.screenshot().startswith(b"\x89PNG")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_all_text_stands_out(console: Console, browser: Any, path: str, dark: bool) -> None:
    browser.open(console.url + path, width=1280, dark=dark)
    ground = browser.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == ("rgb(18, 23, 30)" if dark else "rgb(255, 255, 255)")
    browser.evaluate("document.querySelectorAll('details').forEach((item) => item.open = true)")
    assert browser.evaluate(WEAK_TEXT) == []


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/nowhere"])
def test_the_browser_finds_nothing_to_complain_of(console: Console, browser: Any, path: str) -> None:
    browser.complaints.clear()
    browser.open(console.url + path, width=1280)
    browser.evaluate("new Promise((done) => setTimeout(done, 100))")
    # What the mail in the outbox may not do is complained of, and only that.
    allowed = ("sandboxed", "elsewhere.example") if path.endswith(".mail") else ()
    assert [item for item in browser.complaints if not any(word in item for word in allowed)] == []
    assert browser.evaluate("document.title") != "run"


def test_an_open_page_keeps_itself_up_to_date(console: Console, browser: Any) -> None:
    browser.open(f"{console.url}/meetings/{SOM}", width=1280)
    # It looks once more when the connection stands; from then on, every change is told.
    browser.wait_for("performance.getEntriesByType('resource').some((item) => item.initiatorType == 'fetch')")
    opened = browser.evaluate(
        "(() => { const d = document.querySelector('#plan details'); d.open = true; return d.id })()"
    )
    browser.evaluate("document.getElementById('join_url').value = 'https://half.typed'")
    console.container.meetings.answer(
        SOM, "focal.point@kh.example.org", Participation.TENTATIVE, actor="test"
    )
    browser.wait_for("document.querySelector('#answers').textContent.includes('1 tentative')")
    assert browser.evaluate(f"document.getElementById('{opened}').open")
    assert browser.evaluate("document.getElementById('join_url').value") == "https://half.typed"


def test_a_choice_is_left_alone_when_something_changes(console: Console, browser: Any) -> None:
    browser.open(f"{console.url}/meetings/{SOM}", width=1280)
    browser.wait_for("performance.getEntriesByType('resource').some((item) => item.initiatorType == 'fetch')")
    browser.evaluate("document.querySelector('#attendees select').value = 'DECLINED'")
    console.container.meetings.answer(
        SOM, "focal.point@la.example.org", Participation.DECLINED, actor="test", comment="Told by telephone"
    )
    browser.wait_for("document.querySelector('#came-back').textContent.includes('Told by telephone')")
    assert browser.evaluate("document.querySelector('#attendees select').value") == "DECLINED"


def test_a_mail_is_assigned_in_the_browser(console: Console, browser: Any) -> None:
    browser.open(f"{console.url}/mailbox", width=1280)
    assert browser.evaluate("document.querySelector('.badge').textContent.startsWith('1')")
    browser.evaluate("document.querySelector('[name=participation]').value = 'TENTATIVE'")
    browser.evaluate("document.querySelector('form[action$=assign] button').click()")
    browser.wait_for("document.querySelector('.notice')?.textContent.includes('taken for the answer')")
    assert browser.evaluate("document.querySelector('.badge')") is None
    (mail,) = (item for item in console.container.quarantine.mails() if item.outcome == "assigned")
    assert mail.reason.startswith("assigned to Siti Nurhazwani")


def test_the_keyboard_reaches_the_content_first(console: Console, browser: Any) -> None:
    browser.open(console.url, width=1280)
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert browser.evaluate("document.activeElement.className") == "skip"
    assert browser.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_publishing_by_hand_in_the_browser(console: Console, browser: Any) -> None:
    browser.open(f"{console.url}/meetings/{PREP}", width=1280)
    browser.evaluate(
        "[...document.links].find((a) => a.textContent == 'Publish and send 23 invitations').click()"
    )
    browser.wait_for("location.pathname.endsWith('/publish') && document.readyState === 'complete'")
    browser.evaluate("document.querySelector('form.confirm button').click()")
    browser.wait_for("document.querySelector('.notice')?.textContent.includes('Published. 23 invitations')")
    assert console.container.reading.meeting(PREP).status == "published"
