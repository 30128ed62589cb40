"""Delegations that look for a start."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestrator.domain.dates.costs import (
    cost_of,
    pieces_of,
)
from orchestrator.domain.dates.fair_starts import find
from orchestrator.domain.dates.findings import Findings
from orchestrator.domain.dates.requests import Request
from orchestrator.domain.definitions.files import read_yaml
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.delegations.working_calendar import Calendars

SHIPPED = Path(__file__).parents[3] / "config" / "delegations.yaml"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = ["mon", "tue", "wed", "thu", "fri"]


def directory() -> Directory:
    """The shipped delegations, and two whose zones are three quarters of an hour off."""
    data: Any = read_yaml(SHIPPED.read_text("utf-8"))
    nine_to_five = [{"days": WEEK, "opens": "09:00", "closes": "17:00"}]
    data["delegations"] += [
        {
            "code": "NP",
            "kind": "partner",
            "order": 8,
            "name": "Nepal",
            "zone": "Asia/Kathmandu",
            "city": "Kathmandu",
            "hours": nine_to_five,
        },
        {
            "code": "XC",
            "kind": "partner",
            "order": 9,
            "name": "Chatham",
            "zone": "Pacific/Chatham",
            "city": "Waitangi",
            "hours": nine_to_five,
        },
        {
            "code": "XM",
            "kind": "partner",
            "order": 10,
            "name": "A mover",
            "zone": "Asia/Manila",
            "city": "Manila",
            "hours": nine_to_five,
            "changes": [{"since": "2028-02-01", "zone": "Pacific/Auckland", "city": "Wellington"}],
        },
    ]
    return Directory.of(data)


DIRECTORY = directory()
CALENDARS = Calendars(DIRECTORY)
ASEAN = tuple(item.code for item in DIRECTORY.members_on(date(2027, 1, 1)))


def asked(*delegations: str, **changes: Any) -> Request:
    """Two hours on Wednesday, 13 January 2027, at any hour of Viet Nam."""
    values: dict[str, Any] = {
        "delegations": delegations or ASEAN,
        "duration": 2 * HOUR,
        "first": date(2027, 1, 13),
        "last": date(2027, 1, 13),
        "host": "VN",
        "now": NOW,
    }
    return Request(**values | changes)


def found(request: Request, burdens: Mapping[str, int] | None = None) -> Findings:
    return find(request, CALENDARS, burdens or {})


def cost(code: str, begin: str, length: timedelta = HOUR, calendars: Calendars = CALENDARS) -> int:
    """The cost of a meeting that begins at a moment of UTC."""
    start = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    return cost_of(pieces_of(calendars.of(code), start, start + length))
