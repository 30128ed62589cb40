"""Inviting a delegate, and correcting an address."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response
from pydantic import BaseModel, ValidationError

from orchestrator.domain.definitions.edits import Correct, Intent, Invite
from orchestrator.domain.definitions.written import Invitee
from orchestrator.domain.meetings.fields import AttendeeFields, values
from orchestrator.domain.problems import problems_of
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.meetings.views import AttendeeView
from orchestrator.web.console.confirmation import ConfirmationDep
from orchestrator.web.console.forms import Kept, Number, refusals
from orchestrator.web.console.meeting_page import MeetingPageDep
from orchestrator.web.container import MeetingsDep, ReadingDep
from orchestrator.web.pages import meeting_path, see_other
from orchestrator.web.presentation.meetings import attendee_of
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


class InviteForm(BaseModel):
    """What was typed to invite a delegate or, ``instead`` of an attendee, a corrected address."""

    version: int
    name: str = ""
    email: str = ""
    address: str | None = None
    position: str | None = None
    instead: bool = False
    confirmed: bool = False

    @property
    def doing(self) -> str:
        """Which form it is."""
        return "correct" if self.instead else "invite"

    def invitee(self, person: AttendeeView) -> Invitee:
        """Return the delegate, in ``person``'s group, or ``person`` corrected; raises ``InvalidInput``."""
        typed = {"name": self.name.strip(), "email": self.email.strip(), **self._addressed()}
        alike = values(AttendeeFields, person) if self.instead else {}
        own = {"group": person.group, "delegation": person.delegation}
        try:
            return Invitee.model_validate({**own, **alike, **typed})
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error

    def _addressed(self) -> dict[str, str | None]:
        """Return how letters address the person, where that was typed."""
        typed = {"form": self.address, "position": self.position}
        return {name: value.strip() or None for name, value in typed.items() if value is not None}

    def intent(self, person: AttendeeView) -> Intent:
        """Return what is to be done; raises ``InvalidInput`` for what cannot be read."""
        wanted = self.invitee(person)
        if self.instead:
            addressed = {name: getattr(wanted, name) for name in self._addressed()}
            return Correct(person.email, {"name": wanted.name, "email": wanted.email, **addressed})
        return Invite(wanted)


@router.post("/meetings/{reference}/attendees/{attendee}/invite")
def invite(
    reference: str,
    attendee: Number,
    form: Annotated[InviteForm, Form()],
    reading: ReadingDep,
    meetings: MeetingsDep,
    caller: ConsoleCaller,
    page: MeetingPageDep,
    confirmation: ConfirmationDep,
) -> Response:
    """Show whom inviting a delegate, or correcting an address, would tell; do it once that was confirmed."""
    found = reading.meeting(reference)
    person = attendee_of(found, attendee)
    try:
        effect = meetings.edit(
            found.reference,
            form.intent(person),
            caller=caller,
            version=form.version,
            dry_run=not form.confirmed,
        )
    except (InvalidInput, Conflict) as error:
        kept = Kept.of(
            form.doing,
            attendee,
            refusals(error),
            name=form.name,
            email=form.email,
            address=form.address or "",
            position=form.position or "",
        )
        return page.again(reference, error, kept)
    if form.confirmed:
        told = effect.count("invite") + effect.count("cancel")
        return see_other(meeting_path(found.reference), done=form.doing, count=told)
    hidden = {name: value for name, value in form if name != "confirmed" and value not in (False, None)}
    return confirmation.show(
        form.doing,
        found,
        effect,
        hidden,
        invitee=form.invitee(person),
        instead_of=person if form.instead else None,
    )
