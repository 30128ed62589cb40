"""Beat's scheduler: at every tick it claims due actions and publishes their ids.

Several beats may run at once, because claiming is what the database serialises. Between ticks beat
sleeps until the next due time or a wake-up; it never looks less often than ``max_interval``.
"""

from __future__ import annotations

import logging
from typing import Any

from celery.beat import Scheduler

from orchestrator.bootstrap import container
from orchestrator.services.delivery.scheduling import Handout
from orchestrator.services.operations.processes import BEAT
from tasks.lanes import TASKS
from tasks.queues import waiting_in

_LOG = logging.getLogger(__name__)
_SHORTEST_PAUSE = 0.05


class ActionScheduler(Scheduler):  # type: ignore[misc]
    """Celery beat's scheduler over the action table instead of a remembered list of entries."""

    def setup_schedule(self) -> None:
        """Start listening for wake-ups before the first look at the database, so that none is lost.

        The database may not be there yet, so what beat prepares in it waits for the first tick.
        """
        container().wake_up.wait(0)
        self._begun = False

    def tick(self, *_: Any, **__: Any) -> float:
        """Publish what is due, or sleep until something may be; returns 0, as the sleeping is done here."""
        scheduling, watchdog = container().scheduling, container().watchdog
        try:
            if not self._begun:
                # Bringing all plans up to date takes as long as there are meetings.
                scheduling.begin()
                container().processes.forget_old()
                self._begun = True
            watchdog.begin()
            batches = scheduling.claim(waiting_in)
            published = self._publish(batches)
            container().was_alive()
            container().life(BEAT).tell()
            pause = self._pause(published=published, idle=not batches)
            watchdog.end()
            if pause:
                scheduling.wait(pause)
        except Exception:  # noqa: BLE001 - beat must outlive whatever keeps it from working for a while.
            watchdog.end()
            _LOG.exception("beat could not look at the schedule; it tries again")
            scheduling.wait(self.max_interval)
        return 0.0

    def _pause(self, *, published: bool, idle: bool) -> float:
        """Return how long to sleep after a look."""
        if not published:
            return float(self.max_interval)
        if not idle:
            return 0.0
        return max(_SHORTEST_PAUSE, container().scheduling.seconds_until_due(self.max_interval))

    def _publish(self, batches: list[Handout]) -> bool:
        """Send a task for each batch; false when the broker did not take one.

        Its claim and those behind it are given back at once: each would wait for the broker as long again.
        """
        for index, batch in enumerate(batches):
            try:
                TASKS[batch.lane].apply_async((list(batch),))
            except Exception as error:  # noqa: BLE001 - a broker may refuse with errors of its own, as READONLY.
                left = [number for item in batches[index:] for number in item]
                _LOG.warning("the broker takes no tasks (%s); claims are given back", type(error).__name__)
                container().scheduling.release(left)
                container().life(BEAT).refused_by_broker(error)
                return False
        if batches:
            container().life(BEAT).works("broker")
        return True

    def close(self) -> None:
        """Nothing is remembered, so nothing has to be written down but that this process ends."""
        container().life(BEAT).end()
