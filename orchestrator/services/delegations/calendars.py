"""Working calendars as people see them, and what coordinators enter over them."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema
from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import WEEKDAYS, Delegation, Directory, Weekday, weekday_of
from orchestrator.domain.delegations.public_holidays import holidays_of
from orchestrator.domain.delegations.working_calendar import (
    Day,
    Off,
    Override,
    OverrideKind,
    Stretch,
    WorkingCalendar,
)
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.problems import problems_of
from orchestrator.domain.text import LINE_PATTERN, single_line
from orchestrator.domain.time.wall import WallDate
from orchestrator.domain.time.zones import WEEKDAY_NAMES, local_date, local_time, long_date, zone
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.facts import Fact, Said
from orchestrator.ports import Clock, WakeUp
from orchestrator.services.timelines.moves import MeetingShifts, history_of, replanned
from orchestrator.services.timelines.planner import Planner, digest_of
from orchestrator.services.timelines.recalculating import AFTERWARDS, outdated
from orchestrator.store.delegations import overrides as store
from orchestrator.store.engine import Database
from orchestrator.store.meetings import bases, history, meetings
from orchestrator.store.rows.delegations import OverrideRow

LONGEST = timedelta(days=366)
_HOURS = re.compile(r"\d\d:\d\d-\d\d:\d\d", re.ASCII)


# --- what is shown


@dataclass(frozen=True, slots=True)
class OverrideView:
    """What somebody has entered over a calendar; ``id`` is ``None`` while it is only previewed.

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

    ``incomplete`` are the years of which the holiday data has nothing, or only a part.
    """

    code: str
    name: str
    kind: str
    first: date
    last: date
    days: tuple[DayView, ...]
    incomplete: tuple[int, ...]
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


# --- what is entered


def _hours(text: str) -> str:
    if not _HOURS.fullmatch(text):
        raise ValueError("is not a stretch of hours such as 08:00-14:00")
    try:
        stretch = store.stretch_of(text)
    except ValueError:
        raise ValueError("holds a time that no clock shows; write for example 08:00-14:00") from None
    if stretch.closes <= stretch.opens:
        raise ValueError("ends before it begins; write the earlier time first")
    return text


def _apart(texts: tuple[str, ...]) -> tuple[str, ...]:
    stretches = sorted(map(store.stretch_of, texts))
    for earlier, later in pairwise(stretches):
        if later.opens < earlier.closes:
            raise ValueError(f"overlap: {earlier} and {later}")
    return tuple(map(str, stretches))


def _in_week_order(days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
    if not days:
        raise ValueError("is empty; write for example mon, or leave it out for all working days")
    return tuple(item for item in WEEKDAYS if item in days)


_CLOCK_SCHEMA = "([01][0-9]|2[0-3]):[0-5][0-9]"
_HOURS_SCHEMA = {
    "type": "string",
    "pattern": f"^{_CLOCK_SCHEMA}-{_CLOCK_SCHEMA}$",
    "examples": ["08:00-14:00"],
}
Hours = Annotated[
    tuple[Annotated[str, AfterValidator(_hours), WithJsonSchema(_HOURS_SCHEMA)], ...], AfterValidator(_apart)
]
Weekdays = Annotated[tuple[Weekday, ...], AfterValidator(_in_week_order)]
Words = AfterValidator(single_line)
_LINE: dict[str, Any] = {"pattern": LINE_PATTERN}


class NewOverride(BaseModel):
    """What is entered over a calendar; without ``last`` it is about one day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: OverrideKind = Field(
        description="closed: a day off; open: a day that is worked; hours: other hours."
    )
    first: WallDate
    last: WallDate | None = None
    hours: Hours = Field(
        (), description="Stretches such as 08:00-14:00; needed for hours, possible for open."
    )
    days: Weekdays | None = Field(
        None,
        json_schema_extra={"minItems": 1},
        description="Weekdays on which other hours hold, such as fri; by default all working days.",
    )
    name: Annotated[str, Words] = Field(
        max_length=200, json_schema_extra=_LINE, description="What the day is called."
    )
    why: Annotated[str, Words] = Field(
        max_length=1000, json_schema_extra=_LINE, description="Where that is known from."
    )
    by: Annotated[str, Words, WithJsonSchema({"type": "string", **_LINE})] | None = Field(
        None, max_length=60, description="Who says so; without it, the door it came through."
    )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> NewOverride:
        """Read what somebody gave; raises ``InvalidInput`` naming each field."""
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error

    @property
    def end(self) -> date:
        """The last day."""
        return self.last or self.first


