"""People whom focal points have named, and who wait for the coordinator's yes."""

from __future__ import annotations

from fastapi import APIRouter, Response

from orchestrator.errors import NotFound
from orchestrator.services.personal.waiting import NamedPersonView
from orchestrator.web.console.confirmation import ConfirmationDep
from orchestrator.web.console.forms import Number, Ticked
from orchestrator.web.container import NamedPeopleDep, ReadingDep
from orchestrator.web.pages import meeting_path, see_other
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


@router.post("/meetings/{reference}/waiting-people/{number}/accept")
def accept_named_person(
    reference: str,
    number: Number,
    reading: ReadingDep,
    people: NamedPeopleDep,
    caller: ConsoleCaller,
    confirmation: ConfirmationDep,
    confirmed: Ticked = False,
) -> Response:
    """Show what inviting a named person does; do it once that was confirmed."""
    found = reading.meeting(reference)
    effect = people.accept(found.reference, number, caller=caller, dry_run=not confirmed)
    if confirmed:
        return see_other(meeting_path(found.reference), done="invite", count=effect.count("invite"))
    person = _waiting(people.waiting(found.reference), number)
    return confirmation.show("invite", found, effect, {}, invitee=person)


@router.post("/meetings/{reference}/waiting-people/{number}/refuse")
def refuse_named_person(
    reference: str, number: Number, reading: ReadingDep, people: NamedPeopleDep, caller: ConsoleCaller
) -> Response:
    """Say no to a named person; nobody is told."""
    found = reading.meeting(reference)
    people.refuse(found.reference, number, caller=caller)
    return see_other(meeting_path(found.reference), done="turned-down")


def _waiting(people: tuple[NamedPersonView, ...], number: int) -> NamedPersonView:
    """The person of that number; raises ``NotFound`` for one who was invited by hand meanwhile."""
    found = next((item for item in people if item.id == number), None)
    if found is None:
        raise NotFound("This person is invited already. Reload the page of the meeting.")
    return found
