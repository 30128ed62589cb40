"""The published description of the API tells the truth: requests made from it are answered as it says.

The requests are the same in every run: few of each operation, made from its schema, naming what is there.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import pytest
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from orchestrator.services.dates.proposals import DatePollRequest
from orchestrator.store.engine import Database
from orchestrator.web.api import ROOMS
from orchestrator.web.app import create_app
from orchestrator.words import ENGLISH, catalogue
from tests.callers import caller
from tests.integration.conftest import NHUNG, World, definition, emptied

with warnings.catch_warnings():
    # Its client for applications in the process would rather have httpx2, which works the same.
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import CHECKS

_CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
_THERE = {
    "meeting": ("DRAFT", "POLLED", "PUBLISHED"),
    "email": (NHUNG,),
    "code": ("VN", "SG"),
    "name": ("som", "standard"),
}
"""What names things that are there; everything else is named as the schema has it."""
_NO_SCHEMA_CAN_TELL = re.compile(
    r"""
    # which ones there are is data
    ^answers\.sender-unknown-person | ^minutes\.file\. | ^timelines\.nobody-there |
    is[ ]not[ ]a[ ](delegation|group|timeline|zone[ ]of|constraint) | is[ ]no[ ](constraint|place|option)
    # what lies beyond the plane that the patterns of every client can name
    | U\+[0-9A-F]{5,6}\)
    # what else is said, the clock, or the calendar has a part in it
    | is[ ]not[ ]in[ ]the[ ]future | is[ ]not[ ]a[ ]date[ ]and[ ]time[ ]of[ ]the[ ]calendar
    | has[ ]gone[ ]by | leaves[ ]no[ ]time
    | (ends|is|comes)[ ](before|after) | overlap | is[ ]more[ ]than | is[ ]too[ ]long | already$
    | ^dates\.(missing|top-missing|not-in-years): | are[ ]missing
    # what the steps of a timeline have to do with each other
    | ^timelines\.(no-text|never-(confirmed|announced)|done-once|step-twice|link-after-invite|not-a-step)
    | ^timelines\.(rungs-out-of-order|no-such-rung|deadline-too-early|bounds-crossed|source-too-late|cycle)
    | ^timelines\.(nobody-knows-when|long-chain|coordinator-alone|coordinator-has-no-slot|no-grace)
    # what the sessions of an event have to do with each other, its people and its month
    | ^definitions\.(neither-start-nor-month|no-lead|two-leads|nobody-in-group|session-twice|too-long)
    | ^definitions\.(other-programme|outside-month) | ^meetings\.lead-is-no-session
    # what is done to people needs a reason, by the state of the meeting; which languages there are is data
    | ^meetings\.reason-missing | ^own-words\.(unknown-language|no-english)
    | ^letters\.(names-nobody|no-such-message)
    # tools that read schemas cannot write half a character
    | ^text:[ ]holds[ ]a[ ]NUL,[ ]or[ ]half[ ]a[ ]character
    # a file is known by its name
    | is[ ]not[ ]a[ ]type[ ]that
    """,
    re.VERBOSE,
)


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path) -> World:
    """A draft, one with an open date poll, and a published meeting that prepares it."""
    found, by = World(emptied(sqlite_of_session), tmp_path / "data"), caller("coordinator")
    found.meetings.create(
        [
            definition("DRAFT", timeline="som"),
            definition("POLLED", start="2026-12-10 09:00"),
            definition("PUBLISHED", timeline="som", feeds="POLLED"),
        ],
        caller=by,
    )
    found.meetings.publish("PUBLISHED", caller=by, save_the_date=False)
    asked = {"starts": ["2026-12-08 09:00", "2026-12-10 14:00"], "closes": "2026-12-04 12:00"}
    found.date_polls.open("POLLED", DatePollRequest.of(asked), caller=by)
    return found


@pytest.fixture
def described(world: World) -> Any:
    """The description, as a client reads it."""
    headers = {"Host": "localhost", "Authorization": f"Bearer {world.api_token}"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return schemathesis.openapi.from_asgi("/api/v1/openapi.json", create_app(world), headers=headers)


def answers(world: World, described: Any, mode: GenerationMode, examples: int) -> Iterator[tuple[str, Any]]:
    """Yield an operation and the answer to a request made from its schema, after checking that answer."""
    headers = {"Host": "localhost", "Authorization": f"Bearer {world.api_token}"}
    for found in described.get_all_operations():
        operation = found.ok()
        yield from ((operation.label, answer) for answer in _answers(operation, mode, examples, headers))


def _answers(operation: Any, mode: GenerationMode, examples: int, headers: dict[str, str]) -> list[Any]:
    checks = CHECKS.get_by_names(list(_CHECKED))
    seen = []

    @seed(2026)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def ask(case: Any, data: Any) -> None:
        for name in sorted((case.path_parameters or {}).keys() & _THERE):
            case.path_parameters[name] = data.draw(st.sampled_from(_THERE[name]))
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=checks)
        seen.append(answer)

    # Nothing can be wrong with a request for which nothing can be said.
    with suppress(Unsatisfiable):
        ask()
    return seen


def refusals(answer: Any) -> Sequence[str]:
    """Return what is wrong with a request: the key, and what it says."""
    if answer.status_code != 422:
        return []
    return [f"{item['message_fact']['key']}: {item['message']}" for item in answer.json()["problems"]]


@pytest.mark.filterwarnings("ignore")
def test_a_request_as_described_is_answered_as_described_and_refused_for_no_other_reason(
    world: World, described: Any
) -> None:
    labels: dict[str, int] = {}
    untold = []
    for label, answer in answers(world, described, GenerationMode.POSITIVE, 4):
        labels[label] = labels.get(label, 0) + (answer.status_code < 300)
        untold += [(label, said) for said in refusals(answer) if not _NO_SCHEMA_CAN_TELL.search(said)]
    assert not untold, "\n".join(map(str, untold))
    assert len(labels) > 55
    assert sum(map(bool, labels.values())) > 30, labels


@pytest.mark.filterwarnings("ignore")
def test_a_request_against_the_description_is_answered_as_described(world: World, described: Any) -> None:
    statuses = {answer.status_code for _, answer in answers(world, described, GenerationMode.NEGATIVE, 2)}
    assert 422 in statuses


def test_every_operation_declares_the_problems_of_its_kind(world: World) -> None:
    document = create_app(world).openapi()
    names = []
    for path, methods in document["paths"].items():
        if not path.startswith("/api/"):
            continue
        for method, operation in methods.items():
            names.append(operation["operationId"])
            declared = {int(status) for status in operation["responses"]}
            wanted = (
                {401, 403, 422} | ({404} if "{" in path else set()) | ({409} if method != "get" else set())
            )
            assert wanted <= declared, (method, path)
            for status in declared - {200, 201, 204}:
                (media_type,) = operation["responses"][str(status)]["content"]
                assert media_type == "application/problem+json"
    assert len(set(names)) == len(names)
    assert {"create_meeting", "find_fair_starts", "list_meetings"} <= set(names)
    assert "HTTPValidationError" not in document["components"]["schemas"]
    problem = document["components"]["schemas"]["ProblemDocument"]
    assert {"type", "title", "status", "detail", "code", "key", "params"} <= problem["properties"].keys()


def test_states_and_kinds_are_enumerated(world: World) -> None:
    schemas = create_app(world).openapi()["components"]["schemas"]
    meeting = schemas["MeetingModel"]["properties"]
    assert meeting["status"]["$ref"].endswith("/MeetingStatus")
    assert schemas["MeetingStatus"]["enum"] == ["draft", "published", "cancelled", "concluded"]
    assert "accepted" in schemas["AttendeeModel"]["properties"]["participation"]["enum"]
    assert "invite" in schemas["ActionKind"]["enum"]
    assert "scheduled" in schemas["ActionState"]["enum"]


def test_examples_are_what_the_schemas_say_and_their_facts_have_words(world: World) -> None:
    document = create_app(world).openapi()
    schemas = document["components"]["schemas"]
    found = [(name, example) for name, schema in schemas.items() for example in schema.get("examples", ())]
    assert {"MeetingSummaryModel", "EffectModel", "ProblemDocument", "LocalTimeModel"} <= {
        name for name, _ in found
    }
    for name, example in found:
        whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        Draft202012Validator(whole).validate(example)
        for key in keys_of(example):
            assert key in catalogue(ENGLISH), (name, key)


def keys_of(value: Any) -> Iterator[str]:
    """Return the keys of all facts in an example."""
    if isinstance(value, list):
        for item in value:
            yield from keys_of(item)
    if isinstance(value, dict):
        if {"key", "params"} <= value.keys():
            yield value["key"]
        for item in value.values():
            yield from keys_of(item)


def test_what_an_operation_takes_is_declared_in_the_api(world: World) -> None:
    rooms = [route for room in ROOMS for route in room.router.routes if isinstance(route, APIRoute)]
    taken = {
        model
        for route in rooms
        for field in (*route.dependant.body_params, *route.dependant.query_params)
        for model in (field.field_info.annotation, *get_args(field.field_info.annotation))
        if isinstance(model, type) and issubclass(model, BaseModel)
    }
    assert {"NewMeeting", "OverrideRequest", "FairStartParameters"} <= {model.__name__ for model in taken}
    assert {model.__module__.split(".")[:3][-1] for model in taken} == {"api"}
