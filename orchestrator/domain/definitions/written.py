"""The parts of a meeting file: lines, references, addresses, wall times, people and items of an agenda."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticKnownError

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.titles import MOST_OF_SHORT
from orchestrator.domain.people.addresses import in_a_labels
from orchestrator.domain.text import (
    LINE_PATTERN,
    FormOfAddress,
    Line,
    Name,
    Position,
    Title,
    single_line,
    without_link,
    without_nul,
)
from orchestrator.domain.time.durations import DURATION_PATTERN, duration_text, parse_duration
from orchestrator.errors import Unfit
from orchestrator.facts import Fact

_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)
_WALL_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::00)?(?P<offset> ?(?:Z|[+-]\d\d:?\d\d))?")
_YEARS = range(1970, 2201)


def _address(value: str) -> str:
    """Return an address with its domain as the DNS and mail servers take it, in whatever spelling it came."""
    local, at, domain = value.strip().rpartition("@")
    written = f"{local}{at}{in_a_labels(domain) or domain}"
    text = value.strip() if domain.isascii() else written
    fits = len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text)
    if not fits or ".." in text or text.startswith(".") or ".@" in text:
        raise Unfit(Fact.of("definitions.not-an-address"))
    return text


def _wall_time(value: object) -> object:
    """Read ``2026-12-03 14:00``; an offset or seconds would contradict the zone or be noise."""
    text = value.isoformat(" ") if isinstance(value, datetime) else value
    found = _WALL_TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        raise Unfit(Fact.of("definitions.not-a-wall-time"))
    if found["offset"]:
        raise Unfit(Fact.of("definitions.has-an-offset"))
    try:
        wall = datetime.fromisoformat(f"{found[1]}T{found[2]}")
    except ValueError:
        raise Unfit(Fact.of("definitions.not-in-the-calendar")) from None
    if wall.year not in _YEARS:
        raise Unfit(Fact.of("definitions.other-years", first=_YEARS[0], last=_YEARS[-1]))
    return wall


def _meeting_length(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise Unfit(Fact.of("definitions.not-a-length"))
    return parse_duration(value)


def _short_title(value: str) -> str:
    """Return a title that fits where there is little room; its length is told, for people have to count."""
    text = without_link(single_line(value))
    if len(text) > MOST_OF_SHORT:
        raise Unfit(Fact.of("definitions.short-title-too-long", count=len(text), most=MOST_OF_SHORT))
    return text


def _telephone(value: object) -> object:
    """Refuse what YAML has read as a number already: a leading plus sign or nought is lost by then."""
    if isinstance(value, int):
        raise Unfit(Fact.of("definitions.telephone-without-quotes"))
    return value


# What follows ``WithJsonSchema`` is for the published schema only, which would else not tell of the rules.
_LONGEST_ADDRESS = 254
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
# A pattern cannot count what stands before the at sign, which are 64 characters at most.
_LOCAL_PARTS = (
    f"{_ATOM}{{1,64}}",
    rf"{_ATOM}{{1,31}}\.{_ATOM}{{1,32}}",
    rf"{_ATOM}{{1,20}}(\.{_ATOM}{{1,20}}){{2}}",
    rf"{_ATOM}{{1,12}}(\.{_ATOM}{{1,12}}){{3,4}}",
)
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# Letters of Latin, Thai, Burmese, Khmer, kana, Chinese and Korean, any of which make a domain (RFC 5892).
_LETTER = (
    "[a-z0-9\u00e0-\u00f6\u00f8-\u00ff\u1ea1\u1ea3\u1ea5\u1ea7\u1ea9\u1ed9\u0e01-\u0e2e\u1000-\u1020"
    "\u1780-\u17a2\u3042-\u3093\u4e00-\u9fa5\uac00-\ud7a3]"
)
_LETTERS = f"{_LETTER}(-?{_LETTER}){{0,9}}"
_ADDRESS_SCHEMA = rf"^({'|'.join(_LOCAL_PARTS)})@({_LABEL}(\.{_LABEL})+|{_LETTERS}(\.{_LETTERS}){{1,2}})$"
_WALL_TIME_SCHEMA = (
    r"^(19[7-9][0-9]|2[01][0-9]{2}|2200)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:00)?$"
)

Short = Annotated[str, Field(max_length=100), AfterValidator(without_nul)]
"""A code, a name of something in the data, a zone: whatever it is, it is not longer."""
Reference = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
Address = Annotated[
    str,
    Field(max_length=_LONGEST_ADDRESS),
    AfterValidator(_address),
    WithJsonSchema({"type": "string", "maxLength": _LONGEST_ADDRESS, "pattern": _ADDRESS_SCHEMA}),
]
WallTime = Annotated[
    datetime,
    BeforeValidator(_wall_time),
    PlainSerializer(lambda value: f"{value:%Y-%m-%d %H:%M}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": _WALL_TIME_SCHEMA, "examples": ["2026-12-03 14:00"]}),
]
ShortTitle = Annotated[
    str,
    AfterValidator(_short_title),
    WithJsonSchema({"type": "string", "pattern": LINE_PATTERN, "maxLength": MOST_OF_SHORT}),
]
MeetingLength = Annotated[
    timedelta,
    BeforeValidator(_meeting_length),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["PT2H30M"]}),
]


class Written(BaseModel):
    """Something that is written down: nothing beside what it may hold, and it stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Written):
    """A text in English and, optionally, Vietnamese; a plain string is English."""

    en: Title
    vi: Title | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return {"en": value} if isinstance(value, str) else value


