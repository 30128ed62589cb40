"""How attempts end: done, to be tried again, too late or failed; and what the ledger keeps of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delivery.trouble import HELD_UP
from orchestrator.domain.meetings.alerts import AlertKind, NewAlert
from orchestrator.domain.timelines.actions import ENDED_BADLY, ActionState, CancelCode, retry_at
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import DeliveryError, InvalidInput, NotFound, PermanentFailure, TransientFailure
from orchestrator.facts import Fact, plain
from orchestrator.ports import Clock
from orchestrator.services.delivery.patience import DatabasePatience
from orchestrator.store.delivery import claims, deliveries, held_up
from orchestrator.store.delivery.claims import Held, Taken
from orchestrator.store.engine import Database, Executor
from orchestrator.store.meetings import alerts
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.delivery import DeliveryState

_LOG = logging.getLogger(__name__)
_MOST_CRASHES = 5
_LONGEST_ANSWER = 2000
_LAST_RUNG = "3"
"""A delegation is asked three times at most; after that only a person can help."""


class Endings:
    """Records how attempts ended, and lets go what waited for them."""

    def __init__(
        self, database: Database, clock: Clock, jitter: Callable[[], float], patience: DatabasePatience
    ) -> None:
        """``jitter`` returns numbers in [0, 1]."""
        self._database = database
        self._clock = clock
        self._jitter = jitter
        self._patience = patience

    def finish(
        self,
        executor: Executor,
        item: Taken,
        state: ActionState,
        now: datetime,
        *,
        reason: Fact | None = None,
        code: CancelCode | None = None,
    ) -> bool:
        """Record how the attempt ended, and let go what waited for it to end.

        False when a newer attempt holds the action by now.
        """
        return self._record(executor, item, state, now, reason=reason, code=code)

    def again_at(self, item: Taken, due_at: datetime, reason: Fact | None) -> None:
        """Let an action that comes round again and again be due at ``due_at``, and say why if it failed."""

        def transaction() -> None:
            with self._database.statements() as connection:
                now = self._clock.now()
                self._record(connection, item, ActionState.SCHEDULED, now, reason=reason, due_at=due_at)

        self._patience.insist(transaction)

    def accepted(self, item: Taken, delivery_id: int, answer: str) -> None:
        """Record that a server has accepted a message, and what it answered.

        A database that is away for a moment is waited for: what is not recorded goes out again.
        """
        self._patience.insist(lambda: self._accept(item, delivery_id, answer))

    def failed(self, item: Taken, error: Exception, delivery_id: int | None = None) -> None:
        """Record that an attempt failed, and when it is tried again, if it is."""
        failure = error if isinstance(error, DeliveryError) else _as_failure(error, item.attempt)
        self._patience.insist(lambda: self._fail(item, failure, delivery_id))

    def _accept(self, item: Taken, delivery_id: int, answer: str) -> None:
        with self._database.statements() as connection:
            # The meeting is locked before its action and its delivery, as everywhere.
            store.saves(connection, item.of_meeting)
            now = self._clock.now()
            deliveries.end(connection, delivery_id, DeliveryState.SENT, _server_said(answer), now)
            held = claims.held(connection, item) if item.kind is ActionKind.CHASE else None
            if held is not None:
                alerts.note(connection, _last_chaser(item, held, now))
            self.finish(connection, item, ActionState.SUCCEEDED, now)

    def _fail(self, item: Taken, failure: DeliveryError, delivery_id: int | None) -> None:
        with self._database.transaction() as session:
            if item.meeting_id is not None:
                store.saves(session, item.meeting_id)
            now = self._clock.now()
            held = claims.held(session, item)
            if held is None:
                return  # A newer attempt has it in hand, and its delivery too.
            if delivery_id is not None:
                _end_delivery(session, delivery_id, failure, now)
            state, due_at = self._after(failure, held, now)
            known = failure.fact.key in HELD_UP and held_up.is_known(session, failure.fact)
            self._record(session, item, state, now, reason=failure.fact, due_at=due_at)
            if state in ENDED_BADLY:
                alerts.note(session, _letter_failed(item, held, state, now))
        # The message may name a person; it stands in the action's reason, not in the log.
        level = logging.DEBUG if known else logging.ERROR if failure.fact.key in HELD_UP else logging.WARNING
        _LOG.log(level, "action %s: %s, now %s", item.id, failure.code, state)

    def _record(
        self,
        executor: Executor,
        item: Taken,
        state: ActionState,
        now: datetime,
        *,
        reason: Fact | None = None,
        code: CancelCode | None = None,
        due_at: datetime | None = None,
    ) -> bool:
        recorded = claims.finish(executor, item, state, now, reason=reason, code=code, due_at=due_at)
        if recorded and state is not ActionState.SCHEDULED:
            claims.release_waiters(executor, item, now)
        return recorded

    def _after(self, error: DeliveryError, held: Held, now: datetime) -> tuple[ActionState, datetime | None]:
        """Return the state after a failure, and when to try again."""
        if not isinstance(error, TransientFailure):
            return ActionState.FAILED, None
        again = retry_at(now, held.attempt, self._jitter(), error.retry_after)
        return (ActionState.SCHEDULED, again) if again < held.action.expires else (ActionState.MISSED, None)


def _letter_failed(item: Taken, held: Held, state: ActionState, now: datetime) -> Iterator[NewAlert]:
    """Yield that somebody does not get a letter; what only the coordinator misses is no news to them."""
    if held.attendee is None or item.meeting_id is None:
        return
    params = {
        "attendee": str(held.attendee.id),
        "kind": item.kind.value,
        "step": held.step,
        "state": state.value,
    }
    key = f"letter-failed:{held.action.key}:{held.attendee.address[:40]}"
    yield NewAlert(item.meeting_id, AlertKind.LETTER_FAILED, key, now, tuple(sorted(params.items())))


def _last_chaser(item: Taken, held: Held, now: datetime) -> Iterator[NewAlert]:
    """Yield that the last letter has gone out by which a delegation is asked; a person has to call now."""
    last = held.step.rpartition("/")[2] == _LAST_RUNG
    if held.attendee is None or item.meeting_id is None or not last:
        return
    code = held.attendee.delegation
    key = f"last-chaser:{code}:{held.action.revision}"
    params = {"attendee": str(held.attendee.id), "delegation": code}
    yield NewAlert(item.meeting_id, AlertKind.LAST_CHASER, key, now, tuple(sorted(params.items())))


def _end_delivery(session: Session, delivery_id: int, error: DeliveryError, now: datetime) -> None:
    """An unknown outcome leaves the row in ``sending``, which is what ``unknown`` looks like."""
    if isinstance(error, TransientFailure) and error.unknown:
        return
    state = DeliveryState.DEFERRED if error.retryable else DeliveryState.FAILED
    said = _server_said(error.answer) if error.answer else error.fact
    deliveries.end(session, delivery_id, state, said, now)


def _server_said(answer: str) -> Fact:
    """Return what a server has answered, as much of it as is kept."""
    return plain(answer[:_LONGEST_ANSWER])


def _as_failure(error: Exception, attempt: int) -> DeliveryError:
    """What went wrong on our side: a plain refusal stands, a defect is tried a few times, for it may pass."""
    if isinstance(error, InvalidInput):
        return PermanentFailure(_problems(error), code=error.code)
    if isinstance(error, NotFound):
        return PermanentFailure(error.fact, code=error.code)
    unexpected = Fact.of("failure.unexpected", error=type(error).__name__)
    return TransientFailure(unexpected) if attempt < _MOST_CRASHES else PermanentFailure(unexpected)


def _problems(error: InvalidInput) -> Fact:
    """Return every problem in one fact, which the action keeps as its reason."""
    return Fact.of(
        "text",
        text=tuple(
            Fact.of(
                "delivery.problem-with-value" if item.value else "delivery.problem",
                field=item.field,
                value=item.value,
                wrong=item.wrong,
                advice=item.advice,
            )
            for item in error.problems
        ),
    )
