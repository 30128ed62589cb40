"""What was kept as English text becomes data on the way up, and is the same text again on the way back."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import JSON, select, text

from orchestrator import words
from orchestrator.domain.meetings.points import Point
from orchestrator.facts import Fact, chained
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.answers import ResponseRow
from tests.integration.conftest import NOW
from tests.integration.operations.old_database import Old, config_on, fill

pytestmark = pytest.mark.both_databases
GIVERS = (
    (1, "answer", "mail", "tan@sg.example.org, assigned by Linh, assigned by nature"),
    (2, "answer", "mail", "unknown, assigned by Linh"),
    (3, "answer", "mail", "tan@sg.example.org"),
    (4, "composition", "web", "Lan, assigned by the ministry <lan@vn.example.org>"),
)
NAMED = "Hanh <hanh@vn.example.org>, member; Minh <minh@vn.example.org>, removed"
POINTS = ["Agenda agreed", "Venue (open)", "Open (or not)"]
SAID = text('SELECT "by" FROM response ORDER BY id')


@pytest.fixture
def filled(database_url: str) -> Database:
    """A database of the schema before, in which texts stand."""
    database = Database(database_url)
    with database.migrating() as connection:
        command.upgrade(config_on(connection), "0001")
        old = Old(connection)
        fill(old)
        command.upgrade(config_on(connection), "0013")
        for number, kind, channel, by in GIVERS:
            row = {
                "id": number,
                "meeting_id": 1,
                "attendee_id": 1,
                "kind": kind,
                "channel": channel,
                "by": by,
            }
            comment = NAMED if kind == "composition" else None
            old.add(
                "response",
                row | {"by": by, "at": NOW, "urgent": False, "by_other": False, "comment": comment},
            )
        old.add("agenda_item", {"id": 7, "meeting_id": 1, "number": 2, "en": "Of others", "points": POINTS})
        connection.commit()
    return database


def test_old_answers_and_points_are_read_and_are_texts_again(filled: Database) -> None:
    with filled.migrating() as connection:
        command.upgrade(config_on(connection), "head")
        connection.commit()
    with filled.transaction() as session:
        rows = session.scalars(select(ResponseRow).order_by(ResponseRow.id)).all()
        assert [words.say(row.giver) for row in rows] == [by for *_, by in GIVERS]
        assert [(row.by, row.assigned_by) for row in rows[:3]] == [
            ("tan@sg.example.org", "Linh, assigned by nature"),
            ("", "Linh"),
            ("tan@sg.example.org", None),
        ]
        assert words.maybe(rows[3].said) == NAMED, "an old text is read as it is"
        (_, item) = store.load(session, 1).agenda
        assert item.points == (
            Point("Agenda agreed"),
            Point("Venue", is_open=True),
            Point("Open (or not)"),
        )
        rows[3].comment = None
        rows[3].what = chained([Fact.of("personal.list.waits", who="Hanh"), Fact.of("text", text="it's {B}")])
    with filled.migrating() as connection:
        command.downgrade(config_on(connection), "0013")
        connection.commit()
        assert list(connection.execute(SAID).scalars()) == [by for *_, by in GIVERS]
        comment = text("SELECT comment FROM response WHERE id = 4")
        assert connection.execute(comment).scalar() == "Hanh, waiting; it's {B}"
        named = text("SELECT points FROM agenda_item WHERE id = 7").columns(points=JSON())
        assert connection.execute(named).scalar() == POINTS
    filled.dispose()
