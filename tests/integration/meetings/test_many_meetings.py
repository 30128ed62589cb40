"""However many meetings there are, a list of them asks the database as often as for one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

from orchestrator.domain.meetings.meeting import ContributionState, Need
from orchestrator.services.dates.date_polls import DatePollRequest
from orchestrator.store.meetings import meetings as store
from orchestrator.web.app import create_app
from tests.callers import caller
from tests.integration.conftest import ENDS, World, definition, statements

with warnings.catch_warnings():
    # Starlette would rather have httpx2, which works the same; either may be installed.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BY = caller("coordinator")


def found(world: World, numbers: range) -> None:
    """For each number a SOM with slots and a contribution that feeds a draft with an open date poll."""
    for number in numbers:
        som, heads = f"SOM-{number}", f"HEADS-{number}"
        item = {"en": "Report", "input_from": som}
        world.meetings.create(
            [
                definition(som, timeline="som", feeds=heads),
                definition(heads, start="2026-12-10 09:00", agenda=[item]),
            ],
            caller=BY,
        )
        world.meetings.publish(som, caller=BY, save_the_date=False)
        world.readiness.record(som, "SG", Need.LIST, ContributionState.IN, caller=BY)
        asked = DatePollRequest.of(
            {"starts": ["2026-12-08 09:00", "2026-12-10 14:00"], "closes": "2026-12-04 12:00"}
        )
        world.date_polls.open(heads, asked, caller=BY)


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(create_app(world), base_url="http://localhost", headers=headers) as made:
        yield made


def test_a_list_takes_as_many_statements_for_one_meeting_as_for_twenty(
    world: World, client: TestClient
) -> None:
    counted: list[dict[str, int]] = []
    listed: list[int] = []
    for before, size in ((0, 1), (1, 5), (5, 20)):
        found(world, range(before, size))
        seen: dict[str, int] = {}
        with statements(world.database) as asked:
            listed.append(len(world.reading.meetings()))
        seen["list"] = len(asked)
        for path in ("/", "/api/v1/meetings"):
            with statements(world.database) as asked:
                assert client.get(path).status_code == 200
            seen[path] = len(asked)
        counted.append(seen)
    assert listed == [2, 10, 40]
    assert counted[0] == counted[1] == counted[2]
    assert counted[0]["list"] < 25


def test_what_is_counted_has_all_that_a_meeting_can_have(world: World) -> None:
    found(world, range(1))
    with world.database.reading() as session:
        meetings = {item.reference: item for item in store.load_all(session)}
    som, heads = meetings["SOM-0"], meetings["HEADS-0"]
    assert som.attendees and som.slots and som.contributions
    assert heads.date_poll is not None and len(heads.date_poll.options) == 2
    assert world.reading.linked("SOM-0")


def test_meetings_loaded_together_are_what_each_is_alone(world: World) -> None:
    found(world, range(3))
    world.run()
    with world.database.reading() as session:
        together = store.load_all(session)
        assert together == [store.load(session, item.id) for item in together]
        backwards = [item.id for item in reversed(together)]
        assert [item.id for item in store.load_many(session, backwards)] == backwards
        assert store.load_many(session, []) == []


def test_a_line_of_the_list_is_what_the_meeting_says_alone(world: World) -> None:
    """The open outcomes of one are told before what it prepares, and nowhere else."""
    found(world, range(2))
    world.clock.at = ENDS
    world.meetings.conclude("SOM-0", caller=BY)
    world.outcomes.add("SOM-0", "A joint statement", is_open=True, caller=BY)
    attention = {item.reference: item.attention for item in world.reading.meetings()}
    assert any("A joint statement" in sentence for sentence in attention["HEADS-0"])
    assert not any("A joint statement" in sentence for sentence in attention["HEADS-1"])
    assert attention == {name: world.reading.meeting(name).attention for name in attention}
