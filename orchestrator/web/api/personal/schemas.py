"""What the API answers about personal links."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from orchestrator.domain.meetings.fields import Seat
from orchestrator.web.api.answering import AnswerModel


class PersonalLink(AnswerModel):
    """The address of an attendee's personal page; who has it can answer for that person."""

    url: str


class NamedPersonModel(AnswerModel):
    """A person whom a personal link has named, and who is invited with the coordinator's yes only."""

    id: int
    name: str
    email: str
    delegation: str
    seat: Seat
    by: str = Field(description="Whose link it was: name and address.")
    asked_at: datetime
