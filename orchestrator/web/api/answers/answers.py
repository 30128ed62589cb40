"""The REST API, version 1: what came back for a meeting."""

from __future__ import annotations

from pydantic import Field

from orchestrator.services.answers.recording import LONGEST_COMMENT
from orchestrator.web.api.inputs import Answer, Body, Id, Who
from orchestrator.web.api.meetings.schemas import ResponseModel
from orchestrator.web.api.timelines.schemas import EffectModel
from orchestrator.web.container import (
    AnswersDep,
    ReadingDep,
)
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("answers")


class AnswerRequest(Body):
    """An answer given for an attendee."""

    participation: Answer
    comment: str | None = Field(None, max_length=LONGEST_COMMENT, description="What was said with it.")


class RefuseRequest(Body):
    """What the author of a proposed time is told."""

    reply: str | None = Field(None, max_length=LONGEST_COMMENT)


@router.get("/meetings/{meeting}/responses", summary="What came back")
def get_responses(meeting: str, reading: ReadingDep) -> list[ResponseModel]:
    """Return answers, proposed times, bounced mails and letters, newest first."""
    return [ResponseModel.showing(item) for item in reading.meeting(meeting).responses]


@router.post("/meetings/{meeting}/proposals/{response_id}/refuse", summary="Refuse a proposed time")
def refuse_proposal(
    meeting: str, response_id: Id, answers: AnswersDep, caller: ApiCaller, body: RefuseRequest | None = None
) -> EffectModel:
    """Keep the time: the author of another time is told so, and sent the invitation as it stands."""
    reply = body.reply if body else None
    return EffectModel.showing(answers.refuse_proposal(meeting, response_id, caller=caller, reply=reply))


@router.post("/meetings/{meeting}/attendees/{attendee:path}/send-again", summary="Send the invitation again")
def send_again(meeting: str, attendee: Who, answers: AnswersDep, caller: ApiCaller) -> EffectModel:
    """Send an attendee the current invitation once more."""
    return EffectModel.showing(answers.send_again(meeting, attendee, caller=caller))


@router.put("/meetings/{meeting}/attendees/{attendee:path}/answer", summary="Record an answer")
def record_answer(
    meeting: str, attendee: Who, body: AnswerRequest, answers: AnswersDep, caller: ApiCaller
) -> EffectModel:
    """Record what an attendee answered, for example by telephone."""
    return EffectModel.showing(
        answers.answer(meeting, attendee, body.participation, caller=caller, comment=body.comment)
    )
