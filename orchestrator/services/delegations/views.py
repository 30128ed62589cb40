"""What working calendars look like, and what coordinators have entered over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from orchestrator.domain.delegations.delegation import WEEKDAYS, Delegation, Directory
from orchestrator.domain.delegations.working_calendar import Off, Override, Stretch, WorkingCalendar
from orchestrator.domain.time.zones import local_time, weekday_fact
from orchestrator.facts import Fact, Said, listed
from orchestrator.services.timelines.moves import MeetingShifts
from orchestrator.store.rows.delegations import OverrideRow


@dataclass(frozen=True, slots=True)
class OverrideView:
    """What a coordinator has entered over a calendar; ``id`` is ``None`` while it is only previewed.

    ``kind`` is ``closed``, ``open`` or ``hours``; ``hours`` are stretches such as ``08:00-14:00``. ``days``
    are the weekdays, such as ``fri``, on which other hours hold; ``None`` is all working days.
    """

    id: int | None
    delegation: str
    delegation_name: str
    kind: str
    first: date
    last: date
    hours: tuple[str, ...]
    days: tuple[str, ...] | None
    name: str
    why: str
    by: str
    at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None


CalendarDate = date  # The class below has a field named ``date``, which would hide the type.


@dataclass(frozen=True, slots=True)
class DayView:
    """One day at a delegation.

    ``off`` says why offices are closed: weekend day, public holiday, yearly closure or declared day off.
    ``name`` is that of the holiday or closure, or what a coordinator has called the day; ``estimated`` marks
    a holiday whose date is not announced yet. ``soft`` marks a day off on which a meeting can be held if it
    must. ``zone``, ``city`` and ``offset`` are those in force at noon.
    """

    date: CalendarDate
    weekday: str
    working: bool
    hours: tuple[str, ...]
    off: str | None
    name: Said | None
    estimated: bool
    soft: bool
    zone: str
    city: str
    offset: str
    override: OverrideView | None


@dataclass(frozen=True, slots=True)
class CalendarView:
    """The calendar of a delegation for a period.

    ``incomplete`` are the years of which the holiday data does not know everything, ``gaps`` say what: a year
    that is not covered, a decree that has not come, days whose date is estimated.
    """

    code: str
    name: str
    kind: str
    first: date
    last: date
    days: tuple[DayView, ...]
    incomplete: tuple[int, ...]
    gaps: tuple[Fact, ...]
    note: str | None


@dataclass(frozen=True, slots=True)
class Versions:
    """What plans rest on: versions of the data, digests of the files.

    ``outdated`` are the references of the meetings whose plan still rests on something older.
    """

    tzdata: str
    holidays: str
    delegations: str
    timelines: Mapping[str, str]
    outdated: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DelegationView:
    """A delegation with its working calendar in brief, as it is today.

    ``hours`` maps weekdays to stretches. ``confidence`` says how sure a fact is: S, M or L.
    """

    code: str
    name: str
    name_vi: str | None
    kind: str
    zone: str
    city: str
    offset: str
    hours: Mapping[str, tuple[str, ...]]
    soft_days: tuple[str, ...]
    holidays: str | None
    confidence: Mapping[str, str]
    note: str | None
    today: DayView


@dataclass(frozen=True, slots=True)
class CalendarsView:
    """All delegations in protocol order, and the versions in use."""

    versions: Versions
    delegations: tuple[DelegationView, ...]


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """What entering or withdrawing an override did, or would do: the meetings in which something moves.

    ``looked_at`` counts the meetings that were replanned.
    """

    override: OverrideView
    previewed: bool
    looked_at: int
    meetings: tuple[MeetingShifts, ...]


def override_fact(view: OverrideView) -> Fact:
    """Return what an override says, such as ``Viet Nam, day off on Monday, 7 December 2026 (Mourning)``."""
    kind = Fact.of(_KINDS[view.kind])
    said = Fact.of(
        "delegations.override",
        delegation=view.delegation_name,
        kind=Fact.of("delegations.with-hours", kind=kind, hours=view.hours) if view.hours else kind,
        days=_days_fact(view),
        name=view.name,
        why=view.why,
    )
    return Fact.of("delegations.withdrawn", override=said) if view.withdrawn_at else said


def _days_fact(view: OverrideView) -> Fact:
    if view.last == view.first:
        return Fact.of("delegations.on", day=view.first)
    if not view.days:
        return Fact.of("delegations.from-to", first=view.first, last=view.last)
    weekdays = listed([weekday_fact([*WEEKDAYS].index(item)) for item in WEEKDAYS if item in view.days])
    return Fact.of("delegations.every-from-to", weekdays=weekdays, first=view.first, last=view.last)


_KINDS = {
    "closed": "delegations.kind-closed",
    "open": "delegations.kind-open",
    "hours": "delegations.kind-hours",
}


def override_view(row: OverrideRow, directory: Directory) -> OverrideView:
    """Return a stored override as people read it."""
    known = next((item.name for item in directory.delegations if item.code == row.delegation), row.delegation)
    return OverrideView(
        row.id,
        row.delegation,
        known,
        row.kind,
        row.first_day,
        row.last_day,
        tuple(row.hours),
        None if row.days is None else tuple(row.days),
        row.name,
        row.why,
        row.by,
        row.at,
        row.withdrawn_by,
        row.withdrawn_at,
    )


def entered_view(item: Override, at: datetime, directory: Directory) -> OverrideView:
    """Return an override as people read it that is not stored, and has no number."""
    return OverrideView(
        None,
        item.delegation,
        directory.get(item.delegation).name,
        item.kind,
        item.first,
        item.last,
        tuple(map(str, item.stretches)),
        item.days,
        item.name,
        item.why,
        item.by,
        at,
        None,
        None,
    )


def day_view(calendar: WorkingCalendar, day: date, overrides: Mapping[int, OverrideView]) -> DayView:
    """Return one day of a calendar; ``overrides`` are all, by their numbers."""
    found = calendar.day(day)
    place = calendar.place(day)
    noon = local_time(calendar.instant(day, time(12)), place)
    weekday = noon.date.partition(",")[0]
    soft = not found.working and weekday[:3].lower() in calendar.delegation.soft_days
    return DayView(
        day,
        weekday,
        found.working,
        tuple(map(str, found.stretches)),
        found.off,
        found.name,
        found.estimated,
        soft and found.off is Off.WEEKEND,
        place.zone,
        place.city,
        noon.offset,
        overrides.get(found.override_id or 0),
    )


def delegation_view(
    calendar: WorkingCalendar, now: datetime, overrides: Mapping[int, OverrideView]
) -> DelegationView:
    """Return a delegation as it is at ``now``; ``overrides`` are all, by their numbers."""
    today = calendar.local_date(now)
    there = calendar.delegation.on(today)
    rule = there.holidays
    return DelegationView(
        there.code,
        there.name,
        there.name_vi,
        there.kind,
        there.zone,
        there.city,
        local_time(now, there.place).offset,
        _weekly(there),
        there.soft_days,
        "-".join(filter(None, (rule.country, rule.subdivision))) + f" ({', '.join(rule.categories)})"
        if rule
        else None,
        there.confidence,
        there.note,
        day_view(calendar, today, overrides),
    )


def _weekly(there: Delegation) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[Stretch]] = {}
    for item in there.hours:
        for weekday in item.days:
            found.setdefault(weekday, []).append(Stretch(item.opens, item.closes))
    return {weekday: tuple(map(str, sorted(stretches))) for weekday, stretches in found.items()}
