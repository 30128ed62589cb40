"""Whether anything can be written: the database, and the folder that documents lie in.

A database that answers every question and takes no row looks healthy until a coordinator publishes a meeting:
a full disk, a replica, a file system that was mounted again without the right to write.
"""

from __future__ import annotations

import os
import tempfile
import threading
from datetime import datetime, timedelta
from pathlib import Path

from orchestrator.ports import Clock
from orchestrator.store.engine import Database
from orchestrator.store.people import throttles

_BUCKET = "write probe"
_GOOD_FOR = timedelta(seconds=10)


class WriteProbe:
    """Writes something that counts for nothing."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        """``clock`` is the machine's."""
        self._database = database
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._good_until: datetime | None = None

    def require(self) -> None:
        """Raise what keeps anything from being written.

        What was well is not tried again for ten seconds: anybody may ask for the health of the service, and
        each commit makes open pages look again.
        """
        with self._lock:
            now = self._clock.now()
            if self._good_until is None or now >= self._good_until:
                self._good_until = None
                self._try_database(now)
                self._try_folder()
                self._good_until = now + _GOOD_FOR

    def _try_database(self, now: datetime) -> None:
        with self._database.transaction() as session:
            # Its period is over at once, so the next count deletes the row.
            throttles.add(session, _BUCKET, now, timedelta(0))

    def _try_folder(self) -> None:
        if self._folder.is_dir():
            with tempfile.TemporaryFile(dir=self._folder) as file:
                file.write(b"written")
                file.flush()
                os.fsync(file.fileno())
