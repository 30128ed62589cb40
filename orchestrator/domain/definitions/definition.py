"""What a coordinator writes down to create a meeting: one YAML file, or the same fields as JSON.

``MeetingDefinition`` checks each field by itself; ``checking.check`` holds it against the delegations,
groups and timelines. Both report every problem at once, with field, value and remedy.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
)

from orchestrator.domain.definitions.written import (
    Agenda,
    Coordinator,
    Invitees,
    MeetingLength,
    MeetingTitle,
    Reference,
    Short,
    WallTime,
    Written,
    WrittenVenue,
)
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.place import Mode
from orchestrator.domain.problems import problems_of
from orchestrator.domain.text import Name, Title
from orchestrator.domain.time.zones import instant_of, zone
from orchestrator.domain.timelines.timeline import Timelines
from orchestrator.errors import InvalidInput

MOST_LINKED = 50
STANDARD_TIMELINE = "standard"


class MeetingKind(StrEnum):
    """What sort of meeting it is."""

    PREPARATORY = "preparatory"
    SOM = "som"
    FOCAL_POINT = "focal-point"
    WORKSHOP = "workshop"
    SOM_PLUS_THREE = "som-plus-three"
    HEADS = "heads"
    HEADS_PLUS_THREE = "heads-plus-three"
    FORUM = "forum"

    @property
    def words(self) -> str:
        """The kind as people write it."""
        return _KIND_WORDS.get(self, self.value.replace("-", " ").capitalize())


_TIMELINES_OF_KINDS = {MeetingKind.HEADS_PLUS_THREE: MeetingKind.HEADS.value}
"""Where it is not the one of the kind's own name."""
_KIND_WORDS = {
    MeetingKind.SOM: "SOM",
    MeetingKind.SOM_PLUS_THREE: "SOM+3",
    MeetingKind.HEADS_PLUS_THREE: "Heads +3",
}


class Preparatory(Written):
    """The preparatory meeting that a meeting is made with; what is left out follows from the meeting.

    Its start is wall time in the meeting's zone; without it, it is proposed for the nearest working day of
    the host before on which nobody is off, at the same clock. The room is its own; without a mode and a
    venue it takes place as the meeting does.
    """

    reference: Reference | None = Field(None, description="Without it, the meeting's own with -PREP.")
    title: MeetingTitle | None = None
    start: WallTime | None = None
    duration: MeetingLength | None = None
    agenda: Agenda = ()
    mode: Mode | None = None
    venue: WrittenVenue | None = None
    room: Name | None = None


def preparatory_of(value: object) -> object:
    """Read ``true`` as a preparatory meeting without anything of its own, and ``false`` as none."""
    if isinstance(value, bool):
        return Preparatory() if value else None
    return value


class MeetingDefinition(Written):
    """A meeting as its coordinator writes it: wall time and zone, never UTC."""

    reference: Reference = Field(description="A name of your own, such as ACCSM21-SOM-2021-04.")
    programme: Title | None = None
    kind: MeetingKind
    title: MeetingTitle
    host: Short = Field(description="Code of the host delegation.")
    coordinator: Coordinator
    start: WallTime
    zone: Short = Field(description="IANA zone of the wall time.")
    duration: MeetingLength | None = None
    end: WallTime | None = Field(None, description="Instead of a duration: the wall time of the end.")
    timeline: Short | None = Field(None, description="Its name; without it, the one of the meeting's kind.")
    agenda: Agenda = ()
    attendees: Invitees
    mode: Mode = Field(Mode.ONLINE, description="How people take part; without it, online.")
    venue: WrittenVenue | None = Field(None, description="Of a meeting in person, or a hybrid one.")
    room: Name | None = Field(None, description="The room at the venue.")
    feeds: Short | None = Field(None, description="Reference of the meeting this one prepares.")
    fed_by: tuple[Short, ...] = Field(
        (), max_length=MOST_LINKED, description="References of the meetings that prepare this one."
    )
    preparatory: Annotated[
        Preparatory | None,
        BeforeValidator(preparatory_of),
        Field(description="Make its preparatory meeting with it: true, or what is its own."),
    ] = None

    @classmethod
    def of(cls, data: Any) -> MeetingDefinition:
        """Check one parsed document field by field; raises ``InvalidInput`` with all problems."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error

    @property
    def length(self) -> timedelta:
        """How long the meeting lasts, from ``duration`` or ``end`` (wall times of one zone)."""
        if self.duration is not None:
            return self.duration
        if self.end is None:
            return timedelta(0)
        there = zone(self.zone)
        return instant_of(self.end, there) - instant_of(self.start, there)

    def timeline_of(self, timelines: Timelines) -> str:
        """Return the name of its timeline: the one given, else the one of its kind, else the standard one."""
        return self.timeline or timeline_of_kind(self.kind, timelines)

    def moved_by(self, days: int) -> MeetingDefinition:
        """Return the same meeting that many days later, at the same wall time."""
        shift = timedelta(days=days)
        end = self.end + shift if self.end else None
        before = self.preparatory
        if before and before.start:
            before = before.model_copy(update={"start": before.start + shift})
        return self.model_copy(update={"start": self.start + shift, "end": end, "preparatory": before})

    def without_inactive(self, directory: Directory) -> MeetingDefinition:
        """Leave out invitees whose delegation did not yet (or no longer) take part on the day."""
        day = self.start.date()
        kept = tuple(item for item in self.attendees if directory.get(item.delegation).active_on(day))
        return self.model_copy(update={"attendees": kept})


def timeline_of_kind(kind: MeetingKind, timelines: Timelines) -> str:
    """Return the name of the timeline that a meeting of ``kind`` gets when it names none."""
    usual = _TIMELINES_OF_KINDS.get(kind, kind.value)
    return usual if usual in timelines else STANDARD_TIMELINE
