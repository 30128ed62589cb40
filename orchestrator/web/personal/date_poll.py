"""The page of a date poll: which of several starts suit a delegation, asked of those who speak for it.

It is opened by the personal link, as the other personal pages are: a GET changes nothing, and no script is
needed. Once the meeting is announced, its ordinary page takes the place of this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response

from orchestrator.domain.dates.date_poll import Vote
from orchestrator.errors import Conflict, InvalidInput, Problem
from orchestrator.services.personal.date_poll import PersonalDatePolls, PersonalPoll
from orchestrator.services.personal.followed_link import LinkClosedError
from orchestrator.web.container import PersonalDatePollsDep
from orchestrator.web.pages import Pages, PagesDep, see_other
from orchestrator.web.personal.routing import LOOK, page_path, personal_router, to_page

_FIELD = "vote-"

router = personal_router()


@dataclass(frozen=True, slots=True)
class Pressed:
    """What was chosen, by number of the option, and the poll whose options were shown; 0 for none."""

    votes: Mapping[int, str]
    poll: int


async def _pressed(request: Request) -> Pressed:
    """Return what was sent: the fields ``vote-1`` and so on, and ``poll``."""
    form = await request.form()
    found = {name.removeprefix(_FIELD): value for name, value in form.items() if name.startswith(_FIELD)}
    votes = {_number(number): str(value) for number, value in found.items()}
    return Pressed({number: value for number, value in votes.items() if number}, _number(form.get("poll")))


def _number(typed: object) -> int:
    """Return a number as a form of ours sends it; 0 for anything else."""
    text = str(typed)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@dataclass(frozen=True, slots=True)
class DatePollPage:
    """Shows the options with what was chosen of each."""

    request: Request
    pages: Pages
    polls: PersonalDatePolls

    def show(
        self,
        token: str,
        view: PersonalPoll,
        chosen: Mapping[int, str],
        status: int = 200,
        *,
        problems: Sequence[Problem] = (),
        conflict: str = "",
        done: str = "",
    ) -> Response:
        """Return the page with what was chosen, and what is wrong with it."""
        return self.pages.render(
            self.request,
            "dates/date_poll.html.j2",
            status=status,
            here=page_path(token, "dates"),
            view=view,
            chosen=chosen,
            fields={item.field: item for item in problems},
            conflict=conflict,
            done=done,
            votes=tuple(item.value for item in Vote),
        )

    def again(
        self,
        token: str,
        chosen: Mapping[int, str],
        status: int,
        *,
        problems: Sequence[Problem] = (),
        conflict: str = "",
    ) -> Response:
        """Return the page as it is now, because what was chosen could not be taken."""
        view = self.polls.page(token)
        if view is None:
            return to_page(token)
        return self.show(token, view, chosen, status, problems=problems, conflict=conflict)


def _date_poll_page(request: Request, pages: PagesDep, polls: PersonalDatePollsDep) -> DatePollPage:
    return DatePollPage(request, pages, polls)


DatePollPageDep = Annotated[DatePollPage, Depends(_date_poll_page)]


@router.api_route("/a/{token}/dates", methods=LOOK)
def dates(token: str, polls: PersonalDatePollsDep, page: DatePollPageDep, done: str = "") -> Response:
    """Show the options in the reader's own time, and what the delegation has said; changes nothing."""
    view = polls.page(token)
    if view is None:
        return to_page(token)
    return page.show(token, view, {item.number: item.vote for item in view.options}, done=done)


@router.post("/a/{token}/dates")
def vote(
    token: str,
    pressed: Annotated[Pressed, Depends(_pressed)],
    polls: PersonalDatePollsDep,
    page: DatePollPageDep,
) -> Response:
    """Record what was chosen; when that cannot be, it stays on the page."""
    try:
        polls.vote(token, _votes(pressed.votes), poll=pressed.poll)
    except LinkClosedError:
        raise
    except InvalidInput as error:
        return page.again(token, pressed.votes, 422, problems=error.problems)
    except Conflict as error:
        return page.again(token, pressed.votes, 409, conflict=error.message)
    return see_other(page_path(token, "dates"), done="voted")


def _votes(pressed: Mapping[int, str]) -> dict[int, Vote]:
    """Return the votes among what was pressed; what is none counts as nothing said."""
    known = {item.value: item for item in Vote}
    return {number: known[value] for number, value in pressed.items() if value in known}
