"""Timelines to adjust."""

from __future__ import annotations

from typing import Any

from tests.integration.conftest import World

REFERENCE = "SOM-2026"


def standard(world: World, **changes: Any) -> dict[str, Any]:
    """The document of the standard timeline, with some of its steps by name replaced, added or taken out."""
    document = world.meeting_timelines.one("standard").document
    steps = {f"{step['do']}:{step.get('id', '')}": step for step in document["steps"]}
    for name, step in changes.items():
        key = name.replace("_", ":")
        steps.pop(key, None)
        if step is not None:
            steps[key] = step
    return document | {"name": "own", "title": "Our own", "steps": list(steps.values())}


TWO_DAYS = {"do": "remind", "id": "P2D", "at": "-P2D at 09:00 local", "grace": "PT7H"}
