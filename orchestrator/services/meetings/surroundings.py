"""A meeting among those it is linked to: their relation, who can go along, which order is absurd."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from orchestrator.domain.meetings.linked import (
    Feed,
    TimeShift,
    can_move,
    disorder,
    is_coming,
    reached,
)
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.facts import Fact


@dataclass(frozen=True, slots=True)
class Companion:
    """A linked meeting that goes with the one that is moved, and when it then starts."""

    meeting: Meeting
    wall_start: datetime
    zone: str

    @property
    def moved(self) -> Meeting:
        """The meeting at its new time, before anything else follows from that."""
        return replace(self.meeting, wall_start=self.wall_start, zone=self.zone)


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of the linked meetings: who goes along, and what is to be said about all of them."""

    companions: tuple[Companion, ...] = ()
    sentences: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A meeting among those it is linked to, directly or through others, as far as they exist."""

    meeting: Meeting
    feeds: frozenset[Feed]
    others: Mapping[str, Meeting] = field(repr=False)

    @property
    def near(self) -> tuple[Meeting, ...]:
        """What prepares the meeting, then what it prepares."""
        own = self.meeting.reference
        names = [source for source, target in sorted(self.feeds) if target == own]
        names += [target for source, target in sorted(self.feeds) if source == own]
        return tuple(self.others[name] for name in names if name in self.others)

    @property
    def targets(self) -> tuple[Meeting, ...]:
        """What the meeting prepares."""
        return tuple(item for item in self.near if (self.meeting.reference, item.reference) in self.feeds)

    def relation(self, other: str) -> Fact:
        """Return what ``other`` is to the meeting."""
        own = self.meeting.reference
        if (other, own) in self.feeds:
            return Fact.of("meetings.which-prepares-it")
        if (own, other) in self.feeds:
            return Fact.of("meetings.which-it-prepares")
        return Fact.of("meetings.which-is-linked-to-it")

    def named(self, other: str) -> Fact:
        """Return how ``other`` is named beside the meeting."""
        return Fact.of("meetings.named-with-relation", reference=other, relation=self.relation(other))

    def coming(self, now: datetime) -> set[str]:
        """Return which of the meetings are still to come, this one always."""
        found = {name for name, item in self.others.items() if is_coming(item, now)}
        return found | {self.meeting.reference}

    def movable(self, name: str, now: datetime) -> bool:
        """Whether a meeting exists and can be moved."""
        found = self.others.get(name)
        return found is not None and can_move(found, now)

    def disorders(
        self, coming: Collection[str], instead: Mapping[str, Meeting] | None = None
    ) -> Mapping[Feed, Fact]:
        """Return what is absurd about the order of those ``coming``, some of them as they are ``instead``."""
        known = {**self.others, self.meeting.reference: self.meeting, **(instead or {})}
        return {
            (source, target): found.between(source, target)
            for source, target in sorted(self.feeds)
            if source in coming and target in coming
            for found in [disorder(known[source], known[target])]
            if found is not None
        }

    def companions(self, shift: TimeShift, now: datetime) -> tuple[Companion, ...]:
        """Return the linked meetings that can go along with a shift of the meeting."""
        names = reached(
            self.feeds,
            self.meeting.reference,
            lambda name: self.movable(name, now),
            only_after=shift.only_after,
        )
        others = (self.others[name] for name in names)
        return tuple(Companion(item, *shift.applied(item)) for item in others)
