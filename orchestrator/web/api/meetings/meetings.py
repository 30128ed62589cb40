"""The REST API, version 1: meetings."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import Field

from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.definitions.edits import MeetingUpdate, Remove
from orchestrator.domain.meetings.join_links import JOIN_LINK_PATTERN, LONGEST_LINK
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.meetings.reasons import LONGEST_REASON, LONGEST_REMARK
from orchestrator.domain.text import FREE_TEXT_PATTERN
from orchestrator.services.meetings.views import email_of
from orchestrator.web.api.inputs import LINKED, MOST_LISTED, Body, Preview, Who, own_words
from orchestrator.web.api.meetings.schemas import DeliveryModel, MeetingModel, MeetingSummaryModel
from orchestrator.web.api.timelines.schemas import ActionModel, EffectModel
from orchestrator.web.container import (
    MeetingsDep,
    ReadingDep,
)
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("meetings")


Reason = Annotated[
    str | dict[str, str] | None,
    own_words(LONGEST_REASON, optional=True),
    Field(
        description="One line for the people who are told, kept in the history: a text in English, or texts "
        "by language. Needed to move, cancel or reinstate a published meeting, and to remove a person.",
        json_schema_extra={
            "examples": ["The Chair is ill.", {"en": "The Chair is ill.", "vi": "Chủ tọa ốm."}]
        },
    ),
]
Remark = Annotated[
    str | None,
    Field(
        max_length=LONGEST_REMARK,
        json_schema_extra={"pattern": f"^$|{FREE_TEXT_PATTERN}"},
        description="Internal: kept in the history; no mail, feed or page of participants has it.",
    ),
]


class NewMeeting(MeetingDefinition):
    """A meeting to be created: the same fields as in a meeting file, where they are declared once."""


class PublishRequest(Body):
    """Options of publishing."""

    version: int | None = Field(None, description="Publish only if the meeting is still at this version.")
    save_the_date: bool | None = Field(
        None,
        description="True announces the date only; publishing again without it confirms the meeting. "
        "False invites. Left out, the timeline decides for a draft.",
    )


class CancelRequest(Body):
    """Options of cancelling."""

    reason: Reason = None
    remark: Remark = None
    version: int | None = None


class ReinstateRequest(Body):
    """Options of reinstating."""

    reason: Reason = None
    remark: Remark = None
    version: int | None = Field(None, description="Reinstate only if the meeting is still at this version.")


class RemoveRequest(Body):
    """Options of removing a person."""

    reason: Reason = None
    remark: Remark = None
    version: int | None = Field(None, description="Remove only if the meeting is still at this version.")


class UpdateRequest(MeetingUpdate):
    """The fields to change, and the version they were read at."""

    version: int = Field(description="The version the meeting was read at; another one answers 409.")
    reason: Reason = None
    remark: Remark = None
    notify: bool = Field(True, description="False saves a new text without telling; a new time always tells.")
    linked: Linked | None = Field(
        None, description="What becomes of linked meetings when the time changes; 409 until it is said."
    )


class LinkRequest(Body):
    """A join link entered by hand."""

    join_url: str = Field(
        json_schema_extra={
            "pattern": JOIN_LINK_PATTERN,
            "maxLength": LONGEST_LINK,
            "examples": ["https://teams.example.org/l/meetup-join/1"],
        }
    )


Limit = Annotated[int | None, Query(ge=1, le=MOST_LISTED, description="At most so many meetings.")]
After = Annotated[
    str | None,
    Query(
        pattern=r"^(coming|over)-[0-9]{1,10}-[0-9]{1,9}$",
        description="What the link to the next page has; begins behind that meeting.",
    ),
]


@router.post("/meetings", status_code=201, summary="Create a draft")
def create_meeting(
    body: NewMeeting,
    meetings: MeetingsDep,
    reading: ReadingDep,
    caller: ApiCaller,
    response: Response,
) -> MeetingModel:
    """Create a draft from the same fields as the YAML file. Nothing is sent."""
    created = meetings.create([body], caller=caller)[0]
    response.headers["Location"] = f"/api/v1/meetings/{created.reference}"
    return MeetingModel.showing(reading.meeting(created.reference))


@router.get("/meetings", summary="List meetings", responses=LINKED)
def list_meetings(
    reading: ReadingDep, request: Request, response: Response, limit: Limit = None, after: After = None
) -> list[MeetingSummaryModel]:
    """Return coming meetings by start, then those that are over; all of them unless ``limit`` is given."""
    page = reading.page(limit, after)
    if page.following is not None:
        following = request.url.include_query_params(after=page.following)
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return [MeetingSummaryModel.showing(item) for item in page.meetings]


@router.get("/meetings/{meeting}", summary="One meeting")
def get_meeting(meeting: str, reading: ReadingDep) -> MeetingModel:
    """Return a meeting by number or reference."""
    return MeetingModel.showing(reading.meeting(meeting))


@router.get("/meetings/{meeting}/plan", summary="What happens when")
def get_plan(meeting: str, reading: ReadingDep) -> list[ActionModel]:
    """Return the actions of a meeting in the order they are due."""
    return [ActionModel.showing(item) for item in reading.plan(meeting)]


@router.get("/meetings/{meeting}/deliveries", summary="What was sent")
def get_deliveries(meeting: str, reading: ReadingDep) -> list[DeliveryModel]:
    """Return every message that was sent, or tried, newest first."""
    return [DeliveryModel.showing(item) for item in reading.deliveries(meeting)]


@router.post("/meetings/{meeting}/publish", summary="Publish")
def publish_meeting(
    meeting: str,
    meetings: MeetingsDep,
    caller: ApiCaller,
    body: PublishRequest | None = None,
    preview: Preview = False,
) -> EffectModel:
    """Publish a draft, or confirm a save-the-date; from here on everything goes out by itself."""
    body = body or PublishRequest(version=None, save_the_date=None)
    return EffectModel.showing(
        meetings.publish(
            meeting, caller=caller, version=body.version, save_the_date=body.save_the_date, dry_run=preview
        )
    )


@router.patch("/meetings/{meeting}", summary="Change")
def update_meeting(
    meeting: str, body: UpdateRequest, meetings: MeetingsDep, caller: ApiCaller, preview: Preview = False
) -> EffectModel:
    """Change what is given, leave the rest; 409 when the meeting changed since it was read."""
    fields = body.model_dump(exclude={"version", "notify", "linked", "reason", "remark"}, exclude_unset=True)
    update = MeetingUpdate.model_validate(fields)
    return EffectModel.showing(
        meetings.update(
            meeting,
            update,
            caller=caller,
            version=body.version,
            notify=body.notify,
            dry_run=preview,
            linked=body.linked,
            reason=body.reason,
            remark=body.remark,
        )
    )


@router.post("/meetings/{meeting}/cancel", summary="Cancel")
def cancel_meeting(
    meeting: str,
    meetings: MeetingsDep,
    caller: ApiCaller,
    body: CancelRequest | None = None,
    preview: Preview = False,
) -> EffectModel:
    """Cancel: those who were invited are told, and why; nothing else goes out, Teams' meeting is removed."""
    body = body or CancelRequest()
    return EffectModel.showing(
        meetings.cancel(
            meeting,
            caller=caller,
            reason=body.reason,
            remark=body.remark,
            version=body.version,
            dry_run=preview,
        )
    )


