"""Meetings that prepare one another: what moving one means for the others, and which order makes sense.

A link is a pair of references, the meeting that prepares and the one that is prepared; a preparatory
meeting feeds a Senior Officials' Meeting, which may feed a meeting of the heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from orchestrator.domain.meetings.meeting import AgendaEntry, Meeting, MeetingStatus
from orchestrator.domain.time.zones import zone
from orchestrator.facts import Fact

Feed = tuple[str, str]
"""The reference of a meeting that prepares another, and the reference of that other one."""


class Linked(StrEnum):
    """What becomes of the linked meetings when one is moved: they stay where they are, or go with it."""

    KEEP = "keep"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class TimeShift:
    """How far a meeting was moved, told so that a linked one can be moved as far.

    ``by`` is the shift of the wall time as written, from ``zone`` to ``to_zone``; ``elsewhere`` is the
    same shift on the clocks of ``zone`` alone, for a meeting that is written down in another zone.
    ``only_after`` says that the end has moved and the start has not, which concerns only what comes after.
    """

    by: timedelta
    elsewhere: timedelta
    zone: str
    to_zone: str
    only_after: bool = False

    def applied(self, meeting: Meeting) -> tuple[datetime, str]:
        """Return the wall time and zone at which ``meeting`` starts when it goes with the moved one."""
        if meeting.zone == self.zone:
            return meeting.wall_start + self.by, self.to_zone
        return meeting.wall_start + self.elsewhere, meeting.zone


def shift_of(before: Meeting, after: Meeting) -> TimeShift | None:
    """Return how far a meeting was moved; ``None`` when it begins and ends when it did."""
    if after.starts_at != before.starts_at:
        there = after.starts_at.astimezone(zone(before.zone)).replace(tzinfo=None)
        return TimeShift(
            after.wall_start - before.wall_start, there - before.wall_start, before.zone, after.zone
        )
    if after.ends_at != before.ends_at:
        later = after.ends_at - before.ends_at
        return TimeShift(later, later, before.zone, before.zone, only_after=True)
    return None


class HasTiming(Protocol):
    """What has a place in the order of meetings: a whole one, its timing, or a line of a list."""

    @property
    def status(self) -> MeetingStatus:
        """Whether it is to take place."""
        ...

    @property
    def starts_at(self) -> datetime:
        """When it begins."""
        ...

    @property
    def ends_at(self) -> datetime:
        """When it ends."""
        ...


class HasAgenda(HasTiming, Protocol):
    """What has, besides, an agenda that may report decisions of other meetings."""

    @property
    def reference(self) -> str:
        """What it is called."""
        ...

    @property
    def agenda(self) -> tuple[AgendaEntry, ...]:
        """At least the items that report decisions."""
        ...


@dataclass(frozen=True, slots=True)
class Timing:
    """As much of a meeting as its place in an order takes; instants are aware UTC."""

    status: MeetingStatus
    starts_at: datetime
    ends_at: datetime


def can_move(meeting: Meeting, now: datetime) -> bool:
    """Whether a linked meeting can be moved at all: a draft, or a published one that has not begun."""
    if meeting.status is MeetingStatus.PUBLISHED:
        return meeting.starts_at > now
    return meeting.status is MeetingStatus.DRAFT


def is_coming(meeting: HasTiming, now: datetime) -> bool:
    """Whether a meeting is still to take place, or to be published."""
    if meeting.status is MeetingStatus.PUBLISHED:
        return meeting.ends_at > now
    return meeting.status is MeetingStatus.DRAFT


def reached(
    feeds: Iterable[Feed], reference: str, passes: Callable[[str], bool], *, only_after: bool = False
) -> tuple[str, ...]:
    """Return what is linked to ``reference``, directly or through others, the nearest first.

    Only references that ``passes`` accepts are returned, and only through them does the way go on. With
    ``only_after`` it goes only from a meeting to the one it prepares.
    """
    pairs = sorted(feeds)
    found: dict[str, None] = {}
    waiting = [reference]
    while waiting:
        here = waiting.pop(0)
        near = [target for source, target in pairs if source == here]
        if not only_after:
            near = [*(source for source, target in pairs if target == here), *near]
        new = [item for item in near if item != reference and item not in found and passes(item)]
        found |= dict.fromkeys(new)
        waiting += new
    return tuple(found)


def way_back(feeds: Iterable[Feed], new: Feed) -> tuple[str, ...]:
    """Return the references of the cycle that ``new`` would close, from its source round to it again.

    Empty when it closes none.
    """
    pairs = sorted(feeds)
    source, target = new
    ways: list[tuple[str, ...]] = [(source, target)]
    seen = {target}
    while ways:
        way = ways.pop(0)
        if way[-1] == source:
            return way
        following = [after for before, after in pairs if before == way[-1] and after not in seen]
        seen.update(following)
        ways += [(*way, after) for after in following]
    return ()


class Disorder(StrEnum):
    """What is absurd about the order of a meeting and the one it prepares."""

    AFTER = "after"
    NOT_BEFORE = "not before"
    NOT_OVER = "not over"

    def between(self, source: str, target: str) -> Fact:
        """Say it of the meeting called ``source`` and the one called ``target``, which it prepares."""
        return Fact.of(_DISORDERS[self], source=source, target=target)


_DISORDERS = {
    Disorder.AFTER: "meetings.comes-after-what-it-prepares",
    Disorder.NOT_BEFORE: "meetings.does-not-begin-before-what-it-prepares",
    Disorder.NOT_OVER: "meetings.is-not-over-when-what-it-prepares-begins",
}


def disorder(source: HasTiming, target: HasTiming) -> Disorder | None:
    """Return what is absurd about the order of a meeting and the one it prepares, if anything is."""
    if source.starts_at >= target.ends_at:
        return Disorder.AFTER
    if source.starts_at >= target.starts_at:
        return Disorder.NOT_BEFORE
    return Disorder.NOT_OVER if source.ends_at > target.starts_at else None


def reporting(meeting: HasAgenda, source: str) -> tuple[AgendaEntry, ...]:
    """Return the items of the agenda that report the decisions of the meeting ``source``."""
    return tuple(item for item in meeting.agenda if item.input_from == source)
