"""All that a session of an event calls for in its present state, by the policy of the event."""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.timelines import session_work
from orchestrator.domain.timelines.events import answered_for, asked_for, called_off
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.policy.context import EventContext
from orchestrator.domain.timelines.policy.grammar import EventTimeline
from orchestrator.domain.timelines.policy.plan import SessionPlan


def by_policy(
    meeting: Meeting,
    own: EventTimeline,
    event: EventContext,
    calendars: Calendars,
    only: Collection[int] | None = None,
) -> list[Obligation]:
    """Return what a published or concluded session calls for, past or future.

    ``own`` is the session's own timeline, of which its link, the mail of its last hour and its end count; the
    letters follow the policy of ``event``. With ``only`` it is what these attendees (by id) are due, and what
    belongs to nobody.
    """
    waits_for = _waits_for(meeting, own)
    letters = SessionPlan(meeting, event, calendars, own.hour, waits_for, only).obligations()
    if meeting.status is not MeetingStatus.PUBLISHED:
        return [*letters]
    return [
        *_own_work(meeting, own),
        *letters,
        *asked_for(meeting, waits_for),
        *answered_for(meeting),
    ]


def _has_link(meeting: Meeting, own: EventTimeline) -> bool:
    """Whether a link is made; nobody joins what is only announced, or takes place in person."""
    return own.has_link and meeting.mode.has_link and not meeting.tentative


def _waits_for(meeting: Meeting, own: EventTimeline) -> str | None:
    if not _has_link(meeting, own):
        return None
    return session_work.invitations_wait_for(meeting, ActionKind.CONFERENCE)


def _own_work(meeting: Meeting, own: EventTimeline) -> list[Obligation]:
    found: list[Obligation] = []
    if _has_link(meeting, own):
        found += session_work.link(meeting, ActionKind.CONFERENCE, own.alert_after)
    elif not meeting.mode.has_link:
        found += called_off(meeting)
    if own.concludes and not meeting.tentative:
        found.append(session_work.conclusion(meeting))
    return found
