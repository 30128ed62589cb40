"""what coordinators are told at once, in a table of its own; one kind of alert for all facts

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_KINDS = (
    "head-declined",
    "no-link",
    "link-old",
    "bounced",
    "bounced-behind",
    "day-off",
    "test-moved",
    "letters-dropped",
    "letter-failed",
    "last-chaser",
    "new-time",
    "poll-closed",
)
_FORMER = ("link-alert", "decline-alert", "day-off-alert")


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("is_planned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name="fk_alert_meeting_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("meeting_id", "key", name="uq_alert_meeting_id_key"),
        sa.CheckConstraint(f"kind IN ({', '.join(repr(kind) for kind in _KINDS)})", name="kind"),
    )
    op.create_index(
        "ix_alert_unplanned",
        "alert",
        ["meeting_id"],
        sqlite_where=sa.text("NOT is_planned"),
        postgresql_where=sa.text("NOT is_planned"),
    )
    # What waits under its former key is not called for any more, and ends when it is looked at; the plan holds
    # the same facts under keys of their own.
    op.execute(f"UPDATE action SET kind = 'alert' WHERE kind IN ({', '.join(map(repr, _FORMER))})")


def downgrade() -> None:
    op.execute("UPDATE action SET kind = 'link-alert' WHERE kind = 'alert'")
    # The release before knows no looks. It plans its own alerts when the meeting is planned next.
    op.execute("DELETE FROM action WHERE kind = 'look'")
    op.drop_table("alert")
