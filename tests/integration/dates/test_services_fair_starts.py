"""Finding slots with real meetings behind it, on each database; then through the command line and the API."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from config.settings import Settings
from orchestrator import terminal
from orchestrator.bootstrap import Container
from orchestrator.commands.dates import fair_starts as command
from orchestrator.domain.dates.costs import PastMeeting
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import InvalidInput, NotFound
from orchestrator.services.dates.fair_starts import HISTORY, FairStartQuery, FairStartsView
from orchestrator.store.dates import past_meetings
from tests.callers import caller
from tests.integration.conftest import ENDS, NOW, STARTS, TAN, ManualClock, World
from tests.integration.serving import TestClient, application

MEMBERS = ["BN", "KH", "ID", "LA", "MY", "MM", "PH", "SG", "TH", "TL", "VN"]
JANUARY = {"from": "2027-01-11", "to": "2027-01-29", "host": "VN", "duration": "PT2H"}


def query(**given: Any) -> FairStartQuery:
    return FairStartQuery.of({name.rstrip("_"): value for name, value in given.items()})


def codes(view: FairStartsView) -> list[str]:
    return [item.code for item in view.findings.shares]


def problem_of(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as caught:
        call()
    (found,) = caught.value.problems
    return found.field, found.message


# --- whom it is about


def test_the_members_of_the_date_are_asked_for_when_nobody_is_named(world: World) -> None:
    found = world.fair_starts.find(query(**JANUARY))
    assert codes(found) == MEMBERS
    assert found.findings.fair_starts[0].host_time.city == "Ha Noi"
    world.clock.at = NOW - timedelta(days=400)  # Before Timor-Leste joined.
    before = world.fair_starts.find(query(**JANUARY | {"from": "2025-10-06", "to": "2025-10-10"}))
    assert codes(before) == [code for code in MEMBERS if code != "TL"]


def test_a_meeting_gives_delegations_duration_and_host(world: World) -> None:
    world.create()
    found = world.fair_starts.find(query(meeting="SOM-2026")).findings
    assert [item.code for item in found.shares] == ["MM", "SG", "VN"]
    assert (found.host, found.duration) == ("VN", "PT2H30M")
    assert (str(found.first), str(found.last)) == ("2026-11-01", "2026-12-26")
    other = world.fair_starts.find(query(meeting="SOM-2026", for_="vn,ca", host="CA", duration="PT1H"))
    assert codes(other) == ["VN", "CA"]
    assert (other.findings.host, other.findings.duration) == ("CA", "PT1H")


def test_circles_can_be_named_beside_codes(world: World) -> None:
    found = world.fair_starts.find(query(**JANUARY, for_=["plus-three", "secretariat,vn", "VN"]))
    assert codes(found) == ["VN", "ASEC", "CN", "JP", "KR"]


def test_what_is_missing_or_wrong_is_named(world: World) -> None:
    def asking(**given: Any) -> tuple[str, str]:
        return problem_of(lambda: world.fair_starts.find(query(**given)))

    assert asking(duration="PT2H") == ("host", "is missing")
    assert asking(host="VN") == ("duration", "is missing")
    assert asking(host="XX", duration="PT2H") == ("host", "is not a delegation")
    assert asking(**JANUARY, for_="XX") == ("for", "is not a delegation")
    assert asking(**JANUARY | {"to": "2027-01-10"}) == ("to", "lies before 2027-01-11")
    assert asking(**JANUARY, top=0)[0] == "top"
    assert asking(**JANUARY, earliest="9") == ("earliest", "is not a time of day such as 09:00")
    assert asking(**JANUARY | {"from": "11.1.2027"}) == ("from", "is not a date such as 2027-03-01")
    assert asking(**JANUARY, for_=" ,") == asking(**JANUARY, for_=[""]) == ("for", "is empty")
    assert asking(**JANUARY, hard="") == ("hard", "is empty")
    assert asking(**JANUARY, meeting="")[0] == "meeting"
    assert asking(**JANUARY | {"duration": "PT0M"}) == ("duration", "is no length of a meeting")
    world.create()
    assert asking(meeting="SOM-2026", duration="PT0M") == ("duration", "is no length of a meeting")
    assert asking(**JANUARY, nonsense="1") == ("nonsense", "is not a known field")
    with pytest.raises(NotFound):
        world.fair_starts.find(query(meeting="NONE"))
    with pytest.raises(NotFound):
        world.fair_starts.find(query(meeting="9" * 30))


def test_why_not_is_answered_for_a_date_outside_the_window(world: World) -> None:
    found = world.fair_starts.find(query(**JANUARY, for_="VN,SG", why_not="2027-02-06"))  # A Saturday.
    assert found.why_not is not None
    assert [item.code for item in found.why_not.against] == ["SG", "VN"]
    assert all(item.weekend for item in found.why_not.against)


# --- what was borne so far


def held(world: World) -> list[PastMeeting]:
    with world.database.reading() as session:
        return past_meetings.held(session, world.clock.now() - HISTORY, world.clock.now())


@pytest.mark.both_databases
def test_concluded_meetings_of_the_last_two_years_are_a_burden(world: World) -> None:
    world.concluded()
    assert held(world) == [PastMeeting(STARTS, ENDS, ("MM", "SG", "VN"), "Asia/Ho_Chi_Minh")]
    world.clock.at = STARTS + HISTORY + timedelta(days=1)
    assert held(world) == []


def test_only_what_took_place_counts_and_only_who_took_part(world: World) -> None:
    world.invited()
    world.answers.answer("SOM-2026", TAN, Participation.DECLINED, caller=caller("coordinator"))
    world.clock.at = ENDS + timedelta(hours=1)
    assert held(world) == []  # Not concluded yet.
    world.run()
    assert held(world) == [PastMeeting(STARTS, ENDS, ("MM", "VN"), "Asia/Ho_Chi_Minh")]


def test_a_burden_makes_a_delegation_count_more(world: World) -> None:
    # 20:00 in Ha Noi is 19:30 in Nay Pyi Taw and 21:00 in Singapore, and costs all three.
    world.invited(start="2026-12-03 20:00")
    world.clock.at = ENDS + timedelta(days=1)
    world.run()
    shares = {
        item.code: item
        for item in world.fair_starts.find(query(**JANUARY, for_="VN,MM,SG,JP")).findings.shares
    }
    # Viet Nam: 17:00 closed, so its fourth, fifth and half of its sixth hour; that is night from 22:00 on.
    assert shares["VN"].burden == 60 * 8 + 60 * 10 + 30 * 20
    assert (shares["JP"].burden, shares["JP"].weight) == (0, 1.0)
    assert shares["MM"].weight == 1 + max(shares["MM"].burden - _typical(shares), 0) / 480


def _typical(shares: dict[str, Any]) -> int:
    return sorted(item.burden for item in shares.values())[1]


# --- the command line


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Container]:
    found = Container(Settings(data_dir=tmp_path))
    found.clock = ManualClock(NOW)
    yield found
    found.database.dispose()


Run = Callable[..., Result]


@pytest.fixture
def run(ready: Container, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: ready)

    def ran(*arguments: str, width: int = 100) -> Result:
        monkeypatch.setattr(terminal, "out", Console(width=width, highlight=False, markup=False, emoji=False))
        return CliRunner().invoke(command.fair_starts, arguments, catch_exceptions=False)

    return ran


WINDOW = {"host": "VN", "duration": "PT2H", "from": "2027-01-11", "to": "2027-01-17"}
WEEK = [word for name, value in WINDOW.items() for word in (f"--{name}", value)]


def test_the_command_shows_the_best_start_and_what_it_costs_whom(run: Run) -> None:
    text = run(*WEEK, "--for", "members,CA", "--hard", "hours", "--top", "3").output
    lines = text.splitlines()
    assert lines[0].endswith("Ha Noi (UTC+07:00)")
    assert "No start in this window keeps every hard constraint" in text
    assert "Canada shares no office hours in this window with anybody else." in text
    rows = [line.split()[0] for line in lines if " +0" in line or " -0" in line]
    assert rows == [*MEMBERS, "CA"]
    canada = next(line for line in lines if line.startswith("CA "))
    assert "Canada" in canada and "! " in canada
    assert [line.split()[0] for line in lines[lines.index("Next") + 2 :]] == ["2", "3"]


@pytest.mark.parametrize("width", [80, 100])
def test_the_table_fits_the_terminal(run: Run, width: int) -> None:
    text = run(*WEEK, "--for", "members,partners,secretariat", "--hard", "hours", width=width).output
    assert max(map(len, text.splitlines())) <= width
    # Each delegation keeps code, name and whole time on one line.
    assert any(line.startswith("ASEC ASEAN Secretariat ") and "–" in line for line in text.splitlines())


def test_the_command_answers_why_not(run: Run) -> None:
    text = run(*WEEK, "--for", "VN", "--why-not", "2027-01-23").output
    assert "Why not Saturday, 23 January 2027?" in text
    assert "weekend day (Saturday) (hard)" in text


def test_the_command_prints_json(run: Run) -> None:
    found = json.loads(run(*WEEK, "--for", "VN,SG", "--json").output)
    assert found["why_not"] is None
    best = found["findings"]["fair_starts"][0]
    assert [item["code"] for item in best["standings"]] == ["SG", "VN"]
    assert best["starts_at"].endswith("+00:00") and best["standings"][1]["ease"] in ("easy", "strained")


def test_the_command_names_what_is_wrong(run: Run) -> None:
    assert problem_of(lambda: run(*WEEK, "--for", "XX")) == ("for", "is not a delegation")
    assert problem_of(lambda: run(*WEEK, "--top", "many"))[0] == "top"
    assert problem_of(lambda: run(*WEEK, "--hard", "JP:hours"))[0] == "hard"


def test_the_example_in_the_documentation_is_what_the_command_prints(run: Run) -> None:
    page = (Path(__file__).parents[3] / "docs" / "fair-starts.md").read_text("utf-8")
    (block,) = re.findall(
        r"^```console\n\$ orchestrator fair-starts (.*)\n((?s:.*?))^```$", page, re.MULTILINE
    )
    printed = run(*shlex.split(block[0]), width=100).output
    assert [line.rstrip() for line in printed.splitlines()] == block[1].splitlines()


# --- the API


@pytest.fixture
def client(ready: Container) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {ready.api_token}"}
    with TestClient(application(ready), base_url="http://127.0.0.1", headers=headers) as found:
        yield found


def test_the_api_answers_like_the_command(client: TestClient, run: Run) -> None:
    answer = client.get("/api/v1/fair-starts", params=WINDOW | {"for": "VN,CA", "top": "2"})
    assert answer.status_code == 200, answer.text
    said = json.loads(run(*WEEK, "--for", "VN,CA", "--top", "2", "--json").output)
    slots = answer.json()["findings"]["fair_starts"]
    assert [item["host_time"] for item in slots] == [
        item["host_time"] for item in said["findings"]["fair_starts"]
    ]
    assert _standings(slots) == _standings(said["findings"]["fair_starts"])


def _standings(slots: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The standings of each start, without the keys and facts that stand beside what is said."""
    return [
        [
            {name: value for name, value in standing.items() if not name.endswith(("_key", "_fact"))}
            for standing in item["standings"]
        ]
        for item in slots
    ]


