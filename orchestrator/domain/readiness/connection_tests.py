"""Connection tests: when each delegation tries its connection, one after the other, before a meeting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from math import inf

from orchestrator.domain.delegations.working_calendar import (
    Calendars,
    NoWorkingDayError,
    Stretch,
    WorkingCalendar,
)
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.meeting import ConnectionTest, Meeting
from orchestrator.domain.time.zones import local_time, zone
from orchestrator.domain.timelines.steps import Step
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact, listed

_ALLOTTED_OUTSIDE = "readiness.share-no-hour"
"""The note of a test that was allotted outside office hours, because none was free."""
_ON_DAY_OFF = "readiness.on-day-off"
"""The note of a test that was placed by hand on a day off, which a person wanted so."""
_DAYTIME = Stretch(time(7), time(21))
"""When a delegation may be asked to try its connection, where no office hour is free for both."""
_FIRST_HOUR = timedelta(hours=1)
MOST_BACK = 5
"""How many working days of the host are looked through for a day of both sides."""
Firsts = Mapping[str, datetime]
"""When the first session to which a delegation is invited begins, where that is before the meeting itself."""


def allot(
    meeting: Meeting,
    codes: Sequence[str],
    step: Step,
    calendars: Calendars,
    kept: Sequence[ConnectionTest],
    now: datetime,
    firsts: Firsts | None = None,
) -> tuple[ConnectionTest, ...]:
    """Return a test for each delegation in ``codes``, in the order of time; ``kept`` tests stay as they are.

    A test lies on the last day, from ``step.day`` before the first session back, that is a working day of the
    host and of the delegation, within the office hours of both and in the first office hour of neither; at
    most five working days of the host are looked through. Where they share no hour that is free on any of
    them, its note says so: it then lies in the delegation's office hours, else in the host's by the
    delegation's day, on the last of these days. No two tests overlap, none begins before ``now`` (aware UTC),
    and none comes after the start of the first session; a delegation for which nothing is left gets none. The
    one with the fewest free times chooses first, and one that shares no office hour with the host last.
    """
    if step.slot is None:
        raise ValueError(f"step {step.name} has no day or no length")
    found = {test.delegation: test for test in kept if test.delegation in codes}
    search = _Openings(meeting, step, calendars, firsts or {}, now)
    waiting = [code for code in codes if code not in found]
    choices = {code: search.shared_on_last_day(code) for code in waiting}
    for code in sorted(waiting, key=lambda item: (choices[item] or inf, codes.index(item))):
        free = (item for item in search.starts(code) if not _overlaps(item[0], step.slot, found.values()))
        start, note = next(free, (None, None))
        if start is not None:
            found[code] = ConnectionTest(code, start, start + step.slot, note)
    return tuple(sorted(found.values(), key=lambda test: (test.starts_at, test.delegation)))


class _Openings:
    """Where the tests of one meeting can lie."""

    def __init__(
        self, meeting: Meeting, step: Step, calendars: Calendars, firsts: Firsts, now: datetime
    ) -> None:
        self._meeting = meeting
        self._step = step
        self._calendars = calendars
        self._firsts = firsts
        self._now = now
        self._host = calendars.of(meeting.host)
        self._length = step.slot or timedelta(0)

    def shared_on_last_day(self, code: str) -> int:
        """Return how many starts suit both sides on the last day that is a working day of both."""
        days = self._days(code)
        return sum(1 for _ in self._of_days(code, days[:1], self._wishes(code)[0])) if days else 0

    def starts(self, code: str) -> Iterator[tuple[datetime, Fact | None]]:
        """Yield the starts that a delegation can have, the best first, with the note of those not shared."""
        days, note = self._days(code), _sharing_none(self._calendars.of(code), self._host)
        for rank, wish in enumerate(self._wishes(code)):
            yield from ((item, note if rank else None) for item in self._of_days(code, days, wish))

    def _days(self, code: str) -> list[date]:
        """The days of the host on which a delegation can try its connection, the last first."""
        wanted = days_of_tests(self._meeting, code, self._step, self._calendars, self._firsts)
        return [day for day in wanted if works_on(self._calendars.of(code), self._host, day)]

    def _of_days(
        self, code: str, days: Sequence[date], wish: Callable[[datetime], bool]
    ) -> Iterator[datetime]:
        own, until = self._calendars.of(code), first_start(self._meeting, code, self._firsts)
        for day in days:
            for start in _grid(self._host, day, self._length):
                end = start + self._length
                fits = self._now <= start and end <= until and own.day(own.local_date(start)).working
                if fits and wish(start) and not self._too_early(own, start):
                    yield start

    def _too_early(self, own: WorkingCalendar, start: datetime) -> bool:
        return any(_in_first_hour(item, start, self._length) for item in (own, self._host))

    def _wishes(self, code: str) -> list[Callable[[datetime], bool]]:
        own, host, length = self._calendars.of(code), self._host, self._length
        return [
            lambda item: _open(own, item, length) and _open(host, item, length),
            lambda item: _open(own, item, length) and _by_day(host, item, length),
            lambda item: _by_day(own, item, length) and _open(host, item, length),
            lambda item: _by_day(own, item, length) and _by_day(host, item, length),
            lambda item: _by_day(own, item, length),
        ]


def first_start(meeting: Meeting, code: str, firsts: Firsts) -> datetime:
    """Return when the first session begins that a delegation is invited to: the meeting, or one before it."""
    return min(firsts.get(code, meeting.starts_at), meeting.starts_at)


def days_of_tests(
    meeting: Meeting, code: str, step: Step, calendars: Calendars, firsts: Firsts
) -> list[date]:
    """Return the host's working days that are looked through for the test of a delegation, the last first."""
    if step.day is None:
        raise ValueError(f"step {step.name} has no day or no length")
    host = calendars.of(meeting.host)
    day = host.local_date(step.day.due(first_start(meeting, code, firsts), host).instant)
    found = [day] if host.day(day).working else []
    with suppress(NoWorkingDayError):
        while len(found) < MOST_BACK:
            day = host.add(day, -1)
            found.append(day)
    return found


