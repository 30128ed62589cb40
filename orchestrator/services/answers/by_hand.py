"""Answers that a coordinator enters, and what a coordinator does about an answer.

Each public method is one transaction: the record, the plan that follows from it and the history commit
together or not at all.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.answers.responses import ProposalState
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import Conflict, NotFound
from orchestrator.facts import Fact
from orchestrator.services.answers.recording import GivenAnswer, cut, recorded, with_resends
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.views import Effect
from orchestrator.store.answers import responses


class AnswersByHand:
    """The use cases of a coordinator around one answer."""

    def __init__(self, changing: Changing) -> None:
        self._changing = changing

    def answer(
        self,
        name: str,
        email: str,
        participation: Participation,
        *,
        caller: Caller,
        comment: str | None = None,
    ) -> Effect:
        """Record an attendee's answer, for example one given by telephone.

        Who declines gets no more reminders; who accepts again gets the coming ones. Raises ``NotFound`` for
        a meeting that does not exist or an address that is not invited to it, and ``Conflict`` for a meeting
        that is over or cancelled.
        """

        def command(_: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            lifecycle.require_status(
                meeting, Fact.of("answers.doing.answered"), MeetingStatus.DRAFT, MeetingStatus.PUBLISHED
            )
            attendee = invited(meeting, email)
            given = GivenAnswer(
                attendee.id, participation, caller=caller, by=caller.name, stamp=now, comment=comment
            )
            return recorded(meeting, [given])

        return self._changing.change(name, command, caller=caller)

    def send_again(self, name: str, email: str, *, caller: Caller) -> Effect:
        """Send an attendee the current invitation once more.

        Raises ``NotFound`` for a meeting that does not exist or an address that is not invited to it, and
        ``Conflict`` for a meeting that is not published, or an invitation that has not gone out yet.
        """

        def command(session: Session, meeting: Meeting, _: datetime) -> MeetingChange:
            lifecycle.require_status(meeting, Fact.of("answers.doing.sent-again"), MeetingStatus.PUBLISHED)
            attendee = invited(meeting, email)
            if not responses.was_written_to(session, attendee.id):
                raise Conflict(Fact.of("answers.not-sent-yet", name=attendee.name))

            def write(session: Session, _: Meeting, now: datetime) -> None:
                responses.ask_again(session, attendee.id, now)

            asked = with_resends(meeting, [attendee.id])
            sent_again = Fact.of("answers.history.sent-again")
            return MeetingChange(asked, sent_again, attendee.name, write, saves=False)

        return self._changing.change(name, command, caller=caller)

    def refuse_proposal(
        self, name: str, response_id: int, *, caller: Caller, reply: str | None = None
    ) -> Effect:
        """Refuse a proposed time: its author gets a mail with ``reply`` and the invitation as it stands.

        Raises ``NotFound`` for a proposal that is not open, or not of this meeting, and ``Conflict`` for a
        meeting that is not published.
        """

        def command(session: Session, meeting: Meeting, _: datetime) -> MeetingChange:
            lifecycle.require_status(
                meeting, Fact.of("answers.doing.kept-at-its-time"), MeetingStatus.PUBLISHED
            )
            proposal = responses.get(session, response_id)
            if proposal.meeting_id != meeting.id or proposal.state != ProposalState.OPEN:
                raise NotFound(
                    Fact.of("answers.no-open-proposal", reference=meeting.reference, proposal=response_id)
                )

            def write(session: Session, _: Meeting, __: datetime) -> None:
                responses.refuse(session, response_id, cut(reply))

            refused = Fact.of("answers.history.proposal-refused")
            return MeetingChange(meeting, refused, cut(reply), write, saves=False)

        return self._changing.change(name, command, caller=caller)


def invited(meeting: Meeting, email: str) -> Attendee:
    """Return the attendee of an address, however it is written, or of an id; raises ``NotFound``."""
    for item in meeting.called(email):
        if item.invited:
            return item
    raise NotFound(Fact.of("answers.stranger", email=email, reference=meeting.reference))
