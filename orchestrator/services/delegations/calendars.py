"""Working calendars: showing them, and entering what no data file can know."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Delegation
from orchestrator.domain.delegations.public_holidays import gaps_of
from orchestrator.domain.delegations.working_calendar import (
    Override,
    WorkingCalendar,
)
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.time.zones import local_date, zone
from orchestrator.errors import Conflict
from orchestrator.facts import Fact, chained
from orchestrator.ports import Clock, WakeUp
from orchestrator.services.delegations.overrides import (
    NewOverride,
    check,
    check_clocks,
    check_effect,
    check_period,
    days_of,
)
from orchestrator.services.delegations.views import (
    CalendarChange,
    CalendarsView,
    CalendarView,
    OverrideView,
    Versions,
    day_view,
    delegation_view,
    entered_view,
    override_fact,
    override_view,
)
from orchestrator.services.timelines.days_off import with_days_off_known
from orchestrator.services.timelines.moves import MeetingShifts, foreseen, history_of, replanned
from orchestrator.services.timelines.planner import Planner, digest_of
from orchestrator.services.timelines.recalculating import AFTERWARDS, outdated
from orchestrator.store.delegations import overrides as store
from orchestrator.store.engine import Database
from orchestrator.store.meetings import bases, history, meetings
from orchestrator.store.rows.delegations import OverrideRow


class WorkingCalendars:
    """Showing calendars, and entering what no data file can know."""

    def __init__(self, database: Database, planner: Planner, clock: Clock, wake_up: WakeUp) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock
        self._wake_up = wake_up

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
        views = {number: override_view(row, self._planner.directory) for number, row in rows.items()}
        days = tuple(day_view(calendar, day, views) for day in days_of(first, last))
        rules = {
            (there.holidays, day.year)
            for day in days_of(first, last)
            if (there := delegation.on(day)).holidays
        }
        gaps = sorted({(year, gap) for rule, year in rules if rule for gap in gaps_of(rule, year)})
        return CalendarView(
            delegation.code,
            delegation.name,
            delegation.kind,
            first,
            last,
            days,
            tuple(dict.fromkeys(year for year, _ in gaps)),
            tuple(gap.fact(year) for year, gap in gaps),
            delegation.on(first).note,
        )

    def all(self) -> CalendarsView:
        """Return every delegation in protocol order, as it is today."""
        now = self._clock.now()
        directory = self._planner.directory
        with self._database.reading() as session:
            calendars = self._planner.calendars(session)
            rows = store.all_overrides(session)
        views = {row.id: override_view(row, directory) for row in rows}
        delegations = tuple(
            delegation_view(calendars.of(item.code), now, views)
            for item in directory.in_order(directory.delegations)
        )
        return CalendarsView(self.versions(), delegations)

    def overrides(self, code: str | None = None) -> list[OverrideView]:
        """Return everything that was ever entered, newest first, also what was withdrawn."""
        wanted = self._delegation(code).code if code is not None else None
        with self._database.reading() as session:
            rows = store.all_overrides(session, wanted)
        return [override_view(row, self._planner.directory) for row in rows]

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

    def enter(self, code: str, new: NewOverride, *, caller: Caller, dry_run: bool = False) -> CalendarChange:
        """Enter an override and replan every meeting that the delegation takes part in.

        Raises ``InvalidInput`` for what is wrong with it, also when it would change no day, and ``Conflict``
        when a meeting is published or ends at the same moment.
        """
        delegation = self._delegation(code)
        check(new)
        override = new.override(delegation.code, caller.name)
        if dry_run:
            return self._foreseen_entry(override)

        def apply(session: Session, now: datetime) -> OverrideRow:
            _check_entry(self._planner.calendars(session).of(delegation.code), override)
            return store.get(session, store.add(session, override, now))

        return self._change(delegation.code, apply, caller)

    def withdraw(self, override_id: int, *, caller: Caller, dry_run: bool = False) -> CalendarChange:
        """Withdraw an override and replan; it stays listed.

        Raises ``NotFound``, and ``Conflict`` when it is withdrawn already, or when a meeting is published or
        ends at the same moment.
        """
        with self._database.reading() as session:
            code = store.get(session, override_id).delegation
        if dry_run:
            return self._foreseen_withdrawal(override_id, caller)

        def apply(session: Session, now: datetime) -> OverrideRow:
            return store.withdraw(session, override_id, caller.name, now)

        return self._change(code, apply, caller)

    def _change(
        self, code: str, apply: Callable[[Session, datetime], OverrideRow], caller: Caller
    ) -> CalendarChange:
        """Apply, replan what the delegation takes part in, write what moved into each meeting's history."""
        with self._database.transaction() as session:
            taking_part = self._locked(session, code)
            # The clock is read once all is ours, so that stamps rise in the order of the changes.
            now = self._clock.now()
            taking_part = [with_days_off_known(session, self._planner, item, now) for item in taking_part]
            view = override_view(apply(session, now), self._planner.directory)
            found = [replanned(session, self._planner, item, now) for item in taking_part]
            for meeting, moved in zip(taking_part, found, strict=True):
                _note(session, meeting.id, view, moved, caller, now)
        self._wake_up.notify()
        return _change_of(view, found, previewed=False)

    def _locked(self, session: Session, code: str) -> list[Meeting]:
        """Lock the meetings of a delegation, and let no other transaction plan until this one ends.

        The meetings are locked first, because every change of a meeting locks it before planning.
        """
        since = self._clock.now() - AFTERWARDS
        ids = [item.id for item in bases.planned(session, since, delegation=code)]
        found = [meetings.load(session, item, lock=True) for item in ids]
        store.enter_alone(session)
        if ids != [item.id for item in bases.planned(session, since, delegation=code)]:
            raise Conflict(Fact.of("delegations.simultaneous-change"), code="simultaneous-change")
        return found

    def _foreseen_entry(self, override: Override) -> CalendarChange:
        with self._database.reading() as session:
            now, known = self._clock.now(), store.overrides(session)
            _check_entry(self._planner.calendars(session).of(override.delegation), override)
            # It will be the newest, and the newest counts.
            newest = replace(override, id=max((item.id for item in known), default=0) + 1)
            view = entered_view(override, now, self._planner.directory)
            return self._foreseen(session, view, (*known, newest), now)

    def _foreseen_withdrawal(self, override_id: int, caller: Caller) -> CalendarChange:
        with self._database.reading() as session:
            now, row = self._clock.now(), store.in_force(session, override_id)
            left = tuple(item for item in store.overrides(session) if item.id != override_id)
            view = override_view(row, self._planner.directory)
            withdrawn = replace(view, withdrawn_by=caller.name, withdrawn_at=now)
            return self._foreseen(session, withdrawn, left, now)

    def _foreseen(
        self, session: Session, view: OverrideView, overrides: Sequence[Override], now: datetime
    ) -> CalendarChange:
        """What replanning with other overrides would move; only reads."""
        planner = self._planner.foreseeing(overrides)
        planned = bases.planned(session, now - AFTERWARDS, delegation=view.delegation)
        loaded = [meetings.load(session, item.id) for item in planned]
        known = [with_days_off_known(session, self._planner, item, now) for item in loaded]
        found = [foreseen(session, planner, item, now) for item in known]
        return _change_of(view, found, previewed=True)

    def _delegation(self, code: str) -> Delegation:
        return self._planner.directory.get(code.strip().upper())

    def _period(self, delegation: Delegation, first: date | None, last: date | None) -> tuple[date, date]:
        """Fill in what was not said: the month of what was, else the present one."""
        if first is None:
            today = last or local_date(self._clock.now(), zone(delegation.zone))
            first = today.replace(day=1)
        last = last or first.replace(day=monthrange(first.year, first.month)[1])
        check_period(first, last)
        return first, last


def _check_entry(calendar: WorkingCalendar, override: Override) -> None:
    """Raise ``InvalidInput`` for what would change no day, or names hours that clocks skip or show twice."""
    check_clocks(calendar, override)
    check_effect(calendar, override)


def _change_of(view: OverrideView, found: Sequence[MeetingShifts], *, previewed: bool) -> CalendarChange:
    moving = tuple(item for item in found if item.shifts or item.days_off)
    return CalendarChange(view, previewed, len(found), moving)


def _note(
    session: Session, meeting_id: int, view: OverrideView, moved: MeetingShifts, caller: Caller, now: datetime
) -> None:
    if moved.shifts or moved.days_off:
        named = caller.named(view.withdrawn_by or view.by)
        detail = Fact.of(
            "delegations.override-moved",
            override=override_fact(view),
            moved=chained([*moved.days_off, *([history_of(moved.shifts)] if moved.shifts else [])]),
        )
        history.note(session, meeting_id, named, Fact.of("delegations.history.calendar-changed"), now, detail)
