"""The one way to change something about a meeting.

A *command* reads what it needs and returns a ``MeetingChange``: the meeting as it is to be, what history says
of it, and what else is to be written. It writes nothing itself. ``Changing.change`` does the rest, always in
this order:

    lock → read the clock → check the version → command → save → write → note → replan → explain → wake up

A dry run takes the same command through the same planner in a reading transaction: nothing is locked, and
what would follow is computed from what was read. A preview therefore shows exactly what would happen, and a
reader never stands in the way of a worker.

    def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
        return MeetingChange(lifecycle.cancel(meeting, now), Fact.of("meetings.history.cancelled"))

    return self._changing.change(name, command, caller=caller, version=version, dry_run=dry_run)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.by_hand import kind_of
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.timelines.reconciling import Reconciliation
from orchestrator.errors import Conflict
from orchestrator.facts import Fact, Said
from orchestrator.ports import Clock, WakeUp
from orchestrator.services.timelines.days_off import with_days_off_decided
from orchestrator.services.timelines.explaining import Explainer
from orchestrator.services.timelines.planner import Planned, Planner
from orchestrator.services.timelines.views import Consequence, Effect, NoteShown
from orchestrator.store.answers import responses
from orchestrator.store.engine import Database
from orchestrator.store.meetings import history, saving
from orchestrator.store.meetings import linked as linked_store
from orchestrator.store.meetings import meetings as store

Write = Callable[[Session, Meeting, datetime], None]
"""Writes what belongs to a meeting beside it; gets the meeting as it is stored then."""


Narrow = Callable[[Reconciliation], Reconciliation]
"""Leaves of what planning changes what the caller meant, so that only that is shown."""


@dataclass(frozen=True, slots=True)
class MeetingChange:
    """What a command makes of a meeting.

    ``what`` and ``detail`` are the line of its history; without ``what`` there is none. ``meeting`` is as it
    is to be, with everything that ``write`` writes beside it, so that a dry run can plan it. Where only that
    changes (``saves`` is false), the meeting's version stays. ``remark`` is for the history alone, where it
    stands beside the line. ``along`` are changes of other meetings in the
    same transaction. ``shown`` says whether what follows from it is shown to the caller, ``narrow`` what of
    it was meant.
    """

    meeting: Meeting
    what: Fact | None = None
    detail: Said | None = None
    write: Write | None = None
    saves: bool = True
    by_person: bool = True
    caller: Caller | None = None
    along: Sequence[Along] = ()
    warnings: tuple[Said, ...] = ()
    shown: bool = True
    narrow: Narrow | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Along:
    """A change of another meeting, which stood as ``before``, in the same transaction."""

    before: Meeting
    change: MeetingChange


Command = Callable[[Session, Meeting, datetime], MeetingChange | None]
"""Returns what is to change at a moment; ``None`` where all stands so already. It may raise any error."""


class Changing:
    """Takes commands through, or shows what they would do."""

    def __init__(self, database: Database, planner: Planner, clock: Clock, wake_up: WakeUp) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock
        self._wake_up = wake_up
        self._explainer = Explainer(planner)

    def change(
        self,
        name: str,
        command: Command,
        *,
        caller: Caller,
        version: int | None = None,
        dry_run: bool = False,
        with_linked: bool = False,
    ) -> Effect:
        """Change the meeting called ``name`` (its reference or number) by ``command``, and say what follows.

        With ``version`` it must still be at that one. ``with_linked`` locks the meetings that it is linked to
        as well, for a command that changes them along. Raises ``NotFound``, ``Conflict`` for another version
        or for a change at the same moment, and what the command raises; then nothing was done.
        """
        if dry_run:
            with self._database.reading() as session:
                meeting = store.load(session, store.find_id(session, name))
                return self._look(session, meeting, command, version)
        made: list[bool] = []

        def noticed(session: Session, meeting: Meeting, now: datetime) -> MeetingChange | None:
            found = command(session, meeting, now)
            made.append(found is not None)
            return found

        with self.transaction() as session:
            meeting = self.locked(session, name, with_linked=with_linked)
            effect = self.changed(session, meeting, noticed, caller=caller, version=version)
        if any(made):
            self._wake_up.notify()
        return effect

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction of a command; raises ``Conflict`` where another one wrote the same at that moment."""
        try:
            with self._database.transaction() as session:
                yield session
        except IntegrityError as error:
            raise Conflict(Fact.of("timelines.simultaneous-change"), code="simultaneous-change") from error

    def wake(self) -> None:
        """Wake the beats after a transaction that changed what is planned."""
        self._wake_up.notify()

    def locked(self, session: Session, name: str, *, with_linked: bool = False) -> Meeting:
        """Return a meeting that is locked until the transaction ends, with those it is linked to."""
        number = store.find_id(session, name)
        if with_linked:
            linked_store.lock_chain(session, number)
        return store.load(session, number, lock=True)

    def changed(
        self,
        session: Session,
        meeting: Meeting,
        command: Command,
        *,
        caller: Caller,
        version: int | None = None,
    ) -> Effect:
        """Change a locked ``meeting`` inside the caller's transaction, who wakes the beats after it."""
        # The clock is read once the meeting is ours, so that stamps rise in the order of the changes.
        now = self._clock.now()
        _require_version(meeting, version)
        change = command(session, meeting, now)
        if change is None:
            return unchanged(meeting)
        stored = self._save(session, meeting, change, caller, now)
        planned = self._planned(session, meeting, stored, now)
        along = [self._saved_along(session, item, caller, now) for item in change.along]
        return self._effect(session, _meant(planned, change), [*filter(None, along)], change.warnings)

    def _look(self, session: Session, meeting: Meeting, command: Command, version: int | None) -> Effect:
        now = self._clock.now()
        _require_version(meeting, version)
        change = command(session, meeting, now)
        if change is None:
            return replace(unchanged(meeting), previewed=True)
        planned = self._planner.look(session, as_stored(meeting, change), now, before=meeting)
        along = [
            self._planner.look(session, as_stored(item.before, item.change), now, before=item.before)
            for item in change.along
            if item.change.shown
        ]
        effect = self._effect(session, _meant(planned, change), along, change.warnings)
        later = self._once_confirmed(session, planned, now)
        theirs = (
            replace(consequence, meeting=other.meeting.reference)
            for other in along
            for consequence in self._once_confirmed(session, other, now)
        )
        return replace(effect, previewed=True, later=(*later, *theirs))

    def _save(
        self, session: Session, before: Meeting, change: MeetingChange, caller: Caller, now: datetime
    ) -> Meeting:
        """Store a change with what belongs to it and its line of history; return the meeting as stored."""
        stored = before
        if change.saves:
            wanted = with_days_off_decided(session, self._planner, before, change.meeting, now)
            stored = saving.save(session, wanted, now, by_person=change.by_person)
            if stored.time_revision != before.time_revision:
                responses.settle_proposals(session, stored.id)
        if change.write is not None:
            change.write(session, stored, now)
            store.touch(session, stored.id)
            stored = store.load(session, stored.id)
        if change.what is not None:
            by = change.caller or caller
            history.note(session, stored.id, by, change.what, now, change.detail, remark=change.remark)
        return stored

    def _planned(self, session: Session, before: Meeting, stored: Meeting, now: datetime) -> Planned:
        return Planned(stored, self._planner.replan(session, stored, now, before=before), ())

    def _saved_along(self, session: Session, item: Along, caller: Caller, now: datetime) -> Planned | None:
        stored = self._save(session, item.before, item.change, caller, now)
        planned = self._planned(session, item.before, stored, now)
        return planned if item.change.shown else None

    def _effect(
        self, session: Session, planned: Planned, along: Sequence[Planned], warnings: tuple[Said, ...]
    ) -> Effect:
        meeting = planned.meeting
        theirs = [
            replace(consequence, meeting=other.meeting.reference)
            for other in along
            for consequence in self._explainer.explain(session, other.meeting, other.result)
        ]
        own = self._explainer.explain(session, meeting, planned.result)
        kinds = {item.kind for item in own if item.effect in ("new", "moved")}
        return Effect(
            meeting.reference,
            meeting.version,
            False,
            (*own, *theirs),
            warnings=warnings,
            tentative=meeting.tentative,
            notes=tuple(
                NoteShown(item.message, item.texts.en) for item in meeting.notes if kind_of(item) in kinds
            ),
        )

    def _once_confirmed(self, session: Session, planned: Planned, now: datetime) -> tuple[Consequence, ...]:
        """What follows when the timeline confirms an announced date by itself."""
        meeting = planned.meeting
        confirms_at = self._planner.confirms_at(session, meeting) if meeting.tentative else None
        if confirms_at is None or confirms_at <= now:
            return ()
        confirmed = lifecycle.confirm(meeting, confirms_at)
        result = self._planner.look_beyond(session, confirmed, planned, confirms_at)
        # By then the announcement has left, so that the invitation tells people more of what they know.
        told = tuple(replace(item, notified=True) for item in confirmed.attendees)
        return self._explainer.explain(session, replace(confirmed, attendees=told), result)


def _meant(planned: Planned, change: MeetingChange) -> Planned:
    return replace(planned, result=change.narrow(planned.result)) if change.narrow else planned


def unchanged(meeting: Meeting) -> Effect:
    """Return what a command says that found everything as it is to be."""
    return Effect(meeting.reference, meeting.version, False, (), tentative=meeting.tentative)


def as_stored(before: Meeting, change: MeetingChange) -> Meeting:
    """Return the meeting of a change as the store would give it back.

    New attendees get ids after all that the meeting has; other meetings' ids do not matter to a plan.
    """
    meeting = change.meeting
    highest = max((item.id for item in meeting.attendees), default=0)
    attendees = []
    for item in meeting.attendees:
        highest += not item.id
        attendees.append(item if item.id else replace(item, id=highest))
    version = before.version + (change.saves and change.by_person)
    return replace(meeting, attendees=tuple(attendees), version=version)


def _require_version(meeting: Meeting, version: int | None) -> None:
    if version is not None and version != meeting.version:
        raise saving.changed_meanwhile(meeting.reference)
