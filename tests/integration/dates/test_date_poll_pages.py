"""The page of a date poll, the console's view of it, the API and the command line, over a real container."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orchestrator import cli
from orchestrator.domain.dates.date_poll import Vote
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.store.engine import Database
from tests.callers import caller
from tests.integration.conftest import NHUNG, World, contents, definition, emptied
from tests.integration.dates.test_services_date_polls import (
    ASKED,
    CLOSES,
    CLOSING,
    LAN,
    MINH,
    MONDAY,
    STAFF,
    STARTS_GIVEN,
    TAN,
    THIDA,
    opened,
    recipients,
    token,
)
from tests.integration.serving import TestClient, application

YES, NO = Vote.YES, Vote.NO
ALL = {"vote-1": "no", "vote-2": "yes"}


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path) -> World:
    made = World(emptied(sqlite_of_session), tmp_path / "data")
    made.clock.at = MONDAY
    made.create(attendees=STAFF)
    return made


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(application(world), base_url="http://localhost", follow_redirects=False) as made:
        yield made


@pytest.fixture
def api(world: World, client: TestClient) -> TestClient:
    client.headers["Authorization"] = f"Bearer {world.api_token}"
    return client


def dates(world: World, email: str) -> str:
    return f"/a/{token(world, email)}/dates"


def words(response: Any) -> str:
    """The text of a page as it is read, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def checked(response: Any) -> dict[str, str]:
    """The radio buttons that are pressed."""
    found = re.findall(r'name="(vote-\d+)" value="([^"]+)" checked', response.text)
    return dict(found)


# The page


def test_the_page_shows_each_date_in_the_readers_time_with_what_speaks_against_it(
    world: World, client: TestClient
) -> None:
    opened(world)
    before = contents(world.database)
    found = client.get(dates(world, THIDA))
    assert found.status_code == 200
    text = words(found)
    assert "Which of these dates suit Myanmar?" in text
    assert "Tuesday, 8 December 2026 08:30–11:00 Nay Pyi Taw (UTC+06:30)" in text
    assert "Host: 09:00 Ha Noi (UTC+07:00)" in text
    assert "For Myanmar: early, up to 1 h before 09:30" in text
    assert "In office hours for Myanmar" in text
    assert "by Friday, 13 November 2026, 16:30 Nay Pyi Taw (UTC+06:30)" in text
    assert "Send the answer of Myanmar" in text
    assert checked(found) == {}
    assert contents(world.database) == before
    assert client.head(dates(world, THIDA)).status_code == 200


def test_the_link_of_the_mail_leads_to_the_page(world: World, client: TestClient) -> None:
    opened(world)
    path = dates(world, LAN)
    found = client.get(path.removesuffix("/dates"))
    assert (found.status_code, found.headers["location"]) == (303, path)


def test_an_answer_is_recorded_and_shown_with_what_happens_next(world: World, client: TestClient) -> None:
    opened(world)
    path = dates(world, LAN)
    done = client.post(path, data=ALL)
    assert (done.status_code, done.headers["location"]) == (303, f"{path}?done=voted")
    found = client.get(done.headers["location"])
    text = words(found)
    assert "Recorded for Viet Nam. You can change it until Friday, 13 November 2026, 17:00" in text
    assert "the invitation comes by mail" in text
    assert (
        "Viet Nam has answered. Monday, 2 November 2026, 10:00 Ha Noi (UTC+07:00) , by Phạm Thu Lan" in text
    )
    assert checked(found) == ALL
    assert "Change the answer of Viet Nam" in text
    # A colleague's link shows what was said, and an address alone says nothing.
    assert "Recorded" not in words(client.get(f"{dates(world, TAN)}?done=voted"))


def test_a_date_without_an_answer_is_named_and_what_was_chosen_stays(
    world: World, client: TestClient
) -> None:
    opened(world)
    for given in ({"vote-1": "if needed"}, {"vote-1": "if needed", "vote-2": "perhaps", "vote-x": "yes"}):
        found = client.post(dates(world, LAN), data=given)
        assert found.status_code == 422
        text = words(found)
        assert "1 date still needs an answer; nothing was recorded yet" in text
        assert "Nothing is said of this date. Choose yes, if needed or no." in text
        assert checked(found) == {"vote-1": "if needed"}
    assert world.date_polls.show("SOM-2026").answered == 0


