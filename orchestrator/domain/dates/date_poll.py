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

FEWEST_OPTIONS, MOST_OPTIONS = 2, 10
ASKED_AGAIN_AFTER = timedelta(days=1)
"""How long after they were asked those who have not answered may be asked again."""


class PollState(StrEnum):
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
    state: PollState
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
        return self.state is PollState.OPEN and now < self.closes_at

    def option(self, number: int) -> Option:
        """Return an option by its number; raises ``InvalidInput``."""
        for item in self.options:
            if item.number == number:
                return item
        raise InvalidInput.of("option", number, "is not an option of this date poll", self._known())

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
                yield Problem(
                    f"votes[{number}]", str(number), "is not an option of this date poll", self._known()
                )

    def _unsaid(self, votes: Mapping[int, Vote]) -> Iterator[Problem]:
        for item in self.options:
            if item.number not in votes:
                yield Problem(
                    f"votes[{item.number}]",
                    "",
                    "nothing is said of this date",
                    f"Choose {_listed(Vote, 'or')}.",
                )

    def _known(self) -> str:
        return f"Name one from 1 to {len(self.options)}."


def _listed(words: Iterable[str], joined: str) -> str:
    *first, last = words
    return f"{', '.join(first)} {joined} {last}"


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
                "is not a number of starts to choose from",
                f"Give {FEWEST_OPTIONS} to {MOST_OPTIONS}.",
            )
        )
    seen: set[datetime] = set()
    for index, item in enumerate(options):
        where, given = f"starts[{index}]", f"{item.wall_start:%Y-%m-%d %H:%M}"
        if item.starts_at in seen:
            found.append(Problem(where, given, "is there twice", "Take one of the two out."))
        elif item.starts_at <= now:
            found.append(Problem(where, given, "is not in the future", "Give a start that is to come."))
        elif item.starts_at <= closes_at:
            remedy = "Close the poll earlier, or take this start out."
            found.append(Problem(where, given, "comes before the poll closes", remedy))
        seen.add(item.starts_at)
    return found


def closing_problem(
    given: str, closes_at: datetime, now: datetime, options: Iterable[Option] = ()
) -> Problem | None:
    """Return what is wrong with the moment (UTC) at which a poll is to close, ``given`` as wall time."""
    if closes_at <= now:
        return Problem("closes", given, "is not in the future", "Give a time that is to come.")
    if any(item.starts_at <= now for item in options):
        words = "comes after a date that has gone by already"
        return Problem("closes", given, words, "Withdraw the poll, and open one about the dates to come.")
    if any(item.starts_at <= closes_at for item in options):
        words = "comes after the first of the starts to choose from"
        return Problem("closes", given, words, "Give an earlier time.")
    return None


# --- what the votes come to


@dataclass(frozen=True, slots=True)
class Tally:
    """One option with what each delegation says of it, in protocol order; ``None`` where it has not said.

    ``cost`` is what the start costs all delegations together, as the slot finder counts it. ``gone`` says
    that the start has gone by while the poll was open, so that it cannot be chosen any more.
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
class Verdict:
    """Which option would win as things stand, and why, in words; ``None`` before anybody has said anything.

    ``silent`` are the delegations that have not said anything, in protocol order.
    """

    option: int | None
    reason: str
    silent: tuple[str, ...]


def tallies(
    poll: DatePoll, delegations: Sequence[str], costs: Mapping[int, int], now: datetime
) -> tuple[Tally, ...]:
    """Return what ``delegations`` (in protocol order) say of each option at ``now``; others do not count.

    ``costs`` are those of the options by number.
    """
    said = {item.delegation: item.votes for item in poll.ballots}
    return tuple(
        Tally(
            option,
            tuple((code, said.get(code, {}).get(option.number)) for code in delegations),
            costs.get(option.number, 0),
            gone=poll.state is PollState.OPEN and option.starts_at <= now,
        )
        for option in poll.options
    )


def ranked(found: Iterable[Tally]) -> tuple[Tally, ...]:
    """Return the options, the best first.

    First come those that the fewest say no to, of these those that the fewest only do if needed, then
    those that cost the delegations least, then the earlier. Silence weighs nothing. What has gone by comes
    last.
    """
    return tuple(sorted(found, key=lambda item: item.order))


def verdict(found: Sequence[Tally]) -> Verdict:
    """Return which option would win; ``found`` are the tallies of one poll."""
    best, *others = ranked(found)
    silent = tuple(code for code, _ in best.votes if all(dict(item.votes)[code] is None for item in found))
    if best.gone:
        return Verdict(None, "Every date has gone by; withdraw the poll, and open another.", silent)
    if len(silent) == len(best.votes):
        return Verdict(None, "No delegation has answered yet.", silent)
    reason = f"{_votes_words(best)}{_tie_words(best, others)}."
    return Verdict(best.option.number, f"{reason}{_silence_words(len(silent))}", silent)


def _votes_words(best: Tally) -> str:
    refused, reluctant = best.count(Vote.NO), best.count(Vote.IF_NEEDED)
    said = f"{_delegations(refused)} no, the fewest of all options" if refused else "nobody says no"
    words = f"{said}, {_delegations(reluctant)} only if needed" if reluctant else said
    return words[0].upper() + words[1:]


def _delegations(count: int) -> str:
    return "one delegation says" if count == 1 else f"{count} delegations say"


def _tie_words(best: Tally, others: Sequence[Tally]) -> str:
    equal = [item for item in others if item.order[:3] == best.order[:3]]
    if not equal:
        return ""
    if all(item.cost > best.cost for item in equal):
        return "; of the options with as many votes it is the one that costs the delegations least"
    return "; of the options with as many votes and at the same cost it is the earliest"


def _silence_words(count: int) -> str:
    if not count:
        return ""
    have = "One delegation has" if count == 1 else f"{count} delegations have"
    return f" {have} not answered, which is not counted as a yes."
