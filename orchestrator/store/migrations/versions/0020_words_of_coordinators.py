"""notes and letters of coordinators, in their own words

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("meeting") as table:
        table.add_column(sa.Column("notes", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("meeting") as table:
        table.alter_column("notes", server_default=None)
    with op.batch_alter_table("delivery") as table:
        table.add_column(sa.Column("note", sa.Integer(), nullable=True))
    op.create_table(
        "one_off_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.JSON(), nullable=False),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("at_once", sa.Boolean(), nullable=False),
        sa.Column("after_cancelling", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(400), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.id"],
            name="fk_one_off_letter_meeting_id_meeting",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_one_off_letter"),
    )
    op.create_index("ix_one_off_letter_meeting_id", "one_off_letter", ["meeting_id"])


def downgrade() -> None:
    op.execute("DELETE FROM delivery WHERE action_id IN (SELECT id FROM action WHERE kind = 'letter')")
    op.execute("DELETE FROM action WHERE kind = 'letter'")
    op.drop_index("ix_one_off_letter_meeting_id", "one_off_letter")
    op.drop_table("one_off_letter")
    with op.batch_alter_table("delivery") as table:
        table.drop_column("note")
    with op.batch_alter_table("meeting") as table:
        table.drop_column("notes")