class MeetingTitle(Text):
    """The title of a meeting; the short one stands in subjects, lists and programmes."""

    short: ShortTitle | None = Field(None, description="At most 40 characters; else the title is cut.")
    short_vi: ShortTitle | None = Field(None, description="The short one for readers of Vietnamese.")


class WrittenVenue(Written):
    """Where people come to: the city and its zone; what else is known of it can be added later."""

    city: Name
    zone: Short = Field(description="IANA zone of the clocks there.")
    name: Line | None = Field(None, description="The house, and the hall in it that all sessions share.")
    address: Line | None = None
    arrivals: Line | None = Field(None, description="How to get there: airport, transport, entrance.")
    emergency: Annotated[Line | None, BeforeValidator(_telephone)] = Field(
        None, description="A telephone number that is answered at any hour."
    )


class Coordinator(Written):
    """Who runs the meeting: named as its host and answered by Reply-To."""

    name: Name
    email: Address


class AgendaItem(Written):
    """One item of the agenda; ``lead`` is a delegation's code or ``all``."""

    en: Line
    vi: Line | None = None
    lead: Short | None = None
    input_from: Short | None = Field(None, description="Reference of the meeting whose decisions it reports.")

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return {"en": value} if isinstance(value, str) else value


class Invitee(Written):
    """One person to invite, in a group and for a delegation; the role follows from the group."""

    model_config = ConfigDict(validate_by_alias=True, validate_by_name=True)

    group: Short
    delegation: Short
    name: Name
    email: Address
    role: Role | None = None
    seat: Seat | None = Field(None, description="What the person is in the delegation, if that matters.")
    language: str | None = Field(
        None, pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$", description="Locale, where it is not the delegation's."
    )
    form: FormOfAddress | None = Field(
        None, alias="address", description="How letters address the person before the name: Ms, Dato', Bà."
    )
    position: Position | None = Field(None, description="The office held, such as Minister of Home Affairs.")


MOST_ITEMS, MOST_ATTENDEES = 200, 2000


def _no_more_than(most: int) -> BeforeValidator:
    """Count before looking at each: of a list that is too long, nobody wants to read what else is wrong."""

    def counted(value: object) -> object:
        if isinstance(value, list | tuple) and len(value) > most:
            context = {"field_type": "List", "max_length": most, "actual_length": len(value)}
            raise PydanticKnownError("too_long", context)
        return value

    return BeforeValidator(counted)


Agenda = Annotated[tuple[AgendaItem, ...], Field(max_length=MOST_ITEMS), _no_more_than(MOST_ITEMS)]
Invitees = Annotated[tuple[Invitee, ...], Field(max_length=MOST_ATTENDEES), _no_more_than(MOST_ATTENDEES)]
