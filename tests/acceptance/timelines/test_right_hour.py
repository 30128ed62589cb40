"""A Senior Officials' Meeting on its own timeline: announced, confirmed, asked, chased and thanked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.delegations.working_calendar import Calendars
from tests.acceptance.conftest import Service, coming, definition, running_service, until

ZONES = {
    "VN": "Asia/Ho_Chi_Minh",
    "MM": "Asia/Yangon",
    "BN": "Asia/Brunei",
    "TL": "Asia/Dili",
    "ASEC": "Asia/Jakarta",
}
ON_TIME, LATE = "BN", "MM"
"""Who gives everything that is asked for, and who gives nothing."""
DAY_SCALE = ("save-the-date", "invitation", "update", "notice", "chaser", "connection-test", "reminder")
SECRETARIAT = "desk@asean.example.org"


def person(code: str, group: str) -> dict[str, str]:
    role = {"ACCSM_FP": "focal", "SOM": "head", "ASEC": "desk"}[group]
    address = SECRETARIAT if code == "ASEC" else f"{role}@{code.lower()}.example.org"
    return {"group": group, "delegation": code, "name": f"{role.capitalize()} of {code}", "email": address}


PEOPLE = [
    *(person(code, group) for code in ZONES if code != "ASEC" for group in ("ACCSM_FP", "SOM")),
    person("ASEC", "ASEC"),
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("hours")) as found:
        yield found


def sent(service: Service) -> list[dict[str, Any]]:
    return [item for item in service.api("GET", "/meetings/HOUR/deliveries") if item["state"] == "sent"]


def test_a_senior_officials_meeting_takes_its_course(service: Service) -> None:
    start = coming(service, 70)
    service.api("POST", "/meetings", 201, json=definition("HOUR", start, timeline=None, attendees=PEOPLE))
    shown = service.cli("meeting", "publish", "HOUR", "--preview")
    assert "9 × Save-the-date" in shown
    service.cli("meeting", "publish", "HOUR", "--yes")
    assert service.mails("HOUR") == [], "70 days ahead nothing is due yet"

    service.cli("sandbox", "advance", "--by", "P27D")
    assert Counter(item["purpose"] for item in sent(service)) == {"save-the-date": 9}
    assert service.api("GET", "/meetings/HOUR")["tentative"]

    service.cli("sandbox", "advance", "--by", "P16D")
    assert not service.api("GET", "/meetings/HOUR")["tentative"], "it is confirmed by itself"
    told = Counter((item["recipient"], item["purpose"]) for item in sent(service))
    assert {told[item["email"], "update"] for item in PEOPLE} == {1}, (
        "the invitation follows the save-the-date"
    )
    assert told["focal@mm.example.org", "notice"] >= 1, "the delegation list is asked for"

    for group in ("focal", "head"):
        address = f"{group}@{ON_TIME.lower()}.example.org"
        service.api("PUT", f"/meetings/HOUR/attendees/{address}/answer", json={"participation": "ACCEPTED"})
    for need in ("list", "paper", "test"):
        service.api("PUT", f"/meetings/HOUR/readiness/{ON_TIME}/{need}", json={"state": "in"})

    service.cli("sandbox", "advance", "--by", "P28D")
    until(lambda: service.api("GET", "/meetings/HOUR")["status"] == "concluded", "the end of the meeting")
    service.cli("sandbox", "advance", "--by", "P7D")
    assert_chased(sent(service))
    assert_hours(sent(service), start)
    assert service.api("GET", "/actions?state=failed") == []
    # Moving the clock by weeks jumps over mornings, and what was due on one of them is not sent late.
    missed = service.api("GET", "/actions?state=missed")
    assert {item["kind"] for item in missed} <= {"digest"}
    deliveries = service.api("GET", "/meetings/HOUR/deliveries")
    assert len({(item["action_id"], item["recipient"]) for item in deliveries}) == len(deliveries)
    thanked = {mail.recipient for mail in service.mails("HOUR") if mail.subject.startswith("Thank you")}
    assert "head@bn.example.org" in thanked


def assert_chased(deliveries: list[dict[str, Any]]) -> None:
    """Who gives nothing is chased up the ladder, and who has given everything not at all."""
    chasers = Counter(item["recipient"] for item in deliveries if item["purpose"] == "chaser")
    assert chasers["focal@bn.example.org"] == 0
    assert chasers["head@bn.example.org"] == 0
    assert chasers["focal@mm.example.org"] >= 8, "three for the answer and the list, two for the paper, ..."
    assert chasers["head@mm.example.org"] >= 2, "the third rung goes to the head of delegation"
    assert chasers[SECRETARIAT] >= 2, "and to the Secretariat"


def assert_hours(deliveries: list[dict[str, Any]], start: datetime) -> None:
    """What is counted in days left between 09:00 and 16:00 on a working day of its recipient."""
    calendars = Calendars(Container(Settings()).directory)
    begins = start.replace(tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    looked_at = 0
    for item in deliveries:
        left = datetime.fromisoformat(item["started_at"])
        if (
            item["purpose"] not in DAY_SCALE
            or item["delegation"] is None
            or abs((begins - left).total_seconds()) < 4 * 3600
        ):
            continue
        local = left.astimezone(ZoneInfo(ZONES[item["delegation"]]))
        assert time(9) <= local.time() <= time(16, 5), (item["purpose"], item["recipient"], local)
        assert calendars.of(item["delegation"]).day(local.date()).working, (item["purpose"], local)
        looked_at += 1
    assert looked_at >= 60


def test_the_third_rung_names_the_delegations_to_the_secretariat(service: Service) -> None:
    chasers = [
        mail for mail in service.mails("HOUR") if mail.recipient == SECRETARIAT and "Myanmar" in mail.text
    ]
    assert chasers
    assert all(
        "Brunei Darussalam" not in mail.text
        for mail in chasers
        if "waited" in mail.subject or "Reminder" in mail.subject
    )


def test_a_reminder_holds_the_readers_own_link_and_name(service: Service) -> None:
    reminder = next(mail for mail in service.mails("HOUR") if mail.subject.startswith("Nhắc lịch họp:"))
    assert "/join" in reminder.text
    assert "VIET NAM – " in reminder.text
    assert "(UTC+07:00)" in reminder.text
    assert "This is a reminder" in reminder.text, "English is in every mail"
