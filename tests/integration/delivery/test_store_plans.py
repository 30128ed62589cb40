"""Beat looks many times a second, so every statement of a look finds what it wants by an index."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, text

from orchestrator.domain.timelines.kinds import Work
from orchestrator.store.engine import Database
from tests.integration.conftest import LEASE, NOW, action_values, store_actions
from tests.integration.delivery.claiming import scheduling

pytestmark = pytest.mark.both_databases

MANY = 3000


@pytest.fixture
def asked(database: Database) -> list[tuple[str, Any]]:
    """The statements of a look with their values, on a table full of what is done and what is planned."""
    done = [action_values(n, state="succeeded", finished_at=NOW) for n in range(1, MANY)]
    planned = [action_values(MANY + n, due_at=NOW + LEASE, kind="invite") for n in range(MANY)]
    store_actions(
        database, [*done, *planned, action_values(9 * MANY), action_values(9 * MANY + 1, kind="conference")]
    )
    with database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    found: list[tuple[str, Any]] = []

    def note(_c: Any, _k: Any, statement: str, values: Any, *_: Any) -> None:
        if "action" in statement and statement.lstrip().startswith("SELECT"):
            found.append((statement, values))

    event.listen(database.engine, "before_cursor_execute", note)
    beat = scheduling(database)
    assert {batch.lane for batch in beat.claim()} == {Work.MAIL, Work.CONFERENCE}
    beat.seconds_until_due(60)
    event.remove(database.engine, "before_cursor_execute", note)
    return found


def test_a_look_of_beat_scans_no_table(database: Database, asked: list[tuple[str, Any]]) -> None:
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    assert len(asked) >= 8
    with database.engine.connect() as connection:
        for statement, values in asked:
            plan = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, values))
            connection.rollback()
            assert (
                "SCAN action" not in plan.replace("SCAN action USING", "")
                and "Seq Scan on action" not in plan
            ), f"{statement}\n{plan}"
