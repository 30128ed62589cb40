"""Fixtures of the tests in this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic import command

from orchestrator.store.engine import Database
from tests.integration.operations.old_database import Old, config_on, fill


@pytest.fixture
def old(database_url: str) -> Iterator[Database]:
    """A database in use, at the first migration."""
    database = Database(database_url)
    with database.engine.connect() as connection:
        command.upgrade(config_on(connection), "0001")
        fill(Old(connection))
        connection.commit()
    yield database
    database.dispose()


@pytest.fixture
def upgraded(old: Database) -> Database:
    """The same database at the newest migration."""
    old.upgrade()
    return old
