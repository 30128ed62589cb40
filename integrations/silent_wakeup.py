"""What stands in for wake-ups where no broker runs."""

from __future__ import annotations

import threading


class SilentWakeUp:
    """``ports.WakeUp`` for when no broker runs: nobody is woken, waiting just takes its time."""

    def notify(self) -> None:
        """Do nothing."""

    def wait(self, seconds: float) -> bool:
        """Sleep for ``seconds`` and return False."""
        threading.Event().wait(max(0.0, seconds))
        return False
