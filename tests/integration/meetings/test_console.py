"""The console over a real container and database: every page, every form, every refusal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from html import unescape
from html.parser import HTMLParser
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import update

from orchestrator.bootstrap import Container
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.facts import plain
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.web import console
from orchestrator.web.app import create_app
from orchestrator.web.events import Pulse, messages
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import like
from tests.integration.serving import TestClient, application

PREP, SOM = "ACCSM21-PREP-2021-04", "ACCSM21-SOM-2021-04"
# No state has a holiday on this day, the next one, nor a week before them, whenever the tests run.
ORDINARY_DAYS = date(2031, 3, 12)
LINK = "https://meet.example/room"
HOSTILE = "<script>alert('1')</script> & \"quotes\""
DEFINITION = """
reference: REVIEW-2027
kind: workshop
title: {en: %s, vi: Hội thảo}
host: VN
coordinator: {name: Trần Minh Khôi, email: coordinator@vn.example.org}
start: "2027-04-22 14:00"
zone: %s
duration: PT3H
attendees:
  - {group: ACCSM_FP, delegation: BN, name: %s, email: focal.point@bn.example.org}
"""


@pytest.fixture
def container(first_process: Container, tmp_path: Path) -> Iterator[Container]:
    made = like(first_process, data_dir=tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def client(container: Container) -> Iterator[TestClient]:
    with TestClient(application(container), base_url="http://localhost") as made:
        yield made


@pytest.fixture
def draft(container: Container) -> str:
    container.examples.load(ACCSM21.read_text("utf-8"), ORDINARY_DAYS, caller=caller("test"))
    return SOM


@pytest.fixture
def published(container: Container, draft: str) -> str:
    container.meetings.publish(draft, caller=caller("test"))
    return draft


@pytest.fixture
def concluded(container: Container, published: str) -> str:
    container.sandbox_clock.move_to(container.reading.meeting(published).starts_at + timedelta(minutes=1))
    container.meetings.conclude(published, caller=caller("test"))
    return published


def words(response: Any) -> str:
    """The text of a page as it is read, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def button(response: Any) -> str:
    """The label of the button that does it."""
    return re.findall(r"<button[^>]*>([^<]*)</button>", response.text)[-1]


