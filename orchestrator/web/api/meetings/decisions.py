"""The REST API: decisions of meetings, which the meetings they prepare report."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field

from orchestrator.domain.meetings.decisions import LONGEST_DECISION, MOST_DECISIONS, Edit
from orchestrator.domain.text import LINE_PATTERN
from orchestrator.web.api.inputs import Body
from orchestrator.web.api.meetings.schemas import DecisionModel, DecisionsModel, LinkedModel
from orchestrator.web.container import (
    DecisionsDep,
    ReadingDep,
)
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("linked meetings")
Number = Annotated[int, Path(ge=1, le=MOST_DECISIONS)]
_LINE: dict[str, Any] = {"maxLength": LONGEST_DECISION, "pattern": LINE_PATTERN}
SEEN = "Its text as it was read; 409 when another decision has this number by now."


class NewDecision(Body):
    """One more decision."""

    text: str = Field(json_schema_extra=_LINE)
    is_open: bool = Field(False, description="It is not agreed yet.")


class DecisionChange(Body):
    """What is changed about a decision; what is left out stays as it is."""

    text: Annotated[str, Field(json_schema_extra=_LINE)] | None = None
    is_open: bool | None = Field(None, description="False once it is agreed.")
    number: int | None = Field(None, description="Its new place in the list.")
    seen: str | None = Field(None, description=SEEN)


@router.get("/meetings/{meeting}/linked", summary="What moves with it, or stays")
def list_linked(meeting: str, reading: ReadingDep) -> list[LinkedModel]:
    """Return the meetings that have to be thought of when this one moves, nearest first."""
    return [LinkedModel.showing(item) for item in reading.linked(meeting)]


@router.get("/meetings/{meeting}/decisions", summary="Decisions")
def list_decisions(meeting: str, decisions: DecisionsDep) -> list[DecisionModel]:
    """Return what a meeting has decided, by number."""
    return [DecisionModel.showing(item) for item in decisions.of(meeting)]


@router.post("/meetings/{meeting}/decisions", status_code=201, summary="Record a decision")
def add_decision(
    meeting: str, body: NewDecision, decisions: DecisionsDep, caller: ApiCaller
) -> DecisionsModel:
    """Record one more decision of a meeting that has begun or is over; nobody is told by this alone."""
    return DecisionsModel.showing(decisions.add(meeting, body.text, is_open=body.is_open, caller=caller))


@router.patch("/meetings/{meeting}/decisions/{number}", summary="Change a decision")
def change_decision(
    meeting: str, number: Number, body: DecisionChange, decisions: DecisionsDep, caller: ApiCaller
) -> DecisionsModel:
    """Change the text of a decision, whether it is open, or its place in the list."""
    edit = Edit(text=body.text, is_open=body.is_open, number=body.number)
    return DecisionsModel.showing(decisions.change(meeting, number, edit, caller=caller, seen=body.seen))


@router.delete("/meetings/{meeting}/decisions/{number}", summary="Take a decision out")
def remove_decision(
    meeting: str,
    number: Number,
    decisions: DecisionsDep,
    caller: ApiCaller,
    seen: Annotated[str | None, Query(description=SEEN)] = None,
) -> DecisionsModel:
    """Take a decision out; those after it move up."""
    return DecisionsModel.showing(decisions.remove(meeting, number, caller=caller, seen=seen))
