"""What follows from a use case: who gets what, and when, whole and in brief."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.domain.time.zones import LocalTime, Place
from orchestrator.facts import Fact
from orchestrator.services.timelines.views import Consequence
from orchestrator.web.presentation.time import Others, Span, instant, usual_span

_HAPPENS = ("new", "moved")


@dataclass(frozen=True, slots=True)
class ConsequenceGroup:
    """Consequences of one kind: the same thing for different people.

    ``meeting`` is the reference of a linked meeting, where it is not the one that was changed.
    ``others`` of them are due at another day or hour than most, of whose times ``span`` speaks.
    """

    effect: str
    kind: str
    what: Fact
    why: Fact
    reason: Fact | None
    items: tuple[Consequence, ...]
    span: Span
    others: Others
    meeting: str | None = None

    @property
    def recipients(self) -> int:
        """How many people it concerns; zero for what the service does by itself."""
        return sum(item.recipient_email is not None for item in self.items)

    @property
    def at_once(self) -> bool:
        """Whether it goes out as soon as the button is pressed."""
        return self.effect in _HAPPENS and self.span.kind == "now"


def consequence_groups(consequences: Iterable[Consequence], host: Place) -> list[ConsequenceGroup]:
    """Group what follows from a use case, in the order in which it comes."""
    grouped: dict[tuple[str | None, str, str, Fact, Fact, Fact | None], list[Consequence]] = {}
    for item in consequences:
        # Why one recipient's is due at another hour is said beside the name; it makes no group of its own.
        reason = None if item.effect in _HAPPENS else item.reason
        same = (item.meeting, item.effect, item.kind, item.what, item.why, reason)
        grouped.setdefault(same, []).append(item)
    return [
        ConsequenceGroup(
            effect,
            kind,
            what,
            why,
            reason,
            tuple(items),
            *usual_span([(item.when, item.reason if effect in _HAPPENS else None) for item in items], host),
            meeting=meeting,
        )
        for (meeting, effect, kind, what, why, reason), items in grouped.items()
    ]


@dataclass(frozen=True, slots=True)
class InBrief:
    """What follows from a use case, in brief: what goes to people first, and how much there is of it.

    ``first`` holds everything that goes out at once, or else the one step that comes first. ``mails`` to
    ``people`` leave in ``steps``, the last at ``last``; ``ended`` steps no longer go out.
    """

    first: tuple[ConsequenceGroup, ...]
    steps: int
    mails: int
    people: int
    last: LocalTime | None
    ended: int


def in_brief(groups: Sequence[ConsequenceGroup]) -> InBrief:
    """Sum up the consequences of a use case, which are in the order in which they come."""
    told = [item for item in groups if item.recipients and item.effect in _HAPPENS]
    mails = [item for group in told for item in group.items]
    times = [item.when for item in mails if item.when is not None]
    return InBrief(
        first=tuple(item for item in told if item.at_once) or tuple(told[:1]),
        steps=len(told),
        mails=len(mails),
        people=len({item.recipient_email for item in mails}),
        last=max(times, key=instant, default=None),
        ended=sum(item.effect == "cancelled" and item.recipients > 0 for item in groups),
    )
