"""The API of working calendars over a real container and database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.store.engine import Database
from tests.integration.conftest import NHUNG, World, emptied
from tests.integration.serving import TestClient, application

DAY_OFF = {"kind": "closed", "first": "2026-11-26", "name": "Mourning", "why": "Decree 12"}


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path) -> World:
    return World(emptied(sqlite_of_session), tmp_path / "data")


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(application(world), base_url="http://127.0.0.1", headers=headers) as found:
        yield found


def test_all_calendars_and_the_versions(client: TestClient) -> None:
    found = client.get("/api/v1/calendars").json()
    assert [item["code"] for item in found["delegations"]][:4] == ["BN", "KH", "ID", "LA"]
    assert len(found["delegations"]) == 19
    versions = client.get("/api/v1/versions").json()
    assert found["versions"] == versions
    assert versions["outdated"] == []
    assert "standard" in versions["timelines"]


def test_the_days_of_a_period(client: TestClient) -> None:
    asked = {"from": "2027-03-09", "to": "2027-03-10"}
    found = client.get("/api/v1/calendars/bn", params=asked).json()
    assert [item["date"] for item in found["days"]] == ["2027-03-09", "2027-03-10"]
    assert found["days"][0]["hours"] == ["07:45-12:15", "13:30-16:30"]
    assert (found["days"][1]["name"], found["days"][1]["estimated"]) == ("Eid al-Fitr", True)
    assert len(client.get("/api/v1/calendars/VN").json()["days"]) == 30, "the present month"


def test_an_override_is_previewed_entered_listed_and_withdrawn(client: TestClient, world: World) -> None:
    world.invited(timeline="standard")
    preview = client.post("/api/v1/calendars/VN/overrides", json=DAY_OFF, params={"preview": True}).json()
    assert (preview["previewed"], preview["override"]["id"]) == (True, None)
    assert client.get("/api/v1/calendars/VN/overrides").json() == []
    answer = client.post("/api/v1/calendars/VN/overrides", json=DAY_OFF)
    assert answer.status_code == 201
    done = answer.json()
    assert done["meetings"] == preview["meetings"]
    (shift,) = done["meetings"][0]["shifts"]
    assert (shift["recipient_email"], shift["was"]["date"], shift["when"]["date"]) == (
        NHUNG,
        "Thursday, 26 November 2026",
        "Wednesday, 25 November 2026",
    )
    number = done["override"]["id"]
    (listed,) = client.get("/api/v1/calendars/vn/overrides").json()
    assert listed == done["override"]
    assert (listed["by"], listed["why"]) == ("api", "Decree 12")
    path = f"/api/v1/calendars/overrides/{number}"
    assert client.delete(path, params={"preview": True}).json()["previewed"] is True
    assert client.get("/api/v1/calendars/overrides").json()[0]["withdrawn_at"] is None
    back = client.delete(path).json()
    assert back["meetings"][0]["shifts"][0]["when"]["date"] == "Thursday, 26 November 2026"
    assert back["override"]["withdrawn_by"] == "api"
    assert client.delete(path).status_code == 409
    assert client.delete("/api/v1/calendars/overrides/99").status_code == 404


def test_other_hours_name_the_weekdays_they_hold_for(client: TestClient) -> None:
    body = {
        "kind": "hours",
        "first": "2027-02-08",
        "last": "2027-03-09",
        "hours": ["08:00-12:00", "12:30-15:00"],
        "name": "Ramadan",
        "why": "Circular 3",
    }
    path = "/api/v1/calendars/ID/overrides"
    answer = client.post(path, json=body | {"days": ["thu", "mon", "tue", "wed", "mon"]})
    assert (answer.status_code, answer.json()["override"]["days"]) == (201, ["mon", "tue", "wed", "thu"])
    assert client.post(path, json=body).json()["override"]["days"] is None
    assert [item["days"] for item in client.get(path).json()] == [None, ["mon", "tue", "wed", "thu"]]
    assert client.delete("/api/v1/calendars/overrides/2").json()["override"]["days"] is None
    asked = {"from": "2027-02-11", "to": "2027-02-12"}
    days = client.get("/api/v1/calendars/ID", params=asked).json()["days"]
    assert days[0]["override"]["days"] == ["mon", "tue", "wed", "thu"]
    assert (days[1]["hours"], days[1]["override"]) == (["07:30-11:30", "13:00-16:30"], None)


@pytest.mark.parametrize(
    ("path", "changes", "field"),
    [
        ("XX", {}, "delegation"),
        ("VN", {"kind": "shut"}, "kind"),
        ("VN", {"first": "26 November"}, "first"),
        ("VN", {"last": "2026-11-25"}, "last"),
        ("VN", {"kind": "hours", "hours": ["14:00-08:00"]}, "hours[0]"),
        ("VN", {"days": ["thu"]}, "days"),
        ("VN", {"kind": "open", "days": ["thu"]}, "days"),
        ("VN", {"kind": "hours", "hours": ["08:00-14:00"], "days": ["Thursday"]}, "days[0]"),
        ("VN", {"kind": "hours", "hours": ["08:00-14:00"], "days": []}, "days"),
        ("VN", {"kind": "hours", "hours": ["08:00-14:00"], "days": "thu"}, "days"),
        ("VN", {"kind": "hours", "hours": ["08:00-14:00"], "days": ["fri"]}, "days"),
        ("VN", {"name": " "}, "name"),
        ("VN", {"nonsense": 1}, "nonsense"),
        ("VN", {"first": "2026-11-28"}, "first"),
    ],
)
def test_what_is_wrong_is_named(
    client: TestClient, path: str, changes: dict[str, object], field: str
) -> None:
    answer = client.post(f"/api/v1/calendars/{path}/overrides", json=DAY_OFF | changes)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [item["field"] for item in answer.json()["problems"]] == [field]


def test_a_period_that_is_wrong_is_named(client: TestClient) -> None:
    asked = {"from": "2027-03-10", "to": "2027-03-09"}
    answer = client.get("/api/v1/calendars/VN", params=asked)
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "last")
    answer = client.get("/api/v1/calendars/VN", params={"from": "soon"})
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "from")


def test_nobody_gets_in_without_the_token(client: TestClient) -> None:
    for method, path in (("GET", "calendars"), ("GET", "versions"), ("DELETE", "calendars/overrides/1")):
        answer = client.request(method, f"/api/v1/{path}", headers={"Authorization": ""})
        assert answer.status_code == 401
