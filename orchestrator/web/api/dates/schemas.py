"""What the API takes and answers about date polls and fair starts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field

from orchestrator.domain.dates.costs import Constraint
from orchestrator.domain.dates.date_poll import MOST_OPTIONS, DatePollState
from orchestrator.domain.dates.findings import Ease
from orchestrator.domain.dates.requests import MOST_RETURNED
from orchestrator.domain.definitions.written import MeetingLength, WallTime
from orchestrator.domain.time.wall import WallClock, WallDate
from orchestrator.services.dates.fair_starts import FairStartQuery, Words
from orchestrator.services.dates.proposals import DatePollRequest
from orchestrator.web.api.answering import AnswerModel, ContactModel, FactOf, LocalTimeModel, Sentence, beside
from orchestrator.web.api.inputs import Body
from orchestrator.web.api.renamed import formerly
from orchestrator.web.api.timelines.schemas import EffectModel


class DatePollOpening(Body):
    """What is asked in a poll: starts given by hand, the best ones of the fair-start finder, or both."""

    starts: tuple[WallTime, ...] = Field((), max_length=100, description="Wall times in the meeting's zone.")
    top: int | None = Field(
        None, ge=1, le=MOST_OPTIONS, description="So many of the best starts that the fair-start finder has."
    )
    first: WallDate | None = Field(
        None, alias="from", description="First date the finder looks at; the day after the poll closes."
    )
    last: WallDate | None = Field(None, alias="to", description="Last date; by default eight weeks on.")
    earliest: WallClock | None = Field(None, description="Earliest start that the finder looks at.")
    latest: WallClock | None = Field(None, description="Latest end that the finder looks at.")
    hard: Words = Field(
        default_factory=list, max_length=200, description="What the finder must keep to, such as VN:hours."
    )
    soft: Words = Field(default_factory=list, max_length=200, description="What it need not keep to.")
    closes: WallTime = Field(
        description="Until when delegations can answer: wall time in the meeting's zone."
    )

    def wanted(self) -> DatePollRequest:
        """Return what the service takes; raises ``InvalidInput``."""
        return DatePollRequest.of(self.model_dump(by_alias=True, exclude_unset=True))


class FairStartParameters(Body):
    """What is asked. What is left out comes from the meeting, if one is named, else from the defaults."""

    delegations: Words = Field(
        default_factory=list,
        alias="for",
        max_length=100,
        description="Codes, such as VN,ID, or members, secretariat, plus-three, partners; by default those "
        "invited to the meeting, else the members.",
    )
    meeting: str | None = Field(
        None, min_length=1, description="Number or reference; gives delegations, duration, host."
    )
    duration: MeetingLength | None = Field(None, description="Such as PT2H30M; by default the meeting's.")
    first: WallDate | None = Field(None, alias="from", description="First date at the host's; today.")
    last: WallDate | None = Field(None, alias="to", description="Last date; by default eight weeks on.")
    host: str | None = Field(None, description="Whose clock counts; by default the meeting's host.")
    step: MeetingLength | None = Field(
        None, description="Between one start and the next; half an hour, if it is not said."
    )
    earliest: WallClock | None = Field(None, description="Earliest start on the host's clock, such as 08:00.")
    latest: WallClock | None = Field(None, description="Latest end on the host's clock, such as 18:00.")
    hard: Words = Field(
        default_factory=list,
        max_length=200,
        description="What must be kept to: hours, weekend, holiday, estimated-holiday or soft-day, for all "
        "or, as VN:hours, for one. By default weekend and holiday.",
    )
    soft: Words = Field(default_factory=list, max_length=200, description="What need not be, likewise.")
    top: int = Field(5, ge=1, le=MOST_RETURNED, description="How many starts to return.")
    why_not: WallDate | None = Field(None, description="A date to say of what stands against it.")

    def wanted(self) -> FairStartQuery:
        """Return what the service takes; raises ``InvalidInput``."""
        return FairStartQuery.of(self.model_dump(by_alias=True, exclude_unset=True))


class VoteModel(AnswerModel):
    """An option at one delegation, and what is said of it."""

    delegation: str
    name: str
    starts: LocalTimeModel
    days: int = Field(description="How many dates its start lies after that at the host's.")
    comfortable: bool
    why: Sentence
    why_fact: FactOf = beside("why")
    vote: Literal["yes", "if needed", "no", "no answer"]


class OptionModel(AnswerModel):
    """An option in the host's time, with what each delegation says, in protocol order."""

    number: int
    starts: LocalTimeModel
    ends: LocalTimeModel
    yes: int
    if_needed: int
    no: int
    silent: int
    cost: int
    rank: int = Field(description="1 is the option that would win.")
    gone: bool = Field(description="Its start has gone by.")
    votes: list[VoteModel]


