"""Linked meetings on the command line, through the API and in the console.

This file is longer than others, because each thing is done through every door.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orchestrator import cli
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.linked import Linked
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.services.meetings.views import MeetingView
from orchestrator.words import say
from tests.callers import caller
from tests.integration.conftest import World, definition
from tests.integration.serving import TestClient, application

PREP, SOM = "PREP-2026", "SOM-2026"
PAGE = f"/meetings/{SOM}"
REPORT = {"en": "Report on the key outcomes", "vi": "Báo cáo", "input_from": PREP}


@pytest.fixture
def pair(world: World) -> World:
    """A preparatory meeting on 2 December at 09:00 in Ha Noi for the SOM on the 3rd at 14:00, published."""
    prep = definition(PREP, kind="preparatory", start="2026-12-02 09:00", duration="PT2H", feeds=SOM)
    world.meetings.create(
        [prep, definition(fed_by=[PREP], agenda=["Opening", REPORT])], caller=caller("test")
    )
    for reference in (PREP, SOM):
        world.meetings.publish(reference, caller=caller("test"))
        world.meetings.enter_join_link(reference, "https://meet.example/room", caller=caller("test"))
    return world


def view(world: World, reference: str = SOM) -> MeetingView:
    return world.reading.meeting(reference)


def concluded(world: World) -> None:
    """The preparatory meeting is over, with one decision agreed and one open."""
    world.clock.at = view(world, PREP).starts_at
    world.decisions.add(PREP, "Agenda agreed", caller=caller("test"))
    world.decisions.add(PREP, "Venue <of> the next SOM", is_open=True, caller=caller("test"))
    world.meetings.conclude(PREP, caller=caller("test"))


# --- the command line


class Shell:
    """The command line, with somebody at the keyboard or not."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, typed: str | None = None) -> str:
        """Run a command and return what it printed; raises what it raises."""
        self._capsys.readouterr()
        done = CliRunner().invoke(cli.cli, ["meeting", *arguments], input=typed, standalone_mode=False)
        if done.exception:
            raise done.exception
        return done.output + self._capsys.readouterr().out


