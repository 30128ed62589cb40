"""internal remarks on changes, which stay in the history

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_MEETING = sa.table("meeting", sa.column("id", sa.Integer), sa.column("reasons", sa.JSON))


def upgrade() -> None:
    with op.batch_alter_table("meeting_history") as table:
        table.add_column(sa.Column("remark", sa.Text(), nullable=True))


def _in_english(reason: dict[str, Any]) -> dict[str, Any]:
    """Return a reason as it was kept before there were other languages, and reasons that nobody wrote."""
    kept = ("sequence", "revision", "cancels")
    return {**{name: reason[name] for name in kept}, "text": reason["text"]}


def _only_english() -> None:
    bind = op.get_bind()
    for number, reasons in bind.execute(sa.select(_MEETING.c.id, _MEETING.c.reasons)).all():
        written = [_in_english(item) for item in reasons if "text" in item]
        if written != reasons:
            bind.execute(_MEETING.update().where(_MEETING.c.id == number).values(reasons=written))


def downgrade() -> None:
    _only_english()
    with op.batch_alter_table("meeting_history") as table:
        table.drop_column("remark")
