"""When each delegation tries its connection: allotted before a meeting is planned, as a step of its own.

It stands beside planning, and not among what readiness is, because every replanning begins with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.meetings.meeting import ConnectionTest, Meeting, MeetingStatus
from orchestrator.domain.readiness import connection_tests as times
from orchestrator.domain.timelines.actions import ActionState, StoredAction
from orchestrator.domain.timelines.asking import asked_delegations
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.store.meetings import meetings as store
from orchestrator.store.readiness import connection_tests as tests
from orchestrator.store.timelines import actions


def allot(
    session: Session, meeting: Meeting, timeline: Timeline, calendars: Calendars, now: datetime
) -> Meeting:
    """Give each delegation that has none a time for the present time of the meeting, and return the meeting.

    A time at which offices are closed by now is replaced; who was told it is told the new one at once.
    """
    wanted, changed = allotted(session, meeting, timeline, calendars, None, now)
    if changed:
        tests.write(session, meeting.id, wanted, meeting.time_revision)
        store.touch(session, meeting.id)
    return replace(meeting, connection_tests=wanted)


def allotted(
    session: Session,
    meeting: Meeting,
    timeline: Timeline,
    calendars: Calendars,
    rows: Sequence[StoredAction] | None,
    now: datetime,
) -> tuple[tuple[ConnectionTest, ...], bool]:
    """Return the times that a meeting is to have, and whether they differ from those stored; only reads.

    ``rows`` are the meeting's actions where they are known already.
    """
    step = timeline.step(ActionKind.CONNECTION_TEST)
    if step is None or meeting.tentative or meeting.status is not MeetingStatus.PUBLISHED:
        return meeting.connection_tests, False
    same = tests.time_revision(session, meeting.id) == meeting.time_revision
    codes = asked_delegations(meeting, step, calendars.directory)
    firsts = tests.earlier_sessions(session, meeting.id, meeting.event_id, meeting.starts_at, now)
    if same:
        kept = times.standing(meeting, step, calendars, now, firsts)
    else:
        kept = times.fitting(meeting, step, calendars, firsts)
    wanted = times.allot(meeting, codes, step, calendars, kept, now, firsts)
    if same:
        known = rows if rows is not None else actions.stored(session, meeting.id)
        wanted = _counted(known, meeting, wanted)
    return wanted, wanted != meeting.connection_tests or bool(wanted and not same)


def without_day(
    session: Session, meeting: Meeting, timeline: Timeline, calendars: Calendars, now: datetime
) -> list[str]:
    """Return the delegations that are to try their connection and have no day for it."""
    step = timeline.step(ActionKind.CONNECTION_TEST)
    if step is None or meeting.tentative or meeting.status is not MeetingStatus.PUBLISHED:
        return []
    wanted, _ = allotted(session, meeting, timeline, calendars, None, now)
    having = {item.delegation for item in wanted}
    return [code for code in asked_delegations(meeting, step, calendars.directory) if code not in having]


def _counted(
    rows: Iterable[StoredAction], meeting: Meeting, wanted: Sequence[ConnectionTest]
) -> tuple[ConnectionTest, ...]:
    """Return the times, each with how often it has moved after it had been told."""
    known = {test.delegation: test for test in meeting.connection_tests}
    found = []
    for test in wanted:
        old = known.get(test.delegation, test)
        told = old.starts_at != test.starts_at and not to_be_told(rows, meeting, test.delegation)
        found.append(replace(test, moves=old.moves + told))
    return tuple(found)


def to_be_told(rows: Iterable[StoredAction], meeting: Meeting, delegation: str) -> bool:
    """Whether all of a delegation who are told when to try the connection are still to be told.

    ``rows`` are the actions of the meeting.
    """
    ids = {item.id for item in meeting.invited if item.delegation == delegation}
    mails = [
        item
        for item in rows
        if item.kind is ActionKind.CONNECTION_TEST and item.attendee_id in ids
        if item.state is not ActionState.CANCELLED
    ]
    return bool(mails) and all(item.state.is_pending for item in mails)
