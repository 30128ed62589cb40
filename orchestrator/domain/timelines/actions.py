"""The states that an action goes through, and when a failed one is tried again.

blocked ─▶ scheduled ─▶ claimed ─▶ running ─▶ succeeded
▲            │          ├────▶ scheduled (a later attempt) | failed | missed
└────────────┴──────────┘
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite

from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Fact


class ActionState(StrEnum):
    """Where an action stands."""

    BLOCKED = "blocked"
    SCHEDULED = "scheduled"
    CLAIMED = "claimed"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    MISSED = "missed"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_pending(self) -> bool:
        """Whether it waits and nobody has it in hand; replanning may move or cancel it."""
        return self in (ActionState.BLOCKED, ActionState.SCHEDULED)

    @property
    def is_in_flight(self) -> bool:
        """Whether a claim is out for it; replanning leaves it alone."""
        return self in (ActionState.CLAIMED, ActionState.RUNNING)


ENDED_BADLY = (ActionState.FAILED, ActionState.MISSED)

_S = ActionState

TRANSITIONS: dict[ActionState, frozenset[ActionState]] = {
    # Unblocked, given up by a replan, or its time went by while it waited.
    _S.BLOCKED: frozenset({_S.SCHEDULED, _S.CANCELLED, _S.MISSED}),
    # A replan may put it behind another action; beat claims it; its time may go by.
    _S.SCHEDULED: frozenset({_S.BLOCKED, _S.CLAIMED, _S.CANCELLED, _S.MISSED}),
    # A worker takes it, or the claim expires (or could not be published) and it is due again.
    _S.CLAIMED: frozenset({_S.RUNNING, _S.SCHEDULED}),
    # Done; tried again later; given up for good; too late; or no longer wanted when looked at again.
    _S.RUNNING: frozenset({_S.SUCCEEDED, _S.SCHEDULED, _S.FAILED, _S.MISSED, _S.CANCELLED}),
    # Ops may retry or discard.
    _S.FAILED: frozenset({_S.SCHEDULED, _S.CANCELLED}),
    _S.MISSED: frozenset({_S.SCHEDULED, _S.CANCELLED}),
    # A replan may want it again, for example when an attendee who declined accepts.
    _S.CANCELLED: frozenset({_S.SCHEDULED, _S.BLOCKED}),
    _S.SUCCEEDED: frozenset(),
}


def sources_of(target: ActionState) -> frozenset[ActionState]:
    """Return the states from which an action may go to ``target``."""
    return frozenset(state for state, targets in TRANSITIONS.items() if target in targets)


class CancelCode(StrEnum):
    """Why an action was cancelled, for programs; the fact beside it is for people."""

    MEETING_CANCELLED = "meeting-cancelled"
    MEETING_OVER = "meeting-over"
    REMOVED = "attendee-removed"
    DECLINED = "attendee-declined"
    TIME_PASSED = "time-passed"
    SUPERSEDED = "superseded"
    NOT_NEEDED = "not-needed"
    DISCARDED = "discarded"


_FIRST_RETRY = timedelta(seconds=10)
_LONGEST_RETRY = timedelta(minutes=15)
_LONGEST_ASKED = timedelta(days=1).total_seconds()


def retry_at(now: datetime, attempt: int, jitter: float, retry_after: float | None) -> datetime:
    """Return when to try again after ``attempt`` (1 or more) failed in a way that may pass.

    The wait doubles from 10 seconds up to 15 minutes; ``jitter`` in [0, 1] spreads it over the
    upper half so that many failures do not come back at one moment. ``retry_after`` (seconds, from
    a Retry-After header) is a minimum, as far as it is finite and at most a day.
    """
    doublings: int = 2 ** min(attempt - 1, 12)
    longest = min(_FIRST_RETRY * doublings, _LONGEST_RETRY)
    wait = longest * (0.5 + jitter / 2)
    asked = retry_after if retry_after is not None and isfinite(retry_after) else 0.0
    return now + max(wait, timedelta(seconds=min(max(asked, 0.0), _LONGEST_ASKED)))


@dataclass(frozen=True, slots=True)
class StoredAction:
    """An action as the store has it, as far as planning needs it.

    ``key`` is unique in the meeting: that of its obligation, with ``#2`` and so on when the same
    obligation had to be fulfilled again. ``planned_at`` is the planned instant or ``None``.
    """

    id: int
    key: str
    obligation: str
    kind: ActionKind
    attendee_id: int | None
    revision: int
    state: ActionState
    planned_at: datetime | None
    expires: datetime
    blocked_by: int | None = None
    cancel_code: CancelCode | None = None
    note: Fact | None = None
