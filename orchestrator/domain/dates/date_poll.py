"""Date polls: the delegations say which of several starts suit them.

A delegation says of every start whether it suits, can be done if it must, or cannot be done. Its newest
word counts. Who has said nothing has said nothing: silence is never taken for a yes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orchestrator.errors import InvalidInput, Problem
from orchestrator.facts import Fact

FEWEST_OPTIONS, MOST_OPTIONS = 2, 10
ASKED_AGAIN_AFTER = timedelta(days=1)
"""How long after they were asked those who have not answered may be asked again."""


class DatePollState(StrEnum):
    """Where a date poll stands."""

    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Vote(StrEnum):
    """What a delegation says of one start: it suits, it can be done if it must, it cannot."""

    YES = "yes"
    IF_NEEDED = "if needed"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Option:
    """A proposed start: naive wall time in the meeting's zone, and the instant (UTC) it stands for."""

    number: int
    wall_start: datetime
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a delegation has said, by number of the option; ``by`` names who said so last, and ``at`` when."""

    delegation: str
    votes: Mapping[int, Vote]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DatePoll:
    """A date poll as stored.

    ``asked`` numbers the latest asking of its meeting, over all its polls, and ``asked_at`` is when that
    was. ``chosen`` is the number of the option that became the meeting's time.
    """

    id: int
    state: DatePollState
    opened_at: datetime
    closes_at: datetime
    by: str
    asked: int
    asked_at: datetime
    chosen: int | None
    options: tuple[Option, ...]
    ballots: tuple[Ballot, ...] = ()

    def takes_votes(self, now: datetime) -> bool:
        """Whether delegations can (still) say something."""
        return self.state is DatePollState.OPEN and now < self.closes_at

    def option(self, number: int) -> Option:
        """Return an option by its number; raises ``InvalidInput``."""
        for item in self.options:
            if item.number == number:
                return item
        raise InvalidInput.of("option", number, Fact.of("dates.no-option"), self._known())

    def ballot(self, delegation: str) -> Ballot | None:
        """Return what a delegation has said."""
        return next((item for item in self.ballots if item.delegation == delegation), None)

    def checked(self, votes: Mapping[int, Vote]) -> Mapping[int, Vote]:
        """Return the votes of a delegation; raises ``InvalidInput`` unless there is one for each option."""
        problems = [*self._unknown(votes), *self._unsaid(votes)]
        if problems:
            raise InvalidInput(problems)
        return votes

    def _unknown(self, votes: Mapping[int, Vote]) -> Iterator[Problem]:
        known = {item.number for item in self.options}
        for number in votes:
            if number not in known:
                yield Problem(f"votes[{number}]", str(number), Fact.of("dates.no-option"), self._known())

    def _unsaid(self, votes: Mapping[int, Vote]) -> Iterator[Problem]:
        for item in self.options:
            if item.number not in votes:
                *votes_, last = (str(vote) for vote in Vote)
                yield Problem(
                    f"votes[{item.number}]",
                    "",
                    Fact.of("dates.nothing-said"),
                    Fact.of("dates.nothing-said.remedy", votes=votes_, last=last),
                )

    def _known(self) -> Fact:
        return Fact.of("dates.name-an-option", most=len(self.options))


# --- what may be proposed


def start_problems(options: Sequence[Option], now: datetime, closes_at: datetime) -> list[Problem]:
    """Return what is wrong with the proposed starts, under ``starts[n]`` or ``starts``."""
    count = len(options)
    found = []
    if not FEWEST_OPTIONS <= count <= MOST_OPTIONS:
        found.append(
            Problem(
                "starts",
                str(count),
                Fact.of("dates.no-choice"),
                Fact.of("dates.give-between", least=FEWEST_OPTIONS, most=MOST_OPTIONS),
            )
        )
    seen: set[datetime] = set()
    for index, item in enumerate(options):
        where, given = f"starts[{index}]", f"{item.wall_start:%Y-%m-%d %H:%M}"
        if item.starts_at in seen:
            found.append(_problem(where, given, "dates.there-twice"))
        elif item.starts_at <= now:
            found.append(_problem(where, given, "dates.not-in-future"))
        elif item.starts_at <= closes_at:
            found.append(_problem(where, given, "dates.before-closing"))
        seen.add(item.starts_at)
    return found


def closing_problem(
    given: str, closes_at: datetime, now: datetime, options: Iterable[Option] = ()
) -> Problem | None:
    """Return what is wrong with the moment (UTC) at which a poll is to close, ``given`` as wall time."""
    if closes_at <= now:
        return _problem("closes", given, "dates.closes-not-in-future")
    if any(item.starts_at <= now for item in options):
        return _problem("closes", given, "dates.closes-after-past-date")
    if any(item.starts_at <= closes_at for item in options):
        return _problem("closes", given, "dates.closes-after-first-date")
    return None


def _problem(field: str, given: str, key: str) -> Problem:
    return Problem(field, given, Fact.of(key), Fact.of(_REMEDIES[key]))


_REMEDIES = {
    "dates.there-twice": "dates.there-twice.remedy",
    "dates.not-in-future": "dates.not-in-future.remedy",
    "dates.before-closing": "dates.before-closing.remedy",
    "dates.closes-not-in-future": "dates.closes-not-in-future.remedy",
    "dates.closes-after-past-date": "dates.closes-after-past-date.remedy",
    "dates.closes-after-first-date": "dates.closes-after-first-date.remedy",
}
"""What is wrong with a start or the closing time, and what would be right."""


# --- what the votes come to


@dataclass(frozen=True, slots=True)
class OptionTally:
    """One option with what each delegation says of it, in protocol order; ``None`` where it has not said.

    ``cost`` is what the start costs all delegations together, as the fair-start finder counts it. ``gone``
    says that the start has gone by while the poll was open, so that it cannot be chosen any more.
    """

    option: Option
    votes: tuple[tuple[str, Vote | None], ...]
    cost: int = 0
    gone: bool = False

    def count(self, vote: Vote | None) -> int:
        """Return how many delegations say so; of ``None``, how many have said nothing."""
        return Counter(said for _, said in self.votes)[vote]

    @property
    def order(self) -> tuple[bool, int, int, int, datetime]:
        """The key by which options are ranked, the best first."""
        said = self.count(Vote.NO), self.count(Vote.IF_NEEDED)
        return self.gone, *said, self.cost, self.option.starts_at


@dataclass(frozen=True, slots=True)
class LeadingOption:
    """Which option would win as things stand, and why; ``None`` before any delegation has said anything.

    ``silent`` are the delegations that have not said anything, in protocol order.
    """

    option: int | None
    reason: Fact
    silent: tuple[str, ...]


def tallies(
    poll: DatePoll, delegations: Sequence[str], costs: Mapping[int, int], now: datetime
) -> tuple[OptionTally, ...]:
    """Return what ``delegations`` (in protocol order) say of each option at ``now``; others do not count.

    ``costs`` are those of the options by number.
    """
    said = {item.delegation: item.votes for item in poll.ballots}
    return tuple(
        OptionTally(
            option,
            tuple((code, said.get(code, {}).get(option.number)) for code in delegations),
            costs.get(option.number, 0),
            gone=poll.state is DatePollState.OPEN and option.starts_at <= now,
        )
        for option in poll.options
    )


def ranked(found: Iterable[OptionTally]) -> tuple[OptionTally, ...]:
    """Return the options, the best first.

    First come those that the fewest say no to, of these those that the fewest only do if needed, then
    those that cost the delegations least, then the earlier. Silence weighs nothing. What has gone by comes
    last.
    """
    return tuple(sorted(found, key=lambda item: item.order))


def leading_option(found: Sequence[OptionTally]) -> LeadingOption:
    """Return which option would win; ``found`` are the tallies of one poll."""
    best, *others = ranked(found)
    silent = tuple(code for code, _ in best.votes if all(dict(item.votes)[code] is None for item in found))
    if best.gone:
        return LeadingOption(None, Fact.of("dates.all-gone-by"), silent)
    if len(silent) == len(best.votes):
        return LeadingOption(None, Fact.of("dates.no-answers"), silent)
    reason = Fact.of(_leads_by(best, others), votes=_votes_fact(best))
    if silent:
        reason = Fact.of("dates.leading-with-silent", leading=reason, count=len(silent))
    return LeadingOption(best.option.number, reason, silent)


def _votes_fact(best: OptionTally) -> Fact:
    refused, reluctant = best.count(Vote.NO), best.count(Vote.IF_NEEDED)
    said = Fact.of("dates.fewest-refuse", count=refused) if refused else Fact.of("dates.nobody-refuses")
    return Fact.of("dates.only-if-needed", said=said, count=reluctant) if reluctant else said


def _leads_by(best: OptionTally, others: Sequence[OptionTally]) -> str:
    equal = [item for item in others if item.order[:3] == best.order[:3]]
    if not equal:
        return "dates.leads"
    if all(item.cost > best.cost for item in equal):
        return "dates.leads-by-cost"
    return "dates.leads-as-earliest"
