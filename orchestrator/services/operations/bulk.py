"""Mending many actions at once: after an outage, or when a whole kind of mail has lost its point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.people.caller import Caller
from orchestrator.domain.timelines.actions import ENDED_BADLY, ActionState
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact
from orchestrator.ports import Clock, WakeUp
from orchestrator.store.delivery import breakers
from orchestrator.store.engine import Database
from orchestrator.store.meetings import history
from orchestrator.store.operations import selecting
from orchestrator.store.operations.selecting import Selected, Selection

RETRIED = (ActionState.FAILED, ActionState.MISSED, ActionState.SCHEDULED)
"""What may be tried at once; of what is scheduled, only what was tried before."""
DISCARDED = (ActionState.FAILED, ActionState.MISSED, ActionState.SCHEDULED, ActionState.BLOCKED)


@dataclass(frozen=True, slots=True)
class Mended:
    """How many actions of one kind in one meeting stand for one reason; ``meeting`` is its reference."""

    meeting: str
    kind: str
    state: str
    reason: Fact | None
    count: int


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What was done with all of a selection, or would be when only previewed.

    ``count`` actions are mended, ``too_late`` are past their grace and stay as they are. With ``more`` there
    are others, for the next time; ``groups`` say what they are, most first.
    """

    previewed: bool
    count: int
    too_late: int
    more: bool
    groups: tuple[Mended, ...]


class Bulk:
    """Retries and discards by state, kind, reason and meeting."""

    def __init__(self, database: Database, clock: Clock, lease_clock: Clock, wake_up: WakeUp) -> None:
        """``lease_clock`` is the machine's time, which pauses after outages are measured by."""
        self._database = database
        self._clock = clock
        self._lease_clock = lease_clock
        self._wake_up = wake_up

    def retry(self, selection: Selection, *, caller: Caller, dry_run: bool = False) -> BulkOutcome:
        """Make what was selected due now; by default all that failed or was missed.

        What is past its grace is left, and lanes that pause are tried at once. Raises ``InvalidInput``.
        """
        wanted = _checked(selection, ENDED_BADLY, RETRIED)
        if dry_run:
            return self._previewed(wanted, retrying=True)
        with self._database.transaction() as session:
            found, more = selecting.locked(session, wanted, tried=True)
            now = self._clock.now()  # Only now, because locks may have been waited for.
            good = [item for item in found if item.expires_at > now]
            selecting.make_due(session, [item.id for item in good], now)
            breakers.probe_now(session, self._lease_clock.now())
            _note(session, good, caller, Fact.of("operations.history.retried"), now)
        self._wake_up.notify()
        return _outcome(good, len(found) - len(good), more=more, previewed=False)

    def discard(
        self, selection: Selection, *, caller: Caller, reason: str | None = None, dry_run: bool = False
    ) -> BulkOutcome:
        """Cancel what was selected for good; replanning does not bring it back. Raises ``InvalidInput``.

        Nothing is discarded without a state, so that a forgotten option does not discard all that is to come.
        """
        if not selection.states:
            raise InvalidInput.of(
                "state", None, Fact.of("operations.no-state"), Fact.of("operations.no-state.remedy")
            )
        wanted = _checked(selection, (), DISCARDED)
        if dry_run:
            return self._previewed(wanted, retrying=False)
        why = Fact.of("operations.discarded", name=caller.name)
        if reason:
            why = Fact.of("operations.discarded-because", name=caller.name, reason=reason)
        with self._database.transaction() as session:
            found, more = selecting.locked(session, wanted, tried=False)
            now = self._clock.now()  # Only now, because locks may have been waited for.
            selecting.discard(session, found, now, why)
            _note(session, found, caller, Fact.of("operations.history.discarded"), now, reason)
        self._wake_up.notify()
        return _outcome(found, 0, more=more, previewed=False)

    def _previewed(self, wanted: Selection, *, retrying: bool) -> BulkOutcome:
        with self._database.reading() as session:
            found, more = selecting.found(session, wanted, tried=retrying)
        now = self._clock.now()
        good = [item for item in found if not retrying or item.expires_at > now]
        return _outcome(good, len(found) - len(good), more=more, previewed=True)


def _checked(
    selection: Selection, usual: Sequence[ActionState], possible: Sequence[ActionState]
) -> Selection:
    unfit = [state for state in selection.states if state not in possible]
    if unfit:
        raise InvalidInput.of(
            "state",
            unfit[0],
            Fact.of("operations.not-in-bulk"),
            Fact.of("operations.not-in-bulk.remedy", states=tuple(str(state) for state in possible)),
        )
    return selection if selection.states else selection.with_states(usual)


def _outcome(good: Sequence[Selected], too_late: int, *, more: bool, previewed: bool) -> BulkOutcome:
    # Reasons of one kind may name each its recipient; one of them stands for all.
    shown: dict[tuple[str, str, str, str], Fact | None] = {}
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for item in good:
        key = (item.reference, item.kind, item.state, item.reason.key if item.reason else "")
        counts[key] += 1
        shown.setdefault(key, item.reason)
    groups = tuple(
        Mended(meeting, kind, state, shown[meeting, kind, state, reason], count)
        for (meeting, kind, state, reason), count in sorted(
            counts.items(), key=lambda item: (-item[1], item[0])
        )
    )
    return BulkOutcome(previewed, len(good), too_late, more, groups)


def _note(
    session: Session,
    done: Sequence[Selected],
    caller: Caller,
    what: Fact,
    now: datetime,
    reason: str | None = None,
) -> None:
    for meeting_id, count in sorted(Counter(item.meeting_id for item in done).items()):
        detail = Fact.of("operations.history.count", count=count)
        if reason:
            detail = Fact.of("operations.history.count-because", count=count, reason=reason)
        history.note(session, meeting_id, caller, what, now, detail)
