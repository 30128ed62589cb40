"""events of one or more sessions; what is linked becomes one event, every other meeting an event of its own

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_EVENT = sa.table(
    "event",
    *(sa.column(name) for name in ("id", "reference", "lead", "version", "created_at")),
    sa.column("defaults", sa.JSON()),
    sa.column("people", sa.JSON()),
)
_MEETING = sa.table(
    "meeting", *(sa.column(name) for name in ("id", "reference", "event_id", "starts_at", "created_at"))
)
_FEED = sa.table("meeting_feed", sa.column("source"), sa.column("target"))


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("title_en", sa.String(400)),
        sa.Column("title_vi", sa.String(400)),
        sa.Column("short", sa.String(40)),
        sa.Column("short_vi", sa.String(40)),
        sa.Column("lead", sa.String(64), nullable=False),
        sa.Column("month", sa.String(7)),
        sa.Column("announced_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("defaults", sa.JSON(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        sa.UniqueConstraint("reference", name="uq_event_reference"),
    )
    op.create_table(
        "undated_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("written", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_undated_session"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name="fk_undated_session_event_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("reference", name="uq_undated_session_reference"),
    )
    op.create_index("ix_undated_session_event_id", "undated_session", ["event_id"])
    op.create_table(
        "event_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(400), nullable=False),
        sa.Column("actor_kind", sa.String(20), nullable=False),
        sa.Column("actor_id", sa.String(64)),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("what", sa.String(80), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("detail", sa.JSON(none_as_null=True)),
        sa.PrimaryKeyConstraint("id", name="pk_event_history"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name="fk_event_history_event_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_event_history_event_id", "event_history", ["event_id"])
    with op.batch_alter_table("meeting") as table:
        table.add_column(sa.Column("event_id", sa.Integer(), nullable=True))
    _gather()
    with op.batch_alter_table("meeting") as table:
        table.alter_column("event_id", existing_type=sa.Integer(), nullable=False)
        table.create_foreign_key("fk_meeting_event_id", "event", ["event_id"], ["id"])
        table.create_index("ix_meeting_event_id", ["event_id"])


def _gather() -> None:
    """Make an event of every meeting, and one of all that are linked, which leads what prepares no other."""
    connection = op.get_bind()
    meetings = {
        row.reference: row
        for row in connection.execute(
            sa.select(_MEETING.c.reference, _MEETING.c.starts_at, _MEETING.c.created_at).order_by(
                _MEETING.c.id
            )
        )
    }
    feeds = [
        (row.source, row.target)
        for row in connection.execute(sa.select(_FEED))
        if row.source in meetings and row.target in meetings
    ]
    for number, together in enumerate(_together(meetings, feeds), 1):
        lead = _lead(together, feeds, meetings)
        made = min(meetings[name].created_at for name in together)
        connection.execute(
            _EVENT.insert(),
            {
                "id": number,
                "reference": lead,
                "lead": lead,
                "version": 1,
                "defaults": {},
                "people": [],
                "created_at": made,
            },
        )
        connection.execute(
            _MEETING.update().where(_MEETING.c.reference.in_(together)).values(event_id=number)
        )
    if connection.dialect.name == "postgresql" and meetings:
        # PostgreSQL does not see that ids were given by hand.
        highest = "(SELECT max(id) FROM event)"
        op.execute(f"SELECT setval(pg_get_serial_sequence('event', 'id'), {highest})")


def _together(names: Iterable[str], feeds: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return the meetings in groups of what is linked, directly or through others."""
    group = {name: [name] for name in names}
    for source, target in feeds:
        first, second = group[source], group[target]
        if first is not second:
            first += second
            group |= dict.fromkeys(second, first)
    return list({id(found): found for found in group.values()}.values())


def _lead(together: list[str], feeds: Sequence[tuple[str, str]], meetings: Mapping[str, Any]) -> str:
    """Return what is prepared and prepares no other; of several the one with most before it, then the last."""
    preparing = {source for source, _ in feeds}
    ends = [name for name in together if name not in preparing] or together
    return max(ends, key=lambda name: (sum(name == target for _, target in feeds), meetings[name].starts_at))


def downgrade() -> None:
    with op.batch_alter_table("meeting") as table:
        table.drop_index("ix_meeting_event_id")
        table.drop_constraint("fk_meeting_event_id", type_="foreignkey")
        table.drop_column("event_id")
    op.drop_table("event_history")
    op.drop_table("undated_session")
    op.drop_table("event")
