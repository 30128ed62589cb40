"""why meetings were moved, changed or cancelled, as attendees are told it

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("meeting") as table:
        table.add_column(sa.Column("reasons", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("meeting") as table:
        table.alter_column("reasons", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("meeting") as table:
        table.drop_column("reasons")
