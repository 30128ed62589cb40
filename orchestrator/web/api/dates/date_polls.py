"""The REST API, version 1: date polls."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from orchestrator.domain.dates.date_poll import MOST_OPTIONS, Vote
from orchestrator.domain.definitions.written import WallTime
from orchestrator.domain.meetings.linked import Linked
from orchestrator.web.api.dates.schemas import DatePollEffectModel, DatePollModel, DatePollOpening
from orchestrator.web.api.inputs import Body, Preview
from orchestrator.web.container import (
    DatePollsDep,
)
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("date polls")
Spoken = Annotated[Vote, BeforeValidator(lambda value: str(value).strip().lower())]


class ExtendRequest(Body):
    """Until when a poll is open."""

    closes: WallTime = Field(description="Wall time in the meeting's zone.")


class CloseRequest(Body):
    """Which option becomes the meeting's time."""

    option: int = Field(description="Its number.")
    version: int | None = Field(None, description="Only if the meeting is still at this version.")
    linked: Linked | None = Field(
        None, description="What becomes of linked meetings when the time changes; 409 until it is said."
    )


class VotesRequest(Body):
    """What a delegation has said of each option."""

    delegation: str = Field(max_length=100, description="Its code, such as VN.")
    votes: dict[int, Spoken] = Field(
        max_length=MOST_OPTIONS,
        json_schema_extra={"propertyNames": {"pattern": "^[0-9]{1,4}$"}},
        description="By number of the option: yes, if needed, or no.",
    )


@router.post("/meetings/{meeting}/date-poll", status_code=201, summary="Open a date poll")
def open_poll(
    meeting: str, body: DatePollOpening, date_polls: DatePollsDep, caller: ApiCaller, preview: Preview = False
) -> DatePollEffectModel:
    """Ask the delegations of a draft which of 2 to 10 starts suit them; only those who speak for them."""
    return DatePollEffectModel.showing(
        date_polls.open(meeting, body.wanted(), caller=caller, dry_run=preview)
    )


@router.get("/meetings/{meeting}/date-poll", summary="The newest date poll")
def get_poll(meeting: str, date_polls: DatePollsDep) -> DatePollModel:
    """Return the newest poll, open or not, with what each delegation says and which option would win."""
    return DatePollModel.showing(date_polls.show(meeting))


@router.patch("/meetings/{meeting}/date-poll", summary="Extend a date poll")
def extend_poll(
    meeting: str, body: ExtendRequest, date_polls: DatePollsDep, caller: ApiCaller, preview: Preview = False
) -> DatePollEffectModel:
    """Let the open poll close at another time."""
    return DatePollEffectModel.showing(
        date_polls.extend(meeting, body.closes, caller=caller, dry_run=preview)
    )


@router.delete("/meetings/{meeting}/date-poll", summary="Withdraw a date poll")
def withdraw_poll(
    meeting: str, date_polls: DatePollsDep, caller: ApiCaller, preview: Preview = False
) -> DatePollEffectModel:
    """End the open poll without a result; mails that have not left yet do not leave any more."""
    return DatePollEffectModel.showing(date_polls.withdraw(meeting, caller=caller, dry_run=preview))


@router.post("/meetings/{meeting}/date-poll/remind", summary="Ask again for dates")
def remind_of_poll(
    meeting: str, date_polls: DatePollsDep, caller: ApiCaller, preview: Preview = False
) -> DatePollEffectModel:
    """Ask those again who have not answered; at most once a day."""
    return DatePollEffectModel.showing(date_polls.remind(meeting, caller=caller, dry_run=preview))


@router.post("/meetings/{meeting}/date-poll/close", summary="Choose the date")
def close_poll(
    meeting: str, body: CloseRequest, date_polls: DatePollsDep, caller: ApiCaller, preview: Preview = False
) -> DatePollEffectModel:
    """Make an option the meeting's time and end the poll; the meeting stays a draft."""
    return DatePollEffectModel.showing(
        date_polls.close(
            meeting, body.option, caller=caller, version=body.version, dry_run=preview, linked=body.linked
        )
    )


@router.post("/meetings/{meeting}/date-poll/votes", summary="Enter a delegation's votes")
def enter_votes(
    meeting: str, body: VotesRequest, date_polls: DatePollsDep, caller: ApiCaller, preview: Preview = False
) -> DatePollEffectModel:
    """Record what a delegation has said by other means, in place of what it had said."""
    return DatePollEffectModel.showing(
        date_polls.vote_for(meeting, body.delegation, body.votes, caller=caller, dry_run=preview)
    )