def hidden(response: Any) -> dict[str, str]:
    """The fields that a confirm page sends back."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.text)
    return {name: unescape(value) for name, value in found}


def ends_badly(container: Container, state: ActionState) -> int:
    """Let one action of the queue fail or be missed, and return its id."""
    found = container.reading.actions(ActionState.SCHEDULED)[0]
    values = {"state": state, "reason": plain("the relay <refused> the address")}
    with container.database.transaction() as session:
        session.execute(update(ActionRow).where(ActionRow.id == found.id).values(**values))
    return found.id


# The list


def test_the_empty_list_says_what_to_do_first(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "There is no meeting yet." in words(page)
    assert "orchestrator meeting create FILE" in page.text
    assert 'href="/meetings/new"' in page.text


def test_every_page_names_the_data_that_local_times_and_holidays_come_from(client: TestClient) -> None:
    versions = (metadata.version("tzdata"), metadata.version("holidays"))
    for path in ("/", "/actions"):
        assert "zone data {}, holiday data {}".format(*versions) in words(client.get(path))


def test_the_list_says_that_drafts_need_somebody(client: TestClient, draft: str) -> None:
    page = client.get("/")
    assert "2 meetings need you." in words(page)
    assert f"{draft} is a draft: publish it to invite 23 people." in words(page)
    assert "◌" not in words(page)
    assert "23 no answer" in words(page)


def test_the_list_says_that_nothing_needs_anybody_and_what_comes_next(
    client: TestClient, container: Container, published: str
) -> None:
    container.meetings.publish(PREP, caller=caller("test"))
    page = client.get("/")
    assert "Nothing needs you." in words(page)
    assert re.search(r"Next: teams meeting, \w+, \d+ \w+ \d{4}, \d\d:\d\d Ha Noi \(UTC\+07:00\)", words(page))
    assert '<span class="second" lang="vi">Cuộc họp trù bị trực tuyến ACCSM 21</span>' in page.text


def test_the_list_tells_trouble_and_missing_minutes(
    client: TestClient, container: Container, concluded: str
) -> None:
    container.meetings.cancel(PREP, caller=caller("test"))
    assert f"{concluded} is over: attach its minutes to distribute them." in words(client.get("/"))
    container.minutes.attach(concluded, "report.txt", b"Agreed.", caller=caller("test"))
    assert "Nothing needs you." in words(client.get("/"))
    ends_badly(container, ActionState.FAILED)
    page = client.get("/")
    assert "One meeting needs you." in words(page)
    assert "the relay <refused> the address" in words(page)


# Creating


def test_a_pasted_definition_becomes_a_draft(client: TestClient, container: Container) -> None:
    assert "YAML" in words(client.get("/meetings/new"))
    text = DEFINITION % ("Review", "Asia/Ho_Chi_Minh", "Siti")
    page = client.post("/meetings/new", data={"definition": text})
    assert [item.status_code for item in page.history] == [303]
    assert "Created as a draft. Nothing goes out until it is published." in words(page)
    assert container.reading.meeting("REVIEW-2027").status == "draft"


def test_a_wrong_definition_keeps_what_was_typed_and_names_the_remedy(
    client: TestClient, container: Container
) -> None:
    text = DEFINITION % ("Review", "ICT", "Siti")
    page = client.post("/meetings/new", data={"definition": text})
    assert page.status_code == 422
    assert text.strip() in unescape(page.text)
    assert "<code>zone</code>" in page.text
    assert "Write a zone such as Asia/Ho_Chi_Minh" in words(page)
    assert container.reading.meetings() == []


def test_an_empty_definition_is_refused_at_the_field(client: TestClient) -> None:
    page = client.post("/meetings/new", data={"definition": ""})
    assert page.status_code == 422
    assert "Holds no meeting" in words(page)


def test_a_reference_that_is_taken_is_told_kindly(client: TestClient) -> None:
    text = DEFINITION % ("Review", "Asia/Ho_Chi_Minh", "Siti")
    client.post("/meetings/new", data={"definition": text})
    page = client.post("/meetings/new", data={"definition": text})
    assert page.status_code == 409
    assert "REVIEW-2027" in words(page)
    assert text.strip() in unescape(page.text)


def test_the_example_is_loaded_once(client: TestClient, container: Container) -> None:
    page = client.post("/sandbox/example")
    assert "Created as 2 drafts." in words(page)
    assert {item.reference for item in container.reading.meetings()} == {PREP, SOM}
    assert client.post("/sandbox/example").status_code == 409


# One meeting


def test_a_draft_says_what_publishing_sends(client: TestClient, draft: str) -> None:
    page = client.get(f"/meetings/{draft}")
    assert "A draft. Nothing goes out until it is published." in words(page)
    assert "Publish and send 23 invitations" in words(page)
    assert "Cancel the meeting; nobody is told" in words(page)
    assert "There is no plan yet." in words(page)


def test_a_published_meeting_shows_its_plan_in_words(client: TestClient, published: str) -> None:
    page = client.get(f"/meetings/{published}")
    text = words(page)
    assert "Published; the invitations wait for the join link." in text
    assert "7 days before, at 09:00 their time" in text
    assert "where each recipient is, from Dili (UTC+09:00) to Jakarta (UTC+07:00)" in text
    assert "2 recipients on another day or hour, for holidays or office hours" in text
    assert "Offices are open 09:30-16:30, so it goes out on" in text
    assert "23 blocked" in text
    assert "Enter a join link by hand" in text
    assert 'datetime="' in page.text
    assert '<p class="subtitle" lang="vi">' in page.text
    assert text.count("as soon as the join link is there") >= 23


def test_the_strip_follows_protocol_order_and_tells_each_answer(
    client: TestClient, container: Container, published: str
) -> None:
    for code, answer in (("th", "DECLINED"), ("bn", "ACCEPTED"), ("sg", "TENTATIVE")):
        container.answers.answer(
            published, f"focal.point@{code}.example.org", Participation(answer), caller=caller("test")
        )
    container.answers.answer(
        published, "senior.official@th.example.org", Participation.DECLINED, caller=caller("test")
    )
    strip = client.get(f"/meetings/{published}").text.partition('<ol class="strip"')[2].partition("</ol>")[0]
    codes = re.findall(r'<abbr class="code" title="[^"]+">(\w+)</abbr>', strip)
    states = re.findall(r"</svg>([\w ]+)</span>", strip)
    assert codes == ["BN", "KH", "ID", "LA", "MY", "MM", "PH", "SG", "TH", "TL", "VN", "ASEC"]
    answered = {"BN": "accepted", "SG": "tentative", "TH": "declined"}
    assert states == [answered.get(code, "no answer") for code in codes]


def test_a_meeting_can_be_addressed_by_its_number(
    client: TestClient, container: Container, draft: str
) -> None:
    number = container.reading.meeting(draft).id
    assert client.get(f"/meetings/{number}").status_code == 200


def test_hostile_names_and_titles_are_only_text(client: TestClient, container: Container) -> None:
    quoted = "'" + HOSTILE.replace("'", "''") + "'"
    text = DEFINITION % (quoted, "Asia/Ho_Chi_Minh", quoted)
    page = client.post("/meetings/new", data={"definition": text})
    pages = [page, client.get("/"), client.get("/meetings/REVIEW-2027/publish")]
    container.meetings.publish("REVIEW-2027", caller=caller("test"))
    pages += [
        client.get("/meetings/REVIEW-2027"),
        client.get("/actions"),
        client.get("/meetings/REVIEW-2027/change"),
    ]
    for item in pages:
        assert "<script>alert" not in item.text
        assert "&lt;script&gt;alert" in item.text


# Looking first, then doing: what the page says is what happens


def test_publishing_does_what_its_page_says(client: TestClient, container: Container, draft: str) -> None:
    page = client.get(f"/meetings/{draft}/publish")
    assert button(page) == "Publish and send 23 invitations"
    assert "Siti Nurhazwani binti Haji Jofri" in words(page)
    assert container.reading.meeting(draft).status == "draft"
    done = client.post(f"/meetings/{draft}/publish", data=hidden(page))
    assert done.history[0].status_code == 303
    assert "Published. 23 invitations go out as soon as the join link is there." in words(done)
    plan = container.reading.plan(draft)
    assert sum(item.kind == "invite" for item in plan) == 23
    assert words(page).count("Reminder, 7 days before") == 1
    assert sum(maybe(item.what) == "Reminder, 7 days before" for item in plan) == 23


def test_publishing_twice_is_told_kindly(client: TestClient, published: str) -> None:
    for page in (
        client.get(f"/meetings/{published}/publish"),
        client.post(f"/meetings/{published}/publish", data={"version": "1"}),
    ):
        assert page.status_code == 409
        assert "That is not possible now" in words(page)


def test_cancelling_tells_who_was_told(client: TestClient, container: Container, published: str) -> None:
    page = client.get(f"/meetings/{published}/cancel")
    assert button(page) == "Cancel the meeting; nobody is told"
    assert "no longer goes out" in words(page)
    done = client.post(
        f"/meetings/{published}/cancel", data={**hidden(page), "reason": "The venue burned down."}
    )
    assert "Cancelled. Nobody had been told of it" in words(done)
    assert "The venue burned down." in words(done)
    assert container.reading.meeting(published).status == "cancelled"
    assert client.get(f"/meetings/{published}/cancel").status_code == 409


def test_moving_shows_old_and_new_and_asks_everybody_again(
    client: TestClient, container: Container, published: str
) -> None:
    meeting = container.reading.meeting(published)
    form = {
        "version": str(meeting.version),
        "start": meeting.start.replace("14:00", "15:30"),
        "zone": meeting.zone,
        "duration": meeting.duration,
        "title_en": meeting.title_en,
        "title_vi": meeting.title_vi or "",
        "linked": "keep",
    }
    page = client.post(f"/meetings/{published}/change", data=form)
    assert page.status_code == 200
    assert "15:30 Ha Noi (UTC+07:00)" in words(page)
    assert "moved" in words(page)
    assert container.reading.meeting(published).start == meeting.start
    told = re.search(r"(Move and notify (\d+)|Save without notifying)", button(page))
    assert told
    done = client.post(f"/meetings/{published}/change", data=hidden(page))
    assert done.history[0].status_code == 303
    assert container.reading.meeting(published).start == form["start"]
    assert container.reading.meeting(published).title_vi == meeting.title_vi


def test_a_draft_is_renamed_without_telling_anybody(
    client: TestClient, container: Container, draft: str
) -> None:
    meeting = container.reading.meeting(draft)
    form = {
        "version": "1",
        "start": meeting.start,
        "zone": meeting.zone,
        "duration": meeting.duration,
        "title_en": "Another title",
        "title_vi": meeting.title_vi or "",
        "notify": "yes",
    }
    page = client.post(f"/meetings/{draft}/change", data=form)
    assert button(page) == "Save without notifying"
    assert hidden(page)["notify"] == "yes"
    assert "Changed. Nobody is told." in words(client.post(f"/meetings/{draft}/change", data=hidden(page)))
    assert container.reading.meeting(draft).title_en == "Another title"


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("start", "tomorrow at two", "is not a wall time such as 2026-12-03 14:00"),
        ("zone", "ICT", "is not a zone of the IANA time zone database"),
        ("duration", "two hours", "two hours"),
        ("title_en", "", "empty"),
    ],
)
def test_a_wrong_field_is_marked_and_what_was_typed_stays(
    client: TestClient, container: Container, draft: str, field: str, typed: str, said: str
) -> None:
    meeting = container.reading.meeting(draft)
    form = {
        "version": "1",
        "start": meeting.start,
        "zone": meeting.zone,
        "duration": meeting.duration,
        "title_en": meeting.title_en,
        "title_vi": "Tên khác",
    }
    page = client.post(f"/meetings/{draft}/change", data={**form, field: typed})
    assert page.status_code == 422
    assert said in words(page)
    entry = re.search(rf'<input id="{field}"[^>]*>', page.text)
    assert entry
    assert f'value="{typed}"' in entry[0]
    assert 'aria-invalid="true"' in entry[0]
    assert 'value="Tên khác"' in page.text


def test_changing_nothing_says_so(client: TestClient, container: Container, draft: str) -> None:
    page = client.get(f"/meetings/{draft}/change")
    meeting = container.reading.meeting(draft)
    form = {
        "version": "1",
        "start": meeting.start,
        "zone": meeting.zone,
        "duration": meeting.duration,
        "title_en": meeting.title_en,
        "title_vi": meeting.title_vi or "",
    }
    assert all(value in unescape(page.text) for value in form.values())
    page = client.post(f"/meetings/{draft}/change", data=form)
    assert page.status_code == 422
    assert "The meeting is as it was." in words(page)


def test_a_change_by_somebody_else_is_told_and_what_was_typed_stays(
    client: TestClient, container: Container, draft: str
) -> None:
    meeting = container.reading.meeting(draft)
    form = {
        "version": "1",
        "start": meeting.start,
        "zone": meeting.zone,
        "duration": "PT4H",
        "title_en": meeting.title_en,
        "title_vi": meeting.title_vi or "",
        "confirmed": "yes",
    }
    container.meetings.publish(draft, caller=caller("somebody else"))
    page = client.post(f"/meetings/{draft}/change", data=form)
    assert page.status_code == 409
    assert "was changed by somebody else meanwhile" in words(page)
    assert 'value="PT4H"' in page.text
    assert "It is now: PT3H." in words(page)
    assert hidden(page)["version"] == "2"


def test_a_link_by_hand_lets_the_invitations_go(
    client: TestClient, container: Container, published: str
) -> None:
    page = client.post(f"/meetings/{published}/link", data={"join_url": f" {LINK} "})
    assert button(page) == "Save the link and send 23 invitations"
    assert container.reading.meeting(published).join_url is None
    done = client.post(f"/meetings/{published}/link", data=hidden(page))
    assert "The link is saved. 23 invitations go out with it now." in words(done)
    assert container.reading.meeting(published).join_url == LINK


def test_a_wrong_link_is_marked_and_stays(client: TestClient, published: str) -> None:
    page = client.post(f"/meetings/{published}/link", data={"join_url": "javascript:alert(1)"})
    assert page.status_code == 422
    assert "is not a web address" in words(page)
    assert 'value="javascript:alert(1)"' in page.text


def test_minutes_are_looked_at_then_sent_and_downloaded(
    client: TestClient, container: Container, concluded: str
) -> None:
    assert "Its minutes are still to be attached." in words(client.get(f"/meetings/{concluded}"))
    page = client.post(
        f"/meetings/{concluded}/minutes", files={"file": ("biên bản.txt", b"Agreed.", "text/plain")}
    )
    told = int(re.findall(r"Attach and send to (\d+)", button(page))[0])
    assert container.reading.meeting(concluded).minutes == ()
    done = client.post(f"/meetings/{concluded}/minutes/confirmed", data=hidden(page))
    assert f"The minutes are attached and go to {told} " in words(done)
    assert sum(item.kind == "minutes" for item in container.reading.plan(concluded)) == told
    file = client.get(f"/meetings/{concluded}/minutes/1")
    assert file.content == b"Agreed."
    assert file.headers["content-disposition"].startswith("attachment; filename*=UTF-8''bi%C3%AAn")


def test_a_file_that_minutes_cannot_be_is_refused_at_the_field(client: TestClient, concluded: str) -> None:
    page = client.post(f"/meetings/{concluded}/minutes", files={"file": ("virus.exe", b"MZ", "text/plain")})
    assert page.status_code == 422
    assert "is not a type that minutes can have" in words(page)
    missing = client.post(f"/meetings/{concluded}/minutes")
    assert missing.status_code == 422
    assert missing.headers["content-type"].startswith("text/html")


# The queue


def test_the_queue_of_a_new_installation(client: TestClient) -> None:
    assert "Everything that was due has gone out." in words(client.get("/actions"))


def test_the_queue_shows_what_comes_next_and_what_is_late(
    client: TestClient, container: Container, published: str
) -> None:
    page = client.get("/actions")
    assert "Reminder, 7 days before" in words(page)
    assert "09:00 Bandar Seri Begawan and 3 other cities (UTC+08:00)" in words(page)
    container.sandbox_clock.move_to(container.clock.now() + timedelta(minutes=10))
    page = client.get("/actions")
    assert "1 thing should have gone out and did not." in words(page)
    assert 'id="overdue"' in page.text


def test_a_failed_action_is_retried(client: TestClient, container: Container, published: str) -> None:
    action = ends_badly(container, ActionState.FAILED)
    page = client.get("/actions")
    assert "1 thing has not gone out and needs you." in words(page)
    assert "The relay <refused> the address" in words(page)
    assert "It needs you." in words(client.get(f"/meetings/{published}"))
    done = client.post(f"/actions/{action}/retry", data={"back": f"/meetings/{published}"})
    assert done.url.path == f"/meetings/{published}"
    assert "It is due now and goes out at once." in words(done)
    assert container.reading.actions(ActionState.FAILED) == []
    assert client.post(f"/actions/{action}/retry").status_code == 409


def test_a_missed_action_is_discarded_with_a_reason(
    client: TestClient, container: Container, published: str
) -> None:
    action = ends_badly(container, ActionState.MISSED)
    done = client.post(
        f"/actions/{action}/discard",
        data={"reason": "told by telephone", "back": "https://elsewhere.example"},
    )
    assert done.url.path == "/actions"
    assert "Discarded. It will not go out any more." in words(done)
    assert "told by telephone" in words(client.get(f"/meetings/{published}"))
    assert client.post("/actions/999999/retry").status_code == 404


# The sandbox's outbox


@pytest.fixture
def mail(container: Container) -> str:
    message = EmailMessage()
    message["From"] = "ACCSM Meetings <meetings@accsm.example>"
    message["To"] = "focal.point@bn.example.org"
    message["Subject"] = f"Thư mời {HOSTILE}"
    message.set_content(f"Dear Siti,\n{HOSTILE}\n")
    message.add_alternative(f"<p style='color:red'>Dear Siti</p>{HOSTILE}", subtype="html")
    message.add_alternative("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", subtype="calendar")
    folder = container.settings.data_dir / "outbox" / "new"
    folder.mkdir(parents=True)
    trace = (
        b"Delivered-To: focal.point@bn.example.org\nReceived: by sandbox; Thu, 03 Dec 2026 07:00:00 +0000\n"
    )
    (folder / "1.abc.sandbox").write_bytes(trace + message.as_bytes())
    return "/sandbox/outbox/1.abc.sandbox"


def test_an_empty_outbox_says_what_to_do(client: TestClient) -> None:
    assert "No mail was caught yet" in words(client.get("/sandbox/outbox"))


def test_a_caught_mail_is_read_as_its_recipient_would(client: TestClient, mail: str) -> None:
    listed = client.get("/sandbox/outbox")
    assert "1 mail was caught" in words(listed)
    assert "Thursday, 3 December 2026, 07:00 UTC" in words(listed)
    page = client.get(mail)
    assert "Thư mời" in words(page)
    assert "BEGIN:VCALENDAR" in page.text
    assert f'<iframe class="mail" src="{mail}/html" sandbox' in page.text
    assert "<script>alert" not in listed.text + page.text
    html = client.get(f"{mail}/html")
    assert "<p style='color:red'>Dear Siti</p>" in html.text
    policy = html.headers["content-security-policy"]
    assert policy.startswith("sandbox;")
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert client.get(f"{mail}/mail.eml").content.startswith(b"From: ACCSM Meetings")
    assert client.get(f"{mail}/invite.ics").content.split() == [b"BEGIN:VCALENDAR", b"END:VCALENDAR"]
    assert client.get("/sandbox/outbox/unknown").status_code == 404


# Refusals and headers

PAGES = (
    "/",
    "/meetings/new",
    f"/meetings/{SOM}",
    f"/meetings/{SOM}/change",
    f"/meetings/{SOM}/cancel",
    "/actions",
    "/sandbox/outbox",
    "/nothing/here",
)


class Page(HTMLParser):
    """What the accessibility and security checks look at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_strict_about_what_may_run(client: TestClient, published: str, path: str) -> None:
    response = client.get(path)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["cache-control"] == "no-store"
    page = Page(response.text)
    assert all(item.get("src", "").startswith("/static/") for item in page.all("script"))  # type: ignore[union-attr]
    assert page.all("style") == []
    for _, attributes in page.tags:
        assert not {name for name in attributes if name == "style" or name.startswith("on")}
    outside = [item["href"] for item in page.all("link") if not str(item["href"]).startswith("/static/")]
    assert outside == []


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_landmarks_labels_and_captions(client: TestClient, published: str, path: str) -> None:
    text = client.get(path).text
    page = Page(text)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("main")) == len(page.all("h1")) == len(page.all("header")) == 1
    assert {"class": "skip", "href": "#main"} in page.all("a")
    assert text.count("<table") == text.count("<caption")
    assert all("scope" in item for item in page.all("th"))
    labelled = {item.get("for") for item in page.all("label")}
    fields = [*page.all("input"), *page.all("textarea")]
    assert all(item.get("id") in labelled for item in fields if item.get("type") != "hidden")
    ids = [item["id"] for _, item in page.tags if "id" in item]
    assert len(ids) == len(set(ids))
    assert all("datetime" in item for item in page.all("time"))


