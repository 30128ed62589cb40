"""Looking at whose days off a meeting takes place on, when its time is decided and when calendars change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.days_off import compared, days_off_now, decided, late_since
from orchestrator.domain.meetings.known_days_off import DayOff
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.timelines.needs import stays_away
from orchestrator.facts import Fact
from orchestrator.services.timelines.planner import Planner


def said_of(item: DayOff, directory: Directory) -> Fact:
    """Return what is said of a late day off: that the meeting takes place on it, and whose it is."""
    name = directory.get(item.delegation).name
    return Fact.of("timelines.now-day-off", delegation=name, day=item.day, name=item.name)


def _found(session: Session, planner: Planner, meeting: Meeting) -> tuple[DayOff, ...]:
    coming = [code for code in meeting.delegations if not stays_away(meeting, code)]
    return days_off_now(meeting, coming, planner.calendars(session))


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
    return replace(after, days_off=decided(after.days_off, _found(session, planner, after)))


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
    found = _found(session, planner, meeting)
    if meeting.days_off is None:
        return replace(meeting, days_off=decided(None, found)), ()
    known = compared(meeting.days_off, found)
    late = late_since(meeting.days_off, known)
    return replace(meeting, days_off=known), tuple(said_of(item, planner.directory) for item in late)
