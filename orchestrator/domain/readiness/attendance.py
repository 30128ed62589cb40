"""Which delegations were in a meeting, as a person noted it after the start."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Presence(StrEnum):
    """Whether a delegation was there. Nobody is thanked for what is not known."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Attendance:
    """What was noted of a delegation: by whom, through which door, and when."""

    delegation: str
    presence: Presence
    note: str | None = None
    actor: str | None = None
    channel: str | None = None
    at: datetime | None = None


def complete(delegations: Collection[str], noted: Mapping[str, Attendance]) -> tuple[Attendance, ...]:
    """Return how it stands for each of these delegations, in their order; what was not noted is not known.

    A delegation that was noted and is not invited any more comes last: it was there, or was not.
    """
    others = [code for code in noted if code not in delegations]
    return tuple(noted.get(code) or Attendance(code, Presence.NOT_KNOWN) for code in (*delegations, *others))
