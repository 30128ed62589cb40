"""Inviting a delegate, correcting an address, and removing a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response
from pydantic import BaseModel, ValidationError

from orchestrator.domain.definitions.edits import Correct, Intent, Invite, Remove
from orchestrator.domain.definitions.written import Invitee
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.fields import AttendeeFields, values
from orchestrator.domain.meetings.reasons import refusal_of
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.problems import problems_of
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.meetings.meetings import Meetings
from orchestrator.services.meetings.reading import Reading
from orchestrator.services.meetings.views import AttendeeView
from orchestrator.web.console.confirmation import Confirmation, ConfirmationDep
from orchestrator.web.console.explaining import Explaining, ExplainingDep
from orchestrator.web.console.forms import Kept, Number, Version, refusals, status_of_refusal
from orchestrator.web.console.meeting_page import MeetingPageDep
from orchestrator.web.container import DirectoryDep, MeetingsDep, ReadingDep
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


@dataclass(frozen=True, slots=True)
class RemovalPage:
    """Shows whom removing a person tells, with a field for the reason, which may be refused."""

    reading: Reading
    meetings: Meetings
    directory: Directory
    caller: Caller
    confirmation: Confirmation

    def show(
        self, reference: str, attendee: int, explaining: Explaining | None = None, status: int = 200
    ) -> Response:
        """Return the page; raises ``Conflict`` where nobody can be removed."""
        found = self.reading.meeting(reference)
        person = attendee_of(found, attendee)
        effect = self.meetings.edit(reference, Remove(person.email), caller=self.caller, dry_run=True)
        return self.confirmation.show(
            "remove",
            found,
            replace(effect, warnings=tuple(item for item in effect.warnings if not refusal_of([item]))),
            {"version": found.version},
            status=status,
            removed=person,
            explaining=(explaining or Explaining()).offered(found, self.directory),
        )


def _removal_page(
    reading: ReadingDep,
    meetings: MeetingsDep,
    directory: DirectoryDep,
    caller: ConsoleCaller,
    confirmation: ConfirmationDep,
) -> RemovalPage:
    return RemovalPage(reading, meetings, directory, caller, confirmation)


RemovalPageDep = Annotated[RemovalPage, Depends(_removal_page)]


@router.get("/meetings/{reference}/attendees/{attendee}/remove")
def confirm_remove(reference: str, attendee: Number, page: RemovalPageDep) -> Response:
    """Show whom removing a person tells."""
    return page.show(reference, attendee)


@router.post("/meetings/{reference}/attendees/{attendee}/remove")
def remove(
    reference: str, attendee: Number, version: Version, explaining: ExplainingDep, page: RemovalPageDep
) -> Response:
    """Remove a person from the version that was shown."""
    person = attendee_of(page.reading.meeting(reference), attendee)
    try:
        effect = page.meetings.edit(
            reference,
            Remove(person.email),
            caller=page.caller,
            version=version,
            reason=explaining.reason,
            remark=explaining.remark,
        )
    except (InvalidInput, Conflict) as error:
        return page.show(reference, attendee, explaining.refused(error), status_of_refusal(error))
    return see_other(meeting_path(reference), done="removed", count=effect.count("cancel"))
