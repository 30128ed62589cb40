"""What the API answers about personal links."""

from __future__ import annotations

from orchestrator.web.api.answering import AnswerModel


class PersonalLink(AnswerModel):
    """The address of an attendee's personal page; who has it can answer for that person."""

    url: str
