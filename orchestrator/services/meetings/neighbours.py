"""What meetings are linked to directly: is the order right, and is all that is decided reported?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.meetings.decisions import Decision
from orchestrator.domain.meetings.linked import (
    Feed,
    HasAgenda,
    HasTiming,
    Timing,
    disorder,
    is_coming,
    reporting,
)
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.facts import Fact, chained
from orchestrator.store.meetings import decisions as decision_store
from orchestrator.store.meetings import linked as linked_store


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What some meetings are linked to directly, both ways.

    ``feeds`` are the links of each by its reference, in order; ``timings`` tell where both ends of a link
    stand in time, ``decided`` the decisions of what is concluded, as far as these meetings exist.
    """

    feeds: Mapping[str, Sequence[Feed]]
    timings: Mapping[str, Timing]
    decided: Mapping[str, Sequence[Decision]]

    def sources(self, reference: str) -> list[str]:
        """Return what prepares a meeting."""
        return [source for source, target in self.feeds[reference] if target == reference]


def neighbours(session: Session, meetings: Sequence[HasAgenda]) -> Neighbours:
    """Look around several meetings with as many statements as around one."""
    feeds: dict[str, list[Feed]] = {item.reference: [] for item in meetings}
    for feed in sorted(linked_store.links(session, feeds)):
        for end in feed:
            if end in feeds:
                feeds[end].append(feed)
    names = {name for own in feeds.values() for feed in own for name in feed}
    numbers = linked_store.concluded(session, names)
    decided = decision_store.of_meetings(session, numbers.values())
    return Neighbours(
        feeds,
        linked_store.timings(session, names),
        {reference: decided[number] for reference, number in numbers.items()},
    )


def near_disorders(meeting: HasAgenda, around: Neighbours, now: datetime) -> Iterator[Fact]:
    """What is absurd about the order of a meeting and what it is linked to directly."""
    own = meeting.reference
    for source, target in around.feeds[own]:
        known: Mapping[str, HasTiming] = {**around.timings, own: meeting}
        first, second = known.get(source), known.get(target)
        if first and second and is_coming(first, now) and is_coming(second, now):
            found = disorder(first, second)
            if found is not None:
                yield Fact.of("list.sentence", said=found.between(source, target))


def unfit_reports(meeting: HasAgenda, around: Neighbours) -> Iterator[Fact]:
    """What keeps the agenda of a meeting from reporting all that was decided before it."""
    sources = around.sources(meeting.reference)
    for reference in sources:
        if reference in around.decided:
            yield from still_open(reference, around.decided[reference])
            if not reporting(meeting, reference):
                yield unreported(reference, meeting.reference)
    for item in meeting.agenda:
        if item.input_from and item.input_from not in sources:
            yield Fact.of(
                "meetings.reports-what-does-not-prepare-it",
                number=item.number,
                source=item.input_from,
                target=meeting.reference,
            )


def unrecorded(source: str, targets: Sequence[Meeting]) -> tuple[Fact, ...]:
    """Say that a meeting has nothing yet that ``targets`` could report."""
    names = tuple(item.reference for item in targets)
    return (Fact.of("meetings.no-decision-yet", source=source, targets=names),) if names else ()


def still_open(reference: str, found: Sequence[Decision]) -> tuple[Fact, ...]:
    """Say which decisions of a meeting are still open."""
    open_ones = [
        Fact.of("meetings.numbered", number=item.number, text=item.text) for item in found if item.is_open
    ]
    if not open_ones:
        return ()
    count, items = len(open_ones), chained(open_ones)
    return (Fact.of("meetings.still-open", count=count, reference=reference, items=items),)


def unreported(source: str, target: str) -> Fact:
    """Say that nothing on the agenda of ``target`` reports what ``source`` decides."""
    return Fact.of("meetings.not-reported", source=source, target=target)
