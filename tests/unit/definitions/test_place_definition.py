"""How and where a meeting takes place, and its short title, as they are written down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config import DATA
from orchestrator.domain.definitions.checking import check
from orchestrator.domain.definitions.files import read_definitions
from orchestrator.domain.meetings.place import Mode
from tests.unit.definitions.documents import DIRECTORY, TIMELINES, checked, document, refused, text

HA_NOI = {"city": "Ha Noi", "zone": "Asia/Ho_Chi_Minh"}


def test_a_meeting_takes_place_online_unless_it_says_otherwise() -> None:
    (definition,) = read_definitions(text())
    assert (definition.mode, definition.venue, definition.room) == (Mode.ONLINE, None, None)


@pytest.mark.parametrize("mode", ["in person", "hybrid"])
def test_a_venue_needs_city_and_zone_alone(mode: str) -> None:
    assert checked(mode=mode, venue=HA_NOI) == []
    assert (
        checked(mode=mode, venue=HA_NOI | {"name": "Hall", "emergency": "+84 24 5550 0100"}, room="1") == []
    )


@pytest.mark.parametrize(
    ("fields", "field", "said", "remedy"),
    [
        ({"venue": {"city": "Ha Noi"}, "mode": "in person"}, "venue.zone", "is missing", "Add it."),
        ({"venue": {"zone": "Asia/Ho_Chi_Minh"}, "mode": "hybrid"}, "venue.city", "is missing", "Add it."),
        ({"mode": "by letter"}, "mode", "input should be 'online', 'in person' or 'hybrid'", ""),
        ({"mode": "in person", "venue": HA_NOI | {"city": " "}}, "venue.city", "is empty", ""),
        (
            {"mode": "in person", "venue": HA_NOI | {"emergency": 113}},
            "venue.emergency",
            "is read as a number, which loses a leading + or 0; write it in quotes",
            "",
        ),
        (
            {"title": {"en": "SOM", "short": "x" * 41}},
            "title.short",
            "is 41 characters long; a short title has at most 40",
            "",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_its_field(
    fields: dict[str, Any], field: str, said: str, remedy: str
) -> None:
    (problem,) = refused(text(**fields))
    assert (problem.field, problem.message) == (field, said)
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"mode": "in person"}, "venue", "is missing, though people are to meet there (mode: in"),
        (
            {"mode": "hybrid", "room": "1"},
            "venue",
            "is missing, though people are to meet there (mode: hy",
        ),
        ({"room": "Hall 2"}, "room", "is a room without a venue"),
        ({"venue": HA_NOI}, "mode", "has no venue, but one is given"),
        ({"mode": "hybrid", "venue": HA_NOI | {"zone": "Hanoi"}}, "venue.zone", "is not a zone of the IANA"),
        ({"mode": "in person", "venue": HA_NOI | {"zone": "EST"}}, "venue.zone", "is an abbreviation"),
        (
            {"mode": "in person", "venue": {"city": "Tokyo", "zone": "Asia/Tokyo"}},
            "zone",
            "shows another time than clocks at the venue (Asia/Tokyo)",
        ),
    ],
)
def test_what_contradicts_itself_is_named_with_its_field(
    fields: dict[str, Any], field: str, said: str
) -> None:
    (problem,) = checked(**fields)
    assert problem.field == field
    assert problem.message.startswith(said)


def test_another_zone_with_the_same_clock_is_no_contradiction() -> None:
    assert checked(mode="in person", venue=HA_NOI, zone="Asia/Bangkok") == []


def test_in_hybrid_meetings_the_wall_time_may_be_that_of_another_zone() -> None:
    assert checked(mode="hybrid", venue={"city": "Tokyo", "zone": "Asia/Tokyo"}) == []


def test_one_of_several_meetings_that_share_a_venue_may_be_online() -> None:
    shared = {"mode": "in person", "venue": HA_NOI, "room": "1"}
    common = {key: value for key, value in document().items() if key not in ("reference",)}
    entries = [{"reference": "A"}, {"reference": "B", "mode": "online"}]
    first, second = read_definitions(json.dumps(common | shared | {"meetings": entries}))
    assert (first.mode, second.mode) == (Mode.IN_PERSON, Mode.ONLINE)
    assert (second.venue, second.room) == (None, None)
    assert check(second, DIRECTORY, TIMELINES) == []


def test_the_example_of_a_meeting_in_person_is_one() -> None:
    (definition,) = read_definitions((DATA / "examples" / "in-person.yaml").read_text("utf-8"))
    assert check(definition, DIRECTORY, TIMELINES) == []
    assert definition.mode is Mode.IN_PERSON
    assert definition.venue is not None
    assert definition.title.short == "Heads of Civil Service, 21st ACCSM"
