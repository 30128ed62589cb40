"""what mail systems report of a delivery, and of addresses behind the invited one

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("delivery") as table:
        table.add_column(sa.Column("report", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("response") as table:
        table.add_column(sa.Column("behind", sa.String(254), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("response") as table:
        table.drop_column("behind")
    with op.batch_alter_table("delivery") as table:
        table.drop_column("report")
