"""Meetings made before there were events: each becomes one, and what is linked becomes one together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import inspect, text

from orchestrator.store.engine import Database
from tests.integration.conftest import ENDS, STARTS
from tests.integration.operations.old_database import Old, config_on, meeting

pytestmark = pytest.mark.both_databases
FIRST, BEFORE = "0001", "0015"
LATER = timedelta(days=1)


def named(number: int, reference: str, days: int = 0) -> dict[str, object]:
    moved = timedelta(days=days)
    times = {"starts_at": STARTS + moved, "ends_at": ENDS + moved}
    return meeting(number, reference=reference, uid=f"uid-{number}", **times)


def test_what_is_linked_becomes_one_event_that_the_prepared_meeting_leads(database_url: str) -> None:
    database = Database(database_url)
    with database.migrating() as connection:
        command.upgrade(config_on(connection), FIRST)
        old = Old(connection)
        old.add(
            "meeting",
            *(named(1, "PREP", -1), named(2, "SOM"), named(3, "WORKSHOP"), named(4, "HEADS", 9)),
            *(named(5, "LATE-PREP"), named(6, "A"), named(7, "B", 1), named(8, "C", 2)),
        )
        links = [("PREP", "SOM"), ("SOM", "HEADS"), ("LATE-PREP", "NOT-THERE"), ("A", "B"), ("A", "C")]
        old.add("meeting_feed", *({"source": source, "target": target} for source, target in links))
        connection.commit()
        command.upgrade(config_on(connection), "head")
        connection.commit()
    with database.reading() as session:
        found = session.execute(
            text(
                "SELECT event.reference, event.lead, meeting.reference FROM meeting "
                "JOIN event ON event.id = meeting.event_id ORDER BY meeting.id"
            )
        ).all()
        titles = session.execute(text("SELECT title_en, month, version FROM event")).all()
    assert [tuple(row) for row in found] == [
        ("HEADS", "HEADS", "PREP"),
        ("HEADS", "HEADS", "SOM"),
        ("WORKSHOP", "WORKSHOP", "WORKSHOP"),
        ("HEADS", "HEADS", "HEADS"),
        ("LATE-PREP", "LATE-PREP", "LATE-PREP"),
        *(("C", "C", name) for name in "ABC"),
    ]
    assert {tuple(row) for row in titles} == {(None, None, 1)}, "it is called as its lead session is"
    with database.migrating() as connection:
        command.downgrade(config_on(connection), BEFORE)
        connection.commit()
        assert "event" not in inspect(connection).get_table_names()
        assert connection.execute(text("SELECT count(*) FROM meeting")).scalar_one() == 8
    database.upgrade()
    with database.transaction() as session:
        # A number given by hand must not be given again.
        session.execute(
            text(
                "INSERT INTO event (reference, lead, version, defaults, people, created_at) "
                "VALUES ('NEXT', 'NEXT', 1, '{}', '[]', CURRENT_TIMESTAMP)"
            )
        )
        assert session.execute(text("SELECT count(*) FROM event")).scalar_one() == 5
    database.dispose()
