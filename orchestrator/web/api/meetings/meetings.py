"""The REST API, version 1."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Path, Query, Response, UploadFile
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from orchestrator.bootstrap import Container
from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.people.caller import Channel, token_holder
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.services.answers.recording import LONGEST_COMMENT
from orchestrator.services.answers.views import IncomingView
from orchestrator.services.meetings.meetings import MeetingUpdate
from orchestrator.services.meetings.views import (
    DeliveryView,
    MeetingSummary,
    MeetingView,
    MinutesView,
    ResponseView,
)
from orchestrator.services.timelines.views import ActionView, Outcome
from orchestrator.store.rows.answers import IncomingOutcome
from orchestrator.web.container import services
from orchestrator.web.security import require_token

CALLER = token_holder(Channel.API)

router = APIRouter(prefix="/api/v1", dependencies=[Depends(require_token)])
Services = Annotated[Container, Depends(services)]
Preview = Annotated[bool, Query(description="Only say what would happen.")]
# A number that no column can hold is nobody's id, and a database would complain of it in its own way.
Id = Annotated[int, Path(ge=1, le=2**31 - 1)]


def _not_delegated(value: Participation) -> Participation:
    """A delegation names who comes instead, so it cannot be entered without that name."""
    if value is Participation.DELEGATED:
        raise ValueError("cannot be entered by hand; add the delegate to the attendees instead")
    return value


Answer = Annotated[
    Participation, BeforeValidator(lambda value: str(value).upper()), AfterValidator(_not_delegated)
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PublishRequest(_Body):
    """Options of publishing."""

    version: int | None = Field(None, description="Publish only if the meeting is still at this version.")
    save_the_date: bool | None = Field(
        None,
        description="True announces the date only; publishing again without it confirms the meeting. "
        "False invites. Left out, the timeline decides for a draft.",
    )


class CancelRequest(_Body):
    """Options of cancelling."""

    reason: str | None = Field(None, max_length=500, description="Kept in the history.")
    version: int | None = None


class ReinstateRequest(_Body):
    """Options of reinstating."""

    version: int | None = Field(None, description="Reinstate only if the meeting is still at this version.")


class UpdateRequest(MeetingUpdate):
    """The fields to change, and the version they were read at."""

    version: int = Field(description="The version the meeting was read at; another one answers 409.")
    notify: bool = Field(True, description="False saves a new text without telling; a new time always tells.")
    linked: Linked | None = Field(
        None, description="What becomes of linked meetings when the time changes; 409 until it is said."
    )


class LinkRequest(_Body):
    """A join link entered by hand."""

    join_url: str


class AnswerRequest(_Body):
    """An answer given for an attendee."""

    participation: Answer
    comment: str | None = Field(None, max_length=LONGEST_COMMENT, description="What was said with it.")


class RefuseRequest(_Body):
    """What the author of a proposed time is told."""

    reply: str | None = Field(None, max_length=LONGEST_COMMENT)


class PersonalLink(BaseModel):
    """The address of somebody's personal page; whoever has it can answer for that person."""

    url: str


class AssignRequest(_Body):
    """Whose answer a quarantined mail is."""

    meeting: str = Field(description="Number or reference.")
    email: str
    participation: Answer | None = Field(None, description="Needed when the mail does not say it.")


class DiscardRequest(_Body):
    """Why an action is discarded."""

    reason: str | None = Field(None, max_length=500)


@router.post("/meetings", status_code=201, tags=["meetings"], summary="Create a draft")
def create_meeting(definition: MeetingDefinition, container: Services, response: Response) -> MeetingView:
    """Create a draft from the same fields as the YAML file. Nothing is sent."""
    created = container.meetings.create([definition], caller=CALLER)[0]
    response.headers["Location"] = f"/api/v1/meetings/{created.reference}"
    return container.reading.meeting(created.reference)


@router.get("/meetings", tags=["meetings"], summary="List meetings")
def list_meetings(container: Services) -> list[MeetingSummary]:
    """Return coming meetings by start, then those that are over."""
    return container.reading.meetings()


@router.get("/meetings/{meeting}", tags=["meetings"], summary="One meeting")
def get_meeting(meeting: str, container: Services) -> MeetingView:
    """Return a meeting by number or reference."""
    return container.reading.meeting(meeting)


@router.get("/meetings/{meeting}/plan", tags=["meetings"], summary="What happens when")
def get_plan(meeting: str, container: Services) -> list[ActionView]:
    """Return the actions of a meeting in the order they are due."""
    return container.reading.plan(meeting)