def test_after_the_closing_the_page_says_so_and_whom_to_write_to(world: World, client: TestClient) -> None:
    opened(world)
    path = dates(world, LAN)
    client.post(path, data=ALL)
    world.clock.at = CLOSING
    found = client.post(path, data={"vote-1": "yes", "vote-2": "yes"})
    assert found.status_code == 409
    assert "answers are not taken any more. Write to Trần Minh Khôi, coordinator@vn.example.org." in words(
        found
    )
    assert "<form" not in found.text
    assert world.date_polls.show("SOM-2026").options[0].no == 1


def test_once_chosen_the_page_says_the_date_and_once_published_it_is_the_ordinary_page(
    world: World, client: TestClient
) -> None:
    opened(world)
    path = dates(world, LAN)
    world.date_polls.close("SOM-2026", 2, caller=caller("coordinator"))
    assert "The date is Thursday, 10 December 2026, 14:00 Ha Noi (UTC+07:00)" in words(client.get(path))
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    for response in (client.get(path), client.post(path, data=ALL)):
        assert (response.status_code, response.headers["location"]) == (303, path.removesuffix("/dates"))
    assert client.get(path.removesuffix("/dates")).status_code == 200


def test_who_does_not_speak_for_the_delegation_is_told_who_does(world: World, client: TestClient) -> None:
    opened(world)
    text = words(client.get(dates(world, MINH)))
    assert "For Viet Nam, Phạm Thu Lan answers this date poll." in text
    assert client.post(dates(world, MINH), data=ALL).status_code == 409


def test_forms_of_other_sites_large_ones_and_broken_links_are_refused(
    world: World, client: TestClient
) -> None:
    opened(world)
    path = dates(world, LAN)
    elsewhere = client.post(path, data=ALL, headers={"Origin": "https://elsewhere.example"})
    assert elsewhere.status_code == 403
    assert client.post(path, data={"vote-1": "y" * 300_000}).status_code == 413
    assert client.get(path.replace("/dates", "x/dates")).status_code == 404
    world.personal_links.revoke("SOM-2026", LAN, caller=caller("coordinator"))
    for refused in (client.get(path), client.post(path, data=ALL)):
        assert refused.status_code == 410
        assert "coordinator@vn.example.org" in words(refused)
    assert world.date_polls.show("SOM-2026").answered == 0
    assert elsewhere.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"


def test_a_draft_without_a_poll_shows_nothing(world: World, client: TestClient) -> None:
    opened(world)
    path = dates(world, LAN)
    with world.database.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM date_poll")
    assert client.get(path).status_code == 404
    assert client.post(path, data=ALL).status_code == 404


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
    assert re.findall(r"/meetings/SOM-2026/poll/(\d+)", page.text) == ["1", "2"]
    confirm = client.get("/meetings/SOM-2026/poll/2")
    text = words(confirm)
    assert "Make option 2 the time of SOM-2026?" in text
    assert "The time becomes Thursday, 10 December 2026, 14:00 Ha Noi (UTC+07:00)" in text
    assert "1 said yes, 0 if needed, 0 no, and 2 nothing" in text
    assert "Make option 2 the time; nobody is told yet" in text
    assert world.date_polls.show("SOM-2026").state == "open"
    stale = client.post("/meetings/SOM-2026/poll/2", data={"version": 7})
    assert stale.status_code == 409
    done = client.post("/meetings/SOM-2026/poll/2", data={"version": 1})
    assert done.headers["location"] == "/meetings/SOM-2026?done=chosen"
    text = words(client.get(done.headers["location"]))
    assert "The date is chosen, and the poll is over." in text
    assert "Option 2 became the time of the meeting." in text
    assert client.get("/meetings/SOM-2026/poll/2").status_code == 409


def test_a_date_that_has_gone_by_is_not_offered_any_more(world: World, client: TestClient, run: Any) -> None:
    opened(world)
    world.personal_date_polls.vote(token(world, LAN), {1: YES, 2: NO})
    world.clock.at = datetime(2026, 12, 9, tzinfo=UTC)
    page = client.get("/meetings/SOM-2026")
    assert "Option 2 would win. One delegation says no" in words(page)
    assert re.findall(r"/meetings/SOM-2026/poll/(\d+)", page.text) == ["2"]
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
    seen = client.post(f"{PAGE}/poll", data=TYPED)
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
    done = client.post(f"{PAGE}/poll", data=hidden(seen))
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
    wrong = client.post(f"{PAGE}/poll", data=TYPED | typed)
    assert wrong.status_code == (409 if "version" in typed else 422)
    assert said in words(wrong)
    for name, value in ((TYPED | typed) | {"version": "1"}).items():
        assert re.search(rf'name="{name}"[^>]*value="{value}"', wrong.text), name
    assert re.search(r'<details id="open-poll" open>', wrong.text)
    assert 'href="#open-poll"' in wrong.text
    assert world.date_polls.newest("SOM-2026") is None