def test_every_sandbox_page_says_that_no_mail_leaves(client: TestClient, published: str) -> None:
    for path in PAGES:
        assert "Sandbox: no mail leaves this machine." in words(client.get(path))


def test_errors_are_pages_for_people_and_documents_for_programs(client: TestClient) -> None:
    page = client.get("/meetings/NOPE")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "There is no meeting NOPE." in words(page)
    document = client.get("/api/v1/nothing")
    assert document.headers["content-type"] == "application/problem+json"
    assert client.get("/sign-out").status_code == 405


def test_a_form_of_another_site_is_refused(client: TestClient, container: Container, draft: str) -> None:
    for origin in ("https://elsewhere.example", "null"):
        page = client.post(f"/meetings/{draft}/publish", data={"version": "1"}, headers={"Origin": origin})
        assert page.status_code == 403
        assert "Nothing was done." in words(page)
    assert container.reading.meeting(draft).status == "draft"
    own = client.post(
        f"/meetings/{draft}/publish", data={"version": "1"}, headers={"Origin": "http://localhost"}
    )
    assert own.status_code == 200


def test_static_files_are_served(client: TestClient) -> None:
    for name in ("console.css", "live.js", "icon.svg"):
        answer = client.get(f"/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"


# Signing in


@pytest.fixture
def production(first_process: Container, tmp_path: Path) -> Iterator[TestClient]:
    container = like(
        first_process,
        profile="production",
        data_dir=tmp_path,
        api_token="the-token",
        database_url=f"sqlite:///{tmp_path / 'orchestrator.db'}",
        organizer_address="meetings@asean.example",
        public_url="https://meetings.asean.example",
    )
    with TestClient(create_app(container), base_url="https://meetings.asean.example") as made:
        yield made
    container.database.dispose()


def test_the_console_wants_a_sign_in(production: TestClient) -> None:
    for path in ("/", "/actions", "/meetings/new", "/sandbox/outbox"):
        answer = production.get(path, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"] == ("/sign-in" if path == "/" else f"/sign-in?to={path}")
    assert production.post("/meetings/new", follow_redirects=False).headers["location"] == "/sign-in"
    assert production.get("/events").status_code == 401


def test_no_page_of_the_console_answers_without_signing_in(production: TestClient) -> None:
    refused = set()
    for module in console.PAGES:
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            path = re.sub(r"{\w+}", "1", route.path)
            for method in route.methods:
                answer = production.request(method, path, follow_redirects=False)
                assert answer.status_code == 303, (method, path)
                assert answer.headers["location"].startswith("/sign-in")
                refused.add((method, route.path))
    assert len(refused) > 40


def test_signing_in_and_out(production: TestClient) -> None:
    wrong = production.post("/sign-in", data={"token": "guess", "to": "/actions"})
    assert wrong.status_code == 422
    assert "This is not the token." in words(wrong)
    right = production.post(
        "/sign-in", data={"token": " the-token ", "to": "/actions"}, follow_redirects=False
    )
    assert right.headers["location"] == "/actions"
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" in cookie
    assert "the-token" not in cookie
    page = production.get("/actions")
    assert page.status_code == 200
    assert "Sandbox" not in words(page)
    assert "Sign out" in words(page)
    assert production.get("/sign-in", follow_redirects=False).status_code == 303
    assert production.get("/sandbox/outbox").status_code == 404
    assert production.post("/sandbox/example").status_code == 404
    assert "example" not in words(production.get("/meetings/new")).partition("What it holds")[0]
    production.post("/sign-out")
    assert production.get("/", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("to", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"])
def test_signing_in_never_leads_elsewhere(production: TestClient, to: str) -> None:
    answer = production.post("/sign-in", data={"token": "the-token", "to": to}, follow_redirects=False)
    assert answer.headers["location"] == "/"


# Live pages


def test_a_change_is_told_once_to_open_pages(container: Container, draft: str) -> None:
    pulse = Pulse(container.reading.pulse)
    looks = 0

    async def left() -> bool:
        nonlocal looks
        looks += 1
        if looks == 2:
            container.meetings.publish(draft, caller=caller("test"))
            pulse._read_at = None
        return looks > 4

    async def told() -> list[str]:
        return [message async for message in messages(pulse, left, interval=0.001)]

    found = asyncio.run(told())
    assert [item for item in found if item.startswith("event: change")] == [
        "event: change\ndata: look again\n\n"
    ]


def test_many_open_pages_cost_one_look_a_second() -> None:
    reads: list[int] = []

    def read() -> str:
        reads.append(1)
        return str(len(reads))

    pulse = Pulse(read)
    assert {pulse.value() for _ in range(50)} == {"1"}
