"""Ladders of chasers, and what was told."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Contribution,
    ContributionState,
    Meeting,
    Need,
    Participation,
)
from orchestrator.domain.timelines.actions import ActionState, StoredAction
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.timeline import Timeline
from tests.saying import said
from tests.unit.real import (
    meeting_of,
    person,
    planned,
    utc,
)

FRIDAY = datetime(2026, 12, 11, 14)
"""The SOM of most tests, in Ha Noi."""
HEAD, POINT, ASEC = Role.SENIOR_OFFICIAL, Role.FOCAL_POINT, Role.SECRETARIAT
ACCEPTED, DECLINED = Participation.ACCEPTED, Participation.DECLINED
LIST = "chase:delegation-list"
VN_HEAD, VN_POINT = person("VN", HEAD, 1), person("VN", POINT, 2)
LA_HEAD, LA_POINT = person("LA", HEAD, 3), person("LA", POINT, 4)
SECRETARY = person("ASEC", ASEC, 5)
SMALL = (VN_HEAD, VN_POINT, LA_HEAD, LA_POINT, SECRETARY)


def small(*people: Attendee, **fields: Any) -> Meeting:
    return meeting_of(FRIDAY, attendees=people or SMALL, **fields)


def came(*needs: tuple[str, Need], state: ContributionState = ContributionState.IN) -> dict[str, Any]:
    found = (Contribution(code, need, state, "somebody", utc(2026, 11, 1)) for code, need in needs)
    return {"contributions": tuple(found)}


def told(meeting: Meeting, prefix: str, timeline: Timeline | None = None) -> dict[str, set[int]]:
    """Who gets the steps that begin so, by step; 0 is the coordinator."""
    found: dict[str, set[int]] = {}
    for item in planned(meeting, timeline).values():
        if item.step.startswith(prefix) and not said(item.left_out):
            found.setdefault(item.step, set()).add(item.attendee_id or 0)
    return found


def timeline_of(*steps: dict[str, Any]) -> Timeline:
    return Timeline.of({"name": "own", "title": "Own", "steps": list(steps)})


def chase(**fields: Any) -> dict[str, Any]:
    return {"do": "chase", "id": "x", "when": "list missing", "at": ["-10WD", "-7WD", "-5WD"]} | fields


def stored(wanted: Iterable[Obligation], state: ActionState = ActionState.SCHEDULED) -> list[StoredAction]:
    return [
        StoredAction(
            number,
            item.key,
            item.key,
            item.kind,
            item.attendee_id,
            item.revision,
            state,
            item.due,
            item.expires,
            note=item.note,
        )
        for number, item in enumerate(wanted, 1)
        if not said(item.left_out)
    ]
