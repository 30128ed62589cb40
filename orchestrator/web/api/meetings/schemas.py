"""What the API answers about meetings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field

from orchestrator.domain.answers.responses import ProposalState, ResponseKind
from orchestrator.domain.definitions.definition import MeetingKind
from orchestrator.domain.meetings.fields import AgendaFields, AttendeeFields
from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.domain.meetings.place import Mode
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.store.rows.delivery import DeliveryState
from orchestrator.web.api.answering import AnswerModel, FactOf, LocalTimeModel, Sentence, beside, model_of
from orchestrator.web.api.renamed import formerly

ParticipationWords = Literal["no answer", "accepted", "tentative", "declined", "delegated"]
"""An attendee's answer as people say it."""


class AttendeeModel(model_of(AttendeeFields)):  # type: ignore[misc]
    """An attendee with the answer so far."""

    id: int
    delegation_name: str
    participation: ParticipationWords
    comment: str | None
    delegated_to: str | None
    answered_at: datetime | None
    answered_via: str | None


class ResponseModel(AnswerModel):
    """Something that came back from an attendee."""

    id: int
    kind: ResponseKind
    name: str | None
    delegation: str | None
    participation: ParticipationWords | None
    delegate: str | None
    behind: str | None = Field(description="The address behind the invited one that a mail did not reach.")
    proposed: LocalTimeModel | None = Field(description="The proposed start, in the host's time.")
    past: bool = Field(description="Whether the proposed start is past.")
    state: ProposalState | None = Field(description="That of a proposal.")
    comment: Sentence | None
    comment_fact: FactOf | None = beside("comment")
    reply: str | None
    channel: str
    by: Sentence
    by_fact: FactOf = beside("by")
    at: datetime
    incoming_id: int | None


class VenueModel(AnswerModel):
    """Where people come to."""

    city: str
    zone: str = Field(description="Zone of the clocks there.")
    name: str | None
    address: str | None
    arrivals: str | None = Field(description="How to get there.")
    emergency: str | None = Field(description="A telephone number that is answered at any hour.")


class MeetingSummaryModel(AnswerModel):
    """One line in the list of meetings."""

    id: int
    reference: str
    kind: MeetingKind
    title_en: str
    title_vi: str | None
    status: MeetingStatus
    tentative: bool = Field(description="Published as a save-the-date only.")
    starts_at: datetime
    ends_at: datetime
    host_time: LocalTimeModel
    host_end: LocalTimeModel
    invited: int
    answers: dict[ParticipationWords, int]
    next_action: ActionKind | None
    next_due_at: datetime | None
    next_due: LocalTimeModel | None
    attention: list[Sentence] = Field(description="What needs the coordinator.")
    attention_facts: list[FactOf] = beside("attention")
    mode: Mode = Field(description="How people take part.")
    venue: VenueModel | None = Field(description="Of a meeting in person, or a hybrid one.")
    room: str | None
    short: str | None = Field(description="The short title, where one was given.")
    short_vi: str | None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 2,
                    "reference": "SOM-2026",
                    "kind": "som",
                    "title_en": "Senior Officials Meeting",
                    "title_vi": "Hội nghị quan chức cấp cao",
                    "status": "published",
                    "tentative": False,
                    "starts_at": "2026-12-03T07:00:00Z",
                    "ends_at": "2026-12-03T09:30:00Z",
                    "host_time": {
                        "date": "Thursday, 3 December 2026",
                        "clock": "14:00",
                        "city": "Ha Noi",
                        "offset": "UTC+07:00",
                        "day": "2026-12-03",
                    },
                    "host_end": {
                        "date": "Thursday, 3 December 2026",
                        "clock": "16:30",
                        "city": "Ha Noi",
                        "offset": "UTC+07:00",
                        "day": "2026-12-03",
                    },
                    "invited": 12,
                    "answers": {"accepted": 9, "no answer": 3},
                    "next_action": "remind",
                    "next_due_at": "2026-11-26T07:00:00Z",
                    "next_due": {
                        "date": "Thursday, 26 November 2026",
                        "clock": "14:00",
                        "city": "Ha Noi",
                        "offset": "UTC+07:00",
                        "day": "2026-11-26",
                    },
                    "attention": ["1 × another time was proposed; move the meeting, or refuse."],
                    "attention_facts": [{"key": "meetings.times-proposed", "params": {"count": 1}}],
                    "mode": "hybrid",
                    "venue": {
                        "city": "Ha Noi",
                        "zone": "Asia/Ho_Chi_Minh",
                        "name": "Government Guest House",
                        "address": "12 Ngo Quyen Street",
                        "arrivals": "Entrance by Le Thach Street",
                        "emergency": "+84 24 5550 0100",
                    },
                    "room": "Hall 2, ground floor",
                    "short": "SOM on the 21st ACCSM",
                    "short_vi": "SOM ACCSM 21",
                }
            ]
        }
    )


