"""The REST API, version 1: how ready delegations are, and asking for what is missing."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.services.answers.recording import LONGEST_COMMENT
from orchestrator.services.readiness.readiness import NEEDS, STATES, Board, SlotMove, SlotView
from orchestrator.services.timelines.views import Outcome
from orchestrator.web.api.meetings.meetings import CALLER, Preview, Services
from orchestrator.web.security import require_token

router = APIRouter(prefix="/api/v1", tags=["readiness"], dependencies=[Depends(require_token)])
Code = Annotated[str, Path(description="Code of the delegation, such as VN.")]


class RecordRequest(BaseModel):
    """How something that a delegation owes stands."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["in", "waived", "failed", "missing"] = Field(
        description="Failed is for a connectivity test; missing takes back what was recorded."
    )
    note: str | None = Field(None, max_length=LONGEST_COMMENT)


class NudgeRequest(BaseModel):
    """Whom to ask for what is missing."""

    model_config = ConfigDict(extra="forbid")

    to: list[str] = Field(
        [],
        max_length=500,
        description="Codes of delegations, or addresses; all that lack something if empty.",
    )


@router.get("/meetings/{meeting}/readiness", summary="Readiness board")
def get_readiness(meeting: str, container: Services) -> Board:
    """Return how each delegation stands, in protocol order, and how many are through with what."""
    return container.readiness.board(meeting)


@router.put("/meetings/{meeting}/readiness/{code}/{need}", summary="Record what a delegation owes")
def record_readiness(
    meeting: str,
    code: Code,
    need: Literal["list", "paper", "test"],
    body: RecordRequest,
    container: Services,
) -> Outcome:
    """Record that something came in, is waived or failed, or is missing after all; chasers follow it."""
    return container.readiness.record(
        meeting, code, NEEDS[need], STATES[body.state], caller=CALLER, note=body.note
    )


@router.post("/meetings/{meeting}/nudge", summary="Ask now for what is missing")
def nudge(
    meeting: str, container: Services, body: NudgeRequest | None = None, preview: Preview = False
) -> Outcome:
    """Ask who speaks for the delegations, or these people, for all that is missing, in one mail each."""
    return container.readiness.nudge(meeting, body.to if body else (), caller=CALLER, preview=preview)


@router.get("/meetings/{meeting}/rehearsal", summary="Rehearsal slots")
def list_rehearsal_slots(meeting: str, container: Services) -> list[SlotView]:
    """Return when each delegation tries its connection, in the order of time."""
    return container.readiness.slots(meeting)


@router.put("/meetings/{meeting}/rehearsal/{code}", summary="Move a rehearsal slot")
def move_rehearsal_slot(
    meeting: str, code: Code, body: SlotMove, container: Services, preview: Preview = False
) -> Outcome:
    """Give a delegation another time to try its connection; whoever knows the old one is told at once."""
    return container.readiness.move_slot(meeting, code, body, caller=CALLER, preview=preview)


@router.post("/meetings/{meeting}/joined/{code}", status_code=204, summary="A delegation has joined")
def record_joined(meeting: str, code: Code, container: Services) -> None:
    """Record that a delegation is in the meeting; the first time counts."""
    container.readiness.joined(meeting, code, caller=CALLER)
