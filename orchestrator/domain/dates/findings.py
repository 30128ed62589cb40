"""What is found: fair starts, how each stands at every delegation, and what cannot be had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from orchestrator.domain.dates.costs import Constraint
from orchestrator.domain.time.zones import LocalTime
from orchestrator.facts import Fact, listed


class Ease(StrEnum):
    """How a start suits a delegation, in one word.

    Easy is within office hours; strained is lunch, early, late or a day that can be used; against is night,
    a day off, or a hard constraint broken.
    """

    EASY = "easy"
    STRAINED = "strained"
    AGAINST = "against"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a start stands at one delegation.

    ``in_hours`` says that the whole meeting lies between opening and closing of a working day; ``holiday``
    is the name of a public holiday, yearly closure or declared day off, ``estimated`` that its date is not
    announced yet.
    ``cost`` is in weighted minutes, ``why`` says what it comes from, ``broken`` names the hard
    constraints that it breaks, for ``broken_minutes`` of the meeting.
    """

    code: str
    name: str
    starts: LocalTime
    ends: LocalTime
    ease: Ease
    in_hours: bool
    weekend: bool
    holiday: Fact | str | None
    estimated: bool
    soft_day: bool
    cost: int
    why: Fact
    broken: tuple[Constraint, ...]
    broken_minutes: int


@dataclass(frozen=True, slots=True)
class FairStart:
    """A possible start.

    ``cost`` is the sum over the delegations; ``score``, by which starts are ranked, is the same weighed by
    burdens, with ``BROKEN_COST`` for each minute that breaks a hard constraint.
    """

    starts_at: datetime
    ends_at: datetime
    host_time: LocalTime
    host_end: LocalTime
    cost: int
    score: float
    suits: bool
    standings: tuple[Standing, ...]

    @property
    def hurt(self) -> tuple[Standing, ...]:
        """The delegations at which a hard constraint is broken."""
        return tuple(item for item in self.standings if item.broken)


@dataclass(frozen=True, slots=True)
class Share:
    """What a delegation has borne so far, and how often its cost counts because of it."""

    code: str
    name: str
    burden: int
    weight: float


@dataclass(frozen=True, slots=True)
class CostDifference:
    """How much more the best start costs a delegation than the one without memory; negative is less."""

    code: str
    name: str
    cost: int


@dataclass(frozen=True, slots=True)
class FairnessPrice:
    """What it costs that past burdens count: the best start beside the one that would be best without them.

    ``cost`` and ``cheapest`` are what each costs all delegations together, ``price`` is the difference, and
    ``starts`` is when the latter begins at the host's. ``gains`` are the delegations that are spared
    something, ``pays`` those that bear more; ``said`` says all of it.
    """

    cost: int
    cheapest: int
    price: int
    starts: LocalTime
    gains: tuple[CostDifference, ...]
    pays: tuple[CostDifference, ...]
    said: Fact

    @classmethod
    def between(cls, best: FairStart, cheapest: FairStart) -> FairnessPrice:
        """Return what the best start costs beside the best one without memory."""
        before = {item.code: item.cost for item in cheapest.standings}
        found = [
            CostDifference(item.code, item.name, item.cost - before[item.code]) for item in best.standings
        ]
        gains = tuple(item for item in found if item.cost < 0)
        pays = tuple(item for item in found if item.cost > 0)
        price = best.cost - cheapest.cost
        said = Fact.of("dates.memory-changes-nothing")
        if gains or pays:
            said = Fact.of(
                "dates.price-of-memory",
                cost=best.cost,
                cheapest=cheapest.cost,
                price=price,
                starts=cheapest.host_time,
                gains=_listed(gains),
                pays=_listed(pays),
            )
        return cls(best.cost, cheapest.cost, price, cheapest.host_time, gains, pays, said)


def _listed(items: tuple[CostDifference, ...]) -> Fact:
    if not items:
        return Fact.of("dates.nobody")
    return listed([Fact.of("dates.by", name=item.name, cost=abs(item.cost)) for item in items])


@dataclass(frozen=True, slots=True)
class Findings:
    """The best starts and what is to be known about the whole window.

    Of ``considered`` starts ``suitable`` break no hard constraint, and at ``comfortable`` of those
    considered all delegations are in office hours. ``notes`` say plainly what cannot be had, and what the
    holiday data does not know. ``fairness`` says what it costs that past burdens count, where they do.
    """

    host: str
    first: date
    last: date
    duration: str
    considered: int
    suitable: int
    comfortable: int
    fair_starts: tuple[FairStart, ...]
    shares: tuple[Share, ...]
    notes: tuple[Fact, ...]
    fairness: FairnessPrice | None = None


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What stands against a date: its start of the lowest score, and how it compares with the best found.

    ``against`` are the delegations that it costs something, the dearest first.
    """

    day: date
    fair_start: FairStart
    against: tuple[Standing, ...]
    comparison: Fact
