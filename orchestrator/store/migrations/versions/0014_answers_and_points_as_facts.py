"""what delegations named, who assigned a mail, and what is still open, as data instead of English

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from orchestrator.facts import Fact
from orchestrator.words import say

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ASSIGNED = ", assigned by "
_UNKNOWN = "unknown"
_OPEN = " (open)"


def upgrade() -> None:
    with op.batch_alter_table("response") as table:
        table.add_column(sa.Column("what", sa.JSON(none_as_null=True), nullable=True))
        table.add_column(sa.Column("assigned_by", sa.Text(), nullable=True))
    for number, by in _responses("""kind = 'answer' AND channel = 'mail' AND "by" LIKE '%, assigned by %'"""):
        sender, _, caller = by.partition(_ASSIGNED)
        _write_givers(number, "" if sender == _UNKNOWN else sender, caller)
    _write_points(_with_data)


def downgrade() -> None:
    _write_points(_in_words)
    for number, by, caller in _responses("assigned_by IS NOT NULL", "assigned_by"):
        _write_givers(number, f"{by or _UNKNOWN}{_ASSIGNED}{caller}", None)
    for number, _, what in _responses("what IS NOT NULL", "what"):
        found = json.loads(what) if isinstance(what, str) else what
        op.get_bind().execute(
            sa.text("UPDATE response SET comment = :said WHERE id = :number"),
            {"said": say(Fact.from_json(found)), "number": number},
        )
    with op.batch_alter_table("response") as table:
        table.drop_column("assigned_by")
        table.drop_column("what")


def _responses(condition: str, *more: str) -> list[Any]:
    columns = ", ".join(("id", '"by"', *more))
    return list(op.get_bind().execute(sa.text(f"SELECT {columns} FROM response WHERE {condition}")))


def _write_givers(number: int, by: str, assigned_by: str | None) -> None:
    op.get_bind().execute(
        sa.text('UPDATE response SET "by" = :by, assigned_by = :caller WHERE id = :number'),
        {"by": by, "caller": assigned_by, "number": number},
    )


_ITEMS = sa.table("agenda_item", sa.column("id", sa.Integer()), sa.column("points", sa.JSON()))


def _write_points(changed: Any) -> None:
    bind = op.get_bind()
    for number, points in bind.execute(sa.select(_ITEMS.c.id, _ITEMS.c.points)).all():
        if points:
            new = [changed(item) for item in points]
            bind.execute(_ITEMS.update().where(_ITEMS.c.id == number).values(points=new))


def _with_data(point: str) -> dict[str, Any]:
    return {"text": point.removesuffix(_OPEN), "is_open": point.endswith(_OPEN)}


def _in_words(point: dict[str, Any]) -> str:
    return str(point["text"]) + (_OPEN if point["is_open"] else "")
