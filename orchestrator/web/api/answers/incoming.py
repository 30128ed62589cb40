"""The REST API, version 1: mails that came in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import Field

from orchestrator.domain.answers.responses import Fate
from orchestrator.domain.answers.speakers import Relation
from orchestrator.services.answers.guests import GuestDetails
from orchestrator.services.answers.quarantine import Trust
from orchestrator.store.answers.incoming import MailQuery
from orchestrator.web.api.answers.schemas import IncomingModel
from orchestrator.web.api.inputs import LINKED, MOST_LISTED, Answer, Body, Id, Preview
from orchestrator.web.api.timelines.schemas import EffectModel
from orchestrator.web.container import GuestsDep, IncomingDep, QuarantineDep
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("mailbox")
Search = Annotated[str, Query(max_length=200, description="Words that all have to stand in it.")]
Limit = Annotated[int, Query(ge=1, le=MOST_LISTED, description="At most so many mails.")]
After = Annotated[
    int | None,
    Query(ge=1, le=2**31 - 1, description="What the link to the next page has; begins behind that mail."),
]
OldFate = Annotated[Fate | None, Query(deprecated=True, description="Old name of `fate`.")]


class AssignRequest(Body):
    """Whose answer a quarantined mail is."""

    meeting: str = Field(description="Number or reference.")
    email: str
    participation: Answer | None = Field(None, description="Needed when the mail does not say it.")
    remember: Relation | None = Field(
        None, description="What the sender is to the attendee, if their answers are to be taken from now on."
    )


class AcceptRequest(Body):
    """How far the sender of a quarantined mail is believed."""

    relation: Relation = Field(Relation.DEPUTY, description="What the sender is to the attendee.")
    remember: bool = Field(True, description="Whether the sender is believed from now on.")


class GuestRequest(Body):
    """Who is invited; what is left out is taken from the mail."""

    name: str = Field("", max_length=200)
    delegation: str = Field("", max_length=6)
    group: str = Field("", max_length=40)


@router.get("/incoming", summary="Mails that came in", responses=LINKED)
def list_incoming(
    incoming: IncomingDep,
    request: Request,
    response: Response,
    fate: Fate | None = None,
    search: Search = "",
    limit: Limit = MOST_LISTED,
    after: After = None,
    outcome: OldFate = None,
) -> list[IncomingModel]:
    """Return mails that came in, newest first, and what became of them, a page at a time.

    Each word of ``search`` has to stand in who sent the mail, whom it names, its subject or text, or the
    reference of its meeting.
    """
    page = incoming.page(MailQuery(fate or outcome, search, after, limit))
    if page.following is not None:
        following = request.url.include_query_params(after=page.following)
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return [IncomingModel.showing(item) for item in page.mails]


@router.get("/incoming/{incoming_id}", summary="One mail that came in")
def get_incoming(incoming_id: Id, incoming: IncomingDep) -> IncomingModel:
    """Return one mail, and what became of it."""
    return IncomingModel.showing(incoming.mail(incoming_id))


@router.get("/incoming/{incoming_id}/content", summary="Download a mail that came in")
def download_incoming(incoming_id: Id, incoming: IncomingDep) -> Response:
    """Return a mail that was quarantined as it came; others are kept in the mailbox only."""
    return Response(
        incoming.content(incoming_id),
        media_type="message/rfc822",
        headers={"Content-Disposition": f'attachment; filename="mail-{incoming_id}.eml"'},
    )


@router.post("/incoming/{incoming_id}/assign", summary="Take a mail for an answer")
def assign_incoming(
    incoming_id: Id, body: AssignRequest, quarantine: QuarantineDep, caller: ApiCaller
) -> IncomingModel:
    """Take a quarantined mail for the answer of an attendee, because a person says so."""
    return IncomingModel.showing(
        quarantine.assign(
            incoming_id,
            body.meeting,
            body.email,
            caller=caller,
            participation=body.participation,
            remember=body.remember,
        )
    )


@router.post("/incoming/{incoming_id}/accept", summary="Believe the sender of a mail")
def accept_incoming(
    incoming_id: Id, quarantine: QuarantineDep, caller: ApiCaller, body: AcceptRequest | None = None
) -> IncomingModel:
    """Believe the sender of a quarantined mail, and take it like any other; its fate says what came of it."""
    asked = body or AcceptRequest()
    trust = Trust(asked.relation, remembered=asked.remember)
    return IncomingModel.showing(quarantine.accept(incoming_id, caller=caller, trust=trust))


@router.post("/incoming/{incoming_id}/invite", summary="Invite who answered a forwarded invitation")
def invite_sender(
    incoming_id: Id,
    guests: GuestsDep,
    caller: ApiCaller,
    body: GuestRequest | None = None,
    preview: Preview = False,
) -> EffectModel:
    """Invite the person who was forwarded an invitation and answered, and take the answer they gave."""
    asked = body or GuestRequest()
    details = GuestDetails(asked.name, asked.delegation, asked.group)
    return EffectModel.showing(guests.invite(incoming_id, details, caller=caller, dry_run=preview))


@router.post("/incoming/{incoming_id}/discard", summary="Let a mail go", status_code=204)
def discard_incoming(incoming_id: Id, quarantine: QuarantineDep, caller: ApiCaller) -> None:
    """Let a quarantined mail go without effect; its bytes and its text are deleted here."""
    quarantine.discard(incoming_id, caller=caller)
