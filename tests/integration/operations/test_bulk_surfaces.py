"""Mending many actions in the console: first a page says what would be done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from orchestrator.bootstrap import Container
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.facts import Fact
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import definition, like
from tests.integration.meetings.console.reading import hidden, words
from tests.integration.serving import TestClient, application

QUOTA = Fact.of(
    "outside.smtp.quota-refused", place="m:25", sender="s@x", recipient="r@x", answer="550 5.4.5 limit"
)


@pytest.fixture
def container(first_process: Container, tmp_path: Path) -> Iterator[Container]:
    made = like(first_process, data_dir=tmp_path)
    made.meetings.create([definition(start="2031-03-12 14:00")], caller=caller("test"))
    made.meetings.publish("SOM-2026", caller=caller("test"))
    yield made
    made.database.dispose()


@pytest.fixture
def client(container: Container) -> Iterator[TestClient]:
    with TestClient(application(container), base_url="http://localhost") as made:
        yield made


def reminders(container: Container, **values: object) -> None:
    with container.database.transaction() as session:
        session.execute(update(ActionRow).where(ActionRow.kind == "remind").values(**values))


def test_all_that_failed_is_tried_again_after_a_look(container: Container, client: TestClient) -> None:
    reminders(container, state="failed")
    count = container.reading.counts()["failed"]
    assert "See what retrying all would send" in words(client.get("/actions"))
    look = client.post("/actions/mend", data={"doing": "retry", "state": "failed"})
    assert f"Retry {count} things?" in words(look)
    assert container.reading.counts()["failed"] == count, "a look changes nothing"
    client.post("/actions/mend", data=hidden(look))
    assert "failed" not in container.reading.counts()


def test_many_are_discarded_with_a_reason(container: Container, client: TestClient) -> None:
    reminders(container, state="missed")
    look = client.post("/actions/mend", data={"doing": "discard", "state": "missed"})
    client.post("/actions/mend", data=hidden(look) | {"reason": "told by telephone"})
    reasons = {maybe(item.reason) or "" for item in container.reading.actions(ActionState.CANCELLED)}
    assert any("told by telephone" in reason for reason in reasons)


def test_mail_that_waits_for_trouble_of_ours_is_told_with_its_remedy(
    container: Container, client: TestClient
) -> None:
    reminders(container, attempt=1, reason=QUOTA)
    page = words(client.get("/actions"))
    assert "takes no more mail of this account for now: 550 5.4.5 limit" in page
    look = client.post(
        "/actions/mend", data={"doing": "retry", "state": "scheduled", "reason_key": QUOTA.key}
    )
    client.post("/actions/mend", data=hidden(look))
    due = {item.due_at for item in container.reading.actions(ActionState.SCHEDULED) if item.kind == "remind"}
    assert len(due) == 1 and due.pop() <= container.clock.now()