class WorkingCalendars:
    """Showing calendars, and entering what no data file can know."""

    def __init__(self, database: Database, planner: Planner, clock: Clock, wake_up: WakeUp) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock
        self._wake_up = wake_up

    # Looking

    def show(self, code: str, first: date | None = None, last: date | None = None) -> CalendarView:
        """Return the calendar of a delegation for a period, by default the present month.

        Raises ``InvalidInput`` for an unknown delegation, and for a period that is reversed or longer than
        a year.
        """
        delegation = self._delegation(code)
        first, last = self._period(delegation, first, last)
        with self._database.reading() as session:
            calendar = self._planner.calendars(session).of(delegation.code)
            rows = {row.id: row for row in store.all_overrides(session, delegation.code)}
        views = {number: _override_view(row, self._planner.directory) for number, row in rows.items()}
        days = tuple(_day_view(calendar, day, views) for day in _days(first, last))
        rules = {
            (there.holidays, day.year) for day in _days(first, last) if (there := delegation.on(day)).holidays
        }
        incomplete = sorted({year for rule, year in rules if rule and not holidays_of(rule, year).complete})
        return CalendarView(
            delegation.code,
            delegation.name,
            delegation.kind,
            first,
            last,
            days,
            tuple(incomplete),
            delegation.on(first).note,
        )

    def all(self) -> CalendarsView:
        """Return every delegation in protocol order, as it is today."""
        now = self._clock.now()
        directory = self._planner.directory
        with self._database.reading() as session:
            calendars = self._planner.calendars(session)
            rows = store.all_overrides(session)
        views = {row.id: _override_view(row, directory) for row in rows}
        delegations = tuple(
            _delegation_view(calendars.of(item.code), now, views)
            for item in directory.in_order(directory.delegations)
        )
        return CalendarsView(self.versions(), delegations)

    def overrides(self, code: str | None = None) -> list[OverrideView]:
        """Return everything that was ever entered, newest first, also what was withdrawn."""
        wanted = self._delegation(code).code if code is not None else None
        with self._database.reading() as session:
            rows = store.all_overrides(session, wanted)
        return [_override_view(row, self._planner.directory) for row in rows]

    def versions(self) -> Versions:
        """Return the versions in use, and which meetings still rest on older ones."""
        found = self._planner.versions()
        with self._database.reading() as session:
            now = self._clock.now()
            older = outdated(self._planner, bases.planned(session, now - AFTERWARDS), now)
        timelines = {name: digest_of(item) for name, item in sorted(self._planner.timelines.items())}
        return Versions(
            found["tzdata"],
            found["holidays"],
            found["delegations"],
            timelines,
            tuple(item.reference for item in older),
        )

    # Changing

    def enter(self, code: str, new: NewOverride, *, caller: Caller, preview: bool = False) -> CalendarChange:
        """Enter an override and replan every meeting that the delegation takes part in.

        Raises ``InvalidInput`` for what is wrong with it, also when it would change no day.
        """
        delegation = self._delegation(code)
        _check_period(new.first, new.end)
        _check_hours(new)
        _check_weekdays(new)
        now = self._clock.now()
        override = Override(
            0,
            delegation.code,
            new.kind,
            new.first,
            new.end,
            new.name,
            tuple(map(store.stretch_of, new.hours)),
            new.by or caller.name,
            new.why,
            new.days,
        )

        def apply(session: Session) -> OverrideRow:
            _check_effect(self._planner.calendars(session).of(delegation.code), override)
            return store.get(session, store.add(session, override, now))

        change = self._change(delegation.code, apply, now, caller, preview=preview)
        return replace(change, override=replace(change.override, id=None)) if preview else change

    def withdraw(self, override_id: int, *, caller: Caller, preview: bool = False) -> CalendarChange:
        """Withdraw an override and replan; it stays listed.

        Raises ``NotFound``, and ``Conflict`` when it is withdrawn already.
        """
        now = self._clock.now()
        with self._database.reading() as session:
            code = store.get(session, override_id).delegation

        def apply(session: Session) -> OverrideRow:
            return store.withdraw(session, override_id, caller.name, now)

        return self._change(code, apply, now, caller, preview=preview)

    def _change(
        self,
        code: str,
        apply: Callable[[Session], OverrideRow],
        now: datetime,
        caller: Caller,
        *,
        preview: bool,
    ) -> CalendarChange:
        """Apply, replan what the delegation takes part in, write what moved into each meeting's history."""
        with self._alone(code, now, preview=preview) as (session, taking_part):
            view = _override_view(apply(session), self._planner.directory)
            found = [replanned(session, self._planner, item, now) for item in taking_part]
            for meeting, moved in zip(taking_part, found, strict=True):
                _note(session, meeting.id, view, moved, caller, now)
        if not preview:
            self._wake_up.notify()
        moving = tuple(item for item in found if item.shifts)
        return CalendarChange(view, preview, len(taking_part), moving)

    @contextmanager
    def _alone(self, code: str, now: datetime, *, preview: bool) -> Iterator[tuple[Session, list[Meeting]]]:
        """A transaction in which nobody else plans, with the meetings of a delegation, locked.

        They are locked first, because whoever changes a meeting locks it before planning.
        """
        with self._database.rehearsal() if preview else self._database.transaction() as session:
            since = now - AFTERWARDS
            ids = [item.id for item in bases.planned(session, since, delegation=code)]
            found = [meetings.load(session, item, lock=True) for item in ids]
            store.enter_alone(session)
            if ids != [item.id for item in bases.planned(session, since, delegation=code)]:
                raise Conflict(
                    "A meeting was published or ended at this very moment. Repeat your change.",
                    code="simultaneous-change",
                )
            yield session, found

    def _delegation(self, code: str) -> Delegation:
        return self._planner.directory.get(code.strip().upper())

    def _period(self, delegation: Delegation, first: date | None, last: date | None) -> tuple[date, date]:
        """Fill in what was not said: the month of what was, else the present one."""
        if first is None:
            today = last or local_date(self._clock.now(), zone(delegation.zone))
            first = today.replace(day=1)
        last = last or first.replace(day=monthrange(first.year, first.month)[1])
        _check_period(first, last)
        return first, last


