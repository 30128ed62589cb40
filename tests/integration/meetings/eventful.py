"""An event of three sessions, of which two have their day, and what is seen of it."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.definitions.events import EventDefinition
from orchestrator.domain.definitions.files import WrittenFile
from orchestrator.errors import InvalidInput
from orchestrator.services.meetings.event_views import EventView
from tests.callers import caller
from tests.integration.conftest import PEOPLE, World

BY = caller("coordinator")
SATO = "sato@jp.example.org"
EVENT = "E-2027-02"
EVERYBODY = [*PEOPLE.values(), {"group": "PLUS3", "delegation": "JP", "name": "Sato Yui", "email": SATO}]


def session(reference: str, **fields: Any) -> dict[str, Any]:
    return {"reference": reference, "kind": "som", "timeline": "standard"} | fields


PREP = session("PREP", kind="preparatory", start="2027-02-10 14:00", groups=["SOM"], feeds="SOM")
SOM = session("SOM", start="2027-02-11 14:00", groups=["SOM", "ACCSM_FP"])
LATER = session("WS", kind="workshop", groups=["SOM", "PLUS3"])


def event(*sessions: dict[str, Any], **fields: Any) -> EventDefinition:
    whole: dict[str, Any] = {
        "event": EVENT,
        "title": {"en": "Meetings of February", "vi": "Các cuộc họp tháng 2", "short": "February"},
        "programme": "ACCSM 21",
        "host": "VN",
        "coordinator": {"name": "Trần Minh Khôi", "email": "coordinator@vn.example.org"},
        "duration": "PT2H",
        "when": {"month": "2027-02"},
        "lead": "SOM",
        "attendees": EVERYBODY,
        "sessions": sessions or [PREP, SOM, LATER],
    }
    return EventDefinition.of(whole | fields)


def create(world: World, *events: EventDefinition) -> None:
    world.events.create(WrittenFile(events=events or (event(),), alone=True), caller=BY)


def seen(world: World, name: str = EVENT) -> EventView:
    return world.event_reading.event(name)


def standing(world: World, name: str = EVENT) -> dict[str, str]:
    return {item.reference: item.status for item in seen(world, name).sessions}


def fields_of(caught: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [item.field for item in caught.value.problems]
