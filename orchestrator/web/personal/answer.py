"""Answering, for oneself and for others of the delegation."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Response

from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import Conflict, InvalidInput, TooMany
from orchestrator.services.personal.followed_link import LinkClosedError
from orchestrator.web.container import PersonalAnswersDep
from orchestrator.web.pages import see_other
from orchestrator.web.personal.personal_page import AnswerForm, PersonalPageDep
from orchestrator.web.personal.routing import again_after, page_path, personal_router, to_page

router = personal_router()


@router.get("/a/{token}/answer")
def back_to_page(token: str) -> Response:
    """Lead a reader who reloads the address of the form back to the page."""
    return to_page(token)


@router.post("/a/{token}/answer")
def answer(
    token: str, form: Annotated[AnswerForm, Form()], answers: PersonalAnswersDep, page: PersonalPageDep
) -> Response:
    """Record an answer; one for others is asked about once, and what was typed stays where it cannot be."""
    participation = _participation(form.answer)
    try:
        if form.asks:
            answers.require_answerable(token, participation, form.revision)
            return page.confirmation(token, form)
        done = answers.answer(
            token, participation, form.comment, form.also, myself=form.myself, revision=form.revision
        )
    except LinkClosedError:
        raise
    except InvalidInput as error:
        return page.again(token, 422, form, problems=error.problems)
    except TooMany as error:
        return again_after(page.again(token, 429, form, conflict=error.message), error)
    except Conflict as error:
        return page.again(token, 409, form, conflict=error.message)
    return see_other(page_path(token), done="answered" if done.names else "same", count=len(done.names))


def _participation(typed: str) -> Participation:
    """Return the answer that was pressed; what is none is left to the service to refuse."""
    return next((item for item in Participation if item.words == typed), Participation.NEEDS_ACTION)
