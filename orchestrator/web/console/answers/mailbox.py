"""The console's mailbox pages: does any mail wait for a decision, and what became of the others?

A mail that no program could apply waits in quarantine until a person says whose answer it is, or lets it
go. Nothing that a mail says is shown as anything but text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from pydantic import BaseModel

from orchestrator.domain.answers.responses import Fate
from orchestrator.domain.answers.speakers import Relation
from orchestrator.errors import InvalidInput, NotFound, Problem
from orchestrator.services.answers.guests import GuestDetails, invitee_of
from orchestrator.services.answers.quarantine import Trust
from orchestrator.services.answers.senders import Sender
from orchestrator.services.answers.views import IncomingView
from orchestrator.services.meetings.views import MeetingSummary
from orchestrator.store.answers.incoming import MailQuery
from orchestrator.web.console.answers.answers import answer_of
from orchestrator.web.console.confirmation import ConfirmationDep
from orchestrator.web.console.forms import Number, Typed
from orchestrator.web.container import (
    GuestsDep,
    InboxDep,
    IncomingDep,
    KnownSendersDep,
    QuarantineDep,
    ReadingDep,
    SendersDep,
)
from orchestrator.web.pages import Pages, PagesDep, see_other
from orchestrator.web.security import ConsoleCaller

_WAITING_SHOWN = 25
_RECENT_SHOWN = 50
_LISTED = 50
_RELATIONS = ((Relation.DEPUTY, "somebody who answers for them"), (Relation.ALIAS, "their own other address"))
_EXCERPT = 600

router = APIRouter()


class GuestForm(BaseModel):
    """What was typed to invite who answered a forwarded invitation."""

    name: str = ""
    delegation: str = ""
    group: str = ""
    confirmed: bool = False

    @property
    def details(self) -> GuestDetails:
        """What was typed, as the service takes it."""
        return GuestDetails(self.name.strip(), self.delegation.strip(), self.group.strip())


@dataclass(frozen=True, slots=True)
class Waiting:
    """A quarantined mail with the form to assign it: filled in with what suggests itself, or was typed."""

    mail: IncomingView
    meeting: str
    email: str
    participation: str
    said: str | None
    problems: dict[str, Problem]
    guest: GuestForm

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

    def knows(self, reference: str) -> bool:
        """Whether a meeting is among them."""
        return any(item.reference == reference for item in self.meetings)


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
    known_senders: KnownSendersDep,
    inbox: InboxDep,
    pages: PagesDep,
    done: str = "",
) -> Response:
    """Answer "does any mail need me?", then show what became of the others."""
    quarantined = incoming.page(MailQuery(Fate.QUARANTINED, limit=_WAITING_SHOWN)).mails
    people = _people(reading, senders) if quarantined else PossibleSenders()
    return pages.render(
        request,
        "answers/mailbox.html.j2",
        done=done,
        people=people,
        total=incoming.waiting(),
        waiting=[_waiting(item) for item in quarantined],
        recent=_dealt_with(incoming.mails())[:_RECENT_SHOWN],
        known=known_senders.all(),
        relations=_RELATIONS,
        state=incoming.mailbox(),
        there=inbox is not None,
    )


@router.get("/mailbox/all")
def all_mails(
    request: Request,
    incoming: IncomingDep,
    pages: PagesDep,
    fate: str = "",
    search: str = "",
    after: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Response:
    """Show every mail that came in, a page at a time, or those that hold some words."""
    wanted = Fate(fate) if fate in set(Fate) else None
    page = incoming.page(MailQuery(wanted, search[:200], after, _LISTED))
    return pages.render(
        request,
        "answers/mailbox_all.html.j2",
        page=page,
        fate=wanted or "",
        fates=list(Fate),
        search=search[:200],
        after=after,
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
    return _mail_page(request, pages, people, _waiting(incoming.mail(number)))


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
    sender_is: Typed = "",
) -> Response:
    """Take a quarantined mail for an attendee's answer; what was typed stays when that is not possible."""
    found = incoming.mail(number)
    try:
        _require_filled_in(people, meeting, email)
        given = answer_of(participation) if participation or not found.says else None
        remember = Relation(sender_is) if sender_is in set(Relation) else None
        quarantine.assign(number, meeting, email, caller=caller, participation=given, remember=remember)
    except InvalidInput as error:
        problems = error.problems
    except NotFound as error:
        problems = (Problem("email", email, error.message, "Choose somebody who is."),)
    else:
        return see_other("/mailbox", done="assigned")
    form = replace(
        _waiting(found),
        meeting=meeting,
        email=email,
        participation=participation,
        problems={item.field: item for item in problems},
    )
    return _mail_page(request, pages, people, form, 422)


