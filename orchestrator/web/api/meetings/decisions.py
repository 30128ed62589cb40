"""The REST API: outcomes of meetings, which the meetings they prepare report."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field

from orchestrator.domain.meetings.decisions import LONGEST_DECISION, MOST_DECISIONS, Edit
from orchestrator.domain.text import LINE_PATTERN
from orchestrator.web.api.inputs import Body
from orchestrator.web.api.meetings.schemas import LinkedModel, OutcomeModel, OutcomesModel
from orchestrator.web.container import (
    DecisionsDep,
    ReadingDep,
)
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("linked meetings")
Number = Annotated[int, Path(ge=1, le=MOST_DECISIONS)]
_LINE: dict[str, Any] = {"maxLength": LONGEST_DECISION, "pattern": LINE_PATTERN}
SEEN = "Its text as it was read; 409 when another outcome has this number by now."


class NewOutcome(Body):
    """One more outcome."""

    text: str = Field(json_schema_extra=_LINE)
    is_open: bool = Field(False, description="It is not agreed yet.")


class OutcomeChange(Body):
    """What is changed about an outcome; what is left out stays as it is."""

    text: Annotated[str, Field(json_schema_extra=_LINE)] | None = None
    is_open: bool | None = Field(None, description="False once it is agreed.")
    number: int | None = Field(None, description="Its new place in the list.")
    seen: str | None = Field(None, description=SEEN)


@router.get("/meetings/{meeting}/linked", summary="What moves with it, or stays")
def list_linked(meeting: str, reading: ReadingDep) -> list[LinkedModel]:
    """Return the meetings that have to be thought of when this one moves, nearest first."""
    return [LinkedModel.showing(item) for item in reading.linked(meeting)]


@router.get("/meetings/{meeting}/outcomes", summary="Outcomes")
def list_outcomes(meeting: str, decisions: DecisionsDep) -> list[OutcomeModel]:
    """Return what a meeting has decided, by number."""
    return [OutcomeModel.showing(item) for item in decisions.of(meeting)]


@router.post("/meetings/{meeting}/outcomes", status_code=201, summary="Record an outcome")
def add_outcome(meeting: str, body: NewOutcome, decisions: DecisionsDep, caller: ApiCaller) -> OutcomesModel:
    """Record one more outcome of a meeting that has begun or is over; nobody is told by this alone."""
    return OutcomesModel.showing(decisions.add(meeting, body.text, is_open=body.is_open, caller=caller))


@router.patch("/meetings/{meeting}/outcomes/{number}", summary="Change an outcome")
def change_outcome(
    meeting: str, number: Number, body: OutcomeChange, decisions: DecisionsDep, caller: ApiCaller
) -> OutcomesModel:
    """Change the text of an outcome, whether it is open, or its place in the list."""
    edit = Edit(text=body.text, is_open=body.is_open, number=body.number)
    return OutcomesModel.showing(decisions.change(meeting, number, edit, caller=caller, seen=body.seen))


@router.delete("/meetings/{meeting}/outcomes/{number}", summary="Take an outcome out")
def remove_outcome(
    meeting: str,
    number: Number,
    decisions: DecisionsDep,
    caller: ApiCaller,
    seen: Annotated[str | None, Query(description=SEEN)] = None,
) -> OutcomesModel:
    """Take an outcome out; those after it move up."""
    return OutcomesModel.showing(decisions.remove(meeting, number, caller=caller, seen=seen))