class AgendaItemModel(model_of(AgendaFields)):  # type: ignore[misc]
    """One item of an agenda; ``input_from`` is the meeting whose decisions it reports."""

    number: int
    points: list[str] = Field(description="Those decisions.")


class DecisionModel(AnswerModel):
    """One decision of a meeting."""

    number: int
    text: str
    is_open: bool = Field(description="It is not agreed yet.")
    by: str
    at: datetime


class DecisionsModel(AnswerModel):
    """The decisions of a meeting after a change."""

    reference: str
    decisions: list[DecisionModel]
    outcomes: list[DecisionModel] = formerly("decisions")
    warnings: list[Sentence]
    warnings_facts: list[FactOf] = beside("warnings")


class LinkedModel(AnswerModel):
    """A meeting that prepares this one, or that this one prepares, and is still to take place."""

    reference: str
    relation: Sentence = Field(description="What it is to this one.")
    relation_fact: FactOf = beside("relation")
    status: MeetingStatus
    host_time: LocalTimeModel


class HistoryModel(AnswerModel):
    """One line of a meeting's history."""

    at: datetime
    actor: str
    what: Sentence
    what_fact: FactOf = beside("what")
    detail: Sentence | None
    detail_fact: FactOf | None = beside("detail")
    remark: str | None = Field(description="Internal: it reaches no participant.")


class MinutesModel(AnswerModel):
    """One version of a meeting's minutes."""

    version: int
    filename: str
    media_type: str
    size: int
    digest: str
    attached_at: datetime
    adopted_on: date | None = Field(description="The day of its adoption; `null` for a draft.")
    adopted_by: str | None = Field(description="Who recorded that.")


class MeetingModel(MeetingSummaryModel):
    """A whole meeting. ``version`` has to be given back with a change."""

    event: str = Field(description="Reference of the event that it is a session of.")
    programme: str | None
    host: str
    host_name: str
    coordinator_name: str
    coordinator_email: str
    start: str = Field(description="Wall time in the meeting's zone.")
    zone: str
    duration: str
    timeline: str
    version: int
    uid: str | None
    sequence: int
    revision: int
    join_url: str | None = Field(description="None while there is none, and of a meeting in person.")
    link_by_hand: bool
    feeds: str | None
    fed_by: list[str]
    agenda: list[AgendaItemModel]
    attendees: list[AttendeeModel]
    responses: list[ResponseModel]
    minutes: list[MinutesModel]
    history: list[HistoryModel]
    decisions: list[DecisionModel]
    outcomes: list[DecisionModel] = formerly("decisions")

    model_config = ConfigDict(json_schema_extra=None)


class DeliveryModel(AnswerModel):
    """One message to one recipient, and how it ended."""

    id: int
    action_id: int
    recipient: str
    recipient_name: str | None
    delegation: str | None
    channel: str
    purpose: str
    state: DeliveryState
    subject: str
    message_id: str
    sequence: int
    revision: int
    started_at: datetime
    ended_at: datetime | None
    local_time: Sentence
    local_time_fact: FactOf = beside("local_time")
    answer: Sentence | None = Field(description="What the server said.")
    answer_fact: FactOf | None = beside("answer")
    report: Sentence | None = Field(description="What mail systems further on have reported of it since.")
    report_fact: FactOf | None = beside("report")
    tries: int
    repeated: bool
    why: Sentence
    why_fact: FactOf = beside("why")