@router.get("/meetings/{meeting}/deliveries", tags=["meetings"], summary="What was sent")
def get_deliveries(meeting: str, container: Services) -> list[DeliveryView]:
    """Return every message that was sent, or tried, newest first."""
    return container.reading.deliveries(meeting)


@router.post("/meetings/{meeting}/publish", tags=["meetings"], summary="Publish")
def publish_meeting(
    meeting: str, container: Services, body: PublishRequest | None = None, preview: Preview = False
) -> Outcome:
    """Publish a draft, or confirm a save-the-date; from here on everything goes out by itself."""
    body = body or PublishRequest(version=None, save_the_date=None)
    return container.meetings.publish(
        meeting, caller=CALLER, version=body.version, save_the_date=body.save_the_date, preview=preview
    )


@router.patch("/meetings/{meeting}", tags=["meetings"], summary="Change")
def update_meeting(
    meeting: str, body: UpdateRequest, container: Services, preview: Preview = False
) -> Outcome:
    """Change what is given, leave the rest; 409 when the meeting changed since it was read."""
    fields = body.model_dump(exclude={"version", "notify", "linked"}, exclude_unset=True)
    update = MeetingUpdate.model_validate(fields)
    return container.meetings.update(
        meeting,
        update,
        caller=CALLER,
        version=body.version,
        notify=body.notify,
        preview=preview,
        linked=body.linked,
    )


@router.post("/meetings/{meeting}/cancel", tags=["meetings"], summary="Cancel")
def cancel_meeting(
    meeting: str, container: Services, body: CancelRequest | None = None, preview: Preview = False
) -> Outcome:
    """Cancel: whoever was invited is told, nothing else goes out, the Teams meeting is removed."""
    body = body or CancelRequest()
    return container.meetings.cancel(
        meeting, caller=CALLER, reason=body.reason, version=body.version, preview=preview
    )


@router.post("/meetings/{meeting}/reinstate", tags=["meetings"], summary="Reinstate")
def reinstate_meeting(
    meeting: str, container: Services, body: ReinstateRequest | None = None, preview: Preview = False
) -> Outcome:
    """Let a cancelled meeting take place after all: everybody is told, and asked again."""
    version = body.version if body else None
    return container.meetings.reinstate(meeting, caller=CALLER, version=version, preview=preview)


@router.post("/meetings/{meeting}/conclude", tags=["meetings"], summary="Conclude")
def conclude_meeting(meeting: str, container: Services) -> Outcome:
    """Conclude a meeting that has begun; at its end this happens by itself."""
    return container.meetings.conclude(meeting, caller=CALLER)


@router.put("/meetings/{meeting}/link", tags=["meetings"], summary="Enter a join link by hand")
def enter_link(meeting: str, body: LinkRequest, container: Services, preview: Preview = False) -> Outcome:
    """Set the join link; invitations that wait for one go out at once."""
    return container.meetings.enter_link(meeting, body.join_url, caller=CALLER, preview=preview)


@router.put("/meetings/{meeting}/attendees/{email}/answer", tags=["meetings"], summary="Record an answer")
def record_answer(meeting: str, email: str, body: AnswerRequest, container: Services) -> Outcome:
    """Record what an attendee answered, for example by telephone."""
    return container.answers.answer(meeting, email, body.participation, caller=CALLER, comment=body.comment)


@router.get("/meetings/{meeting}/responses", tags=["answers"], summary="What came back")
def get_responses(meeting: str, container: Services) -> list[ResponseView]:
    """Return answers, proposed times, bounced mails and letters, newest first."""
    return list(container.reading.meeting(meeting).responses)


@router.post(
    "/meetings/{meeting}/proposals/{response_id}/refuse", tags=["answers"], summary="Refuse a proposed time"
)
def refuse_proposal(
    meeting: str, response_id: Id, container: Services, body: RefuseRequest | None = None
) -> Outcome:
    """Keep the time: whoever proposed another is told so, and sent the invitation as it stands."""
    reply = body.reply if body else None
    return container.answers.refuse_proposal(meeting, response_id, caller=CALLER, reply=reply)


@router.post(
    "/meetings/{meeting}/attendees/{email}/send-again", tags=["answers"], summary="Send the invitation again"
)
def send_again(meeting: str, email: str, container: Services) -> Outcome:
    """Send somebody the current invitation once more."""
    return container.answers.send_again(meeting, email, caller=CALLER)


@router.get("/meetings/{meeting}/attendees/{email}/personal-link", tags=["answers"], summary="Personal link")
def get_personal_link(meeting: str, email: str, container: Services) -> PersonalLink:
    """Return the address of somebody's page, to hand over by other means."""
    return PersonalLink(url=container.personal.my_link(meeting, email))


