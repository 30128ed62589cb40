"""What beat looks at before it claims: whether every meeting is planned with what must be told.

A fact that must not wait is noted where it happens, by whichever process meets it; and a digest that has gone
out makes room for the next one. Both are planned here, one meeting a transaction, so that no process that
notes something has to plan, and a meeting that cannot be planned keeps no other waiting.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from orchestrator.ports import Clock
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.engine import Database
from orchestrator.store.meetings import alerts, digests
from orchestrator.store.meetings import meetings as store

_LOG = logging.getLogger(__name__)
_AGAIN_AFTER = timedelta(minutes=10)
"""When a meeting is planned once more that nothing more was planned for."""


class KeepingWatch:
    """Plans the meetings of which something has to be told; several beats at once do it once."""

    def __init__(self, database: Database, planner: Planner, clock: Clock) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock
        self._looked: dict[int, datetime] = {}

    def plan(self) -> None:
        """Plan what was noted since, and the next digests."""
        now = self._clock.now()
        with self._database.reading() as session:
            noted = set(alerts.unplanned(session))
            told = set(digests.without_next(session, now))
        self._looked = {number: at for number, at in self._looked.items() if now - at < _AGAIN_AFTER}
        for number in sorted(noted | (told - self._looked.keys())):
            self._looked[number] = now
            try:
                self._plan(number, now)
            except Exception:  # noqa: BLE001 - whatever it is, the other meetings must not wait.
                _LOG.exception("meeting %s could not be planned with what is to be told", number)

    def _plan(self, meeting_id: int, now: datetime) -> None:
        with self._database.transaction() as session:
            meeting = store.load(session, meeting_id, lock=True)
            alerts.planned(session, meeting_id)
            store.touch(session, meeting_id)
            self._planner.replan(session, meeting, now)
