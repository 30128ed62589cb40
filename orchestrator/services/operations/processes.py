"""What running processes tell of themselves: that they live, and which neighbours they cannot work with.

A process keeps the settings that it began with. Only it can say that a password which was changed since is
refused, however well a look from another process goes.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from orchestrator.errors import DeliveryError, Silent
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.store.engine import Database
from orchestrator.store.operations import processes
from orchestrator.store.rows.operations import ProcessRow

_LOG = logging.getLogger(__name__)
_EVERY = timedelta(seconds=30)
"""Each commit makes open pages look again, so signs of life are few."""
_ALIVE = timedelta(seconds=100)
_FORGOTTEN = timedelta(days=1)
BEAT, WEB, WATCHER = "beat", "web", "mailbox"
"""The roles of processes that are no workers; a worker's role is its lane."""


@dataclass(frozen=True, slots=True)
class NeighbourTrouble:
    """A neighbour that a process cannot work with, since when, and why."""

    neighbour: str
    since: datetime
    why: Fact


@dataclass(frozen=True, slots=True)
class ProcessView:
    """A process as it was seen last; ``alive`` when that is not long ago."""

    role: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    alive: bool
    troubles: tuple[NeighbourTrouble, ...]


class Life:
    """Tells of this process, in one role. Safe to use from several threads."""

    def __init__(self, database: Database, clock: Clock, role: str) -> None:
        """``clock`` is the machine's."""
        self._database = database
        self._clock = clock
        self._role = role
        self._host = socket.gethostname()[:120]
        self._started = clock.now()
        self._lock = threading.Lock()
        self._troubles: dict[str, NeighbourTrouble] = {}
        self._told_at: datetime | None = None

    @property
    def id(self) -> str:
        """What this process is called among others, also those of other machines."""
        return f"{self._role}@{self._host}/{os.getpid()}"

    def met(self, neighbour: str, failure: DeliveryError | None) -> None:
        """Keep how asking a neighbour ended; that it answers "not now" to one thing is no trouble."""
        if failure is not None and (isinstance(failure, Silent) or failure.needs_person):
            self.fails(neighbour, failure.fact)
        else:
            self.works(neighbour)

    def fails(self, neighbour: str, why: Fact) -> None:
        """Keep that a neighbour fails; only the change is told at once and logged."""
        with self._lock:
            known = self._troubles.get(neighbour)
            since = known.since if known else self._clock.now()
            self._troubles[neighbour] = NeighbourTrouble(neighbour, since, why)
        if known is None:
            _LOG.warning("%s fails", neighbour)
            self._told_at = None

    def refused_by_broker(self, error: Exception) -> None:
        """Keep that the broker takes nothing; the error's text may hold its address with the password."""
        self.fails("broker", Fact.of("operations.broker-refuses", error=type(error).__name__))

    def works(self, neighbour: str) -> None:
        """Keep that a neighbour works."""
        with self._lock:
            known = self._troubles.pop(neighbour, None)
        if known is not None:
            _LOG.warning("%s works again", neighbour)
            self._told_at = None

    def tell(self) -> None:
        """Write that this process lives, every half minute at most unless something changed. Never raises."""
        now = self._clock.now()
        if self._told_at is not None and now - self._told_at < _EVERY:
            return
        try:
            self.write()
        except SQLAlchemyError as error:
            _LOG.warning("the database takes no sign of life (%s)", type(error).__name__)

    def write(self) -> None:
        """Write that this process lives; raises what the database raises, which is then the trouble."""
        now = self._clock.now()
        with self._lock:
            told = {
                item.neighbour: {"since": item.since.isoformat(), "why": item.why.to_json()}
                for item in self._troubles.values()
            }
        row = ProcessRow(
            id=self.id,
            role=self._role,
            host=self._host,
            pid=os.getpid(),
            started_at=self._started,
            seen_at=now,
            neighbours=told,
        )
        with self._database.transaction() as session:
            processes.tell(session, row)
        self._told_at = now

    def end(self) -> None:
        """Take back that this process lives. Never raises."""
        try:
            with self._database.transaction() as session:
                processes.end(session, [self.id])
        except SQLAlchemyError as error:
            _LOG.warning("the end of this process is not recorded (%s)", type(error).__name__)


class Processes:
    """Looks at what the running processes tell."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """``clock`` is the machine's."""
        self._database = database
        self._clock = clock

    def all(self) -> list[ProcessView]:
        """Return the processes that were seen within a day."""
        now = self._clock.now()
        with self._database.reading() as session:
            return [_view(row, now) for row in processes.all_of(session)]

    def forget_old(self) -> None:
        """Forget what was seen last a day ago or more."""
        with self._database.transaction() as session:
            processes.forget(session, self._clock.now() - _FORGOTTEN)


def _view(row: ProcessRow, now: datetime) -> ProcessView:
    troubles = tuple(
        NeighbourTrouble(name, datetime.fromisoformat(found["since"]), Fact.from_json(found["why"]))
        for name, found in sorted(row.neighbours.items())
    )
    alive = now - row.seen_at <= _ALIVE
    return ProcessView(row.role, row.host, row.pid, row.started_at, row.seen_at, alive, troubles)
