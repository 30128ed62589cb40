"""answers that come back, and revisions that number each recipient's messages

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_KINDS = "'invite', 'remind', 'cancel', 'minutes'"
_OWN = "'conference', 'conference-delete', 'conclude'"
_KIND = (
    f"kind IN ({_KINDS}, 'link-alert', {_OWN})",
    f"kind IN ({_KINDS}, 'resend', 'refusal', 'link-alert', 'digest', 'decline-alert', {_OWN}, 'poll')",
)
_ANSWERS = "'NEEDS-ACTION', 'ACCEPTED', 'TENTATIVE', 'DECLINED'"
_PARTICIPATION = (f"participation IN ({_ANSWERS})", f"participation IN ({_ANSWERS}, 'DELEGATED')")
_STATES = "'sending', 'sent', 'deferred', 'failed'"
_STATE = (f"state IN ({_STATES})", f"state IN ({_STATES}, 'bounced')")
_SEAT = "seat IN ('head of delegation', 'member', 'substitute')"
_SEQUENCES = "reset_sequence <= revised_sequence AND revised_sequence <= sequence"


def _replace(batch: BatchOperations, table: str, name: str, condition: str) -> None:
    """Give a table another check constraint of the same name."""
    batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
    batch.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(condition))


def _without_defaults(table: str, *columns: str) -> None:
    """Take back the values that the rows that were there needed."""
    with op.batch_alter_table(table) as batch:
        for column in columns:
            batch.alter_column(column, server_default=None)


def upgrade() -> None:
    _new_tables()
    with op.batch_alter_table("action") as batch:
        batch.alter_column("meeting_id", existing_type=sa.Integer(), nullable=True)
        _replace(batch, "action", "kind", _KIND[1])
        batch.create_index(
            "uq_action_own_key",
            ["key"],
            unique=True,
            sqlite_where=sa.text("meeting_id IS NULL"),
            postgresql_where=sa.text("meeting_id IS NULL"),
        )
    with op.batch_alter_table("delivery") as batch:
        _replace(batch, "delivery", "state", _STATE[1])
    with op.batch_alter_table("attendee") as batch:
        batch.add_column(sa.Column("seat", sa.String(length=20)))
        batch.add_column(sa.Column("answer_stamp", _INSTANT))
        batch.add_column(sa.Column("comment", sa.Text()))
        batch.add_column(sa.Column("delegated_to", sa.String(length=254)))
        batch.add_column(sa.Column("joined_sequence", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("joined_at", _INSTANT))
        batch.add_column(sa.Column("removed_at", _INSTANT))
        batch.add_column(sa.Column("resends", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("resend_asked_at", _INSTANT))
        batch.add_column(sa.Column("link_version", sa.Integer(), nullable=False, server_default="1"))
        _replace(batch, "attendee", "participation", _PARTICIPATION[1])
        batch.create_check_constraint(op.f("ck_attendee_seat"), sa.text(_SEAT))
    with op.batch_alter_table("meeting") as batch:
        batch.add_column(sa.Column("tentative", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("organizer", sa.String(length=254)))
        batch.add_column(sa.Column("revised_sequence", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("reset_sequence", sa.Integer(), nullable=False, server_default="0"))
        batch.create_check_constraint(op.f("ck_meeting_sequences"), sa.text(_SEQUENCES))
    with op.batch_alter_table("meeting_revision") as batch:
        batch.add_column(sa.Column("title_vi", sa.String(length=400)))
        batch.add_column(sa.Column("tentative", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("coordinator", sa.String(length=400), nullable=False, server_default=""))
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("feed_version", sa.Integer(), nullable=False, server_default="1"))
    _fill()
    _without_defaults("attendee", "joined_sequence", "resends", "link_version")
    _without_defaults("meeting", "tentative", "revised_sequence", "reset_sequence")
    _without_defaults("meeting_revision", "tentative", "coordinator")
    _without_defaults("person", "feed_version")


def _fill() -> None:
    """Give the rows that were there what the new columns would hold, had they been there from the start."""
    op.execute("UPDATE meeting SET revised_sequence = sequence")
    op.execute(
        "UPDATE meeting SET reset_sequence = COALESCE((SELECT told.sequence FROM meeting_revision AS told "
        "WHERE told.meeting_id = meeting.id AND told.revision = meeting.time_revision), 0)"
    )
    op.execute(
        "UPDATE attendee SET removed_at = (SELECT revised_at FROM meeting WHERE meeting.id = meeting_id) "
        "WHERE removed_sequence IS NOT NULL"
    )
    op.execute("UPDATE attendee SET answer_stamp = answered_at")
    op.execute(
        "UPDATE meeting_revision SET coordinator = (SELECT coordinator_name || ' <' || coordinator_email "
        "|| '>' FROM meeting WHERE meeting.id = meeting_id), "
        "title_vi = (SELECT title_vi FROM meeting WHERE meeting.id = meeting_id)"
    )
    _fill_agendas()


def _fill_agendas() -> None:
    """Name who leads each item, as far as the agenda still has it, or all leads would look new."""
    bind = op.get_bind()
    items = bind.execute(sa.text("SELECT meeting_id, en, lead FROM agenda_item WHERE lead IS NOT NULL"))
    leads = {(item.meeting_id, item.en): f"{item.en} ({item.lead})" for item in items}
    told = sa.table(
        "meeting_revision", sa.column("meeting_id"), sa.column("revision"), sa.column("agenda", sa.JSON())
    )
    for row in bind.execute(sa.select(told)).all():
        agenda = [leads.get((row.meeting_id, text), text) for text in row.agenda]
        place = (told.c.meeting_id == row.meeting_id) & (told.c.revision == row.revision)
        bind.execute(told.update().where(place).values(agenda=agenda))


def downgrade() -> None:
    op.execute("DELETE FROM delivery WHERE state = 'bounced'")
    op.execute("UPDATE attendee SET participation = 'NEEDS-ACTION' WHERE participation = 'DELEGATED'")
    # What waits for an action of a new kind waits no longer, and what that has sent goes with it.
    new = "SELECT id FROM action WHERE kind IN ('resend', 'refusal', 'digest', 'decline-alert', 'poll')"
    op.execute(
        "UPDATE action SET state = 'scheduled', blocked_by = NULL "
        f"WHERE state = 'blocked' AND blocked_by IN ({new})"
    )
    op.execute(f"UPDATE action SET blocked_by = NULL WHERE blocked_by IN ({new})")
    op.execute(f"DELETE FROM delivery WHERE action_id IN ({new})")
    op.execute("DELETE FROM action WHERE kind IN ('resend', 'refusal', 'digest', 'decline-alert', 'poll')")
    with op.batch_alter_table("person") as batch:
        batch.drop_column("feed_version")
    with op.batch_alter_table("meeting_revision") as batch:
        for column in ("coordinator", "tentative", "title_vi"):
            batch.drop_column(column)
    with op.batch_alter_table("meeting") as batch:
        batch.drop_constraint(op.f("ck_meeting_sequences"), type_="check")
        for column in ("reset_sequence", "revised_sequence", "organizer", "tentative"):
            batch.drop_column(column)
    with op.batch_alter_table("attendee") as batch:
        batch.drop_constraint(op.f("ck_attendee_seat"), type_="check")
        _replace(batch, "attendee", "participation", _PARTICIPATION[0])
        for column in (
            "link_version",
            "resend_asked_at",
            "resends",
            "removed_at",
            "joined_at",
            "joined_sequence",
            "delegated_to",
            "comment",
            "answer_stamp",
            "seat",
        ):
            batch.drop_column(column)
    with op.batch_alter_table("delivery") as batch:
        _replace(batch, "delivery", "state", _STATE[0])
    with op.batch_alter_table("action") as batch:
        batch.drop_index("uq_action_own_key")
        _replace(batch, "action", "kind", _KIND[0])
        batch.alter_column("meeting_id", existing_type=sa.Integer(), nullable=False)
    op.drop_table("response")
    op.drop_table("incoming_mail")


def _new_tables() -> None:
    op.create_table(
        "incoming_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("mailbox", sa.String(length=400), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("read_at", _INSTANT, nullable=False),
        sa.Column("sort", sa.String(length=20), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("sender", sa.String(length=320), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("uid", sa.Text(), nullable=True),
        sa.Column("participation", sa.String(length=16), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("attendee_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('applied', 'ignored', 'quarantined', 'assigned', 'discarded')",
            name=op.f("ck_incoming_mail_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["attendee_id"], ["attendee.id"], name=op.f("fk_incoming_mail_attendee_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_incoming_mail_meeting_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_mail")),
        sa.UniqueConstraint("digest", name=op.f("uq_incoming_mail_digest")),
    )
    with op.batch_alter_table("incoming_mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incoming_mail_meeting_id"), ["meeting_id"], unique=False)
        batch_op.create_index(
            "ix_incoming_mail_quarantined",
            ["id"],
            unique=False,
            sqlite_where=sa.text("outcome = 'quarantined'"),
            postgresql_where=sa.text("outcome = 'quarantined'"),
        )

    op.create_table(
        "response",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("attendee_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("participation", sa.String(length=16), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("delegate", sa.String(length=254), nullable=True),
        sa.Column("starts_at", _INSTANT, nullable=True),
        sa.Column("ends_at", _INSTANT, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("incoming_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(kind = 'proposal') = (state IS NOT NULL)", name=op.f("ck_response_proposal")),
        sa.CheckConstraint(
            "kind IN ('answer', 'proposal', 'bounce', 'composition', 'letter')", name=op.f("ck_response_kind")
        ),
        sa.CheckConstraint(
            "participation IN ('NEEDS-ACTION', 'ACCEPTED', 'TENTATIVE', 'DECLINED', 'DELEGATED')",
            name=op.f("ck_response_participation"),
        ),
        sa.CheckConstraint("state IN ('open', 'refused', 'settled')", name=op.f("ck_response_state")),
        sa.ForeignKeyConstraint(["attendee_id"], ["attendee.id"], name=op.f("fk_response_attendee_id")),
        sa.ForeignKeyConstraint(
            ["incoming_id"], ["incoming_mail.id"], name=op.f("fk_response_incoming_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_response_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
    )
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_response_attendee_id"), ["attendee_id"], unique=False)
        batch_op.create_index("ix_response_meeting_id", ["meeting_id", "id"], unique=False)
