"""The video meeting behind a meeting, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from orchestrator.facts import Fact


@dataclass(frozen=True, slots=True)
class ConferenceTrouble:
    """Why the provider of the video meeting fails at present, and since when (an aware UTC instant).

    ``needs_person`` says that it will not pass until a person mends something.
    """

    since: datetime
    reason: Fact
    needs_person: bool


@dataclass(frozen=True, slots=True)
class Conference:
    """The video meeting as far as it is known.

    ``by_hand`` marks a link the coordinator typed in; ``attempted`` says that the provider was
    asked at least once, so that something may exist there even without a recorded link. ``trouble`` is what
    keeps it from being made or changed now; ``troubles`` counts what the coordinator had to be told of that.
    """

    external_id: str
    provider_id: str | None = None
    join_url: str | None = None
    by_hand: bool = False
    attempted: bool = False
    trouble: ConferenceTrouble | None = None
    troubles: int = 0

    def failed(self, reason: Fact, now: datetime, *, needs_person: bool) -> Conference:
        """Return it with what fails now; it stays as it is where that tells the coordinator nothing new."""
        known = self.trouble
        if known is not None and (known.needs_person or not needs_person):
            return self
        since = known.since if known is not None else now
        trouble = ConferenceTrouble(since, reason, needs_person)
        return replace(self, attempted=True, trouble=trouble, troubles=self.troubles + 1)
