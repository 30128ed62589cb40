"""What beat does at every tick: mend, mark what is too late, claim what is due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from sqlalchemy.exc import IntegrityError

from orchestrator.ports import Clock, WakeUp
from orchestrator.store.answers import read_mailbox
from orchestrator.store.delivery import claims
from orchestrator.store.delivery.claims import Claimed
from orchestrator.store.engine import Database

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """How claims are made: actions a task, actions out at a time, and how long a claim lasts.

    ``reads_mailbox`` says whether there is a mailbox to read.
    """

    batch_size: int
    most_claimed: int
    lease: timedelta
    reads_mailbox: bool = False


def _batch(item: Claimed) -> tuple[int, str]:
    return item.meeting_id or 0, item.kind


class Scheduling:
    """Claims due actions in batches of one meeting and kind; safe to run in several beats at once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        lease_clock: Clock,
        wake_up: WakeUp,
        policy: Policy,
        at_begin: Callable[[], object] = lambda: None,
    ) -> None:
        """``clock`` decides what is due; ``lease_clock`` is the machine's, and measures claims.

        ``at_begin`` is done once when a beat begins; whatever goes wrong in it keeps no beat from working.
        """
        self._database = database
        self._clock = clock
        self._lease_clock = lease_clock
        self._wake_up = wake_up
        self._policy = policy
        self._at_begin = at_begin

    def begin(self) -> None:
        """Make sure that the mailbox is read from time to time, if there is one, and that plans are new."""
        # Another beat may just have made the action.
        with suppress(IntegrityError), self._database.transaction() as session:
            read_mailbox.keep(session, self._clock.now(), wanted=self._policy.reads_mailbox)
        try:
            self._at_begin()
        except Exception:  # noqa: BLE001 - an old plan is better than no beat.
            _LOG.exception("plans are not brought up to date; try 'orchestrator calendar recalculate'")

    def claim(self) -> list[list[int]]:
        """Claim what is due and return the ids in batches, ready to be published."""
        now, real_now = self._clock.now(), self._lease_clock.now()
        with self._database.transaction() as session:
            claims.expire_leases(session, real_now)
            claims.mark_missed(session, now)
            claimed = claims.claim(
                session,
                now=now,
                lease_until=real_now + self._policy.lease,
                limit=self._policy.most_claimed,
                most_claimed=self._policy.most_claimed,
            )
        ordered = sorted(claimed, key=_batch)
        return [
            batch
            for _, group in groupby(ordered, key=_batch)
            for batch in self._chunks([item.id for item in group])
        ]

    def release(self, ids: list[int]) -> None:
        """Give a batch back that could not be published; it is claimed again at the next tick."""
        with self._database.transaction() as session:
            claims.unclaim(session, ids)

    def seconds_until_due(self, longest: float) -> float:
        """Return how long there is nothing to claim, at most ``longest`` seconds."""
        with self._database.reading() as session:
            due = claims.next_due(session)
        if due is None:
            return longest
        return min(longest, max(0.0, (due - self._clock.now()).total_seconds()))

    def wait(self, seconds: float) -> None:
        """Sleep until something commits due work, at most ``seconds``."""
        self._wake_up.wait(seconds)

    def _chunks(self, ids: list[int]) -> list[list[int]]:
        size = self._policy.batch_size
        return [ids[start : start + size] for start in range(0, len(ids), size)]
