"""Date polls in the console."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from orchestrator.domain.dates.date_poll import Vote
from tests.callers import caller
from tests.integration.conftest import NHUNG, World, contents
from tests.integration.dates.polling import ASKED, CLOSES, CLOSING, LAN, opened, recipients, token
from tests.integration.dates.surfaces.polled_pages import PREP, words
from tests.integration.dates.test_services_date_polls import TAN, THIDA
from tests.integration.serving import TestClient

YES, NO = Vote.YES, Vote.NO


# The console


def test_the_console_shows_the_poll_and_makes_an_option_the_time(world: World, client: TestClient) -> None:
    assert 'id="poll"' not in client.get("/meetings/SOM-2026").text
    opened(world)
    world.personal_date_polls.vote(token(world, LAN), {1: NO, 2: YES})
    page = client.get("/meetings/SOM-2026")
    text = words(page)
    assert "1 of 3 delegations has answered" not in text
    assert "1 of 3 delegations have answered." in text
    assert "Option 2 would win. Nobody says no. 2 delegations have not answered" in text
    assert "make one of its dates the time, or withdraw the poll" in text
    assert re.findall(r"/meetings/SOM-2026/date-poll/(\d+)", page.text) == ["1", "2"]
    confirm = client.get("/meetings/SOM-2026/date-poll/2")
    text = words(confirm)
    assert "Make option 2 the time of SOM-2026?" in text
    assert "The time becomes Thursday, 10 December 2026, 14:00 Ha Noi (UTC+07:00)" in text
    assert "1 said yes, 0 if needed, 0 no, and 2 nothing" in text
    assert "Make option 2 the time; nobody is told yet" in text
    assert world.date_polls.show("SOM-2026").state == "open"
    stale = client.post("/meetings/SOM-2026/date-poll/2", data={"version": 7})
    assert stale.status_code == 409
    done = client.post("/meetings/SOM-2026/date-poll/2", data={"version": 1})
    assert done.headers["location"] == "/meetings/SOM-2026?done=chosen"
    text = words(client.get(done.headers["location"]))
    assert "The date is chosen, and the poll is over." in text
    assert "Option 2 became the time of the meeting." in text
    assert client.get("/meetings/SOM-2026/date-poll/2").status_code == 409


def test_a_date_that_has_gone_by_is_not_offered_any_more(world: World, client: TestClient, run: Any) -> None:
    opened(world)
    world.personal_date_polls.vote(token(world, LAN), {1: YES, 2: NO})
    world.clock.at = datetime(2026, 12, 9, tzinfo=UTC)
    page = client.get("/meetings/SOM-2026")
    assert "Option 2 would win. One delegation says no" in words(page)
    assert re.findall(r"/meetings/SOM-2026/date-poll/(\d+)", page.text) == ["2"]
    shown = run("show", "SOM-2026")
    assert "Option 2 would win. One delegation says no" in shown
    assert re.search(r"\n1 +Tuesday, 8 December 2026, 09:00–11:30 \(has gone by\) ", shown)


def hidden(response: Any) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.text)
    return {name: unescape(value) for name, value in found}


PAGE = "/meetings/SOM-2026"
TYPED = {"version": "1", "top": "3", "from": "2026-12-07", "to": "2026-12-11", "closes": CLOSES}


def test_the_console_shows_who_is_asked_for_which_dates_and_then_asks_them(
    world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Ask the delegations for a date" in words(client.get(PAGE))
    before = contents(world.database)
    seen = client.post(f"{PAGE}/date-poll", data=TYPED)
    assert seen.status_code == 200
    text = words(seen)
    assert "Ask the delegations of SOM-2026 for a date?" in text
    assert "They can answer until Friday, 13 November 2026, 17:00 Ha Noi (UTC+07:00)" in text
    assert "Ask 3 people for a date" in text
    assert all(email in seen.text for email in ASKED)
    assert NHUNG not in seen.text, "she does not speak for her delegation"
    assert text.count("How it lies at each delegation") == 3
    assert contents(world.database) == before
    shown = re.findall(r"<li><strong><time[^>]*>([^<]*), (\d\d:\d\d) ", seen.text)
    # The dates that were shown are asked about, whatever the finder would propose by now.
    monkeypatch.delattr("orchestrator.services.dates.fair_starts.FairStarts.find")
    done = client.post(f"{PAGE}/date-poll", data=hidden(seen))
    assert done.headers["location"] == f"{PAGE}?done=asked&count=3"
    options = world.date_polls.show("SOM-2026").options
    assert [(item.starts.date, item.starts.clock) for item in options] == shown
    page = client.get(done.headers["location"])
    assert "The date poll is open. 3 people are asked now." in words(page)
    assert "A draft whose delegations are asked for a date." in words(page)
    assert 'id="ask-dates"' not in page.text
    world.run()
    assert recipients(world) == ASKED


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"top": ""}, "How many dates, from 2 to 10"),
        ({"top": "1"}, "“1” is not a number of starts to choose from. Give 2 to 10."),
        ({"closes": "soon"}, "“soon” is not a wall time such as"),
        ({"closes": "2026-10-01 17:00"}, "“2026-10-01 17:00” is not in the future."),
        ({"from": "next week"}, "“next week” is not a date such as 2027-03-01."),
        ({"to": "2026-12-01"}, "“2026-12-01” lies before 2026-12-07."),
        ({"version": "7"}, "changed by somebody else meanwhile"),
    ],
)
def test_what_was_typed_for_a_poll_stays_with_what_is_wrong(
    world: World, client: TestClient, typed: dict[str, str], said: str
) -> None:
    wrong = client.post(f"{PAGE}/date-poll", data=TYPED | typed)
    assert wrong.status_code == (409 if "version" in typed else 422)
    assert said in words(wrong)
    for name, value in ((TYPED | typed) | {"version": "1"}).items():
        assert re.search(rf'name="{name}"[^>]*value="{value}"', wrong.text), name
    assert re.search(r'<details id="open-poll" open>', wrong.text)
    assert 'href="#open-poll"' in wrong.text
    assert world.date_polls.newest("SOM-2026") is None


def test_a_poll_opened_by_somebody_else_meanwhile_is_said(world: World, client: TestClient) -> None:
    opened(world)
    late = client.post(f"{PAGE}/date-poll", data=TYPED)
    assert late.status_code == 409
    assert "SOM-2026 has an open date poll already" in words(late)


def test_only_a_draft_with_attendees_can_be_asked_about(world: World, client: TestClient) -> None:
    world.create(reference="EMPTY", attendees=[])
    assert 'id="ask-dates"' not in client.get("/meetings/EMPTY").text
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    assert 'id="ask-dates"' not in client.get(PAGE).text


def test_the_console_asks_again_whoever_has_not_answered(world: World, client: TestClient) -> None:
    opened(world)
    world.run()
    world.personal_date_polls.vote(token(world, LAN), {1: NO, 2: YES})
    text = words(client.get(PAGE))
    assert "Delegations are asked at most once a day; ask again from Tuesday, 3 November 2026, 10:00" in text
    assert "/date-poll/remind" not in client.get(PAGE).text
    assert client.get(f"{PAGE}/date-poll/remind").status_code == 409
    world.clock.move(days=1)
    assert "Ask 2 people again" in words(client.get(PAGE))
    seen = client.get(f"{PAGE}/date-poll/remind")
    assert (THIDA in seen.text, TAN in seen.text, LAN in seen.text) == (True, True, False)
    world.mailer.accepted.clear()
    done = client.post(f"{PAGE}/date-poll/remind", data=hidden(seen))
    assert done.headers["location"] == f"{PAGE}?done=asked-again&count=2"
    assert "2 people are asked for a date again now." in words(client.get(done.headers["location"]))
    world.run()
    assert recipients(world) == sorted([TAN, THIDA])


def test_the_console_moves_the_closing_of_a_poll(world: World, client: TestClient) -> None:
    opened(world)
    world.run()
    wrong = client.post(f"{PAGE}/date-poll/extend", data={"closes": "2026-12-09 09:00"})
    assert wrong.status_code == 422
    assert "“2026-12-09 09:00” comes after the first of the starts to choose from." in words(wrong)
    assert re.search(r'<details id="extend-poll" open>', wrong.text)
    assert 'href="#extend-poll"' in wrong.text
    world.clock.at = CLOSING
    assert "The date poll has closed; choose a date, or extend it." in words(client.get(PAGE))
    seen = client.post(f"{PAGE}/date-poll/extend", data={"closes": "2026-11-20 17:00"})
    assert "until Friday, 20 November 2026, 17:00 Ha Noi (UTC+07:00)" in words(seen)
    assert "Move the closing; nobody is told" in words(seen)
    assert not world.date_polls.show("SOM-2026").open
    done = client.post(f"{PAGE}/date-poll/extend", data=hidden(seen))
    assert done.headers["location"] == f"{PAGE}?done=extended&count=0"
    assert "The date poll is extended. Nobody is told." in words(client.get(done.headers["location"]))
    assert world.date_polls.show("SOM-2026").open
    world.date_polls.withdraw("SOM-2026", caller=caller("coordinator"))
    over = client.post(f"{PAGE}/date-poll/extend", data={"closes": "2026-11-21 17:00"})
    assert over.status_code == 409
    assert "SOM-2026 has no open date poll." in words(over)


def test_the_console_withdraws_a_poll_and_opens_another(world: World, client: TestClient) -> None:
    opened(world)
    seen = client.get(f"{PAGE}/date-poll/withdraw")
    assert "0 of 3 delegations have answered" in words(seen)
    assert "no longer goes out" in words(seen)
    assert world.date_polls.show("SOM-2026").state == "open"
    done = client.post(f"{PAGE}/date-poll/withdraw", data=hidden(seen))
    assert done.headers["location"] == f"{PAGE}?done=withdrawn"
    page = client.get(done.headers["location"])
    assert "The poll was withdrawn." in words(page)
    assert 'id="ask-dates"' in page.text
    world.run()
    assert recipients(world) == []
    again = client.post(f"{PAGE}/date-poll", data=hidden(client.post(f"{PAGE}/date-poll", data=TYPED)))
    assert again.status_code == 303


def test_the_console_asks_what_becomes_of_the_linked_meeting(linked: World, client: TestClient) -> None:
    at = f"{PAGE}/date-poll/2"
    asked = client.get(at)
    assert asked.status_code == 200
    assert "Say what becomes of it: keep or move." in words(asked)
    assert "move: it goes to Wednesday, 9 December 2026, 09:00 Ha Noi (UTC+07:00)." in words(asked)
    radios = re.findall(r'<input id="linked-\w+"[^>]*>', asked.text)
    assert [("required" in item, "checked" in item) for item in radios] == [(True, False)] * 2
    seen = client.get(at, params={"linked": "move"})
    assert "goes along: from Wednesday, 2 December 2026, 09:00" in words(seen)
    assert re.search(r'<input id="linked-move"[^>]* checked>', seen.text)
    assert "Make option 2 the time and notify 3" in words(seen)
    assert linked.reading.meeting(PREP).start == "2026-12-02 09:00"
    unsaid = client.post(at, data={"version": "1"})
    assert unsaid.status_code == 409
    assert "Say what becomes of it: keep or move." in words(unsaid)
    assert linked.date_polls.show("SOM-2026").state == "open"
    done = client.post(at, data=hidden(seen))
    assert done.headers["location"] == f"{PAGE}?done=chosen&count=3"
    assert "3 people are told now of the linked meeting" in words(client.get(done.headers["location"]))
    assert linked.reading.meeting("SOM-2026").start == "2026-12-10 14:00"
    assert linked.reading.meeting(PREP).start == "2026-12-09 09:00"


def test_the_console_keeps_the_linked_meeting(linked: World, client: TestClient) -> None:
    seen = client.get(f"{PAGE}/date-poll/1", params={"linked": "keep"})
    assert f"{PREP}, which prepares it, stays on Wednesday, 2 December 2026, 09:00" in words(seen)
    assert "Make option 1 the time; nobody is told yet" in words(seen)
    done = client.post(f"{PAGE}/date-poll/1", data=hidden(seen))
    assert done.headers["location"] == f"{PAGE}?done=chosen"
    assert linked.reading.meeting(PREP).start == "2026-12-02 09:00"
