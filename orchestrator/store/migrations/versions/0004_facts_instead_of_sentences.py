"""facts instead of sentences, kinds without a list in the schema, who and through which door

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KINDS = (
    "'invite', 'remind', 'notice', 'chase', 'rehearse', 'date-poll', 'cancel', 'minutes', 'resend', 'refusal', "
    "'link-alert', 'digest', 'decline-alert', 'conference', 'conference-delete', 'confirm', 'conclude', 'poll'"
)
"""The kinds that the schema before knows."""
_RENAMED = (("poll", "read-mailbox"), ("rehearse", "connection-test"))
_PURPOSES = (("rehearsal", "connection-test"),)


def upgrade() -> None:
    _kinds_forward()
    _callers()


def downgrade() -> None:
    _doors()
    _kinds_back()


def _kinds_forward() -> None:
    """Let the table of kinds, which is code, say which there are; names of two meanings get another."""
    with op.batch_alter_table("action") as batch:
        batch.drop_constraint(op.f("ck_action_kind"), type_="check")
    for old, new in _RENAMED:
        _rename_kind(old, new)
    for old, new in _PURPOSES:
        _rename_purpose(old, new)


def _kinds_back() -> None:
    for old, new in _RENAMED:
        _rename_kind(new, old)
    for old, new in _PURPOSES:
        _rename_purpose(new, old)
    _drop_unknown_kinds()
    with op.batch_alter_table("action") as batch:
        batch.create_check_constraint(op.f("ck_action_kind"), sa.text(f"kind IN ({_KINDS})"))


def _rename_kind(old: str, new: str) -> None:
    """Rename a kind of action, and its step, with which the keys of such actions begin."""
    rest = len(old) + 1
    names = ", ".join(f"{name} = '{new}' || substr({name}, {rest})" for name in ("key", "obligation", "step"))
    op.execute(f"UPDATE action SET kind = '{new}', {names} WHERE kind = '{old}'")


def _rename_purpose(old: str, new: str) -> None:
    op.execute(f"UPDATE delivery SET purpose = '{new}' WHERE purpose = '{old}'")


def _drop_unknown_kinds() -> None:
    """Drop what the schema before has no kind for; what waits for it waits no longer."""
    unknown = f"SELECT id FROM action WHERE kind NOT IN ({_KINDS})"
    op.execute(
        "UPDATE action SET state = 'scheduled', blocked_by = NULL "
        f"WHERE state = 'blocked' AND blocked_by IN ({unknown})"
    )
    op.execute(f"UPDATE action SET blocked_by = NULL WHERE blocked_by IN ({unknown})")
    op.execute(f"DELETE FROM delivery WHERE action_id IN ({unknown})")
    op.execute(f"DELETE FROM action WHERE kind NOT IN ({_KINDS})")


def _callers() -> None:
    """History had one word for who and where: the door of the service, or the name of an attendee's."""
    with op.batch_alter_table("meeting_history") as batch:
        batch.alter_column("actor", type_=sa.String(length=400), existing_nullable=False)
        batch.add_column(sa.Column("actor_kind", sa.String(length=20)))
        batch.add_column(sa.Column("actor_id", sa.String(length=64)))
        batch.add_column(sa.Column("channel", sa.String(length=20)))
    op.execute(
        "UPDATE meeting_history SET "
        "actor_kind = CASE WHEN actor IN ('mail', 'web') THEN 'attendee' "
        "WHEN actor IN ('service', 'rehearsal') THEN 'service' ELSE 'token' END, "
        "channel = CASE WHEN actor IN ('console', 'api', 'command line', 'mail', 'web') THEN actor "
        "WHEN actor = 'cli' THEN 'command line' ELSE 'service' END"
    )
    with op.batch_alter_table("meeting_history") as batch:
        batch.alter_column("actor_kind", existing_type=sa.String(length=20), nullable=False)
        batch.alter_column("channel", existing_type=sa.String(length=20), nullable=False)


def _doors() -> None:
    op.execute(
        "UPDATE meeting_history SET actor = CASE WHEN actor_kind = 'attendee' THEN channel "
        "ELSE substr(actor, 1, 60) END"
    )
    with op.batch_alter_table("meeting_history") as batch:
        batch.alter_column("actor", type_=sa.String(length=60), existing_nullable=False)
        batch.drop_column("channel")
        batch.drop_column("actor_id")
        batch.drop_column("actor_kind")