@pytest.fixture
def shell(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: world)
    return Shell(capsys)


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits there and can be asked."""
    monkeypatch.setattr("orchestrator.commands.meetings.linked._at_a_terminal", lambda: True)


MOVE = ("update", SOM, "--start", "2026-12-08 14:00", "--reason", "Ill")


def test_a_script_is_told_what_to_say(pair: World, shell: Shell) -> None:
    for asked in ((), ("--yes",), ("--json",), ("--preview",)):
        with pytest.raises(Conflict, match="Say what becomes of it: keep or move") as caught:
            shell(*MOVE, *asked)
        assert caught.value.code == "linked-meetings"
        assert caught.value.message.endswith("\nGive --linked keep or --linked move.")
    assert view(pair).start == "2026-12-03 14:00"


def test_keep_and_move_on_the_command_line(pair: World, shell: Shell) -> None:
    pair.run()
    assert f"! {PREP}, which prepares it, stays on" in shell(*MOVE, "--linked", "keep", "--yes")
    assert (view(pair).start, view(pair, PREP).start) == ("2026-12-08 14:00", "2026-12-02 09:00")
    again = ("update", SOM, "--start", "2026-12-09 14:00", "--reason", "Ill", "--linked", "move")
    shown = shell(*again, "--preview")
    assert f"3 × {PREP}: Updated invitation: planned" in shown
    assert "3 × Updated invitation: moved" in shown, "it had not left yet"
    assert f"! {PREP}, which prepares it, goes along: from" in shown
    done = json.loads(shell(*again, "--json"))
    assert {item["meeting"] for item in done["consequences"]} == {None, PREP}
    assert view(pair, PREP).start == "2026-12-03 09:00"


@pytest.mark.usefixtures("keyboard")
def test_a_person_is_asked_once(pair: World, shell: Shell) -> None:
    shown = shell(*MOVE, typed="neither\nmove\n")
    assert shown.count("keep or move (keep, move): ") == 2, "once, and once more after a wrong word"
    assert "keep: it stays there. move: it goes to Monday, 7 December 2026, 09:00" in shown
    assert view(pair, PREP).start == "2026-12-07 09:00"


@pytest.mark.usefixtures("keyboard")
def test_nobody_is_asked_who_said_not_to(pair: World, shell: Shell) -> None:
    for asked in ("--yes", "--json"):
        with pytest.raises(Conflict):
            shell(*MOVE, asked)
    assert view(pair).start == "2026-12-03 14:00"


def test_outcomes_on_the_command_line(pair: World, shell: Shell) -> None:
    assert "No decision is recorded." in shell("decision", "list", PREP)
    with pytest.raises(Conflict, match="has not begun"):
        shell("decision", "add", PREP, "Too early")
    pair.clock.at = view(pair, PREP).starts_at
    shell("decision", "add", PREP, "Agenda agreed")
    shown = shell("decision", "add", PREP, "Venue", "--open")
    assert re.search(r"1 +Agenda agreed +✓ agreed +command line\n2 +Venue +! open", shown)
    pair.meetings.conclude(PREP, caller=caller("test"))
    warned = shell("decision", "change", PREP, "2", "--text", "Venue of the SOM", "--to", "1")
    assert f"! 1 decision of {PREP} is still open: 1. Venue of the SOM" in warned
    assert "!" not in shell("decision", "agree", PREP, "1")
    left = json.loads(shell("decision", "remove", PREP, "2", "--json"))
    assert [(item["number"], item["text"]) for item in left["decisions"]] == [(1, "Venue of the SOM")]
    assert json.loads(shell("decision", "list", PREP, "--json"))[0]["is_open"] is False
    assert view(pair).agenda[1].points == ("Venue of the SOM",)
    with pytest.raises(NotFound, match="no decision 2"):
        shell("decision", "agree", PREP, "2")
    shell("decision", "change", PREP, "1", "--open")
    assert [say(point) for point in view(pair).agenda[1].points] == ["Venue of the SOM (open)"]


@pytest.mark.parametrize("start", [(), ("--start", "2026-12-10")])
def test_a_pair_is_created_on_the_command_line(
    world: World, shell: Shell, tmp_path: Path, start: tuple[str, ...]
) -> None:
    file = tmp_path / "som.json"
    file.write_text(definition().model_dump_json(exclude_none=True), "utf-8")
    created = json.loads(shell("create", str(file), "--with-preparatory", *start, "--json"))
    assert [item["reference"] for item in created] == [SOM, f"{SOM}-PREP"]
    assert view(world, f"{SOM}-PREP").start == ("2026-12-09 14:00" if start else "2026-12-02 14:00")


def test_who_makes_a_pair_is_shown_the_day_that_is_proposed_and_who_is_off_on_nearer_ones(
    world: World, shell: Shell, tmp_path: Path
) -> None:
    """Friday, 4 December 2026 is a holiday in Myanmar, so Thursday is proposed for what prepares a Monday."""
    file = tmp_path / "som.json"
    file.write_text(definition().model_dump_json(exclude_none=True), "utf-8")
    command = ("create", str(file), "--with-preparatory", "--start", "2026-12-07")
    _, prep = json.loads(shell(*command, "--json"))
    assert view(world, f"{SOM}-PREP").start == "2026-12-03 14:00"
    assert (
        f"{SOM}-PREP: Thursday, 3 December 2026, 14:00 Ha Noi (UTC+07:00) is the nearest working day of "
        f"the host before {SOM} on which nobody who is invited is off. Nearer days are days off: Friday, "
        "4 December 2026 (Myanmar)."
    ) in prep["warnings"]
    seen = world.meetings.publish(f"{SOM}-PREP", caller=caller("console"), dry_run=True)
    assert prep["warnings"][-1] in map(say, seen.warnings)
    moved = MeetingUpdate.model_validate({"start": "2026-12-04 14:00"})
    effect = world.meetings.update(
        f"{SOM}-PREP", moved, caller=caller("console"), version=1, linked=Linked.KEEP
    )
    assert any(
        "Thursday, 3 December 2026, 14:00 Ha Noi (UTC+07:00) is proposed" in said
        and f"orchestrator meeting update {SOM}-PREP --start '2026-12-03 14:00'" in said
        for said in map(say, effect.warnings)
    )


def test_what_is_amiss_with_a_new_meeting_is_printed(world: World, shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "som.json"
    file.write_text(definition(agenda=[REPORT]).model_dump_json(exclude_none=True), "utf-8")
    assert f"! Item 1 of the agenda is to report the decisions of {PREP}" in shell("create", str(file))


# --- the API


@pytest.fixture
def api(world: World) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(application(world), base_url="http://localhost", headers=headers) as made:
        yield made


def test_the_api_asks_before_it_moves(pair: World, api: TestClient) -> None:
    path, moved = f"/api/v1/meetings/{SOM}", {"start": "2026-12-08 14:00", "reason": "Ill"}
    body = moved | {"version": view(pair).version}
    assert [(item["reference"], item["relation"]) for item in api.get(f"{path}/linked").json()] == [
        (PREP, "which prepares it")
    ]
    asked = api.patch(path, json=body)
    assert (asked.status_code, asked.json()["code"]) == (409, "linked-meetings")
    assert "keep: it stays there" in asked.json()["detail"]
    assert api.patch(path, json=body | {"linked": "leave"}).status_code == 422
    preview = api.patch(path, json=body | {"linked": "move"}, params={"preview": True}).json()
    done = api.patch(path, json=body | {"linked": "move"}).json()
    assert preview["consequences"] == done["consequences"]
    assert {item["meeting"] for item in done["consequences"]} == {None, PREP}
    assert done["warnings"][0].startswith(f"{PREP}, which prepares it, goes along")
    assert api.get(f"/api/v1/meetings/{PREP}").json()["start"] == "2026-12-07 09:00"


def test_outcomes_through_the_api(pair: World, api: TestClient) -> None:
    path = f"/api/v1/meetings/{PREP}/decisions"
    assert api.post(path, json={"text": "Too early"}).status_code == 409
    concluded(pair)
    assert [item["is_open"] for item in api.get(path).json()] == [False, True]
    added = api.post(path, json={"text": "Theme", "is_open": True})
    assert (added.status_code, added.json()["reference"]) == (201, PREP)
    assert added.json()["warnings"][0].startswith(f"2 decisions of {PREP} are still open: 2. Venue")
    api.patch(f"{path}/3", json={"is_open": False, "number": 1})
    left = api.delete(f"{path}/3").json()
    assert [(item["number"], item["text"]) for item in left["decisions"]] == [
        (1, "Theme"),
        (2, "Agenda agreed"),
    ]
    agenda = api.get(f"/api/v1/meetings/{SOM}").json()["agenda"]
    assert agenda[1]["points"] == ["Theme", "Agenda agreed"]
    assert [item["text"] for item in api.get(f"/api/v1/meetings/{PREP}").json()["decisions"]] == [
        "Theme",
        "Agenda agreed",
    ]
    assert api.delete(f"{path}/3").status_code == 404
    assert api.delete(f"{path}/0").status_code == 422
    wrong = api.post(path, json={"text": "Two\nlines"}).json()
    assert (wrong["problems"][0]["field"], wrong["status"]) == ("text", 422)
    assert api.patch(f"{path}/1", json={"open": True}).status_code == 422
    assert api.get("/api/v1/meetings/NONE/decisions").status_code == 404


def test_a_pair_is_created_through_the_api(world: World, api: TestClient) -> None:
    body = definition().model_dump(mode="json", exclude_none=True)
    made = api.post("/api/v1/meetings", json=body | {"preparatory": {"start": "2026-12-01 09:00"}})
    assert made.status_code == 201
    assert (made.json()["reference"], made.json()["fed_by"]) == (SOM, [f"{SOM}-PREP"])
    assert api.get(f"/api/v1/meetings/{SOM}-PREP").json()["start"] == "2026-12-01 09:00"
    wrong = body | {"reference": "OTHER", "preparatory": {"start": "yesterday"}}
    assert api.post("/api/v1/meetings", json=wrong).json()["problems"][0]["field"] == "preparatory.start"


# --- the console


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(application(world), base_url="http://localhost") as made:
        yield made


def words(response: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def form_of(meeting: MeetingView, **typed: str) -> dict[str, str]:
    return {
        "version": str(meeting.version),
        "start": meeting.start,
        "zone": meeting.zone,
        "duration": meeting.duration,
        "title_en": meeting.title_en,
        "title_vi": meeting.title_vi or "",
        "notify": "yes",
        "reason": "The Chair is ill.",
        **typed,
    }


def hidden(response: Any) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.text)
    return {name: unescape(value) for name, value in found}


def test_the_form_offers_the_choice_and_does_not_make_it(pair: World, client: TestClient) -> None:
    page = client.get(f"{PAGE}/change")
    assert "What becomes of the linked meeting when the time changes" in words(page)
    assert f"{PREP} , which prepares it: Wednesday, 2 December 2026, 09:00 Ha Noi (UTC+07:00)" in words(page)
    radios = re.findall(r'<input id="linked-\w+"[^>]*>', page.text)
    assert len(radios) == 2
    assert not any("checked" in item for item in radios)
    pair.meetings.cancel(PREP, caller=caller("test"), reason="The Chair is ill.")
    assert "linked" not in client.get(f"{PAGE}/change").text


def test_the_console_asks_and_what_was_typed_stays(pair: World, client: TestClient) -> None:
    asked = client.post(f"{PAGE}/change", data=form_of(view(pair), start="2026-12-08 15:00"))
    assert asked.status_code == 409
    assert "Say what becomes of it: keep or move." in words(asked)
    assert "move: it goes to Monday, 7 December 2026, 10:00 Ha Noi (UTC+07:00)." in words(asked)
    assert 'value="2026-12-08 15:00"' in asked.text
    again = client.post(f"{PAGE}/change", data=form_of(view(pair), start="2026-12-08 15:00", linked="leave"))
    assert again.status_code == 409, "a choice that is none"


def test_the_console_moves_both_and_shows_whom_that_tells(pair: World, client: TestClient) -> None:
    pair.run()
    asked = client.post(f"{PAGE}/change", data=form_of(view(pair), start="2026-12-08 15:00", linked="move"))
    assert asked.status_code == 200
    assert "goes along: from Wednesday, 2 December 2026, 09:00" in words(asked)
    assert re.search(rf"Updated invitation of {PREP} \D+ 3 people", words(asked))
    assert "Move and notify 6" in asked.text
    assert hidden(asked)["linked"] == "move"
    client.post(f"{PAGE}/change", data=hidden(asked))
    assert (view(pair).start, view(pair, PREP).start) == ("2026-12-08 15:00", "2026-12-07 10:00")


def test_the_console_keeps_and_says_so(pair: World, client: TestClient) -> None:
    asked = client.post(f"{PAGE}/change", data=form_of(view(pair), start="2026-12-01 15:00", linked="keep"))
    assert f"{PREP}, which prepares it, stays on Wednesday" in words(asked)
    assert f"{PREP} comes after the meeting it prepares, {SOM}." in words(asked)
    client.post(f"{PAGE}/change", data=hidden(asked))
    assert view(pair, PREP).start == "2026-12-02 09:00"
    assert "comes after the meeting it prepares" in words(client.get(PAGE))


def test_cancelling_in_the_console_says_what_still_stands(pair: World, client: TestClient) -> None:
    assert f"{PREP}, which prepares it, still stands on" in words(client.get(f"{PAGE}/cancel"))


def test_outcomes_are_recorded_in_the_console_and_reported(pair: World, client: TestClient) -> None:
    path = f"/meetings/{PREP}"
    assert 'id="decisions"' not in client.get(path).text, "not before it begins"
    pair.clock.at = view(pair, PREP).starts_at
    assert "once this meeting is concluded" in words(client.get(path))
    client.post(f"{path}/decisions", data={"text": "Agenda <b>agreed</b>"})
    done = client.post(f"{path}/decisions", data={"text": "Venue", "is_open": "yes"})
    assert "The decisions are recorded." in words(done)
    assert "Agenda &lt;b&gt;agreed&lt;/b&gt;" in done.text
    wrong = client.post(f"{path}/decisions", data={"text": " ", "is_open": "yes"})
    assert wrong.status_code == 422
    assert "Is empty." in words(wrong) or "is empty" in words(wrong)
    assert re.search(r'id="is_open"[^>]*checked', wrong.text)
    pair.meetings.conclude(PREP, caller=caller("test"))
    assert f"1 decision of {PREP} is still open: 2. Venue" in words(client.get(PAGE))
    assert '<ul class="points"' in client.get(PAGE).text
    client.post(f"{path}/decisions/2/agree", data={"seen": "Venue"})
    assert "still open: 2" not in words(client.get(PAGE))
    client.post(f"{path}/decisions/1/remove", data={"seen": "Agenda <b>agreed</b>"})
    assert [item.text for item in view(pair, PREP).decisions] == ["Venue"]
    assert client.post(f"{path}/decisions/7/agree").status_code == 404


def test_old_addresses_of_the_console_lead_on(pair: World, client: TestClient) -> None:
    for old, new in (
        ("outcomes", "decisions"),
        ("outcomes/1/agree", "decisions/1/agree"),
        ("poll/remind", "date-poll/remind"),
        ("poll/2?linked=move", "date-poll/2?linked=move"),
        ("link", "join-link"),
    ):
        led = client.post(f"/meetings/{PREP}/{old}", data={"text": "Venue"}, follow_redirects=False)
        assert (led.status_code, led.headers["location"]) == (308, f"/meetings/{PREP}/{new}")
    pair.clock.at = view(pair, PREP).starts_at
    done = client.post(f"/meetings/{PREP}/outcomes", data={"text": "Venue"})
    assert done.status_code == 200
    assert view(pair, PREP).decisions[-1].text == "Venue"
    outside = client.post(f"/meetings/{PREP}/outcomes", headers={"Origin": "https://evil.example"})
    assert outside.status_code == 403


def test_a_button_pressed_twice_takes_out_one_outcome(pair: World, client: TestClient) -> None:
    path = f"/meetings/{PREP}"
    pair.clock.at = view(pair, PREP).starts_at
    for text in ("Agenda & annexes agreed", "Venue", "Theme"):
        client.post(f"{path}/decisions", data={"text": text})
    page = client.get(path)
    button = page.text.index(f'action="{path}/decisions/1/remove"')
    (shown,) = re.findall(
        r'name="seen" value="([^"]*)"', page.text[button : page.text.index("</form>", button)]
    )
    once, again = (
        client.post(f"{path}/decisions/1/remove", data={"seen": unescape(shown)}) for _ in range(2)
    )
    assert (once.status_code, again.status_code) == (200, 409)
    assert "decision 1 is now 'Venue'" in unescape(words(again))
    assert [item.text for item in view(pair, PREP).decisions] == ["Venue", "Theme"]


def test_the_personal_page_and_its_calendar_file_have_the_outcomes(pair: World, client: TestClient) -> None:
    pair.run()
    concluded(pair)
    email = view(pair).attendees[0].email
    link = pair.personal_links.link_of(SOM, email)
    path = link[link.index("/a/") :]
    page = client.get(path)
    assert "Venue &lt;of&gt; the next SOM (open)" in page.text
    calendar = client.get(f"{path}/meeting.ics").content.decode().replace("\r\n ", "")
    assert "\\n   – Agenda agreed\\n   – Venue <of> the next SOM (open)" in calendar


def test_a_pair_is_created_in_the_console(world: World, client: TestClient) -> None:
    text = definition().model_dump_json(exclude_none=True)
    done = client.post("/meetings/new", data={"definition": text, "with_preparatory": "yes"})
    assert "Created as 2 drafts." in words(done)
    assert view(world, f"{SOM}-PREP").feeds == SOM
    again = client.post("/meetings/new", data={"definition": text, "with_preparatory": "yes"})
    assert again.status_code == 409
    assert re.search(r'id="with_preparatory"[^>]*checked', again.text)
    assert not re.search(r'id="with_preparatory"[^>]*checked', client.get("/meetings/new").text)


def test_a_circle_is_shown_at_its_field(pair: World, client: TestClient) -> None:
    text = definition("NEW", feeds=PREP, fed_by=[SOM]).model_dump_json(exclude_none=True)
    page = client.post("/meetings/new", data={"definition": text})
    assert page.status_code == 422
    assert f"{SOM} → NEW → {PREP} → {SOM}" in words(page)
    with pytest.raises(InvalidInput):
        pair.meetings.create([definition("NEW", feeds=PREP, fed_by=[SOM])], caller=caller("test"))
