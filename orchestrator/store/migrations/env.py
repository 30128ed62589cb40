"""Runs migrations on the connection that ``Database.upgrade`` hands over."""

from __future__ import annotations

from alembic import context

from orchestrator.store.rows.base import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_server_default=True,
    user_module_prefix="models.",
)
with context.begin_transaction():
    context.run_migrations()
