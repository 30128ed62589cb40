"""What both sides of a date poll share: whether it still takes votes, and writing down what was said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.dates.date_poll import Ballot, DatePoll, DatePollState
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.people.caller import Caller
from orchestrator.facts import Fact
from orchestrator.store.dates import date_polls
from orchestrator.store.meetings import history


def over(meeting: Meeting, poll: DatePoll, now: datetime) -> Fact | None:
    """Return why a poll takes no votes any more; ``None`` while it does."""
    if meeting.status is MeetingStatus.CANCELLED:
        return Fact.of("dates.over-cancelled")
    if poll.state is DatePollState.WITHDRAWN:
        return Fact.of("dates.over-withdrawn")
    if poll.state is DatePollState.CLOSED or meeting.status is not MeetingStatus.DRAFT:
        return Fact.of("dates.over-chosen")
    return None if poll.takes_votes(now) else Fact.of("dates.over-closed")


def record(
    session: Session,
    meeting: Meeting,
    poll: DatePoll,
    ballot: Ballot,
    caller: Caller,
    now: datetime,
    attendee_id: int | None = None,
) -> None:
    """Write down what a delegation says, in place of what it had said; ``attendee_id`` is who said it."""
    date_polls.write(session, poll.id, ballot, attendee_id)
    said = ", ".join(f"{number} {vote}" for number, vote in sorted(ballot.votes.items()))
    detail = f"{ballot.delegation}: {said}; by {ballot.by}"
    history.note(session, meeting.id, caller, Fact.of("dates.history.poll-answered"), now, detail)