@router.post("/mailbox/{number}/accept")
def accept(number: Number, quarantine: QuarantineDep, caller: ConsoleCaller, once: Typed = "") -> Response:
    """Believe the sender of a quarantined mail, and take it like any other."""
    found = quarantine.accept(number, caller=caller, trust=Trust(remembered=not once))
    if found.fate == Fate.ASSIGNED:
        return see_other("/mailbox", done="believed")
    return see_other(f"/mailbox/{number}")


@router.post("/mailbox/{number}/invite")
def invite(
    request: Request,
    number: Number,
    form: Annotated[GuestForm, Form()],
    incoming: IncomingDep,
    reading: ReadingDep,
    guests: GuestsDep,
    caller: ConsoleCaller,
    people: PeopleDep,
    pages: PagesDep,
    confirmation: ConfirmationDep,
) -> Response:
    """Show whom inviting the sender of a mail would tell; do it once that was confirmed."""
    found = incoming.mail(number)
    try:
        effect = guests.invite(number, form.details, caller=caller, dry_run=not form.confirmed)
    except InvalidInput as error:
        problems = {item.field: item for item in error.problems}
        waiting = replace(_waiting(found), guest=form, problems=problems)
        return _mail_page(request, pages, people, waiting, 422)
    if form.confirmed:
        return see_other("/mailbox", done="guest")
    hidden = {name: value for name, value in form if name != "confirmed"}
    meeting = reading.meeting(effect.reference)
    invitee = invitee_of(found, form.details)
    return confirmation.show("invite", meeting, effect, hidden, invitee=invitee, guest=True)


@router.post("/mailbox/senders")
def confirm_sender(
    known_senders: KnownSendersDep,
    caller: ConsoleCaller,
    email: Typed = "",
    sender: Typed = "",
    relation: Typed = "",
) -> Response:
    """Take the answers of an address for those of a person from now on."""
    chosen = Relation(relation) if relation in set(Relation) else Relation.DEPUTY
    known_senders.confirm(email, sender, chosen, caller=caller)
    return see_other("/mailbox", done="known")


@router.post("/mailbox/senders/{sender_id}/withdraw")
def withdraw_sender(sender_id: Number, known_senders: KnownSendersDep, caller: ConsoleCaller) -> Response:
    """Take no answers of an address any more."""
    known_senders.withdraw(sender_id, caller=caller)
    return see_other("/mailbox", done="withdrawn")


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


def _waiting(mail: IncomingView) -> Waiting:
    proposed, guest = mail.proposed, mail.guest
    meeting = proposed.meeting if proposed else mail.meeting or ""
    return Waiting(
        mail,
        meeting,
        proposed.email if proposed else "",
        "",
        mail.says.words if mail.says else None,
        {},
        GuestForm(
            name=(guest.name or "") if guest else "",
            delegation=(guest.delegation or "") if guest else "",
            group=(guest.group or "") if guest else "",
        ),
    )


def _dealt_with(mails: Iterable[IncomingView]) -> list[IncomingView]:
    return [item for item in mails if item.fate != Fate.QUARANTINED]


def _mail_page(
    request: Request, pages: Pages, people: PossibleSenders, form: Waiting, status: int = 200
) -> Response:
    return pages.render(request, "answers/mailbox_mail.html.j2", status=status, item=form, people=people)
