"""Dates and clock times as people write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, time
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from orchestrator.errors import Unfit
from orchestrator.facts import Fact

_CLOCK = re.compile(r"\d\d:\d\d", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _clock(value: object) -> object:
    """Read ``09:00`` and nothing shorter: a bare 9 would otherwise be nine seconds after midnight."""
    if value is None or isinstance(value, time):
        return value
    with suppress(ValueError):
        if _CLOCK.fullmatch(str(value)):
            return time.fromisoformat(str(value))
    raise Unfit(Fact.of("time.not-a-clock"))


def _date(value: object) -> object:
    """Read ``2027-03-01``; a number would otherwise be seconds since 1970."""
    if value is None or isinstance(value, date):
        return value
    with suppress(ValueError):
        if _DATE.fullmatch(str(value)):
            return date.fromisoformat(str(value))
    raise Unfit(Fact.of("time.not-a-date"))


WallClock = Annotated[
    time,
    BeforeValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["09:00"]}),
]


WallDate = Annotated[date, BeforeValidator(_date)]
