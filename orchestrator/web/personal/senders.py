"""Saying who may answer for oneself."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Response
from pydantic import BaseModel, Field

from orchestrator.errors import Conflict, NotFound
from orchestrator.services.personal.followed_link import LinkClosedError
from orchestrator.web.container import OwnSendersDep
from orchestrator.web.pages import see_other
from orchestrator.web.personal.personal_page import PersonalPageDep
from orchestrator.web.personal.routing import page_path, personal_router, to_page

router = personal_router()
_Number = Annotated[int, Field(ge=1, lt=2**31)]


class SenderForm(BaseModel):
    """Which button was pressed beside which sender: of a mail that waits, or one known already."""

    mail: _Number | None = None
    known: _Number | None = None
    may: bool = False


@router.get("/a/{token}/senders")
def back_from_senders(token: str) -> Response:
    """Lead a reader who reloads the address of the form back to the page."""
    return to_page(token)


@router.post("/a/{token}/senders")
def decide(
    token: str, form: Annotated[SenderForm, Form()], own_senders: OwnSendersDep, page: PersonalPageDep
) -> Response:
    """Let a sender answer for the reader, or not, or not any more."""
    try:
        if form.mail is not None:
            own_senders.decide(token, form.mail, yes=form.may)
        elif form.known is not None:
            own_senders.withdraw(token, form.known)
    except LinkClosedError:
        raise
    except (Conflict, NotFound) as error:
        if isinstance(error, NotFound) and error.fact.key != "personal.no-such-sender":
            raise
        return page.again(token, 409, conflict=error.message)
    return see_other(page_path(token), done="sender-known" if form.may else "sender-refused")
