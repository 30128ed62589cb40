"""working calendars, what delegations owe, date polls, outcomes, and plans that say what they rest on

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_MAILS = (
    "'invite', 'remind', {}'cancel', 'minutes', 'resend', 'refusal', 'link-alert', 'digest', 'decline-alert'"
)
_OWN = "'conference', 'conference-delete', {}'conclude', 'poll'"
_NEW = "'notice', 'chase', 'rehearse', 'date-poll', "
_KIND = (
    f"kind IN ({_MAILS.format('')}, {_OWN.format('')})",
    f"kind IN ({_MAILS.format(_NEW)}, {_OWN.format(chr(39) + 'confirm' + chr(39) + ', ')})",
)
_TABLES = (
    "date_vote",
    "date_option",
    "date_poll",
    "rehearsal_slot",
    "outcome",
    "delegation_joined",
    "contribution",
    "calendar_override",
)


def _replace(batch: BatchOperations, table: str, name: str, condition: str) -> None:
    """Give a table another check constraint of the same name."""
    batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
    batch.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(condition))


def _add(table: str, name: str, kind: sa.types.TypeEngine[Any], default: str) -> None:
    """Add a column that is never empty; the rows that were there get ``default``."""
    with op.batch_alter_table(table) as batch:
        batch.add_column(sa.Column(name, kind, nullable=False, server_default=default))
    with op.batch_alter_table(table) as batch:
        batch.alter_column(name, server_default=None)


def upgrade() -> None:
    _new_tables()
    _add("action", "note", sa.Text(), "")
    with op.batch_alter_table("action") as batch:
        _replace(batch, "action", "kind", _KIND[1])
    _add("agenda_item", "points", sa.JSON(), "[]")
    with op.batch_alter_table("agenda_item") as batch:
        batch.add_column(sa.Column("input_from", sa.String(length=64)))
    _add("attendee", "nudges", sa.Integer(), "0")
    with op.batch_alter_table("attendee") as batch:
        batch.add_column(sa.Column("language", sa.String(length=20)))
        batch.add_column(sa.Column("nudged_at", _INSTANT))
    with op.batch_alter_table("meeting_revision") as batch:
        batch.add_column(sa.Column("wall_start", sa.DateTime()))
        batch.add_column(sa.Column("zone", sa.String(length=64)))
    # An empty basis differs from any, so every meeting is planned anew at the first start.
    _add("meeting", "basis", sa.Text(), "")
    with op.batch_alter_table("meeting") as batch:
        batch.add_column(sa.Column("own_timeline", sa.Text()))


def downgrade() -> None:
    new = "SELECT id FROM action WHERE kind IN ('notice', 'chase', 'rehearse', 'date-poll', 'confirm')"
    op.execute(
        "UPDATE action SET state = 'scheduled', blocked_by = NULL "
        f"WHERE state = 'blocked' AND blocked_by IN ({new})"
    )
    op.execute(f"UPDATE action SET blocked_by = NULL WHERE blocked_by IN ({new})")
    op.execute(f"DELETE FROM delivery WHERE action_id IN ({new})")
    op.execute("DELETE FROM action WHERE kind IN ('notice', 'chase', 'rehearse', 'date-poll', 'confirm')")
    with op.batch_alter_table("meeting") as batch:
        batch.drop_column("own_timeline")
        batch.drop_column("basis")
    with op.batch_alter_table("meeting_revision") as batch:
        batch.drop_column("zone")
        batch.drop_column("wall_start")
    with op.batch_alter_table("attendee") as batch:
        batch.drop_column("nudges")
        batch.drop_column("nudged_at")
        batch.drop_column("language")
    with op.batch_alter_table("agenda_item") as batch:
        batch.drop_column("input_from")
        batch.drop_column("points")
    with op.batch_alter_table("action") as batch:
        _replace(batch, "action", "kind", _KIND[0])
        batch.drop_column("note")
    for table in _TABLES:
        op.drop_table(table)


def _new_tables() -> None:
    op.create_table(
        "calendar_override",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delegation", sa.String(length=6), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=400), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("withdrawn_by", sa.String(length=400), nullable=True),
        sa.Column("withdrawn_at", _INSTANT, nullable=True),
        sa.CheckConstraint("kind IN ('closed', 'open', 'hours')", name=op.f("ck_calendar_override_kind")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_calendar_override_days")),
        sa.CheckConstraint("days IS NULL OR kind = 'hours'", name=op.f("ck_calendar_override_weekdays")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_override")),
    )
    with op.batch_alter_table("calendar_override", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_override_delegation"), ["delegation"], unique=False)

    op.create_table(
        "contribution",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("delegation", sa.String(length=6), nullable=False),
        sa.Column("need", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("by", sa.String(length=400), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "need IN ('delegation list', 'paper', 'connectivity test')", name=op.f("ck_contribution_need")
        ),
        sa.CheckConstraint("state IN ('in', 'waived', 'failed')", name=op.f("ck_contribution_state")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_contribution_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", "delegation", "need", name=op.f("pk_contribution")),
    )
    op.create_table(
        "date_poll",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("closes_at", _INSTANT, nullable=False),
        sa.Column("by", sa.String(length=400), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("chosen", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'closed', 'withdrawn')", name=op.f("ck_date_poll_state")),
        sa.CheckConstraint("closes_at > opened_at", name=op.f("ck_date_poll_order")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_date_poll_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_date_poll")),
    )
    with op.batch_alter_table("date_poll", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_date_poll_meeting_id"), ["meeting_id"], unique=False)
        batch_op.create_index(
            "uq_date_poll_open",
            ["meeting_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "delegation_joined",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("delegation", sa.String(length=6), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("by", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_delegation_joined_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", "delegation", name=op.f("pk_delegation_joined")),
    )
    op.create_table(
        "outcome",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=400), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_outcome_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome")),
        sa.UniqueConstraint("meeting_id", "number", name=op.f("uq_outcome_meeting_id_number")),
    )
    op.create_table(
        "rehearsal_slot",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("delegation", sa.String(length=6), nullable=False),
        sa.Column("starts_at", _INSTANT, nullable=False),
        sa.Column("ends_at", _INSTANT, nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("time_revision", sa.Integer(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_rehearsal_slot_order")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_rehearsal_slot_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", "delegation", name=op.f("pk_rehearsal_slot")),
    )
    op.create_table(
        "date_option",
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wall_start", sa.DateTime(), nullable=False),
        sa.Column("starts_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["poll_id"], ["date_poll.id"], name=op.f("fk_date_option_poll_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("poll_id", "number", name=op.f("pk_date_option")),
    )
    op.create_table(
        "date_vote",
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("delegation", sa.String(length=6), nullable=False),
        sa.Column("vote", sa.String(length=10), nullable=False),
        sa.Column("attendee_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=400), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.CheckConstraint("vote IN ('yes', 'if needed', 'no')", name=op.f("ck_date_vote_vote")),
        sa.ForeignKeyConstraint(
            ["attendee_id"], ["attendee.id"], name=op.f("fk_date_vote_attendee_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["poll_id", "number"],
            ["date_option.poll_id", "date_option.number"],
            name=op.f("fk_date_vote_poll_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("poll_id", "number", "delegation", name=op.f("pk_date_vote")),
    )