def test_a_poll_opened_by_somebody_else_meanwhile_is_said(world: World, client: TestClient) -> None:
    opened(world)
    late = client.post(f"{PAGE}/poll", data=TYPED)
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
    assert "/poll/remind" not in client.get(PAGE).text
    assert client.get(f"{PAGE}/poll/remind").status_code == 409
    world.clock.move(days=1)
    assert "Ask 2 people again" in words(client.get(PAGE))
    seen = client.get(f"{PAGE}/poll/remind")
    assert (THIDA in seen.text, TAN in seen.text, LAN in seen.text) == (True, True, False)
    world.mailer.accepted.clear()
    done = client.post(f"{PAGE}/poll/remind", data=hidden(seen))
    assert done.headers["location"] == f"{PAGE}?done=asked-again&count=2"
    assert "2 people are asked for a date again now." in words(client.get(done.headers["location"]))
    world.run()
    assert recipients(world) == sorted([TAN, THIDA])


def test_the_console_moves_the_closing_of_a_poll(world: World, client: TestClient) -> None:
    opened(world)
    world.run()
    wrong = client.post(f"{PAGE}/poll/extend", data={"closes": "2026-12-09 09:00"})
    assert wrong.status_code == 422
    assert "“2026-12-09 09:00” comes after the first of the starts to choose from." in words(wrong)
    assert re.search(r'<details id="extend-poll" open>', wrong.text)
    assert 'href="#extend-poll"' in wrong.text
    world.clock.at = CLOSING
    assert "The date poll has closed; choose a date, or extend it." in words(client.get(PAGE))
    seen = client.post(f"{PAGE}/poll/extend", data={"closes": "2026-11-20 17:00"})
    assert "until Friday, 20 November 2026, 17:00 Ha Noi (UTC+07:00)" in words(seen)
    assert "Move the closing; nobody is told" in words(seen)
    assert not world.date_polls.show("SOM-2026").open
    done = client.post(f"{PAGE}/poll/extend", data=hidden(seen))
    assert done.headers["location"] == f"{PAGE}?done=extended&count=0"
    assert "The date poll is extended. Nobody is told." in words(client.get(done.headers["location"]))
    assert world.date_polls.show("SOM-2026").open
    world.date_polls.withdraw("SOM-2026", caller=caller("coordinator"))
    over = client.post(f"{PAGE}/poll/extend", data={"closes": "2026-11-21 17:00"})
    assert over.status_code == 409
    assert "SOM-2026 has no open date poll." in words(over)


def test_the_console_withdraws_a_poll_and_opens_another(world: World, client: TestClient) -> None:
    opened(world)
    seen = client.get(f"{PAGE}/poll/withdraw")
    assert "0 of 3 delegations have answered" in words(seen)
    assert "no longer goes out" in words(seen)
    assert world.date_polls.show("SOM-2026").state == "open"
    done = client.post(f"{PAGE}/poll/withdraw", data=hidden(seen))
    assert done.headers["location"] == f"{PAGE}?done=withdrawn"
    page = client.get(done.headers["location"])
    assert "The poll was withdrawn." in words(page)
    assert 'id="ask-dates"' in page.text
    world.run()
    assert recipients(world) == []
    again = client.post(f"{PAGE}/poll", data=hidden(client.post(f"{PAGE}/poll", data=TYPED)))
    assert again.status_code == 303


# The time of a meeting that is linked

PREP = "PREP-2026"


@pytest.fixture
def linked(world: World) -> World:
    """A published meeting on 2 December at 09:00 that prepares the one there is a poll for."""
    prep = definition(PREP, kind="preparatory", start="2026-12-02 09:00", duration="PT2H", feeds="SOM-2026")
    world.meetings.create([prep], caller=caller("coordinator"))
    world.meetings.publish(PREP, caller=caller("coordinator"))
    opened(world)
    world.run()
    return world


