"""What a coordinator writes down to create a meeting: one YAML file, or the same fields as JSON.

``MeetingDefinition`` checks each field by itself; ``check`` holds it against the delegations,
groups and timelines. Both report every problem at once, with field, value and remedy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.problems import problems_of
from orchestrator.domain.text import single_line
from orchestrator.domain.time.durations import duration_text, parse_duration
from orchestrator.domain.time.zones import exists, instant_of, zone, zone_names
from orchestrator.domain.timelines.timeline import Timelines
from orchestrator.errors import InvalidInput, Problem

MOST_ATTENDEES = 2000
LARGEST_FILE = 1_000_000
LONGEST_MEETING = timedelta(days=14)
STANDARD_TIMELINE = "standard"

_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)
_WALL_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::00)?(?P<offset> ?(?:Z|[+-]\d\d:?\d\d))?")
_YEARS = range(1970, 2201)


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


def _address(value: str) -> str:
    text = value.strip()
    if not _ADDRESS.fullmatch(text) or ".." in text or text.startswith(".") or ".@" in text:
        raise ValueError("is not an e-mail address")
    return text


def _wall_time(value: object) -> object:
    """Read ``2026-12-03 14:00``; an offset or seconds would contradict the zone or be noise."""
    text = value.isoformat(" ") if isinstance(value, datetime) else value
    found = _WALL_TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        raise ValueError("is not a wall time such as 2026-12-03 14:00")
    if found["offset"]:
        raise ValueError("has a UTC offset; write the wall time alone, the zone stands in 'zone'")
    try:
        wall = datetime.fromisoformat(f"{found[1]}T{found[2]}")
    except ValueError:
        raise ValueError("is not a date and time of the calendar") from None
    if wall.year not in _YEARS:
        raise ValueError(f"is not in the years {_YEARS[0]} to {_YEARS[-1]}")
    return wall


def _meeting_length(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError("is not an ISO 8601 duration such as PT2H30M")
    return parse_duration(value)


Line = Annotated[str, Field(max_length=250), AfterValidator(single_line)]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
Address = Annotated[str, Field(max_length=254), AfterValidator(_address)]
WallTime = Annotated[
    datetime,
    BeforeValidator(_wall_time),
    PlainSerializer(lambda value: f"{value:%Y-%m-%d %H:%M}", return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2026-12-03 14:00"]}),
]
MeetingLength = Annotated[
    timedelta,
    BeforeValidator(_meeting_length),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["PT2H30M"]}),
]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Written):
    """A text in English and, optionally, Vietnamese; a plain string is English."""

    en: Line
    vi: Line | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return {"en": value} if isinstance(value, str) else value


class Coordinator(_Written):
    """Who runs the meeting: named as its host and answered by Reply-To."""

    name: Line
    email: Address


class AgendaItem(_Written):
    """One item of the agenda; ``lead`` is a delegation's code or ``all``."""

    en: Line
    vi: Line | None = None
    lead: str | None = None
    input_from: str | None = Field(None, description="Reference of the meeting whose outcomes it reports.")

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return {"en": value} if isinstance(value, str) else value


class Invitee(_Written):
    """One person to invite, in a group and for a delegation; the role follows from the group."""

    group: str
    delegation: str
    name: Line
    email: Address
    role: Role | None = None
    seat: Seat | None = Field(None, description="What the person is in the delegation, if that matters.")
    language: str | None = Field(
        None, pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$", description="Locale, where it is not the delegation's."
    )


class Preparatory(_Written):
    """The preparatory meeting that a meeting is made with; what is left out follows from the meeting.

    Its start is wall time in the meeting's zone; without it, it is the host's working day before, at the
    same clock.
    """

    reference: Reference | None = Field(None, description="Without it, the meeting's own with -PREP.")
    title: Text | None = None
    start: WallTime | None = None
    duration: MeetingLength | None = None
    agenda: tuple[AgendaItem, ...] = ()


def _preparatory(value: object) -> object:
    """Read ``true`` as a preparatory meeting without anything of its own, and ``false`` as none."""
    if isinstance(value, bool):
        return Preparatory() if value else None
    return value


