"""The schema's migrations, run by Alembic.

Apart from the engine, which every command needs, because importing Alembic takes as long as importing
the rest of the store, and few commands look at the schema.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from orchestrator.store.rows.base import Base


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest migration; the caller commits.

    An empty database gets the newest schema at once: the migrations would lead to the same, by way of every
    older one, which on SQLite means making each table again and again.
    """
    config = _config()
    config.attributes["connection"] = connection
    if _is_empty(connection):
        Base.metadata.create_all(connection)
        command.stamp(config, "head")
    else:
        command.upgrade(config, "head")


def revision(connection: Connection) -> str | None:
    """Return the migration that the schema stands at; ``None`` when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """Return the newest migration of this version."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _is_empty(connection: Connection) -> bool:
    """Whether nothing of ours stands there yet, not even the mark of an upgrade that was broken off."""
    return not inspect(connection).get_table_names()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
