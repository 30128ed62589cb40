"""Sessions of events as drafts, or kept until their day is known, inside the transaction of the use case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.definitions.event_checks import event_problems, lead_of
from orchestrator.domain.definitions.events import (
    EventDefinition,
    Frame,
    SessionDraft,
    SessionTexts,
    drafted,
)
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import InvalidInput, Problem
from orchestrator.facts import Fact
from orchestrator.services.meetings.drafting import Drafting
from orchestrator.services.meetings.event_views import CreatedEvent
from orchestrator.store.meetings import events as store
from orchestrator.store.meetings import history, saving


@dataclass(frozen=True, slots=True)
class EventDrafting:
    """Makes sessions of what was written; ``texts`` say how those are called that are given no title."""

    drafting: Drafting
    directory: Directory
    texts: SessionTexts

    def drafts_of(
        self, session: Session, event: EventDefinition, prefix: str
    ) -> list[tuple[str, SessionDraft]]:
        """Return the sessions of an event, each with the prefix of its fields; raises ``InvalidInput``."""
        problems = event_problems(event)
        found: list[tuple[str, SessionDraft]] = []
        frame = Frame.of(event)
        for place, item in enumerate(event.sessions):
            own = f"sessions[{place}]."
            try:
                found.append((own, drafted(item, frame, self.directory, self.texts, own)))
            except InvalidInput as error:
                problems += error.problems
        problems += self.problems(session, found)
        if problems:
            # A fault of what all sessions share is found in each of them, and told once.
            once = dict.fromkeys(problems)
            raise InvalidInput([replace(item, field=f"{prefix}{item.field}") for item in once])
        return [(f"{prefix}{own}", draft) for own, draft in found]

    def problems(self, session: Session, drafts: Sequence[tuple[str, SessionDraft]]) -> list[Problem]:
        """Return what the data say against sessions, with the fields at which it was written."""
        problems = [
            draft.placed(own, item)
            for own, draft in drafts
            for item in self.drafting.problems_of(draft.meeting)
        ]
        return problems or self.drafting.circles(session, [(own, draft.meeting) for own, draft in drafts])

    def add_event(
        self,
        session: Session,
        event: EventDefinition,
        drafts: Sequence[tuple[str, SessionDraft]],
        caller: Caller,
        now: datetime,
    ) -> CreatedEvent:
        """Store an event without problems, with its sessions; raises as ``Drafting.add`` does."""
        frame = Frame.of(event)
        new = store.BareEvent(
            reference=event.event,
            lead=lead_of(event),
            title_en=event.title.en,
            title_vi=event.title.vi,
            short=event.title.short,
            short_vi=event.title.short_vi,
            month=event.month,
            defaults=frame.defaults,
            people=[item.model_dump(mode="json", exclude_none=True) for item in frame.people],
        )
        number = store.add(session, new, now)
        history.note_event(session, number, caller, Fact.of("meetings.history.event-created"), now)
        placed = [(own, draft.meeting) for own, draft in drafts if draft.dated]
        created = self.drafting.add(session, placed, caller, now, number)
        waiting = [draft for _, draft in drafts if not draft.dated]
        for draft in waiting:
            self.keep(session, number, draft)
        return CreatedEvent(event.event, tuple(created), tuple(draft.meeting.reference for draft in waiting))

    def keep(self, session: Session, event_id: int, draft: SessionDraft) -> None:
        """Keep a session without a day on its event; raises ``Conflict`` when its reference is taken."""
        saving.require_free(session, draft.meeting.reference)
        store.add_undated(session, event_id, draft.meeting.reference, draft.written)
