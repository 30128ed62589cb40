"""The REST API, version 1: who answers for whom."""

from __future__ import annotations

from pydantic import Field

from orchestrator.domain.answers.speakers import Relation
from orchestrator.services.answers.known_senders import KnownSenderView
from orchestrator.web.api.answering import model_of
from orchestrator.web.api.inputs import Body, Id
from orchestrator.web.container import KnownSendersDep
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("mailbox")
_HALF = r"[^\s<>()\[\],;:\"@\\\u0000-\u0020\u007F-\u009F\u202A-\u202E\u2066-\u2069\uFEFF\uFFF9-\uFFFB]+"
_ADDRESS = f"^{_HALF}@{_HALF}$"
KnownSenderModel = model_of(KnownSenderView)


class KnownSenderRequest(Body):
    """An address that answers for a person."""

    email: str = Field(description="The address that the person is invited under.")
    sender: str = Field(
        description="The address whose answers are taken for that person's.",
        json_schema_extra={"pattern": _ADDRESS, "maxLength": 320, "examples": ["deputy@example.org"]},
    )
    relation: Relation = Field(
        Relation.DEPUTY, description="Whether it is another address of the same person, or a deputy's."
    )


@router.get("/known-senders", summary="Who answers for whom")
def list_known_senders(known_senders: KnownSendersDep) -> list[KnownSenderModel]:  # type: ignore[valid-type]
    """Return every address that answers for another person, on whose word, and since when."""
    return [KnownSenderModel.showing(item) for item in known_senders.all()]


@router.post("/known-senders", summary="Confirm an address", status_code=204)
def confirm_known_sender(body: KnownSenderRequest, known_senders: KnownSendersDep, caller: ApiCaller) -> None:
    """Take the answers of an address for those of a person from now on; saying so again changes nothing."""
    known_senders.confirm(body.email, body.sender, body.relation, caller=caller)


@router.delete("/known-senders/{sender_id}", summary="Withdraw a known address", status_code=204)
def withdraw_known_sender(sender_id: Id, known_senders: KnownSendersDep, caller: ApiCaller) -> None:
    """Take no answers of an address any more; those that were taken stay."""
    known_senders.withdraw(sender_id, caller=caller)
