"""The console's side of a date poll: opening one for a draft, and what can be done with an open one.

As everywhere in the console, what tells people something, or ends something, is looked at first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from pydantic import BaseModel, Field

from orchestrator.bootstrap import Container
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.dates.date_poll_views import OptionView, PollView
from orchestrator.services.dates.date_polls import PollRequest
from orchestrator.services.meetings.linking import QUESTION
from orchestrator.web.console.meetings import (
    CALLER,
    Kept,
    Number,
    Services,
    Ticked,
    Typed,
    Version,
    confirm_page,
    linked_choice,
    meeting_page,
    refusals,
)
from orchestrator.web.pages import Pages, PagesDep, meeting_path, see_other
from orchestrator.web.security import require_sign_in

router = APIRouter(include_in_schema=False, dependencies=[Depends(require_sign_in)])


class PollForm(BaseModel):
    """What was typed to open a date poll, as typed.

    ``starts`` are the dates that were looked at, with commas between: these are asked about, whatever the
    slot finder would propose by then.
    """

    version: int
    top: str = ""
    first: str = Field("", alias="from")
    last: str = Field("", alias="to")
    closes: str = ""
    starts: str = ""
    confirmed: bool = False

    @property
    def typed(self) -> dict[str, str]:
        """The fields of the form on the meeting's page, as typed."""
        return {"top": self.top, "from": self.first, "to": self.last, "closes": self.closes}

    def wanted(self) -> PollRequest:
        """Return what to ask; raises ``InvalidInput`` for what cannot be read."""
        closes = self.closes.strip()
        if self.confirmed:
            return PollRequest.of({"starts": self.starts.split(","), "closes": closes})
        dates = {"from": self.first.strip() or None, "to": self.last.strip() or None}
        return PollRequest.of({"top": self.top.strip(), "closes": closes} | dates)


@router.post("/meetings/{reference}/poll")
def open_poll(
    request: Request, reference: str, form: Annotated[PollForm, Form()], container: Services, pages: PagesDep
) -> Response:
    """Show who would be asked for which dates, or ask them once that was confirmed."""
    found = container.reading.meeting(reference)
    try:
        outcome = container.polls.open(
            found.reference, form.wanted(), caller=CALLER, version=form.version, preview=not form.confirmed
        )
    except (InvalidInput, Conflict) as error:
        return _again(request, container, pages, reference, error, "open-poll", form.typed)
    if form.confirmed:
        return see_other(meeting_path(found.reference), done="asked", count=outcome.count("date-poll"))
    starts = ",".join(f"{item.starts.day} {item.starts.clock}" for item in outcome.poll.options)
    hidden = form.typed | {"version": form.version, "starts": starts}
    return confirm_page(request, container, pages, "ask", found, outcome, hidden, poll=outcome.poll)


@router.post("/meetings/{reference}/poll/extend")
def extend_poll(
    request: Request,
    reference: str,
    container: Services,
    pages: PagesDep,
    closes: Typed = "",
    confirmed: Ticked = False,
) -> Response:
    """Show what another closing time would do, or set it once that was confirmed."""
    found = container.reading.meeting(reference)
    try:
        until = PollRequest.of({"closes": closes.strip()}).closes
        outcome = container.polls.extend(found.reference, until, caller=CALLER, preview=not confirmed)
    except InvalidInput as error:
        return _again(request, container, pages, reference, error, "extend-poll", {"closes": closes})
    if confirmed:
        return see_other(meeting_path(found.reference), done="extended", count=outcome.count("date-poll"))
    hidden = {"closes": closes.strip()}
    return confirm_page(request, container, pages, "extend", found, outcome, hidden, poll=outcome.poll)


def _again(
    request: Request,
    container: Container,
    pages: Pages,
    reference: str,
    error: InvalidInput | Conflict,
    form: str,
    typed: dict[str, str],
) -> Response:
    """Show the meeting with one of its forms as it was sent, and what is wrong with it."""
    # How many starts there are to choose from is what was typed as the number of dates.
    problems = [replace(item, field="top") if item.field == "starts" else item for item in refusals(error)]
    kept = Kept.of(form, 0, problems, **typed)
    status = 422 if isinstance(error, InvalidInput) else 409
    newest = container.reading.meeting(reference)
    return meeting_page(request, container, pages, newest, status=status, kept=kept)


