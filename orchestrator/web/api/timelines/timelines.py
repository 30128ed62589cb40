"""The REST API, version 1: timelines, and the copy that a meeting may have of its own."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from orchestrator.web.api.inputs import Body, Preview
from orchestrator.web.api.timelines.schemas import (
    EffectModel,
    MailsAheadModel,
    MeetingTimelineModel,
    RoleBudgetModel,
    TimelineModel,
)
from orchestrator.web.api.timelines.step_schema import TimelineDocument
from orchestrator.web.container import (
    ForeseeingMailsDep,
    TimelinesDep,
)
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("timelines")
Version = Annotated[
    int | None, Query(description="Change only if the meeting is still at this version; else 409.")
]


class TimelineRequest(Body):
    """A timeline of a meeting's own: the same fields as in a YAML file."""

    timeline: TimelineDocument
    version: int | None = Field(
        None, description="Change only if the meeting is still at this version; else 409."
    )


@router.get("/timelines", summary="Timelines")
def list_timelines(timelines: TimelinesDep) -> list[TimelineModel]:
    """Return the timelines that meetings can name."""
    return [TimelineModel.showing(item) for item in timelines.all()]


@router.get("/timelines/{name}", summary="One timeline")
def get_timeline(name: str, timelines: TimelinesDep) -> TimelineModel:
    """Return a timeline: its steps in words, and its document to copy and adjust."""
    return TimelineModel.showing(timelines.one(name))


@router.get("/meetings/{meeting}/timeline", summary="The timeline of a meeting")
def get_meeting_timeline(meeting: str, timelines: TimelinesDep) -> MeetingTimelineModel:
    """Return the timeline that counts for a meeting: its own, or the one it names."""
    return MeetingTimelineModel.showing(timelines.of(meeting))


@router.get("/meetings/{meeting}/mails-ahead", summary="What one person will be sent")
def get_mails_ahead(
    meeting: str,
    ahead: ForeseeingMailsDep,
    to: Annotated[str, Query(max_length=320, description="An e-mail address, or the code of a delegation.")],
) -> MailsAheadModel:
    """Return what a person will be sent of all sessions of the event, silent and giving all in time.

    A draft is looked at as if it were published now.
    """
    return MailsAheadModel.showing(ahead.of(meeting, to))


@router.get("/meetings/{meeting}/mail-budget", summary="How many mails each role will be sent")
def get_mail_budget(meeting: str, ahead: ForeseeingMailsDep) -> list[RoleBudgetModel]:
    """Return for each role how many mails one person of it will be sent at most of the event, most first.

    A draft is looked at as if it were published now.
    """
    return [RoleBudgetModel.showing(item) for item in ahead.budget(meeting)]


@router.put("/meetings/{meeting}/timeline", summary="Give a meeting a timeline of its own")
def set_meeting_timeline(
    meeting: str, body: TimelineRequest, timelines: TimelinesDep, caller: ApiCaller, preview: Preview = False
) -> EffectModel:
    """Give a draft or published meeting its own timeline, and say what moves; it is replanned at once."""
    return EffectModel.showing(
        timelines.adjust(meeting, body.timeline, caller=caller, version=body.version, dry_run=preview)
    )


@router.delete("/meetings/{meeting}/timeline", summary="Back to the timeline that the meeting names")
def reset_meeting_timeline(
    meeting: str,
    timelines: TimelinesDep,
    caller: ApiCaller,
    version: Version = None,
    preview: Preview = False,
) -> EffectModel:
    """Take the meeting's own timeline back, and say what moves; it is replanned at once."""
    return EffectModel.showing(timelines.reset(meeting, caller=caller, version=version, dry_run=preview))
