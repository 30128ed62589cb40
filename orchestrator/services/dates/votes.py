"""What both sides of a date poll share: whether it still takes votes, and writing down what was said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.dates.date_poll import Ballot, DatePoll, PollState
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.people.caller import Caller
from orchestrator.facts import Fact
from orchestrator.store.dates import date_polls as polls
from orchestrator.store.meetings import history


def over(meeting: Meeting, poll: DatePoll, now: datetime) -> str:
    """Return why a poll takes no votes any more, in words; empty while it does."""
    if meeting.status is MeetingStatus.CANCELLED:
        return "The meeting was cancelled, so no date is needed any more."
    if poll.state is PollState.WITHDRAWN:
        return "This date poll was withdrawn."
    if poll.state is PollState.CLOSED or meeting.status is not MeetingStatus.DRAFT:
        return "This date poll is over; a date was chosen."
    return "" if poll.takes_votes(now) else "This date poll has closed; answers are not taken any more."


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
    polls.write(session, poll.id, ballot, attendee_id)
    said = ", ".join(f"{number} {vote}" for number, vote in sorted(ballot.votes.items()))
    detail = f"{ballot.delegation}: {said}; by {ballot.by}"
    history.note(session, meeting.id, caller, Fact.of("dates.history.poll-answered"), now, detail)
