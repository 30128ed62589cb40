"""What the API answers about events."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from orchestrator.domain.definitions.definition import MeetingKind
from orchestrator.web.api.answering import AnswerModel, LocalTimeModel
from orchestrator.web.api.meetings.schemas import HistoryModel


class SessionModel(AnswerModel):
    """One session of an event."""

    reference: str
    kind: MeetingKind
    title_en: str
    title_vi: str | None
    leads: bool = Field(description="It gives the event its name.")
    status: Literal["planned", "draft", "published", "cancelled", "concluded"] = Field(
        description="That of the meeting; planned while its day is not known."
    )
    host_time: LocalTimeModel | None
    host_end: LocalTimeModel | None
    invited: int
    groups: list[str] | None = Field(description="Its circles, while its day is not known; null for all.")


class EventSummaryModel(AnswerModel):
    """One line in the list of events."""

    id: int
    reference: str
    title_en: str
    title_vi: str | None
    short: str | None
    named: bool = Field(description="The title is its own, not that of its lead session.")
    lead: str
    month: str | None = Field(description="The month it is planned for.")
    announced_at: datetime | None = Field(description="When it was published with its month only.")
    version: int = Field(description="Counts the changes of it and of its sessions.")
    sessions: list[SessionModel]


class EventModel(EventSummaryModel):
    """A whole event."""

    history: list[HistoryModel]
