"""The personal pages: open to whoever holds the link, without signing in and without JavaScript.

A GET changes nothing, because mail scanners open every link; an answer in the address only chooses what
stands out. The addresses are secrets: they stand in no log, no search engine and no other site's log.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, field_validator
from starlette.exceptions import HTTPException

from orchestrator.bootstrap import Container
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import ContributionState, Need, Participation
from orchestrator.errors import Conflict, InvalidInput, NotFound, OrchestratorError, Problem
from orchestrator.services.personal.composition import Composition, Member
from orchestrator.services.personal.personal import MemberView, PersonalView
from orchestrator.services.personal.visits import LinkClosedError, NotAnnouncedError
from orchestrator.web.container import services
from orchestrator.web.pages import PagesDep, pages_of, see_other
from orchestrator.web.problems import status_of
from orchestrator.web.security import require_own_page

CALENDAR = "text/calendar; charset=utf-8"
_LARGEST_FORM = 200_000
_BLANK_ROWS = 3
_MOST_ROWS = 60
_REMOVED = "removed"
_GONE = frozenset({"link-revoked", "link-expired", "not-invited"})
_HEADERS = {
    # Our own forms need the origin; no other site gets an address that anybody could answer with.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class PersonalRoute(APIRoute):
    """A route whose refusals are pages of its own, without the console's way about."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler: no form larger than a page of ours sends, and the same headers on all."""
        handle = super().get_route_handler()

        async def serve(request: Request) -> Response:
            try:
                _require_small(request)
                response = await handle(request)
            except (OrchestratorError, HTTPException, RequestValidationError) as error:
                response = _refused(request, error)
            response.headers.update(_HEADERS)
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return serve


router = APIRouter(
    include_in_schema=False, dependencies=[Depends(require_own_page)], route_class=PersonalRoute
)
Services = Annotated[Container, Depends(services)]
# Mail scanners look with HEAD, and must see that there is something.
LOOK = ["GET", "HEAD"]


class AnswerForm(BaseModel):
    """What was pressed, ticked and typed."""

    answer: str = ""
    comment: str = ""
    myself: bool = False
    also: list[int] = []


class OwedForm(BaseModel):
    """Which button was pressed; without a state, what was said is taken back."""

    need: Need
    state: ContributionState | None = None
    mark: str = ""

    @field_validator("state", mode="before")
    @classmethod
    def _nothing(cls, value: object) -> object:
        return value or None


class DelegationForm(BaseModel):
    """The list of a delegation as typed: one name, address and seat a row."""

    name: list[str] = []
    email: list[str] = []
    seat: list[str] = []
    mark: str = ""
    more: bool = False
    edit: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the form; ``known`` is set for somebody who is in the meeting already."""

    name: str = ""
    email: str = ""
    seat: str = Seat.MEMBER.value
    known: MemberView | None = None

    @property
    def blank(self) -> bool:
        """Whether nothing was typed into it."""
        return not (self.name.strip() or self.email.strip())

    def member(self) -> Member:
        """Return the row as the service takes it."""
        seat = next((item for item in Seat if item.value == self.seat), Seat.MEMBER)
        return Member(self.name, self.email, seat, removed=self.seat == _REMOVED)


# Looking


@router.api_route("/a/{token}", methods=LOOK)
def page(
    request: Request,
    token: str,
    container: Services,
    pages: PagesDep,
    answer: str = "",
    done: str = "",
    count: int = 0,
) -> Response:
    """Answer "when is it for me, how do I join, have I answered?"; changes nothing."""
    try:
        view = container.personal.page(token)
    except NotAnnouncedError:
        # Before a meeting is announced there can only be a date poll, which has a page of its own.
        return RedirectResponse(f"/a/{quote(token, safe='')}/dates", 303)
    return _page(request, container, pages, token, view, _first_form(view, answer), done=done, count=count)


@router.api_route("/a/{token}/join", methods=LOOK)
def join(request: Request, token: str, container: Services, pages: PagesDep) -> Response:
    """Lead to the meeting by its link of now; where there is none, the page says why."""
    url = container.personal.join_url(token)
    if url is not None:
        return RedirectResponse(url, 303)
    view = container.personal.page(token)
    return _page(request, container, pages, token, view, _first_form(view, ""), done="no-link")


@router.api_route("/a/{token}/meeting.ics", methods=LOOK)
def calendar_file(token: str, container: Services) -> Response:
    """Return the meeting as a file for any calendar."""
    return _file(container.personal.invitation(token), CALENDAR, "meeting.ics")


@router.api_route("/a/{token}/minutes/{version}", methods=LOOK)
def minutes(token: str, version: int, container: Services) -> Response:
    """Return one version of the minutes, under its own name."""
    filename, media_type, content = container.personal.minutes(token, version)
    return _file(content, media_type, filename)


@router.api_route("/feed/{token}.ics", methods=LOOK)
def feed(request: Request, token: str, container: Services) -> Response:
    """Return the calendar of all of somebody's meetings, or say that it is as it was."""
    found = container.personal.feed(token)
    tag = f'"{found.tag}"'
    headers = {
        "ETag": tag,
        "Last-Modified": f"{found.modified:%a, %d %b %Y %H:%M:%S} GMT",
        "Cache-Control": "private, no-cache",
    }
    # Only the tag decides: two changes may fall into the same second.
    known = {item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="meetings.ics"'
    return Response(found.content, media_type=CALENDAR, headers=headers)


def _file(content: bytes, media_type: str, filename: str) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})


