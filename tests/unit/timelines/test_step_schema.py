"""The published description of a step says what a step may say, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from config import DATA
from orchestrator.domain.timelines.kinds import STEP_RULES, ActionKind
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.errors import ConfigurationError
from orchestrator.web.api.timelines.step_schema import STEP_SCHEMA

SHIPPED = sorted((DATA / "timelines").glob("*.yaml"))
LEAST: dict[ActionKind, dict[str, Any]] = {
    ActionKind.INVITE: {"at": "immediately"},
    ActionKind.REMIND: {"at": "-P7D"},
    ActionKind.NOTICE: {"at": "-5WD at 10:00 local", "about": "papers", "to": "members"},
    ActionKind.CHASE: {"at": ["-15WD", "-10WD"], "when": "list missing"},
    ActionKind.CONNECTION_TEST: {"at": "-3WD", "day": "-1WD", "slot": "PT15M"},
    ActionKind.MINUTES: {"at": "immediately"},
    ActionKind.CONFERENCE: {"at": "immediately"},
    ActionKind.CONFIRM: {"at": "-P29D"},
    ActionKind.CONCLUDE: {"at": "+PT0S"},
}


def fits(step: dict[str, Any]) -> bool:
    return bool(Draft202012Validator(STEP_SCHEMA).is_valid(step))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_what_ships_is_as_described_as_it_is_written_and_as_it_is_shown(file: Path) -> None:
    written = yaml.safe_load(file.read_text("utf-8"))
    for step in (*written["steps"], *Timeline.of(written).document()["steps"]):
        shown = step | (
            {"escalate": {str(key): to for key, to in step["escalate"].items()}} if "escalate" in step else {}
        )
        assert fits(shown), step


@pytest.mark.parametrize("kind", STEP_RULES)
def test_every_kind_of_step_is_described_with_its_own_fields(kind: ActionKind) -> None:
    least = {"do": kind.value, **LEAST[kind]}
    assert fits(least)
    for field in LEAST[kind]:
        assert not fits({name: value for name, value in least.items() if name != field})
    assert not fits(least | {"colour": "red"})
    alien = next(name for name in ("about", "escalate", "tentative") if name not in STEP_RULES[kind].fields)
    assert not fits(
        least | {alien: {"about": "papers", "escalate": {"2": "secretariat"}, "tentative": True}[alien]}
    )


@pytest.mark.parametrize(
    "change",
    [
        {"at": "immediately"},
        {"at": "7 days before"},
        {"at": "-P7D at 08:00 local"},
        {"at": "-PT1H at 09:00 local"},
        {"at": "-261WD"},
        {"at": ["-P7D", "-P3D"]},
        {"at": []},
        {"to": "nobody"},
        {"to": ["members", "group"]},
        {"id": "two words"},
        {"when": "everything missing"},
        {"grace": "soon"},
        {"not_before": "-P7D at 09:00 local"},
        {"do": "dance"},
    ],
)
def test_what_is_refused_is_against_the_description(change: dict[str, Any]) -> None:
    document = {"name": "a", "title": "A", "steps": [{"do": "remind", "at": "-P7D"} | change]}
    with pytest.raises(ConfigurationError, match="steps"):
        Timeline.of(document)
    assert not fits(document["steps"][0])
