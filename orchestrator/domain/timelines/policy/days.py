"""The reminders of the day: when each leaves, and for which sessions one of them is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.domain.delegations.working_calendar import Landing, WorkingCalendar
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.domain.timelines.policy.rounding import MOST_EARLY, Rounded, day_before, within
from orchestrator.domain.timelines.policy.rules import Covers, DayRule, Whose

InSession = tuple[Meeting, Attendee]
"""A session, and a person as they are in it."""


@dataclass(frozen=True, slots=True)
class DayReminders:
    """The reminders of the day by one rule, for a person whose calendar it is."""

    rule: DayRule
    host: WorkingCalendar
    calendar: WorkingCalendar

    def landed(self, meeting: Meeting) -> Rounded:
        """Return when the reminder of a session leaves, or why none does."""
        wanted = self.rule.at.day(meeting.starts_at, self.host)
        if self.rule.whose is Whose.LOCAL:
            return day_before(wanted, meeting.starts_at, self.calendar)
        # People travel: from the day before on, the venue's clock and calendar hold for everybody.
        return Landing(self.host.instant(wanted, self.rule.clock), wanted, self.rule.clock)

    def firsts(self, sessions: Sequence[InSession]) -> list[InSession]:
        """Return the sessions that get a reminder, each telling of those that follow it."""
        coming = [(meeting, item) for meeting, item in sessions if not item.declined]
        groups: list[list[InSession]] = []
        for pair in coming:
            if groups and self._covered(groups[-1], pair[0]):
                groups[-1].append(pair)
            else:
                groups.append([pair])
        return [group[0] for group in groups]

    def _covered(self, group: Sequence[InSession], meeting: Meeting) -> bool:
        """Whether the reminder of a group is enough for a session: on the next day, and not too early."""
        last, day = (self.host.local_date(item.starts_at) for item in (group[-1][0], meeting))
        if self.rule.covers is Covers.ALL or day == last:
            return True
        if self.rule.covers is Covers.EACH or not within(last, day, 1, self.host):
            return False
        landed = self.landed(group[0][0])
        wanted = self.rule.at.day(meeting.starts_at, self.host)
        return isinstance(landed, Landing) and (wanted - landed.day).days <= MOST_EARLY
