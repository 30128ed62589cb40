"""The console's mailbox pages: does any mail wait for a decision, and what became of the others?

A mail that no program could apply waits in quarantine until a person says whose answer it is, or lets it
go. Nothing that a mail says is shown as anything but text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from orchestrator.domain.answers.responses import Fate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import InvalidInput, NotFound, Problem
from orchestrator.services.answers.senders import Sender
from orchestrator.services.answers.views import IncomingView
from orchestrator.services.meetings.views import MeetingSummary
from orchestrator.web.console.answers.answers import answer_of
from orchestrator.web.console.forms import Number, Typed
from orchestrator.web.container import InboxDep, IncomingDep, QuarantineDep, ReadingDep, SendersDep
from orchestrator.web.pages import Pages, PagesDep, see_other
from orchestrator.web.security import ConsoleCaller

_WAITING_SHOWN = 25
_RECENT_SHOWN = 50
_EXCERPT = 600

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A quarantined mail with the form to assign it: filled in with what suggests itself, or was typed."""

    mail: IncomingView
    meeting: str
    email: str
    participation: str
    said: str | None
    problems: dict[str, Problem]

    @property
    def excerpt(self) -> str:
        """The beginning of what it says."""
        text = self.mail.text.strip()
        return text if len(text) <= _EXCERPT else text[:_EXCERPT].rstrip() + " …"


class PossibleSenders:
    """Who can have answered: the attendees of the published ``meetings``, by reference."""

    def __init__(
        self, meetings: Sequence[MeetingSummary] = (), people: Mapping[str, Sequence[Sender]] | None = None
    ) -> None:
        self.meetings = meetings
        self._people = people or {}

    @property
    def addresses(self) -> dict[str, str]:
        """Each address with the name and the delegation it stands for, in protocol order."""
        return {
            item.email: f"{item.name}, {item.delegation}"
            for meeting in self.meetings
            for item in self._people.get(meeting.reference, ())
        }

    def suggestion(self, mail: IncomingView) -> tuple[str, str]:
        """Return the meeting and the address that a mail most likely speaks for, or nothing."""
        references = [item.reference for item in self.meetings]
        invited_to = [item for item in references if self._address_in(item, mail.sender)]
        if mail.meeting in references:
            return mail.meeting, self._address_in(mail.meeting, mail.sender)
        if len(invited_to) == 1:
            return invited_to[0], self._address_in(invited_to[0], mail.sender)
        return "", ""

    def knows(self, reference: str) -> bool:
        """Whether a meeting is among them."""
        return any(item.reference == reference for item in self.meetings)

    def _address_in(self, reference: str, sender: str | None) -> str:
        wanted = (sender or "").casefold()
        people = self._people.get(reference, ())
        return next((item.email for item in people if item.email.casefold() == wanted), "")


def _people(reading: ReadingDep, senders: SendersDep) -> PossibleSenders:
    published = [item for item in reading.meetings() if item.status == "published"]
    return PossibleSenders(published, senders.by_meeting())


PeopleDep = Annotated[PossibleSenders, Depends(_people)]


@router.get("/mailbox")
def mailbox(
    request: Request,
    incoming: IncomingDep,
    reading: ReadingDep,
    senders: SendersDep,
    inbox: InboxDep,
    pages: PagesDep,
    done: str = "",
) -> Response:
    """Answer "does any mail need me?", then show what became of the others."""
    quarantined = incoming.mails(Fate.QUARANTINED)
    people = _people(reading, senders) if quarantined else PossibleSenders()
    return pages.render(
        request,
        "answers/mailbox.html.j2",
        done=done,
        people=people,
        total=len(quarantined),
        waiting=[_waiting(item, people) for item in quarantined[:_WAITING_SHOWN]],
        recent=_dealt_with(incoming.mails())[:_RECENT_SHOWN],
        state=incoming.mailbox(),
        there=inbox is not None,
    )


@router.post("/mailbox/read")
def read_now(inbox: InboxDep) -> Response:
    """Have the mailbox read now instead of at the next turn."""
    if inbox is None:
        raise NotFound("No mailbox is set, so there is nothing to read.")
    inbox.read_soon()
    return see_other("/mailbox", done="reading")


@router.get("/mailbox/{number}")
def mail(
    request: Request, number: Number, incoming: IncomingDep, people: PeopleDep, pages: PagesDep
) -> Response:
    """Show one mail that came in."""
    return _mail_page(request, pages, people, _waiting(incoming.mail(number), people))


@router.get("/mailbox/{number}/mail.eml")
def download(number: Number, incoming: IncomingDep) -> Response:
    """Return a mail as it came; never shown here, because its sender wrote it."""
    return Response(
        incoming.content(number),
        media_type="message/rfc822",
        headers={"Content-Disposition": f'attachment; filename="mail-{number}.eml"'},
    )


@router.post("/mailbox/{number}/assign")
def assign(
    request: Request,
    number: Number,
    incoming: IncomingDep,
    quarantine: QuarantineDep,
    caller: ConsoleCaller,
    people: PeopleDep,
    pages: PagesDep,
    meeting: Typed = "",
    email: Typed = "",
    participation: Typed = "",
) -> Response:
    """Take a quarantined mail for an attendee's answer; what was typed stays when that is not possible."""
    found = incoming.mail(number)
    try:
        _require_filled_in(people, meeting, email)
        given = answer_of(participation) if participation or not _said(found) else None
        quarantine.assign(number, meeting, email, caller=caller, participation=given)
    except InvalidInput as error:
        problems = error.problems
    except NotFound as error:
        problems = (Problem("email", email, error.message, "Choose somebody who is."),)
    else:
        return see_other("/mailbox", done="assigned")
    form = Waiting(
        found, meeting, email, participation, _said(found), {item.field: item for item in problems}
    )
    return _mail_page(request, pages, people, form, 422)


@router.post("/mailbox/{number}/discard")
def discard(number: Number, quarantine: QuarantineDep, caller: ConsoleCaller) -> Response:
    """Let a quarantined mail go without effect."""
    quarantine.discard(number, caller=caller)
    return see_other("/mailbox", done="dismissed")


def _require_filled_in(people: PossibleSenders, meeting: str, email: str) -> None:
    problems = []
    if not people.knows(meeting):
        problems.append(Problem("meeting", meeting, "is missing", "Choose a published meeting."))
    if not email.strip():
        problems.append(Problem("email", "", "is missing", "Write the address of an attendee."))
    if problems:
        raise InvalidInput(problems)


def _waiting(mail: IncomingView, people: PossibleSenders) -> Waiting:
    meeting, email = people.suggestion(mail)
    return Waiting(mail, meeting, email, "", _said(mail), {})


def _said(mail: IncomingView) -> str | None:
    """The answer that a mail gives itself, in words; ``None`` when it gives none."""
    if mail.participation in (None, Participation.NEEDS_ACTION):
        return None
    return Participation(mail.participation).words


def _dealt_with(mails: Iterable[IncomingView]) -> list[IncomingView]:
    return [item for item in mails if item.fate != Fate.QUARANTINED]


def _mail_page(
    request: Request, pages: Pages, people: PossibleSenders, form: Waiting, status: int = 200
) -> Response:
    return pages.render(request, "answers/mailbox_mail.html.j2", status=status, item=form, people=people)
