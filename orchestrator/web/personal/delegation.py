"""Naming who comes for a delegation: the list as a form, what naming them would do, doing it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Annotated

from fastapi import Depends, Form, Request, Response
from pydantic import BaseModel, Field

from orchestrator.domain.meetings.fields import COMMON_FORMS, Seat
from orchestrator.domain.people.addresses import compared
from orchestrator.errors import Conflict, InvalidInput, NotFound, Problem, TooMany
from orchestrator.services.personal.delegation_list import Composition, Member
from orchestrator.services.personal.followed_link import LinkClosedError
from orchestrator.services.personal.page_view import MemberView, PersonalView
from orchestrator.web.container import DelegationListsDep, PersonalPagesDep
from orchestrator.web.pages import Pages, PagesDep, see_other
from orchestrator.web.personal.routing import LOOK, again_after, page_path, personal_router

_BLANK_ROWS = 3
_MOST_ROWS = 60
_REMOVED = "removed"

router = personal_router()


class DelegationForm(BaseModel):
    """The list of a delegation as typed: one name, address and seat a row, and how letters address them."""

    name: list[str] = []
    email: list[str] = []
    seat: list[str] = []
    address: list[str] = []
    position: list[str] = []
    mark: str = ""
    more: bool = False
    edit: bool = False
    confirmed: bool = False


class WithdrawForm(BaseModel):
    """Who is taken back, by number."""

    number: Annotated[int, Field(ge=1, lt=2**31)]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the form; ``known`` is set for a person who is in the meeting already."""

    name: str = ""
    email: str = ""
    seat: str = Seat.MEMBER.value
    address: str | None = None
    position: str | None = None
    known: MemberView | None = None

    @property
    def blank(self) -> bool:
        """Whether nothing was typed into it."""
        return not (self.name.strip() or self.email.strip())

    def member(self) -> Member:
        """Return the row as the service takes it."""
        seat = next((item for item in Seat if item.value == self.seat), Seat.MEMBER)
        return Member(self.name, self.email, seat, self.seat == _REMOVED, self.address, self.position)


@dataclass(frozen=True, slots=True)
class DelegationPage:
    """Shows the form, and what naming the people in it would do."""

    request: Request
    pages: Pages

    def form(
        self,
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
        """Return the form; without ``mark``, what is saved next is held against the list as it is now."""
        return self.pages.render(
            self.request,
            "personal/personal_delegation.html.j2",
            status=status,
            here=page_path(token),
            view=view,
            rows=[*rows, *[Row()] * _BLANK_ROWS],
            mark=mark or view.mark,
            fields={item.field: item for item in problems},
            conflict=conflict,
            same=same,
            seats=tuple(item.value for item in Seat),
            forms=COMMON_FORMS,
            removed=_REMOVED,
        )

    def confirmation(
        self, token: str, view: PersonalView, rows: Sequence[Row], done: Composition, mark: str
    ) -> Response:
        """Return what naming these people would do, and the button that does it."""
        return self.pages.render(
            self.request,
            "personal/personal_confirm.html.j2",
            here=page_path(token),
            view=view,
            rows=rows,
            done=done,
            mark=mark,
        )


def _delegation_page(request: Request, pages: PagesDep) -> DelegationPage:
    return DelegationPage(request, pages)


def _spokesperson(token: str, personal_pages: PersonalPagesDep) -> PersonalView:
    """The page of a reader who may name who comes; raises ``NotFound`` for others."""
    view = personal_pages.page(token)
    if not view.answers_for_delegation:
        raise NotFound("Only the focal point and the head of a delegation can name who comes.")
    return view


Spokesperson = Annotated[PersonalView, Depends(_spokesperson)]
DelegationPageDep = Annotated[DelegationPage, Depends(_delegation_page)]


@router.api_route("/a/{token}/delegation", methods=LOOK)
def delegation(token: str, view: Spokesperson, page: DelegationPageDep) -> Response:
    """Show who comes, in a form to change it."""
    return page.form(
        token,
        view,
        [Row(item.name, item.email, item.seat, item.form, item.position, item) for item in view.members],
    )


@router.post("/a/{token}/delegation")
def name_delegation(
    token: str,
    form: Annotated[DelegationForm, Form()],
    view: Spokesperson,
    lists: DelegationListsDep,
    page: DelegationPageDep,
) -> Response:
    """Add rows, show what naming these people would do, or do it once that was confirmed."""
    rows = _typed_rows(view, form)
    if form.more or form.edit:
        return page.form(token, view, rows, mark=form.mark)
    try:
        done = lists.compose(
            token, [item.member() for item in rows], mark=form.mark, dry_run=not form.confirmed
        )
    except LinkClosedError:
        raise
    except InvalidInput as error:
        return page.form(token, view, rows, 422, mark=form.mark, problems=error.problems)
    except TooMany as error:
        shown = page.form(token, view, rows, 429, mark=form.mark, conflict=error.message)
        return again_after(shown, error)
    except Conflict as error:
        return page.form(token, view, rows, 409, conflict=error.message)
    if form.confirmed:
        return _saved(token, done)
    if done.nothing:
        return page.form(token, view, rows, mark=form.mark, same=True)
    return page.confirmation(token, view, rows, done, form.mark)


def _saved(token: str, done: Composition) -> Response:
    """Lead back to the page, which says how many are told, or else how many wait."""
    told = len(done.invited) + len(done.withdrawn)
    if done.waiting and not told:
        return see_other(page_path(token), done="asked", count=len(done.waiting))
    return see_other(page_path(token), done="named", count=told)


@router.post("/a/{token}/delegation/withdraw")
def withdraw(token: str, form: Annotated[WithdrawForm, Form()], lists: DelegationListsDep) -> Response:
    """Take back the naming of a person who waits for the coordinator's yes."""
    done = lists.withdraw(token, form.number)
    return see_other(page_path(token), done="withdrawn" if done else "same")


def _typed_rows(view: PersonalView, form: DelegationForm) -> list[Row]:
    """Return what was typed, without the rows that were left blank."""
    known = {compared(item.email): item for item in view.members}
    typed = zip_longest(form.name, form.email, form.seat, fillvalue="")
    # A page that was opened before these could be typed leaves them as they are known.
    address = zip_longest(form.address, form.position, range(len(form.name)))
    rows = [
        Row(name, email, seat, before, office, known.get(compared(email)))
        for (name, email, seat), (before, office, _) in zip(typed, address, strict=False)
    ]
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
