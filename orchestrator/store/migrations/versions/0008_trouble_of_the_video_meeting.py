"""why the provider of a video meeting fails at present

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("conference") as table:
        table.add_column(sa.Column("trouble", sa.JSON(none_as_null=True), nullable=True))
        table.add_column(sa.Column("trouble_since", sa.DateTime(timezone=True), nullable=True))
        table.add_column(
            sa.Column("trouble_needs_person", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        table.add_column(sa.Column("troubles", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("conference") as table:
        table.alter_column("trouble_needs_person", server_default=None, existing_type=sa.Boolean())
        table.alter_column("troubles", server_default=None, existing_type=sa.Integer())


def downgrade() -> None:
    with op.batch_alter_table("conference") as table:
        for name in ("troubles", "trouble_needs_person", "trouble_since", "trouble"):
            table.drop_column(name)
