"""The REST API, version 1: people whom personal links have named and who wait for a yes."""

from __future__ import annotations

from orchestrator.web.api.inputs import Id, Preview
from orchestrator.web.api.personal.schemas import NamedPersonModel
from orchestrator.web.api.timelines.schemas import EffectModel
from orchestrator.web.container import NamedPeopleDep
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("answers")


@router.get("/meetings/{meeting}/waiting-people", summary="Who waits for a yes")
def get_waiting_people(meeting: str, people: NamedPeopleDep) -> list[NamedPersonModel]:
    """Return whom delegations have named outside their known addresses, in the order of asking."""
    return [NamedPersonModel.showing(item) for item in people.waiting(meeting)]


@router.post("/meetings/{meeting}/waiting-people/{number}/accept", summary="Invite a named person")
def accept_named_person(
    meeting: str, number: Id, people: NamedPeopleDep, caller: ApiCaller, preview: Preview = False
) -> EffectModel:
    """Invite a person whom a delegation has named."""
    return EffectModel.showing(people.accept(meeting, number, caller=caller, dry_run=preview))


@router.post("/meetings/{meeting}/waiting-people/{number}/refuse", summary="Refuse a named person")
def refuse_named_person(meeting: str, number: Id, people: NamedPeopleDep, caller: ApiCaller) -> EffectModel:
    """Say no to a person whom a delegation has named; nobody is told."""
    return EffectModel.showing(people.refuse(meeting, number, caller=caller))
