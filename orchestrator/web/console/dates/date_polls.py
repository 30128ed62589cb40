"""The console's side of a date poll: opening one for a draft, and what can be done with an open one.

As everywhere in the console, what tells people something, or ends something, is looked at first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from pydantic import BaseModel, Field

from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.dates.date_poll_views import DatePollView, OptionView
from orchestrator.services.dates.date_polls import DatePolls
from orchestrator.services.dates.proposals import DatePollRequest
from orchestrator.services.meetings.linking import QUESTION
from orchestrator.services.meetings.reading import Reading
from orchestrator.web.console.confirmation import ConfirmationDep
from orchestrator.web.console.forms import Kept, Number, Ticked, Typed, Version, linked_choice, refusals
from orchestrator.web.console.meeting_page import MeetingPageDep, MeetingScreen
from orchestrator.web.container import DatePollsDep, ReadingDep
from orchestrator.web.pages import Pages, PagesDep, meeting_path, see_other
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


class PollForm(BaseModel):
    """What was typed to open a date poll, as typed.

    ``starts`` are the dates that were looked at, with commas between: these are asked about, whatever the
    fair-start finder would propose by then.
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

    def wanted(self) -> DatePollRequest:
        """Return what to ask; raises ``InvalidInput`` for what cannot be read."""
        closes = self.closes.strip()
        if self.confirmed:
            return DatePollRequest.of({"starts": self.starts.split(","), "closes": closes})
        dates = {"from": self.first.strip() or None, "to": self.last.strip() or None}
        return DatePollRequest.of({"top": self.top.strip(), "closes": closes} | dates)


@router.post("/meetings/{reference}/date-poll")
def open_date_poll(
    reference: str,
    form: Annotated[PollForm, Form()],
    reading: ReadingDep,
    polls: DatePollsDep,
    caller: ConsoleCaller,
    page: MeetingPageDep,
    confirmation: ConfirmationDep,
) -> Response:
    """Show who would be asked for which dates, or ask them once that was confirmed."""
    found = reading.meeting(reference)
    try:
        effect = polls.open(
            found.reference, form.wanted(), caller=caller, version=form.version, dry_run=not form.confirmed
        )
    except (InvalidInput, Conflict) as error:
        return _again(page, reference, error, "open-poll", form.typed)
    if form.confirmed:
        return see_other(meeting_path(found.reference), done="asked", count=effect.count("date-poll"))
    starts = ",".join(f"{item.starts.day} {item.starts.clock}" for item in effect.date_poll.options)
    hidden = form.typed | {"version": form.version, "starts": starts}
    return confirmation.show("ask", found, effect, hidden, poll=effect.date_poll)


@router.post("/meetings/{reference}/date-poll/extend")
def extend_date_poll(
    reference: str,
    reading: ReadingDep,
    polls: DatePollsDep,
    caller: ConsoleCaller,
    page: MeetingPageDep,
    confirmation: ConfirmationDep,
    closes: Typed = "",
    confirmed: Ticked = False,
) -> Response:
    """Show what another closing time would do, or set it once that was confirmed."""
    found = reading.meeting(reference)
    try:
        until = DatePollRequest.of({"closes": closes.strip()}).closes
        effect = polls.extend(found.reference, until, caller=caller, dry_run=not confirmed)
    except InvalidInput as error:
        return _again(page, reference, error, "extend-poll", {"closes": closes})
    if confirmed:
        return see_other(meeting_path(found.reference), done="extended", count=effect.count("date-poll"))
    return confirmation.show("extend", found, effect, {"closes": closes.strip()}, poll=effect.date_poll)


def _again(
    page: MeetingScreen, reference: str, error: InvalidInput | Conflict, form: str, typed: dict[str, str]
) -> Response:
    """Show the meeting with one of its forms as it was sent, and what is wrong with it."""
    # How many starts there are to choose from is what was typed as the number of dates.
    problems = [replace(item, field="top") if item.field == "starts" else item for item in refusals(error)]
    return page.again(reference, error, Kept.of(form, 0, problems, **typed))


