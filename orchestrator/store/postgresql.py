"""Connections to PostgreSQL that notice when nobody is at the other end any more.

A network that drops packets, or a server that is stopped without closing anything, leaves a connection that
waits for ever: TCP gives up after a quarter of an hour or more, and libpq sets no limit to an answer.
"""

from __future__ import annotations

import select
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

_PING_SECONDS = 5.0
_LIMITS = {
    # A forgotten transaction would hold back vacuum and make every claim slower.
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "20s",
    "statement_timeout": "30s",
}
_NETWORK: Mapping[str, int] = {
    "connect_timeout": 5,
    # A peer that is silent for 10 seconds is asked every 5, three times; what we have sent must be confirmed
    # within 15 seconds (milliseconds here).
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_UPGRADING = 0x6D656574
"""The advisory lock of whoever upgrades: any number that others do not use."""


def engine_of(url: URL, ca_file: Path | None) -> Engine:
    """Return an engine; what the URL says itself of the network is left as it says."""
    options = " ".join(f"-c {name}={value}" for name, value in _LIMITS.items())
    network = {name: value for name, value in _NETWORK.items() if name not in url.query}
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"options": options, **network, **_authorities(url, ca_file)},
    )
    event.listen(engine, "checkout", _ping)
    return engine


def wait_for_the_turn_to_upgrade(connection: Connection) -> None:
    """Wait until nobody else upgrades; the lock goes with the connection.

    Neither waiting nor a large table may run into the limits that everyday statements have.
    """
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(text(f"SET {limit} = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _UPGRADING})
    connection.commit()


def end_the_turn_to_upgrade(connection: Connection) -> None:
    """Close the connection for good: the lock and the limits were its own."""
    connection.invalidate()


def _ping(connection: Any, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """See that the server still answers before a connection from the pool is used.

    SQLAlchemy's own ping waits for the answer without an end. Raises ``DisconnectionError``, after which the
    pool makes another connection.
    """
    if not answers(connection.pgconn, _PING_SECONDS):
        raise DisconnectionError


def answers(link: Any, seconds: float) -> bool:
    """Send an empty query over a connection of libpq, and say whether its answer came in time."""
    # Late, because only those who use PostgreSQL need its driver.
    from psycopg import Error
    from psycopg.pq import ExecStatus

    deadline = time.monotonic() + seconds
    try:
        link.send_query(b"")
        found = _next_result(link, deadline)
        # A server that has closed the connection has said so before, and that is the first answer.
        if found is None or found.status != ExecStatus.EMPTY_QUERY:
            return False
        while _next_result(link, deadline) is not None:
            pass
    except (OSError, Error):
        return False
    return True


def _next_result(link: Any, deadline: float) -> Any:
    """Return the next result, ``None`` after the last one; raises ``TimeoutError`` when it does not come.

    Taking a result that is not there yet waits for it inside of libpq, without an end and with the
    interpreter's lock held, so that nothing else in this process goes on either.
    """
    while link.is_busy():
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([link.socket], [], [], left)[0]:
            raise TimeoutError
        link.consume_input()
    return link.get_result()


def _authorities(url: URL, ca_file: Path | None) -> dict[str, str]:
    """Return what tells libpq whom to trust; a mode that verifies nothing must not begin to by our doing."""
    verifies = url.query.get("sslmode") in ("verify-ca", "verify-full")
    if ca_file is None or not verifies or "sslrootcert" in url.query:
        return {}
    return {"sslrootcert": str(ca_file)}
