"""a mail is kept as it was handed over until it is accepted

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("delivery") as batch:
        batch.add_column(sa.Column("written_from", sa.JSON(none_as_null=True)))
        batch.add_column(sa.Column("content", sa.LargeBinary()))


def downgrade() -> None:
    with op.batch_alter_table("delivery") as batch:
        batch.drop_column("content")
        batch.drop_column("written_from")
