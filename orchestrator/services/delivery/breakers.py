"""The breaker of a lane as a worker meets it: what may be tried, and what an attempt says of the server."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from orchestrator.domain.delivery.breaker import Breaker, Outage, after_outage
from orchestrator.domain.timelines.kinds import Work
from orchestrator.errors import DeliveryError, Silent, Unavailable
from orchestrator.ports import Clock
from orchestrator.store.delivery import breakers
from orchestrator.store.engine import Database

_LOG = logging.getLogger(__name__)


class Gate:
    """The breaker of one lane during one batch."""

    def __init__(self, keeper: Breakers, lane: Work, known: Breaker | None) -> None:
        self._keeper = keeper
        self._lane = lane
        self._known = known

    def admits(self, action_id: int) -> bool:
        """Whether an action may be tried."""
        return self._known is None or self._known.admits(action_id)

    def passed(self, action_id: int, failure: DeliveryError | None) -> bool:
        """Take to heart how an attempt at the server ended; false when the lane pauses from now on.

        Whatever the server answered, it is there.
        """
        if isinstance(failure, Silent):
            self._known = self._keeper.silent(self._lane, failure, action_id)
            return not self._known.is_open
        if self._known is not None:
            self._keeper.works(self._lane)
            self._known = None
        return True

    def untried(self, action_id: int) -> None:
        """Let another action probe when this one has ended without asking anything of the server."""
        if self._known is not None and self._known.probe == action_id:
            self._keeper.probe_with_another(self._lane, action_id)


class Breakers:
    """Keeps the breakers, which the processes share in the database."""

    def __init__(self, database: Database, lease_clock: Clock, jitter: Callable[[], float]) -> None:
        """``jitter`` returns numbers in [0, 1]."""
        self._database = database
        self._lease_clock = lease_clock
        self._jitter = jitter

    def gate(self, session: Session, lane: Work) -> Gate:
        """Return the breaker of a lane as it is now."""
        return Gate(self, lane, breakers.of(session, lane))

    def silent(self, lane: Work, failure: Silent, action_id: int) -> Breaker:
        """Record that the server of a lane did not answer, and return its breaker."""
        try:
            return self._silent(lane, failure, action_id)
        except IntegrityError:
            # Another worker has just recorded the first failure; now there is a row to lock.
            return self._silent(lane, failure, action_id)

    def works(self, lane: Work) -> None:
        """Record that the server of a lane has answered."""
        with self._database.transaction() as session:
            known = breakers.of(session, lane, lock=True)
            breakers.forget(session, [lane])
        if known is not None and known.is_open:
            _LOG.warning("lane %s works again", lane)

    def probe_with_another(self, lane: Work, action_id: int) -> None:
        """Let another action probe the server of a lane."""
        with self._database.transaction() as session:
            known = breakers.of(session, lane, lock=True)
            if known is not None and known.probe == action_id:
                breakers.end_probe(session, known)

    def _silent(self, lane: Work, failure: Silent, action_id: int) -> Breaker:
        met = Outage(failure.fact, isinstance(failure, Unavailable), failure.retry_after)
        with self._database.transaction() as session:
            known = breakers.of(session, lane, lock=True)
            by_probe = known is not None and known.probe == action_id
            now = self._lease_clock.now()
            breaker = after_outage(known, lane, met, now, self._jitter(), by_probe=by_probe)
            breakers.put(session, breaker)
        if breaker.is_open and not (known and known.is_open):
            _LOG.warning("lane %s pauses: its server does not answer (%s)", lane, failure.code)
        return breaker
