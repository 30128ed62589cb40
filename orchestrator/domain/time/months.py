"""Months of the calendar, as far as an event is planned before its days are known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from orchestrator.errors import Unfit
from orchestrator.facts import Fact

_WRITTEN = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_YEARS = range(1970, 2201)
_MIDDLE = 15


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of a year."""

    year: int
    number: int

    @classmethod
    def of(cls, text: str) -> Month:
        """Read ``2027-08``; raises ``Unfit`` for anything else."""
        found = _WRITTEN.fullmatch(text.strip())
        if not found or int(found[1]) not in _YEARS:
            raise Unfit(Fact.of("time.not-a-month", first=_YEARS[0], last=_YEARS[-1]))
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    def holds(self, day: date) -> bool:
        """Whether a day lies in the month."""
        return (day.year, day.month) == (self.year, self.number)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        following = date(self.year + self.number // 12, self.number % 12 + 1, 1)
        return following - timedelta(days=1)

    def moved_by(self, days: int) -> Month:
        """Return the month in which its middle lies when everything is moved by so many days."""
        there = date(self.year, self.number, _MIDDLE) + timedelta(days=days)
        return Month(there.year, there.month)


def _month(value: object) -> object:
    if value is None or isinstance(value, Month):
        return value
    if isinstance(value, str):
        return Month.of(value)
    raise Unfit(Fact.of("time.not-a-month", first=_YEARS[0], last=_YEARS[-1]))


WrittenMonth = Annotated[
    Month,
    BeforeValidator(_month),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^(19[7-9][0-9]|2[01][0-9]{2}|2200)-(0[1-9]|1[0-2])$",
            "examples": ["2027-08"],
        }
    ),
]
