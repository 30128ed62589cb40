"""A clock that runs with real time and can be moved forward, shared by all processes of a sandbox."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from integrations.sandbox.atomic_file import replace_file
from orchestrator.errors import Conflict, InvalidInput, OrchestratorError

_MICROSECOND = timedelta(microseconds=1)
_Version = tuple[int, int, int]


class SandboxClock:
    """``ports.MovableClock``: the system's time plus an offset kept in ``file``.

    Every process that names the same file sees the same time. Without the file the offset is zero.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        # Version of the file and the offset read from it, as one value so that threads never mix two.
        self._known: tuple[_Version | None, timedelta] = (None, timedelta())

    def now(self) -> datetime:
        """Return the sandbox's present instant, aware, in UTC."""
        return self.system_now() + self._offset()

    def system_now(self) -> datetime:
        """Return the machine's own instant, which certificates are judged by."""
        return datetime.now(UTC)

    def move_to(self, instant: datetime) -> None:
        """Make ``now()`` equal ``instant`` at this moment, for all processes.

        Raises ``Conflict`` when ``instant`` lies in the sandbox's past, ``InvalidInput`` when it has
        no time zone.
        """
        if instant.tzinfo is None:
            raise InvalidInput.of("instant", instant, "has no time zone", "Give it an offset such as Z.")
        with self._locked():
            present = self.system_now()
            if instant < present + self._offset():
                raise Conflict(
                    f"The sandbox clock cannot go back to {instant.astimezone(UTC).isoformat()}: "
                    "time never runs backwards.",
                    code="clock-backwards",
                )
            self._write(instant - present)

    def _offset(self) -> timedelta:
        # The clock is read all the time and moved rarely: as long as the file is the same one, a
        # look at its version is enough.
        version = self._version()
        known, offset = self._known
        if version == known:
            return offset
        offset = timedelta() if version is None else self._read()
        self._known = (version, offset)
        return offset

    def _version(self) -> _Version | None:
        try:
            found = os.stat(self._file)
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _read(self) -> timedelta:
        try:
            return int(json.loads(self._file.read_bytes())["offset_microseconds"]) * _MICROSECOND
        except (ValueError, KeyError, TypeError):
            raise OrchestratorError(
                f"The sandbox clock {self._file} cannot be read. Stop the sandbox and delete its data "
                "folder to begin anew.",
                code="sandbox-clock",
            ) from None

    def _write(self, offset: timedelta) -> None:
        content = json.dumps({"offset_microseconds": offset // _MICROSECOND, "offset": str(offset)})
        replace_file(self._file, content.encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep two processes from moving the clock at once, where the later could set it back."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_name(self._file.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
