"""Looking at whose days off a meeting takes place on, when its time is decided and when calendars change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.days_off import (
    compared,
    days_off_now,
    days_off_of_tests,
    decided,
    late_since,
)
from orchestrator.domain.meetings.known_days_off import About, DayOff, DaysOff
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.meetings.suiting_days import Considered, PreparatoryDay
from orchestrator.domain.time.zones import instant_of, local_time, zone
from orchestrator.domain.timelines.needs import stays_away
from orchestrator.facts import Fact
from orchestrator.services.timelines import connection_tests
from orchestrator.services.timelines.planner import Planner


def said_of(item: DayOff, directory: Directory) -> Fact:
    """Return what is said of a day off: what takes place on it, and whose it is."""
    name = directory.get(item.delegation).name
    return Fact.of(_SAID[item.about], delegation=name, day=item.day, name=item.name)


_SAID = {
    About.MEETING: "timelines.now-day-off",
    About.SHORT_DAY: "timelines.now-short-day",
    About.TEST: "timelines.test-on-day-off",
    About.NO_TEST: "timelines.no-day-for-test",
}


def said_of_nearest(meeting: Meeting, nearest: Sequence[datetime], directory: Directory) -> tuple[Fact, ...]:
    """Return what is said of the nearest days on which nobody is off: each with how to move there."""
    return tuple(_nearest(meeting, wall, directory) for wall in nearest)


def _nearest(meeting: Meeting, wall: datetime, directory: Directory) -> Fact:
    starts_at = instant_of(wall, zone(meeting.zone))
    place = directory.host_place(meeting.host, meeting.zone, starts_at)
    start = f"{wall:%Y-%m-%d %H:%M}"
    when = local_time(starts_at, place)
    return Fact.of("timelines.nobody-is-off", reference=meeting.reference, when=when, start=start)


def said_of_proposal(meeting: Meeting, target: Meeting, found: PreparatoryDay, directory: Directory) -> Fact:
    """Return which day is proposed for a meeting that prepares ``target``, and who is off on nearer ones."""
    proposed = found.proposed
    said = _nearest(meeting, proposed.wall_start, directory).params
    chosen = proposed.wall_start == meeting.wall_start
    passed = tuple(
        Fact.of("timelines.off-on", day=item.wall_start.date(), delegations=_names(item, directory))
        for item in found.passed
        if item.wall_start > proposed.wall_start
    )
    return Fact.of(
        "timelines.preparatory-day-chosen" if chosen else "timelines.preparatory-day-proposed",
        **said,
        target=target.reference,
        suits=Fact.of(
            "timelines.preparatory-somebody-off" if proposed.off else "timelines.preparatory-nobody-off",
            delegations=_names(proposed, directory),
        ),
        passed=Fact.of("timelines.passed-over", days=passed) if passed else "",
    )


def _names(item: Considered, directory: Directory) -> tuple[str, ...]:
    return tuple(dict.fromkeys(directory.get(found.delegation).name for found in item.off))


def said_of_late(
    meeting: Meeting, known: DaysOff, items: Iterable[DayOff], directory: Directory
) -> tuple[Fact, ...]:
    """Return what is said of late days off, with the nearest days that suit where the meeting is on one."""
    late = tuple(items)
    said = tuple(said_of(item, directory) for item in late)
    if not any(item.about.of_meeting for item in late):
        return said
    return (*said, *said_of_nearest(meeting, known.nearest, directory))


def coming_to(meeting: Meeting) -> list[str]:
    """Return the delegations that come to a meeting, with its host, who has to be at work."""
    coming = [code for code in meeting.delegations if not stays_away(meeting, code)]
    return [*dict.fromkeys([meeting.host, *coming])]


def _found(
    session: Session, planner: Planner, meeting: Meeting, now: datetime
) -> tuple[tuple[DayOff, ...], tuple[datetime, ...]]:
    return days_off_now(meeting, coming_to(meeting), planner.calendars(session), now)


def _is_coming(meeting: Meeting, now: datetime) -> bool:
    return meeting.status is MeetingStatus.PUBLISHED and meeting.starts_at > now


def with_days_off_decided(
    session: Session, planner: Planner, before: Meeting | None, after: Meeting, now: datetime
) -> Meeting:
    """Return a changed meeting that knows its days off, where the change decides about them.

    Who changes the time, the status or the delegations is told of every day off by the effect itself.
    """
    same = before is not None and _what_decides(before) == _what_decides(after)
    if not _is_coming(after, now) or (same and after.days_off is not None):
        return after
    return replace(after, days_off=decided(after.days_off, *_found(session, planner, after, now)))


def _what_decides(meeting: Meeting) -> tuple[object, ...]:
    return meeting.status, meeting.starts_at, meeting.ends_at, frozenset(meeting.delegations)


def with_days_off_known(session: Session, planner: Planner, meeting: Meeting, now: datetime) -> Meeting:
    """Return a meeting that knows its days off by the calendars as they stand, before they are changed."""
    return with_days_off_decided(session, planner, meeting, meeting, now)


def with_late_days_off(
    session: Session, planner: Planner, meeting: Meeting, now: datetime
) -> tuple[Meeting, tuple[Fact, ...]]:
    """Return a meeting that knows the days off of changed calendars, and those among them that are late."""
    if not _is_coming(meeting, now):
        return meeting, ()
    found, nearest = _found(session, planner, meeting, now)
    if meeting.days_off is None:
        return replace(meeting, days_off=decided(None, found, nearest)), ()
    calendars, timeline = planner.calendars(session), planner.timeline(meeting)
    wanted, _ = connection_tests.allotted(session, meeting, timeline, calendars, None, now)
    of_tests = days_off_of_tests(meeting, wanted, calendars, now)
    known = compared(meeting.days_off, (*found, *of_tests), nearest)
    late = late_since(meeting.days_off, known)
    return replace(meeting, days_off=known), said_of_late(meeting, known, late, planner.directory)
