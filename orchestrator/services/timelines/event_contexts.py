"""Puts the event around a session together, as the policy of its letters sees it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.timelines.policy.context import EventContext
from orchestrator.domain.timelines.policy.rules import EventPolicy
from orchestrator.store.meetings import events
from orchestrator.store.meetings import meetings as store
from orchestrator.store.timelines import records

_OF_THE_EVENT = frozenset({MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED})


def context_of(session: Session, meeting: Meeting, policy: EventPolicy) -> EventContext:
    """Return the event of ``meeting`` as stored, with ``meeting`` itself as it is given.

    That is published, or over, as it is or would be. ``policy`` is what the lead session's timeline says. It
    takes as many statements for ten sessions as for one, locks nothing and writes nothing.
    """
    event = events.load(session, meeting.event_id)
    ids = [item.meeting_id for item in event.dated if item.meeting_id is not None]
    others = store.load_many(session, [number for number in ids if number != meeting.id])
    sessions = [meeting, *(item for item in others if item.status in _OF_THE_EVENT)]
    return EventContext(
        # A lead session without a day is no meeting. No number is 0, so the first of the others leads.
        lead_id=event.leading.meeting_id or 0,
        sessions=tuple(sorted(sessions, key=lambda item: (item.starts_at, item.id))),
        policy=policy,
        records=records.of_meetings(session, [item.id for item in sessions]),
    )
