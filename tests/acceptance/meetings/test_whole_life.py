"""A meeting from "created once" to "minutes distributed", judged by the mails that arrived."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.delegations.working_calendar import Calendars
from tests.acceptance.conftest import (
    PEOPLE,
    ZONES,
    Mail,
    Service,
    coming,
    definition,
    running_service,
    until,
)

pytestmark = pytest.mark.both_databases

DECLINER = "tan@sg.example.org"
REMINDERS = ("Reminder:", "Nhắc lịch họp:", "Starts today", "Họp hôm nay")
"""Reminders speak the recipient's language first."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def any_service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service on each database."""
    settings: dict[str, str] = {}
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("new_postgres_database_of_module")
        settings["database_url"] = make()
    with running_service(tmp_path_factory.mktemp(request.param), **settings) as found:
        yield found


def test_a_meeting_created_once_runs_by_itself(any_service: Service, tmp_path: Path) -> None:
    service = any_service
    start = coming(service, 21)
    file = tmp_path / "meeting.yaml"
    file.write_text(yaml.safe_dump(definition("LIFE", start), allow_unicode=True))

    service.cli("meeting", "create", str(file))
    assert service.mails() == [], "nothing leaves before publish"
    shown = service.cli("meeting", "publish", "LIFE", "--preview")
    assert "5 × Invitation" in shown
    assert service.mails() == [], "a preview sends nothing"
    service.cli("meeting", "publish", "LIFE")

    invitations = until(lambda: len(service.mails("LIFE")) >= len(PEOPLE) and service.mails("LIFE"), "mails")
    link = service.api("GET", "/meetings/LIFE")["join_url"]
    assert {mail.recipient for mail in invitations} == {email for _, _, email in PEOPLE.values()}
    for mail in invitations:
        assert re.fullmatch(r"(Invitation|Thư mời): .*, \d\d:\d\d .* – (Meeting|Hội nghị) LIFE", mail.subject)
        assert re.search(r"\nhttps?://\S+/join\n", mail.text), "the own link stands on a line of its own"
        assert mail.calendar is not None
        assert "METHOD:REQUEST" in mail.calendar
        assert f"LOCATION:{link}" in mail.calendar
        assert f"mailto:{mail.recipient}" in mail.calendar

    service.api("PUT", f"/meetings/LIFE/attendees/{DECLINER}/answer", json={"participation": "DECLINED"})
    service.cli("sandbox", "advance", "--by", "P22D")
    assert service.api("GET", "/meetings/LIFE")["status"] == "concluded"
    answer = service.api(
        "POST", "/meetings/LIFE/minutes", 201, files={"file": ("Minutes.md", b"# Minutes\n\nAdopted.\n")}
    )
    assert sum(item["kind"] == "minutes" for item in answer["consequences"]) == len(PEOPLE)
    until(lambda: sum("Minutes:" in mail.subject for mail in service.mails("LIFE")) == len(PEOPLE), "minutes")

    mails = service.mails("LIFE")
    kinds = Counter((mail.recipient, mail.subject.partition(":")[0]) for mail in mails)
    for code, (_, _, email) in PEOPLE.items():
        assert kinds[email, "Invitation"] + kinds[email, "Thư mời"] == 1
        assert kinds[email, "Minutes"] == 1
        assert_reminders(code, [mail for mail in mails if mail.recipient == email], start)
    to_attendees = [mail for mail in mails if mail.recipient != "coordinator@vn.example.org"]
    assert len(to_attendees) == 5 + 4 * 3 + 5
    minutes = next(mail for mail in mails if mail.subject.startswith("Minutes"))
    attached = next(iter(minutes.message.iter_attachments()))
    assert attached.get_filename() == "Minutes.md"
    deliveries = service.api("GET", "/meetings/LIFE/deliveries")
    assert {item["state"] for item in deliveries} == {"sent"}
    assert not any(item["repeated"] for item in deliveries)


def assert_reminders(code: str, mails: list[Mail], start: datetime) -> None:
    """Each reminder once, at the right minute where its recipient is; none for who declined.

    The day the tests run decides which working days there are, so the calendars say where reminders land;
    that they land where the rules allow is proved at fixed dates elsewhere.
    """
    there, home = ZoneInfo(ZONES[code]), ZoneInfo("Asia/Ho_Chi_Minh")
    reminders = [mail.received_at for mail in mails if mail.subject.startswith(REMINDERS)]
    if PEOPLE[code][2] == DECLINER:
        assert reminders == []
        return
    begins = start.replace(tzinfo=home)
    local_day = begins.astimezone(there).date()
    calendar = Calendars(Container(Settings()).directory).of(code)
    wanted = [
        *(calendar.land(local_day - timedelta(days=days), time(9), forward=False).instant for days in (7, 1)),
        begins - timedelta(hours=1),
    ]
    minutes = [moment.astimezone(there).replace(second=0) for moment in sorted(reminders)]
    assert minutes == [moment.astimezone(there) for moment in wanted]


