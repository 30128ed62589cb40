"""The steps of an event's timeline, one model each: which fields it has, and what they may hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from orchestrator.domain.timelines.policy.rules import Covers, Item, Whose
from orchestrator.domain.timelines.policy.step_words import (
    CalendarDays,
    Circles,
    Day,
    Days,
    DaysBefore,
    DaysList,
    Duration,
    LastHour,
    Moment,
    WorkingDays,
    WorkingDaysBefore,
)
from orchestrator.errors import Unfit
from orchestrator.facts import Fact

FromSession = Literal["lead session", "first session"]
_PerEvent = Literal["event"]
_FIRST, _LAST = time(9), time(16)


class StepPart(BaseModel):
    """What every part of a timeline is: closed and frozen."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True
    )


class Counting(StepPart):
    """A day counted from a session, in the host's calendar."""

    at: DaysBefore
    source: FromSession = Field("lead session", alias="from")


class ConferenceStep(StepPart):
    """The link is made at once; the coordinator is told where it is not there after ``alert_after``."""

    do: Literal["conference"]
    id: Literal[""] = ""
    at: Literal["immediately"]
    alert_after: Duration | None = None


class InviteStep(StepPart):
    """The invitations of all sessions together, or the save-the-date of the lead session."""

    do: Literal["invite"]
    id: Literal["", "save-the-date"] = ""
    tentative: bool = Field(False, validate_default=True)
    per: _PerEvent | None = None
    at: DaysBefore
    source: FromSession = Field("lead session", alias="from")
    no_later_than: Counting | None = Field(None, alias="no later than")
    round: Literal["back"]

    @field_validator("tentative")
    @classmethod
    def _is_a_save_the_date(cls, tentative: bool, info: ValidationInfo) -> bool:
        named = info.data.get("id") == "save-the-date"
        if named is not tentative:
            raise Unfit(Fact.of("timelines.tentative-is-save-the-date"))
        return tentative


class ConnectionTestPart(StepPart):
    """Where the connection tests of the request letter lie."""

    at: DaysBefore
    source: Literal["first session"] = Field("first session", alias="from")
    back: WorkingDays = Field(5, ge=1, le=20)
    slot: Duration


class AskStep(StepPart):
    """The request letter: what each delegation is asked for, once for the whole event."""

    do: Literal["ask"]
    id: Literal[""] = ""
    per: _PerEvent
    at: Days
    source: Literal["invite"] = Field(alias="from")
    round: Literal["forward"]
    to: Circles | None = None
    items: tuple[Item, ...] = Field(min_length=1)
    test: ConnectionTestPart | None = Field(None, validate_default=True)

    @field_validator("at")
    @classmethod
    def _after_the_invitation(cls, at: Days) -> Days:
        if not (at.after and at.working and at.days):
            raise Unfit(Fact.of("timelines.asked-after-inviting"))
        return at

    @field_validator("test")
    @classmethod
    def _goes_with_the_item(
        cls, test: ConnectionTestPart | None, info: ValidationInfo
    ) -> ConnectionTestPart | None:
        asked = Item.TEST in info.data.get("items", ())
        if asked is not (test is not None):
            raise Unfit(Fact.of("timelines.test-with-its-item"))
        return test


class ChaseStep(StepPart):
    """The chasers, counted from the deadline; three at most, for everything together."""

    do: Literal["chase"]
    id: Literal[""] = ""
    per: _PerEvent
    at: Annotated[DaysList, Field(min_length=1, max_length=3)]
    source: Literal["deadline"] = Field(alias="from")
    spacing: WorkingDays = Field(2, ge=1, le=10)
    escalate: Mapping[int, Circles] = {}

    @field_validator("at")
    @classmethod
    def _in_order(cls, at: tuple[Days, ...]) -> tuple[Days, ...]:
        lengths = [item.days if item.after else -item.days for item in at]
        if lengths != sorted(set(lengths)):
            raise Unfit(Fact.of("timelines.chasers-out-of-order"))
        return at

    @field_validator("escalate")
    @classmethod
    def _rungs(cls, escalate: Mapping[int, Circles], info: ValidationInfo) -> Mapping[int, Circles]:
        rungs = len(info.data.get("at", ()))
        for number in escalate:
            if rungs and not 1 <= number <= rungs:
                raise Unfit(Fact.of("timelines.no-such-rung", number=number, rungs=rungs))
        return escalate


class WeekStep(StepPart):
    """The reminder some days before the first session; to all, or to whom there is something new to say."""

    do: Literal["remind"]
    id: Literal["week"]
    per: _PerEvent
    at: DaysBefore
    source: Literal["first session"] = Field(alias="from")
    round: Literal["back"]
    when: Literal["something new"] | None = None