def works_on(own: WorkingCalendar, host: WorkingCalendar, day: date) -> bool:
    """Whether a delegation works on some of the host's ``day``, which may be two dates where it is."""
    begin, end = host.instant(day, _DAYTIME.opens), host.instant(day, _DAYTIME.closes)
    return any(own.day(own.local_date(moment)).working for moment in (begin, end))


def _in_first_hour(calendar: WorkingCalendar, start: datetime, length: timedelta) -> bool:
    day = calendar.local_date(start)
    stretches = calendar.day(day).stretches
    if not stretches:
        return False
    opens = calendar.instant(day, stretches[0].opens)
    return start < opens + _FIRST_HOUR and opens < start + length


def fitting(
    meeting: Meeting, step: Step, calendars: Calendars, firsts: Firsts | None = None
) -> tuple[ConnectionTest, ...]:
    """Return those tests of an earlier time of the meeting that are right for the present one too.

    They lie on the last day of both sides and end before the first session. Each delegation is told its time
    again.
    """
    known, host = firsts or {}, calendars.of(meeting.host)

    def fits(test: ConnectionTest) -> bool:
        own = calendars.of(test.delegation)
        days = days_of_tests(meeting, test.delegation, step, calendars, known)
        last = next((day for day in days if works_on(own, host, day)), None)
        in_time = test.ends_at <= first_start(meeting, test.delegation, known)
        return in_time and host.local_date(test.starts_at) == last and _both_work(own, host, test)

    return tuple(replace(test, moves=0) for test in meeting.connection_tests if fits(test))


