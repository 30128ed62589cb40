"""a lane for each kind of work, a breaker for each lane, and the processes that run

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_LANES = {
    "conference.ensure": ("conference", "conference-delete"),
    "meetings.turn": ("confirm", "conclude"),
    "mailbox.read": ("read-mailbox",),
}
"""The lanes of the kinds that are no mails."""
_SCHEDULED = sa.text("state = 'scheduled'")


def upgrade() -> None:
    op.add_column("action", sa.Column("lane", sa.String(20), nullable=False, server_default="mail.send"))
    for lane, kinds in _LANES.items():
        listed = ", ".join(f"'{kind}'" for kind in kinds)
        op.execute(f"UPDATE action SET lane = '{lane}' WHERE kind IN ({listed})")
    _index_due("lane", "due_at", "id")
    op.create_table(
        "breaker",
        sa.Column("lane", sa.String(20), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe", sa.Integer(), nullable=True),
        sa.Column("probe_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.JSON(none_as_null=True), nullable=False),
        sa.CheckConstraint("failures > 0", name=op.f("ck_breaker_failures")),
        sa.CheckConstraint("(probe IS NULL) = (probe_until IS NULL)", name=op.f("ck_breaker_probe")),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_breaker")),
    )
    op.create_table(
        "process",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("host", sa.String(120), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("neighbours", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process")),
    )


def downgrade() -> None:
    op.drop_table("process")
    op.drop_table("breaker")
    _index_due("due_at", "id")
    op.drop_column("action", "lane")


def _index_due(*columns: str) -> None:
    """Make the index of what is due again, over these columns."""
    op.drop_index("ix_action_due", table_name="action")
    op.create_index(
        "ix_action_due", "action", list(columns), sqlite_where=_SCHEDULED, postgresql_where=_SCHEDULED
    )
