"""Looking: the page itself, joining the meeting, files."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response
from fastapi.responses import RedirectResponse

from orchestrator.services.personal.followed_link import NotAnnouncedError
from orchestrator.web.container import PersonalPagesDep
from orchestrator.web.pages import download
from orchestrator.web.personal.personal_page import AnswerForm, PersonalPageDep
from orchestrator.web.personal.routing import CALENDAR, LOOK, personal_router, to_page

router = personal_router()
# A number that no column can hold is nobody's, and a database would complain of it in its own way.
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.api_route("/a/{token}", methods=LOOK)
def page(
    token: str,
    personal_pages: PersonalPagesDep,
    shown: PersonalPageDep,
    answer: str = "",
    done: str = "",
    count: int = 0,
) -> Response:
    """Answer "when is it for me, how do I join, have I answered?"; changes nothing."""
    try:
        view = personal_pages.page(token)
    except NotAnnouncedError:
        # Before a meeting is announced there can only be a date poll, which has a page of its own.
        return to_page(token, "dates")
    return shown.show(token, view, AnswerForm.of(view, answer), done=done, count=count)


@router.api_route("/a/{token}/join", methods=LOOK)
def join(token: str, personal_pages: PersonalPagesDep, shown: PersonalPageDep) -> Response:
    """Lead to the meeting by its join link of now; where there is none, the page says why."""
    url = personal_pages.join_url(token)
    if url is not None:
        return RedirectResponse(url, 303)
    view = personal_pages.page(token)
    return shown.show(token, view, AnswerForm.of(view), done="no-link")


@router.api_route("/a/{token}/meeting.ics", methods=LOOK)
def calendar_file(token: str, personal_pages: PersonalPagesDep) -> Response:
    """Return the meeting as a file for any calendar."""
    return download(personal_pages.invitation(token), CALENDAR, "meeting.ics")


@router.api_route("/a/{token}/minutes/{version}", methods=LOOK)
def minutes(token: str, version: Version, personal_pages: PersonalPagesDep) -> Response:
    """Return one version of the minutes, under its own name."""
    filename, media_type, content = personal_pages.minutes(token, version)
    return download(content, media_type, filename)
