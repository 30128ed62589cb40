"""What a date poll proposes: starts given by hand, the best of the fair-start finder, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.domain.dates.date_poll import MOST_OPTIONS, Option, closing_problem, start_problems
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.definitions.written import WallTime
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.problems import problems_of
from orchestrator.domain.time.wall import WallClock, WallDate
from orchestrator.domain.time.zones import instant_of, wall_problem, zone
from orchestrator.errors import InvalidInput, Problem
from orchestrator.facts import Fact
from orchestrator.services.dates.fair_starts import FairStartQuery, FairStarts, Words
from orchestrator.services.meetings.meetings import Meetings


class DatePollRequest(BaseModel):
    """What is asked in a poll: starts given by hand, the best ones of the fair-start finder, or both.

    ``top`` asks the finder for so many; from ``first`` to ``last`` are the dates it looks at. All times are
    wall time in the meeting's zone, also ``closes``, until when delegations can answer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    starts: tuple[WallTime, ...] = Field((), max_length=100)
    top: int | None = Field(None, ge=1, le=MOST_OPTIONS)
    first: WallDate | None = Field(None, alias="from")
    last: WallDate | None = Field(None, alias="to")
    earliest: WallClock | None = None
    latest: WallClock | None = None
    hard: Words = Field(default_factory=list, max_length=200)
    soft: Words = Field(default_factory=list, max_length=200)
    closes: WallTime

    @property
    def sought(self) -> dict[str, Any]:
        """What is said to the fair-start finder beside how many starts it shall propose."""
        fields = {"first", "last", "earliest", "latest", "hard", "soft"}
        values = self.model_dump(include=fields, by_alias=True, exclude_none=True)
        return {name: value for name, value in values.items() if value}

    @classmethod
    def of(cls, data: Any) -> DatePollRequest:
        """Read what was given; raises ``InvalidInput`` naming each field."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error


class Proposals:
    """Finds and checks what is proposed; nothing is stored."""

    def __init__(self, meetings: Meetings, fair_starts: FairStarts) -> None:
        """``meetings`` holds a start against the rules of an update, ``fair_starts`` proposes starts."""
        self._meetings = meetings
        self._fair_starts = fair_starts

    def found(self, name: str, request: DatePollRequest) -> Sequence[datetime]:
        """Return the instants that the fair-start finder proposes for a meeting, where it is asked.

        Raises ``InvalidInput`` where it cannot be asked so, and ``NotFound`` for an unknown meeting.
        """
        if request.top is None:
            if request.sought:
                wrong, advice = Fact.of("dates.top-missing"), Fact.of("dates.top-missing.remedy")
                raise InvalidInput.of("top", None, wrong, advice)
            return ()
        first = request.closes.date() + timedelta(days=1)
        query = FairStartQuery.of({"meeting": name, "top": request.top, "from": first} | request.sought)
        return [item.starts_at for item in self._fair_starts.find(query).findings.fair_starts]

    def checked(
        self, meeting: Meeting, request: DatePollRequest, found: Sequence[datetime], now: datetime
    ) -> tuple[tuple[Option, ...], datetime]:
        """Return the options of a poll in the order of time, and the instant at which it closes.

        Raises ``InvalidInput`` with all that is wrong.
        """
        options = _options(meeting, request.starts, found)
        gap = _clock_problem(meeting, "closes", request.closes)
        closes_at = _instant(meeting, request.closes)
        wrong_closing = gap or closing_problem(_text(request.closes), closes_at, now)
        problems = [
            *start_problems(options, now, closes_at),
            *(problem for index, item in enumerate(options) for problem in self._unfit(meeting, index, item)),
            *([wrong_closing] if wrong_closing else []),
        ]
        if problems:
            raise InvalidInput(problems)
        return _in_order_of_time(options), closes_at

    def _unfit(self, meeting: Meeting, index: int, option: Option) -> Sequence[Problem]:
        """What an update to this start would be refused for."""
        try:
            self._meetings.checked_change(meeting, MeetingUpdate(start=option.wall_start))
        except InvalidInput as error:
            return [
                Problem(f"starts[{index}]", _text(option.wall_start), item.wrong, item.advice)
                for item in error.problems
            ]
        return ()


def _options(meeting: Meeting, given: Sequence[datetime], found: Sequence[datetime]) -> list[Option]:
    """The wall times given by hand, then what the finder found and was not given, in the meeting's zone."""
    walls = [item.astimezone(zone(meeting.zone)).replace(tzinfo=None) for item in found]
    starts = [*given, *(wall for wall in walls if wall not in given)]
    return [Option(number, wall, _instant(meeting, wall)) for number, wall in enumerate(starts, 1)]


def _in_order_of_time(options: Sequence[Option]) -> tuple[Option, ...]:
    """The options numbered as they are shown."""
    ordered = sorted(options, key=lambda item: item.starts_at)
    return tuple(replace(item, number=number) for number, item in enumerate(ordered, 1))


def _instant(meeting: Meeting, wall: datetime) -> datetime:
    return instant_of(wall, zone(meeting.zone))


def _text(wall: datetime) -> str:
    return f"{wall:%Y-%m-%d %H:%M}"


def _clock_problem(meeting: Meeting, field: str, wall: datetime) -> Problem | None:
    problem = wall_problem(wall, zone(meeting.zone))
    return Problem(field, _text(wall), *problem) if problem else None


def closing(meeting: Meeting, closes: datetime, now: datetime, options: Sequence[Option]) -> datetime:
    """Return the instant at which an open poll is to close; raises ``InvalidInput`` for a wrong one."""
    closes_at = _instant(meeting, closes)
    problem = _clock_problem(meeting, "closes", closes) or closing_problem(
        _text(closes), closes_at, now, options
    )
    if problem:
        raise InvalidInput([problem])
    return closes_at