# --- checks


def _check_period(first: date, last: date) -> None:
    if last < first:
        raise InvalidInput.of(
            "last", last, f"is before the first day, {first}", "Write the earlier day first."
        )
    if last - first >= LONGEST:
        raise InvalidInput.of("last", last, f"is more than a year after {first}", "Choose a shorter period.")


def _check_hours(new: NewOverride) -> None:
    if new.kind is OverrideKind.HOURS and not new.hours:
        raise InvalidInput.of("hours", None, "are missing", "Write for example 08:00-14:00.")
    if new.kind is OverrideKind.CLOSED and new.hours:
        raise InvalidInput.of(
            "hours", ",".join(new.hours), "do not go with a day off", "Leave them out, or choose other hours."
        )


def _check_weekdays(new: NewOverride) -> None:
    if new.days is None:
        return
    given = ",".join(new.days)
    if new.kind is not OverrideKind.HOURS:
        raise InvalidInput.of(
            "days", given, "go only with other hours", "Leave them out, or enter each day by itself."
        )
    if not any(weekday_of(day) in new.days for day in _days(new.first, new.end)):
        raise InvalidInput.of(
            "days", given, f"do not occur from {new.first} to {new.end}", "Choose weekdays of the period."
        )


def _check_effect(calendar: WorkingCalendar, override: Override) -> None:
    """Refuse what is so already; a holiday that is estimated can be confirmed."""
    days = [calendar.day(day) for day in _days(override.first, override.last) if override.covers(day)]
    if any(_CHANGES[override.kind](day, override.stretches) for day in days):
        return
    name = calendar.delegation.name
    field, given = "first", override.first.isoformat()
    if override.kind is OverrideKind.HOURS and not any(day.working for day in days):
        message = f"up to {override.last} is no working day in {name}"
        if override.days is not None:
            field, given = "days", ",".join(override.days)
            message = f"are no working days in {name} from {override.first} to {override.last}"
        raise InvalidInput.of(field, given, message, "Other hours are those of working days; use 'open'.")
    if override.kind is OverrideKind.HOURS:
        raise InvalidInput.of(
            "hours", _listed(override.stretches), f"hold in {name} already", "Nothing to do."
        )
    day = days[0]
    wrong = Fact.of("delegations.is-already", sort=day.sort, delegation=name)
    if len(days) > 1:
        wrong = Fact.of("delegations.and-every-day", said=wrong, last=override.last)
    remedy = "Nothing to do." if override.kind is OverrideKind.CLOSED else "Use 'hours' for other hours."
    raise InvalidInput.of(field, given, wrong, remedy)


