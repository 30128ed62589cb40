"""Inviting a delegate, and correcting an address."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response
from pydantic import BaseModel, ValidationError

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.problems import problems_of
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.meetings.views import AttendeeView, MeetingView
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
    instead: bool = False
    confirmed: bool = False

    @property
    def doing(self) -> str:
        """Which form it is."""
        return "correct" if self.instead else "invite"

    def update(self, meeting: MeetingView, person: AttendeeView) -> MeetingUpdate:
        """Return the attendees with the new one last, in the group of ``person``; raises ``InvalidInput``."""
        kept = [item for item in meeting.attendees if not (self.instead and item.id == person.id)]
        new = {
            "group": person.group,
            "delegation": person.delegation,
            "name": self.name.strip(),
            "email": self.email.strip(),
            **({"role": person.role, "seat": person.seat} if self.instead else {}),
        }
        invitees = [_invitee(item) for item in kept]
        try:
            return MeetingUpdate.model_validate({"attendees": [*invitees, new]})
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error


def _invitee(item: AttendeeView) -> dict[str, Any]:
    return {
        "group": item.group,
        "delegation": item.delegation,
        "name": item.name,
        "email": item.email,
        "role": item.role,
        "seat": item.seat,
    }


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
        wanted = form.update(found, person)
        outcome = meetings.update(
            found.reference, wanted, caller=caller, version=form.version, preview=not form.confirmed
        )
    except (InvalidInput, Conflict) as error:
        kept = Kept.of(form.doing, attendee, refusals(error), name=form.name, email=form.email)
        return page.again(reference, error, kept)
    if form.confirmed:
        told = outcome.count("invite") + outcome.count("cancel")
        return see_other(meeting_path(found.reference), done=form.doing, count=told)
    hidden = {name: value for name, value in form if name != "confirmed" and value is not False}
    return confirmation.show(
        form.doing,
        found,
        outcome,
        hidden,
        invitee=wanted.attendees[-1] if wanted.attendees else None,
        instead_of=person if form.instead else None,
    )
