"""Working calendars as they ship and made for a test."""

from __future__ import annotations

from datetime import date, time
from functools import lru_cache
from pathlib import Path
from typing import Any

from orchestrator.domain.definitions.files import read_yaml
from orchestrator.domain.delegations.delegation import WEEKDAYS, Delegation, Directory
from orchestrator.domain.delegations.working_calendar import (
    Calendars,
    Override,
    OverrideKind,
    Stretch,
    WorkingCalendar,
)

K = OverrideKind


@lru_cache(maxsize=1)
def shipped() -> Directory:
    """The delegations that are shipped."""
    file = Path(__file__).parents[3] / "config" / "delegations.yaml"
    return Directory.of(read_yaml(file.read_text("utf-8")))


def calendar(code: str, *overrides: Override) -> WorkingCalendar:
    return Calendars(shipped(), overrides).of(code)


def made(**fields: Any) -> WorkingCalendar:
    """The calendar of a delegation without holidays, open Monday to Friday from 8 to 12 and 13 to 17."""
    days = ["mon", "tue", "wed", "thu", "fri"]
    whole = {
        "code": "XA",
        "kind": "member",
        "order": 1,
        "name": "Exland",
        "zone": "Asia/Jakarta",
        "city": "Jakarta",
        "hours": [
            {"days": days, "opens": "08:00", "closes": "12:00"},
            {"days": days, "opens": "13:00", "closes": "17:00"},
        ],
    }
    overrides = fields.pop("overrides", ())
    return WorkingCalendar(Delegation.model_validate(whole | fields), overrides)


def override(
    number: int, kind: OverrideKind, first: str, last: str = "", hours: str = "", days: str = ""
) -> Override:
    stretches = tuple(
        Stretch(*(time.fromisoformat(clock) for clock in item.split("-"))) for item in hours.split() if item
    )
    day = date.fromisoformat(first)
    end = date.fromisoformat(last) if last else day
    return Override(
        number,
        "XA",
        kind,
        day,
        end,
        f"override {number}",
        stretches,
        "coordinator",
        "said so",
        tuple(item for item in WEEKDAYS if item in days) or None,
    )


def hours(found: WorkingCalendar, day: str) -> str:
    return " ".join(map(str, found.day(date.fromisoformat(day)).stretches))


def open_at(found: WorkingCalendar, day: date, clock: time) -> bool:
    return any(item.opens <= clock <= item.closes for item in found.day(day).stretches)