@router.get("/meetings/{reference}/date-poll/remind")
def confirm_remind(
    reference: str,
    reading: ReadingDep,
    polls: DatePollsDep,
    caller: ConsoleCaller,
    confirmation: ConfirmationDep,
) -> Response:
    """Show who would be asked again."""
    found = reading.meeting(reference)
    effect = polls.remind(reference, caller=caller, dry_run=True)
    return confirmation.show("ask-again", found, effect, {}, poll=effect.date_poll)


@router.post("/meetings/{reference}/date-poll/remind")
def remind(reference: str, polls: DatePollsDep, caller: ConsoleCaller) -> Response:
    """Ask those again who have not answered."""
    effect = polls.remind(reference, caller=caller)
    return see_other(meeting_path(effect.reference), done="asked-again", count=effect.count("date-poll"))


@router.get("/meetings/{reference}/date-poll/withdraw")
def confirm_withdraw(
    reference: str,
    reading: ReadingDep,
    polls: DatePollsDep,
    caller: ConsoleCaller,
    confirmation: ConfirmationDep,
) -> Response:
    """Show what ending the poll without a result would keep back."""
    found = reading.meeting(reference)
    effect = polls.withdraw(reference, caller=caller, dry_run=True)
    return confirmation.show("withdraw", found, effect, {}, poll=effect.date_poll)


@router.post("/meetings/{reference}/date-poll/withdraw")
def withdraw(reference: str, polls: DatePollsDep, caller: ConsoleCaller) -> Response:
    """End the poll without a result."""
    effect = polls.withdraw(reference, caller=caller)
    return see_other(meeting_path(effect.reference), done="withdrawn")


@dataclass(frozen=True, slots=True)
class LinkedQuestion:
    """Asks what becomes of linked meetings before an option becomes the meeting's time."""

    request: Request
    pages: Pages
    reading: Reading
    polls: DatePolls

    def ask(self, reference: str, option: int, error: Conflict, status: int) -> Response:
        """Return the question, a line for each meeting behind the first; raises any other conflict again."""
        if error.code != QUESTION:
            raise error
        return self.pages.render(
            self.request,
            "dates/poll_linked.html.j2",
            status=status,
            meeting=self.reading.meeting(reference),
            chosen=_chosen(self.polls.show(reference), option),
            question=error.message.splitlines(),
            linked=self.reading.linked(reference),
        )


def _linked_question(
    request: Request, pages: PagesDep, reading: ReadingDep, polls: DatePollsDep
) -> LinkedQuestion:
    return LinkedQuestion(request, pages, reading, polls)


LinkedQuestionDep = Annotated[LinkedQuestion, Depends(_linked_question)]

# Below the others, whose last words would otherwise be taken for an option.


@router.get("/meetings/{reference}/date-poll/{option}")
def confirm_date(
    reference: str,
    option: Number,
    reading: ReadingDep,
    polls: DatePollsDep,
    caller: ConsoleCaller,
    question: LinkedQuestionDep,
    confirmation: ConfirmationDep,
    linked: str = "",
) -> Response:
    """Show what making an option the meeting's time would do, once it is said what becomes of linked ones."""
    found, choice = reading.meeting(reference), linked_choice(linked)
    try:
        effect = polls.close(
            reference, option, caller=caller, version=found.version, dry_run=True, linked=choice
        )
    except Conflict as error:
        return question.ask(reference, option, error, 200)
    return confirmation.show(
        "choose",
        found,
        effect,
        {"version": found.version, **({"linked": choice} if choice else {})},
        chosen=_chosen(effect.date_poll, option),
        poll=effect.date_poll,
        choice=choice,
        linked=reading.linked(reference) if choice else (),
    )


@router.post("/meetings/{reference}/date-poll/{option}")
def choose_date(
    reference: str,
    option: Number,
    polls: DatePollsDep,
    caller: ConsoleCaller,
    question: LinkedQuestionDep,
    version: Version,
    linked: Typed = "",
) -> Response:
    """Make the option that was shown the meeting's time."""
    try:
        effect = polls.close(reference, option, caller=caller, version=version, linked=linked_choice(linked))
    except Conflict as error:
        return question.ask(reference, option, error, 409)
    told = effect.count("invite")
    return see_other(meeting_path(effect.reference), done="chosen", count=told or None)


def _chosen(poll: DatePollView, option: int) -> OptionView:
    return next(item for item in poll.options if item.number == option)
