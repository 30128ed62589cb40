"""People who wait for the coordinator's yes: personal page, console, API, commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from orchestrator import cli
from orchestrator.domain.meetings.meeting import Participation
from tests.integration.conftest import World, contents
from tests.integration.personal.page.reading import LAN, MINH, buttons, path, typed_rows, words
from tests.integration.serving import TestClient

STRANGER = "mallory@elsewhere.example"
PAGE = "/meetings/SOM-2026"
API = "/api/v1/meetings/SOM-2026/waiting-people"


def rows_of(world: World, *rows: tuple[str, str, str], **more: str) -> dict[str, Any]:
    """The form as it is sent now."""
    mark = world.personal_pages.page(path(world, LAN)[3:]).mark
    return typed_rows(*rows, mark=mark, **more)


@pytest.fixture
def asked(client: TestClient, world: World) -> int:
    """Somebody outside the known domains is named; returns the number under which they wait."""
    rows = rows_of(world, ("Mallory", STRANGER, "member"), confirmed="yes")
    done = client.post(f"{path(world, LAN)}/delegation", data=rows)
    assert done.headers["location"].endswith("?done=asked&count=1")
    (person,) = world.named_people.waiting("SOM-2026")
    return person.id


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: world)

    def invoke(*arguments: str) -> str:
        result = CliRunner().invoke(
            cli.cli, ["meeting", "attendee", *arguments], catch_exceptions=False, standalone_mode=False
        )
        return result.output

    return invoke


def invited(world: World) -> bool:
    return STRANGER in {item.email for item in world.reading.meeting("SOM-2026").attendees}


def test_the_page_says_who_waits_before_and_after(client: TestClient, world: World) -> None:
    here, before = path(world, LAN), contents(world.database)
    rows = rows_of(world, ("Mallory", STRANGER, "member"), ("New", "new@vn.example.org", "member"))
    preview = client.post(f"{here}/delegation", data=rows)
    assert "1 person waits for the coordinator's yes" in words(preview)
    assert "1 person gets an invitation" in words(preview)
    assert contents(world.database) == before
    done = client.post(f"{here}/delegation", data={**rows, "confirmed": "yes"})
    page = client.get(done.headers["location"])
    assert "Waiting for the yes of Trần Minh Khôi" in words(page)
    assert STRANGER in page.text
    assert "Take back: Mallory" in buttons(page)
    assert STRANGER in client.get(f"{here}/delegation").text
    assert STRANGER not in client.get(path(world, MINH)).text
    world.run()
    assert world.mailer.to(STRANGER) == []


def test_it_is_taken_back_on_the_page(client: TestClient, world: World, asked: int) -> None:
    here = path(world, LAN)
    done = client.post(f"{here}/delegation/withdraw", data={"number": str(asked)})
    assert "Taken back. Nobody was told." in words(client.get(done.headers["location"]))
    assert world.named_people.waiting("SOM-2026") == ()
    for wrong in ("0", "x", "9" * 30):
        assert client.post(f"{here}/delegation/withdraw", data={"number": wrong}).status_code == 422


def test_more_than_a_link_may_name_is_put_off_politely(client: TestClient, world: World) -> None:
    here = f"{path(world, LAN)}/delegation"
    people = [(f"P {n}", f"p{n}@vn.example.org", "member") for n in range(27)]
    assert client.post(here, data=rows_of(world, *people, confirmed="yes")).status_code == 303
    gone = [(name, email, "removed") for name, email, _ in people]
    assert client.post(here, data=rows_of(world, *gone, confirmed="yes")).status_code == 303
    more = [(f"Q {n}", f"q{n}@vn.example.org", "member") for n in range(20)]
    late = client.post(here, data=rows_of(world, *more))
    assert late.status_code == 429
    assert 0 < int(late.headers["retry-after"]) <= 86_400
    assert "as it may (40). Name more from Monday, 2 November 2026, 10:00 Ha Noi" in words(late)
    assert 'value="q7@vn.example.org"' in late.text, "what was typed stays"


def test_the_console_shows_and_settles_it(client: TestClient, world: World, asked: int) -> None:
    page = client.get(PAGE)
    assert "Waiting for your yes" in words(page)
    assert STRANGER in page.text
    assert "waits for your yes" in words(client.get("/"))
    confirm = client.post(f"{PAGE}/waiting-people/{asked}/accept")
    assert confirm.status_code == 200
    assert "Invite Mallory to SOM-2026?" in words(confirm)
    assert "Named by Phạm Thu Lan" in words(confirm)
    assert not invited(world)
    done = client.post(f"{PAGE}/waiting-people/{asked}/accept", data={"confirmed": "yes"})
    assert done.status_code == 303
    assert invited(world)
    assert "Waiting for your yes" not in words(client.get(PAGE))
    assert client.post(f"{PAGE}/waiting-people/{asked}/accept").status_code == 404


def test_the_console_refuses_it(client: TestClient, world: World, asked: int) -> None:
    done = client.post(f"{PAGE}/waiting-people/{asked}/refuse")
    assert "Refused. Nobody is told." in words(client.get(done.headers["location"]))
    assert not invited(world)
    assert client.post(f"{PAGE}/waiting-people/{asked}/refuse").status_code == 404


def test_the_api_shows_and_settles_it(client: TestClient, world: World, asked: int) -> None:
    headers = {"Authorization": f"Bearer {world.api_token}"}
    assert client.get(API).status_code == 401
    (person,) = client.get(API, headers=headers).json()
    assert (person["id"], person["email"], person["seat"]) == (asked, STRANGER, "member")
    preview = client.post(f"{API}/{asked}/accept", params={"preview": True}, headers=headers).json()
    assert [item["recipient_email"] for item in preview["consequences"] if item["kind"] == "invite"] == [
        STRANGER
    ]
    assert not invited(world)
    assert client.post(f"{API}/{asked}/accept", headers=headers).status_code == 200
    assert invited(world)
    for what in ("accept", "refuse"):
        gone = client.post(f"{API}/{asked}/{what}", headers=headers)
        assert (gone.status_code, gone.json()["code"]) == (404, "not-found")


def test_commands_show_and_settle_it(world: World, asked: int, run: Callable[..., str]) -> None:
    assert STRANGER in json.dumps(json.loads(run("waiting", "SOM-2026", "--json")))
    assert "Mallory" in run("waiting", "SOM-2026")
    assert "1 × " in run("let-in", "SOM-2026", str(asked), "--preview")
    assert not invited(world)
    run("let-in", "SOM-2026", str(asked))
    assert invited(world)
    assert "Nobody waits for a yes." in run("waiting", "SOM-2026")


def test_a_command_refuses_it(world: World, asked: int, run: Callable[..., str]) -> None:
    assert "nobody is told anything" in run("turn-down", "SOM-2026", str(asked))
    assert not invited(world)
    assert world.named_people.waiting("SOM-2026") == ()


def test_every_form_of_the_page_is_put_off_when_the_link_has_changed_too_much(
    client: TestClient, world: World, asked: int
) -> None:
    here = path(world, LAN)
    # One change was the naming itself.
    for number in range(29):
        answer = Participation.ACCEPTED if number % 2 else Participation.DECLINED
        world.personal_answers.answer(here[3:], answer)
    before = contents(world.database)
    mark = world.personal_pages.page(here[3:]).mark
    forms = {
        "owed": {"need": "paper", "state": "waived"},
        "answer": {"answer": "declined", "comment": "again", "myself": "yes", "revision": "9"},
        "delegation": rows_of(world, ("P", "p@vn.example.org", "member"), confirmed="yes"),
        "delegation/withdraw": {"number": str(asked)},
    }
    for target, form in forms.items():
        late = client.post(f"{here}/{target}", data=form | {"mark": mark})
        assert late.status_code == 429, target
        assert 0 < int(late.headers["retry-after"]) <= 3600
        assert "as it may (30). Try again from" in words(late)
    assert contents(world.database) == before
