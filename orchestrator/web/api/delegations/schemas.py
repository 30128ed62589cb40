"""What the API takes and answers about working calendars."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, WithJsonSchema

from orchestrator.domain.delegations.delegation import Kind
from orchestrator.domain.delegations.working_calendar import Off, OverrideKind
from orchestrator.domain.time.wall import WallDate
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.services.delegations.overrides import Hours, NewOverride, Weekdays
from orchestrator.web.api.answering import AnswerModel, FactOf, LocalTimeModel, Sentence, beside
from orchestrator.web.api.inputs import ONE_LINE, Body, OneLine

Day = date  # Some models have a field named ``date``, which would hide the type.


class OverrideRequest(Body):
    """What is entered over a calendar; without ``last`` it is about one day."""

    kind: OverrideKind = Field(
        description="closed: a day off; open: a day that is worked; hours: other hours."
    )
    first: WallDate
    last: WallDate | None = None
    hours: Hours = Field(
        (), description="Stretches such as 08:00-14:00; needed for hours, possible for open."
    )
    days: Weekdays | None = Field(
        None,
        json_schema_extra={"minItems": 1},
        description="Weekdays on which other hours hold, such as fri; by default all working days.",
    )
    name: Annotated[str, OneLine] = Field(
        max_length=200, json_schema_extra=ONE_LINE, description="What the day is called."
    )
    why: Annotated[str, OneLine] = Field(
        max_length=1000, json_schema_extra=ONE_LINE, description="Where that is known from."
    )
    by: Annotated[str, OneLine, WithJsonSchema({"type": "string", **ONE_LINE})] | None = Field(
        None, max_length=60, description="Who says so; without it, the door it came through."
    )

    def wanted(self) -> NewOverride:
        """Return what the service takes; raises ``InvalidInput`` for what does not go together."""
        return NewOverride.of(self.model_dump(exclude_unset=True))


class OverrideModel(AnswerModel):
    """What was entered over a calendar; without an id while it is only previewed."""

    id: int | None
    delegation: str
    delegation_name: str
    kind: OverrideKind
    first: Day
    last: Day
    hours: list[str]
    days: list[str] | None
    name: str
    why: str
    by: str
    at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None


class DayModel(AnswerModel):
    """One day at a delegation."""

    date: Day
    weekday: str
    working: bool
    hours: list[str]
    off: Off | None = Field(description="Why offices are closed.")
    name: Sentence | None
    name_fact: FactOf | None = beside("name")
    estimated: bool
    soft: bool
    zone: str
    city: str
    offset: str
    override: OverrideModel | None


class CalendarModel(AnswerModel):
    """The calendar of a delegation for a period."""

    code: str
    name: str
    kind: Kind
    first: Day
    last: Day
    days: list[DayModel]
    incomplete: list[int] = Field(description="Years of which the holiday data does not know everything.")
    gaps: list[Sentence] = Field(description="What it does not know of them.")
    gaps_facts: list[FactOf] = beside("gaps")
    note: str | None


class VersionsModel(AnswerModel):
    """What plans rest on: versions of the data, digests of the files."""

    tzdata: str
    holidays: str
    delegations: str
    timelines: dict[str, str]
    outdated: list[str]


class DelegationModel(AnswerModel):
    """A delegation with its working calendar in brief, as it is today."""

    code: str
    name: str
    name_vi: str | None
    kind: Kind
    zone: str
    city: str
    offset: str
    hours: dict[str, list[str]]
    soft_days: list[str]
    holidays: str | None
    confidence: dict[str, str]
    note: str | None
    today: DayModel


class CalendarsModel(AnswerModel):
    """All delegations in protocol order, and the versions in use."""

    versions: VersionsModel
    delegations: list[DelegationModel]


class ShiftModel(AnswerModel):
    """One action that moves, is added, or is cancelled."""

    effect: str
    kind: ActionKind
    what: Sentence
    what_fact: FactOf = beside("what")
    recipient_name: str | None
    recipient_email: str | None
    delegation: str | None
    was: LocalTimeModel | None
    when: LocalTimeModel | None
    reason: Sentence | None
    reason_fact: FactOf | None = beside("reason")


class MeetingShiftsModel(AnswerModel):
    """What moves in one meeting."""

    reference: str
    title: str
    shifts: list[ShiftModel]
    days_off: list[Sentence] = Field(
        description="The days off on which it now takes place, and did not before."
    )
    days_off_facts: list[FactOf] = beside("days_off")


class CalendarChangeModel(AnswerModel):
    """What a change of a calendar did, or would do."""

    override: OverrideModel
    previewed: bool
    looked_at: int
    meetings: list[MeetingShiftsModel]
