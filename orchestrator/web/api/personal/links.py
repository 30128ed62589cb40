"""The REST API, version 1: personal links."""

from __future__ import annotations

from orchestrator.web.api.inputs import Who
from orchestrator.web.api.personal.schemas import PersonalLink
from orchestrator.web.container import PersonalLinksDep
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("answers")


@router.get("/meetings/{meeting}/attendees/{attendee:path}/personal-link", summary="Personal link")
def get_personal_link(meeting: str, attendee: Who, links: PersonalLinksDep) -> PersonalLink:
    """Return the address of an attendee's page, to hand over by other means."""
    return PersonalLink(url=links.link_of(meeting, attendee))


@router.post("/meetings/{meeting}/attendees/{attendee:path}/revoke-link", summary="Revoke a link")
def revoke_link(meeting: str, attendee: Who, links: PersonalLinksDep, caller: ApiCaller) -> PersonalLink:
    """Make an attendee's personal link useless and return the new one; later mails carry it."""
    return PersonalLink(url=links.revoke(meeting, attendee, caller=caller))
