"""The deadline of an event: one instant for all, decided once and stored.

Rule 5: so many working days of the host before the lead session, or fewer before the first one if that is
earlier, put on the nearest earlier day on which the host and all who are asked are at work. Rule 6: each of
them has five own working days from the request letter on, or the deadline moves later. Rule 7: what cannot be
met is not asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, time

from orchestrator.domain.delegations.working_calendar import Calendars, NoWorkingDayError, WorkingCalendar
from orchestrator.domain.timelines.policy.context import AskingReach, Deadline, EventContext
from orchestrator.domain.timelines.policy.rounding import ONE_DAY
from orchestrator.domain.timelines.policy.rules import DeadlineRule
from orchestrator.domain.timelines.policy.wanted import WantedDays

_NOON = time(12)
_MOVED_LATER, _MOVED_BEFORE = 3, 1
"""After a move: host working days between the move and the deadline, and between it and the first session."""
_ALL, _NO_PAPERS, _LITTLE = 8, 5, 2


def reach_of(event: EventContext, calendars: Calendars) -> AskingReach:
    """Return what can still be asked, by the host's working days from request letter to first session."""
    wanted = WantedDays(event, calendars)
    if wanted.request is None:
        return AskingReach.INVITATION_ALONE
    since = wanted.published_at
    if since is not None and event.first.starts_at - since < ONE_DAY:
        return AskingReach.INVITATION_ALONE
    days = wanted.working_days_until(event.first.starts_at, wanted.request, _ALL)
    if days >= _ALL:
        return AskingReach.FULL
    if days >= _NO_PAPERS:
        return AskingReach.WITHOUT_PAPERS
    return AskingReach.SHORT if days >= _LITTLE else AskingReach.INVITATION_ALONE


def decide(
    event: EventContext, calendars: Calendars, asked: Collection[str], moved_at: datetime | None = None
) -> Deadline:
    """Return the deadline of an event as it is now; ``asked`` are the codes of the delegations asked.

    ``moved_at`` (UTC) is when a session was moved, where that is why it is decided again: the first session
    then has a new time, and replies are due three working days after the move at the earliest.
    """
    reach = reach_of(event, calendars)
    if reach is AskingReach.INVITATION_ALONE:
        return Deadline(None, reach)
    search = _DeadlineSearch(event, calendars, event.policy.deadline, asked)
    if reach is AskingReach.SHORT:
        return search.on_the_day_before(reach)
    return search.found(reach, moved_at)


class _DeadlineSearch:
    """Looks for the day of a deadline."""

    def __init__(
        self, event: EventContext, calendars: Calendars, rule: DeadlineRule, asked: Collection[str]
    ) -> None:
        self._wanted = WantedDays(event, calendars)
        self._host = self._wanted.host
        self._rule = rule
        self._own: dict[str, WorkingCalendar] = {code: calendars.of(code) for code in sorted(asked)}
        self._clock = rule.clock
        self._first_day = self._host.local_date(event.first.starts_at)

    def on_the_day_before(self, reach: AskingReach) -> Deadline:
        """Return noon of the host's working day before the first session."""
        day = self._host.add(self._first_day, -1)
        return self._decided(day, _NOON, reach)

    def found(self, reach: AskingReach, moved_at: datetime | None) -> Deadline:
        """Return the deadline for the wanted day, or the nearest that suits."""
        wanted = self._wanted.bounded(self._rule.day)
        asked_on, latest = self._asked_on, self._host.add(self._first_day, -self._rule.latest)
        if moved_at is not None:
            moved_on = self._host.local_date(moved_at)
            asked_on = max(asked_on, moved_on)
            earliest = self._host.add(moved_on, _MOVED_LATER)
            latest = max(latest, self._host.add(self._first_day, -_MOVED_BEFORE))
            if earliest > latest:
                return Deadline(None, reach)
            wanted = max(wanted, earliest)
        day = self._day(min(wanted, latest), asked_on, latest)
        return self._decided(day, self._clock, reach, asked_on)

    @property
    def _asked_on(self) -> date:
        return self._wanted.request or self._wanted.invited_on

    def _day(self, wanted: date, asked_on: date, latest: date) -> date:
        """Return the nearest day that all share and that leaves each enough, else the best there is."""
        candidates = [*self._candidates(wanted, latest)]
        for day in candidates:
            if self._shared(day) and not self._short(day, asked_on):
                return day
        working = [day for day in candidates if self._host.day(day).working] or [wanted]

        def price(day: date) -> tuple[int, bool, int]:
            return len(self._short(day, asked_on)), not self._shared(day), abs((day - wanted).days)

        return min(working, key=price)

    def _candidates(self, wanted: date, latest: date) -> Iterator[date]:
        """The wanted day, the days before it, the nearest first, and then those after it."""
        yield from (wanted - early * ONE_DAY for early in range(self._rule.shared + 1))
        day = wanted + ONE_DAY
        while day <= latest:
            yield day
            day += ONE_DAY

    def _shared(self, day: date) -> bool:
        """Whether the host and all who are asked are at work at the hour of the deadline, where they are."""
        if not self._host.day(day).working:
            return False
        moment = self._host.instant(day, self._clock)
        return all(item.day(item.local_date(moment)).working for item in self._own.values())

    def _short(self, day: date, asked_on: date) -> tuple[str, ...]:
        """Return who has fewer working days of their own until ``day`` than are given."""
        return tuple(code for code, own in self._own.items() if not self._enough(own, day, asked_on))

    def _enough(self, own: WorkingCalendar, day: date, asked_on: date) -> bool:
        try:
            began = asked_on if own.sends_on(asked_on) else own.add(asked_on, 1)
            return own.add(began, self._rule.give) <= day
        except NoWorkingDayError:
            return False

    def _decided(self, day: date, clock: time, reach: AskingReach, asked_on: date | None = None) -> Deadline:
        short = self._short(day, asked_on) if asked_on is not None else ()
        return Deadline(self._host.instant(day, clock), reach, self._shared(day), short)
