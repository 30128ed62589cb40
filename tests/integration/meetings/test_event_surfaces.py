"""Events through the API, the command line and the console: the same use cases behind three doors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from orchestrator.cli import cli
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.store.engine import Database
from tests.integration.conftest import NHUNG, World, contents, emptied
from tests.integration.meetings.console.reading import hidden, words
from tests.integration.meetings.eventful import BY, EVENT, LATER, PREP, SOM, create, event, seen
from tests.integration.serving import TestClient, application

WHOLE = event(PREP, SOM, LATER).model_dump(mode="json", exclude_unset=True)


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(emptied(sqlite_of_session), tmp_path / "data")
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: found)
    return found


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(application(world), base_url="http://localhost", headers=headers) as made:
        yield made


def ran(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    capsys.readouterr()
    done = CliRunner().invoke(cli, ["event", *given], standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.stdout + capsys.readouterr().out


# --- the API


def test_an_event_lives_through_the_api(client: TestClient) -> None:
    made = client.post("/api/v1/events", json=WHOLE)
    assert (made.status_code, made.headers["location"]) == (201, f"/api/v1/events/{EVENT}")
    body = made.json()
    assert [(item["reference"], item["status"], item["leads"]) for item in body["sessions"]] == [
        *(("PREP", "draft", False), ("SOM", "draft", True), ("WS", "planned", False)),
    ]
    assert (body["month"], body["named"], body["announced_at"]) == ("2027-02", True, None)
    listed = client.get("/api/v1/events").json()
    assert [(item["reference"], len(item["sessions"])) for item in listed] == [(EVENT, 3)]
    url = f"/api/v1/events/{EVENT}"
    preview = client.post(f"{url}/publish", params={"preview": True}, json={"version": body["version"]})
    assert {item["meeting"] for item in preview.json()["consequences"]} == {"PREP", "SOM"}
    assert client.get(url).json()["version"] == body["version"], "a preview changes nothing"
    assert client.post(f"{url}/publish", json={"version": body["version"]}).status_code == 200
    assert client.post(f"{url}/publish").json()["code"] == "conflict"
    dated = client.post(f"{url}/sessions/WS/start", json={"start": "2027-02-12 09:00"})
    assert [item["status"] for item in dated.json()["sessions"]] == ["published", "published", "draft"]
    added = client.post(f"{url}/sessions", json={"reference": "NEW", "kind": "forum", "groups": ["SOM"]})
    assert added.status_code == 201
    assert added.json()["sessions"][-1]["groups"] == ["SOM"]
    changed = client.patch(url, json={"version": added.json()["version"], "lead": "NEW", "title": "Other"})
    assert (changed.json()["lead"], changed.json()["title_en"]) == ("NEW", "Other")
    stale = client.patch(url, json={"version": body["version"], "lead": "SOM"})
    assert (stale.status_code, stale.json()["code"]) == (409, "version-conflict")
    assert client.delete(f"{url}/sessions/NEW").status_code == 409, "it leads"
    assert client.delete(f"{url}/sessions/PREP").status_code == 200
    assert client.get("/api/v1/events/NOWHERE").status_code == 404
    assert client.get("/api/v1/events/PREP").json()["reference"] == "PREP"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"sessions": []}, "sessions"),
        ({"lead": "NONE"}, "lead"),
        ({"lead": ["PREP", "SOM"]}, "lead"),
        ({"when": {"month": "2027-03"}}, "sessions[0].start"),
        ({"when": {"month": "March"}}, "when.month"),
        ({"sessions": [SOM, SOM]}, "sessions[1].reference"),
        ({"sessions": [SOM, LATER | {"programme": "Other"}]}, "sessions[1].programme"),
        ({"sessions": [SOM | {"groups": ["HCS"]}]}, "sessions[0].groups[0]"),
        ({"sessions": [SOM | {"start": "soon"}]}, "sessions[0].start"),
        ({"venue": {"city": "Ha Noi"}}, "venue.zone"),
        ({"mode": "in person"}, "venue"),
    ],
)
def test_what_is_wrong_with_an_event_is_told_with_its_field_and_remedy(
    client: TestClient, world: World, fields: dict[str, Any], field: str
) -> None:
    refused = client.post("/api/v1/events", json=WHOLE | fields)
    assert refused.status_code == 422
    found = {item["field"]: item for item in refused.json()["problems"]}
    assert found[field]["remedy"]
    assert world.event_reading.events() == []


# --- the command line


def test_an_event_lives_at_the_command_line(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "event.yaml"
    file.write_text(yaml.safe_dump(WHOLE, allow_unicode=True), "utf-8")
    assert "event date E-2027-02 WS --start TIME" in " ".join(ran(capsys, "create", str(file)).split())
    assert "planned" in ran(capsys, "show", EVENT)
    assert "2027-02-10 to 2027-02-11" in ran(capsys, "list")
    assert NHUNG not in [mail.recipient for mail in world.mailer.accepted]
    preview = json.loads(ran(capsys, "publish", EVENT, "--preview", "--json"))
    assert preview["previewed"]
    ran(capsys, "publish", EVENT, "--yes")
    assert "draft" in ran(capsys, "date", EVENT, "WS", "--start", "2027-02-12 09:00", "--duration", "PT1H")
    assert world.reading.meeting("WS").duration == "PT1H"
    ran(capsys, "change", EVENT, "--title", "Other", "--month", "2027-02", "--lead", "WS")
    assert json.loads(ran(capsys, "show", EVENT, "--json"))["lead"] == "WS"
    file.write_text("{reference: NEW, kind: forum, groups: [PLUS3]}", "utf-8")
    assert "Planned NEW" in ran(capsys, "add", EVENT, str(file))
    ran(capsys, "remove", EVENT, "NEW")
    assert [item.reference for item in seen(world).sessions] == ["PREP", "SOM", "WS"]
    assert seen(world).title_vi == WHOLE["title"]["vi"], "what is not said stays"
    with pytest.raises(InvalidInput):
        ran(capsys, "change", EVENT, "--month", "2027-03")


def test_a_file_of_events_makes_meetings_too(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "event.yaml"
    file.write_text(yaml.safe_dump(WHOLE, allow_unicode=True), "utf-8")
    done = CliRunner().invoke(cli, ["meeting", "create", str(file), "--json"], standalone_mode=False)
    assert [item["reference"] for item in json.loads(done.stdout)] == ["PREP", "SOM"]


# --- the console


def test_the_first_page_names_events_and_their_sessions(client: TestClient, world: World) -> None:
    create(world)
    page = client.get("/")
    assert "Events of several sessions" in page.text
    assert f"/events/{EVENT}" in page.text
    assert "1 without a day" in words(page)
    world.event_sessions.remove(EVENT, "WS", caller=BY)
    assert "1 without a day" not in words(client.get("/"))


def test_an_event_has_a_page_from_which_all_of_it_is_published(client: TestClient, world: World) -> None:
    create(world)
    page = client.get(f"/events/{EVENT}")
    assert "2 sessions are drafts" in words(page)
    assert "1 session has no day yet" in words(page)
    confirm = client.get(f"/events/{EVENT}/publish")
    assert "2 sessions at once" in words(confirm)
    assert "Nothing leaves for WS before its day is known" in words(confirm)
    before = contents(world.database)
    client.get(f"/events/{EVENT}/publish")
    assert contents(world.database) == before
    done = client.post(f"/events/{EVENT}/publish", data=hidden(confirm))
    assert "Published." in words(done)
    assert {item.status for item in seen(world).sessions} == {"published", "planned"}
    again = client.get(f"/events/{EVENT}/publish")
    assert again.status_code == 409
    assert "left to publish" in words(again)


def test_a_session_gets_its_day_on_the_page_and_typing_stays(client: TestClient, world: World) -> None:
    create(world)
    version = str(seen(world).version)
    address = f"/events/{EVENT}/sessions/WS/start"
    refused = client.post(address, data={"version": version, "start": "2027-03-01 09:00"})
    assert refused.status_code == 422
    assert 'value="2027-03-01 09:00"' in refused.text
    assert "Is not in 2027-02, the month of the event" in words(refused)
    done = client.post(address, data={"version": version, "start": "2027-02-12T09:00", "duration": "PT1H"})
    assert "It has its day now" in words(done)
    stale = client.post(address, data={"version": version, "start": "2027-02-12 09:00"})
    assert stale.status_code == 409


def test_a_month_is_announced_on_the_page(client: TestClient, world: World) -> None:
    create(world, event(LATER, lead="WS"))
    page = client.get(f"/events/{EVENT}")
    assert "Announce the month" in words(page)
    done = client.post(f"/events/{EVENT}/publish", data=hidden(page))
    assert "Announced" in words(done)
    assert seen(world).announced_at is not None


def test_what_was_pasted_leads_to_the_page_of_its_event(client: TestClient) -> None:
    text = yaml.safe_dump(WHOLE, allow_unicode=True)
    done = client.post("/meetings/new", data={"definition": text})
    assert done.url.path == f"/events/{EVENT}"
    assert re.search(r"Created as 2 drafts", words(done))
    again = client.post("/meetings/new", data={"definition": text})
    assert again.status_code == 409


def test_titles_that_look_like_markup_are_text(client: TestClient, world: World) -> None:
    create(world, event(title="<script>alert(1)</script>"))
    for page in ("/", f"/events/{EVENT}", f"/events/{EVENT}/publish"):
        assert "<script>alert(1)" not in client.get(page).text


# --- the example


def test_the_example_is_the_whole_programme_with_its_first_event_ready(world: World) -> None:
    created = world.examples.load(ACCSM21.read_text("utf-8"), None, caller=BY)
    assert [len(item.planned) for item in created.events] == [0, 3, 5]
    first, second, third = world.event_reading.events()
    world.events.publish(first.reference, caller=BY)
    assert {item.status for item in seen(world, first.reference).sessions} == {"published"}
    assert [item.month for item in (first, second, third)] == [None, "2027-03", "2028-03"]
    assert {item.reference: item.invited for item in second.sessions} == {
        "ACCSM21-FP-2021-08": 23,
        "ACCSM21-SOM-2021-08": 23,
        "ACCSM21-WS-2021-08": 15,
    }
    world.event_sessions.date(
        third.reference, "ACCSM21-FGG-2022-08", {"start": "2028-03-07 09:00"}, caller=BY
    )
    forum = world.reading.meeting("ACCSM21-FGG-2022-08")
    assert forum.invited == 37
    with pytest.raises(Conflict):
        world.examples.load(ACCSM21.read_text("utf-8"), None, caller=BY)
