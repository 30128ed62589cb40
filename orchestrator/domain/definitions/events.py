"""What a coordinator writes down of an event: what its sessions have in common, and the sessions.

Everything an event says holds for its sessions, unless they say their own; ``null`` takes it back. Its people
are written once, and each session says by its groups which of them take part.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orchestrator.domain.definitions.definition import (
    MOST_LINKED,
    MeetingDefinition,
    MeetingKind,
    Preparatory,
    preparatory_of,
)
from orchestrator.domain.definitions.written import (
    Agenda,
    Coordinator,
    Invitee,
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
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.problems import problems_of
from orchestrator.domain.text import Name, Title
from orchestrator.domain.time.months import Month, WrittenMonth
from orchestrator.errors import ConfigurationError, InvalidInput, Problem
from orchestrator.facts import Fact

MOST_SESSIONS = 50
"""Of one event."""
SHARED = ("programme", "host", "coordinator", "zone", "timeline", "duration", "agenda", "mode", "venue")
"""The fields that hold for all sessions of an event that do not say their own."""
_OWN_OF_EVENTS = ("groups", "lead", "attendees")
"""What a session says, and no meeting."""
_SOMETIME = time(12)


class SessionTexts(BaseModel):
    """How sessions are called that are given no title, by kind; ``{event}`` stands for what the event is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    titles: Mapping[MeetingKind, MeetingTitle]

    @classmethod
    def of(cls, data: Any) -> SessionTexts:
        """Read the texts from parsed YAML; raises ``ConfigurationError`` naming each field."""
        try:
            found = cls.model_validate(data)
        except ValidationError as error:
            raise ConfigurationError(problems_of(error)) from error
        missing = [kind for kind in MeetingKind if kind not in found.titles]
        if missing:
            wrong, remedy = Fact.of("problem.missing"), Fact.of("problem.add-it")
            raise ConfigurationError([Problem(f"titles.{kind.value}", "", wrong, remedy) for kind in missing])
        return found

    def title_of(self, kind: MeetingKind, event: MeetingTitle) -> dict[str, str]:
        """Return the title of a session of that kind, in the languages that the event has."""
        known = self.titles[kind]
        made = {"en": known.en.format(event=event.short or event.en)}
        if event.vi and known.vi:
            made["vi"] = known.vi.format(event=event.short_vi or event.vi)
        return made


class When(Written):
    """When an event takes place, as far as that is known before its days are."""

    month: WrittenMonth = Field(description="The month of all its sessions, such as 2027-08.")


