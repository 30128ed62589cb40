"""What the caller who changes a meeting should know about it, beside what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from orchestrator.domain.dates.costs import hardships
from orchestrator.domain.dates.data_gaps import differing_feasts, estimated_between, gap_notes
from orchestrator.domain.dates.sittings import sittings_of
from orchestrator.domain.definitions.definition import MeetingKind
from orchestrator.domain.delegations.working_calendar import Calendars, NoWorkingDayError
from orchestrator.domain.meetings.days_off import days_off_now
from orchestrator.domain.meetings.known_days_off import About
from orchestrator.domain.meetings.linked import is_coming
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.meetings.suiting_days import preparatory_day
from orchestrator.facts import Fact, Said
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.timelines.connection_tests import without_day
from orchestrator.services.timelines.days_off import coming_to, said_of, said_of_nearest, said_of_proposal
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.meetings import decisions as decision_store

_NEAR = timedelta(days=3)
_LETTERS = timedelta(days=60)
"""How long before a meeting its first letters go out, whose days may move with estimated days off."""


def advice(
    session: Session,
    planner: Planner,
    before: Meeting | None,
    after: Meeting,
    now: datetime,
    moved: Mapping[str, Meeting] | None = None,
) -> tuple[Said, ...]:
    """Say what the caller should know of a meeting that was ``before`` (``None`` when new) and is ``after``.

    ``moved`` are linked meetings as they are going to be.
    """
    linking = Linking(planner)
    if after.status is MeetingStatus.CONCLUDED:
        return linking.left_to_do(session, after, decision_store.of_meeting(session, after.id), now)
    return (
        *linking.warnings(session, before, after, now, moved),
        *_hardships(session, planner, before, after, now),
        *_preparatory_day(session, planner, before, after, now),
    )


def _preparatory_day(
    session: Session, planner: Planner, before: Meeting | None, after: Meeting, now: datetime
) -> Iterator[Said]:
    """Say which day is proposed for a preparatory meeting, whenever a change decides about its time."""
    if after.kind != MeetingKind.PREPARATORY or not is_coming(after, now) or after.starts_at <= now:
        return
    if before is not None and _what_decides(before) == _what_decides(after):
        return
    calendars = planner.calendars(session)
    for target in Linking(planner).coming_targets(session, after, now):
        with suppress(NoWorkingDayError):
            found = preparatory_day(
                datetime.combine(target.wall_start.date(), after.wall_start.time()),
                after.zone,
                after.duration,
                after.host,
                coming_to(after),
                calendars,
            )
            yield said_of_proposal(after, target, found, planner.directory)


def _hardships(
    session: Session, planner: Planner, before: Meeting | None, after: Meeting, now: datetime
) -> Iterator[Said]:
    """Say for whom it is a day off or night, whenever a change decides about the time or the delegations."""
    if after.status is MeetingStatus.CANCELLED or after.starts_at <= now:
        return
    if before is not None and _what_decides(before) == _what_decides(after):
        return
    calendars, directory = planner.calendars(session), planner.directory
    coming = coming_to(after)
    sittings = sittings_of(after.starts_at, after.duration, after.zone)
    yield from hardships(after.reference, coming, sittings, calendars)
    found, nearest = days_off_now(after, coming, calendars, now)
    short = (said_of(item, directory) for item in found if item.about is About.SHORT_DAY)
    yield from (Fact.of("dates.about", reference=after.reference, said=said) for said in short)
    yield from said_of_nearest(after, nearest, directory)
    lacking = without_day(session, after, planner.timeline(after), calendars, now)
    if lacking:
        names = tuple(directory.get(code).name for code in lacking)
        yield Fact.of("timelines.no-day-for-tests", reference=after.reference, delegations=names)
    yield from _uncertain(after, coming, calendars, now)


def _uncertain(meeting: Meeting, coming: list[str], calendars: Calendars, now: datetime) -> Iterator[Said]:
    """Say what the holiday data does not know of the days of a meeting and of those before it."""
    first, last = meeting.starts_at.date(), meeting.ends_at.date()
    notes = [
        *gap_notes(coming, calendars, first, last),
        *differing_feasts(coming, calendars, first - _NEAR, last + _NEAR),
    ]
    yield from (Fact.of("dates.about", reference=meeting.reference, said=item) for item in notes)
    days = estimated_between(coming, calendars, max(now.date(), first - _LETTERS), last)
    if days:
        yield Fact.of("dates.estimated-before", reference=meeting.reference, days=days)


def _what_decides(meeting: Meeting) -> tuple[object, ...]:
    """What makes a coordinator think about the time: the status, when the meeting is, and for whom."""
    return meeting.status, meeting.starts_at, meeting.ends_at, frozenset(meeting.delegations)