def _listed(stretches: Sequence[Stretch]) -> str:
    return ",".join(map(str, stretches))


_CHANGES: Mapping[OverrideKind, Callable[[Day, tuple[Stretch, ...]], bool]] = {
    OverrideKind.CLOSED: lambda day, _: day.working or day.estimated,
    OverrideKind.OPEN: lambda day, _: not day.working,
    OverrideKind.HOURS: lambda day, stretches: day.working and day.stretches != stretches,
}


# --- views


def _note(
    session: Session, meeting_id: int, view: OverrideView, moved: MeetingShifts, caller: Caller, now: datetime
) -> None:
    if moved.shifts:
        named = caller.named(view.withdrawn_by or view.by)
        detail = Fact.of(
            "delegations.override-moved", override=override_words(view), moved=history_of(moved.shifts)
        )
        history.note(session, meeting_id, named, Fact.of("delegations.history.calendar-changed"), now, detail)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def override_words(view: OverrideView) -> str:
    """Return what an override says, such as ``Viet Nam, day off on Monday, 7 December 2026 (Mourning)``."""
    days = f"on {long_date(view.first)}"
    if view.last != view.first:
        every = f"every {_weekday_words(view.days)} " if view.days else ""
        days = f"{every}from {long_date(view.first)} to {long_date(view.last)}"
    hours = f" {', '.join(view.hours)}" if view.hours else ""
    withdrawn = "withdrawn: " if view.withdrawn_at else ""
    return f"{withdrawn}{view.delegation_name}, {_KINDS[view.kind]}{hours} {days} ({view.name}; {view.why})"


def _weekday_words(days: Sequence[str]) -> str:
    *others, last = (WEEKDAY_NAMES[WEEKDAYS.index(item)] for item in days)
    return " and ".join(filter(None, (", ".join(others), last)))


_KINDS = {"closed": "day off", "open": "worked", "hours": "hours"}


def _override_view(row: OverrideRow, directory: Directory) -> OverrideView:
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


def _day_view(calendar: WorkingCalendar, day: date, overrides: Mapping[int, OverrideView]) -> DayView:
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


def _delegation_view(
    calendar: WorkingCalendar, now: datetime, overrides: Mapping[int, OverrideView]
) -> DelegationView:
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
        _day_view(calendar, today, overrides),
    )


def _weekly(there: Delegation) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[Stretch]] = {}
    for item in there.hours:
        for weekday in item.days:
            found.setdefault(weekday, []).append(Stretch(item.opens, item.closes))
    return {weekday: tuple(map(str, sorted(stretches))) for weekday, stretches in found.items()}