class SessionDefinition(Written):
    """One session of an event. Without ``start`` only its month is known, and nothing leaves for it."""

    reference: Reference = Field(description="A name of your own, such as ACCSM21-SOM-2021-08.")
    kind: MeetingKind
    title: MeetingTitle | None = Field(None, description="Without it, that of its kind and event.")
    lead: bool = Field(False, description="Whether it leads the event and gives it its name.")
    groups: tuple[Short, ...] | None = Field(
        None,
        min_length=1,
        max_length=MOST_LINKED,
        description="Which circles of the event's people take part; else all.",
    )
    attendees: Invitees = Field((), description="People of this session alone, beside those of its groups.")
    start: WallTime | None = Field(None, description="Its wall time, once its day is known.")
    duration: MeetingLength | None = None
    end: WallTime | None = None
    programme: Title | None = None
    host: Short | None = None
    coordinator: Coordinator | None = None
    zone: Short | None = Field(None, description="Without one, that of the venue, else the host's.")
    timeline: Short | None = None
    agenda: Agenda | None = None
    mode: Mode | None = None
    venue: WrittenVenue | None = None
    room: Name | None = None
    feeds: Short | None = None
    fed_by: tuple[Short, ...] = Field((), max_length=MOST_LINKED)
    preparatory: Annotated[Preparatory | None, BeforeValidator(preparatory_of)] = None

    @classmethod
    def of(cls, data: Any) -> SessionDefinition:
        """Check one parsed session field by field; raises ``InvalidInput`` with all problems."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error

    def people(self, of_event: Sequence[Invitee]) -> tuple[Invitee, ...]:
        """Return who of the people of its event takes part, and whom it names itself.

        Without groups all of them do, unless it has a list of its own. Who is in both is taken from its own.
        """
        own = {compared(item.email) for item in self.attendees}
        alone = self.groups is None and bool(own)
        chosen = (
            item
            for item in of_event
            if not alone
            and compared(item.email) not in own
            and (self.groups is None or item.group in self.groups)
        )
        return (*chosen, *self.attendees)


def _with_sessions(schema: dict[str, Any]) -> None:
    """Say in the published schema that sessions are needed; what is wrong without is said in our words."""
    schema["required"] = [*schema.get("required", ()), "sessions"]


class EventDefinition(Written):
    """An event as its coordinator writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_with_sessions)

    event: Reference = Field(description="A name of your own, such as ACCSM21-2021-08.")
    title: MeetingTitle
    programme: Title | None = None
    host: Short = Field(description="Code of the host delegation.")
    coordinator: Coordinator
    mode: Mode | None = None
    venue: WrittenVenue | None = None
    zone: Short | None = Field(None, description="Without one, that of the venue, else the host's.")
    timeline: Short | None = None
    duration: MeetingLength | None = None
    agenda: Agenda | None = None
    lead: Short | tuple[Short, ...] | None = Field(None, description="Reference of the session that leads.")
    when: When | None = Field(None, description="The month, as long as a session has no start.")
    attendees: Invitees = ()
    sessions: tuple[SessionDefinition, ...] = Field(
        (), max_length=MOST_SESSIONS, json_schema_extra={"minItems": 1}
    )

    @classmethod
    def of(cls, data: Any) -> EventDefinition:
        """Check one parsed event field by field; raises ``InvalidInput`` with all problems."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error

    @property
    def month(self) -> Month | None:
        """The month of its sessions, where one is given."""
        return self.when.month if self.when else None

    def moved_by(self, days: int) -> EventDefinition:
        """Return the same event that many days later.

        Its month becomes that of its first start, else the one in which its middle then lies. Once every
        session has its day, they may come to lie in two months, so then none is named.
        """
        moved = tuple(_moved(item, days) for item in self.sessions)
        starts = [item.start for item in moved if item.start]
        if self.when is None or len(starts) == len(moved):
            return self.model_copy(update={"when": None, "sessions": moved})
        first = min(starts, default=None)
        month = Month(first.year, first.month) if first else self.when.month.moved_by(days)
        return self.model_copy(update={"when": When(month=month), "sessions": moved})


def _moved(session: SessionDefinition, days: int) -> SessionDefinition:
    if session.start is None:
        return session
    shift = timedelta(days=days)
    before = session.preparatory
    if before and before.start:
        before = before.model_copy(update={"start": before.start + shift})
    end = session.end + shift if session.end else None
    return session.model_copy(update={"start": session.start + shift, "end": end, "preparatory": before})


class EventUpdate(Written):
    """What is to be changed of an event; what is left out stays."""

    title: MeetingTitle | None = None
    lead: Reference | None = Field(None, description="Reference of the session that leads from now on.")
    when: When | None = Field(None, description="null takes the month out, once every session has its day.")

    @classmethod
    def of(cls, data: Any) -> EventUpdate:
        """Check the fields one by one; raises ``InvalidInput`` with all problems."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error


@dataclass(frozen=True, slots=True)
class Frame:
    """What an event gives its sessions: what it is called, its month, what they share, and its people.

    ``defaults`` is as it is written, by the names of the fields.
    """

    title: MeetingTitle
    month: Month | None
    defaults: Mapping[str, Any]
    people: tuple[Invitee, ...]

    @classmethod
    def of(cls, event: EventDefinition) -> Frame:
        """Return what a new event gives."""
        shared = event.model_dump(mode="json", exclude_unset=True, exclude_none=True, include=set(SHARED))
        return cls(event.title, event.month, shared, event.attendees)


@dataclass(frozen=True, slots=True)
class SessionDraft:
    """A session with all that its event gives it, so that it can be checked.

    ``meeting`` is the meeting that it is, or will be once it is ``dated``; before that its time is made up.
    ``written`` is what is kept of it until then. ``people`` says where each of its people was written, and
    ``own`` which fields it says itself.
    """

    meeting: MeetingDefinition
    dated: bool
    written: Mapping[str, Any]
    people: tuple[str, ...]
    own: frozenset[str]

    def placed(self, prefix: str, problem: Problem) -> Problem:
        """Return a problem of the meeting at the field that was written; ``prefix`` is the session's."""
        return replace(problem, field=_where_written(problem.field, prefix, self.people, self.own))


def _where_written(field: str, prefix: str, people: Sequence[str], own: Collection[str]) -> str:
    listed, bracket, rest = field.partition("]")
    if bracket and listed.startswith("attendees["):
        return people[int(listed.removeprefix("attendees["))] + rest
    name = field.partition(".")[0].partition("[")[0]
    return field if name in SHARED and name not in own else f"{prefix}{field}"


def drafted(
    session: SessionDefinition, frame: Frame, directory: Directory, texts: SessionTexts, prefix: str = ""
) -> SessionDraft:
    """Return a session with what its event gives; raises ``InvalidInput``, fields told after ``prefix``."""
    written = _with_defaults(session, frame, directory, texts)
    problems = _circle_problems(session, frame, prefix) + _day_problems(session, frame, prefix)
    if problems:
        raise InvalidInput(problems)
    return _read(written, session, frame, prefix)


