"""The address of a meeting's page; ``console.meeting_page`` puts it together."""

from __future__ import annotations

from fastapi import APIRouter, Response

from orchestrator.web.console.meeting_page import MeetingPageDep
from orchestrator.web.container import ReadingDep

router = APIRouter()


@router.get("/meetings/{reference}")
def meeting(
    reference: str, reading: ReadingDep, page: MeetingPageDep, done: str = "", count: int | None = None
) -> Response:
    """Answer "is it ready, and what goes out next?", then show everything about a meeting."""
    return page.show(reading.meeting(reference), done, count)
