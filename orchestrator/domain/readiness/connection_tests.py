"""Rehearsal slots: when each delegation tries its connection, one after the other, before a meeting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from math import inf

from orchestrator.domain.delegations.working_calendar import Calendars, Stretch, WorkingCalendar
from orchestrator.domain.meetings.meeting import Meeting, RehearsalSlot
from orchestrator.domain.time.zones import local_time, zone
from orchestrator.domain.timelines.offsets import Offset
from orchestrator.domain.timelines.steps import Step
from orchestrator.errors import InvalidInput

_DAYTIME = Stretch(time(7), time(21))
"""When somebody may be asked to try a connection, where no office hour is free for both."""


def allot(
    meeting: Meeting,
    codes: Sequence[str],
    step: Step,
    calendars: Calendars,
    kept: Sequence[RehearsalSlot],
    now: datetime,
) -> tuple[RehearsalSlot, ...]:
    """Return a slot for each delegation in ``codes``, in the order of time; ``kept`` slots stay as they are.

    A slot lies within the office hours of the delegation and of the host, on the day that ``step.day`` gives
    for the host. Where they share none that is free, its note says so: it then lies in the delegation's
    office hours, else in the host's by the delegation's day, at night for neither side if that can be had.
    No two slots overlap, none begins before ``now`` (aware UTC), and none comes after the start; a delegation
    for which nothing is left gets none. Who has the fewest free slots chooses first, and who shares no office
    hour with the host last.
    """
    if step.day is None or step.slot is None:
        raise ValueError(f"step {step.name} has no day or no length")
    found = {slot.delegation: slot for slot in kept if slot.delegation in codes}
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
            found[code] = RehearsalSlot(code, start, start + step.slot, note)
    return tuple(sorted(found.values(), key=lambda slot: (slot.starts_at, slot.delegation)))


def fitting(meeting: Meeting, step: Step, calendars: Calendars) -> tuple[RehearsalSlot, ...]:
    """Return those slots of an earlier time of the meeting that are right for the present one too.

    They lie on the day of the tests and end before the start. Everybody is told their slot anew.
    """
    if step.day is None:
        raise ValueError(f"step {step.name} has no day")
    day, host = _day(meeting, step.day, calendars), calendars.of(meeting.host)
    return tuple(
        replace(slot, moves=0)
        for slot in meeting.slots
        if host.local_date(slot.starts_at) == day and slot.ends_at <= meeting.starts_at
    )


def standing(meeting: Meeting, step: Step, calendars: Calendars, now: datetime) -> tuple[RehearsalSlot, ...]:
    """Return those slots of the present time of the meeting that stay, though calendars may have changed.

    A slot in office hours stays while offices are open then, one allotted outside them while its day is that
    of the tests. One placed outside office hours by hand stays, and so does one that has begun by ``now``
    (aware UTC).
    """
    if step.day is None:
        raise ValueError(f"step {step.name} has no day")
    day, host = _day(meeting, step.day, calendars), calendars.of(meeting.host)

    def stays(slot: RehearsalSlot) -> bool:
        own, length = calendars.of(slot.delegation), slot.ends_at - slot.starts_at
        if slot.starts_at <= now:
            return True
        if slot.note is None:
            return _open(own, slot.starts_at, length) and _open(host, slot.starts_at, length)
        return slot.note != _sharing_none(own, host) or host.local_date(slot.starts_at) == day

    return tuple(filter(stays, meeting.slots))


def _day(meeting: Meeting, offset: Offset, calendars: Calendars) -> date:
    """The day of the tests, in the host's calendar."""
    host = calendars.of(meeting.host)
    return host.local_date(offset.due(meeting.starts_at, host).instant)


def placed(
    meeting: Meeting, code: str, start: datetime, length: timedelta, calendars: Calendars
) -> RehearsalSlot:
    """Return a slot for a delegation at a start (UTC) chosen by hand; its note says whose offices are closed.

    Raises ``InvalidInput`` when it would last beyond the start of the meeting, or while another delegation
    tries its connection.
    """
    end, own, host = start + length, calendars.of(code), calendars.of(meeting.host)
    place = calendars.directory.host_place(meeting.host, meeting.zone, start)
    if end > meeting.starts_at:
        raise InvalidInput.of(
            "start",
            local_time(start, place),
            "leaves no time before the meeting",
            f"Choose one before {local_time(meeting.starts_at - length, place)}.",
        )
    for slot in meeting.slots:
        if slot.delegation != code and _overlaps(start, length, (slot,)):
            taken = f"{local_time(slot.starts_at, place).clock}–{local_time(slot.ends_at, place).clock}"
            raise InvalidInput.of(
                "start",
                local_time(start, place),
                f"overlaps the slot of {calendars.directory.get(slot.delegation).name}, {taken}",
                "Choose another start, or move that slot first.",
            )
    closed = dict.fromkeys(item.delegation.name for item in (own, host) if not _open(item, start, length))
    note = f"outside the office hours of {' and '.join(closed)}" if closed else None
    known = next((slot for slot in meeting.slots if slot.delegation == code), None)
    return RehearsalSlot(code, start, end, note, known.moves if known else 0)


def _choice(starts: Sequence[tuple[datetime, str | None]]) -> float:
    """How many starts suit both sides; who has none takes what the others leave."""
    return sum(note is None for _, note in starts) or inf


def _overlaps(start: datetime, length: timedelta, taken: Iterable[RehearsalSlot]) -> bool:
    return any(start < slot.ends_at and slot.starts_at < start + length for slot in taken)


def _starts(
    meeting: Meeting, code: str, candidates: Sequence[datetime], length: timedelta, calendars: Calendars
) -> Iterator[tuple[datetime, str | None]]:
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


def _sharing_none(own: WorkingCalendar, host: WorkingCalendar) -> str:
    """The note of a slot that was allotted outside the office hours of either side."""
    return f"{own.delegation.name} and {host.delegation.name} share no free office hour on that day"


def _grid(host: WorkingCalendar, day: date, length: timedelta) -> Iterator[datetime]:
    """Every start on the host's day, counted from midnight in steps of a slot."""
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