class VoterModel(AnswerModel):
    """A delegation in a poll: who is asked, and who has spoken for it last."""

    delegation: str
    name: str
    asked: list[ContactModel]
    by: str | None
    at: LocalTimeModel | None


class DatePollModel(AnswerModel):
    """A whole date poll; times are the host's."""

    reference: str
    state: DatePollState
    open: bool
    opened: LocalTimeModel
    closes: LocalTimeModel
    by: str
    asked: LocalTimeModel
    chosen: int | None
    options: list[OptionModel]
    voters: list[VoterModel]
    leading: int | None
    verdict: Sentence
    verdict_fact: FactOf = beside("verdict")
    silent: list[str]


class DatePollEffectModel(EffectModel):
    """What a change of a poll did, or would do, and the poll after it."""

    date_poll: DatePollModel
    poll: DatePollModel = formerly("date_poll")

    model_config = ConfigDict(json_schema_extra=None)


class StandingModel(AnswerModel):
    """How a start stands at one delegation."""

    code: str
    name: str
    starts: LocalTimeModel
    ends: LocalTimeModel
    ease: Ease
    in_hours: bool
    weekend: bool
    holiday: Sentence | None
    holiday_fact: FactOf | None = beside("holiday")
    estimated: bool
    soft_day: bool
    cost: int
    why: Sentence
    why_fact: FactOf = beside("why")
    broken: list[Constraint]
    broken_minutes: int


class FairStartModel(AnswerModel):
    """A possible start."""

    starts_at: datetime
    ends_at: datetime
    host_time: LocalTimeModel
    host_end: LocalTimeModel
    cost: int
    score: float
    suits: bool
    standings: list[StandingModel]


class ShareModel(AnswerModel):
    """What a delegation has borne so far, and how often its cost counts because of it."""

    code: str
    name: str
    burden: int
    weight: float


class CostDifferenceModel(AnswerModel):
    """How much more the best start costs a delegation than the one without memory, or less."""

    code: str
    name: str
    cost: int


class FairnessPriceModel(AnswerModel):
    """What it costs that past burdens count: who is spared something, and who bears more."""

    cost: int = Field(description="What the best start costs all delegations together.")
    cheapest: int = Field(description="What the best one without memory costs them.")
    starts: LocalTimeModel = Field(description="When that one begins at the host's.")
    price: int
    gains: list[CostDifferenceModel]
    pays: list[CostDifferenceModel]
    said: Sentence
    said_fact: FactOf = beside("said")


class FindingsModel(AnswerModel):
    """The best starts and what is to be known about the whole window."""

    host: str
    first: date
    last: date
    duration: str
    considered: int
    suitable: int
    comfortable: int
    fair_starts: list[FairStartModel]
    slots: list[FairStartModel] = formerly("fair_starts")
    shares: list[ShareModel]
    notes: list[Sentence]
    notes_facts: list[FactOf] = beside("notes")
    fairness: FairnessPriceModel | None = Field(description="Null where every delegation counts the same.")


class WhyNotModel(AnswerModel):
    """What stands against a date."""

    day: date
    fair_start: FairStartModel
    slot: FairStartModel = formerly("fair_start")
    against: list[StandingModel]
    comparison: Sentence
    comparison_fact: FactOf = beside("comparison")


class FairStartsModel(AnswerModel):
    """What was found, and what stands against the date that was asked about."""

    findings: FindingsModel
    why_not: WhyNotModel | None
