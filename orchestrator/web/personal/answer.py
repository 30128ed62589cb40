"""Answering, for oneself and for others of the delegation."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Response

from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.personal.followed_link import LinkClosedError
from orchestrator.web.container import PersonalAnswersDep
from orchestrator.web.pages import see_other
from orchestrator.web.personal.personal_page import AnswerForm, PersonalPageDep
from orchestrator.web.personal.routing import page_path, personal_router, to_page

router = personal_router()


@router.get("/a/{token}/answer")
def back_to_page(token: str) -> Response:
    """Lead a reader who reloads the address of the form back to the page."""
    return to_page(token)


@router.post("/a/{token}/answer")
def answer(
    token: str, form: Annotated[AnswerForm, Form()], answers: PersonalAnswersDep, page: PersonalPageDep
) -> Response:
    """Record an answer; when that cannot be, what was typed stays."""
    try:
        done = answers.answer(token, _participation(form.answer), form.comment, form.also, myself=form.myself)
    except LinkClosedError:
        raise
    except InvalidInput as error:
        return page.again(token, 422, form, problems=error.problems)
    except Conflict as error:
        return page.again(token, 409, form, conflict=error.message)
    return see_other(page_path(token), done="answered" if done.names else "same", count=len(done.names))


def _participation(typed: str) -> Participation:
    """Return the answer that was pressed; what is none is left to the service to refuse."""
    return next((item for item in Participation if item.words == typed), Participation.NEEDS_ACTION)
