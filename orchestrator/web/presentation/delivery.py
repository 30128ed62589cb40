"""What was sent, by message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.facts import Fact
from orchestrator.services.meetings.views import (
    DeliveryView,
)
from orchestrator.web.presentation.marks import StateCount, states_of


@dataclass(frozen=True, slots=True)
class DeliveryGroup:
    """Deliveries of the same message to different people."""

    key: str
    purpose: str
    why: Fact
    revision: int
    deliveries: tuple[DeliveryView, ...]
    states: tuple[StateCount, ...]


def delivery_groups(deliveries: Iterable[DeliveryView]) -> list[DeliveryGroup]:
    """Group deliveries by message, the newest first; within one, in the order in which they left."""
    grouped: dict[tuple[str, Fact, int], list[DeliveryView]] = {}
    for item in deliveries:
        grouped.setdefault((item.purpose, item.why, item.revision), []).append(item)
    return [
        DeliveryGroup(
            f"sent-{items[-1].action_id}",
            purpose,
            why,
            revision,
            tuple(reversed(items)),
            states_of(item.state for item in items),
        )
        for (purpose, why, revision), items in grouped.items()
    ]