def test_the_console_asks_what_becomes_of_the_linked_meeting(linked: World, client: TestClient) -> None:
    at = f"{PAGE}/poll/2"
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
    seen = client.get(f"{PAGE}/poll/1", params={"linked": "keep"})
    assert f"{PREP}, which prepares it, stays on Wednesday, 2 December 2026, 09:00" in words(seen)
    assert "Make option 1 the time; nobody is told yet" in words(seen)
    done = client.post(f"{PAGE}/poll/1", data=hidden(seen))
    assert done.headers["location"] == f"{PAGE}?done=chosen"
    assert linked.reading.meeting(PREP).start == "2026-12-02 09:00"


def test_the_api_asks_what_becomes_of_the_linked_meeting(linked: World, api: TestClient) -> None:
    at = "/api/v1/meetings/SOM-2026/poll/close"
    asked = api.post(at, json={"option": 2})
    assert (asked.status_code, asked.json()["code"]) == (409, "linked-meetings")
    assert api.post(at, json={"option": 2, "linked": "leave"}).status_code == 422
    seen = api.post(f"{at}?preview=true", json={"option": 2, "linked": "move"}).json()
    done = api.post(at, json={"option": 2, "linked": "move"}).json()
    assert seen["consequences"] == done["consequences"]
    assert {item["meeting"] for item in done["consequences"]} == {PREP}
    assert done["warnings"][0].startswith(f"{PREP}, which prepares it, goes along")
    assert linked.reading.meeting(PREP).start == "2026-12-09 09:00"


# The API


def test_the_api_takes_a_poll_through_its_life(world: World, api: TestClient) -> None:
    at = "/api/v1/meetings/SOM-2026/poll"
    assert api.get(at).status_code == 404
    body = {"starts": STARTS_GIVEN, "closes": CLOSES}
    seen = api.post(f"{at}?preview=true", json=body)
    assert (seen.status_code, seen.json()["previewed"], len(seen.json()["consequences"])) == (201, True, 3)
    assert api.get(at).status_code == 404
    made = api.post(at, json=body)
    assert made.status_code == 201
    assert [item["starts"]["clock"] for item in made.json()["poll"]["options"]] == ["09:00", "14:00"]
    again = api.post(at, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "open-date-poll")
    voted = api.post(f"{at}/votes", json={"delegation": "SG", "votes": {"1": "Yes", "2": "if needed"}})
    assert voted.status_code == 200
    moved = api.patch(at, json={"closes": "2026-11-20 17:00"})
    assert moved.json()["poll"]["closes"]["day"] == "2026-11-20"
    assert api.post(f"{at}/remind").json()["code"] == "asked-today"
    read = api.get(at).json()
    assert (read["leading"], read["silent"], read["open"]) == (1, ["Myanmar", "Viet Nam"], True)
    published = api.post("/api/v1/meetings/SOM-2026/publish")
    assert (published.status_code, published.json()["code"]) == (409, "open-date-poll")
    closed = api.post(f"{at}/close", json={"option": 2, "version": 1})
    assert (closed.status_code, closed.json()["poll"]["chosen"]) == (200, 2)
    assert api.get("/api/v1/meetings/SOM-2026").json()["start"] == "2026-12-10 14:00"
    assert api.delete(at).status_code == 409
    assert api.post("/api/v1/meetings/SOM-2026/publish").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("", {"starts": STARTS_GIVEN}, "closes"),
        ("", {"starts": ["tomorrow"], "closes": CLOSES}, "starts"),
        ("", {"starts": STARTS_GIVEN, "closes": CLOSES, "top": 11}, "top"),
        ("/votes", {"delegation": "SG", "votes": {"1": "perhaps"}}, "votes"),
        ("/votes", {"delegation": "SG", "votes": {"1": "yes"}}, "votes[2]"),
    ],
)
def test_the_api_names_the_field_that_is_wrong(
    world: World, api: TestClient, path: str, body: dict[str, Any], field: str
) -> None:
    if path:
        opened(world)
    found = api.post(f"/api/v1/meetings/SOM-2026/poll{path}", json=body)
    assert found.status_code == 422
    assert field in found.json()["problems"][0]["field"]


def test_a_poll_is_withdrawn_through_the_api(world: World, api: TestClient) -> None:
    opened(world)
    done = api.delete("/api/v1/meetings/SOM-2026/poll")
    assert (done.status_code, done.json()["poll"]["state"]) == (200, "withdrawn")
    world.run()
    assert recipients(world) == []


