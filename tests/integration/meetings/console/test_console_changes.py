"""Publishing, changing, cancelling and concluding a meeting in the console."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from orchestrator.bootstrap import Container
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.meetings.console.reading import hidden, words
from tests.integration.serving import TestClient

LINK = "https://meet.example/room"


def button(response: Any) -> str:
    """The label of the button that does it."""
    return re.findall(r"<button[^>]*>([^<]*)</button>", response.text)[-1]


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
        "reason": "The Chair is ill.",
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
        "short": meeting.short or "",
        "short_vi": meeting.short_vi or "",
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
    page = client.post(f"/meetings/{published}/join-link", data={"join_url": f" {LINK} "})
    assert button(page) == "Save the link and send 23 invitations"
    assert container.reading.meeting(published).join_url is None
    done = client.post(f"/meetings/{published}/join-link", data=hidden(page))
    assert "The link is saved. 23 invitations go out with it now." in words(done)
    assert container.reading.meeting(published).join_url == LINK


def test_a_wrong_link_is_marked_and_stays(client: TestClient, published: str) -> None:
    page = client.post(f"/meetings/{published}/join-link", data={"join_url": "javascript:alert(1)"})
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
    assert file.headers["content-disposition"].startswith('attachment; filename="bien ban.txt"; ')


def test_a_file_that_minutes_cannot_be_is_refused_at_the_field(client: TestClient, concluded: str) -> None:
    page = client.post(f"/meetings/{concluded}/minutes", files={"file": ("virus.exe", b"MZ", "text/plain")})
    assert page.status_code == 422
    assert "is not a type that minutes can have" in words(page)
    missing = client.post(f"/meetings/{concluded}/minutes")
    assert missing.status_code == 422
    assert missing.headers["content-type"].startswith("text/html")
