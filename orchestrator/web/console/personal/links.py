"""Personal links of attendees."""

from __future__ import annotations

from fastapi import APIRouter, Response

from orchestrator.web.console.forms import Number
from orchestrator.web.container import PersonalLinksDep, ReadingDep
from orchestrator.web.pages import meeting_path, see_other
from orchestrator.web.presentation.meetings import attendee_of
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


@router.post("/meetings/{reference}/attendees/{attendee}/revoke-link")
def revoke_personal_link(
    reference: str, attendee: Number, reading: ReadingDep, links: PersonalLinksDep, caller: ConsoleCaller
) -> Response:
    """Make an attendee's personal link useless."""
    found = reading.meeting(reference)
    links.revoke(found.reference, attendee_of(found, attendee).email, caller=caller)
    return see_other(meeting_path(found.reference), done="revoked")
