"""Typed rows of every table, a module per room; events stand beside the meetings that are their sessions.

Foreign keys cross the rooms in every direction, so rows stand on a floor of their own below the rooms of
the store. All of them are imported here, because SQLAlchemy resolves keys and relationships by name.
"""

from __future__ import annotations

from orchestrator.store.rows import (
    alerts,
    answers,
    dates,
    delegations,
    delivery,
    events,
    meetings,
    minutes,
    operations,
    people,
    personal,
    readiness,
    timelines,
)

__all__ = [
    "alerts",
    "answers",
    "dates",
    "delegations",
    "delivery",
    "events",
    "meetings",
    "minutes",
    "operations",
    "people",
    "personal",
    "readiness",
    "timelines",
]
