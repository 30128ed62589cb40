"""on whose days off meetings take place, as their coordinators know it

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("meeting") as table:
        table.add_column(sa.Column("days_off", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    alerts = "SELECT id FROM action WHERE kind = 'day-off-alert'"
    op.execute(f"DELETE FROM delivery WHERE action_id IN ({alerts})")
    op.execute("DELETE FROM action WHERE kind = 'day-off-alert'")
    with op.batch_alter_table("meeting") as table:
        table.drop_column("days_off")
