"""The REST API, version 1: events of one or more sessions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from orchestrator.domain.definitions.events import EventDefinition, EventUpdate, SessionDefinition
from orchestrator.domain.definitions.files import WrittenFile
from orchestrator.domain.definitions.written import MeetingLength, Short, WallTime
from orchestrator.web.api.inputs import Body, Preview
from orchestrator.web.api.meetings.event_schemas import EventModel, EventSummaryModel
from orchestrator.web.api.timelines.schemas import EffectModel
from orchestrator.web.container import EventReadingDep, EventsDep, EventSessionsDep
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("events")
_READ_AT = "The version the event was read at; another one answers 409."
_MOST = 2**31 - 1
ReadAt = Annotated[int | None, Field(ge=1, le=_MOST, description=_READ_AT)]


class NewEvent(EventDefinition):
    """An event to be created: the same fields as in a file, where they are declared once."""


class NewSession(SessionDefinition):
    """A session to be added: the same fields as in a file."""


class PublishEventRequest(Body):
    """Options of publishing an event."""

    version: ReadAt = None
    save_the_date: bool | None = Field(
        None, description="True announces the dates only, false invites. Left out, the timelines decide."
    )


class EventUpdateRequest(EventUpdate):
    """The fields to change, and the version they were read at."""

    version: int = Field(ge=1, le=_MOST, description=_READ_AT)


class StartRequest(Body):
    """The day of a session, and what else it lacks."""

    start: WallTime
    duration: MeetingLength | None = None
    end: WallTime | None = None
    zone: Short | None = None
    version: ReadAt = None


@router.post("/events", status_code=201, summary="Create an event")
def create_event(
    body: NewEvent, events: EventsDep, reading: EventReadingDep, caller: ApiCaller, response: Response
) -> EventModel:
    """Create an event from the same fields as the file. Nothing is sent."""
    events.create(WrittenFile(events=(body,), alone=True), caller=caller)
    response.headers["Location"] = f"/api/v1/events/{body.event}"
    return EventModel.showing(reading.event(body.event))


@router.get("/events", summary="List events")
def list_events(reading: EventReadingDep) -> list[EventSummaryModel]:
    """Return the events that are more than one meeting, the first one first."""
    return [EventSummaryModel.showing(item) for item in reading.events()]


@router.get("/events/{event}", summary="One event")
def get_event(event: str, reading: EventReadingDep) -> EventModel:
    """Return an event by number or reference, also by that of a session; a meeting alone is one too."""
    return EventModel.showing(reading.event(event))


@router.patch("/events/{event}", summary="Change an event")
def change_event(
    event: str,
    body: EventUpdateRequest,
    sessions: EventSessionsDep,
    reading: EventReadingDep,
    caller: ApiCaller,
) -> EventModel:
    """Change title, lead session or month; nobody is told by this alone."""
    fields = body.model_dump(exclude={"version"}, exclude_unset=True)
    sessions.change(event, EventUpdate.model_validate(fields), caller=caller, version=body.version)
    return EventModel.showing(reading.event(event))


@router.post("/events/{event}/publish", summary="Publish an event")
def publish_event(
    event: str,
    events: EventsDep,
    caller: ApiCaller,
    body: PublishEventRequest | None = None,
    preview: Preview = False,
) -> EffectModel:
    """Publish all drafts at once; an event whose days are not known is announced by its month."""
    body = body or PublishEventRequest(version=None, save_the_date=None)
    return EffectModel.showing(
        events.publish(
            event, caller=caller, version=body.version, save_the_date=body.save_the_date, dry_run=preview
        )
    )


@router.post("/events/{event}/sessions", status_code=201, summary="Add a session")
def add_session(
    event: str,
    body: NewSession,
    sessions: EventSessionsDep,
    reading: EventReadingDep,
    caller: ApiCaller,
) -> EventModel:
    """Add a session: a draft, or one that waits for its day. What it does not say holds as for the others."""
    new = SessionDefinition.model_validate(body.model_dump(exclude_unset=True))
    sessions.add(event, new, caller=caller)
    return EventModel.showing(reading.event(event))


@router.post("/events/{event}/sessions/{session}/start", summary="Give a session its day")
def date_session(
    event: str,
    session: str,
    body: StartRequest,
    sessions: EventSessionsDep,
    reading: EventReadingDep,
    caller: ApiCaller,
) -> EventModel:
    """Give a session its start, within the month of the event: it is a draft from then on."""
    start: dict[str, Any] = body.model_dump(mode="json", exclude={"version"}, exclude_none=True)
    sessions.date(event, session, start, caller=caller, version=body.version)
    return EventModel.showing(reading.event(event))


@router.delete("/events/{event}/sessions/{session}", summary="Take a session out")
def remove_session(
    event: str,
    session: str,
    sessions: EventSessionsDep,
    reading: EventReadingDep,
    caller: ApiCaller,
    version: Annotated[int | None, Query(ge=1, le=_MOST, description=_READ_AT)] = None,
) -> EventModel:
    """Take a session out: one without a day is gone, a meeting goes on as an event of its own."""
    sessions.remove(event, session, caller=caller, version=version)
    return EventModel.showing(reading.event(event))
