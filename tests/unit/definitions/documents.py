"""Definitions with and without faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.definitions.checking import check
from orchestrator.domain.definitions.files import read_definitions, read_yaml
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.errors import InvalidInput, Problem

CONFIG = Path(__file__).parents[3] / "config"
DIRECTORY = Directory.of(read_yaml((CONFIG / "delegations.yaml").read_text("utf-8")))
TIMELINES = {"standard": Timeline.of(read_yaml((CONFIG / "timelines" / "standard.yaml").read_text("utf-8")))}


def person(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "group": "SOM",
        "delegation": "VN",
        "name": f"Person {number}",
        "email": f"person{number}@vn.example.org",
    } | fields


def document(**fields: Any) -> dict[str, Any]:
    """A meeting without fault; ``None`` takes a field out."""
    whole: dict[str, Any] = {
        "reference": "SOM-2026",
        "kind": "som",
        "title": {"en": "Senior Officials Meeting", "vi": "Hội nghị quan chức cấp cao"},
        "host": "VN",
        "coordinator": {"name": "Trần Minh Khôi", "email": "coordinator@vn.example.org"},
        "start": "2026-12-03 14:00",
        "zone": "Asia/Ho_Chi_Minh",
        "duration": "PT2H30M",
        "attendees": [person()],
    }
    return {key: value for key, value in (whole | fields).items() if value is not None}


def text(**fields: Any) -> str:
    return json.dumps(document(**fields))


def refused(source: str) -> list[Problem]:
    with pytest.raises(InvalidInput) as caught:
        read_definitions(source)
    assert all(item.field and item.message and item.remedy for item in caught.value.problems)
    return list(caught.value.problems)


def checked(**fields: Any) -> list[Problem]:
    (definition,) = read_definitions(text(**fields))
    found = check(definition, DIRECTORY, TIMELINES)
    assert all(item.field and item.message and item.remedy for item in found)
    return found
