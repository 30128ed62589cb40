"""The queue: what is late, what needs mending, what comes next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from fastapi import APIRouter, Request, Response

from orchestrator.domain.timelines.actions import ActionState
from orchestrator.store.operations.selecting import Selection
from orchestrator.web.console.forms import Number, Typed
from orchestrator.web.container import BulkDep, ClockDep, OperationsDep, ReadingDep
from orchestrator.web.pages import PagesDep, local_path, see_other
from orchestrator.web.presentation.timelines import MOST_READ, waves
from orchestrator.web.security import ConsoleCaller

_LATE = timedelta(minutes=1)
_WAVES_SHOWN = 20
_MENDABLE = frozenset({ActionState.FAILED, ActionState.MISSED, ActionState.SCHEDULED})

router = APIRouter()


@router.get("/actions")
def actions(
    request: Request, reading: ReadingDep, clock: ClockDep, pages: PagesDep, done: str = ""
) -> Response:
    """Answer "is anything due that has not gone out?", then show what needs mending and what comes."""
    late_before = clock.now() - _LATE
    scheduled = reading.actions(ActionState.SCHEDULED, MOST_READ)
    coming = [item for item in scheduled if item.due_at >= late_before]
    return pages.render(
        request,
        "operations/actions.html.j2",
        done=done,
        late=reading.late(),
        counts=reading.counts(),
        failed=reading.actions(ActionState.FAILED),
        missed=reading.actions(ActionState.MISSED),
        held_up=reading.held_up(),
        overdue=scheduled[: len(scheduled) - len(coming)],
        waves=waves(coming, cut=len(scheduled) == MOST_READ)[:_WAVES_SHOWN],
    )


@router.post("/actions/mend")
def mend(
    request: Request,
    bulk: BulkDep,
    pages: PagesDep,
    caller: ConsoleCaller,
    doing: Typed = "retry",
    state: Typed = "failed",
    reason_key: Typed = "",
    reason: Typed = "",
    confirmed: Typed = "",
) -> Response:
    """Show what trying many again, or giving them up, would do; then do it."""
    selection = Selection((ActionState(state),) if state in _MENDABLE else (), None, reason_key or None)
    discarding = doing == "discard"
    why = reason.strip()[:500] or None
    if discarding:
        outcome = bulk.discard(selection, caller=caller, reason=why, dry_run=not confirmed)
    else:
        outcome = bulk.retry(selection, caller=caller, dry_run=not confirmed)
    if confirmed:
        return see_other("/actions", done="discarded" if discarding else "retried", count=outcome.count)
    return pages.render(
        request,
        "operations/mend.html.j2",
        outcome=outcome,
        discarding=discarding,
        state=state,
        reason_key=reason_key,
        reason=reason,
    )


@router.post("/actions/{action_id}/retry")
def retry(
    action_id: Number, operations: OperationsDep, caller: ConsoleCaller, back: Typed = "/actions"
) -> Response:
    """Make a failed or missed action due now."""
    return _mended("retried", back, lambda: operations.retry(action_id, caller=caller))


@router.post("/actions/{action_id}/discard")
def discard(
    action_id: Number,
    operations: OperationsDep,
    caller: ConsoleCaller,
    reason: Typed = "",
    back: Typed = "/actions",
) -> Response:
    """Give an action up for good."""
    why = reason.strip()[:500] or None
    return _mended("discarded", back, lambda: operations.discard(action_id, caller=caller, reason=why))


def _mended(done: str, back: str, mend: Callable[[], None]) -> Response:
    mend()
    return see_other(local_path(back, "/actions"), done=done)
