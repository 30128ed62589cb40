"""Entering a join link by hand, where no conference provider made one."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from orchestrator.errors import InvalidInput
from orchestrator.web.console.confirmation import ConfirmationDep
from orchestrator.web.console.forms import Ticked, Typed
from orchestrator.web.container import MeetingsDep, ReadingDep
from orchestrator.web.pages import PagesDep, meeting_path, see_other
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


@router.post("/meetings/{reference}/join-link")
def enter_join_link(
    request: Request,
    reference: str,
    reading: ReadingDep,
    meetings: MeetingsDep,
    caller: ConsoleCaller,
    pages: PagesDep,
    confirmation: ConfirmationDep,
    join_url: Typed = "",
    confirmed: Ticked = False,
) -> Response:
    """Show what entering a join link would send, or enter it once that was confirmed."""
    found = reading.meeting(reference)
    try:
        effect = meetings.enter_join_link(reference, join_url, caller=caller, dry_run=not confirmed)
    except InvalidInput as error:
        return pages.render(
            request,
            "meetings/join_link.html.j2",
            status=422,
            meeting=found,
            join_url=join_url,
            problem=error.problems[0],
        )
    if confirmed:
        return see_other(meeting_path(found.reference), done="link", count=effect.count("invite"))
    typed = join_url.strip()
    return confirmation.show("link", found, effect, {"join_url": typed}, join_url=typed)