# Answering


@router.get("/a/{token}/answer")
def back_to_page(token: str) -> Response:
    """Lead somebody who reloads the address of the form back to the page."""
    return RedirectResponse(f"/a/{quote(token, safe='')}", 303)


@router.post("/a/{token}/answer")
def answer(
    request: Request, token: str, form: Annotated[AnswerForm, Form()], container: Services, pages: PagesDep
) -> Response:
    """Record an answer; when that cannot be, what was typed stays."""
    try:
        done = container.personal.answer(
            token, _participation(form.answer), form.comment, form.also, myself=form.myself
        )
    except LinkClosedError:
        raise
    except InvalidInput as error:
        view = container.personal.page(token)
        return _page(request, container, pages, token, view, form, 422, problems=error.problems)
    except Conflict as error:
        view = container.personal.page(token)
        return _page(request, container, pages, token, view, form, 409, conflict=error.message)
    return see_other(
        f"/a/{quote(token, safe='')}", done="answered" if done.names else "same", count=len(done.names)
    )


def _participation(typed: str) -> Participation:
    """Return the answer that was pressed; what is none is left to the service to refuse."""
    return next((item for item in Participation if item.words == typed), Participation.NEEDS_ACTION)


def _first_form(view: PersonalView, chosen: str) -> AnswerForm:
    """Return the form before anybody touched it: for oneself and for all who have not answered yet."""
    silent = [item.id for item in view.others if item.answer == "no answer"]
    return AnswerForm(answer=chosen, comment=view.comment or "", myself=True, also=silent)


def _page(
    request: Request,
    container: Container,
    pages: PagesDep,
    token: str,
    view: PersonalView,
    form: AnswerForm,
    status: int = 200,
    *,
    problems: Sequence[Problem] = (),
    conflict: str = "",
    done: str = "",
    count: int = 0,
) -> Response:
    return pages.render(
        request,
        "personal/personal.html.j2",
        status=status,
        here=f"/a/{quote(token, safe='')}",
        view=view,
        form=form,
        owing=container.owing.of(token),
        fields={item.field: item for item in problems},
        conflict=conflict,
        done=done,
        count=count,
    )


# What the delegation owes


@router.get("/a/{token}/owed")
def back_from_owed(token: str) -> Response:
    """Lead somebody who reloads the address of the form back to the page."""
    return back_to_page(token)


@router.post("/a/{token}/owed")
def settle(
    request: Request, token: str, form: Annotated[OwedForm, Form()], container: Services, pages: PagesDep
) -> Response:
    """Record what one click says of something the delegation owes, or take it back."""
    try:
        changed = container.owing.settle(token, form.need, form.state, mark=form.mark)
    except LinkClosedError:
        raise
    except Conflict as error:
        view = container.personal.page(token)
        return _page(
            request, container, pages, token, view, _first_form(view, ""), 409, conflict=error.message
        )
    done = "settled" if form.state else "unsettled"
    return see_other(f"/a/{quote(token, safe='')}", done=done if changed else "same")


# Naming who comes


@router.api_route("/a/{token}/delegation", methods=LOOK)
def delegation(request: Request, token: str, container: Services, pages: PagesDep) -> Response:
    """Show who comes, in a form to change it."""
    view = _spokesperson(container.personal.page(token))
    rows = [_row(item) for item in view.members]
    return _delegation(request, pages, token, view, [*rows, *_blank_rows()])


