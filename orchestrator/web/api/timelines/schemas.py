"""What the API answers about timelines, actions, and what a change makes happen."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.web.api.answering import AnswerModel, FactOf, LocalTimeModel, Sentence, beside
from orchestrator.web.api.timelines.step_schema import TimelineDocument


class ActionModel(AnswerModel):
    """One thing that happens at one moment."""

    id: int
    key: str
    meeting: str = Field(description="Its reference; empty for what belongs to no meeting.")
    kind: ActionKind
    what: Sentence
    what_fact: FactOf = beside("what")
    why: Sentence = Field(description="The step of the timeline.")
    why_fact: FactOf = beside("why")
    state: ActionState
    recipient_name: str | None
    recipient_email: str | None
    delegation: str | None
    due_at: datetime
    due: LocalTimeModel = Field(description="The recipient's time; the host's for what nobody receives.")
    planned: LocalTimeModel | None
    expires_at: datetime
    revision: int
    attempt: int
    reason: Sentence | None
    reason_fact: FactOf | None = beside("reason")
    note: Sentence | None = Field(description="Why it is not due when the timeline wants it.")
    note_fact: FactOf | None = beside("note")


class MailAheadModel(AnswerModel):
    """One mail that a person is still to be sent."""

    meeting: str = Field(description="The reference of its meeting.")
    kind: ActionKind
    what: Sentence
    what_fact: FactOf = beside("what")
    why: Sentence = Field(description="The step of the timeline.")
    why_fact: FactOf = beside("why")
    when: LocalTimeModel | None = Field(description="In the reader's time; at once, where there is none.")
    at: datetime | None = Field(description="The same moment.")
    note: Sentence | None = Field(description="Why it is not due when the timeline wants it.")
    note_fact: FactOf | None = beside("note")


class RoleBudgetModel(AnswerModel):
    """How many mails one person in a role will be sent at most."""

    role: str
    people: int = Field(description="How many have the role.")
    silent: int = Field(description="While their delegation answers nothing.")
    in_time: int = Field(description="When it gives all that is asked a day after the invitation.")
    address: str = Field(description="One who gets most while nothing is answered.")
    is_much: bool = Field(description="Whether that is more than 14, of which a coordinator is warned.")


class MailsAheadModel(AnswerModel):
    """What one person is still to be sent of an event."""

    name: str
    address: str
    delegation: str
    silent: list[MailAheadModel] = Field(description="While their delegation answers nothing.")
    in_time: list[MailAheadModel] = Field(
        description="When it gives all that is asked a day after the invitation."
    )


class ConsequenceModel(AnswerModel):
    """One thing that a change makes happen, moves, or keeps from happening."""

    effect: Literal["new", "moved", "cancelled", "skipped"]
    kind: ActionKind
    what: Sentence
    what_fact: FactOf = beside("what")
    recipient_name: str | None
    recipient_email: str | None
    delegation: str | None
    when: LocalTimeModel | None = Field(description="At once, where there is none.")
    reason: Sentence | None
    reason_fact: FactOf | None = beside("reason")
    meeting: str | None = Field(description="That of a linked meeting, where it is not the one changed.")
    why: Sentence
    why_fact: FactOf = beside("why")


class NoteShownModel(AnswerModel):
    """A note that stands first in a message, in English."""

    message: str
    text: str


class EffectModel(AnswerModel):
    """What a change did, or would do."""

    reference: str
    version: int
    previewed: bool
    consequences: list[ConsequenceModel]
    warnings: list[Sentence]
    warnings_facts: list[FactOf] = beside("warnings")
    tentative: bool = Field(description="The meeting is then a save-the-date.")
    later: list[ConsequenceModel] = Field(description="What follows when a save-the-date is confirmed.")
    notes: list[NoteShownModel] = Field([], description="Notes of the coordinator on messages that follow.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reference": "SOM-2026",
                    "version": 2,
                    "previewed": True,
                    "consequences": [
                        {
                            "effect": "cancelled",
                            "kind": "invite",
                            "what": "Invitation",
                            "what_fact": {"key": "timelines.what-invite", "params": {}},
                            "recipient_name": "Tan Hui Shan",
                            "recipient_email": "tan@sg.example.org",
                            "delegation": "SG",
                            "when": {
                                "date": "Thursday, 3 December 2026",
                                "clock": "15:00",
                                "city": "Singapore",
                                "offset": "UTC+08:00",
                                "day": "2026-12-03",
                            },
                            "reason": "discarded by console",
                            "reason_fact": {"key": "operations.discarded", "params": {"name": "console"}},
                            "meeting": "SOM-2026-PREP",
                            "why": "at once",
                            "why_fact": {"key": "timelines.at-once", "params": {}},
                        }
                    ],
                    "warnings": [],
                    "warnings_facts": [],
                    "tentative": False,
                    "later": [],
                }
            ]
        }
    )


class StepModel(AnswerModel):
    """One step of a timeline, in words."""

    name: str
    what: Sentence
    what_fact: FactOf = beside("what")
    when: list[Sentence]
    when_facts: list[FactOf] = beside("when")
    to: list[Sentence]
    to_facts: list[FactOf] = beside("to")
    condition: Sentence | None
    condition_fact: FactOf | None = beside("condition")


class TimelineModel(AnswerModel):
    """A timeline: its steps in words, and its document to copy and adjust."""

    name: str
    title: str
    kinds: list[str]
    steps: list[StepModel]
    document: TimelineDocument


class MeetingTimelineModel(AnswerModel):
    """The timeline that counts for a meeting."""

    reference: str
    version: int
    named: str
    own: bool
    timeline: TimelineModel
