"""What ops do with the queue: retry and discard, and see whether the service is ready."""

from __future__ import annotations

from orchestrator.domain.people.caller import Caller
from orchestrator.domain.timelines.actions import ENDED_BADLY
from orchestrator.errors import Conflict
from orchestrator.facts import Fact
from orchestrator.ports import Clock, WakeUp
from orchestrator.store.engine import Database
from orchestrator.store.meetings import history
from orchestrator.store.operations import queue


class Operations:
    """Use cases on single actions."""

    def __init__(self, database: Database, clock: Clock, wake_up: WakeUp) -> None:
        self._database = database
        self._clock = clock
        self._wake_up = wake_up

    def retry(self, action_id: int, *, caller: Caller) -> None:
        """Make a failed or missed action due now.

        Raises ``Conflict`` when it is in another state or when doing it now would be too late, and
        ``NotFound``.
        """
        with self._database.transaction() as session:
            row = queue.get(session, action_id)
            now = self._clock.now()  # Only now, because the lock may have been waited for.
            if row.state in ENDED_BADLY and row.expires_at <= now:
                raise Conflict(Fact.of("operations.past-grace", id=action_id, key=row.key))
            if not queue.reschedule(session, action_id, now):
                raise Conflict(Fact.of("operations.not-to-retry", id=action_id, state=row.state))
            if row.meeting_id is not None:
                history.note(
                    session, row.meeting_id, caller, Fact.of("operations.history.retried"), now, row.key
                )
        self._wake_up.notify()

    def discard(self, action_id: int, *, caller: Caller, reason: str | None = None) -> None:
        """Cancel an action for good; replanning does not bring it back.

        Raises ``Conflict`` when it is being done or has been done, and ``NotFound``.
        """
        with self._database.transaction() as session:
            row = queue.get(session, action_id)
            now = self._clock.now()  # Only now, because the lock may have been waited for.
            if row.meeting_id is None:
                raise Conflict(Fact.of("operations.mailbox-goes-on"))
            why = Fact.of("operations.discarded", name=caller.name)
            detail = Fact.of("operations.history.without-reason", key=row.key)
            if reason:
                why = Fact.of("operations.discarded-because", name=caller.name, reason=reason)
                detail = Fact.of("operations.history.because", key=row.key, reason=reason)
            if not queue.discard(session, row, now, why):
                raise Conflict(Fact.of("operations.not-to-discard", id=action_id, state=row.state))
            what = Fact.of("operations.history.discarded")
            history.note(session, row.meeting_id, caller, what, now, detail)