def test_the_api_takes_repeated_parameters(client: TestClient) -> None:
    given = WINDOW | {"for": ["VN", "JP,KR"], "hard": ["hours"], "soft": ["JP:hours", "KR:hours"]}
    found = client.get("/api/v1/fair-starts", params=given).json()["findings"]
    assert [item["code"] for item in found["shares"]] == ["VN", "JP", "KR"]
    assert found["suitable"] > 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to": "2020-01-01"}, "to"),
        ({"for": "XX"}, "for"),
        ({"duration": "two hours"}, "duration"),
        ({"step": "PT7M"}, "step"),
        ({"hard": "nights"}, "hard"),
        ({"latest": "25:00"}, "latest"),
        ({"top": "1000"}, "top"),
        ({"nonsense": "1"}, "nonsense"),
        ({"why_not": "9999-12-31"}, "why_not"),
        ({"why_not": "0001-01-01"}, "why_not"),
        ({"from": "2100-12-31", "to": "9999-12-31"}, "to"),
    ],
)
def test_bad_input_is_a_problem_document(client: TestClient, wrong: dict[str, str], field: str) -> None:
    answer = client.get("/api/v1/fair-starts", params=WINDOW | wrong)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], [item["field"] for item in body["problems"]]) == ("invalid-input", [field])


def test_the_api_needs_the_token_and_a_meeting_that_exists(client: TestClient) -> None:
    assert client.get("/api/v1/fair-starts", headers={"Authorization": ""}).status_code == 401
    assert client.get("/api/v1/fair-starts", params={"meeting": "NONE"}).status_code == 404
