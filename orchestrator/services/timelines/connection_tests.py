"""When each delegation tries its connection: allotted before a meeting is planned, as a step of its own.

It stands beside planning, and not among what readiness is, because every replanning begins with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus, RehearsalSlot
from orchestrator.domain.readiness import connection_tests
from orchestrator.domain.timelines.actions import ActionState, StoredAction
from orchestrator.domain.timelines.asking import asked_delegations
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.store.meetings import meetings as store
from orchestrator.store.readiness import contributions
from orchestrator.store.timelines import actions


def allot(
    session: Session, meeting: Meeting, timeline: Timeline, calendars: Calendars, now: datetime
) -> Meeting:
    """Give each delegation that has none a time for the present time of the meeting, and return the meeting.

    A time at which offices are closed by now is replaced; who was told it is told the new one at once.
    """
    wanted, changed = allotted(session, meeting, timeline, calendars, None, now)
    if changed:
        contributions.write_slots(session, meeting.id, wanted, meeting.time_revision)
        store.touch(session, meeting.id)
    return replace(meeting, slots=wanted)


def allotted(
    session: Session,
    meeting: Meeting,
    timeline: Timeline,
    calendars: Calendars,
    rows: Sequence[StoredAction] | None,
    now: datetime,
) -> tuple[tuple[RehearsalSlot, ...], bool]:
    """Return the times that a meeting is to have, and whether they differ from those stored; only reads.

    ``rows`` are the meeting's actions where they are known already.
    """
    step = timeline.step(ActionKind.CONNECTION_TEST)
    if step is None or meeting.tentative or meeting.status is not MeetingStatus.PUBLISHED:
        return meeting.slots, False
    same = contributions.slots_are_for(session, meeting.id) == meeting.time_revision
    codes = asked_delegations(meeting, step, calendars.directory)
    kept = (
        connection_tests.standing(meeting, step, calendars, now)
        if same
        else connection_tests.fitting(meeting, step, calendars)
    )
    wanted = connection_tests.allot(meeting, codes, step, calendars, kept, now)
    if same:
        known = rows if rows is not None else actions.stored(session, meeting.id)
        wanted = _counted(known, meeting, wanted)
    return wanted, wanted != meeting.slots or bool(wanted and not same)


def _counted(
    rows: Iterable[StoredAction], meeting: Meeting, wanted: Sequence[RehearsalSlot]
) -> tuple[RehearsalSlot, ...]:
    """Return the times, each with how often it has moved after it had been told."""
    known = {slot.delegation: slot for slot in meeting.slots}
    found = []
    for slot in wanted:
        old = known.get(slot.delegation, slot)
        told = old.starts_at != slot.starts_at and not to_be_told(rows, meeting, slot.delegation)
        found.append(replace(slot, moves=old.moves + told))
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