class DayStep(StepPart):
    """The reminder of the day, of each session or of several at once."""

    do: Literal["remind"]
    id: Literal["day"]
    per: _PerEvent
    at: Day
    source: Literal["each day", "first session"] = Field(alias="from")
    round: Literal["day"]
    covers: Literal[Covers.CONSECUTIVE, Covers.ALL] | None = None

    @field_validator("at")
    @classmethod
    def _before_the_day(cls, at: Moment) -> Moment:
        if at.offset.after or not at.offset.days:
            raise Unfit(Fact.of("timelines.counts-before"))
        if at.clock is not None and at.whose is Whose.LOCAL and not _FIRST <= at.clock <= _LAST:
            raise Unfit(
                Fact.of(
                    "timelines.no-hour-of-ours",
                    clock=f"{at.clock:%H:%M}",
                    first=f"{_FIRST:%H:%M}",
                    last=f"{_LAST:%H:%M}",
                )
            )
        return at


class HourStep(StepPart):
    """The mail of the last hour, with the link."""

    do: Literal["remind"]
    id: Literal["hour"]
    at: LastHour
    only: Literal["online"]


class ProgrammeStep(StepPart):
    """The programme of the day, at the venue's hour."""

    do: Literal["remind"]
    id: Literal["programme"]
    per: _PerEvent
    at: Day
    source: Literal["each day"] = Field(alias="from")
    only: Literal["in person"]

    @field_validator("at")
    @classmethod
    def _on_the_day(cls, at: Moment) -> Moment:
        if at.offset.days or at.clock is None or at.whose is not Whose.VENUE:
            raise Unfit(Fact.of("timelines.on-the-day-at-the-venue"))
        return at


class DocumentsStep(StepPart):
    """What tells that files were put up."""

    do: Literal["notice"]
    id: Literal["documents"]
    per: _PerEvent
    on: Literal["documents available"]
    fold: WorkingDays = Field(2, ge=0, le=10)
    to: Circles
    missing: DaysBefore | None = None


class AnnounceStep(StepPart):
    """The announcement of an event of which only the month is known."""

    do: Literal["announce"]
    id: Literal[""] = ""
    per: _PerEvent
    on: Literal["event published"]
    when: Literal["only the month is known"]


class ConcludeStep(StepPart):
    """The session is over."""

    do: Literal["conclude"]
    id: Literal[""] = ""
    at: Literal["+PT0S"]


class ThankStep(StepPart):
    """Thanks with the draft minutes, or alone where there is none by a day."""

    do: Literal["thank"]
    id: Literal[""] = ""
    per: _PerEvent
    on: Literal["minutes attached"]
    no_later_than: Days | None = Field(None, alias="no later than")
    to: Literal["present"]


class DraftStep(StepPart):
    """The draft minutes, with how long comments are welcome."""

    do: Literal["minutes"]
    id: Literal["draft"]
    per: _PerEvent
    on: Literal["minutes attached"]
    comments: Days


class FinalStep(StepPart):
    """The minutes that were adopted."""

    do: Literal["minutes"]
    id: Literal["final"]
    per: _PerEvent
    on: Literal["minutes adopted"]


class DeadlinePart(StepPart):
    """The deadline of the event (rules 5 and 6)."""

    at: Day
    source: FromSession = Field("lead session", alias="from")
    no_later_than: BoundOfDeadline | None = Field(None, alias="no later than")
    shared: CalendarDays = Field(5, ge=0, le=20)
    give: WorkingDays = Field(5, ge=0, le=60)
    latest: WorkingDaysBefore = Field(2, ge=0, le=60)

    @field_validator("at")
    @classmethod
    def _has_a_host_clock(cls, at: Moment) -> Moment:
        if at.offset.after or at.clock is None or at.whose is not Whose.HOST:
            raise Unfit(Fact.of("timelines.deadline-has-a-host-clock"))
        return at


class BoundOfDeadline(StepPart):
    """A second moment of the deadline; the earlier counts."""

    at: Day
    source: FromSession = Field(alias="from")


STEP_MODELS: Mapping[tuple[str, str], type[StepPart]] = {
    ("conference", ""): ConferenceStep,
    ("invite", ""): InviteStep,
    ("invite", "save-the-date"): InviteStep,
    ("ask", ""): AskStep,
    ("chase", ""): ChaseStep,
    ("remind", "week"): WeekStep,
    ("remind", "day"): DayStep,
    ("remind", "hour"): HourStep,
    ("remind", "programme"): ProgrammeStep,
    ("notice", "documents"): DocumentsStep,
    ("announce", ""): AnnounceStep,
    ("conclude", ""): ConcludeStep,
    ("thank", ""): ThankStep,
    ("minutes", "draft"): DraftStep,
    ("minutes", "final"): FinalStep,
}
"""What a step may be, by what it does and its id; an event does each of them once at most."""
