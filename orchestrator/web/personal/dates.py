"""The page of a date poll: which of several starts suit a delegation, asked of whoever speaks for it.

It is opened by the personal link, as the other personal pages are: a GET changes nothing, and no script is
needed. Once the meeting is announced, its ordinary page takes the place of this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from orchestrator.domain.dates.date_poll import Vote
from orchestrator.errors import Conflict, InvalidInput, Problem
from orchestrator.services.personal.date_poll import PersonalPoll
from orchestrator.services.personal.visits import LinkClosedError
from orchestrator.web.pages import PagesDep, see_other
from orchestrator.web.personal.personal import LOOK, PersonalRoute, Services
from orchestrator.web.security import require_own_page

_FIELD = "vote-"

router = APIRouter(
    include_in_schema=False, dependencies=[Depends(require_own_page)], route_class=PersonalRoute
)


async def _pressed(request: Request) -> dict[int, str]:
    """Return what was chosen, by number of the option: the fields ``vote-1`` and so on."""
    form = await request.form()
    found = {name.removeprefix(_FIELD): value for name, value in form.items() if name.startswith(_FIELD)}
    return {
        int(number): str(value)
        for number, value in found.items()
        if number.isascii() and number.isdigit() and len(number) < 3
    }


@router.api_route("/a/{token}/dates", methods=LOOK)
def dates(request: Request, token: str, container: Services, pages: PagesDep, done: str = "") -> Response:
    """Show the options in the reader's own time, and what the delegation has said; changes nothing."""
    view = container.personal_date_polls.page(token)
    if view is None:
        return _to_ordinary_page(token)
    chosen = {item.number: item.vote for item in view.options}
    return _page(request, pages, token, view, chosen, done=done)


@router.post("/a/{token}/dates")
def vote(
    request: Request,
    token: str,
    pressed: Annotated[dict[int, str], Depends(_pressed)],
    container: Services,
    pages: PagesDep,
) -> Response:
    """Record what was chosen; when that cannot be, it stays on the page."""
    try:
        container.personal_date_polls.vote(token, _votes(pressed))
    except LinkClosedError:
        raise
    except InvalidInput as error:
        return _again(request, token, container, pages, pressed, 422, problems=error.problems)
    except Conflict as error:
        return _again(request, token, container, pages, pressed, 409, conflict=error.message)
    return see_other(f"/a/{quote(token, safe='')}/dates", done="voted")


def _votes(pressed: Mapping[int, str]) -> dict[int, Vote]:
    """Return the votes among what was pressed; what is none counts as nothing said."""
    known = {item.value: item for item in Vote}
    return {number: known[value] for number, value in pressed.items() if value in known}


def _again(
    request: Request,
    token: str,
    container: Services,
    pages: PagesDep,
    pressed: Mapping[int, str],
    status: int,
    *,
    problems: Sequence[Problem] = (),
    conflict: str = "",
) -> Response:
    view = container.personal_date_polls.page(token)
    if view is None:
        return _to_ordinary_page(token)
    return _page(request, pages, token, view, pressed, status, problems=problems, conflict=conflict)


def _to_ordinary_page(token: str) -> Response:
    return RedirectResponse(f"/a/{quote(token, safe='')}", 303)


def _page(
    request: Request,
    pages: PagesDep,
    token: str,
    view: PersonalPoll,
    chosen: Mapping[int, str],
    status: int = 200,
    *,
    problems: Sequence[Problem] = (),
    conflict: str = "",
    done: str = "",
) -> Response:
    return pages.render(
        request,
        "dates/date_poll.html.j2",
        status=status,
        here=f"/a/{quote(token, safe='')}/dates",
        view=view,
        chosen=chosen,
        fields={item.field: item for item in problems},
        conflict=conflict,
        done=done,
        votes=tuple(item.value for item in Vote),
    )
