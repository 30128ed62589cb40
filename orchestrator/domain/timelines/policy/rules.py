"""What a timeline says of a whole event: the rules of its letters, as they are read from its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

from orchestrator.domain.delegations.working_calendar import EARLIEST
from orchestrator.domain.meetings.meeting import Need
from orchestrator.domain.timelines.audience import Audience
from orchestrator.domain.timelines.offsets import Offset

LEAD_SESSION, FIRST_SESSION = "lead session", "first session"


class Item(StrEnum):
    """What a request letter asks for, in the order in which it does."""

    ANSWER = "answer"
    LIST = "list"
    PAPERS = "papers"
    COMMENTS = "comments"
    TEST = "test"
    TRAVEL = "travel"

    @property
    def need(self) -> Need | None:
        """What is missing while it has not come in; comments and travel are not awaited."""
        return _NEEDS.get(self)


_NEEDS = {Item.ANSWER: Need.ANSWER, Item.LIST: Need.LIST, Item.PAPERS: Need.PAPER, Item.TEST: Need.TEST}


class Covers(StrEnum):
    """For which sessions one reminder of the day is enough."""

    EACH = "each day"
    CONSECUTIVE = "consecutive days"
    ALL = "all"


class Whose(StrEnum):
    """Whose clock a step goes by."""

    LOCAL = "local"
    HOST = "host"
    VENUE = "venue"


@dataclass(frozen=True, slots=True)
class Counted:
    """A day counted in the host's calendar from the lead session, the first one, or the deadline."""

    at: Offset
    source: str = LEAD_SESSION


@dataclass(frozen=True, slots=True)
class Bounded:
    """A day that must not be later than another one; the earlier counts."""

    wanted: Counted
    no_later_than: Counted | None = None


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """How the deadline is found (rules 5 and 6 of the policy).

    It is put on the nearest earlier day, at most ``shared`` calendar days, on which all work; each has
    ``give`` working days of their own, or it moves later, at most to ``latest`` host working days before the
    first session.
    """

    day: Bounded
    clock: time = time(16)
    shared: int = 5
    give: int = 5
    latest: int = 2


@dataclass(frozen=True, slots=True)
class ConnectionTestRule:
    """Where connection tests lie: so many host working days before the first session, and how far back."""

    day: Offset
    slot: timedelta
    back: int = 5


@dataclass(frozen=True, slots=True)
class AskRule:
    """The request letter: host working days after the invitations, what it asks, and whom it speaks to."""

    after: int
    items: tuple[Item, ...]
    to: tuple[Audience, ...]
    test: ConnectionTestRule | None = None


@dataclass(frozen=True, slots=True)
class ChaseRule:
    """The chasers: when each leaves, from the deadline, how far apart, and whom from a rung on beside."""

    at: tuple[Offset, ...]
    spacing: int = 2
    escalate: Mapping[int, tuple[Audience, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocumentsRule:
    """What tells that documents are there: for whom, and how many own working days it waits for a letter."""

    to: tuple[Audience, ...]
    fold: int = 2
    missing: Offset | None = None


@dataclass(frozen=True, slots=True)
class DayRule:
    """The reminder of the day: how far before each session, by whose clock, and what one of them covers."""

    at: Offset
    clock: time = EARLIEST
    whose: Whose = Whose.LOCAL
    covers: Covers = Covers.CONSECUTIVE


@dataclass(frozen=True, slots=True)
class MinutesRule:
    """Thanks and minutes: thanks alone after so many host working days, comments for so many."""

    thank_by: Offset | None = None
    thank: tuple[Audience, ...] = ()
    draft: bool = True
    comments: int = 10
    final: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPolicy:
    """All of it. What is ``None`` is not sent."""

    deadline: DeadlineRule
    invite: Bounded
    save_the_date: Bounded | None = None
    ask: AskRule | None = None
    chase: ChaseRule | None = None
    week: Counted | None = None
    week_to_all: bool = False
    documents: DocumentsRule | None = None
    day: DayRule | None = None
    programme: time | None = None
    minutes: MinutesRule = MinutesRule()
