"""The REST API, version 1: the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.store.operations.selecting import Selection
from orchestrator.web.api.answering import AnswerModel, FactOf, Sentence, beside
from orchestrator.web.api.inputs import Body, Id
from orchestrator.web.api.timelines.schemas import ActionModel
from orchestrator.web.container import (
    BulkDep,
    OperationsDep,
    ReadingDep,
)
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("actions")


class DiscardRequest(Body):
    """Why an action is discarded."""

    reason: str | None = Field(None, max_length=500)


Retried = Literal[ActionState.FAILED, ActionState.MISSED, ActionState.SCHEDULED]
Discarded = Literal[ActionState.FAILED, ActionState.MISSED, ActionState.SCHEDULED, ActionState.BLOCKED]


class SelectionBody(Body):
    """What the actions have in common; what is left out does not matter."""

    kind: ActionKind | None = None
    reason_key: str | None = Field(
        None, max_length=120, description="Key of `reason_fact`, or its beginning up to a point."
    )
    meeting: str | None = Field(None, max_length=120, description="Its reference.")

    def selection(self, states: Sequence[ActionState]) -> Selection:
        """The same for the service."""
        return Selection(tuple(states), self.kind, self.reason_key, self.meeting)


class RetryManyRequest(SelectionBody):
    """What is tried again; of what is scheduled only what was tried before."""

    states: list[Retried] = Field(
        default_factory=list, max_length=3, description="By default failed and missed."
    )


class DiscardManyRequest(SelectionBody):
    """What is discarded, and why."""

    states: list[Discarded] = Field(min_length=1, max_length=4)
    reason: str | None = Field(None, max_length=500)


class MendedModel(AnswerModel):
    """How many actions of one kind in one meeting stand for one reason."""

    meeting: str
    kind: ActionKind
    state: ActionState
    reason: Sentence | None
    reason_fact: FactOf | None = beside("reason")
    count: int


class BulkOutcomeModel(AnswerModel):
    """What was done with all that were chosen, or would be; `too_late` are past their grace and stay."""

    previewed: bool
    count: int
    too_late: int
    more: bool = Field(description="Whether there are others, for the next time.")
    groups: list[MendedModel]


@router.get("/actions", summary="The queue")
def list_actions(reading: ReadingDep, state: ActionState | None = None) -> list[ActionModel]:
    """Return up to 500 actions of all meetings in the order they are due."""
    return [ActionModel.showing(item) for item in reading.actions(state)]


@router.post("/actions/retry", summary="Try many again")
def retry_actions(
    bulk: BulkDep, caller: ApiCaller, body: RetryManyRequest, preview: bool = False
) -> BulkOutcomeModel:
    """Make all actions that were chosen due now, at most 1000 at a time; by default all that ended badly."""
    return BulkOutcomeModel.showing(bulk.retry(body.selection(body.states), caller=caller, dry_run=preview))


@router.post("/actions/discard", summary="Give many up")
def discard_actions(
    bulk: BulkDep, caller: ApiCaller, body: DiscardManyRequest, preview: bool = False
) -> BulkOutcomeModel:
    """Cancel all actions that were chosen for good, at most 1000 at a time; a state has to be named."""
    outcome = bulk.discard(body.selection(body.states), caller=caller, reason=body.reason, dry_run=preview)
    return BulkOutcomeModel.showing(outcome)


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
