"""Creating meetings that are linked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.facts import Fact, Said
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.store.meetings import linked as linked_store
from orchestrator.words import say
from tests.integration.conftest import (
    World,
    contents,
    definition,
)
from tests.integration.meetings.linked.linking import BY, PREP, REPORT, SOM, sentences, view


def keys(warnings: Iterable[Said]) -> list[str]:
    return [item.key for item in warnings if isinstance(item, Fact)]


def test_a_pair_is_made_in_one_step(world: World) -> None:
    som, prep = world.meetings.create([definition(preparatory=True)], caller=BY)
    assert (som.reference, prep.reference, som.warnings) == (SOM, f"{SOM}-PREP", ())
    proposed = ["timelines.preparatory-day-chosen"]
    assert keys(prep.warnings) == proposed
    made = view(world, f"{SOM}-PREP")
    assert (made.feeds, view(world, SOM).fed_by) == (SOM, (f"{SOM}-PREP",))
    assert (made.kind, made.status, made.start, made.duration) == (
        "preparatory",
        "draft",
        "2026-12-02 14:00",
        "PT2H",
    )
    assert [item.email for item in made.attendees] == [item.email for item in view(world, SOM).attendees]
    assert view(world, SOM).agenda[1].en == "Report on the key outcomes of the Preparatory Meeting"
    for reference, said in ((SOM, []), (f"{SOM}-PREP", proposed)):
        assert keys(world.meetings.publish(reference, caller=BY).warnings) == said


def test_a_pair_is_made_whole_or_not_at_all(world: World) -> None:
    before = contents(world.database)
    block = {"start": "2026-12-02 25:00"}
    with pytest.raises(InvalidInput):
        definition(preparatory=block)
    for own, field in (
        ({"duration": "PT400H"}, "preparatory.duration"),
        ({"agenda": [{"en": "x", "lead": "XX"}]}, "preparatory.agenda[0].lead"),
    ):
        with pytest.raises(InvalidInput) as caught:
            world.meetings.create([definition(preparatory=own)], caller=BY)
        assert [item.field for item in caught.value.problems] == [field]
        with pytest.raises(InvalidInput) as caught:
            world.meetings.create([definition("OTHER"), definition(preparatory=own)], caller=BY)
        assert [item.field for item in caught.value.problems] == [f"meetings[1].{field}"]
    assert contents(world.database) == before
    world.create(reference="TAKEN")
    with pytest.raises(Conflict, match="TAKEN already"):
        world.meetings.create([definition(preparatory={"reference": "TAKEN"})], caller=BY)
    with pytest.raises(NotFound):
        view(world, SOM)


def test_an_absurd_pair_is_made_and_said(world: World) -> None:
    som, prep = world.meetings.create([definition(preparatory={"start": "2026-12-09 09:00"})], caller=BY)
    absurd = f"{SOM}-PREP comes after the meeting it prepares, {SOM}."
    assert sentences(som.warnings) == (absurd,)
    order, proposal = sentences(prep.warnings)
    assert order == absurd and "Wednesday, 2 December 2026, 09:00 Ha Noi (UTC+07:00) is proposed" in proposal
    assert sentences(world.meetings.publish(SOM, caller=BY, dry_run=True).warnings) == (absurd,)


CIRCLES = {
    "two of one file": (
        [("A", {"feeds": "B"}), ("B", {"feeds": "A"})],
        "meetings[1].feeds",
        "B → A → B",
    ),
    "said from the other side": (
        [("A", {"fed_by": ["X", "B"]}), ("B", {"fed_by": ["A"]})],
        "meetings[1].fed_by[0]",
        "A → B → A",
    ),
    "in one meeting": ([("A", {"feeds": "B", "fed_by": ["B"]})], "fed_by[0]", "B → A → B"),
    "with stored ones": (
        [("C", {"feeds": PREP, "fed_by": [SOM]})],
        "fed_by[0]",
        f"{SOM} → C → {PREP} → {SOM}",
    ),
}


@pytest.mark.parametrize(("given", "field", "circle"), CIRCLES.values(), ids=CIRCLES)
def test_meetings_that_prepare_each_other_are_refused(
    pair: World, given: list[tuple[str, dict[str, Any]]], field: str, circle: str
) -> None:
    before = contents(pair.database)
    with pytest.raises(InvalidInput) as caught:
        pair.meetings.create([definition(name, **links) for name, links in given], caller=BY)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert problem.message == f"closes a circle of meetings that prepare each other: {circle}"
    assert contents(pair.database) == before


def test_a_link_to_what_does_not_exist_yet_is_fine_and_a_stray_report_is_said(world: World) -> None:
    (alone,) = world.meetings.create([definition(fed_by=["LATER"], agenda=[REPORT])], caller=BY)
    stray = (
        f"Item 1 of the agenda is to report the decisions of {PREP}, which does not prepare {SOM}, "
        "so none are carried over."
    )
    assert sentences(alone.warnings) == (stray,)
    assert tuple(map(say, view(world, SOM).attention)) == (stray,)
    assert sentences(world.meetings.publish(SOM, caller=BY, dry_run=True).warnings) == (stray,)


def test_the_example_reports_its_preparatory_meeting(world: World) -> None:
    world.examples.load(ACCSM21.read_text("utf-8"), None, caller=BY)
    with world.database.reading() as session:
        som = linked_store.called(session, ["ACCSM21-SOM-2021-04"])["ACCSM21-SOM-2021-04"]
    assert [item.number for item in som.agenda if item.input_from == "ACCSM21-PREP-2021-04"] == [2]
