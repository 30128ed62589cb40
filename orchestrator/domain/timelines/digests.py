"""When the coordinator is told how a meeting stands: on mornings of the host with something to say.

Something is to be said when anything has come since the last digest, or is due within three working days of
the host, and on the days of the meeting itself. The plan holds the next digest alone; once it has gone out,
the one after it is planned. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta

from orchestrator.domain.delegations.working_calendar import Calendars, NoWorkingDayError, WorkingCalendar
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.moments import Moments
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.timeline import Timeline

DIGEST = "digest"
MORNING = time(8, 30)
"""The hour of the digest on the host's clocks."""
WITHIN = 3
"""How many working days of the host ahead something is to be told of."""
_BEFORE_START = timedelta(hours=1)
_USEFUL = timedelta(hours=15)
"""A digest of the morning is worth something until late in the evening; then the next one is near."""
_ONE_DAY = timedelta(days=1)


def digests(meeting: Meeting, timeline: Timeline, calendars: Calendars) -> list[Obligation]:
    """Return the next digest of a meeting, where anything known now gives reason for one."""
    if meeting.published_at is None:
        return []
    calendar = calendars.of(meeting.host)
    mornings = _Mornings(meeting, calendar)
    days = [*_of_news(meeting, mornings)]
    if meeting.status is MeetingStatus.PUBLISHED:
        days += [*mornings.session_days(), *_before(meeting, timeline, calendars, mornings)]
    if not days:
        return []
    day = min(days)
    due = mornings.at(day)
    return [
        Obligation(DIGEST, ActionKind.DIGEST, DIGEST, None, day.toordinal(), due, due + _USEFUL, late=True)
    ]


class _Mornings:
    """The mornings on which a meeting's coordinator can be written to: after publishing and the last one."""

    def __init__(self, meeting: Meeting, calendar: WorkingCalendar) -> None:
        published = meeting.published_at or meeting.starts_at
        self._meeting = meeting
        self.calendar = calendar
        self.last = max(published, meeting.news.digest_at or published)

    def at(self, day: date) -> datetime:
        """Return the hour of the digest; where the meeting begins so early, an hour before it."""
        morning = self.calendar.instant(day, MORNING)
        begins = self._meeting.starts_at
        early = self.calendar.local_date(begins) == day and begins - _BEFORE_START < morning
        return begins - _BEFORE_START if early else morning

    def next_after(self, moment: datetime) -> date:
        """Return the first working day whose morning comes after ``moment`` and the last digest."""
        since = max(moment, self.last)
        day = self.calendar.local_date(since)
        if not self.calendar.day(day).working or self.at(day) <= since:
            day = self.calendar.add(day, 1)
        # The last one may have gone out on that very day, before its usual hour.
        return day if self.at(day) > since else self.calendar.add(day, 1)

    def session_days(self) -> Iterator[date]:
        """Yield the days of the meeting that are still to come, working days or not."""
        day = self.calendar.local_date(self._meeting.starts_at)
        last = self.calendar.local_date(self._meeting.ends_at - timedelta(seconds=1))
        while day <= last:
            if self.at(day) > self.last:
                yield day
            day += _ONE_DAY


def _of_news(meeting: Meeting, mornings: _Mornings) -> Iterator[date]:
    if meeting.news.first_at is not None:
        with suppress(NoWorkingDayError):
            yield mornings.next_after(meeting.news.first_at)


def _before(
    meeting: Meeting, timeline: Timeline, calendars: Calendars, mornings: _Mornings
) -> Iterator[date]:
    """Yield the first morning within three working days of each thing that is due."""
    calendar = mornings.calendar
    for moment in _due(meeting, timeline, calendars):
        with suppress(NoWorkingDayError):
            day = calendar.local_date(moment)
            eve = calendar.instant(calendar.add(day, -WITHIN), time.min) - timedelta(seconds=1)
            morning = mornings.next_after(eve)
            if morning <= day and mornings.at(morning) < moment:
                yield morning


def _due(meeting: Meeting, timeline: Timeline, calendars: Calendars) -> Iterator[datetime]:
    """Yield when things are due, all by the host's calendar, which is the one that the digest counts in."""
    yield meeting.starts_at
    if meeting.tentative:
        return  # Nothing is asked of anybody before the date is confirmed.
    for slot in meeting.connection_tests:
        yield slot.starts_at
    moments = Moments(meeting, timeline, calendars)
    for step in timeline.steps:
        if step.do.is_mail and not timeline.is_after(step):
            for at in filter(None, step.at):
                with suppress(NoWorkingDayError):
                    yield moments.due(step, at, meeting.host, None).instant
