"""Holds what is to change of a meeting against the same rules as a new definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from orchestrator.domain.definitions.checking import check, check_mailbox
from orchestrator.domain.definitions.definition import MeetingDefinition, MeetingKind
from orchestrator.domain.definitions.edits import (
    AboutAgenda,
    AboutPeople,
    Intent,
    MeetingUpdate,
    edited_agenda,
    edited_people,
    intents_of,
)
from orchestrator.domain.definitions.written import (
    AgendaItem,
    Coordinator,
    Invitee,
    MeetingTitle,
    WrittenVenue,
)
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.fields import AgendaFields, AttendeeFields, values
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.meeting import AgendaEntry, Attendee, Meeting
from orchestrator.domain.meetings.place import Venue, Where
from orchestrator.domain.meetings.points import Point
from orchestrator.domain.people.addresses import OwnMailbox, compared
from orchestrator.domain.timelines.timeline import Timelines
from orchestrator.errors import Conflict, InvalidInput, Problem
from orchestrator.facts import Fact

NOTHING = MeetingUpdate()


def checked_change(
    meeting: Meeting,
    directory: Directory,
    timelines: Timelines,
    update: MeetingUpdate = NOTHING,
    intents: Sequence[Intent] = (),
    own: OwnMailbox | None = None,
) -> Change:
    """Return what an update and intents make of a meeting.

    With ``own`` nobody may be named under an address of the service's mailbox, or of the one that the
    meeting was announced from. Raises ``InvalidInput`` with every problem that a definition of the changed
    meeting would have, and ``NotFound`` for an intent about a person or an item that is not there.
    """
    people, agenda = _written_people(meeting), _written_agenda(meeting)
    intents = (*intents_of(update, people, agenda), *intents)
    touches_people = update.attendees is not None or any(isinstance(item, AboutPeople) for item in intents)
    touches_agenda = update.agenda is not None or any(isinstance(item, AboutAgenda) for item in intents)
    people, agenda = edited_people(people, intents), edited_agenda(agenda, intents)
    # An agenda that stays was found to be good when it came; a new time may be bad for any of the people.
    merged = _merged(meeting, update, people, agenda if touches_agenda else ())
    keeps_place = where_of(merged) == meeting.where
    problems = check(
        merged, directory, timelines, new_time=not _keeps_time(meeting, merged), new_place=not keeps_place
    )
    problems += _own_mailbox_problems(meeting, merged, own) if own else []
    if problems:
        raise InvalidInput(problems)
    retimed = update.model_fields_set & {"start", "zone", "duration", "end"}
    return Change(
        title_en=update.title.en if update.title else None,
        title_vi=_said_of("vi", update.title),
        short=_said_of("short", update.title),
        short_vi=_said_of("short_vi", update.title),
        coordinator_name=update.coordinator.name if update.coordinator else None,
        coordinator_email=update.coordinator.email if update.coordinator else None,
        wall_start=merged.start if retimed else None,
        zone=merged.zone if retimed else None,
        duration=merged.length if retimed else None,
        agenda=entries_of(agenda, _points(meeting)) if touches_agenda else None,
        attendees=attendees_of(people, directory) if touches_people else None,
        where=None if keeps_place else where_of(merged),
    )


def _keeps_time(meeting: Meeting, merged: MeetingDefinition) -> bool:
    """Whether start, zone and length are those that the meeting has, whoever repeats them."""
    stays = (meeting.wall_start, meeting.zone, meeting.duration)
    return merged.end is None and stays == (merged.start, merged.zone, merged.duration)


def _own_mailbox_problems(meeting: Meeting, merged: MeetingDefinition, own: OwnMailbox) -> list[Problem]:
    """Return what is wrong with the addresses that are new; those named before the rule came stay."""
    named = {item.address for item in meeting.invited} | {compared(meeting.coordinator_email)}
    found = check_mailbox(merged, own.also(meeting.organizer))
    return [item for item in found if compared(item.value) not in named]


def require_others(meeting: Meeting, own: OwnMailbox) -> None:
    """Raise ``Conflict`` for a meeting that names somebody under an address of the service's mailbox.

    Such a meeting was created before another mailbox was set, or before the rule came.
    """
    named = [meeting.coordinator_email, *(item.email for item in meeting.invited)]
    found = next((item for item in named if own.holds(item)), None)
    if found is not None:
        raise Conflict(Fact.of("meetings.names-own-mailbox", reference=meeting.reference, email=found))


def attendees_of(invitees: Sequence[Invitee], directory: Directory) -> tuple[Attendee, ...]:
    """Return people of a definition as attendees, in protocol order; a role left out is that of the group."""
    ordered = sorted(invitees, key=lambda item: directory.rank(item.delegation))
    return tuple(
        Attendee(
            **values(AttendeeFields, item) | {"role": item.role or directory.group(item.group).role},
        )
        for item in ordered
    )


def entries_of(
    items: Sequence[AgendaItem], points: Mapping[str, tuple[Point, ...]] | None = None
) -> tuple[AgendaEntry, ...]:
    """Return items of a definition as an agenda, with the ``points`` that are known by what they report."""
    known = points or {}
    return tuple(
        AgendaEntry(**values(AgendaFields, item), number=number, points=known.get(item.input_from or "", ()))
        for number, item in enumerate(items, 1)
    )


def prefixed(prefix: str, item: Problem) -> Problem:
    """Return a problem whose field is told with ``prefix`` before it."""
    return replace(item, field=f"{prefix}{item.field}")


# What is stored was found to be good when it came. A stricter rule of today must not stand in the way of a
# change of something else, so these are built without being checked again.
def _written_people(meeting: Meeting) -> tuple[Invitee, ...]:
    return tuple(Invitee.model_construct(**values(AttendeeFields, item)) for item in meeting.invited)


def _written_agenda(meeting: Meeting) -> tuple[AgendaItem, ...]:
    return tuple(AgendaItem.model_construct(**values(AgendaFields, item)) for item in meeting.agenda)


def _points(meeting: Meeting) -> dict[str, tuple[Point, ...]]:
    return {item.input_from: item.points for item in meeting.agenda if item.input_from}


def _said_of(field: str, title: MeetingTitle | None) -> str | None:
    """Return what an update says of a title that may be left out; empty takes it out, ``None`` leaves it."""
    if title is None or field not in title.model_fields_set:
        return None
    return getattr(title, field) or ""


def where_of(definition: MeetingDefinition) -> Where:
    """Return how and where a meeting takes place, as its definition says it."""
    venue = Venue(**definition.venue.model_dump()) if definition.venue else None
    return Where(definition.mode, venue, definition.room)


def _written_venue(venue: Venue | None) -> WrittenVenue | None:
    return None if venue is None else WrittenVenue.model_construct(**asdict(venue))


def _merged(
    meeting: Meeting, update: MeetingUpdate, people: Sequence[Invitee], agenda: Sequence[AgendaItem]
) -> MeetingDefinition:
    """The definition that the meeting would have after the update."""
    kept = update.end is None and update.duration is None
    return MeetingDefinition(
        reference=meeting.reference,
        kind=MeetingKind(meeting.kind),
        title=update.title or MeetingTitle.model_construct(en=meeting.title_en, vi=meeting.title_vi),
        host=meeting.host,
        coordinator=update.coordinator
        or Coordinator.model_construct(name=meeting.coordinator_name, email=meeting.coordinator_email),
        start=update.start or meeting.wall_start,
        zone=update.zone or meeting.zone,
        duration=meeting.duration if kept else update.duration,
        end=update.end,
        timeline=meeting.timeline,
        agenda=tuple(agenda),
        attendees=tuple(people),
        **_place_of(meeting, update),
    )


def _place_of(meeting: Meeting, update: MeetingUpdate) -> dict[str, Any]:
    """Return what a definition would say of mode, venue and room; what is not said stays.

    Of a meeting that becomes one over the internet, venue and room go unless the update names them.
    """
    mode, named = update.mode or meeting.mode, update.model_fields_set
    stays = mode.has_venue
    venue = update.venue if "venue" in named else _written_venue(meeting.venue) if stays else None
    room = update.room if "room" in named else meeting.room if stays else None
    return {"mode": mode, "venue": venue, "room": room}
