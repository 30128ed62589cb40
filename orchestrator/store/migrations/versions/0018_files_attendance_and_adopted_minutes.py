"""files of meetings, attendance of delegations, and which minutes are adopted

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("document") as table:
        table.add_column(sa.Column("lost_since", _INSTANT, nullable=True))
        table.create_index("ix_document_digest", ["digest"])
    with op.batch_alter_table("minutes") as table:
        table.add_column(sa.Column("adopted_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("adopted_at", _INSTANT, nullable=True))
        table.add_column(sa.Column("adopted_by", sa.Text(), nullable=True))
    op.create_table(
        "meeting_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("delegation", sa.String(length=6), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("item", sa.Integer(), nullable=True),
        sa.Column("audience", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=400), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("withdrawn_at", _INSTANT, nullable=True),
        sa.Column("withdrawn_by", sa.String(length=400), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_meeting_file_version")),
        sa.CheckConstraint("item >= 1", name=op.f("ck_meeting_file_item")),
        sa.CheckConstraint("audience IN ('members', 'partners')", name=op.f("ck_meeting_file_audience")),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name=op.f("ck_meeting_file_withdrawn")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_meeting_file_document_id")),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.id"],
            name=op.f("fk_meeting_file_meeting_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_file")),
        sa.UniqueConstraint(
            "meeting_id",
            "delegation",
            "name_key",
            "version",
            name=op.f("uq_meeting_file_meeting_id_delegation_name_key_version"),
        ),
    )
    op.create_index(op.f("ix_meeting_file_document_id"), "meeting_file", ["document_id"])
    op.create_table(
        "attendance",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("delegation", sa.String(length=6), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(length=400), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.id"],
            name=op.f("fk_attendance_meeting_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("meeting_id", "delegation", name=op.f("pk_attendance")),
    )


def downgrade() -> None:
    op.drop_table("attendance")
    op.drop_table("meeting_file")
    with op.batch_alter_table("minutes") as table:
        for name in ("adopted_by", "adopted_at", "adopted_on"):
            table.drop_column(name)
    with op.batch_alter_table("document") as table:
        table.drop_index("ix_document_digest")
        table.drop_column("lost_since")
