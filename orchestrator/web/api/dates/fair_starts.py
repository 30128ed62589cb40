"""The REST API, version 1: finding a start that is fair."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from orchestrator.web.api.dates.schemas import FairStartParameters, FairStartsModel
from orchestrator.web.container import (
    FairStartsDep,
)
from orchestrator.web.openapi import api_router, problem_responses

router = api_router("fair starts")


@router.get("/fair-starts", summary="Find a start", responses=problem_responses(404))
def find_fair_starts(
    query: Annotated[FairStartParameters, Query()], fair_starts: FairStartsDep
) -> FairStartsModel:
    """Return the best starts of a window, with what each costs every delegation, and why."""
    return FairStartsModel.showing(fair_starts.find(query.wanted()))
