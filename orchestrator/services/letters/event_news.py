"""Reads what a digest tells of the sessions of one event, of which one speaks for the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.timelines.asking import owed
from orchestrator.domain.timelines.digests import WITHIN
from orchestrator.services.letters.digests import SessionNews
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.answers import responses
from orchestrator.store.meetings import alerts, digests
from orchestrator.store.meetings import meetings as store


def event_news(session: Session, planner: Planner, meeting: Meeting, at: datetime) -> Sequence[SessionNews]:
    """Return what is on record for the digest of ``at``, of each session of the event, the lead first.

    They are those that have the coordinator of ``meeting``, which is one of them.
    """
    numbers = digests.sessions(session, meeting.id)
    others = [item for item in store.load_many(session, numbers) if item.id != meeting.id]
    calendars = planner.calendars(session)
    news = [_news(session, planner, item, calendars, at) for item in (meeting, *others)]
    order = {number: place for place, number in enumerate(numbers)}
    return sorted(news, key=lambda item: order.get(item.meeting.id, 0))


def _news(
    session: Session, planner: Planner, meeting: Meeting, calendars: Calendars, at: datetime
) -> SessionNews:
    since = digests.told_before(session, meeting.id, at)
    calendar = calendars.of(meeting.host)
    until = calendar.instant(calendar.add(calendar.local_date(at), WITHIN), time(23, 59))
    return SessionNews(
        meeting,
        owed(meeting, planner.timeline(meeting), planner.directory),
        since,
        at,
        came=responses.between(session, meeting.id, since, at),
        waiting=responses.open_requests(session, meeting.id),
        alerts=alerts.of_meetings(session, [meeting.id]).get(meeting.id, ()),
        chased=digests.chased(session, meeting.id),
        upcoming=digests.upcoming(session, meeting.id, until),
    )
