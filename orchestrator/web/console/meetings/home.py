"""The first page: does anything need the coordinator, and which meetings are there?"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from orchestrator.domain.timelines.actions import ActionState
from orchestrator.web.container import EventReadingDep, IncomingDep, ReadingDep
from orchestrator.web.pages import PagesDep, mails_waiting
from orchestrator.web.presentation.meetings import needs_of, next_thing
from orchestrator.web.presentation.timelines import MOST_READ

router = APIRouter()


@router.get("/")
def meetings(
    request: Request,
    reading: ReadingDep,
    events: EventReadingDep,
    incoming: IncomingDep,
    pages: PagesDep,
    done: str = "",
    count: int | None = None,
) -> Response:
    """Answer "does anything need me?", then list the meetings."""
    found = reading.meetings()
    mailbox = incoming.mailbox()
    trouble = mailbox.trouble if mailbox else None
    return pages.render(
        request,
        "meetings/meetings.html.j2",
        meetings=found,
        events=events.events(),
        done=done,
        count=count,
        needs=needs_of(found, reading.without_minutes(), mails_waiting(incoming), trouble),
        following=next_thing(found, reading.actions(ActionState.SCHEDULED, MOST_READ)),
    )
