"""Beat's scheduler: at every tick it claims due actions and publishes their ids.

Several beats may run at once, because claiming is what the database serialises. Between ticks beat
sleeps until the next due time or a wake-up; it never looks less often than ``max_interval``.
"""

from __future__ import annotations

import logging
from typing import Any

from celery.beat import Scheduler
from kombu.exceptions import OperationalError

from orchestrator.bootstrap import container
from tasks.meetings import deliver

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
        scheduling = container().scheduling
        try:
            if not self._begun:
                scheduling.begin()
                self._begun = True
            batches = scheduling.claim()
            refused = [batch for batch in batches if not self._publish(batch)]
            container().was_alive()
            if refused:
                scheduling.wait(self.max_interval)
            elif not batches:
                scheduling.wait(max(_SHORTEST_PAUSE, scheduling.seconds_until_due(self.max_interval)))
        except Exception:  # noqa: BLE001 - beat must outlive whatever keeps it from working for a while.
            _LOG.exception("beat could not look at the schedule; it tries again")
            scheduling.wait(self.max_interval)
        return 0.0

    def _publish(self, batch: list[int]) -> bool:
        """Send one task; false when the broker did not take it and its claim was given back."""
        try:
            deliver.apply_async((batch,))
        except OperationalError as error:
            _LOG.warning("the broker did not take a task (%s); its claim is given back", type(error).__name__)
            container().scheduling.release(batch)
            return False
        return True

    def close(self) -> None:
        """Nothing is remembered, so nothing has to be written down."""
