"""Limits of how often something may be tried, which hold across processes.

What is counted and for whom stands in the database as a digest: it says neither the address of a network
nor what was tried.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import timedelta

from orchestrator.errors import TooMany
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.store.engine import Database
from orchestrator.store.people import throttles
from orchestrator.store.people.throttles import Tries


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most so many tries of something in a period, which begins with the first of them."""

    what: str
    most: int
    period: timedelta

    def bucket(self, subject: str) -> str:
        """Return the key under which the tries of ``subject`` are counted."""
        return hashlib.sha256(f"{self.what}\n{subject}".encode()).hexdigest()


class Throttle:
    """Counts tries, and refuses more than are allowed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """``clock`` is the machine's: moving the sandbox's forward ends no period."""
        self._database = database
        self._clock = clock

    def require(self, allowance: Allowance, subject: str) -> None:
        """Raise ``TooMany`` when ``subject`` has used up what is allowed; counts nothing."""
        with self._database.reading() as session:
            found = throttles.present(session, allowance.bucket(subject), self._clock.now())
        if found is not None and found.count >= allowance.most:
            raise self._too_many(found)

    def count(self, allowance: Allowance, subject: str) -> Tries:
        """Count one try and return how many there were in this period."""
        now = self._clock.now()
        with self._database.transaction() as session:
            throttles.forget_over(session, now)
            return throttles.add(session, allowance.bucket(subject), now, allowance.period)

    def spend(self, allowance: Allowance, subject: str) -> None:
        """Count one try; raises ``TooMany`` for the first one that is not allowed any more."""
        found = self.count(allowance, subject)
        if found.count > allowance.most:
            raise self._too_many(found)

    def forget(self, allowance: Allowance, subject: str) -> None:
        """Begin from nothing, because ``subject`` has shown that it may."""
        with self._database.transaction() as session:
            throttles.forget(session, allowance.bucket(subject))

    def _too_many(self, found: Tries) -> TooMany:
        seconds = max(1, math.ceil((found.ends_at - self._clock.now()).total_seconds()))
        return TooMany(Fact.of("people.too-many", count=math.ceil(seconds / 60)), retry_after=seconds)
