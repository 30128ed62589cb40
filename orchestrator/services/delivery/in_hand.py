"""Actions in the hands of a worker, and the meetings that they are held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind, Conditional
from orchestrator.domain.timelines.objections import Objection, no_longer_called_for, objection
from orchestrator.errors import DeliveryError
from orchestrator.facts import Fact
from orchestrator.services.delivery.endings import Endings
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.delivery import claims
from orchestrator.store.delivery.claims import Held, Taken
from orchestrator.store.engine import Database, Executor
from orchestrator.store.meetings import digests
from orchestrator.store.meetings import meetings as store


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt went, as far as the server outside is concerned; what it did is recorded already.

    ``asked`` says whether anything was asked of that server at all.
    """

    asked: bool
    failure: DeliveryError | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """An action and its meeting as they were at one moment."""

    held: Held
    meeting: Meeting


class Looking:
    """Looks once more, just before something is done, at what it would be done for."""

    def __init__(self, database: Database, planner: Planner, endings: Endings) -> None:
        self._database = database
        self._planner = planner
        self._endings = endings
        self._meetings: dict[int, tuple[int, Meeting]] = {}

    def meeting(self, executor: Executor, meeting_id: int) -> Meeting:
        """Return the meeting, share-locked; it is loaded again only when it was saved since it was seen.

        It is loaded in a transaction of its own, so that nothing is remembered that is not committed. Raises
        ``NotFound``.
        """
        saves = store.saves(executor, meeting_id)
        known = self._meetings.get(meeting_id)
        if known is None or known[0] != saves:
            with self._database.reading() as session:
                known = (saves, store.load(session, meeting_id))
            self._meetings = {meeting_id: known}
        return known[1]

    def still_wanted(self, executor: Executor, item: Taken, meeting: Meeting, now: datetime) -> Seen | None:
        """Return action and meeting as they are now, unless the action has lost its point, which ends it.

        The meeting cannot change before the transaction ends, so a cancellation either is seen here
        or sees the delivery.
        """
        held = claims.held(executor, item)
        if held is None:
            return None
        against = objection(held.action, meeting, held.attendee, now)
        conditional = against is None and self._is_conditional(held, meeting)
        if conditional and not self._planner.calls_for(meeting, held.action):
            against = no_longer_called_for(held.action, self._planner.why_dropped(meeting, held.action))
        if against is None and held.action.kind is ActionKind.DIGEST:
            against = self._told_with(meeting, held.action.revision)
        if against is not None:
            self._endings.finish(executor, item, against.state, now, reason=against.reason, code=against.code)
            return None
        return Seen(held, meeting)

    def _told_with(self, meeting: Meeting, day: int) -> Objection | None:
        """Why a digest is not sent: that of another session of the event tells it all on the same morning."""
        with self._database.reading() as session:
            other = digests.spoken_for(session, meeting.id, day)
            reference = store.reference_of(session, other) if other is not None else None
        if reference is None:
            return None
        return Objection(ActionState.SUCCEEDED, Fact.of("timelines.told-with", reference=reference))

    def _is_conditional(self, held: Held, meeting: Meeting) -> bool:
        """Whether the plan has to be asked again, because more than meeting and attendee decides."""
        conditional = held.action.kind.rules.conditional
        if conditional is not Conditional.WHERE_ITS_STEP_IS:
            return conditional is Conditional.ALWAYS
        timeline = self._planner.timeline(meeting)
        step = timeline.named(held.step)
        return step is not None and (step.when is not None or timeline.leaves_out(step))
