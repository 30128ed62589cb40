"""A database that does not answer any more is noticed, and several that upgrade it wait for one another."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from orchestrator.store import postgresql
from orchestrator.store.engine import Database
from orchestrator.supervisor import free_ports

pytestmark = pytest.mark.both_databases


class Wire:
    """A network between us and PostgreSQL that can drop whatever travels over the connections of now."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._cut = threading.Event()
        self._ended = threading.Event()
        self.carries_ends = True
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """From now on nothing arrives any more, in both directions; new connections are not concerned."""
        self._cut.set()
        self._cut = threading.Event()

    def close(self) -> None:
        self._ended.set()
        for item in (self._listener, *self._sockets):
            item.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = self._connect()
            self._sockets += [near, far]
            threading.Thread(target=self._carry, args=(near, far, self._cut), daemon=True).start()

    def _connect(self) -> socket.socket:
        host, port = self._target
        if not host.startswith("/"):
            return socket.create_connection(self._target)
        far = socket.socket(socket.AF_UNIX)
        far.connect(f"{host}/.s.PGSQL.{port}")
        return far

    def _carry(self, near: socket.socket, far: socket.socket, cut: threading.Event) -> None:
        other = {near: far, far: near}
        with suppress(OSError, ValueError):
            while not self._ended.is_set():
                for ready in select.select([near, far], [], [], 0.05)[0]:
                    data = ready.recv(65536)
                    if not data:
                        if self.carries_ends:
                            near.close()
                        far.close()
                        return
                    if not cut.is_set():
                        other[ready].sendall(data)


@pytest.fixture
def wire(postgres_url: str) -> Iterator[Wire]:
    with psycopg.connect(postgres_url) as connection:
        found = Wire(connection.info.host, connection.info.port)
    yield found
    found.close()


@pytest.fixture
def far(wire: Wire, postgres_url: str) -> Iterator[Database]:
    """The database, over that network."""
    url = make_url(postgres_url).set(host="127.0.0.1", port=wire.port, query={"sslmode": "disable"})
    found = Database(url.render_as_string(hide_password=False))
    yield found
    found.dispose()


def test_a_connection_that_went_silent_is_replaced(
    far: Database, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_PING_SECONDS", 0.3)
    with far.reading() as session:
        before = session.scalar(text("SELECT pg_backend_pid()"))
    with far.reading() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) == before, "one that answers is used again"
    wire.cut()
    with far.reading() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != before


def test_a_server_that_closed_its_connections_is_asked_again(far: Database, postgres_url: str) -> None:
    with far.reading() as session:
        before = session.scalar(text("SELECT pg_backend_pid()"))
    other = Database(postgres_url)
    with other.engine.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": before})
    with far.reading() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != before
    other.dispose()


def test_a_last_word_without_the_end_of_the_connection_is_not_waited_on(
    far: Database, wire: Wire, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server says why it closes, and its closing is lost on the way."""
    monkeypatch.setattr(postgresql, "_PING_SECONDS", 0.3)
    wire.carries_ends = False
    with far.reading() as session:
        before = session.scalar(text("SELECT pg_backend_pid()"))
    other = Database(postgres_url)
    with other.engine.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": before})
    other.dispose()
    with far.reading() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != before


def test_every_connection_has_an_end_to_its_patience(far: Database) -> None:
    with far.engine.connect() as connection:
        limits = {
            name: connection.execute(text(f"SHOW {name}")).scalar()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        }
        network = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    assert limits == {
        "statement_timeout": "30s",
        "lock_timeout": "20s",
        "idle_in_transaction_session_timeout": "1min",
    }
    assert (network["keepalives_idle"], network["tcp_user_timeout"]) == ("10", "15000")
    assert (network["connect_timeout"], network["keepalives_count"]) == ("5", "3")


def test_what_the_url_says_of_the_network_is_kept(postgres_url: str) -> None:
    url = make_url(postgres_url).update_query_dict({"connect_timeout": "9", "keepalives_idle": "77"})
    own = Database(url.render_as_string(hide_password=False))
    with own.engine.connect() as connection:
        network = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    own.dispose()
    assert (network["keepalives_idle"], network["connect_timeout"]) == ("77", "9")


def test_a_server_that_accepts_and_never_greets_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        database = Database(f"postgresql://u:p@127.0.0.1:{port}/x?connect_timeout=2")
        with pytest.raises(OperationalError), database.reading() as session:
            session.scalar(text("SELECT 1"))
        database.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_those_who_upgrade_at_the_same_time_wait_for_one_another(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'own.db'}"
    if kind == "postgresql":
        server = Database(request.getfixturevalue("postgres_url"))
        name = f"upgraded{free_ports(1)[0]}"
        with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        url = server.engine.url.set(database=name).render_as_string(hide_password=False)
        server.dispose()
    script = "import sys; from orchestrator.store.engine import Database; Database(sys.argv[1]).upgrade()"
    started = [
        subprocess.Popen([sys.executable, "-c", script, url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in started]
    assert [code for _, code in ended] == [0, 0, 0], ended
    database = Database(url)
    assert database.revisions()[0] == database.revisions()[1]
    database.dispose()
