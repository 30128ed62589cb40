"""What the API answers about mails that came in."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from orchestrator.domain.answers.incoming import Sort
from orchestrator.domain.answers.responses import Fate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.services.answers.proposing import Offer
from orchestrator.web.api.answering import AnswerModel, FactOf, Sentence, beside
from orchestrator.web.api.renamed import formerly


class ProposedAttendeeModel(AnswerModel):
    """Whose answer a mail most likely is."""

    meeting: str
    email: str
    name: str


class ProposedGuestModel(AnswerModel):
    """Who was forwarded an invitation and answered it, and in whose place they most likely would come."""

    email: str
    name: str | None
    delegation: str | None
    group: str | None


class IncomingModel(AnswerModel):
    """A mail that came in."""

    id: int
    received_at: datetime
    sort: Sort
    method: str
    sender: str | None
    subject: str
    participation: str | None
    text: str
    meeting: str | None
    named: str | None = Field(description="The address of the attendee whose answer it says it is.")
    named_as: str | None = Field(description="The name beside that address.")
    body_kept: bool = Field(description="Whether it can be downloaded and read once more.")
    fate: Fate = Field(description="What became of it.")
    outcome: Fate = formerly("fate")
    reason: Sentence
    reason_fact: FactOf = beside("reason")
    says: Participation | None = Field(description="The answer that a mail that waits gives itself.")
    proposed: ProposedAttendeeModel | None = Field(description="Whose answer it most likely is.")
    guest: ProposedGuestModel | None = Field(description="Who is not invited and could be.")
    offers: tuple[Offer, ...] = Field(description="What can be done about it now.")
