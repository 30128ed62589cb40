"""Finding a start that is fair: what people ask for, held against calendars and history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from sqlalchemy.orm import Session

from orchestrator.domain.dates.costs import Rules, burden_of
from orchestrator.domain.dates.fair_starts import find, why_not
from orchestrator.domain.dates.findings import Findings, WhyNot
from orchestrator.domain.dates.requests import MOST_RETURNED, Request
from orchestrator.domain.definitions.written import MeetingLength
from orchestrator.domain.delegations.delegation import Directory, Kind
from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.problems import problems_of
from orchestrator.domain.time.wall import WallClock, WallDate
from orchestrator.errors import InvalidInput, Unfit
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.dates import past_meetings
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store

HISTORY = timedelta(days=730)
"""How far back meetings count as a burden: 24 months."""
WINDOW = timedelta(days=55)
"""What is looked through when it is not said until when: eight weeks."""
_CIRCLES = {
    "members": Kind.MEMBER,
    "secretariat": Kind.SECRETARIAT,
    "plus-three": Kind.PLUS_THREE,
    "partners": Kind.PARTNER,
}


_SOME_WORD = {"type": "string", "pattern": r"[^\s,]"}


def _words(value: object) -> object:
    """Read ``VN,ID``, or several of such. What was given and is empty is a slip, and no default."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        return value
    words = [word.strip() for text in texts for word in str(text).split(",") if word.strip()]
    if texts and not words:
        raise Unfit(Fact.of("dates.empty"))
    return words


Words = Annotated[list[Annotated[str, WithJsonSchema(_SOME_WORD)]], BeforeValidator(_words)]
Code = Annotated[str, BeforeValidator(lambda value: str(value).strip().upper())]


class FairStartQuery(BaseModel):
    """What is asked. What is left out comes from the meeting, if one is named, else from the defaults.

    ``delegations`` (written ``for``) are codes or circles; ``hard`` is what must be kept to, ``soft`` what
    need not be; ``why_not`` is a date to say of what stands against it. Dates and hours are the host's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    delegations: Words = Field(default_factory=list, alias="for", max_length=100)
    meeting: str | None = Field(None, min_length=1)
    duration: MeetingLength | None = None
    first: WallDate | None = Field(None, alias="from")
    last: WallDate | None = Field(None, alias="to")
    host: Code | None = None
    step: MeetingLength = timedelta(minutes=30)
    earliest: WallClock | None = None
    latest: WallClock | None = None
    hard: Words = Field(default_factory=list, max_length=200)
    soft: Words = Field(default_factory=list, max_length=200)
    top: int = Field(5, ge=1, le=MOST_RETURNED)
    why_not: WallDate | None = None

    @classmethod
    def of(cls, data: Any) -> FairStartQuery:
        """Read what was given; raises ``InvalidInput`` naming each field."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error


@dataclass(frozen=True, slots=True)
class FairStartsView:
    """The best starts found, and what stands against the date that was asked about."""

    findings: Findings
    why_not: WhyNot | None


class FairStarts:
    """Finding starts; nothing is stored."""

    def __init__(self, database: Database, planner: Planner, clock: Clock) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock

    def find(self, query: FairStartQuery) -> FairStartsView:
        """Return the best starts; raises ``InvalidInput`` naming the field, and ``NotFound``."""
        now = self._clock.now()
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, query.meeting)) if query.meeting else None
            calendars = self._planner.calendars(session)
            burdens = self._burdens(session, calendars, now)
        request = _request(query, meeting, calendars, now)
        findings = find(request, calendars, burdens)
        asked = query.why_not
        against = why_not(asked, request, calendars, burdens, findings.fair_starts[0]) if asked else None
        return FairStartsView(findings, against)

    @staticmethod
    def _burdens(session: Session, calendars: Calendars, now: datetime) -> dict[str, int]:
        """What delegations have borne so far, worked out again each time, because calendars are corrected."""
        return burden_of(past_meetings.held(session, now - HISTORY, now), calendars)


def _request(query: FairStartQuery, meeting: Meeting | None, calendars: Calendars, now: datetime) -> Request:
    directory = calendars.directory
    host = query.host or (meeting.host if meeting else None)
    duration = meeting.duration if query.duration is None and meeting else query.duration
    if host is None:
        raise _missing("host", Fact.of("dates.host-missing.remedy"))
    if duration is None:
        raise _missing("duration", Fact.of("dates.duration-missing.remedy"))
    first = query.first or _today(calendars, host, now)
    named = query.delegations or (_taking_part(meeting) if meeting else ["members"])
    codes = _codes(named, directory, first)
    return Request(
        delegations=codes,
        duration=duration,
        first=first,
        last=query.last or min(first, date.max - WINDOW) + WINDOW,
        host=host,
        now=now,
        step=query.step,
        earliest=query.earliest,
        latest=query.latest,
        rules=Rules.of(query.hard, query.soft, codes),
        top=query.top,
    )


def _missing(name: str, advice: Fact) -> InvalidInput:
    return InvalidInput.of(name, None, Fact.of("dates.missing"), advice)


def _today(calendars: Calendars, host: str, now: datetime) -> date:
    if host not in {item.code for item in calendars.directory.delegations}:
        raise InvalidInput.of("host", host, Fact.of("delegations.not-one"), Fact.of("dates.write-a-code"))
    return calendars.of(host).local_date(now)


def _taking_part(meeting: Meeting) -> list[str]:
    return [meeting.host, *(item.delegation for item in meeting.attendees if item.invited)]


def _codes(named: Iterable[str], directory: Directory, day: date) -> tuple[str, ...]:
    """Return the codes meant, each once and in protocol order; circles are those of ``day``."""
    found: set[str] = set()
    for word in named:
        kind = _CIRCLES.get(word.lower())
        if kind is None:
            found.add(word.upper())
        else:
            found |= {
                item.code for item in directory.delegations if item.kind is kind and item.active_on(day)
            }
    return tuple(sorted(found, key=directory.rank))
