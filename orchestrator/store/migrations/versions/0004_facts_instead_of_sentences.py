"""facts instead of sentences, kinds without a list in the schema, who and through which door

Revision ID: 0004
Revises: 0003

This file is longer than others, because a migration is one step, forwards and back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from orchestrator import words
from orchestrator.facts import Fact, Json, plain

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KINDS = (
    "'invite', 'remind', 'notice', 'chase', 'rehearse', 'date-poll', 'cancel', 'minutes', 'resend', 'refusal', "
    "'link-alert', 'digest', 'decline-alert', 'conference', 'conference-delete', 'confirm', 'conclude', 'poll'"
)
"""The kinds that the schema before knows."""
_NEEDS = "'delegation list', 'paper', 'connectivity test'"
_RENAMED = (("poll", "read-mailbox"), ("rehearse", "connection-test"))
_PURPOSES = (("rehearsal", "connection-test"),)

_FACT = sa.JSON(none_as_null=True)
_SENTENCES = (
    ("action", ("id",), ("reason", "note")),
    ("delivery", ("id",), ("answer", "local_time")),
    ("incoming_mail", ("id",), ("reason",)),
)
"""Tables, their keys, and their columns of one sentence each, which become facts; add more of them here."""
_NEVER_EMPTY = ("action", "note")
"""Was empty where there was nothing to say, not NULL."""
_ALWAYS_SAID = (("delivery", "local_time", sa.String(120)), ("incoming_mail", "reason", sa.Text()))
"""Facts that no row lacks, and the types of their columns before."""


def upgrade() -> None:
    _kinds_forward()
    _needs_forward()
    _callers()
    _history_forward()
    for table, keys, columns in _SENTENCES:
        _retype(table, keys, columns, sa.Text(), _FACT, _as_fact)
    _connection_tests_forward()
    _rename_decisions("outcome", "decision")
    # Notes are facts from now on: an empty basis differs from any, so every meeting is planned again.
    op.execute("UPDATE meeting SET basis = ''")
    for table, column, _ in _ALWAYS_SAID:
        _require(table, column, _FACT)


def downgrade() -> None:
    _rename_decisions("decision", "outcome")
    _connection_tests_back()
    for table, keys, columns in _SENTENCES:
        _retype(table, keys, columns, _FACT, sa.Text(), _as_sentence)
        if table == _NEVER_EMPTY[0]:
            _never_empty(*_NEVER_EMPTY)
    for table, column, before in _ALWAYS_SAID:
        _require(table, column, sa.Text(), before)
    _history_back()
    _doors()
    _needs_back()
    _kinds_back()


def _as_fact(sentence: str) -> dict[str, Any]:
    """Return what was said before, so that it stays readable as plain text."""
    return plain(sentence).to_json()


def _as_sentence(fact: dict[str, Any]) -> str:
    return words.say(Fact.from_json(fact))


def _retype(
    table: str,
    keys: Sequence[str],
    columns: Sequence[str],
    before: sa.types.TypeEngine[Any],
    after: sa.types.TypeEngine[Any],
    made: Callable[[Any], Any],
) -> None:
    """Give columns another type; ``made`` makes each value that is there into one of that type."""
    connection = op.get_bind()
    old = sa.table(table, *map(sa.column, keys), *(sa.column(name, before) for name in columns))
    found = connection.execute(sa.select(old)).mappings().all()
    with op.batch_alter_table(table) as batch:
        for name in columns:
            batch.drop_column(name)
    with op.batch_alter_table(table) as batch:
        for name in columns:
            batch.add_column(sa.Column(name, after))
    new = sa.table(table, *map(sa.column, keys), *(sa.column(name, after) for name in columns))
    same = (new.c[key] == sa.bindparam(f"key_{key}") for key in keys)
    changed = sa.update(new).where(*same).values({name: sa.bindparam(f"new_{name}") for name in columns})
    always = {(name, column) for name, column, _ in _ALWAYS_SAID}
    values = [
        {f"key_{key}": row[key] for key in keys}
        | {
            f"new_{name}": made(row[name]) if row[name] or (table, name) in always else None
            for name in columns
        }
        for row in found
    ]
    if values:
        connection.execute(changed, values)


def _never_empty(table: str, column: str) -> None:
    op.execute(f"UPDATE {table} SET {column} = '' WHERE {column} IS NULL")
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column, existing_type=sa.Text(), nullable=False)


def _require(
    table: str, column: str, kind: sa.types.TypeEngine[Any], narrowed: sa.types.TypeEngine[Any] | None = None
) -> None:
    """Let no row lack a value; ``narrowed`` is the type that the column is given besides."""
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column, existing_type=kind, nullable=False, type_=narrowed or kind)


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


def _needs_forward() -> None:
    """Let the table of needs, which is code, say which there are."""
    with op.batch_alter_table("contribution") as batch:
        batch.drop_constraint(op.f("ck_contribution_need"), type_="check")
        batch.create_check_constraint(op.f("ck_contribution_need"), sa.text("need <> 'answer'"))


def _needs_back() -> None:
    op.execute(f"DELETE FROM contribution WHERE need NOT IN ({_NEEDS})")
    with op.batch_alter_table("contribution") as batch:
        batch.drop_constraint(op.f("ck_contribution_need"), type_="check")
        batch.create_check_constraint(op.f("ck_contribution_need"), sa.text(f"need IN ({_NEEDS})"))


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


# Texts that become facts


def _wrap(table: str, column: str) -> None:
    """Let a column of texts hold facts: the texts of before are facts that say just them, none is NULL."""
    name = op.get_bind().dialect.name
    made = "json_object" if name == "sqlite" else "json_build_object"
    as_text = "" if name == "sqlite" else "::text"
    op.execute(f"UPDATE {table} SET {column} = NULL WHERE {column} = ''")
    op.execute(
        f"UPDATE {table} SET {column} = {made}('key', 'text', 'params', {made}('text', {column})){as_text} "
        f"WHERE {column} IS NOT NULL"
    )
    with op.batch_alter_table(table) as batch:
        batch.alter_column(
            column, type_=sa.JSON(), existing_nullable=True, postgresql_using=f"{column}::json"
        )


def _unwrap(table: str, column: str) -> None:
    """Let a column of facts hold what they say in English."""
    with op.batch_alter_table(table) as batch:
        batch.alter_column(
            column, type_=sa.Text(), existing_nullable=True, postgresql_using=f"{column}::text"
        )
    bind = op.get_bind()
    found = bind.execute(sa.text(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"))
    says = [(text, words.say(Fact.from_json(json.loads(text)))) for (text,) in found.all()]
    for text, said in says:
        bind.execute(
            sa.text(f"UPDATE {table} SET {column} = :said WHERE {column} = :text"),
            {"said": said, "text": text},
        )


_DONE = {
    "created": "meetings.history.created",
    "announced": "meetings.history.announced",
    "published": "meetings.history.published",
    "updated": "meetings.history.updated",
    "cancelled": "meetings.history.cancelled",
    "reinstated": "meetings.history.reinstated",
    "confirmed": "meetings.history.confirmed",
    "concluded": "meetings.history.concluded",
    "moved to another mailbox": "meetings.history.mailbox-moved",
    "link entered": "meetings.history.link-entered",
    "moved along": "meetings.history.moved-along",
    "outcomes carried over": "meetings.history.decisions-carried-over",
    "outcome added": "meetings.history.decision-added",
    "sent again": "answers.history.sent-again",
    "proposal refused": "answers.history.proposal-refused",
    "answered": "answers.history.answered",
    "joined": "readiness.history.joined",
    "nudged": "readiness.history.nudged",
    "connectivity test moved": "readiness.history.test-moved",
    "link ready": "delivery.history.link-ready",
    "calendar changed": "delegations.history.calendar-changed",
    "timeline adjusted": "timelines.history.adjusted",
    "timeline reset": "timelines.history.reset",
    "recalculated": "timelines.history.recalculated",
    "delegation named": "personal.history.delegation-named",
    "personal link revoked": "personal.history.link-revoked",
    "retried": "operations.history.retried",
    "discarded": "operations.history.discarded",
    "minutes attached": "minutes.history.attached",
    "date poll opened": "dates.history.poll-opened",
    "date poll extended": "dates.history.poll-extended",
    "date poll: asked again": "dates.history.poll-asked-again",
    "date poll withdrawn": "dates.history.poll-withdrawn",
    "date poll answered": "dates.history.poll-answered",
    "date chosen from the poll": "dates.history.date-chosen",
    "answer in": "readiness.history.answer-in",
    "answer waived": "readiness.history.answer-waived",
    "answer failed": "readiness.history.answer-failed",
    "answer missing again": "readiness.history.answer-missing-again",
    "delegation list in": "readiness.history.list-in",
    "delegation list waived": "readiness.history.list-waived",
    "delegation list failed": "readiness.history.list-failed",
    "delegation list missing again": "readiness.history.list-missing-again",
    "paper in": "readiness.history.paper-in",
    "paper waived": "readiness.history.paper-waived",
    "paper failed": "readiness.history.paper-failed",
    "paper missing again": "readiness.history.paper-missing-again",
    "connectivity test in": "readiness.history.test-in",
    "connectivity test waived": "readiness.history.test-waived",
    "connectivity test failed": "readiness.history.test-failed",
    "connectivity test missing again": "readiness.history.test-missing-again",
}
"""What was done to meetings, by the words that history had for it."""
_DONE_TO_DECISION = {
    "changed": "meetings.history.decision-changed",
    "removed": "meetings.history.decision-removed",
}


def _history_forward() -> None:
    """Let history hold keys, whose words stand in the catalogues; what it says more becomes a fact."""
    with op.batch_alter_table("meeting_history") as batch:
        batch.alter_column("what", type_=sa.String(length=80), existing_nullable=False)
        batch.add_column(sa.Column("params", sa.JSON()))
    bind = op.get_bind()
    for (what,) in bind.execute(sa.text("SELECT DISTINCT what FROM meeting_history")).all():
        fact = _done(what)
        bind.execute(
            sa.text("UPDATE meeting_history SET what = :key, params = :params WHERE what = :what"),
            {"key": fact["key"], "params": json.dumps(fact["params"]), "what": what},
        )
    with op.batch_alter_table("meeting_history") as batch:
        batch.alter_column("params", existing_type=sa.JSON(), nullable=False)
    _wrap("meeting_history", "detail")


def _done(what: str) -> Json:
    numbered = re.fullmatch(r"outcome (\d+) (changed|removed)", what)
    if numbered:
        return Fact.of(_DONE_TO_DECISION[numbered[2]], number=int(numbered[1])).to_json()
    return (Fact.of(_DONE[what]) if what in _DONE else plain(what)).to_json()


def _history_back() -> None:
    _unwrap("meeting_history", "detail")
    bind = op.get_bind()
    said = sa.text("SELECT DISTINCT what, CAST(params AS TEXT) FROM meeting_history")
    for key, params in bind.execute(said).all():
        fact = Fact.from_json({"key": key, "params": json.loads(params)})
        bind.execute(
            sa.text(
                "UPDATE meeting_history SET what = :what WHERE what = :key AND CAST(params AS TEXT) = :params"
            ),
            {"what": words.say(fact)[:40], "key": key, "params": params},
        )
    with op.batch_alter_table("meeting_history") as batch:
        batch.drop_column("params")
        batch.alter_column("what", type_=sa.String(length=40), existing_nullable=False)


# Connection tests, which were called slots of a rehearsal


_NOTES = (
    (
        re.compile(r"(?P<delegation>.+) and (?P<host>.+) share no free office hour on that day"),
        "readiness.share-no-hour",
    ),
    (re.compile(r"outside the office hours of (?P<delegations>.+)"), "readiness.outside-hours"),
)
"""Why a test lies outside office hours; the program tells the two by their keys."""
_OF_TESTS = "meeting_id, delegation, starts_at, ends_at, time_revision, moves"


def _connection_tests_forward() -> None:
    _create_tests("connection_test", _FACT)
    op.execute(f"INSERT INTO connection_test ({_OF_TESTS}) SELECT {_OF_TESTS} FROM rehearsal_slot")
    _copy_notes("rehearsal_slot", sa.Text(), "connection_test", _FACT, _noted)
    op.drop_table("rehearsal_slot")


def _connection_tests_back() -> None:
    _create_tests("rehearsal_slot", sa.Text())
    op.execute(f"INSERT INTO rehearsal_slot ({_OF_TESTS}) SELECT {_OF_TESTS} FROM connection_test")
    _copy_notes("connection_test", _FACT, "rehearsal_slot", sa.Text(), _as_sentence)
    op.drop_table("connection_test")


def _noted(sentence: str) -> Json:
    for pattern, key in _NOTES:
        found = pattern.fullmatch(sentence)
        if found is not None:
            return Fact.of(key, **found.groupdict()).to_json()
    return _as_fact(sentence)


def _create_tests(table: str, note: sa.types.TypeEngine[Any]) -> None:
    op.create_table(
        table,
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("delegation", sa.String(length=6), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", note, nullable=True),
        sa.Column("time_revision", sa.Integer(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f(f"ck_{table}_order")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f(f"fk_{table}_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", "delegation", name=op.f(f"pk_{table}")),
    )


def _copy_notes(
    source: str,
    before: sa.types.TypeEngine[Any],
    target: str,
    after: sa.types.TypeEngine[Any],
    made: Callable[[Any], Any],
) -> None:
    connection = op.get_bind()
    old, new = (
        sa.table(name, sa.column("meeting_id"), sa.column("delegation"), sa.column("note", kind))
        for name, kind in ((source, before), (target, after))
    )
    for row in connection.execute(sa.select(old).where(old.c.note.is_not(None))).all():
        if row.note is not None:
            mine = (new.c.meeting_id == row.meeting_id) & (new.c.delegation == row.delegation)
            connection.execute(sa.update(new).where(mine).values(note=made(row.note)))


def _rename_decisions(old: str, new: str) -> None:
    """What a meeting decides is a decision: the table gets another name, and so do its constraints."""
    op.create_table(
        new,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=400), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f(f"fk_{new}_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{new}")),
        sa.UniqueConstraint("meeting_id", "number", name=op.f(f"uq_{new}_meeting_id_number")),
    )
    names = 'id, meeting_id, number, text, is_open, "by", at'
    op.execute(f"INSERT INTO {new} ({names}) SELECT {names} FROM {old}")
    if op.get_bind().dialect.name == "postgresql":
        # New rows are numbered after those that were copied with their numbers.
        op.execute(f"SELECT setval(pg_get_serial_sequence('{new}', 'id'), (SELECT MAX(id) FROM {old}))")
    op.drop_table(old)
