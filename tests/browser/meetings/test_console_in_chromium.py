"""The console in a real browser: nothing to scroll sideways, nothing blocked, readable, live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from config.settings import Settings
from orchestrator.bootstrap import Container, inbox_folder
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.words import maybe
from tests.browser.conftest import Chromium, free_port, web_process
from tests.browser.looks import background, content_width, unfold, weak_text
from tests.callers import caller

PREP, SOM = "ACCSM21-PREP-2021-04", "ACCSM21-SOM-2021-04"
PAGES = (
    "/",
    "/meetings/new",
    f"/meetings/{SOM}",
    f"/meetings/{PREP}",
    f"/meetings/{SOM}/cancel",
    f"/meetings/{SOM}/words",
    "/events/ACCSM21-2021-08",
    "/events/ACCSM21-2021-04/publish",
    f"/meetings/{SOM}/change",
    "/actions",
    "/mailbox",
    "/mailbox/all",
    "/mailbox/1",
    "/sandbox/outbox",
    "/sandbox/outbox/1.mail",
    f"/meetings/{PREP}/publish?save_the_date=yes",
    "/nowhere",
)


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
    container.examples.load(ACCSM21.read_text("utf-8"), None, caller=caller("test"))
    container.meetings.publish(SOM, caller=caller("test"))
    container.answers.answer(SOM, "focal.point@bn.example.org", Participation.ACCEPTED, caller=caller("test"))
    _catch_a_mail(folder)
    _let_something_come_back(container)
    with web_process(folder, free_port()) as url:
        yield Console(url, container)
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
    assert container.inbox.read_mailbox() == len(mails)


@pytest.mark.parametrize("width", [1280, 1024, 390])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_has_to_be_scrolled_sideways(
    console: Console, browser: Chromium, path: str, width: int
) -> None:
    page = browser.open(console.url + path, width=width)
    assert page.evaluate("innerWidth") == width
    unfold(page)
    assert content_width(page) <= width
    assert page.screenshot().startswith(b"\x89PNG")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_all_text_stands_out(console: Console, browser: Chromium, path: str, dark: bool) -> None:
    page = browser.open(console.url + path, width=1280, dark=dark)
    assert background(page) == ("rgb(18, 23, 30)" if dark else "rgb(255, 255, 255)")
    unfold(page)
    assert weak_text(page) == []


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/nowhere"])
def test_the_browser_finds_nothing_to_complain_of(console: Console, browser: Chromium, path: str) -> None:
    browser.complaints.clear()
    page = browser.open(console.url + path, width=1280)
    page.wait_for_timeout(100)
    # What the mail in the outbox may not do is complained of, and only that.
    allowed = ("sandboxed", "elsewhere.example") if path.endswith(".mail") else ()
    assert [item for item in browser.complaints if not any(word in item for word in allowed)] == []
    assert page.title() != "run"


def test_an_open_page_keeps_itself_up_to_date(console: Console, browser: Chromium) -> None:
    page = _listening(console, browser)
    opened = page.locator("#plan details").first
    opened.evaluate("(item) => { item.open = true }")
    folded = page.locator(f"[id='{opened.get_attribute('id')}']")
    page.locator("#join_url").evaluate("(item) => { item.value = 'https://half.typed' }")
    console.container.answers.answer(
        SOM, "focal.point@kh.example.org", Participation.TENTATIVE, caller=caller("test")
    )
    expect(page.locator("#answers")).to_contain_text("1 tentative")
    assert folded.evaluate("(item) => item.open")
    assert page.locator("#join_url").input_value() == "https://half.typed"


def test_a_choice_is_left_alone_when_something_changes(console: Console, browser: Chromium) -> None:
    page = _listening(console, browser)
    choice = page.locator("#attendees select").first
    choice.evaluate("(item) => { item.value = 'DECLINED' }")
    console.container.answers.answer(
        SOM,
        "focal.point@la.example.org",
        Participation.DECLINED,
        caller=caller("test"),
        comment="Told by telephone",
    )
    expect(page.locator("#came-back")).to_contain_text("Told by telephone")
    assert choice.input_value() == "DECLINED"


def _listening(console: Console, browser: Chromium) -> Page:
    """The page of the SOM once it listens: it looks once more then, and is told every change from then on."""
    page = browser.open(f"{console.url}/meetings/{SOM}", width=1280)
    looked = "performance.getEntriesByType('resource').some((item) => item.initiatorType == 'fetch')"
    page.wait_for_function(f"() => {looked}")
    return page


def test_a_mail_is_assigned_in_the_browser(console: Console, browser: Chromium) -> None:
    page = browser.open(f"{console.url}/mailbox", width=1280)
    assert page.locator(".badge").first.inner_text().startswith("1")
    page.locator("[name=participation]").first.select_option("TENTATIVE")
    page.locator("form[action$=assign] button").first.click()
    expect(page.locator(".notice").first).to_contain_text("taken for the answer")
    assert page.locator(".badge").count() == 0
    (mail,) = (item for item in console.container.incoming.mails() if item.fate == "assigned")
    assert maybe(mail.reason).startswith("assigned to Siti Nurhazwani")


def test_the_keyboard_reaches_the_content_first(console: Console, browser: Chromium) -> None:
    page = browser.open(console.url, width=1280)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_publishing_by_hand_in_the_browser(console: Console, browser: Chromium) -> None:
    page = browser.open(f"{console.url}/meetings/{PREP}", width=1280)
    page.get_by_role("link", name="Publish and send 23 invitations", exact=True).click()
    page.wait_for_url("**/publish")
    page.locator("form.confirm button").click()
    expect(page.locator(".notice").first).to_contain_text("Published. 23 invitations")
    assert console.container.reading.meeting(PREP).status == "published"
