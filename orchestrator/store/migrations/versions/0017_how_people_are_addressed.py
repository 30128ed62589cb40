"""how letters address a person, and the office that the person holds

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("attendee", "named_person"):
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("form", sa.String(30), nullable=True))
            table.add_column(sa.Column("position", sa.String(120), nullable=True))


def downgrade() -> None:
    for name in ("named_person", "attendee"):
        with op.batch_alter_table(name) as table:
            table.drop_column("position")
            table.drop_column("form")
