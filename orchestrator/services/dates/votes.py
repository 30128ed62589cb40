"""What both sides of a date poll share: whether it still takes votes, and writing down what was said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.dates.date_poll import Ballot, DatePoll, DatePollState
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus, OpenDatePoll
from orchestrator.facts import Fact
from orchestrator.services.timelines.changing import MeetingChange
from orchestrator.store.dates import date_polls


def over(meeting: Meeting, poll: DatePoll, now: datetime) -> Fact | None:
    """Return why a poll takes no votes any more; ``None`` while it does."""
    if meeting.status is MeetingStatus.CANCELLED:
        return Fact.of("dates.over-cancelled")
    if poll.state is DatePollState.WITHDRAWN:
        return Fact.of("dates.over-withdrawn")
    if poll.state is DatePollState.CLOSED or meeting.status is not MeetingStatus.DRAFT:
        return Fact.of("dates.over-chosen")
    return None if poll.takes_votes(now) else Fact.of("dates.over-closed")


def with_poll(meeting: Meeting, poll: DatePoll) -> Meeting:
    """Return a meeting whose open poll is ``poll``."""
    voted = frozenset(item.delegation for item in poll.ballots)
    starts = tuple(item.starts_at for item in poll.options)
    found = OpenDatePoll(poll.id, poll.asked_at, poll.closes_at, starts, voted, poll.asked)
    return replace(meeting, date_poll=found)


def with_ballot(poll: DatePoll, ballot: Ballot) -> DatePoll:
    """Return a poll in which a delegation says ``ballot``, in place of what it had said."""
    others = (item for item in poll.ballots if item.delegation != ballot.delegation)
    return replace(poll, ballots=tuple(sorted((*others, ballot), key=lambda item: item.delegation)))


def written(
    meeting: Meeting, poll: DatePoll, ballot: Ballot, attendee_id: int | None = None
) -> MeetingChange:
    """Return the change by which a delegation says ``ballot``; ``attendee_id`` is who said it, if known."""

    def write(session: Session, _: Meeting, __: datetime) -> None:
        date_polls.write(session, poll.id, ballot, attendee_id)

    said = tuple(f"{number} {vote}" for number, vote in sorted(ballot.votes.items()))
    return MeetingChange(
        with_poll(meeting, with_ballot(poll, ballot)),
        Fact.of("dates.history.poll-answered"),
        Fact.of("dates.answered-with", delegation=ballot.delegation, votes=said, by=ballot.by),
        write=write,
        saves=False,
    )
