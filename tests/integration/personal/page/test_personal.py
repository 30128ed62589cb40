"""The personal page over HTTP: what it shows and records."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.store.meetings import meetings as store
from tests.callers import caller
from tests.integration.conftest import NHUNG, STARTS, TAN, THIDA, World, contents
from tests.integration.personal.page.reading import (
    HOSTILE,
    LAN,
    LINK,
    MINH,
    answers,
    buttons,
    feed_path,
    path,
    typed_rows,
    words,
)
from tests.integration.serving import TestClient


def number(world: World, email: str) -> int:
    with world.database.reading() as session:
        found = store.load(session, store.find_id(session, "SOM-2026"))
    return [item.id for item in found.attendees if item.email == email][-1]


def ticked(response: Any) -> list[str]:
    """The ids of the boxes that are ticked."""
    return re.findall(r'<input id="([\w-]+)" type="checkbox"[^>]*checked', response.text)


# Looking


def test_the_page_answers_when_how_and_whether(client: TestClient, world: World) -> None:
    page = client.get(path(world, THIDA))
    assert page.status_code == 200
    text = words(page)
    assert "Thursday, 3 December 2026 13:30–16:00 Nay Pyi Taw (UTC+06:30), 2 h 30 min" in text
    assert "Host: 14:00 Ha Noi (UTC+07:00)" in text
    assert f'<a class="button" href="{LINK}" rel="noreferrer">Join the meeting</a>' in page.text
    assert "Your answer: no answer" in text
    assert buttons(page) == ["Accept", "Tentative", "Decline", "Send this paper"]
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
    form = {"answer": "tentative", "comment": f"Perhaps.\r\n{HOSTILE}", "myself": "yes", "revision": "9"}
    done = client.post(f"{here}/answer", data=form)
    assert (done.status_code, done.headers["location"]) == (303, f"{here}?done=answered&count=1")
    page = client.get(done.headers["location"])
    assert "Recorded. You can change it until the start." in words(page)
    assert "Your answer: tentative Sunday, 1 November 2026, 10:00 Ha Noi (UTC+07:00)" in words(page)
    assert "<script>" not in page.text
    assert HOSTILE in unescape(page.text)
    again = client.post(f"{here}/answer", data=form)
    assert "This was recorded before, and stands." in words(client.get(again.headers["location"]))


def test_for_yourself_and_for_the_whole_delegation_are_two_buttons_and_the_second_asks_once(
    client: TestClient, world: World
) -> None:
    world.personal_answers.answer(path(world, MINH)[3:], Participation.TENTATIVE)
    here = path(world, LAN)
    page = client.get(f"{here}?answer=accepted")
    assert buttons(page)[:6] == [
        *("Accept", "Tentative", "Decline"),
        *("Accept for 3…", "Tentative for 3…", "Decline for 3…"),
    ]
    assert "For yourself, Phạm Thu Lan" in words(page)
    assert "For the whole delegation (3)" in words(page)
    before = contents(world.database)
    asked = client.post(f"{here}/answer", data={"answer": "accepted", "whole": "yes", "revision": "9"})
    assert asked.status_code == 200
    assert "Record “accepted” for Viet Nam?" in words(asked)
    assert "Nothing has been recorded yet." in words(asked)
    assert contents(world.database) == before
    # Who has answered otherwise is not answered for unless that is ticked.
    assert ticked(asked) == [f"also-{number(world, NHUNG)}", f"also-{number(world, LAN)}"]
    form = {
        "answer": "accepted",
        "revision": "9",
        "myself": "yes",
        "confirmed": "yes",
        "also": [str(number(world, NHUNG))],
        "comment": "All of us",
    }
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


def test_for_yourself_is_for_nobody_else_and_asks_nothing(client: TestClient, world: World) -> None:
    here = path(world, LAN)
    done = client.post(f"{here}/answer", data={"answer": "declined", "myself": "yes", "revision": "9"})
    assert done.status_code == 303
    assert {email for email, answer in answers(world).items() if answer != "no answer"} == {LAN}


def test_nobody_is_answered_for_without_having_been_asked_about(client: TestClient, world: World) -> None:
    here, before = path(world, LAN), contents(world.database)
    also = {"answer": "accepted", "also": str(number(world, NHUNG)), "revision": "9"}
    assert client.post(f"{here}/answer", data=also).status_code == 200
    assert contents(world.database) == before
    # A delegate speaks for nobody, so there is nothing to ask.
    for form in ({"whole": "yes"}, {"also": str(number(world, NHUNG))}):
        asked = client.post(
            f"{path(world, MINH)}/answer", data={"answer": "accepted", "revision": "9", **form}
        )
        assert asked.status_code == 422
    assert buttons(client.get(path(world, MINH))) == ["Accept", "Tentative", "Decline"]
    assert contents(world.database) == before


def test_an_answer_to_an_older_time_is_not_recorded(client: TestClient, world: World) -> None:
    here = path(world, LAN)
    shown = re.findall(r'name="revision" value="(\d+)"', client.get(here).text)
    assert len(set(shown)) == 1
    update = MeetingUpdate.model_validate({"start": "2026-12-03 15:00"})
    version = world.reading.meeting("SOM-2026").version
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=version, reason="The Chair is ill."
    )
    before = contents(world.database)
    old = {"answer": "accepted", "revision": shown[0], "comment": "We come"}
    for form in (
        {**old, "myself": "yes"},
        {**old, "whole": "yes"},
        {**old, "myself": "yes", "also": str(number(world, NHUNG)), "confirmed": "yes"},
        {"answer": "accepted", "myself": "yes"},
    ):
        late = client.post(f"{here}/answer", data=form)
        assert late.status_code == 409
        assert "it is now Thursday, 3 December 2026, 15:00 Ha Noi (UTC+07:00)" in words(late)
        assert contents(world.database) == before
    assert ">\nWe come</textarea>" in client.post(f"{here}/answer", data={**old, "myself": "yes"}).text
    (new,) = set(re.findall(r'name="revision" value="(\d+)"', client.get(here).text))
    assert new != shown[0]
    done = client.post(f"{here}/answer", data={**old, "myself": "yes", "revision": new})
    assert done.status_code == 303


def test_another_text_or_link_does_not_take_an_answer_away(client: TestClient, world: World) -> None:
    here = path(world, MINH)
    (shown,) = re.findall(r'name="revision" value="(\d+)"', client.get(here).text)
    update = MeetingUpdate.model_validate({"title": "Another title"})
    version = world.reading.meeting("SOM-2026").version
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=version, reason="The Chair is ill."
    )
    done = client.post(f"{here}/answer", data={"answer": "accepted", "myself": "yes", "revision": shown})
    assert done.status_code == 303


def test_more_answers_than_a_link_may_give_are_put_off_politely(client: TestClient, world: World) -> None:
    here = path(world, MINH)
    form = {"myself": "yes", "revision": "9", "comment": "Kept"}
    codes = [
        client.post(f"{here}/answer", data={**form, "answer": answer}).status_code
        for _ in range(15)
        for answer in ("accepted", "declined")
    ]
    assert set(codes) == {303}
    late = client.post(f"{here}/answer", data={**form, "answer": "accepted"})
    assert late.status_code == 429
    assert 0 < int(late.headers["retry-after"]) <= 3600
    assert "Try again from Sunday, 1 November 2026, 11:00 Ha Noi" in words(late)
    assert ">\nKept</textarea>" in late.text
    assert client.get(here).status_code == 200
    assert client.post(f"{path(world, LAN)}/answer", data={**form, "answer": "accepted"}).status_code == 303


def test_what_cannot_be_recorded_is_said_at_its_field_and_what_was_typed_stays(
    client: TestClient, world: World
) -> None:
    here, before = path(world, LAN), contents(world.database)
    own = {"revision": "9", "myself": "yes"}
    long = client.post(f"{here}/answer", data={"answer": "accepted", "comment": "é" * 2001, **own})
    assert long.status_code == 422
    assert "Has 2001 characters. Shorten it to 2000" in words(long)
    assert "é" * 2001 in long.text
    assert 'aria-describedby="comment-wrong"' in long.text
    nobody = client.post(f"{here}/answer", data={"answer": "accepted", "comment": "Yes", "revision": "9"})
    assert nobody.status_code == 422
    assert "Names nobody. Tick whom the answer is for." in words(nobody)
    assert ">\nYes</textarea>" in nobody.text
    none = client.post(f"{here}/answer", data={"answer": "maybe", **own})
    assert "Choose Accept, Tentative or Decline." in words(none)
    form = {"answer": "declined", "also": str(number(world, THIDA)), "confirmed": "yes", **own}
    other = client.post(f"{here}/answer", data=form)
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
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    page = client.get(path(world, MINH))
    assert "Cancelled. The meeting does not take place." in words(page)
    assert LINK not in page.text


def test_what_changed_stands_on_the_page(client: TestClient, world: World) -> None:
    world.personal_answers.answer(path(world, THIDA)[3:], Participation.ACCEPTED)
    world.clock.move(hours=1)
    update = MeetingUpdate.model_validate({"start": "2026-12-03 15:00"})
    version = world.reading.meeting("SOM-2026").version
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=version, reason="The Chair is ill."
    )
    text = words(client.get(path(world, THIDA)))
    assert "Changed since you answered: time" in text
    assert "13:30–16:00 Nay Pyi Taw (UTC+06:30) → Thursday, 3 December 2026, 14:30–17:00" in text
    assert "The time has changed since you answered. Please answer again." in text