def dated(
    written: Mapping[str, Any], start: Mapping[str, Any], frame: Frame, directory: Directory
) -> SessionDraft:
    """Return a session that was kept without a day with its ``start``, and what else is given with that.

    Raises ``InvalidInput`` for what is no time, lies outside the month, or still lacks a length.
    """
    own = {key: value for key, value in start.items() if value is not None}
    length = own.keys() & {"duration", "end"}
    kept = {key: value for key, value in written.items() if not length or key not in ("duration", "end")}
    try:
        session = SessionDefinition.model_validate(kept | own)
    except ValidationError as error:
        raise InvalidInput(problems_of(error)) from error
    problems = _circle_problems(session, frame, "") + _day_problems(session, frame, "")
    if session.start is None:
        problems = [Problem("start", "", Fact.of("problem.missing"), Fact.of("problem.add-it"))]
    if problems:
        raise InvalidInput(problems)
    return _read(_zoned(session.model_dump(mode="json", exclude_unset=True), directory), session, frame, "")


def _with_defaults(
    session: SessionDefinition, frame: Frame, directory: Directory, texts: SessionTexts
) -> dict[str, Any]:
    own = session.model_dump(mode="json", exclude_unset=True)
    shared = dict(frame.defaults)
    if own.get("end"):
        shared.pop("duration", None)
    if session.mode is Mode.ONLINE:
        shared.pop("venue", None)
    whole = {key: value for key, value in (shared | own).items() if value is not None and key != "lead"}
    if session.title is None:
        whole["title"] = texts.title_of(session.kind, frame.title)
    return _zoned(whole, directory)


def _zoned(whole: dict[str, Any], directory: Directory) -> dict[str, Any]:
    """Put the zone that follows from the venue, else from the host, where none is given."""
    if "zone" in whole or "host" not in whole:
        return whole
    known = {item.code: item.zone for item in directory.delegations}
    # A host that nobody knows is refused at its own field.
    there = whole["venue"]["zone"] if "venue" in whole else known.get(whole["host"], "UTC")
    return whole | {"zone": there}


def _read(written: Mapping[str, Any], session: SessionDefinition, frame: Frame, prefix: str) -> SessionDraft:
    chosen = _chosen(session, frame, prefix)
    day = session.start is not None
    made = {key: value for key, value in written.items() if key not in _OWN_OF_EVENTS}
    if not day and frame.month is not None:
        made["start"] = f"{datetime.combine(frame.month.last, _SOMETIME):%Y-%m-%d %H:%M}"
        made.setdefault("duration", "PT1H")
    people, own = tuple(chosen), frozenset(session.model_fields_set)
    try:
        meeting = MeetingDefinition.of(made | {"attendees": [item.model_dump() for item in chosen.values()]})
    except InvalidInput as error:
        placed = (_where_written(item.field, prefix, people, own) for item in error.problems)
        found = [replace(item, field=field) for item, field in zip(error.problems, placed, strict=True)]
        raise InvalidInput(found) from error
    return SessionDraft(meeting, day, written, people, own)


def _chosen(session: SessionDefinition, frame: Frame, prefix: str) -> dict[str, Invitee]:
    """Return who takes part, by where they were written."""
    places = {id(item): f"attendees[{place}]" for place, item in enumerate(frame.people)}
    places |= {id(item): f"{prefix}attendees[{place}]" for place, item in enumerate(session.attendees)}
    return {places[id(item)]: item for item in session.people(frame.people)}


def _circle_problems(session: SessionDefinition, frame: Frame, prefix: str) -> list[Problem]:
    there = {item.group for item in frame.people}
    known = tuple(sorted(there))
    return [
        Problem(
            f"{prefix}groups[{place}]",
            group,
            Fact.of("definitions.nobody-in-group"),
            Fact.of("definitions.nobody-in-group.remedy", known=known),
        )
        for place, group in enumerate(session.groups or ())
        if group not in there
    ]


def _day_problems(session: SessionDefinition, frame: Frame, prefix: str) -> list[Problem]:
    if session.start is None:
        lacks = Fact.of("definitions.neither-start-nor-month")
        remedy = Fact.of("definitions.neither-start-nor-month.remedy")
        return [] if frame.month else [Problem(f"{prefix}start", "", lacks, remedy)]
    if frame.month is None or frame.month.holds(session.start.date()):
        return []
    month = str(frame.month)
    return [
        Problem(
            f"{prefix}start",
            f"{session.start:%Y-%m-%d %H:%M}",
            Fact.of("definitions.outside-month", month=month),
            Fact.of("definitions.outside-month.remedy", month=month),
        )
    ]
