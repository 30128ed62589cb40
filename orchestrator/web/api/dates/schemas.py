"""What the API answers about date polls and fair starts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field

from orchestrator.domain.dates.costs import Constraint
from orchestrator.domain.dates.date_poll import DatePollState
from orchestrator.domain.dates.findings import Ease
from orchestrator.web.api.answering import AnswerModel, ContactModel, FactOf, LocalTimeModel, Sentence, beside
from orchestrator.web.api.renamed import formerly
from orchestrator.web.api.timelines.schemas import EffectModel


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
