"""Answers that a coordinator enters, and what a coordinator does about an answer.

Each public method is one transaction: the record, the plan that follows from it and the history commit
together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import Conflict, NotFound
from orchestrator.facts import Fact
from orchestrator.ports import Clock, WakeUp
from orchestrator.services.answers.recording import Given, cut, record
from orchestrator.services.timelines.explaining import Explainer
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import Outcome
from orchestrator.store.answers import responses
from orchestrator.store.engine import Database
from orchestrator.store.meetings import history
from orchestrator.store.meetings import meetings as store

Applied = Callable[[Session, Meeting, datetime], None]
"""What a use case writes beside a locked meeting, inside the transaction."""


class AnswersByHand:
    """The use cases of a coordinator around one answer."""

    def __init__(self, database: Database, planner: Planner, clock: Clock, wake_up: WakeUp) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock
        self._wake_up = wake_up
        self._explainer = Explainer(planner)

    def answer(
        self,
        name: str,
        email: str,
        participation: Participation,
        *,
        caller: Caller,
        comment: str | None = None,
    ) -> Outcome:
        """Record an attendee's answer, for example one given by telephone.

        Who declines gets no more reminders; who accepts again gets the coming ones. Raises ``NotFound`` for
        a meeting that does not exist or an address that is not invited to it, and ``Conflict`` for a meeting
        that is over or cancelled.
        """

        def apply(session: Session, meeting: Meeting, now: datetime) -> None:
            lifecycle.require_status(meeting, "answered", MeetingStatus.DRAFT, MeetingStatus.PUBLISHED)
            attendee = invited(meeting, email)
            given = Given(
                attendee.id, participation, caller=caller, by=caller.name, stamp=now, comment=comment
            )
            record(session, meeting, [given], now)

        return self._change(name, apply)

    def send_again(self, name: str, email: str, *, caller: Caller) -> Outcome:
        """Send an attendee the current invitation once more.

        Raises ``NotFound`` for a meeting that does not exist or an address that is not invited to it, and
        ``Conflict`` for a meeting that is not published, or an invitation that has not gone out yet.
        """

        def apply(session: Session, meeting: Meeting, now: datetime) -> None:
            lifecycle.require_status(meeting, "sent again", MeetingStatus.PUBLISHED)
            attendee = invited(meeting, email)
            if not responses.was_written_to(session, attendee.id):
                raise Conflict(f"{attendee.name} has not been sent an invitation yet; it goes out by itself.")
            responses.ask_again(session, attendee.id, now)
            history.note(
                session, meeting.id, caller, Fact.of("answers.history.sent-again"), now, attendee.name
            )

        return self._change(name, apply)

    def refuse_proposal(
        self, name: str, response_id: int, *, caller: Caller, reply: str | None = None
    ) -> Outcome:
        """Refuse a proposed time: its author gets a mail with ``reply`` and the invitation as it stands.

        Raises ``NotFound`` for a proposal that is not open, or not of this meeting, and ``Conflict`` for a
        meeting that is not published.
        """

        def apply(session: Session, meeting: Meeting, now: datetime) -> None:
            lifecycle.require_status(meeting, "kept at its time", MeetingStatus.PUBLISHED)
            if responses.get(session, response_id).meeting_id != meeting.id or not responses.refuse(
                session, response_id, cut(reply)
            ):
                raise NotFound(f"{meeting.reference} has no open proposal {response_id}.")
            history.note(
                session, meeting.id, caller, Fact.of("answers.history.proposal-refused"), now, cut(reply)
            )

        return self._change(name, apply)

    def _change(self, name: str, apply: Applied) -> Outcome:
        """Write beside the meeting, replan it, and say what follows; then wake the beats."""
        with self._database.transaction() as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            # Read once the meeting is ours, so that stamps rise in the order of the changes.
            now = self._clock.now()
            apply(session, meeting, now)
            answered = store.load(session, meeting.id)
            result = self._planner.replan(session, answered, now, before=meeting)
            consequences = self._explainer.explain(session, answered, result)
        self._wake_up.notify()
        return Outcome(
            answered.reference, answered.version, False, consequences, tentative=answered.tentative
        )


def invited(meeting: Meeting, email: str) -> Attendee:
    """Return the attendee of an address, however it is written; raises ``NotFound``."""
    for item in meeting.invited:
        if item.address == email.strip().casefold():
            return item
    raise NotFound(f"{email} is not invited to {meeting.reference}.")
