"""What an event that is stored gives to its sessions, in the form in which a file would."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from orchestrator.domain.definitions.events import Frame
from orchestrator.domain.definitions.written import Invitee, MeetingTitle
from orchestrator.domain.meetings.event import Event
from orchestrator.domain.meetings.fields import AttendeeFields, values
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.store.meetings import meetings as store


def frame_of(session: Session, event: Event) -> Frame:
    """Return what an event gives: as it was written, or, where nobody made it, as its sessions have it."""
    # What is stored was found to be good when it came, so it is not checked again.
    title = MeetingTitle.model_construct(
        en=event.title[0], vi=event.title[1], short=event.short, short_vi=event.short_vi
    )
    if event.defaults:
        people = tuple(Invitee.model_validate(item) for item in event.people)
        return Frame(title, event.month, event.defaults, people)
    numbers = [item.meeting_id for item in event.dated if item.meeting_id is not None]
    meetings = store.load_many(session, numbers)
    lead = next((item for item in meetings if item.reference == event.lead), meetings[0])
    known: dict[str, Invitee] = {}
    for meeting in (lead, *meetings):
        for person in meeting.invited:
            known.setdefault(person.address, Invitee.model_construct(**values(AttendeeFields, person)))
    return Frame(title, event.month, _defaults(lead), tuple(known.values()))


def _defaults(lead: Meeting) -> dict[str, Any]:
    shared: dict[str, Any] = {
        "programme": lead.programme,
        "host": lead.host,
        "coordinator": {"name": lead.coordinator_name, "email": lead.coordinator_email},
        "zone": lead.zone,
        "mode": lead.mode.value,
        "venue": lead.venue.to_json() if lead.venue else None,
    }
    return {name: value for name, value in shared.items() if value is not None}