@router.post("/a/{token}/delegation")
def name_delegation(
    request: Request,
    token: str,
    form: Annotated[DelegationForm, Form()],
    container: Services,
    pages: PagesDep,
) -> Response:
    """Add rows, show what naming these people would do, or do it once that was confirmed."""
    view = _spokesperson(container.personal.page(token))
    rows = _typed_rows(view, form)
    again = [*rows, *_blank_rows()]
    if form.more or form.edit:
        return _delegation(request, pages, token, view, again, mark=form.mark)
    try:
        done = container.personal.compose(
            token, [item.member() for item in rows], mark=form.mark, preview=not form.confirmed
        )
    except LinkClosedError:
        raise
    except InvalidInput as error:
        return _delegation(request, pages, token, view, again, 422, mark=form.mark, problems=error.problems)
    except Conflict as error:
        return _delegation(request, pages, token, view, again, 409, conflict=error.message)
    if form.confirmed:
        return see_other(f"/a/{quote(token, safe='')}", done="named", count=_told(done))
    if done.nothing:
        return _delegation(request, pages, token, view, again, mark=form.mark, same=True)
    return pages.render(
        request,
        "personal/personal_confirm.html.j2",
        here=f"/a/{quote(token, safe='')}",
        view=view,
        rows=rows,
        done=done,
        mark=form.mark,
    )


def _told(done: Composition) -> int:
    return len(done.invited) + len(done.withdrawn)


def _spokesperson(view: PersonalView) -> PersonalView:
    if not view.answers_for_delegation:
        raise NotFound("Only the focal point and the head of a delegation can name who comes.")
    return view


def _row(item: MemberView) -> Row:
    return Row(item.name, item.email, item.seat, item)


def _blank_rows() -> list[Row]:
    return [Row()] * _BLANK_ROWS


def _typed_rows(view: PersonalView, form: DelegationForm) -> list[Row]:
    """Return what was typed, without the rows that were left blank."""
    known = {item.email.casefold(): item for item in view.members}
    typed = zip_longest(form.name, form.email, form.seat, fillvalue="")
    rows = [Row(name, email, seat, known.get(email.strip().casefold())) for name, email, seat in typed]
    return _each_known_once(item for item in rows[:_MOST_ROWS] if not item.blank)


def _each_known_once(rows: Iterable[Row]) -> list[Row]:
    """Let only the first row with an address be the person's own; the second one can be corrected."""
    seen: set[int] = set()
    found = []
    for row in rows:
        twice = row.known is not None and row.known.id in seen
        found.append(replace(row, known=None) if twice else row)
        if row.known is not None:
            seen.add(row.known.id)
    return found


def _delegation(
    request: Request,
    pages: PagesDep,
    token: str,
    view: PersonalView,
    rows: Sequence[Row],
    status: int = 200,
    *,
    mark: str | None = None,
    problems: Sequence[Problem] = (),
    conflict: str = "",
    same: bool = False,
) -> Response:
    """Show the form; without ``mark``, what is saved next is held against the list as it is now."""
    return pages.render(
        request,
        "personal/personal_delegation.html.j2",
        status=status,
        here=f"/a/{quote(token, safe='')}",
        view=view,
        rows=rows,
        mark=mark or view.mark,
        fields={item.field: item for item in problems},
        conflict=conflict,
        same=same,
        seats=tuple(item.value for item in Seat),
        removed=_REMOVED,
    )


# Refusing


@router.api_route("/a/{rest:path}", methods=LOOK)
def nowhere(rest: str) -> Response:
    """Refuse every other address below ours."""
    raise NotFound("This address is not complete. Open the link in the mail again.")


def _require_small(request: Request) -> None:
    """Refuse a form before it is read that is larger than any of ours, or that hides its size."""
    if request.method != "POST":
        return
    length = request.headers.get("content-length", "")
    if not length.isascii() or not length.isdigit():
        raise HTTPException(411, "This form does not say how large it is. Nothing was done.")
    if int(length) > _LARGEST_FORM:
        raise HTTPException(413, "This is more than the page can take. Shorten it. Nothing was done.")


def _refused(request: Request, error: Exception) -> Response:
    """Say what is wrong: in one line to a calendar that subscribes, else on a page."""
    status, message = _status_of(error), _message_of(error)
    if request.url.path.startswith("/feed/"):
        return PlainTextResponse(message, status)
    contact = error.contact if isinstance(error, LinkClosedError) else None
    return pages_of(request).render(
        request,
        "personal/personal_refused.html.j2",
        status=status,
        message=message,
        contact=contact,
        code=getattr(error, "code", ""),
    )


def _status_of(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, OrchestratorError):
        return 410 if error.code in _GONE else status_of(error)
    return 422


def _message_of(error: Exception) -> str:
    if isinstance(error, HTTPException):
        if error.status_code == 403:
            return "This form was sent from another site. Nothing was done. Open the link in the mail again."
        return str(error.detail)
    if isinstance(error, OrchestratorError):
        return error.message
    return "Something in this address or form cannot be read. Nothing was done."
