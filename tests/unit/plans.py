"""Builders of meetings, their plans and stored actions, for the tests of planning and reconciling."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.lifecycle import cancel, conclude, publish
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus
from orchestrator.domain.timelines.actions import ActionState, StoredAction
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.planning import plan
from orchestrator.domain.timelines.reconciling import Reconciliation, reconcile
from orchestrator.domain.timelines.timeline import Timeline

K, S = ActionKind, ActionState
ORGANIZER = "meetings@accsm.example"
NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)  # 14:00 in Ha Noi.
ENDS = STARTS + timedelta(hours=3)
ZONES = {
    "VN": "Asia/Ho_Chi_Minh",
    "MM": "Asia/Yangon",
    "TL": "Asia/Dili",
    "AU": "Australia/Sydney",
    "NZ": "Pacific/Auckland",
    "CA": "America/Toronto",
}
EVERY_DAY = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "opens": "09:00", "closes": "17:00"}
DIRECTORY = Directory.of(
    {
        "delegations": [
            {
                "code": code,
                "kind": "member",
                "order": order,
                "name": code,
                "zone": name,
                "city": code,
                "hours": [EVERY_DAY],
            }
            for order, (code, name) in enumerate(ZONES.items(), 1)
        ],
        "groups": [],
    }
)
CALENDARS = Calendars(DIRECTORY)
"""Everybody works every day from nine to five, so that nothing is put off; ``test_landing`` has real ones."""
TIMELINE = Timeline.of(
    {
        "name": "standard",
        "title": "Online meeting",
        "steps": [
            {"do": "conference", "at": "immediately", "alert_after": "PT30M"},
            {"do": "invite", "at": "immediately"},
            {"do": "remind", "id": "P7D", "at": "-P7D at 09:00 local", "grace": "PT7H"},
            {"do": "remind", "id": "PT1H", "at": "-PT1H", "grace": "PT90M"},
            {"do": "conclude", "at": "+PT0S"},
            {"do": "minutes", "at": "immediately", "grace": "P7D"},
        ],
    }
)
LINK = Conference("external-1", "provider-1", "https://meet.example.org/1", attempted=True)
NO_LINK = Conference("external-1")


def person(number: int, delegation: str = "VN", **fields: Any) -> Attendee:
    whole: dict[str, Any] = {
        "name": f"Person {number}",
        "email": f"person{number}@example.org",
        "delegation": delegation,
        "group": "SOM",
        "role": Role.SENIOR_OFFICIAL,
        "id": number,
    }
    return Attendee(**(whole | fields))


def draft(**fields: Any) -> Meeting:
    whole: dict[str, Any] = {
        "id": 1,
        "reference": "SOM-2026",
        "programme": None,
        "kind": "som",
        "title_en": "SOM",
        "title_vi": None,
        "host": "VN",
        "coordinator_name": "K",
        "coordinator_email": "k@vn.example.org",
        "wall_start": datetime(2026, 12, 3, 14),
        "zone": "Asia/Ho_Chi_Minh",
        "duration": timedelta(hours=3),
        "timeline": "standard",
        "conference": NO_LINK,
        "attendees": (person(1), person(2, "MM")),
    }
    return Meeting(**(whole | fields))


def published(**fields: Any) -> Meeting:
    return replace(publish(draft(), "uid-1", NOW, organizer=ORGANIZER), **fields)


def removed(number: int, sequence: int, **fields: Any) -> Attendee:
    """Somebody who was removed after having been invited."""
    whole: dict[str, Any] = {"removed_sequence": sequence, "removed_at": NOW, "notified": True}
    return person(number, **(whole | fields))


def planned(meeting: Meeting) -> dict[str, Obligation]:
    wanted = plan(meeting, TIMELINE, CALENDARS)
    assert len({item.key for item in wanted}) == len(wanted)
    return {item.key: item for item in wanted}


def keys(found: Iterable[Any]) -> list[str]:
    return [item.key for item in found]


def stored(wanted: Obligation, state: ActionState, number: int = 1, **fields: Any) -> StoredAction:
    whole: dict[str, Any] = {
        "id": number,
        "key": wanted.key,
        "obligation": wanted.key,
        "kind": wanted.kind,
        "attendee_id": wanted.attendee_id,
        "revision": wanted.revision,
        "state": state,
        "planned_at": wanted.due,
        "expires": wanted.expires,
    }
    return StoredAction(**(whole | fields))


def reconciled(meeting: Meeting, *rows: StoredAction, only: str, now: datetime = NOW) -> Reconciliation:
    """What is to be done about the one obligation ``only``."""
    wanted = [item for item in plan(meeting, TIMELINE, CALENDARS) if item.key == only]
    return reconcile(meeting, wanted, rows, now)


MEETINGS = {
    MeetingStatus.DRAFT: draft(),
    MeetingStatus.PUBLISHED: published(),
    MeetingStatus.CANCELLED: cancel(published(), NOW),
    MeetingStatus.CONCLUDED: conclude(published(), ENDS),
}
