"""Connection tests: when each delegation tries its connection, one after the other, before a meeting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from math import inf

from orchestrator.domain.delegations.working_calendar import Calendars, Stretch, WorkingCalendar
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.meeting import ConnectionTest, Meeting
from orchestrator.domain.time.zones import local_time, zone
from orchestrator.domain.timelines.offsets import Offset
from orchestrator.domain.timelines.steps import Step
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact, listed

_ALLOTTED_OUTSIDE = "readiness.share-no-hour"
"""The note of a test that was allotted outside office hours, because none was free."""
_DAYTIME = Stretch(time(7), time(21))
"""When a delegation may be asked to try its connection, where no office hour is free for both."""


def allot(
    meeting: Meeting,
    codes: Sequence[str],
    step: Step,
    calendars: Calendars,
    kept: Sequence[ConnectionTest],
    now: datetime,
) -> tuple[ConnectionTest, ...]:
    """Return a test for each delegation in ``codes``, in the order of time; ``kept`` tests stay as they are.

    A test lies within the office hours of the delegation and of the host, on the day that ``step.day`` gives
    for the host. Where they share none that is free, its note says so: it then lies in the delegation's
    office hours, else in the host's by the delegation's day, at night for neither side if that can be had.
    No two tests overlap, none begins before ``now`` (aware UTC), and none comes after the start; a delegation
    for which nothing is left gets none. The one with the fewest free times chooses first, and one that shares
    no office hour with the host last.
    """
    if step.day is None or step.slot is None:
        raise ValueError(f"step {step.name} has no day or no length")
    found = {test.delegation: test for test in kept if test.delegation in codes}
    day = _day(meeting, step.day, calendars)
    waiting = [code for code in codes if code not in found]
    grid = [
        item
        for item in _grid(calendars.of(meeting.host), day, step.slot)
        if now <= item and item + step.slot <= meeting.starts_at
    ]
    open_ = {code: list(_starts(meeting, code, grid, step.slot, calendars)) for code in waiting}
    for code in sorted(waiting, key=lambda item: (_choice(open_[item]), codes.index(item))):
        free = (item for item in open_[code] if not _overlaps(item[0], step.slot, found.values()))
        start, note = next(free, (None, None))
        if start is not None:
            found[code] = ConnectionTest(code, start, start + step.slot, note)
    return tuple(sorted(found.values(), key=lambda test: (test.starts_at, test.delegation)))


def fitting(meeting: Meeting, step: Step, calendars: Calendars) -> tuple[ConnectionTest, ...]:
    """Return those tests of an earlier time of the meeting that are right for the present one too.

    They lie on the day of the tests and end before the start. Each delegation is told its time again.
    """
    if step.day is None:
        raise ValueError(f"step {step.name} has no day")
    day, host = _day(meeting, step.day, calendars), calendars.of(meeting.host)
    return tuple(
        replace(test, moves=0)
        for test in meeting.connection_tests
        if host.local_date(test.starts_at) == day and test.ends_at <= meeting.starts_at
    )


def standing(meeting: Meeting, step: Step, calendars: Calendars, now: datetime) -> tuple[ConnectionTest, ...]:
    """Return those tests of the present time of the meeting that stay, though calendars may have changed.

    A test in office hours stays while offices are open then, one allotted outside them while its day is that
    of the tests. One placed outside office hours by hand stays, and so does one that has begun by ``now``
    (aware UTC).
    """
    if step.day is None:
        raise ValueError(f"step {step.name} has no day")
    day, host = _day(meeting, step.day, calendars), calendars.of(meeting.host)

    def stays(test: ConnectionTest) -> bool:
        own, length = calendars.of(test.delegation), test.ends_at - test.starts_at
        if test.starts_at <= now:
            return True
        if test.note is None:
            return _open(own, test.starts_at, length) and _open(host, test.starts_at, length)
        return test.note.key != _ALLOTTED_OUTSIDE or host.local_date(test.starts_at) == day

    return tuple(filter(stays, meeting.connection_tests))


def _day(meeting: Meeting, offset: Offset, calendars: Calendars) -> date:
    """The day of the tests, in the host's calendar."""
    host = calendars.of(meeting.host)
    return host.local_date(offset.due(meeting.starts_at, host).instant)


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
    note = Fact.of("readiness.outside-hours", delegations=listed([*closed])) if closed else None
    known = next((test for test in meeting.connection_tests if test.delegation == code), None)
    return ConnectionTest(code, start, end, note, known.moves if known else 0)


def _choice(starts: Sequence[tuple[datetime, Fact | None]]) -> float:
    """How many starts suit both sides; a delegation that has none takes what the others leave."""
    return sum(note is None for _, note in starts) or inf


def _overlaps(start: datetime, length: timedelta, taken: Iterable[ConnectionTest]) -> bool:
    return any(start < test.ends_at and test.starts_at < start + length for test in taken)


def _starts(
    meeting: Meeting, code: str, candidates: Sequence[datetime], length: timedelta, calendars: Calendars
) -> Iterator[tuple[datetime, Fact | None]]:
    """Yield the candidates, the best first, with a note where office hours are not shared."""
    own, host = calendars.of(code), calendars.of(meeting.host)
    wishes: list[Callable[[datetime], bool]] = [
        lambda item: _open(own, item, length) and _open(host, item, length),
        lambda item: _open(own, item, length) and _by_day(host, item, length),
        lambda item: _by_day(own, item, length) and _open(host, item, length),
        lambda item: _by_day(own, item, length) and _by_day(host, item, length),
        lambda item: _by_day(own, item, length),
        lambda item: True,
    ]
    note = _sharing_none(own, host)
    for rank, wish in enumerate(wishes):
        yield from ((item, note if rank else None) for item in candidates if wish(item))
        candidates = [item for item in candidates if not wish(item)]


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
