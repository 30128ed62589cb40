"""The REST API, version 1: the queue."""

from __future__ import annotations

from pydantic import Field

from orchestrator.domain.timelines.actions import ActionState
from orchestrator.web.api.inputs import Body, Id
from orchestrator.web.api.timelines.schemas import ActionModel
from orchestrator.web.container import (
    OperationsDep,
    ReadingDep,
)
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("actions")


class DiscardRequest(Body):
    """Why an action is discarded."""

    reason: str | None = Field(None, max_length=500)


@router.get("/actions", summary="The queue")
def list_actions(reading: ReadingDep, state: ActionState | None = None) -> list[ActionModel]:
    """Return up to 500 actions of all meetings in the order they are due."""
    return [ActionModel.showing(item) for item in reading.actions(state)]


@router.post("/actions/{action_id}/retry", summary="Try again", status_code=204)
def retry_action(action_id: Id, operations: OperationsDep, caller: ApiCaller) -> None:
    """Make a failed or missed action due now."""
    operations.retry(action_id, caller=caller)


@router.post("/actions/{action_id}/discard", summary="Give up", status_code=204)
def discard_action(
    action_id: Id, operations: OperationsDep, caller: ApiCaller, body: DiscardRequest | None = None
) -> None:
    """Cancel a waiting, failed or missed action for good."""
    operations.discard(action_id, caller=caller, reason=body.reason if body else None)
