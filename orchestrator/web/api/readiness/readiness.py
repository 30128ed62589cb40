"""The REST API, version 1: how ready delegations are, and asking for what is missing."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field

from orchestrator.domain.meetings.needs import RECORDED
from orchestrator.services.answers.recording import LONGEST_COMMENT
from orchestrator.services.readiness.contributions import STATES
from orchestrator.web.api.inputs import Body, Preview
from orchestrator.web.api.readiness.schemas import BoardModel, ConnectionTestModel, ConnectionTestRequest
from orchestrator.web.api.timelines.schemas import EffectModel
from orchestrator.web.container import (
    ConnectionTestsDep,
    ContributionsDep,
    NudgesDep,
    ReadinessDep,
)
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("readiness")
Code = Annotated[str, Path(description="Code of the delegation, such as VN.")]


class RecordRequest(Body):
    """How something that a delegation owes stands."""

    state: Literal["in", "waived", "failed", "missing"] = Field(
        description="Failed is for a connectivity test; missing takes back what was recorded."
    )
    note: str | None = Field(None, max_length=LONGEST_COMMENT)


class NudgeRequest(Body):
    """Whom to ask for what is missing."""

    to: list[str] = Field(
        [],
        max_length=500,
        description="Codes of delegations, or addresses; all that lack something if empty.",
    )


@router.get("/meetings/{meeting}/readiness", summary="Readiness board")
def get_readiness(meeting: str, readiness: ReadinessDep) -> BoardModel:
    """Return how each delegation stands, in protocol order, and how many are through with what."""
    return BoardModel.showing(readiness.board(meeting))


@router.put("/meetings/{meeting}/readiness/{code}/{need}", summary="Record what a delegation owes")
def record_readiness(
    meeting: str,
    code: Code,
    need: Literal["list", "paper", "test"],
    body: RecordRequest,
    contributions: ContributionsDep,
    caller: ApiCaller,
) -> EffectModel:
    """Record that something came in, is waived or failed, or is missing after all; chasers follow it."""
    return EffectModel.showing(
        contributions.record(meeting, code, RECORDED[need], STATES[body.state], caller=caller, note=body.note)
    )


@router.post("/meetings/{meeting}/nudge", summary="Ask now for what is missing")
def nudge(
    meeting: str,
    nudges: NudgesDep,
    caller: ApiCaller,
    body: NudgeRequest | None = None,
    preview: Preview = False,
) -> EffectModel:
    """Ask who speaks for the delegations, or these people, for all that is missing, in one mail each."""
    return EffectModel.showing(nudges.nudge(meeting, body.to if body else (), caller=caller, dry_run=preview))


@router.get("/meetings/{meeting}/connection-tests", summary="Connection tests")
def list_connection_tests(meeting: str, readiness: ReadinessDep) -> list[ConnectionTestModel]:
    """Return when each delegation tries its connection, in the order of time."""
    return [ConnectionTestModel.showing(item) for item in readiness.connection_tests(meeting)]


@router.put("/meetings/{meeting}/connection-tests/{code}", summary="Move a connection test")
def move_connection_test(
    meeting: str,
    code: Code,
    body: ConnectionTestRequest,
    connection_tests: ConnectionTestsDep,
    caller: ApiCaller,
    preview: Preview = False,
) -> EffectModel:
    """Give a delegation another time to try its connection; who knows the old one is told at once."""
    return EffectModel.showing(
        connection_tests.move(meeting, code, body.wanted(), caller=caller, dry_run=preview)
    )


@router.post("/meetings/{meeting}/joined/{code}", status_code=204, summary="A delegation has joined")
def record_joined(meeting: str, code: Code, contributions: ContributionsDep, caller: ApiCaller) -> None:
    """Record that a delegation is in the meeting; the first time counts."""
    contributions.joined(meeting, code, caller=caller)
