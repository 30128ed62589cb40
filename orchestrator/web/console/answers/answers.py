"""Answers that a coordinator enters, and what is done about one."""

from __future__ import annotations

from fastapi import APIRouter, Response

from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import InvalidInput
from orchestrator.web.console.forms import Kept, Number, Typed
from orchestrator.web.console.meeting_page import MeetingPageDep
from orchestrator.web.container import AnswersDep, ReadingDep
from orchestrator.web.pages import meeting_path, see_other
from orchestrator.web.presentation.meetings import attendee_of
from orchestrator.web.security import ConsoleCaller

_ANSWERS = frozenset(Participation) - {Participation.DELEGATED}

router = APIRouter()


def answer_of(typed: str) -> Participation:
    """Return the answer that was chosen; raises ``InvalidInput`` for none."""
    chosen = typed.strip().upper()
    if chosen in _ANSWERS:
        return Participation(chosen)
    raise InvalidInput.of(
        "participation", typed, "is not an answer" if typed else "is missing", "Choose one."
    )


@router.post("/meetings/{reference}/attendees/{attendee}/answer")
def answer(
    reference: str,
    attendee: Number,
    reading: ReadingDep,
    answers: AnswersDep,
    caller: ConsoleCaller,
    page: MeetingPageDep,
    participation: Typed = "",
    comment: Typed = "",
) -> Response:
    """Record what an attendee answered, for example by telephone."""
    found = reading.meeting(reference)
    person = attendee_of(found, attendee)
    try:
        given = answer_of(participation)
    except InvalidInput as error:
        kept = Kept.of("answer", attendee, error.problems, participation=participation, comment=comment)
        return page.again(reference, error, kept)
    answers.answer(found.reference, person.email, given, caller=caller, comment=comment)
    return see_other(meeting_path(found.reference), done="answered")


@router.post("/meetings/{reference}/attendees/{attendee}/send-again")
def send_again(
    reference: str, attendee: Number, reading: ReadingDep, answers: AnswersDep, caller: ConsoleCaller
) -> Response:
    """Send an attendee the current invitation once more."""
    found = reading.meeting(reference)
    answers.send_again(found.reference, attendee_of(found, attendee).email, caller=caller)
    return see_other(meeting_path(found.reference), done="again")


@router.post("/meetings/{reference}/proposals/{response}/refuse")
def refuse(
    reference: str, response: Number, answers: AnswersDep, caller: ConsoleCaller, reply: Typed = ""
) -> Response:
    """Keep the time, and tell those who proposed another one."""
    answers.refuse_proposal(reference, response, caller=caller, reply=reply)
    return see_other(meeting_path(reference), done="refused")
