"""A watchdog that ends this process when something in it hangs, so that it is started again.

The standard library's ``faulthandler`` counts the time in C, without the interpreter's lock: it acts also
when all threads wait for a network, a lock, or a library that never comes back. It writes where each thread
stood, file and line without values, to standard error, and ends the process with 1.
"""

from __future__ import annotations

import faulthandler
import sys
import time

_COARSE_SECONDS = 1.0


class ProcessWatchdog:
    """``ports.Watchdog`` of this process; it has only one, so the last ``begin`` counts."""

    def __init__(self, seconds: float) -> None:
        """``seconds`` is the longest that what has begun may take."""
        self._seconds = seconds
        self._begun: float | None = None

    def begin(self) -> None:
        """Count from now; beginning again begins the count again."""
        now = time.monotonic()
        # Each count is a thread, which is too much for every single message.
        if self._begun is None or now - self._begun >= _COARSE_SECONDS:
            faulthandler.dump_traceback_later(self._seconds, exit=True, file=sys.__stderr__ or sys.stderr)
            self._begun = now

    def end(self) -> None:
        """What has begun has ended."""
        faulthandler.cancel_dump_traceback_later()
        self._begun = None
