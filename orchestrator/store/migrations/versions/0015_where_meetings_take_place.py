"""how and where meetings take place, and their short titles

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MODES = "mode IN ('online', 'in person', 'hybrid')"
_CHECKS = {
    "mode": _MODES,
    "venue": "(mode = 'online') = (venue IS NULL)",
    "room": "room IS NULL OR venue IS NOT NULL",
}


def upgrade() -> None:
    for name in ("meeting", "meeting_revision"):
        with op.batch_alter_table(name) as table:
            # Every meeting so far was one over the internet.
            table.add_column(sa.Column("mode", sa.String(12), nullable=False, server_default="online"))
            table.add_column(sa.Column("venue", sa.JSON(none_as_null=True)))
            table.add_column(sa.Column("room", sa.String(120)))
        with op.batch_alter_table(name) as table:
            table.alter_column("mode", server_default=None)
    with op.batch_alter_table("meeting") as table:
        table.add_column(sa.Column("short", sa.String(40)))
        table.add_column(sa.Column("short_vi", sa.String(40)))
        for name, condition in _CHECKS.items():
            table.create_check_constraint(op.f(f"ck_meeting_{name}"), sa.text(condition))


def downgrade() -> None:
    with op.batch_alter_table("meeting") as table:
        for name in _CHECKS:
            table.drop_constraint(op.f(f"ck_meeting_{name}"), type_="check")
        for column in ("mode", "venue", "room", "short", "short_vi"):
            table.drop_column(column)
    with op.batch_alter_table("meeting_revision") as table:
        for column in ("mode", "venue", "room"):
            table.drop_column(column)
