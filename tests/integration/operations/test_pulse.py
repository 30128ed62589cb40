"""What tells open pages that there is something new: another value after every commit, in any order."""

from __future__ import annotations

from sqlalchemy import insert

from orchestrator.store.engine import Database
from orchestrator.store.rows.people import PersonRow


def person(number: int) -> dict[str, object]:
    return {
        "email": f"p{number}@vn.example.org",
        "name": "Khôi",
        "delegation": "VN",
        "role": "focal point",
    }


def add(database: Database, number: int) -> None:
    with database.transaction() as session:
        session.execute(insert(PersonRow).values(**person(number)))


def test_every_commit_is_another_value_and_looking_is_none(database: Database) -> None:
    seen = [database.pulse()]
    for number in range(3):
        add(database, number)
        seen.append(database.pulse())
    assert len(set(seen)) == len(seen)
    if database.dialect == "sqlite":  # Other databases of a PostgreSQL server beat along.
        with database.reading() as session:
            session.connection()
        assert database.pulse() == seen[-1]


def test_the_row_that_came_first_may_be_committed_last(postgres: Database) -> None:
    """Its number is the lower one then, so the highest number would not tell of it."""
    with postgres.transaction() as first:
        first.execute(insert(PersonRow).values(**person(1)))
        add(postgres, 2)
        before = postgres.pulse()
    assert postgres.pulse() != before