@router.get("/meetings/{reference}/poll/remind")
def confirm_remind(request: Request, reference: str, container: Services, pages: PagesDep) -> Response:
    """Show who would be asked again."""
    found = container.reading.meeting(reference)
    outcome = container.polls.remind(reference, caller=CALLER, preview=True)
    return confirm_page(request, container, pages, "ask-again", found, outcome, {}, poll=outcome.poll)


@router.post("/meetings/{reference}/poll/remind")
def remind(reference: str, container: Services) -> Response:
    """Ask those again who have not answered."""
    outcome = container.polls.remind(reference, caller=CALLER)
    return see_other(meeting_path(outcome.reference), done="asked-again", count=outcome.count("date-poll"))


@router.get("/meetings/{reference}/poll/withdraw")
def confirm_withdraw(request: Request, reference: str, container: Services, pages: PagesDep) -> Response:
    """Show what ending the poll without a result would keep back."""
    found = container.reading.meeting(reference)
    outcome = container.polls.withdraw(reference, caller=CALLER, preview=True)
    return confirm_page(request, container, pages, "withdraw", found, outcome, {}, poll=outcome.poll)


@router.post("/meetings/{reference}/poll/withdraw")
def withdraw(reference: str, container: Services) -> Response:
    """End the poll without a result."""
    outcome = container.polls.withdraw(reference, caller=CALLER)
    return see_other(meeting_path(outcome.reference), done="withdrawn")


# Below the others, whose last words would otherwise be taken for an option.


@router.get("/meetings/{reference}/poll/{option}")
def confirm_date(
    request: Request, reference: str, option: Number, container: Services, pages: PagesDep, linked: str = ""
) -> Response:
    """Show what making an option the meeting's time would do, once it is said what becomes of linked ones."""
    found, choice = container.reading.meeting(reference), linked_choice(linked)
    try:
        outcome = container.polls.close(
            reference, option, caller=CALLER, version=found.version, preview=True, linked=choice
        )
    except Conflict as error:
        return _asked(request, container, pages, reference, option, error, 200)
    hidden = {"version": found.version, **({"linked": choice} if choice else {})}
    return confirm_page(
        request,
        container,
        pages,
        "choose",
        found,
        outcome,
        hidden,
        chosen=_chosen(outcome.poll, option),
        poll=outcome.poll,
        choice=choice,
        linked=container.reading.linked(reference) if choice else (),
    )


@router.post("/meetings/{reference}/poll/{option}")
def choose_date(
    request: Request,
    reference: str,
    option: Number,
    container: Services,
    pages: PagesDep,
    version: Version,
    linked: Typed = "",
) -> Response:
    """Make the option that was shown the meeting's time."""
    try:
        outcome = container.polls.close(
            reference, option, caller=CALLER, version=version, linked=linked_choice(linked)
        )
    except Conflict as error:
        return _asked(request, container, pages, reference, option, error, 409)
    told = outcome.count("invite")
    return see_other(meeting_path(outcome.reference), done="chosen", count=told or None)


def _asked(
    request: Request,
    container: Container,
    pages: Pages,
    reference: str,
    option: int,
    error: Conflict,
    status: int,
) -> Response:
    """Ask what becomes of linked meetings, a line for each behind the first; any other conflict stands."""
    if error.code != QUESTION:
        raise error
    found = container.reading.meeting(reference)
    return pages.render(
        request,
        "dates/poll_linked.html.j2",
        status=status,
        meeting=found,
        chosen=_chosen(container.polls.show(reference), option),
        question=error.message.splitlines(),
        linked=container.reading.linked(reference),
    )


def _chosen(poll: PollView, option: int) -> OptionView:
    return next(item for item in poll.options if item.number == option)
