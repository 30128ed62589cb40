"""who is known to send for whom, whose answer a mail gives, and whose bytes are kept

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_KINDS = (
    "kind IN ('answer', 'proposal', 'bounce', 'composition', 'letter')",
    "kind IN ('answer', 'proposal', 'bounce', 'composition', 'letter', 'waiting')",
)
"""What a response may be, before and after."""


def upgrade() -> None:
    op.create_table(
        "known_sender",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("relation", sa.String(length=10), nullable=False),
        sa.Column("confirmed_at", _INSTANT, nullable=False),
        sa.Column("confirmed_by", sa.String(length=400), nullable=False),
        sa.Column("confirmed_by_kind", sa.String(length=20), nullable=False),
        sa.Column("confirmed_by_id", sa.String(length=64)),
        sa.Column("confirmed_via", sa.String(length=20), nullable=False),
        sa.Column("incoming_id", sa.Integer()),
        sa.Column("withdrawn_at", _INSTANT),
        sa.Column("withdrawn_by", sa.String(length=400)),
        sa.Column("withdrawn_via", sa.String(length=20)),
        sa.CheckConstraint("relation IN ('alias', 'deputy')", name=op.f("ck_known_sender_relation")),
        sa.ForeignKeyConstraint(
            ["incoming_id"],
            ["incoming_mail.id"],
            name=op.f("fk_known_sender_incoming_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_known_sender_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_sender")),
    )
    op.create_index(
        "uq_known_sender_present",
        "known_sender",
        ["person_id", "address"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    with op.batch_alter_table("incoming_mail") as batch:
        batch.add_column(sa.Column("named", sa.String(length=320)))
        batch.add_column(sa.Column("named_as", sa.String(length=200)))
        batch.add_column(sa.Column("body_kept", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_incoming_mail_kept",
        "incoming_mail",
        ["id"],
        sqlite_where=sa.text("body_kept"),
        postgresql_where=sa.text("body_kept"),
    )
    with op.batch_alter_table("response") as batch:
        batch.add_column(sa.Column("by_other", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.drop_constraint(op.f("ck_response_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_response_kind"), sa.text(_KINDS[1]))
    # Until now the bytes of exactly these were kept, unless a mail was too large.
    op.execute(
        "UPDATE incoming_mail SET body_kept = true WHERE outcome IN ('quarantined', 'assigned', 'discarded')"
    )
    with op.batch_alter_table("incoming_mail") as batch:
        batch.alter_column("body_kept", server_default=None)
    with op.batch_alter_table("response") as batch:
        batch.alter_column("by_other", server_default=None)


def downgrade() -> None:
    told = "SELECT id FROM action WHERE kind = 'answered-for'"
    op.execute(f"DELETE FROM delivery WHERE action_id IN ({told})")
    op.execute("DELETE FROM action WHERE kind = 'answered-for'")
    op.execute("DELETE FROM response WHERE kind = 'waiting'")
    with op.batch_alter_table("response") as batch:
        batch.drop_constraint(op.f("ck_response_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_response_kind"), sa.text(_KINDS[0]))
        batch.drop_column("by_other")
    op.drop_index("ix_incoming_mail_kept", table_name="incoming_mail")
    with op.batch_alter_table("incoming_mail") as batch:
        batch.drop_column("body_kept")
        batch.drop_column("named_as")
        batch.drop_column("named")
    op.drop_index(
        "uq_known_sender_present",
        table_name="known_sender",
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.drop_table("known_sender")