class MeetingDefinition(_Written):
    """A meeting as its coordinator writes it: wall time and zone, never UTC."""

    reference: Reference = Field(description="A name of your own, such as ACCSM21-SOM-2021-04.")
    programme: Line | None = None
    kind: MeetingKind
    title: Text
    host: str = Field(description="Code of the host delegation.")
    coordinator: Coordinator
    start: WallTime
    zone: str = Field(description="IANA zone of the wall time.")
    duration: MeetingLength | None = None
    end: WallTime | None = Field(None, description="Instead of a duration: the wall time of the end.")
    timeline: str | None = Field(None, description="Its name; without it, the one of the meeting's kind.")
    agenda: tuple[AgendaItem, ...] = ()
    attendees: tuple[Invitee, ...] = Field(max_length=MOST_ATTENDEES)
    feeds: str | None = Field(None, description="Reference of the meeting this one prepares.")
    fed_by: tuple[str, ...] = Field((), description="References of the meetings that prepare this one.")
    preparatory: Annotated[
        Preparatory | None,
        BeforeValidator(_preparatory),
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


def check(definition: MeetingDefinition, directory: Directory, timelines: Timelines) -> list[Problem]:
    """Return everything in ``definition`` that contradicts the calendar or the data; all at once."""
    return [
        *_check_time(definition),
        *_check_host(definition, directory),
        *_check_timeline(definition, timelines),
        *_check_agenda(definition, directory),
        *_check_attendees(definition, directory),
        *_check_links(definition),
    ]


def _check_time(definition: MeetingDefinition) -> list[Problem]:
    if definition.zone not in zone_names():
        return [
            Problem(
                "zone",
                definition.zone,
                "is not a zone of the IANA time zone database",
                "Write a zone such as Asia/Ho_Chi_Minh; abbreviations and offsets are ambiguous.",
            )
        ]
    if (definition.duration is None) == (definition.end is None):
        both = (
            "has neither 'duration' nor 'end'" if definition.end is None else "has both 'duration' and 'end'"
        )
        return [Problem("duration", "", both, "Give exactly one of them, for example duration: PT2H30M.")]
    problems = [
        Problem(
            field,
            f"{wall:%Y-%m-%d %H:%M}",
            f"does not exist in {definition.zone}: the clocks are put forward over it",
            "Choose a time before or after the change of clocks.",
        )
        for field, wall in (("start", definition.start), ("end", definition.end))
        if wall is not None and not exists(wall, zone(definition.zone))
    ]
    return problems or _check_length(definition)


def _check_length(definition: MeetingDefinition) -> list[Problem]:
    if definition.end is not None:
        field, given = "end", f"{definition.end:%Y-%m-%d %H:%M}"
        short = f"is not after the start, {definition.start:%Y-%m-%d %H:%M}"
    else:
        field, given, short = "duration", duration_text(definition.length), "is not longer than zero"
    if definition.length <= timedelta(0):
        return [Problem(field, given, short, "The meeting must end after it starts.")]
    if definition.length > LONGEST_MEETING:
        return [Problem(field, given, "makes the meeting longer than 14 days", "Check the dates.")]
    return []


def _check_host(definition: MeetingDefinition, directory: Directory) -> list[Problem]:
    return _check_delegation("host", definition.host, definition.start.date(), directory)


def _check_delegation(field: str, code: str, day: date, directory: Directory) -> list[Problem]:
    try:
        delegation = directory.get(code)
    except InvalidInput as error:
        found = error.problems[0]
        return [Problem(field, code, found.message, found.remedy)]
    if delegation.active_on(day):
        return []
    since = f"since {delegation.since}" if delegation.since and day < delegation.since else "no longer"
    return [
        Problem(
            field,
            code,
            f"{delegation.name} takes part {since}, and the meeting is on {day}",
            "Take it out, or change the date.",
        )
    ]


def _check_timeline(definition: MeetingDefinition, timelines: Timelines) -> list[Problem]:
    name = definition.timeline_of(timelines)
    if name in timelines:
        return []
    known = ", ".join(sorted(timelines))
    return [Problem("timeline", name, "is not a timeline", f"Known are: {known}.")]


def _check_agenda(definition: MeetingDefinition, directory: Directory) -> list[Problem]:
    problems: list[Problem] = []
    for index, item in enumerate(definition.agenda):
        if item.lead not in (None, "all"):
            field = f"agenda[{index}].lead"
            problems += _check_delegation(field, str(item.lead), definition.start.date(), directory)
    return problems


def _check_attendees(definition: MeetingDefinition, directory: Directory) -> list[Problem]:
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for index, invitee in enumerate(definition.attendees):
        where = f"attendees[{index}]"
        problems += _check_delegation(
            f"{where}.delegation", invitee.delegation, definition.start.date(), directory
        ) or _check_group(where, invitee, directory)
        first = seen.setdefault(invitee.email.casefold(), index)
        if first != index:
            problems.append(
                Problem(
                    f"{where}.email",
                    invitee.email,
                    f"is there twice: attendees[{first}] has it too",
                    "Keep one of the two; a person gets one invitation.",
                )
            )
    return problems


def _check_group(where: str, invitee: Invitee, directory: Directory) -> list[Problem]:
    try:
        group = directory.group(invitee.group)
    except InvalidInput as error:
        found = error.problems[0]
        return [Problem(f"{where}.group", invitee.group, found.message, found.remedy)]
    delegation = directory.get(invitee.delegation)
    if group.admits(delegation):
        return []
    return [
        Problem(
            f"{where}.group",
            invitee.group,
            f"is not for {delegation.name} ({delegation.code})",
            "Choose a group of that delegation.",
        )
    ]


def _check_links(definition: MeetingDefinition) -> list[Problem]:
    links: Mapping[str, tuple[str, ...]] = {
        "feeds": (definition.feeds,) if definition.feeds else (),
        "fed_by": definition.fed_by,
    }
    return [
        Problem(field, reference, "is this meeting itself", "Name another meeting, or leave it out.")
        for field, references in links.items()
        for reference in references
        if reference == definition.reference
    ] + _check_preparatory(definition)


def _check_preparatory(definition: MeetingDefinition) -> list[Problem]:
    wanted = definition.preparatory
    if wanted is None:
        return []
    if definition.kind is MeetingKind.PREPARATORY:
        remedy = "Take it out, or put it to the meeting that is prepared."
        return [Problem("preparatory", "", "is given for a preparatory meeting", remedy)]
    if wanted.reference == definition.reference:
        remedy = "Choose another reference."
        return [Problem("preparatory.reference", wanted.reference, "is this meeting itself", remedy)]
    return []


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, where plain YAML would silently keep the last.

    Dates stay text, so that what is wrong with one is said at its field and as it was written.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML looks for this very name on the class.
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                continue
            if (key.tag, key.value) in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"'{key.value}' is there twice", key.start_mark
                )
            seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    """Parse YAML or JSON text; raises ``InvalidInput`` with line and column when it is broken."""
    if len(text) > LARGEST_FILE:
        raise InvalidInput.of("document", f"{len(text)} characters", "is too large", "Keep it below 1 MB.")
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - the loader derives from SafeLoader.
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"
        raise InvalidInput.of(
            where,
            None,
            f"is not readable YAML: {error.problem or error.context}",
            "Correct that line; check indentation, quotes and colons.",
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidInput.of(
            "document", None, "is not readable YAML", "Save it as UTF-8 text and check its characters."
        ) from error


def read_definitions(text: str) -> list[MeetingDefinition]:
    """Read one meeting, or several under ``meetings:``, from YAML or JSON text.

    Raises ``InvalidInput`` listing the problems of all of them; the fields of several meetings are
    prefixed with ``meetings[n]``.
    """
    data = read_yaml(text)
    if not isinstance(data, dict):
        raise InvalidInput.of(
            "document",
            None,
            "holds no meeting",
            "Begin with the fields of a meeting, for example 'reference:'.",
        )
    if "meetings" not in data:
        return [MeetingDefinition.of(data)]
    shared = {
        key: value for key, value in data.items() if key != "meetings" and not str(key).startswith("x-")
    }
    entries = data["meetings"]
    if not isinstance(entries, list) or not entries or not all(isinstance(item, dict) for item in entries):
        raise InvalidInput.of("meetings", None, "is not a list of meetings", "List the meetings under it.")
    return _read_all([shared | item for item in entries])


def _read_all(entries: list[dict[str, Any]]) -> list[MeetingDefinition]:
    found: list[MeetingDefinition] = []
    problems: list[Problem] = []
    for index, entry in enumerate(entries):
        try:
            found.append(MeetingDefinition.of(entry))
        except InvalidInput as error:
            problems += [
                Problem(f"meetings[{index}].{item.field}", item.value, item.message, item.remedy)
                for item in error.problems
            ]
    if problems:
        raise InvalidInput(problems)
    return found
