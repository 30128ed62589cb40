"""What a date poll looks like to the coordinator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.dates.costs import Piece, cost_of, pieces_of, why_of
from orchestrator.domain.dates.date_poll import (
    DatePoll,
    DatePollState,
    Option,
    OptionTally,
    Vote,
    leading_option,
    ranked,
    tallies,
)
from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.time.zones import LocalTime, Place, local_time
from orchestrator.domain.timelines.events import asked_for_a_date
from orchestrator.facts import Fact
from orchestrator.services.people.contacts import Contact
from orchestrator.services.timelines.views import Effect

SILENT = "no answer"
"""What stands for a vote where a delegation has said nothing."""


@dataclass(frozen=True, slots=True)
class VoteView:
    """An option at one delegation: its local time, how it lies there in words, and what is said of it.

    ``days`` is how many dates the start lies after that at the host's. ``comfortable`` says that it lies
    in office hours of a working day.
    """

    delegation: str
    name: str
    starts: LocalTime
    days: int
    comfortable: bool
    why: Fact
    vote: str


@dataclass(frozen=True, slots=True)
class OptionView:
    """An option in the host's time, with what each delegation says, in protocol order.

    ``rank`` is 1 for the option that would win; ``cost`` is that of the fair-start finder. ``gone``
    says that the start has gone by, so that the option cannot be chosen any more.
    """

    number: int
    starts: LocalTime
    ends: LocalTime
    yes: int
    if_needed: int
    no: int
    silent: int
    cost: int
    rank: int
    gone: bool
    votes: tuple[VoteView, ...]


@dataclass(frozen=True, slots=True)
class VoterView:
    """A delegation in a poll: who is asked, and who has spoken for it last."""

    delegation: str
    name: str
    asked: tuple[Contact, ...]
    by: str | None
    at: LocalTime | None


@dataclass(frozen=True, slots=True)
class DatePollView:
    """A whole date poll; times are the host's. ``open`` says that delegations can (still) answer.

    ``leading`` is the number of the option that would win, ``verdict`` says why, ``silent`` names the
    delegations that have not answered. ``chosen`` is the option that became the meeting's time.
    """

    reference: str
    state: str
    open: bool
    opened: LocalTime
    closes: LocalTime
    by: str
    asked: LocalTime
    chosen: int | None
    options: tuple[OptionView, ...]
    voters: tuple[VoterView, ...]
    leading: int | None
    verdict: Fact
    silent: tuple[str, ...]

    @property
    def answered(self) -> int:
        """How many delegations have answered."""
        return sum(item.at is not None for item in self.voters)


@dataclass(frozen=True, slots=True)
class DatePollEffect(Effect):
    """What a use case of a poll did, or would do, and the poll after it."""

    date_poll: DatePollView


class DatePollViewer:
    """Puts the polls of one meeting into views; ``calendars`` say how an option lies at a delegation."""

    def __init__(self, meeting: Meeting, poll: DatePoll, calendars: Calendars, now: datetime) -> None:
        self._meeting = meeting
        self._poll = poll
        self._calendars = calendars
        self._directory = calendars.directory
        self._now = now

    def view(self) -> DatePollView:
        """Return the poll as the coordinator sees it."""
        poll, found = self._poll, self._tallies()
        leading = leading_option(found)
        rank = {item.option.number: place for place, item in enumerate(ranked(found), 1)}
        return DatePollView(
            reference=self._meeting.reference,
            state=poll.state.value,
            open=poll.takes_votes(self._now),
            opened=self._at_host(poll.opened_at),
            closes=self._at_host(poll.closes_at),
            by=poll.by,
            asked=self._at_host(poll.asked_at),
            chosen=poll.chosen,
            options=tuple(self._option(item, rank[item.option.number]) for item in found),
            voters=tuple(self._voter(code) for code in self._codes()),
            leading=leading.option,
            verdict=leading.reason,
            silent=tuple(self._directory.get(code).name for code in leading.silent),
        )

    def _codes(self) -> list[str]:
        """The delegations that count, in protocol order; a poll that has ended keeps those that had voted."""
        codes = set(self._meeting.delegations)
        if self._poll.state is not DatePollState.OPEN:
            codes |= {item.delegation for item in self._poll.ballots}
        return sorted(codes, key=self._directory.rank)

    def _tallies(self) -> Sequence[OptionTally]:
        codes = self._codes()
        costs = {
            item.number: sum(cost_of(self._pieces(code, item)) for code in codes)
            for item in self._poll.options
        }
        return tallies(self._poll, codes, costs, self._now)

    def _pieces(self, code: str, option: Option) -> Sequence[Piece]:
        ends_at = option.starts_at + self._meeting.duration
        return pieces_of(self._calendars.of(code), option.starts_at, ends_at)

    def _option(self, tally: OptionTally, rank: int) -> OptionView:
        option, said = tally.option, Counter(vote for _, vote in tally.votes)
        starts = self._at_host(option.starts_at)
        return OptionView(
            number=option.number,
            starts=starts,
            ends=self._at_host(option.starts_at + self._meeting.duration),
            yes=said[Vote.YES],
            if_needed=said[Vote.IF_NEEDED],
            no=said[Vote.NO],
            silent=said[None],
            cost=tally.cost,
            rank=rank,
            gone=tally.gone,
            votes=tuple(self._vote(option, code, vote, starts) for code, vote in tally.votes),
        )

    def _vote(self, option: Option, code: str, vote: Vote | None, host: LocalTime) -> VoteView:
        there, pieces = self._local(code, option.starts_at), self._pieces(code, option)
        return VoteView(
            delegation=code,
            name=self._directory.get(code).name,
            starts=there,
            days=there.days_after(host),
            comfortable=not cost_of(pieces),
            why=why_of(pieces),
            vote=vote.value if vote else SILENT,
        )

    def _voter(self, code: str) -> VoterView:
        ballot = self._poll.ballot(code)
        return VoterView(
            delegation=code,
            name=self._directory.get(code).name,
            asked=tuple(
                Contact(item.name, item.email)
                for item in asked_for_a_date(self._meeting)
                if item.delegation == code
            ),
            by=ballot.by if ballot else None,
            at=self._at_host(ballot.at) if ballot else None,
        )

    def _host(self, moment: datetime) -> Place:
        return host_place(self._meeting, self._directory, moment)

    def _at_host(self, moment: datetime) -> LocalTime:
        return local_time(moment, self._host(moment))

    def _local(self, code: str, moment: datetime) -> LocalTime:
        return local_time(moment, self._directory.place_of(code, moment))