def standing(
    meeting: Meeting, step: Step, calendars: Calendars, now: datetime, firsts: Firsts | None = None
) -> tuple[ConnectionTest, ...]:
    """Return those tests of the present time of the meeting that stay, though calendars may have changed.

    A test in office hours stays while offices are open then, one outside them while its day is a working day
    of both sides. One placed on a day off by hand stays, and so does one that has begun by ``now`` (aware
    UTC).
    None stays that comes after the first session.
    """
    known, host = firsts or {}, calendars.of(meeting.host)

    def stays(test: ConnectionTest) -> bool:
        own, length = calendars.of(test.delegation), test.ends_at - test.starts_at
        if test.starts_at <= now:
            return True
        if test.ends_at > first_start(meeting, test.delegation, known):
            return False
        if test.note is None:
            return _open(own, test.starts_at, length) and _open(host, test.starts_at, length)
        if test.note.key == _ALLOTTED_OUTSIDE:
            days = days_of_tests(meeting, test.delegation, step, calendars, known)
            return _both_work(own, host, test) and host.local_date(test.starts_at) in days
        return test.note.key == _ON_DAY_OFF or _both_work(own, host, test)

    return tuple(filter(stays, meeting.connection_tests))


def _both_work(own: WorkingCalendar, host: WorkingCalendar, test: ConnectionTest) -> bool:
    return all(item.day(item.local_date(test.starts_at)).working for item in (own, host))


def placed(
    meeting: Meeting, code: str, start: datetime, length: timedelta, calendars: Calendars
) -> ConnectionTest:
    """Return a test of a delegation at a start (UTC) chosen by hand; its note says whose offices are closed.

    Raises ``InvalidInput`` when it would last beyond the start of the meeting, or while another delegation
    tries its connection.
    """
    end, own, host = start + length, calendars.of(code), calendars.of(meeting.host)
    place = host_place(meeting, calendars.directory, start)
    if end > meeting.starts_at:
        raise InvalidInput.of(
            "start",
            local_time(start, place),
            Fact.of("readiness.test-too-late"),
            Fact.of("readiness.test-too-late.remedy", when=local_time(meeting.starts_at - length, place)),
        )
    for test in meeting.connection_tests:
        if test.delegation != code and _overlaps(start, length, (test,)):
            wrong = Fact.of(
                "readiness.test-overlaps",
                delegation=calendars.directory.get(test.delegation).name,
                begin=local_time(test.starts_at, place).clock,
                end=local_time(test.ends_at, place).clock,
            )
            advice = Fact.of("readiness.test-overlaps.remedy")
            raise InvalidInput.of("start", local_time(start, place), wrong, advice)
    closed = dict.fromkeys(item.delegation.name for item in (own, host) if not _open(item, start, length))
    off = any(not item.day(item.local_date(start)).working for item in (own, host))
    key = _ON_DAY_OFF if off else "readiness.outside-hours"
    note = Fact.of(key, delegations=listed([*closed])) if closed else None
    known = next((test for test in meeting.connection_tests if test.delegation == code), None)
    return ConnectionTest(code, start, end, note, known.moves if known else 0)


def _overlaps(start: datetime, length: timedelta, taken: Iterable[ConnectionTest]) -> bool:
    return any(start < test.ends_at and test.starts_at < start + length for test in taken)


def _sharing_none(own: WorkingCalendar, host: WorkingCalendar) -> Fact:
    """The note of a test that was allotted outside the office hours of either side."""
    return Fact.of(_ALLOTTED_OUTSIDE, delegation=own.delegation.name, host=host.delegation.name)


def _grid(host: WorkingCalendar, day: date, length: timedelta) -> Iterator[datetime]:
    """Every start on the host's day, counted from midnight in steps of the length of a test."""
    start, end = host.instant(day, time(0)), host.instant(day + timedelta(days=1), time(0))
    while start < end:
        yield start
        start += length


def _open(calendar: WorkingCalendar, start: datetime, length: timedelta) -> bool:
    return _within(calendar, start, length, calendar.day(calendar.local_date(start)).stretches)


def _by_day(calendar: WorkingCalendar, start: datetime, length: timedelta) -> bool:
    return _within(calendar, start, length, (_DAYTIME,))


def _within(
    calendar: WorkingCalendar, start: datetime, length: timedelta, stretches: Sequence[Stretch]
) -> bool:
    there = zone(calendar.place(calendar.local_date(start)).zone)
    opens, closes = start.astimezone(there), (start + length).astimezone(there)
    if opens.date() != closes.date():
        return False
    return any(item.opens <= opens.time() and closes.time() <= item.closes for item in stretches)