@router.post("/meetings/{meeting}/reinstate", summary="Reinstate")
def reinstate_meeting(
    meeting: str,
    meetings: MeetingsDep,
    caller: ApiCaller,
    body: ReinstateRequest | None = None,
    preview: Preview = False,
) -> EffectModel:
    """Let a cancelled meeting take place after all: everybody is told, and asked again."""
    body = body or ReinstateRequest(version=None)
    return EffectModel.showing(
        meetings.reinstate(
            meeting,
            caller=caller,
            reason=body.reason,
            remark=body.remark,
            version=body.version,
            dry_run=preview,
        )
    )


@router.post("/meetings/{meeting}/conclude", summary="Conclude")
def conclude_meeting(meeting: str, meetings: MeetingsDep, caller: ApiCaller) -> EffectModel:
    """Conclude a meeting that has begun; at its end this happens by itself."""
    return EffectModel.showing(meetings.conclude(meeting, caller=caller))


@router.put("/meetings/{meeting}/join-link", summary="Enter a join link by hand")
def enter_join_link(
    meeting: str, body: LinkRequest, meetings: MeetingsDep, caller: ApiCaller, preview: Preview = False
) -> EffectModel:
    """Set the join link; invitations that wait for one go out at once."""
    return EffectModel.showing(
        meetings.enter_join_link(meeting, body.join_url, caller=caller, dry_run=preview)
    )


@router.post("/meetings/{meeting}/move-mailbox", summary="Answer to the mailbox set now")
def move_mailbox(
    meeting: str, meetings: MeetingsDep, caller: ApiCaller, preview: Preview = False
) -> EffectModel:
    """Let attendees answer to the mailbox that is set now, when the meeting went out from another."""
    return EffectModel.showing(meetings.move_mailbox(meeting, caller=caller, dry_run=preview))


@router.post("/meetings/{meeting}/attendees/{attendee:path}/remove", summary="Remove a person")
def remove_attendee(
    meeting: str,
    attendee: Who,
    meetings: MeetingsDep,
    reading: ReadingDep,
    caller: ApiCaller,
    body: RemoveRequest | None = None,
    preview: Preview = False,
) -> EffectModel:
    """Take a person out of a meeting; they are told, and why, and their calendar entry is cancelled."""
    body = body or RemoveRequest(version=None)
    return EffectModel.showing(
        meetings.edit(
            meeting,
            Remove(email_of(reading.meeting(meeting).attendees, attendee)),
            caller=caller,
            version=body.version,
            reason=body.reason,
            remark=body.remark,
            dry_run=preview,
        )
    )


@router.post("/meetings/{meeting}/attendees/{attendee:path}/invite-again", summary="Invite again")
def invite_again(
    meeting: str, attendee: Who, meetings: MeetingsDep, caller: ApiCaller, preview: Preview = False
) -> EffectModel:
    """Invite a person again who was removed, as for the first time."""
    return EffectModel.showing(meetings.invite_again(meeting, attendee, caller=caller, dry_run=preview))
