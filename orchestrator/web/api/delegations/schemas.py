"""What the API answers about working calendars."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from orchestrator.domain.delegations.delegation import Kind
from orchestrator.domain.delegations.working_calendar import Off, OverrideKind
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.web.api.answering import AnswerModel, FactOf, LocalTimeModel, Sentence, beside

Day = date  # Some models have a field named ``date``, which would hide the type.


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
    incomplete: list[int] = Field(description="Years of which the holiday data has not everything.")
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


class CalendarChangeModel(AnswerModel):
    """What a change of a calendar did, or would do."""

    override: OverrideModel
    previewed: bool
    looked_at: int
    meetings: list[MeetingShiftsModel]
