"""What changes of an event and its sessions; nobody is told by any of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from orchestrator.domain.definitions.event_checks import month_problems, programme_problems
from orchestrator.domain.definitions.events import EventUpdate, SessionDefinition, dated, drafted
from orchestrator.domain.meetings.event import Event, EventSession, require_session
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.services.meetings.event_drafting import EventDrafting
from orchestrator.services.meetings.event_frames import frame_of
from orchestrator.services.meetings.event_views import CreatedEvent
from orchestrator.services.meetings.events import LockedEvent, locked_event
from orchestrator.services.meetings.views import Created
from orchestrator.services.timelines.changing import Changing
from orchestrator.store.meetings import events as store
from orchestrator.store.meetings import history


class EventSessions:
    """The use cases that change an event: its title, lead and month, and which sessions it has."""

    def __init__(self, clock: Clock, changing: Changing, drafting: EventDrafting) -> None:
        self._clock = clock
        self._changing = changing
        self._drafting = drafting

    def _locked(self, name: str, version: int | None) -> AbstractContextManager[LockedEvent]:
        return locked_event(self._changing, self._clock, name, version)

    def change(self, name: str, update: EventUpdate, *, caller: Caller, version: int | None = None) -> None:
        """Give an event another title, lead session or month; nobody is told by this alone.

        Raises ``InvalidInput`` for a lead that is none of its sessions and a month that a session
        contradicts, ``NotFound``, and ``Conflict`` for another version.
        """
        with self._locked(name, version) as (session, event, now):
            columns, said = _changes(event, update)
            if not columns:
                return
            store.change(session, event.id, **columns)
            for what in said:
                history.note_event(session, event.id, caller, what, now)

    def date(
        self,
        name: str,
        reference: str,
        start: Mapping[str, Any],
        *,
        caller: Caller,
        version: int | None = None,
    ) -> Created:
        """Give a session its ``start``, with ``duration``, ``end`` or ``zone`` where it lacks them.

        It is a draft from then on. Raises ``NotFound`` for no such session, ``Conflict`` for one that has its
        day, and ``InvalidInput`` as creating does, also for a day outside the month.
        """
        with self._locked(name, version) as (session, event, now):
            waiting = _waiting(event, reference)
            draft = dated(waiting.written, start, frame_of(session, event), self._drafting.directory)
            problems = self._drafting.problems(session, [("", draft)])
            if problems:
                raise InvalidInput(problems)
            store.remove_undated(session, reference)
            created, *_ = self._drafting.drafting.add(session, [("", draft.meeting)], caller, now, event.id)
            what = Fact.of(
                "meetings.history.session-dated",
                reference=reference,
                start=f"{draft.meeting.start:%Y-%m-%d %H:%M}",
                zone=draft.meeting.zone,
            )
            self._noted(session, event, what, caller, now)
        self._changing.wake()
        return created

    def add(
        self, name: str, new: SessionDefinition, *, caller: Caller, version: int | None = None
    ) -> CreatedEvent:
        """Add a session to an event: a draft, or one that waits for its day.

        What it does not say holds as for the others. Raises as creating does.
        """
        with self._locked(name, version) as (session, event, now):
            frame = frame_of(session, event)
            problems = programme_problems(new, frame)
            draft = drafted(new, frame, self._drafting.directory, self._drafting.texts)
            problems += self._drafting.problems(session, [("", draft)])
            if problems:
                raise InvalidInput(problems)
            created: list[Created] = []
            if draft.dated:
                created = self._drafting.drafting.add(session, [("", draft.meeting)], caller, now, event.id)
            else:
                self._drafting.keep(session, event.id, draft)
            columns: dict[str, Any] = {"lead": new.reference} if new.lead else {}
            what = Fact.of("meetings.history.session-added", reference=new.reference)
            self._noted(session, event, what, caller, now, **columns)
        self._changing.wake()
        planned = () if draft.dated else (new.reference,)
        return CreatedEvent(event.reference, tuple(created), planned)

    def remove(self, name: str, reference: str, *, caller: Caller, version: int | None = None) -> None:
        """Take a session out of an event; nobody is told.

        One that waits for its day is gone; a meeting goes on as an event of its own, as it is. Raises
        ``NotFound``, and ``Conflict`` for the lead session, which is also the last one.
        """
        with self._locked(name, version) as (session, event, now):
            found = _session(event, reference)
            if reference == event.lead:
                raise Conflict(Fact.of("meetings.lead-cannot-go", reference=reference, event=event.reference))
            if found.meeting_id is None:
                store.remove_undated(session, reference)
            else:
                store.move_meeting(session, found.meeting_id, store.alone(session, reference, now))
            what = Fact.of("meetings.history.session-removed", reference=reference)
            # A version never comes back, although that of the session no longer counts.
            self._noted(session, event, what, caller, now, by=found.version + 1)

    def _noted(
        self,
        session: Session,
        event: Event,
        what: Fact,
        caller: Caller,
        now: datetime,
        *,
        by: int = 1,
        **columns: Any,
    ) -> None:
        store.change(session, event.id, by=by, **columns)
        history.note_event(session, event.id, caller, what, now)


def _session(event: Event, reference: str) -> EventSession:
    found = event.session(reference)
    if found is None:
        known = tuple(item.reference for item in event.sessions)
        raise NotFound(
            Fact.of("meetings.no-such-session", reference=reference, event=event.reference, known=known)
        )
    return found


def _waiting(event: Event, reference: str) -> EventSession:
    found = _session(event, reference)
    if found.dated:
        raise Conflict(Fact.of("meetings.has-its-day", reference=reference))
    return found


def _changes(event: Event, update: EventUpdate) -> tuple[dict[str, Any], list[Fact]]:
    """Return the columns that an update changes, and what history says of it; raises ``InvalidInput``."""
    columns: dict[str, Any] = {}
    said: list[Fact] = []
    if update.title is not None:
        columns["title_en"] = update.title.en
        columns |= {
            column: getattr(update.title, name)
            for name, column in (("vi", "title_vi"), ("short", "short"), ("short_vi", "short_vi"))
            if name in update.title.model_fields_set
        }
        said.append(Fact.of("meetings.history.event-renamed", title=update.title.en))
    if update.lead is not None and update.lead != event.lead:
        require_session(event, update.lead)
        columns["lead"] = update.lead
        said.append(Fact.of("meetings.history.event-led", reference=update.lead))
    if "when" in update.model_fields_set:
        month = update.when.month if update.when else None
        problems = month_problems(event, month)
        if problems:
            raise InvalidInput(problems)
        columns["month"] = str(month) if month else None
        what = "meetings.history.event-month" if month else "meetings.history.event-no-month"
        said.append(Fact.of(what, month=str(month)) if month else Fact.of(what))
    return columns, said
