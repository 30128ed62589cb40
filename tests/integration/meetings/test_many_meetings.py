"""However many meetings there are, a list of them asks the database as often as for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import ContributionState, Meeting, Need
from orchestrator.errors import InvalidInput
from orchestrator.services.dates.proposals import DatePollRequest
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.meetings import MeetingRow
from orchestrator.words import say
from tests.callers import caller
from tests.integration.conftest import ENDS, World, crowd, definition, statements
from tests.integration.serving import TestClient, application

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
        world.contributions.record(som, "SG", Need.LIST, ContributionState.IN, caller=BY)
        asked = DatePollRequest.of(
            {"starts": ["2026-12-08 09:00", "2026-12-10 14:00"], "closes": "2026-12-04 12:00"}
        )
        world.date_polls.open(heads, asked, caller=BY)


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(application(world), base_url="http://localhost", headers=headers) as made:
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


def everything(session: Session) -> list[Meeting]:
    return store.load_many(session, session.scalars(select(MeetingRow.id).order_by(MeetingRow.id)).all())


def test_what_is_counted_has_all_that_a_meeting_can_have(world: World) -> None:
    found(world, range(1))
    with world.database.reading() as session:
        meetings = {item.reference: item for item in everything(session)}
    som, heads = meetings["SOM-0"], meetings["HEADS-0"]
    assert som.attendees and som.connection_tests and som.contributions
    assert heads.date_poll is not None and len(heads.date_poll.options) == 2
    assert world.reading.linked("SOM-0")


def test_meetings_loaded_together_are_what_each_is_alone(world: World) -> None:
    found(world, range(3))
    world.run()
    with world.database.reading() as session:
        together = everything(session)
        assert together == [store.load(session, item.id) for item in together]
        backwards = [item.id for item in reversed(together)]
        assert [item.id for item in store.load_many(session, backwards)] == backwards
        assert store.load_many(session, []) == []


def test_a_line_of_the_list_is_what_the_meeting_says_alone(world: World) -> None:
    """The open outcomes of one are told before what it prepares, and nowhere else."""
    found(world, range(2))
    world.clock.at = ENDS
    world.meetings.conclude("SOM-0", caller=BY)
    world.decisions.add("SOM-0", "A joint statement", is_open=True, caller=BY)
    attention = {item.reference: tuple(map(say, item.attention)) for item in world.reading.meetings()}
    assert any("A joint statement" in sentence for sentence in attention["HEADS-0"])
    assert not any("A joint statement" in sentence for sentence in attention["HEADS-1"])
    assert attention == {name: tuple(map(say, world.reading.meeting(name).attention)) for name in attention}


def test_pages_hold_every_meeting_once_in_the_order_of_the_list(world: World, client: TestClient) -> None:
    """Some begin at the same moment, and some are over."""
    found(world, range(3))
    world.create(reference="NOON", start="2026-12-04 12:00")
    world.clock.at = ENDS.replace(day=5)
    whole = client.get("/api/v1/meetings").json()
    assert [item["reference"] for item in whole[-4:]] == ["NOON", "SOM-2", "SOM-1", "SOM-0"]
    path, pages = "/api/v1/meetings?limit=2", []
    while path:
        answer = client.get(path)
        assert answer.status_code == 200
        pages.append(answer.json())
        path = answer.links.get("next", {}).get("url", "")
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert [item for page in pages for item in page] == whole
    assert "next" not in client.get("/api/v1/meetings?limit=7").links
    assert "next" not in client.get("/api/v1/meetings").links


def test_a_page_is_asked_for_by_the_link_to_it(world: World, client: TestClient) -> None:
    for query in ("limit=0", "limit=201", "limit=x", "after=x", "after=coming-1-", "after=over-1-9999999999"):
        answer = client.get(f"/api/v1/meetings?{query}")
        assert answer.status_code == 422, query
        assert answer.json()["problems"][0]["field"] in ("limit", "after")
    assert client.get("/api/v1/meetings?after=over-9999999999-999999999").json() == []
    with pytest.raises(InvalidInput, match="is no place in the list"):
        world.reading.page(5, "coming-99999999999999999999-1")


def test_a_meeting_page_takes_as_many_statements_for_23_as_for_300(world: World, client: TestClient) -> None:
    for size in (23, 300):
        world.create(reference=f"M-{size}", attendees=crowd(size))
        world.meetings.publish(f"M-{size}", caller=BY)
    world.run()
    counted: dict[str, set[int]] = {}
    api = "/api/v1/meetings/{}"
    for path in ("/meetings/{}", api, f"{api}/plan", f"{api}/deliveries"):
        for size in (23, 300):
            with statements(world.database) as asked:
                assert client.get(path.format(f"M-{size}")).status_code == 200
            counted.setdefault(path, set()).add(len(asked))
    assert all(len(numbers) == 1 for numbers in counted.values()), counted
    assert max(counted[api]) < 36


def test_answers_over_a_kilobyte_are_compressed(world: World, client: TestClient) -> None:
    found(world, range(2))
    for path, encoding in (("/", "gzip"), ("/api/v1/meetings", "gzip"), ("/livez", None)):
        answer = client.get(path)
        assert answer.headers.get("content-encoding") == encoding, path
    plain = client.get("/api/v1/meetings", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == client.get("/api/v1/meetings").json()
