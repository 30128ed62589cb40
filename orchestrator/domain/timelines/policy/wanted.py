"""The wanted days of an event, counted once in the host's calendar, whoever the recipient is."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property

from orchestrator.domain.delegations.working_calendar import (
    EARLIEST,
    Calendars,
    Landing,
    NoWorkingDayError,
    WorkingCalendar,
)
from orchestrator.domain.timelines.policy.context import EventContext
from orchestrator.domain.timelines.policy.rounding import ONE_DAY, back, first_hour
from orchestrator.domain.timelines.policy.rules import FIRST_SESSION, Bounded, Counted, EventPolicy


class WantedDays:
    """Counts the days of one event's letters; all dates are the host's."""

    def __init__(self, event: EventContext, calendars: Calendars) -> None:
        self.event = event
        self.policy: EventPolicy = event.policy
        self.host: WorkingCalendar = calendars.of(event.lead.host)

    @property
    def first_start(self) -> datetime:
        """When the first session begins (UTC)."""
        return self.event.first.starts_at

    @cached_property
    def published_at(self) -> datetime | None:
        """When the first session of the event was published (UTC)."""
        return min((item.published_at for item in self.event.sessions if item.published_at), default=None)

    def day(self, wanted: Counted) -> date:
        """Return the wanted day; what follows a session counts from its end."""
        meeting = self.event.first if wanted.source == FIRST_SESSION else self.event.lead
        return wanted.at.day(meeting.ends_at if wanted.at.after else meeting.starts_at, self.host)

    def bounded(self, wanted: Bounded) -> date:
        """Return the wanted day, or the earlier one that it must not be later than."""
        day, bound = self.day(wanted.wanted), wanted.no_later_than
        return day if bound is None else min(day, self.day(bound))

    @cached_property
    def invitation(self) -> date:
        """The day on which invitations are wanted."""
        return self.bounded(self.policy.invite)

    @cached_property
    def invited_on(self) -> date:
        """The day on which the host's own people are invited, from which the request letter counts."""
        found = back(self.invitation, self.host)
        since = self.published_at
        if since is not None and isinstance(found, Landing) and found.instant < since:
            found = first_hour(since, self.host)
        return found.day if isinstance(found, Landing) else self.invitation

    @property
    def invited_at(self) -> datetime:
        """The moment (UTC) at which the host's own people are invited."""
        return self.host.instant(self.invited_on, EARLIEST)

    @cached_property
    def request(self) -> date | None:
        """The day on which the request letter is wanted; ``None`` where nothing is asked."""
        if self.policy.ask is None:
            return None
        try:
            return self.host.add(self.invited_on, self.policy.ask.after)
        except NoWorkingDayError:
            return self.invited_on + self.policy.ask.after * ONE_DAY

    def working_days_until(self, start: datetime, day: date, most: int) -> int:
        """Return how many working days of the host lie after ``day``, up to the day of ``start``."""
        last, count = self.host.local_date(start), 0
        while day < last and count < most:
            day += ONE_DAY
            count += self.host.day(day).working
        return count
