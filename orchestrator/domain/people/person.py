"""A person of the directory, as meetings draw from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from orchestrator.domain.delegations.delegation import Role


@dataclass(frozen=True, slots=True)
class Period:
    """The days on which something holds: from the first to the last, both included; None is open."""

    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` where the last day is before the first."""
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("the last day of a period is before its first")

    def holds(self, day: date) -> bool:
        """Return whether ``day`` is one of these days."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class Membership:
    """That a person is in a circle, such as SOM or focal points, and when."""

    circle: str
    period: Period = Period()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the directory.

    ``name`` is as the person writes it. ``form`` is how letters address the person before the name. Of the
    ``addresses``, ``address`` is the one that is used. ``language`` is a locale, where not the delegation's.
    ``merged_into`` is the id of the person that this entry turned out to be.
    """

    id: int
    name: str
    delegation: str
    role: Role
    addresses: tuple[str, ...]
    address: str
    form: str | None = None
    position: str | None = None
    circles: tuple[Membership, ...] = ()
    language: str | None = None
    telephone: str | None = None
    period: Period = Period()
    notes: str | None = None
    merged_into: int | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` where the address in use is none of the person's."""
        if self.address not in self.addresses:
            raise ValueError("the address in use is not one of the person's addresses")

    def serves(self, day: date) -> bool:
        """Return whether the person may be invited on ``day``: in office, and not merged into another."""
        return self.merged_into is None and self.period.holds(day)

    def circles_on(self, day: date) -> frozenset[str]:
        """Return the circles that the person is in on ``day``."""
        return frozenset(one.circle for one in self.circles if one.period.holds(day))
