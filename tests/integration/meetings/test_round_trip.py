"""What is written down about a meeting, stored, read and written back is the same afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.fields import AgendaFields, AttendeeFields, Seat, values
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.store.meetings import meetings as store
from orchestrator.terminal import as_json
from tests.callers import caller
from tests.integration.conftest import World, definition
from tests.integration.serving import TestClient, application

BY = caller("coordinator")
LINES = st.sampled_from(["Lê Thị Hồng Nhung", "ອານຸສອນ", 'O\'Neil "Bob" {x}', "Z"])
INVITEES = st.fixed_dictionaries(
    {
        "group": st.sampled_from(["SOM", "ACCSM_FP"]),
        "delegation": st.sampled_from(["VN", "MM", "SG"]),
        "name": LINES,
        "email": st.sampled_from([f"{name}@X.example.org" for name in "abcdef"]),
    },
    optional={
        "role": st.sampled_from(Role).map(str),
        "seat": st.sampled_from(Seat).map(str),
        "language": st.sampled_from(["fil_PH", "fr"]),
        "address": st.sampled_from(["Dato'", "Bà"]),
        "position": st.just("Minister of Home Affairs"),
    },
)
ITEMS = st.fixed_dictionaries(
    {"en": LINES},
    optional={
        "vi": LINES,
        "lead": st.sampled_from(["VN", "all"]),
        "input_from": st.sampled_from(["PREP", "OTHER"]),
    },
)
DEFINITIONS = st.fixed_dictionaries(
    {
        "attendees": st.lists(INVITEES, min_size=1, max_size=5, unique_by=lambda item: item["email"]),
        "agenda": st.lists(ITEMS, max_size=4),
        "title": st.fixed_dictionaries({"en": LINES}, optional={"vi": LINES}),
    },
    optional={"programme": LINES, "fed_by": st.just(["PREP"])},
)


def loaded(world: World, reference: str) -> Meeting:
    with world.database.reading() as session:
        return store.load(session, store.find_id(session, reference))


def written_back(world: World, reference: str) -> MeetingUpdate:
    """All that an update may hold, as the meeting is read."""
    view = world.reading.meeting(reference)
    return MeetingUpdate.model_validate(
        {
            "title": {"en": view.title_en, "vi": view.title_vi},
            "coordinator": {"name": view.coordinator_name, "email": view.coordinator_email},
            "start": view.start,
            "zone": view.zone,
            "duration": view.duration,
            "agenda": [values(AgendaFields, item) for item in view.agenda],
            "attendees": [values(AttendeeFields, item) for item in view.attendees],
        }
    )


def without_version(meeting: Meeting) -> Meeting:
    return replace(meeting, version=0)


def as_written(found: MeetingDefinition, world: World) -> list[dict[str, Any]]:
    """The invitees in protocol order, with the roles that follow from their groups."""
    ordered = sorted(found.attendees, key=lambda item: world.directory.rank(item.delegation))
    return [
        item.model_dump() | {"role": item.role or world.directory.group(item.group).role} for item in ordered
    ]


numbers = iter(range(1, 10**6))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(DEFINITIONS, st.booleans())
def test_what_is_written_stored_read_and_written_back_stays(
    world: World, changes: dict[str, Any], published: bool
) -> None:
    reference = f"M-{next(numbers)}"
    wanted = definition(reference, **changes)
    world.meetings.create([wanted], caller=BY)
    if published:
        world.meetings.publish(reference, caller=BY)
    view, before = world.reading.meeting(reference), loaded(world, reference)
    assert [values(AttendeeFields, item) for item in view.attendees] == as_written(wanted, world)
    assert [values(AgendaFields, item) for item in view.agenda] == [
        item.model_dump() for item in wanted.agenda
    ]
    outcome = world.meetings.update(
        reference,
        written_back(world, reference),
        caller=BY,
        version=before.version,
        reason="The Chair is ill.",
    )
    assert outcome.consequences == ()
    assert without_version(loaded(world, reference)) == without_version(before)


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {world.api_token}"}
    with TestClient(application(world), base_url="http://127.0.0.1", headers=headers) as found:
        yield found


@pytest.mark.parametrize("known", [{"en", "vi", "lead"}, {"en", "vi", "lead", "input_from"}])
def test_a_client_of_the_api_that_writes_back_the_agenda_it_read_loses_nothing(
    client: TestClient, world: World, known: set[str]
) -> None:
    """Also one that knows only the fields of old."""
    report = {"en": "Report", "lead": "VN", "input_from": "PREP"}
    world.invited(agenda=[report, {"en": "Venue", "vi": "Nơi họp"}])
    before = loaded(world, "SOM-2026")
    path = "/api/v1/meetings/SOM-2026"
    read = client.get(path).json()
    agenda = [{name: item[name] for name in known} for item in read["agenda"]]
    done = client.patch(path, json={"version": read["version"], "agenda": agenda})
    assert done.status_code == 200, done.text
    assert without_version(loaded(world, "SOM-2026")) == without_version(before)


def test_how_a_person_is_addressed_is_called_alike_in_files_the_api_and_json(
    client: TestClient, world: World
) -> None:
    lan = {
        "group": "SOM",
        "delegation": "VN",
        "name": "Lan",
        "email": "a@x.example.org",
        "address": " Bà ",
        "position": "Vụ trưởng",
    }
    world.meetings.create([definition("ADDRESSED", attendees=[lan])], caller=BY)
    (read,) = client.get("/api/v1/meetings/ADDRESSED").json()["attendees"]
    assert (read["address"], read["position"]) == ("Bà", "Vụ trưởng")
    (printed,) = json.loads(as_json(world.reading.meeting("ADDRESSED")))["attendees"]
    assert printed["address"] == "Bà"
    assert "form" not in read and "form" not in printed
    version = client.get("/api/v1/meetings/ADDRESSED").json()["version"]
    path = "/api/v1/meetings/ADDRESSED"
    long = client.patch(path, json={"version": version, "attendees": [lan | {"address": "x" * 31}]})
    assert long.status_code == 422
    assert long.json()["problems"][0]["field"] == "attendees[0].address"