# The command line


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command; returns its output, raises what it raises."""
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: world)

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(
            cli.cli, ["meeting", "date-poll", *words], catch_exceptions=False, standalone_mode=False
        )
        if result.exception:
            raise result.exception
        return result.output

    return invoke


def test_the_command_line_takes_a_poll_through_its_life(world: World, run: Any) -> None:
    starts = [word for start in STARTS_GIVEN for word in ("--start", start)]
    shown = run("open", "SOM-2026", *starts, "--closes", CLOSES, "--preview")
    assert "3 × Date poll: planned" in shown
    assert "1. Tuesday, 8 December 2026, 09:00–11:30 Ha Noi (UTC+07:00)" in shown
    assert re.search(r"MM +Myanmar +Tue 8 Dec 08:30 +\+06:30 +early, up to 1 h before", shown)
    assert world.date_polls.newest("SOM-2026") is None
    opening = json.loads(run("open", "SOM-2026", *starts, "--closes", CLOSES, "--json"))
    assert [item["number"] for item in opening["poll"]["options"]] == [1, 2]
    with pytest.raises(InvalidInput, match="names an option twice"):
        run("vote", "SOM-2026", "VN", "1=no", "2=no", "01=yes")
    run("vote", "SOM-2026", "VN", "1=no", "2=if needed")
    run("vote", "SOM-2026", "SG", "1=yes", "2=if-needed")
    shown = run("show", "SOM-2026")
    assert "2 of 3 delegations have answered" in shown
    assert "Option 2 would win. Nobody says no, 2 delegations say only if needed." in shown
    assert "Not answered: Myanmar." in shown
    assert "At the host's, Ha Noi (UTC+07:00)" in shown
    assert re.search(r"\n2 +Thursday, 10 December 2026, 14:00–16:30 +[\d,]+ +0 +2 +0 +1 *\n1 ", shown)
    assert re.search(r"Delegation +2 +1 *\n", shown)
    assert re.search(r"SG +Singapore +◐ +● *\n", shown)
    run("extend", "SOM-2026", "--closes", "2026-11-20 17:00", "--yes")
    world.clock.move(days=2)
    run("remind", "SOM-2026", "--yes")
    run("close", "SOM-2026", "2", "--yes")
    assert world.reading.meeting("SOM-2026").start == "2026-12-10 14:00"
    assert "Option 2 became the meeting's time" in run("show", "SOM-2026")


def test_the_command_line_withdraws_a_poll(world: World, run: Any) -> None:
    opened(world)
    run("withdraw", "SOM-2026", "--yes")
    assert "Withdrawn." in run("show", "SOM-2026")


def test_after_the_closing_the_command_line_says_what_can_be_done(world: World, run: Any) -> None:
    opened(world)
    world.clock.at = CLOSING
    assert "Choose an option, extend the poll, or withdraw it." in run("show", "SOM-2026")


@pytest.mark.parametrize("votes", [["1=maybe"], ["one=yes"], ["yes"]])
def test_a_vote_that_cannot_be_read_is_named(world: World, run: Any, votes: list[str]) -> None:
    opened(world)
    with pytest.raises(Exception, match=r"votes: is not a vote .*Write 1=yes"):
        run("vote", "SOM-2026", "VN", *votes)


def test_a_time_that_cannot_be_read_is_named(world: World, run: Any) -> None:
    opened(world)
    with pytest.raises(Exception, match="closes: is not a wall time such as"):
        run("extend", "SOM-2026", "--closes", "soon", "--yes")


def test_the_command_line_asks_what_becomes_of_the_linked_meeting(linked: World, run: Any) -> None:
    for asked in ((), ("--yes",), ("--json",), ("--preview",)):
        with pytest.raises(Conflict, match="Say what becomes of it: keep or move"):
            run("close", "SOM-2026", "2", *asked)
    assert f"{PREP}, which prepares it, stays on" in run(
        "close", "SOM-2026", "2", "--linked", "keep", "--preview"
    )
    done = json.loads(run("close", "SOM-2026", "2", "--linked", "move", "--json"))
    assert (done["poll"]["chosen"], {item["meeting"] for item in done["consequences"]}) == (2, {PREP})
    assert linked.reading.meeting(PREP).start == "2026-12-09 09:00"


def test_a_person_at_the_keyboard_is_asked_for_the_linked_meeting(
    linked: World, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.commands.meetings.linked._at_a_terminal", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_, **__: "keep")
    assert "keep: it stays there" in run("close", "SOM-2026", "1")
    assert linked.reading.meeting("SOM-2026").start == "2026-12-08 09:00"
    assert linked.reading.meeting(PREP).start == "2026-12-02 09:00"
