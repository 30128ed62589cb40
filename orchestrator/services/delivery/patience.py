"""Waiting for a database that is away for a moment, where giving up would cost more than waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError

T = TypeVar("T")
DATABASE_AWAY = (OperationalError, InterfaceError)
"""It is the database that cannot work now, not what was asked of it."""
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0


class DatabasePatience:
    """Tries again for as long as a database may be away without harm."""

    def __init__(self, longest: timedelta, pause: Callable[[float], object]) -> None:
        """``longest`` is how long to wait in all; ``pause`` sleeps for so many seconds."""
        self._longest = longest.total_seconds()
        self._pause = pause

    def insist(self, transaction: Callable[[], T]) -> T:
        """Do a whole transaction, again while the database is away; raises what it raises in the end."""
        waited, wait = 0.0, _FIRST_PAUSE
        while True:
            try:
                return transaction()
            except DATABASE_AWAY:
                if waited >= self._longest:
                    raise
                self._pause(wait)
                waited, wait = waited + wait, min(2 * wait, _LONGEST_PAUSE)
