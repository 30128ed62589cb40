"""What a plain run of the tests leaves out, and that nothing is left out for good."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import effort
from tests.effort import examples, leave_out

INTEGRATION = Path(__file__).resolve().parents[2] / "integration"
MARK = "pytest.mark.both_databases"


class Item:
    """A collected test, as far as choosing needs to know it."""

    def __init__(self, name: str, *marks: str, database: str | None = None) -> None:
        self.name = name
        self.marks = marks
        if database:
            self.callspec = SimpleNamespace(params={"database": database})

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None


ITEMS = (
    Item("pure"),
    Item("property", "hypothesis"),
    Item("fuzz", "longer"),
    Item("service on SQLite", database="sqlite"),
    Item("service on PostgreSQL", database="postgresql"),
    Item("store on SQLite", "both_databases", database="sqlite"),
    Item("store on PostgreSQL", "both_databases", database="postgresql"),
)


def chosen(option: str | None) -> list[str]:
    left_out: list[Any] = []
    config: Any = SimpleNamespace(
        getoption=lambda name: name == option,
        hook=SimpleNamespace(pytest_deselected=lambda items: left_out.extend(items)),
    )
    items: list[Any] = list(ITEMS)
    leave_out(config, items)
    assert {item.name for item in items}.isdisjoint(item.name for item in left_out)
    assert len(items) + len(left_out) == len(ITEMS)
    return [item.name for item in items]


def test_a_plain_run_takes_services_on_sqlite_and_the_store_on_both() -> None:
    assert chosen(None) == [item.name for item in ITEMS if item.name != "service on PostgreSQL"]


def test_a_plain_run_and_the_rest_are_everything() -> None:
    assert chosen("--rest") == ["property", "fuzz", "service on PostgreSQL"]
    assert set(chosen(None)) | set(chosen("--rest")) == set(chosen("--all")) == {item.name for item in ITEMS}


@pytest.mark.parametrize(("profile", "numbers"), [("all", (5, 60, 400)), ("some", (5, 20, 80))])
def test_the_rest_has_all_examples_of_property_tests(
    profile: str, numbers: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = SimpleNamespace(get_current_profile_name=lambda: profile)
    monkeypatch.setattr(effort, "hypothesis", SimpleNamespace(settings=loaded))
    assert tuple(map(examples, (5, 60, 400))) == numbers


@pytest.mark.parametrize("kind", ["test_store_", "test_migrations"])
def test_the_store_is_tested_on_both_databases_every_time(kind: str) -> None:
    files = [file for file in INTEGRATION.rglob(f"{kind}*.py") if "database" in file.read_text("utf-8")]
    assert files
    assert [file.name for file in files if f"pytestmark = {MARK}" not in file.read_text("utf-8")] == []


def test_each_room_of_services_lives_once_on_both_databases_every_time() -> None:
    rooms = {file.parent for file in INTEGRATION.rglob("test_services_*.py")}
    assert len(rooms) > 5
    for room in rooms:
        assert any(f"@{MARK}" in file.read_text("utf-8") for file in room.glob("test_services_*.py")), room
