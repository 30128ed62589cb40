"""Creating events, publishing all of one at once, and what changes of its sessions.

Each public method is one transaction: an event and its sessions commit together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from orchestrator.domain.definitions.events import SessionDraft
from orchestrator.domain.definitions.files import WrittenFile
from orchestrator.domain.meetings.event import Event
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import Conflict, InvalidInput, Problem
from orchestrator.facts import Fact, Said
from orchestrator.ports import Clock
from orchestrator.services.meetings.advice import advice
from orchestrator.services.meetings.drafting import Placed
from orchestrator.services.meetings.event_drafting import EventDrafting
from orchestrator.services.meetings.event_views import CreatedFile
from orchestrator.services.meetings.publishing import Publishing, publishing
from orchestrator.services.timelines.changing import Along, Changing, MeetingChange
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import Effect
from orchestrator.store.engine import Database
from orchestrator.store.meetings import events as store
from orchestrator.store.meetings import history, saving
from orchestrator.store.meetings import meetings as meeting_store


class Events:
    """The use cases around one event."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        clock: Clock,
        changing: Changing,
        drafting: EventDrafting,
        publishing: Publishing,
    ) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock
        self._changing = changing
        self._drafting = drafting
        self._publishing = publishing

    # Creating

    def create(self, file: WrittenFile, *, caller: Caller) -> CreatedFile:
        """Store all events and meetings of a file, all or none; nothing is sent.

        Sessions with a start become drafts, the others wait for their day. Raises ``InvalidInput`` with every
        problem of all of them, and ``Conflict`` when a reference is taken.
        """
        with self._changing.transaction() as session:
            now = self._clock.now()
            drafts = self._checked(session, file)
            events = [
                self._drafting.add_event(session, event, found, caller, now)
                for event, found in zip(file.events, drafts, strict=True)
            ]
            meetings = self._drafting.drafting.add(session, _placed_meetings(file), caller, now)
        return CreatedFile(tuple(events), tuple(meetings))

    def _checked(self, session: Session, file: WrittenFile) -> list[list[tuple[str, SessionDraft]]]:
        problems: list[Problem] = []
        found: list[list[tuple[str, SessionDraft]]] = []
        for place, event in enumerate(file.events):
            prefix = file.prefix_of_event(place)
            try:
                found.append(self._drafting.drafts_of(session, event, prefix))
            except InvalidInput as error:
                problems += error.problems
        problems += self._drafting.drafting.problems(session, _placed_meetings(file))
        if problems:
            raise InvalidInput(problems)
        return found

    # Publishing

    def publish(
        self,
        name: str,
        *,
        caller: Caller,
        version: int | None = None,
        save_the_date: bool | None = None,
        dry_run: bool = False,
    ) -> Effect:
        """Publish all drafts of an event at once; one whose days are not known is announced by its month.

        ``version`` is that of the event as it was read, and ``save_the_date`` is as for a meeting. Raises
        ``NotFound``, and ``Conflict`` where one of the drafts cannot be published, where nothing is left to
        publish, or for another version.
        """
        with self._database.reading() as session:
            event = store.load(session, store.find_id(session, name))
        if not event.drafts:
            return self._announce(event, caller=caller, version=version, dry_run=dry_run)
        first = event.session(event.lead) or event.drafts[0]
        first = first if first in event.drafts else event.drafts[0]

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            current = store.load(session, event.id)
            _require_version(current, version)
            others = [item.meeting_id for item in current.drafts if item.meeting_id not in (None, meeting.id)]
            befores = meeting_store.load_many(session, [item for item in others if item is not None])
            afters = {
                item.reference: self._publishing.published(session, item, now, save_the_date)
                for item in (meeting, *befores)
            }
            what = publishing(save_the_date)
            return MeetingChange(
                afters[meeting.reference],
                what,
                along=[Along(item, MeetingChange(afters[item.reference], what)) for item in befores],
                write=lambda session, _, now: _note_published(session, current, caller, now),
                warnings=self._warnings(session, (meeting, *befores), afters, now),
            )

        effect = self._changing.change(
            first.reference, command, caller=caller, dry_run=dry_run, with_linked=True
        )
        return self._of_event(effect, event, first.reference)

    def _warnings(
        self, session: Session, befores: Iterable[Meeting], afters: Mapping[str, Meeting], now: datetime
    ) -> tuple[Said, ...]:
        found = (
            said
            for item in befores
            for said in advice(session, self._planner, item, afters[item.reference], now, afters)
        )
        return tuple(dict.fromkeys(found))

    def _of_event(self, effect: Effect, event: Event, first: str) -> Effect:
        """Return what follows, told of the event: each thing says to which session it belongs."""
        with self._database.reading() as session:
            version = store.load(session, event.id).version
        return replace(
            effect,
            reference=event.reference,
            version=version,
            consequences=tuple(replace(item, meeting=item.meeting or first) for item in effect.consequences),
            later=tuple(replace(item, meeting=item.meeting or first) for item in effect.later),
        )

    def _announce(self, event: Event, *, caller: Caller, version: int | None, dry_run: bool) -> Effect:
        _require_to_announce(event)
        _require_version(event, version)
        warnings = (Fact.of("meetings.nothing-leaves-before-its-day", month=str(event.month)),)
        if dry_run:
            return Effect(event.reference, event.version, True, (), warnings=warnings)
        with locked_event(self._changing, self._clock, event.reference, version) as found:
            session, current, now = found
            _require_to_announce(current)
            _note_published(session, current, caller, now)
        return Effect(event.reference, current.version + 1, False, (), warnings=warnings)


LockedEvent = tuple[Session, Event, datetime]
"""A session of the database, an event that nobody else changes in it, and the moment at which it is ours."""


@contextmanager
def locked_event(changing: Changing, clock: Clock, name: str, version: int | None) -> Iterator[LockedEvent]:
    """A transaction in which nobody else changes an event.

    Raises ``NotFound``, and ``Conflict`` for another version.
    """
    with changing.transaction() as session:
        number = store.find_id(session, name)
        store.lock(session, number)
        event = store.load(session, number)
        _require_version(event, version)
        yield session, event, clock.now()


def _placed_meetings(file: WrittenFile) -> list[Placed]:
    return [(file.prefix_of_meeting(place), item) for place, item in enumerate(file.meetings)]


def _require_version(event: Event, version: int | None) -> None:
    if version is not None and version != event.version:
        raise saving.changed_meanwhile(event.reference)


def _require_to_announce(event: Event) -> None:
    if event.drafts or not event.undated or event.announced_at is not None:
        raise Conflict(Fact.of("meetings.nothing-to-publish", reference=event.reference))


def _note_published(session: Session, event: Event, caller: Caller, now: datetime) -> None:
    """Note that an event was published, and that it is announced where days are still to come."""
    announced: dict[str, Any] = {"announced_at": now} if event.undated and event.announced_at is None else {}
    store.change(session, event.id, **announced)
    history.note_event(session, event.id, caller, Fact.of("meetings.history.published"), now)
