"""The REST API, version 1: mails that came in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from orchestrator.domain.answers.responses import Fate
from orchestrator.web.api.answers.schemas import IncomingModel
from orchestrator.web.api.inputs import Answer, Body, Id
from orchestrator.web.container import (
    IncomingDep,
    QuarantineDep,
)
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("mailbox")
OldFate = Annotated[Fate | None, Query(deprecated=True, description="Old name of `fate`.")]


class AssignRequest(Body):
    """Whose answer a quarantined mail is."""

    meeting: str = Field(description="Number or reference.")
    email: str
    participation: Answer | None = Field(None, description="Needed when the mail does not say it.")


@router.get("/incoming", summary="Mails that came in")
def list_incoming(
    incoming: IncomingDep, fate: Fate | None = None, outcome: OldFate = None
) -> list[IncomingModel]:
    """Return the newest 200 mails that came in, and what became of them."""
    return [IncomingModel.showing(item) for item in incoming.mails(fate or outcome)]


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
            incoming_id, body.meeting, body.email, caller=caller, participation=body.participation
        )
    )


@router.post("/incoming/{incoming_id}/discard", summary="Let a mail go", status_code=204)
def discard_incoming(incoming_id: Id, quarantine: QuarantineDep, caller: ApiCaller) -> None:
    """Let a quarantined mail go without effect."""
    quarantine.discard(incoming_id, caller=caller)
