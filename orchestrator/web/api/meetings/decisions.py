"""The REST API: outcomes of meetings, which the meetings they prepare report."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.domain.meetings.decisions import MOST_OUTCOMES, Edit
from orchestrator.services.meetings.views import LinkedView, OutcomeList, OutcomeView
from orchestrator.web.api.meetings.meetings import CALLER, Services
from orchestrator.web.security import require_token

router = APIRouter(prefix="/api/v1", dependencies=[Depends(require_token)], tags=["linked meetings"])
Number = Annotated[int, Path(ge=1, le=MOST_OUTCOMES)]
SEEN = "Its text as it was read; 409 when another outcome has this number by now."


class NewOutcome(BaseModel):
    """One more outcome."""

    model_config = ConfigDict(extra="forbid")

    text: str
    is_open: bool = Field(False, description="It is not agreed yet.")


class OutcomeChange(BaseModel):
    """What is changed about an outcome; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    text: str | None = None
    is_open: bool | None = Field(None, description="False once it is agreed.")
    number: int | None = Field(None, description="Its new place in the list.")
    seen: str | None = Field(None, description=SEEN)


@router.get("/meetings/{meeting}/linked", summary="What moves with it, or stays")
def list_linked(meeting: str, container: Services) -> list[LinkedView]:
    """Return the meetings that have to be thought of when this one moves, nearest first."""
    return list(container.reading.linked(meeting))


@router.get("/meetings/{meeting}/outcomes", summary="Outcomes")
def list_outcomes(meeting: str, container: Services) -> list[OutcomeView]:
    """Return what a meeting has decided, by number."""
    return list(container.outcomes.of(meeting))


@router.post("/meetings/{meeting}/outcomes", status_code=201, summary="Record an outcome")
def add_outcome(meeting: str, body: NewOutcome, container: Services) -> OutcomeList:
    """Record one more outcome of a meeting that has begun or is over; nobody is told by this alone."""
    return container.outcomes.add(meeting, body.text, is_open=body.is_open, caller=CALLER)


@router.patch("/meetings/{meeting}/outcomes/{number}", summary="Change an outcome")
def change_outcome(meeting: str, number: Number, body: OutcomeChange, container: Services) -> OutcomeList:
    """Change the text of an outcome, whether it is open, or its place in the list."""
    edit = Edit(text=body.text, is_open=body.is_open, number=body.number)
    return container.outcomes.change(meeting, number, edit, caller=CALLER, seen=body.seen)


@router.delete("/meetings/{meeting}/outcomes/{number}", summary="Take an outcome out")
def remove_outcome(
    meeting: str,
    number: Number,
    container: Services,
    seen: Annotated[str | None, Query(description=SEEN)] = None,
) -> OutcomeList:
    """Take an outcome out; those after it move up."""
    return container.outcomes.remove(meeting, number, caller=CALLER, seen=seen)
