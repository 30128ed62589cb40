"""Creating meetings: definitions become drafts, all or none; nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from orchestrator.domain.definitions.checking import check
from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.definitions.preparatory import PREPARATORY, PreparatoryTexts, pair
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.people.addresses import OwnMailbox
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import InvalidInput, Problem
from orchestrator.facts import Fact
from orchestrator.services.meetings.advice import advice
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.meetings.revising import attendees_of, entries_of, prefixed, where_of
from orchestrator.services.meetings.views import Created
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.meetings import events, history, linked, saving
from orchestrator.store.meetings import meetings as store

Placed = tuple[str, MeetingDefinition]
"""A definition, and what stands before the names of its fields where problems with them are told."""


class Drafting:
    """Makes drafts of definitions, inside the transaction of the use case."""

    def __init__(self, planner: Planner, preparatory: PreparatoryTexts, own: OwnMailbox) -> None:
        """``preparatory`` are the texts of preparatory meetings that are made together with another.

        ``own`` are the addresses of the service, under which nobody can be named.
        """
        self._own = own
        self._planner = planner
        self._preparatory = preparatory
        self._linking = Linking(planner)

    def create(
        self, session: Session, definitions: Sequence[MeetingDefinition], caller: Caller, now: datetime
    ) -> list[Created]:
        """Store drafts, each with the preparatory meeting it asks for; raises as ``Meetings.create`` does."""
        several = len(definitions) > 1
        placed = [(f"meetings[{index}]." if several else "", item) for index, item in enumerate(definitions)]
        problems = self.problems(session, placed)
        if problems:
            raise InvalidInput(problems)
        return self.add(session, placed, caller, now)

    def add(
        self,
        session: Session,
        placed: Sequence[Placed],
        caller: Caller,
        now: datetime,
        event_id: int = 0,
    ) -> list[Created]:
        """Store drafts of definitions without problems, as sessions of an event, or as events of their own.

        Raises ``InvalidInput`` for a preparatory meeting that cannot be made, and ``Conflict`` when a
        reference is taken.
        """
        created = [self._add(session, item, caller, now, event_id) for item in self._pairs(session, placed)]
        # Only now are all of them there, so that each can be held against the others.
        return [self._with_warnings(session, item, now) for item in created]

    def _pairs(self, session: Session, placed: Iterable[Placed]) -> list[MeetingDefinition]:
        """Return the definitions with the preparatory meetings they ask for, as valid as they are."""
        calendars = self._planner.calendars(session)
        found: list[MeetingDefinition] = []
        preparing: list[Placed] = []
        for prefix, definition in placed:
            try:
                own, *more = pair(definition, self._preparatory, calendars)
            except InvalidInput as error:
                raise InvalidInput([prefixed(prefix, item) for item in error.problems]) from error
            found += [own, *more]
            preparing += [(f"{prefix}{PREPARATORY}.", item) for item in more]
        problems = self.problems(session, preparing)
        if problems:
            raise InvalidInput(problems)
        return found

    def _add(
        self, session: Session, definition: MeetingDefinition, caller: Caller, now: datetime, event_id: int
    ) -> Created:
        draft = replace(self._draft(definition), event_id=event_id)
        new_id = saving.add(session, draft, _feeds(definition), now)
        events.gather(session, linked.chain(session, [definition.reference]), definition.reference)
        history.note(session, new_id, caller, Fact.of("meetings.history.created"), now)
        return Created(new_id, definition.reference)

    def _with_warnings(self, session: Session, created: Created, now: datetime) -> Created:
        """Put what meetings before it have decided on a new agenda, and say what its links leave to wish."""
        stored = store.load(session, created.id)
        meeting = self._linking.with_points(session, stored, now)
        if meeting != stored:
            meeting = saving.save(session, meeting, now, by_person=False)
        return replace(created, warnings=advice(session, self._planner, None, meeting, now))

    def problems(self, session: Session, placed: Sequence[Placed]) -> list[Problem]:
        """Return everything that is wrong with definitions, also with what they are linked to."""
        problems = [
            prefixed(prefix, item) for prefix, definition in placed for item in self.problems_of(definition)
        ]
        # A meeting that is linked to itself has been found by the check already.
        return problems or self.circles(session, placed)

    def problems_of(self, definition: MeetingDefinition) -> list[Problem]:
        """Return what a definition says against the data, whatever it is linked to."""
        return check(definition, self._planner.directory, self._planner.timelines, self._own)

    def circles(self, session: Session, placed: Sequence[Placed]) -> list[Problem]:
        """Return a problem for each link with which meetings would prepare each other in a circle."""
        return self._linking.circles(session, placed)

    def _draft(self, definition: MeetingDefinition) -> Meeting:
        where = where_of(definition)
        return Meeting(
            id=0,
            reference=definition.reference,
            programme=definition.programme,
            kind=definition.kind.value,
            title_en=definition.title.en,
            title_vi=definition.title.vi,
            host=definition.host,
            coordinator_name=definition.coordinator.name,
            coordinator_email=definition.coordinator.email,
            wall_start=definition.start,
            zone=definition.zone,
            duration=definition.length,
            timeline=definition.timeline_of(self._planner.timelines),
            conference=Conference(external_id=str(uuid4())),
            agenda=entries_of(definition.agenda),
            attendees=attendees_of(definition.attendees, self._planner.directory),
            mode=where.mode,
            venue=where.venue,
            room=where.room,
            short=definition.title.short,
            short_vi=definition.title.short_vi,
        )


def _feeds(definition: MeetingDefinition) -> list[tuple[str, str]]:
    forward = [(definition.reference, definition.feeds)] if definition.feeds else []
    return forward + [(source, definition.reference) for source in definition.fed_by]
