"""The REST API, version 1: timelines, and the copy that a meeting may have of its own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.services.timelines.timelines import MeetingTimelineView, TimelineView
from orchestrator.services.timelines.views import Outcome
from orchestrator.web.api.meetings.meetings import CALLER, Preview, Services
from orchestrator.web.security import require_token

router = APIRouter(prefix="/api/v1", tags=["timelines"], dependencies=[Depends(require_token)])
Version = Annotated[
    int | None, Query(description="Change only if the meeting is still at this version; else 409.")
]


class TimelineRequest(BaseModel):
    """A timeline of a meeting's own: the same fields as in a YAML file."""

    model_config = ConfigDict(extra="forbid")

    timeline: dict[str, Any] = Field(description="The document, as ``document`` of a timeline shows it.")
    version: int | None = Field(
        None, description="Change only if the meeting is still at this version; else 409."
    )


@router.get("/timelines", summary="Timelines")
def list_timelines(container: Services) -> list[TimelineView]:
    """Return the timelines that meetings can name."""
    return container.meeting_timelines.all()


@router.get("/timelines/{name}", summary="One timeline")
def get_timeline(name: str, container: Services) -> TimelineView:
    """Return a timeline: its steps in words, and its document to copy and adjust."""
    return container.meeting_timelines.one(name)


@router.get("/meetings/{meeting}/timeline", summary="The timeline of a meeting")
def get_meeting_timeline(meeting: str, container: Services) -> MeetingTimelineView:
    """Return the timeline that counts for a meeting: its own, or the one it names."""
    return container.meeting_timelines.of(meeting)


@router.put("/meetings/{meeting}/timeline", summary="Give a meeting a timeline of its own")
def set_meeting_timeline(
    meeting: str, body: TimelineRequest, container: Services, preview: Preview = False
) -> Outcome:
    """Give a draft or published meeting its own timeline, and say what moves; it is replanned at once."""
    return container.meeting_timelines.adjust(
        meeting, body.timeline, caller=CALLER, version=body.version, preview=preview
    )


@router.delete("/meetings/{meeting}/timeline", summary="Back to the timeline that the meeting names")
def reset_meeting_timeline(
    meeting: str, container: Services, version: Version = None, preview: Preview = False
) -> Outcome:
    """Take the meeting's own timeline back, and say what moves; it is replanned at once."""
    return container.meeting_timelines.reset(meeting, caller=CALLER, version=version, preview=preview)
