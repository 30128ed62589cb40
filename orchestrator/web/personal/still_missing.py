"""Giving, with one click, what is still missing from a delegation."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Response
from pydantic import BaseModel, field_validator

from orchestrator.domain.meetings.meeting import ContributionState, Need
from orchestrator.errors import Conflict
from orchestrator.services.personal.followed_link import LinkClosedError
from orchestrator.web.container import StillMissingDep
from orchestrator.web.pages import see_other
from orchestrator.web.personal.personal_page import PersonalPageDep
from orchestrator.web.personal.routing import page_path, personal_router, to_page

router = personal_router()


class SettleForm(BaseModel):
    """Which button was pressed; without a state, what was said is taken back."""

    need: Need
    state: ContributionState | None = None
    mark: str = ""

    @field_validator("state", mode="before")
    @classmethod
    def _nothing(cls, value: object) -> object:
        return value or None


@router.get("/a/{token}/owed")
def back_from_form(token: str) -> Response:
    """Lead a reader who reloads the address of the form back to the page."""
    return to_page(token)


@router.post("/a/{token}/owed")
def settle(
    token: str,
    form: Annotated[SettleForm, Form()],
    still_missing: StillMissingDep,
    page: PersonalPageDep,
) -> Response:
    """Record what one click says of something that is wanted from the delegation, or take it back."""
    try:
        changed = still_missing.settle(token, form.need, form.state, mark=form.mark)
    except LinkClosedError:
        raise
    except Conflict as error:
        return page.again(token, 409, conflict=error.message)
    done = "settled" if form.state else "unsettled"
    return see_other(page_path(token), done=done if changed else "same")
