"""Steps to read and to count."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

from orchestrator.domain.definitions.files import read_yaml
from orchestrator.domain.delegations.delegation import Delegation, Directory, Hours
from orchestrator.domain.delegations.working_calendar import Override, WorkingCalendar
from orchestrator.domain.letters.notices import notice_texts
from orchestrator.domain.timelines.offsets import Offset
from orchestrator.domain.timelines.timeline import Timeline

CONFIG = Path(__file__).parents[3] / "config"
SHIPPED = {
    file.stem: Timeline.of(read_yaml(file.read_text("utf-8")))
    for file in (CONFIG / "timelines").glob("*.yaml")
}
DIRECTORY = Directory.of(read_yaml((CONFIG / "delegations.yaml").read_text("utf-8")))
NOTICES = notice_texts(read_yaml((CONFIG / "notices.yaml").read_text("utf-8")))


def offset(text: str) -> Offset:
    found = Offset.parse(text)
    assert found is not None
    return found


def at(name: str, *overrides: Override) -> WorkingCalendar:
    """A calendar in the zone ``name`` where every day is worked from nine to five."""
    hours = Hours(days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), opens=time(9), closes=time(17))
    there = Delegation(
        code="XX", kind="member", order=1, name="Nowhere", zone=name, city="City", hours=(hours,)
    )
    return WorkingCalendar(there, overrides)


def timeline(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "quick", "title": "Quick", "steps": list(steps)} | fields
