"""What one person will be sent of an event, as a page: "what will Thailand's focal point receive?"."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from orchestrator.domain.timelines.foreseeing import MOST_MAILS
from orchestrator.errors import InvalidInput
from orchestrator.web.container import DirectoryDep, ForeseeingMailsDep, ReadingDep
from orchestrator.web.pages import PagesDep

router = APIRouter()


@router.get("/meetings/{reference}/mails-ahead")
def mails_ahead(
    request: Request,
    reference: str,
    reading: ReadingDep,
    ahead: ForeseeingMailsDep,
    directory: DirectoryDep,
    pages: PagesDep,
    to: str = "",
) -> Response:
    """Show the mails of one person day by day, or ask for whom; a delegation stands for who speaks for it."""
    meeting = reading.meeting(reference)
    codes = dict.fromkeys(item.delegation for item in meeting.attendees)
    problem = found = None
    try:
        found = ahead.of(reference, to) if to.strip() else None
    except InvalidInput as error:
        (problem,) = error.problems
    return pages.render(
        request,
        "timelines/mails_ahead.html.j2",
        status=422 if problem else 200,
        meeting=meeting,
        to=to,
        problem=problem,
        found=found,
        budget=() if found or problem else ahead.budget(reference),
        most=MOST_MAILS,
        delegations={code: directory.get(code).name for code in sorted(codes, key=directory.rank)},
    )
