"""The personal pages over a real container: what a phone shows, what a form does, what is refused."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.services.people.links import VALID_AFTER_THE_END
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from tests.callers import caller
from tests.integration.conftest import ENDS, NHUNG, PEOPLE, STARTS, TAN, THIDA, World, contents, emptied
from tests.integration.serving import TestClient, application

LAN, MINH = "lan@vn.example.org", "minh@vn.example.org"
HOSTILE = "<script>alert('1')</script> & \"quotes\""
STAFF = [
    PEOPLE[NHUNG],
    {"group": "ACCSM_FP", "delegation": "VN", "name": "Phạm Thu Lan", "email": LAN},
    {"group": "ACCSM_OFF", "delegation": "VN", "name": "Đỗ Quang Minh", "email": MINH},
    PEOPLE[THIDA],
    PEOPLE[TAN],
]
LINK = "https://teams.example.org/join/1"


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path) -> World:
    made = World(emptied(sqlite_of_session), tmp_path / "data")
    made.invited(attendees=STAFF)
    made.clock.move(hours=1)
    return made


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(application(world), base_url="http://localhost", follow_redirects=False) as made:
        yield made


def number(world: World, email: str) -> int:
    with world.database.reading() as session:
        found = store.load(session, store.find_id(session, "SOM-2026"))
    return [item.id for item in found.attendees if item.email == email][-1]


def path(world: World, email: str) -> str:
    return "/a/" + world.personal_links.link_of("SOM-2026", email).rpartition("/")[2]


def feed_path(world: World, email: str) -> str:
    url = world.personal_pages.page(path(world, email)[3:]).feed_url
    return "/feed/" + url.rpartition("/")[2]


def answers(world: World) -> dict[str, str]:
    return {item.email: item.participation for item in world.reading.meeting("SOM-2026").attendees}


def words(response: Any) -> str:
    """The text of a page as it is read, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def buttons(response: Any) -> list[str]:
    """The labels of the buttons."""
    found = re.findall(r"<button(?! disabled)[^>]*>(.*?)</button>", response.text, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", item)).split()) for item in found]


def ticked(response: Any) -> list[str]:
    """The ids of the boxes that are ticked."""
    return re.findall(r'<input id="([\w-]+)" type="checkbox"[^>]*checked', response.text)


def typed_rows(*rows: tuple[str, str, str], **more: str) -> dict[str, Any]:
    """A list of a delegation as the form sends it."""
    names, emails, seats = zip(*rows, strict=True) if rows else ((), (), ())
    return {"name": list(names), "email": list(emails), "seat": list(seats), **more}


def hidden_rows(response: Any) -> dict[str, list[str]]:
    """The fields that the confirm page sends back."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.text):
        found.setdefault(name, []).append(unescape(value))
    return found


# Looking


def test_the_page_answers_when_how_and_whether(client: TestClient, world: World) -> None:
    page = client.get(path(world, THIDA))
    assert page.status_code == 200
    text = words(page)
    assert "Thursday, 3 December 2026 13:30–16:00 Nay Pyi Taw (UTC+06:30), 2 h 30 min" in text
    assert "Host: 14:00 Ha Noi (UTC+07:00)" in text
    assert f'<a class="button" href="{LINK}" rel="noreferrer">Join the meeting</a>' in page.text
    assert "Your answer: no answer" in text
    assert buttons(page) == ["Accept", "Tentative", "Decline"]
    assert "Trần Minh Khôi, coordinator@vn.example.org" in text
    assert "1 Adoption" not in text and "Adoption of the agenda (Viet Nam)" in text
    assert f'href="{path(world, THIDA)}/meeting.ics"' in page.text
    assert 'href="webcal://' in page.text


def test_the_page_has_nothing_of_the_console_and_of_other_delegations(
    client: TestClient, world: World
) -> None:
    world.personal_answers.answer(path(world, TAN)[3:], Participation.ACCEPTED, "Only for the coordinator")
    for email in (LAN, MINH, THIDA):
        text = client.get(path(world, email)).text
        for private in ("/meetings", "/actions", "/sandbox", "<nav", "Tan Hui Shan", TAN, "Only for"):
            assert private not in text
    assert "Thida" not in client.get(path(world, LAN)).text
    # A delegate is not shown who else comes.
    assert NHUNG not in client.get(path(world, MINH)).text
    assert NHUNG in client.get(path(world, LAN)).text


def test_no_get_changes_anything(client: TestClient, world: World) -> None:
    here, feed = path(world, LAN), feed_path(world, LAN)
    before, woken = contents(world.database), world.wake_up.notified
    wanted = [
        here,
        f"{here}?answer=declined",
        f"{here}?answer=accepted",
        f"{here}?answer=<x>",
        f"{here}/answer",
        f"{here}/answer?answer=declined",
        f"{here}/delegation",
        f"{here}/delegation?confirmed=yes",
        f"{here}/meeting.ics",
        f"{here}/minutes/1",
        f"{here}/nothing",
        feed,
        "/a/",
        "/a/forged",
        "/feed/x.ics",
    ]
    prefetch = {"Purpose": "prefetch", "Sec-Purpose": "prefetch"}
    for item in wanted:
        assert client.get(item).status_code in (200, 303, 404)
        assert client.get(item, headers=prefetch).status_code in (200, 303, 404)
        assert client.head(item).status_code in (200, 303, 404, 405)
    assert client.head(here).status_code == client.head(feed).status_code == 200
    assert client.head(here).content == b""
    assert contents(world.database) == before
    assert world.wake_up.notified == woken


def test_the_button_of_the_mail_only_stands_out(client: TestClient, world: World) -> None:
    for chosen in ("accepted", "tentative", "declined"):
        page = client.get(f"{path(world, MINH)}?answer={chosen}")
        assert f"You chose {chosen} in the mail. Press the button to send it." in words(page)
        assert re.findall(r'<button name="answer" value="(\w+)" class="\w+ picked"', page.text) == [chosen]
    assert answers(world)[MINH] == "no answer"


# Answering


def test_an_answer_is_recorded_and_shown(client: TestClient, world: World) -> None:
    here = path(world, MINH)
    form = {"answer": "tentative", "comment": f"Perhaps.\r\n{HOSTILE}", "myself": "yes"}
    done = client.post(f"{here}/answer", data=form)
    assert (done.status_code, done.headers["location"]) == (303, f"{here}?done=answered&count=1")
    page = client.get(done.headers["location"])
    assert "Recorded. You can change it until the start." in words(page)
    assert "Your answer: tentative Sunday, 1 November 2026, 10:00 Ha Noi (UTC+07:00)" in words(page)
    assert "<script>" not in page.text
    assert HOSTILE in unescape(page.text)
    again = client.post(f"{here}/answer", data=form)
    assert "This was recorded before, and stands." in words(client.get(again.headers["location"]))


def test_a_focal_point_answers_for_the_delegation_in_one_click(client: TestClient, world: World) -> None:
    world.personal_answers.answer(path(world, MINH)[3:], Participation.TENTATIVE)
    here = path(world, LAN)
    page = client.get(f"{here}?answer=accepted")
    assert buttons(page) == ["Accept for Viet Nam", "Tentative for Viet Nam", "Decline for Viet Nam"]
    # Whoever has answered already is not answered for unless somebody says so.
    assert ticked(page) == ["myself", f"also-{number(world, NHUNG)}"]
    form = {"answer": "accepted", "myself": "yes", "also": [str(number(world, NHUNG))]}
    done = client.post(f"{here}/answer", data=form)
    assert "Recorded: accepted, for 2 people." in words(client.get(done.headers["location"]))
    assert answers(world) == {
        NHUNG: "accepted",
        LAN: "accepted",
        MINH: "tentative",
        THIDA: "no answer",
        TAN: "no answer",
    }
    page = client.get(path(world, NHUNG))
    assert "by Phạm Thu Lan, on the personal page" in words(page)


def test_what_cannot_be_recorded_is_said_at_its_field_and_what_was_typed_stays(
    client: TestClient, world: World
) -> None:
    here, before = path(world, LAN), contents(world.database)
    long = client.post(f"{here}/answer", data={"answer": "accepted", "comment": "é" * 2001, "myself": "yes"})
    assert long.status_code == 422
    assert "Has 2001 characters. Shorten it to 2000" in words(long)
    assert "é" * 2001 in long.text
    assert 'aria-describedby="comment-wrong"' in long.text
    assert ticked(long) == ["myself"]
    nobody = client.post(f"{here}/answer", data={"answer": "accepted", "comment": "Yes"})
    assert nobody.status_code == 422
    assert "Names nobody. Tick whom the answer is for." in words(nobody)
    assert ">\nYes</textarea>" in nobody.text
    none = client.post(f"{here}/answer", data={"answer": "maybe", "myself": "yes"})
    assert "Choose Accept, Tentative or Decline." in words(none)
    other = client.post(
        f"{here}/answer", data={"answer": "declined", "also": str(number(world, THIDA)), "myself": "yes"}
    )
    assert other.status_code == 422
    assert "not, or no longer, of your delegation" in words(other)
    assert client.post(f"{here}/answer", data={"answer": "declined", "also": "x"}).status_code == 422
    assert contents(world.database) == before


def test_after_the_start_the_page_says_what_to_do(client: TestClient, world: World) -> None:
    here = path(world, MINH)
    world.clock.at = STARTS
    page = client.get(here)
    assert "The meeting has begun; answers could be given until its start." in words(page)
    assert LINK in page.text
    assert buttons(page) == []
    late = client.post(f"{here}/answer", data={"answer": "accepted", "myself": "yes"})
    assert late.status_code == 409
    assert "Nothing was recorded." in words(late)
    rows = typed_rows(("A", "a@vn.example.org", "member"))
    assert client.post(f"{path(world, LAN)}/delegation", data=rows).status_code == 409
    assert "The meeting has begun" in words(client.get(f"{path(world, LAN)}/delegation"))


def test_a_cancelled_meeting_says_so_first(client: TestClient, world: World) -> None:
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
    page = client.get(path(world, MINH))
    assert "Cancelled. The meeting does not take place." in words(page)
    assert LINK not in page.text


def test_what_changed_stands_on_the_page(client: TestClient, world: World) -> None:
    world.personal_answers.answer(path(world, THIDA)[3:], Participation.ACCEPTED)
    world.clock.move(hours=1)
    update = MeetingUpdate.model_validate({"start": "2026-12-03 15:00"})
    version = world.reading.meeting("SOM-2026").version
    world.meetings.update("SOM-2026", update, caller=caller("coordinator"), version=version)
    text = words(client.get(path(world, THIDA)))
    assert "Changed since you answered: time" in text
    assert "13:30–16:00 Nay Pyi Taw (UTC+06:30) → Thursday, 3 December 2026, 14:30–17:00" in text
    assert "The time has changed since you answered. Please answer again." in text


# Naming who comes

HEAD, MEMBER, SUBSTITUTE = "head of delegation", "member", "substitute"
PRESENT = (
    ("Lê Thị Hồng Nhung", NHUNG, HEAD),
    ("Phạm Thu Lan", LAN, MEMBER),
    ("Đỗ Quang Minh", MINH, MEMBER),
)


def test_naming_members_is_looked_at_then_done(client: TestClient, world: World) -> None:
    here, before = path(world, LAN), contents(world.database)
    form = client.get(f"{here}/delegation")
    assert form.status_code == 200
    assert form.text.count('<fieldset class="member">') == 6
    rows = (
        PRESENT[0],
        PRESENT[1],
        ("Đỗ Quang Minh", MINH, "removed"),
        ("Vũ Thị Hạnh", "hanh@vn.example.org", SUBSTITUTE),
        (HOSTILE, "x@vn.example.org", MEMBER),
        ("", "", MEMBER),
    )
    mark = hidden_rows(form)["mark"][0]
    preview = client.post(f"{here}/delegation", data=typed_rows(*rows, mark=mark))
    assert preview.status_code == 200
    assert "Nothing has been done yet." in words(preview)
    assert "2 people get an invitation" in words(preview)
    assert "1 person gets a withdrawal" in words(preview)
    assert buttons(preview)[0] == "Save: invite 2, withdraw 1"
    assert "<script>alert" not in preview.text
    assert contents(world.database) == before
    edit = client.post(f"{here}/delegation", data={**hidden_rows(preview), "edit": "yes"})
    assert 'value="hanh@vn.example.org"' in edit.text
    assert '<option value="removed" selected>' in edit.text
    sent = len(world.mailer.accepted)
    done = client.post(f"{here}/delegation", data={**hidden_rows(preview), "confirmed": "yes"})
    assert done.headers["location"] == f"{here}?done=named&count=3"
    assert "The list is saved. 3 people are told now." in words(client.get(done.headers["location"]))
    world.run()
    assert sorted((mail.recipient, mail.method) for mail in world.mailer.accepted[sent:]) == [
        ("hanh@vn.example.org", "REQUEST"),
        (MINH, "CANCEL"),
        ("x@vn.example.org", "REQUEST"),
    ]
    # Sent once more, it changes nothing and says so.
    twice = client.post(f"{here}/delegation", data={**hidden_rows(preview), "confirmed": "yes"})
    assert "Nobody had to be told." in words(client.get(twice.headers["location"]))
    assert client.get(path(world, MINH)).status_code == 410


def test_more_rows_without_javascript(client: TestClient, world: World) -> None:
    rows = (*PRESENT, ("Half", "", SUBSTITUTE), ("", "", MEMBER))
    form = client.post(f"{path(world, LAN)}/delegation", data=typed_rows(*rows, mark="m", more="yes"))
    assert form.status_code == 200
    assert form.text.count('<fieldset class="member">') == 3 + 1 + 3
    assert 'value="Half"' in form.text
    assert hidden_rows(form)["mark"] == ["m"]


def test_wrong_rows_are_marked_and_what_was_typed_stays(client: TestClient, world: World) -> None:
    rows = (*PRESENT, ("Hạnh", "hanh(at)vn", MEMBER), ("", "x@vn.example.org", HEAD))
    page = client.post(f"{path(world, LAN)}/delegation", data=typed_rows(*rows))
    assert page.status_code == 422
    assert "2 things are not right; nothing was saved." in words(page)
    assert "“hanh(at)vn” is not an e-mail address. Write it like name@ministry.example." in words(page)
    marked = re.findall(r'<(?:input|select) id="([\w-]+)"[^>]*aria-invalid="true"', page.text)
    assert marked == ["email-3", "name-4"]
    assert 'value="hanh(at)vn"' in page.text and 'value="x@vn.example.org"' in page.text
    heads = client.post(
        f"{path(world, LAN)}/delegation", data=typed_rows(*PRESENT, ("Hạnh", "hanh@vn.example.org", HEAD))
    )
    assert "“Hạnh” is head of delegation, and so is somebody else." in words(heads)
    twice = client.post(f"{path(world, LAN)}/delegation", data=typed_rows(*PRESENT, ("Minh", MINH, MEMBER)))
    assert re.findall(r'<input id="([\w-]+)"[^>]*aria-invalid="true"', twice.text) == ["email-3"]


def test_a_list_changed_meanwhile_is_told_kindly(client: TestClient, world: World) -> None:
    here = path(world, LAN)
    mark = hidden_rows(client.get(f"{here}/delegation"))["mark"][0]
    world.delegation_lists.compose(here[3:], [world_member("Dũng", "dung@vn.example.org")])
    rows = (*PRESENT, ("Vũ Thị Hạnh", "hanh@vn.example.org", MEMBER))
    page = client.post(f"{here}/delegation", data=typed_rows(*rows, mark=mark))
    assert page.status_code == 409
    text = words(page)
    assert "Somebody else has changed the list of your delegation meanwhile." in text
    assert "Dũng, member" in text
    assert 'value="hanh@vn.example.org"' in page.text
    again = client.post(f"{here}/delegation", data=typed_rows(*rows, mark=hidden_rows(page)["mark"][0]))
    assert buttons(again)[0] == "Save: invite 1"
    assert "dung@vn.example.org" in str(answers(world))


def world_member(name: str, email: str) -> Any:
    from orchestrator.domain.meetings.fields import Seat
    from orchestrator.services.personal.delegation_list import Member

    return Member(name, email, Seat.MEMBER)


def test_the_same_list_says_so_and_seats_alone_tell_nobody(client: TestClient, world: World) -> None:
    here = path(world, LAN)
    assert "The list is just so already." in words(
        client.post(f"{here}/delegation", data=typed_rows(*PRESENT))
    )
    rows = (*PRESENT[:2], ("Đỗ Quang Minh", MINH, SUBSTITUTE))
    page = client.post(
        f"{here}/delegation", data=typed_rows(*rows, mark=world.personal_pages.page(here[3:]).mark)
    )
    assert buttons(page)[0] == "Save without telling anybody"
    assert "Đỗ Quang Minh comes as substitute, not as member" in words(page)


def test_only_who_answers_for_the_delegation_gets_the_form(client: TestClient, world: World) -> None:
    here = path(world, MINH)
    assert client.get(f"{here}/delegation").status_code == 404
    assert client.post(f"{here}/delegation", data=typed_rows(*PRESENT)).status_code == 404
    assert "/delegation" not in client.get(here).text


def test_rows_without_end_are_bounded(client: TestClient, world: World) -> None:
    rows = [(f"P{n}", f"p{n}@vn.example.org", MEMBER) for n in range(300)]
    page = client.post(f"{path(world, LAN)}/delegation", data=typed_rows(*rows))
    assert page.status_code == 422
    assert "people are more than a delegation can have" in words(page)


# Files


def test_the_meeting_as_a_file(client: TestClient, world: World) -> None:
    file = client.get(f"{path(world, MINH)}/meeting.ics")
    assert file.headers["content-type"] == "text/calendar; charset=utf-8"
    assert file.headers["content-disposition"].startswith("attachment; ")
    assert file.headers["cache-control"] == "no-store"
    assert Calendar.from_ical(file.content)["METHOD"] == "PUBLISH"


def test_the_feed_is_private_and_says_when_it_is_as_it_was(client: TestClient, world: World) -> None:
    feed = feed_path(world, LAN)
    first = client.get(feed)
    assert first.headers["content-type"] == "text/calendar; charset=utf-8"
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["last-modified"] == "Sun, 01 Nov 2026 02:00:00 GMT"
    assert first.headers["x-robots-tag"] == "noindex, nofollow, noarchive"
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        same = client.get(feed, headers={"If-None-Match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    world.personal_answers.answer(path(world, LAN)[3:], Participation.ACCEPTED)
    assert client.get(feed, headers={"If-None-Match": tag}).status_code == 200
    world.calendar_feeds.revoke(LAN, caller=caller("coordinator"))
    gone = client.get(feed)
    assert (gone.status_code, gone.headers["content-type"]) == (410, "text/plain; charset=utf-8")
    assert client.get("/feed/forged.ics").status_code == 404


def test_minutes_are_downloaded_under_their_name(client: TestClient, world: World) -> None:
    world.clock.at = ENDS
    world.run()
    world.minutes.attach("SOM-2026", "biên bản.txt", b"Agreed.", caller=caller("coordinator"))
    here = path(world, MINH)
    assert "biên bản.txt Minutes, version 1, 7 bytes" in words(client.get(here))
    file = client.get(f"{here}/minutes/1")
    assert (file.content, file.headers["x-content-type-options"]) == (b"Agreed.", "nosniff")
    assert file.headers["content-disposition"].startswith("attachment; filename*=UTF-8''bi%C3%AAn")
    for version in ("0", "2", "9" * 30, "x"):
        assert client.get(f"{here}/minutes/{version}").status_code in (404, 422)


# Links that open nothing


def test_links_that_open_nothing_say_what_to_do(client: TestClient, world: World) -> None:
    here = path(world, MINH)
    broken = client.get(here[:-3])
    assert broken.status_code == 404
    assert "This link is not complete." in words(broken)
    assert "copy it whole into the address line" in words(broken)
    assert "Trần Minh Khôi" not in broken.text
    world.personal_links.revoke("SOM-2026", MINH, caller=caller("coordinator"))
    revoked = client.get(here)
    assert revoked.status_code == 410
    assert "This link was withdrawn" in words(revoked)
    assert "Trần Minh Khôi, coordinator@vn.example.org" in words(revoked)
    assert LINK not in revoked.text and "Senior Officials" not in revoked.text
    for refused in (
        client.post(f"{here}/answer", data={"answer": "accepted", "myself": "yes"}),
        client.get(f"{here}/meeting.ics"),
        client.get(f"{here}/minutes/1"),
    ):
        assert refused.status_code == 410
    world.clock.at = ENDS + VALID_AFTER_THE_END + timedelta(seconds=1)
    expired = client.get(path(world, MINH))
    assert expired.status_code == 410
    assert "ended more than 30 days ago" in words(expired)
    assert "Trần Minh Khôi, coordinator@vn.example.org" in words(expired)


def test_who_is_no_longer_invited_reads_only_that(client: TestClient, world: World) -> None:
    here = path(world, MINH)
    kept = [item for item in STAFF if item["email"] != MINH]
    update = MeetingUpdate.model_validate({"attendees": kept})
    version = world.reading.meeting("SOM-2026").version
    world.meetings.update("SOM-2026", update, caller=caller("coordinator"), version=version)
    page = client.get(here)
    assert page.status_code == 410
    assert "You are no longer invited to “Senior Officials Meeting”." in words(page)
    assert LINK not in page.text and "14:00" not in page.text
    assert client.post(f"{here}/answer", data={"answer": "accepted", "myself": "yes"}).status_code == 410


def test_forms_of_other_sites_and_forms_too_large_are_refused(client: TestClient, world: World) -> None:
    here, before = path(world, LAN), contents(world.database)
    form = {"answer": "accepted", "myself": "yes"}
    for origin in ("https://elsewhere.example", "null"):
        for target in ("answer", "delegation"):
            page = client.post(f"{here}/{target}", data=form, headers={"Origin": origin})
            assert page.status_code == 403
            assert "This form was sent from another site. Nothing was done." in words(page)
    large = client.post(f"{here}/answer", data={**form, "comment": "x" * 300_000})
    assert large.status_code == 413
    assert "Nothing was done." in words(large)
    hidden = client.post(
        f"{here}/answer",
        content=iter([b"answer=accepted"]),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert hidden.status_code == 411
    assert contents(world.database) == before
    own = client.post(f"{here}/answer", data=form, headers={"Origin": "http://localhost"})
    assert own.status_code == 303


def test_addresses_stand_in_no_log(
    client: TestClient, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    here, feed = path(world, LAN), feed_path(world, LAN)
    client.get(here)
    client.post(f"{here}/answer", data={"answer": "accepted", "comment": "x" * 3000, "myself": "yes"})
    client.get(feed)
    world.personal_links.revoke("SOM-2026", LAN, caller=caller("coordinator"))
    world.calendar_feeds.revoke(LAN, caller=caller("coordinator"))
    client.get(here)
    client.get(feed)
    own = [record for record in caplog.records if not record.name.startswith(("httpx", "asyncio"))]
    text = " ".join(record.getMessage() for record in own)
    assert here[3:] not in text and feed[6:-4] not in text and LAN not in text


# What every page keeps to

KINDS = ("page", "chosen", "delegation", "confirm", "wrong", "revoked", "broken", "over")


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


@pytest.fixture
def shown(client: TestClient, world: World, request: pytest.FixtureRequest) -> Any:
    here = path(world, LAN)
    world.personal_answers.answer(path(world, MINH)[3:], Participation.DECLINED, "On mission")
    match request.param:
        case "chosen":
            return client.get(f"{here}?answer=accepted")
        case "delegation":
            return client.get(f"{here}/delegation")
        case "confirm":
            rows = (*PRESENT, ("Hạnh", "hanh@vn.example.org", MEMBER))
            mark = world.personal_pages.page(here[3:]).mark
            return client.post(f"{here}/delegation", data=typed_rows(*rows, mark=mark))
        case "wrong":
            return client.post(f"{here}/delegation", data=typed_rows(("", "x", MEMBER)))
        case "revoked":
            world.personal_links.revoke("SOM-2026", LAN, caller=caller("coordinator"))
        case "broken":
            return client.get("/a/broken")
        case "over":
            world.clock.at = ENDS
            world.run()
    return client.get(here)


@pytest.mark.parametrize("shown", KINDS, indirect=True)
def test_every_page_is_strict_kept_out_of_search_and_accessible(shown: Any) -> None:
    headers, page = shown.headers, Page(shown.text)
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-robots-tag"] == "noindex, nofollow, noarchive"
    assert page.all("script") == page.all("style") == []
    for _, attributes in page.tags:
        assert not {name for name in attributes if name == "style" or name.startswith("on")}
    assert all(str(item["href"]).startswith("/static/") for item in page.all("link"))
    own = ("/", "#", "mailto:", "webcal:")
    outside = [item for item in page.all("a") if not str(item["href"]).startswith(own)]
    assert all(item.get("rel") == "noreferrer" for item in outside)
    _has_landmarks_labels_and_legends(page, shown.text)


def _has_landmarks_labels_and_legends(page: Page, text: str) -> None:
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("main")) == len(page.all("h1")) == len(page.all("header")) == 1
    assert {"class": "skip", "href": "#main"} in page.all("a")
    assert text.count("<table") == text.count("<caption")
    assert len(page.all("fieldset")) == len(page.all("legend"))
    assert all("scope" in item for item in page.all("th"))
    labelled = {item.get("for") for item in page.all("label")}
    fields = [*page.all("input"), *page.all("textarea"), *page.all("select")]
    assert all(item.get("id") in labelled for item in fields if item.get("type") != "hidden")
    ids = [item["id"] for _, item in page.tags if "id" in item]
    assert len(ids) == len(set(ids))
    described = " ".join(str(item["aria-describedby"]) for _, item in page.tags if "aria-describedby" in item)
    assert set(described.split()) <= set(ids)
    assert all("datetime" in item for item in page.all("time"))


@pytest.mark.parametrize("shown", ["chosen", "delegation"], indirect=True)
def test_enter_in_a_field_presses_nothing(shown: Any) -> None:
    """Browsers press the first button of a form for it, which here does nothing."""
    first = re.search(r"<form.*?(<button[^>]*>)", shown.text, re.DOTALL)
    assert first is not None
    assert first[1] == "<button disabled hidden>"


@pytest.mark.parametrize("shown", ["confirm"], indirect=True)
def test_the_page_to_confirm_is_what_it_says(shown: Any) -> None:
    assert shown.status_code == 200
    assert "Save who comes for Viet Nam?" in words(shown)
