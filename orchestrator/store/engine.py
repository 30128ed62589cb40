"""The database: engine, transactions, migrations."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from orchestrator.store import postgresql

_READ_ONLY = "orchestrator_read_only"


def only_reads(session: Session) -> bool:
    """Whether a session is one of ``Database.reading``, which writes nothing."""
    return bool(session.get_bind().get_execution_options().get(_READ_ONLY))


_FULL_OR_CLOSED = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
    }
)
"""What a system says when nothing can be written, or not by this process."""


def is_outage(error: BaseException) -> bool:
    """Whether an error means that nothing can be read or written at the moment, whatever was asked.

    A database that does not answer, is locked for too long, takes no writes or has no room, and a disk that
    is full or read-only. Everything else is a fault of the statement, and so of ours.
    """
    if isinstance(error, OSError):
        return error.errno in _FULL_OR_CLOSED
    if isinstance(error, DBAPIError) and not isinstance(error, OperationalError | InterfaceError):
        # PostgreSQL refuses to write in a read-only transaction with an error of its own class.
        return error.connection_invalidated or type(error.orig).__name__ == "ReadOnlySqlTransaction"
    return isinstance(error, DBAPIError | PoolTimeoutError)


Executor = Session | Connection
"""What runs a statement: a session, or a plain connection where every message counts."""


class Database:
    """An engine and the two ways to use it: a transaction that writes, or a look that reads.

    The engine connects on first use, so a ``Database`` made before a fork is safe as long as nobody
    used it.
    """

    def __init__(self, url: str, ca_file: Path | None = None) -> None:
        """Prepare for a SQLAlchemy URL; ``postgresql://`` is served by psycopg 3.

        ``ca_file`` holds the authorities that a PostgreSQL certificate is held against, where the URL asks
        for that and names none itself.
        """
        self._url = _with_driver(make_url(url))
        self.engine = (
            _sqlite(self._url) if self.dialect == "sqlite" else postgresql.engine_of(self._url, ca_file)
        )
        self._reader = self.engine.execution_options(**{_READ_ONLY: True})
        self._queue = _queue_beside(self._url)
        self._watched: PoolProxiedConnection | None = None

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._url.get_backend_name()

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database; ``None`` for every other one."""
        on_disk = self.dialect == "sqlite" and self._url.database not in (None, "", ":memory:")
        return Path(str(self._url.database)) if on_disk else None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One use case, one transaction: commits at the end, rolls back on any error."""
        with self._turn(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def statements(self) -> Iterator[Connection]:
        """The same for the way of every single message, where a session would cost more than the work."""
        with self._turn(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A look at the database that never blocks writers; nothing may be written in it."""
        with Session(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    def pulse(self) -> str:
        """Return a value that is another one after any commit, in whatever order they came.

        The database says so by itself, so nothing is counted. It may change without anything to see: on
        PostgreSQL whenever a transaction of any database of that server has begun or ended writing.
        """
        if self.dialect == "sqlite":
            return self._data_version()
        with self.reading() as session:
            return str(session.scalar(text("SELECT CAST(pg_current_snapshot() AS text)")))

    def _data_version(self) -> str:
        """Return how often others have written to the file, which only one and the same connection tells."""
        if self._watched is None:
            self._watched = self.engine.raw_connection()
        cursor = self._watched.cursor()
        try:
            cursor.execute("PRAGMA data_version")
            return str(cursor.fetchone())
        finally:
            cursor.close()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the turn to write, where the database has one writer at a time.

        SQLite makes a second writer sleep and ask again, longer each time, which costs far more than
        the transactions themselves; a file lock wakes the next one at once.
        """
        if self._queue is None:
            yield
            return
        with self._queue.open("wb") as file:
            flock(file, LOCK_EX)
            yield

    def dispose(self) -> None:
        """Close all connections."""
        if self._watched is not None:
            self._watched.close()
            self._watched = None
        self.engine.dispose()

    def upgrade(self) -> None:
        """Bring the schema to the newest migration; waits while another process does so."""
        # Late, because it brings Alembic along, which most commands do without.
        from orchestrator.store import schema

        if self.dialect == "sqlite" and self._url.database:
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        with self._turn(), self.migrating() as connection:
            schema.upgrade(connection)
            connection.commit()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection whose foreign keys rest, where changing a table means making it again.

        SQLite would take dropping the old table for deleting its rows, and delete what refers to them. On
        PostgreSQL nobody else has such a connection meanwhile.
        """
        with self.engine.connect() as connection:
            if self.dialect != "sqlite":
                postgresql.wait_for_the_turn_to_upgrade(connection)
                try:
                    yield connection
                finally:
                    postgresql.end_the_turn_to_upgrade(connection)
                return
            # The pragma does nothing inside a transaction, so it must come before the first statement.
            plain = connection.connection.cursor()
            plain.execute("PRAGMA foreign_keys=OFF")
            try:
                yield connection
            finally:
                connection.rollback()
                plain.execute("PRAGMA foreign_keys=ON")
                plain.close()

    def revisions(self) -> tuple[str | None, str | None]:
        """Return the schema's migration and the newest one; equal means up to date."""
        # Late, as in "upgrade".
        from orchestrator.store import schema

        with self._reader.connect() as connection:
            return schema.revision(connection), schema.newest_revision()


def _queue_beside(url: URL) -> Path | None:
    """Return the file at which the writers of a SQLite file queue; nothing else needs one."""
    on_disk = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(f"{url.database}-queue") if on_disk else None


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 20})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Take transactions into our own hands and set the pragmas of every connection."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin writing at once, where two writers queue, rather than at the first write, where they fail."""
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