def test_what_graph_was_asked_conforms_to_its_schema(any_service: Service) -> None:
    schema = json.loads(
        (Path(__file__).parents[3] / "integrations" / "sandbox" / "graph.schema.json").read_text()
    )
    registry: Registry = Registry().with_resource(schema["$id"], Resource.from_contents(schema))
    asked = [item for item in any_service.sandbox("GET", "requests") if item["body"]]
    assert asked, "Graph was asked for a link"
    for item in asked:
        name = "createOrGet" if item["path"].endswith("createOrGet") else "patch"
        reference = {"$ref": f"{schema['$id']}#/$defs/req.onlineMeeting.{name}"}
        Draft202012Validator(reference, registry=registry).validate(item["body"])


def test_a_moved_meeting_asks_again_and_a_cancelled_one_says_so(any_service: Service) -> None:
    service = any_service
    start = coming(service, 30)
    service.api("POST", "/meetings", 201, json=definition("MOVE", start))
    service.api("POST", "/meetings/MOVE/publish")
    until(lambda: len(service.mails("MOVE")) == 5, "invitations")
    before = service.api("GET", "/meetings/MOVE")
    online = {item["id"] for item in service.sandbox("GET", "meetings")}
    service.api("PUT", f"/meetings/MOVE/attendees/{DECLINER}/answer", json={"participation": "DECLINED"})

    later = start + timedelta(days=7, hours=1)
    change = {"version": before["version"], "start": f"{later:%Y-%m-%d %H:%M}", "reason": "Ill"}
    service.api("PATCH", "/meetings/MOVE", json=change)
    service.api("PATCH", "/meetings/MOVE", 409, json=change)
    mails = until(lambda: len(service.mails("MOVE")) == 10 and service.mails("MOVE"), "updates")
    updates = mails[5:]
    assert {mail.recipient for mail in updates} == {email for _, _, email in PEOPLE.values()}
    for mail in updates:
        assert re.fullmatch(r"(New time|Giờ họp mới): .* – (Meeting|Hội nghị) MOVE \(.*\)", mail.subject)
        assert "\nNow: " in mail.text and "\nWas: " in mail.text
        assert mail.calendar is not None
        assert f"UID:{before['uid']}" in mail.calendar
        assert "SEQUENCE:1" in mail.calendar
        assert "PARTSTAT=NEEDS-ACTION" in mail.calendar
        first = next(each for each in mails if each.recipient == mail.recipient)
        assert mail.message["References"] == first.message["Message-ID"]
    after = service.api("GET", "/meetings/MOVE")
    assert after["join_url"] == before["join_url"]
    assert after["answers"] == {"no answer": 5}, "a new time asks everybody again"
    moved = until(lambda: _moved(service, online, later), "the Teams meeting to move")
    assert moved["subject"] == "Meeting MOVE"
    old_reminder = start - timedelta(days=7)
    plan = service.api("GET", "/meetings/MOVE/plan")
    due = {item["due_at"] for item in plan if item["kind"] == "remind" and item["state"] == "scheduled"}
    assert len([item for item in plan if item["kind"] == "remind" and item["state"] == "scheduled"]) == 15
    assert not any(moment.startswith(f"{old_reminder:%Y-%m-%d}") for moment in due)

    service.api("POST", "/meetings/MOVE/cancel", json={"reason": "The chair is ill"})
    mails = until(lambda: len(service.mails("MOVE")) == 15 and service.mails("MOVE"), "cancellations")
    for mail in mails[10:]:
        assert re.fullmatch(r"(Cancelled|Hủy họp): .* – (Meeting|Hội nghị) MOVE", mail.subject)
        assert mail.calendar is not None
        assert "METHOD:CANCEL" in mail.calendar
        assert "STATUS:CANCELLED" in mail.calendar
        assert "SEQUENCE:2" in mail.calendar
        assert "TRANSP:TRANSPARENT" in mail.calendar
        assert "://" not in mail.calendar, "the link is taken down"
        # The service's own mailbox as organizer and chair, and the recipient; nobody else.
        assert mail.calendar.count("ATTENDEE") == 2
        assert mail.calendar.count("ROLE=CHAIR") == 1
    until(lambda: {item["id"] for item in service.sandbox("GET", "meetings")} < online, "the removal")
    service.cli("sandbox", "advance", "--by", "P40D")
    assert len(service.mails("MOVE")) == 15, "nothing goes out after a cancellation"


def _moved(service: Service, online: set[str], later: datetime) -> dict[str, str] | None:
    """The Teams meeting of before, once it is at the new time; never a new one."""
    present = service.sandbox("GET", "meetings")
    assert {item["id"] for item in present} == online, "moved, never made again"
    begins = later.replace(tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).astimezone(UTC)
    wanted = f"{begins:%Y-%m-%dT%H:%M}"
    return next((item for item in present if item["startDateTime"].startswith(wanted)), None)
