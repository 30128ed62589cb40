"""Bringing plans up to date when what they rest on has changed: zone rules, holidays, data files."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.people.caller import SERVICE
from orchestrator.domain.time.zones import LocalTime, local_time, tzdata_version
from orchestrator.errors import InvalidInput, OrchestratorError
from orchestrator.facts import Fact, chained, plain
from orchestrator.ports import Clock, WakeUp
from orchestrator.services.timelines.moves import MeetingShifts, Shift, foreseen, history_of, replanned
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.answers import responses
from orchestrator.store.dates import date_polls
from orchestrator.store.engine import Database
from orchestrator.store.meetings import bases, history, revisions, saving
from orchestrator.store.meetings import meetings as store
from orchestrator.store.meetings.bases import PlanBasis

AFTERWARDS = timedelta(days=60)
"""For how long after its end a meeting may have something left to do."""
_LOG = logging.getLogger(__name__)
_NEWER = {
    "tzdata": "timelines.newer-zone-data",
    "holidays": "timelines.newer-holiday-data",
    "delegations": "timelines.newer-delegations-file",
    "timeline": "timelines.newer-timeline",
}


@dataclass(frozen=True, slots=True)
class Retiming:
    """A start that is another instant than attendees were told, both as the host's clocks now show them.

    ``now`` is the wall time of the meeting, ``was`` what attendees were told.
    """

    was: LocalTime
    now: LocalTime


@dataclass(frozen=True, slots=True)
class Recalculated:
    """One meeting whose plan rested on something older.

    ``because`` names what has changed since. ``retimed`` is there when the wall time stayed and its instant
    did not, which attendees are told.
    """

    reference: str
    title: str
    status: str
    because: tuple[Fact, ...]
    retimed: Retiming | None
    shifts: tuple[Shift, ...]
    days_off: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """A meeting that could not be brought up to date, and why."""

    reference: str
    why: Fact


@dataclass(frozen=True, slots=True)
class Recalculation:
    """What recalculating did, or would do when only previewed."""

    previewed: bool
    meetings: tuple[Recalculated, ...]
    troubles: tuple[Trouble, ...]


def outdated(planner: Planner, candidates: Iterable[PlanBasis], now: datetime) -> list[PlanBasis]:
    """Return the meetings whose plan rests on something older than what is in use.

    Whatever is planned with new zone data before beat begins records it as what the plan rests on. So those
    count too whose instants are still of the old data, or not those that attendees were told.
    """
    return [item for item in candidates if _is_outdated(planner, item, now)]


def _is_outdated(planner: Planner, item: PlanBasis, now: datetime) -> bool:
    older = item.basis != _basis_now(planner, item) or item.tzdata != tzdata_version()
    return older or _is_mistold(item, now)


def _is_mistold(item: PlanBasis, now: datetime) -> bool:
    """Whether attendees are still to be told another start, which they can be until it has come."""
    if item.status is not MeetingStatus.PUBLISHED or item.told_start is None:
        return False
    return item.told_start != item.starts_at and min(item.told_start, item.starts_at) > now


def _basis_now(planner: Planner, item: PlanBasis) -> str | None:
    timeline = planner.known_timeline(item.timeline, item.own_timeline)
    return planner.basis_with(timeline) if timeline else None


_RECALCULATED = Fact.of("timelines.history.recalculated")


class Recalculating:
    """Replans the meetings whose plan rests on older data; several at once do it once."""

    def __init__(self, database: Database, planner: Planner, clock: Clock, wake_up: WakeUp) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock
        self._wake_up = wake_up

    def run(self, *, dry_run: bool = False) -> Recalculation:
        """Bring every meeting up to date, each in a transaction of its own.

        The wall time of a meeting is the truth: where new zone rules make it another instant, attendees
        are told the new one and asked again. One meeting that cannot be planned holds up no other.
        """
        now = self._clock.now()
        with self._database.reading() as session:
            older = outdated(self._planner, bases.planned(session, now - AFTERWARDS), now)
            drafts = bases.drafts_of_other_zone_data(session)
        done, troubles = [], []
        for item in [*older, *drafts]:
            try:
                found = self._one(item.id, now, dry_run=dry_run)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other meetings must not wait.
                _LOG.warning("%s could not be recalculated (%s)", item.reference, type(error).__name__)
                troubles.append(Trouble(item.reference, _trouble(error)))
                continue
            if found is not None:
                done.append(found)
                if not dry_run:
                    _log(found)
        if not dry_run and any(item.shifts or item.days_off for item in done):
            self._wake_up.notify()
        return Recalculation(dry_run, tuple(done), tuple(troubles))

    def _one(self, meeting_id: int, now: datetime, *, dry_run: bool) -> Recalculated | None:
        """Bring one meeting up to date; ``None`` when another process has just done so."""
        with self._database.reading() if dry_run else self._database.transaction() as session:
            meeting = store.load(session, meeting_id, lock=not dry_run)
            before = bases.basis_of(session, meeting_id)
            if meeting.status is MeetingStatus.DRAFT:
                return self._draft(session, meeting, before, now, dry_run=dry_run)
            if not _is_outdated(self._planner, before, now):
                return None
            changed, retiming = self._retimed(session, meeting, now)
            if dry_run:
                moved = foreseen(session, self._planner, changed, now)
            else:
                moved = self._saved(session, changed, retiming, now)
            found = Recalculated(
                meeting.reference,
                meeting.title_en,
                meeting.status,
                _because(before, self._planner.basis(meeting)),
                retiming,
                moved.shifts,
                moved.days_off,
            )
            if not dry_run and (retiming is not None or moved.shifts or moved.days_off):
                history.note(session, meeting_id, SERVICE, _RECALCULATED, now, _detail(found))
            return found

    def _saved(
        self, session: Session, changed: Meeting, retiming: Retiming | None, now: datetime
    ) -> MeetingShifts:
        """Store a meeting that may have another time revision, and replan it; return what moved."""
        saved = saving.save(session, changed, now, by_person=False)
        if retiming is not None:
            responses.settle_proposals(session, saved.id)
        return replanned(session, self._planner, saved, now)

    @staticmethod
    def _draft(
        session: Session, meeting: Meeting, before: PlanBasis, now: datetime, *, dry_run: bool
    ) -> Recalculated | None:
        """Derive the instants of a draft again, and those of its date poll; nothing planned rests on them.

        Nobody is asked for a date again: the page of the poll shows each reader the new local times.
        """
        if before.tzdata == tzdata_version():
            return None
        because = Fact.of(_NEWER["tzdata"], old=before.tzdata, new=tzdata_version())
        found = Recalculated(meeting.reference, meeting.title_en, meeting.status, (because,), None, ())
        if dry_run:
            return found
        saving.save(session, meeting, now, by_person=False)
        others = date_polls.derive_instants(session, meeting.date_poll.id) if meeting.date_poll else 0
        if others:
            detail = chained([because, Fact.of("timelines.dates-stay", count=others)])
            history.note(session, meeting.id, SERVICE, _RECALCULATED, now, detail)
        return found

    def _retimed(self, session: Session, meeting: Meeting, now: datetime) -> tuple[Meeting, Retiming | None]:
        """Give the meeting a new time revision where attendees were told another instant."""
        told = revisions.snapshot(session, meeting.id, meeting.time_revision)
        if meeting.status is not MeetingStatus.PUBLISHED or told is None:
            return meeting, None
        changed = lifecycle.retimed(meeting, told.starts_at, told.ends_at, now)
        if changed.time_revision == meeting.time_revision:
            return meeting, None
        place = host_place(meeting, self._planner.directory, meeting.starts_at)
        rules = Fact.of("meetings.reason.zone-rules", city=place.city)
        changed = lifecycle.because(meeting, changed, rules)
        return changed, Retiming(local_time(told.starts_at, place), local_time(meeting.starts_at, place))


def _log(found: Recalculated) -> None:
    """Say in the log of beat, which nobody watches at work, what it has done; the history says more."""
    told = "; attendees are told the new instant" if found.retimed else ""
    count, why = len(found.shifts), ", ".join(map(_logged, found.because))
    _LOG.info("%s was recalculated (%s): %s action(s) moved%s", found.reference, why, count, told)


def _logged(because: Fact) -> str:
    """Return what has changed for the log, which is in English; the history says it in any language."""
    params = because.params
    what = because.key.removeprefix("timelines.").replace("-", " ").removeprefix("newer ")
    return f"{what} {params['old']} → {params['new']}" if "new" in params else what


def _because(before: PlanBasis, basis: str) -> tuple[Fact, ...]:
    """Name what has changed since a plan was made, of which ``basis`` is what it rests on now."""
    if not before.basis:
        return (Fact.of("timelines.no-basis"),)
    old, new = json.loads(before.basis), json.loads(basis)
    changed = tuple(
        Fact.of(_NEWER[name], old=old.get(name, "unknown"), new=new[name])
        for name in new
        if old.get(name) != new[name]
    )
    return changed or (Fact.of("timelines.planned-already", version=tzdata_version()),)


def _detail(found: Recalculated) -> Fact:
    parts = [Fact.of("text", text=found.because)]
    if found.retimed is not None:
        was, now = found.retimed.was, found.retimed.now
        parts.append(Fact.of("timelines.start-stays", now=now, was=was))
    if found.shifts:
        parts.append(history_of(found.shifts))
    parts += found.days_off
    return chained(parts)


def _trouble(error: Exception) -> Fact:
    """Return what went wrong in one line: an error of ours as the fact that it is."""
    if isinstance(error, InvalidInput):
        return plain(str(error).partition("\n")[0])
    return error.fact if isinstance(error, OrchestratorError) else plain(str(error).partition("\n")[0])