@router.post("/meetings/{meeting}/attendees/{email}/revoke-link", tags=["answers"], summary="Revoke a link")
def revoke_link(meeting: str, email: str, container: Services) -> PersonalLink:
    """Make somebody's personal link useless and return the new one; later mails carry it."""
    return PersonalLink(url=container.personal.revoke_link(meeting, email, caller=CALLER))


@router.post("/meetings/{meeting}/move-mailbox", tags=["meetings"], summary="Answer to the mailbox set now")
def move_mailbox(meeting: str, container: Services, preview: Preview = False) -> Outcome:
    """Let attendees answer to the mailbox that is set now, when the meeting went out from another."""
    return container.meetings.move_mailbox(meeting, caller=CALLER, preview=preview)


@router.get("/meetings/{meeting}/minutes", tags=["minutes"], summary="Versions of the minutes")
def list_minutes(meeting: str, container: Services) -> list[MinutesView]:
    """Return all versions, oldest first."""
    return list(container.reading.meeting(meeting).minutes)


@router.post("/meetings/{meeting}/minutes", status_code=201, tags=["minutes"], summary="Attach minutes")
def attach_minutes(
    meeting: str, container: Services, file: Annotated[UploadFile, File()], preview: Preview = False
) -> Outcome:
    """Attach a PDF, DOCX, Markdown or text file to a concluded meeting; it goes to all who were invited."""
    # One byte more than the limit is enough to know that it is too large.
    content = file.file.read(container.settings.attachment_max_bytes + 1)
    return container.minutes.attach(meeting, file.filename or "", content, caller=CALLER, preview=preview)


@router.get("/meetings/{meeting}/minutes/{version}", tags=["minutes"], summary="Download minutes")
def download_minutes(meeting: str, version: int, container: Services) -> Response:
    """Return the file of one version."""
    _, media_type, content = container.minutes.content(meeting, version)
    return Response(content, media_type=media_type, headers={"Content-Disposition": "attachment"})


@router.get("/incoming", tags=["mailbox"], summary="Mails that came in")
def list_incoming(container: Services, outcome: IncomingOutcome | None = None) -> list[IncomingView]:
    """Return the newest 200 mails that came in, and what became of them."""
    return container.incoming.mails(outcome)


@router.get("/incoming/{incoming_id}", tags=["mailbox"], summary="One mail that came in")
def get_incoming(incoming_id: Id, container: Services) -> IncomingView:
    """Return one mail, and what became of it."""
    return container.incoming.mail(incoming_id)


@router.get("/incoming/{incoming_id}/content", tags=["mailbox"], summary="Download a mail that came in")
def download_incoming(incoming_id: Id, container: Services) -> Response:
    """Return a mail that was quarantined as it came; others are kept in the mailbox only."""
    return Response(
        container.incoming.content(incoming_id),
        media_type="message/rfc822",
        headers={"Content-Disposition": f'attachment; filename="mail-{incoming_id}.eml"'},
    )


@router.post("/incoming/{incoming_id}/assign", tags=["mailbox"], summary="Take a mail for an answer")
def assign_incoming(incoming_id: Id, body: AssignRequest, container: Services) -> IncomingView:
    """Take a quarantined mail for the answer of an attendee, because a person says so."""
    return container.quarantine.assign(
        incoming_id, body.meeting, body.email, caller=CALLER, participation=body.participation
    )


@router.post("/incoming/{incoming_id}/discard", tags=["mailbox"], summary="Let a mail go", status_code=204)
def discard_incoming(incoming_id: Id, container: Services) -> None:
    """Let a quarantined mail go without effect."""
    container.quarantine.discard(incoming_id, caller=CALLER)


@router.get("/actions", tags=["actions"], summary="The queue")
def list_actions(container: Services, state: ActionState | None = None) -> list[ActionView]:
    """Return up to 500 actions of all meetings in the order they are due."""
    return container.reading.actions(state)


@router.post("/actions/{action_id}/retry", tags=["actions"], summary="Try again", status_code=204)
def retry_action(action_id: Id, container: Services) -> None:
    """Make a failed or missed action due now."""
    container.operations.retry(action_id, caller=CALLER)


@router.post("/actions/{action_id}/discard", tags=["actions"], summary="Give up", status_code=204)
def discard_action(action_id: Id, container: Services, body: DiscardRequest | None = None) -> None:
    """Cancel a waiting, failed or missed action for good."""
    container.operations.discard(action_id, caller=CALLER, reason=body.reason if body else None)
