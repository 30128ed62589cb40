"""The REST API, version 1: date polls."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from orchestrator.domain.dates.date_poll import MOST_OPTIONS, Vote
from orchestrator.domain.definitions.definition import WallTime
from orchestrator.domain.meetings.linked import Linked
from orchestrator.services.dates.date_poll_views import PollOutcome, PollView
from orchestrator.services.dates.date_polls import PollRequest
from orchestrator.web.api.meetings.meetings import CALLER, Preview, Services
from orchestrator.web.security import require_token

router = APIRouter(prefix="/api/v1", dependencies=[Depends(require_token)])
Spoken = Annotated[Vote, BeforeValidator(lambda value: str(value).strip().lower())]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExtendRequest(_Body):
    """Until when a poll is open."""

    closes: WallTime = Field(description="Wall time in the meeting's zone.")


class CloseRequest(_Body):
    """Which option becomes the meeting's time."""

    option: int = Field(description="Its number.")
    version: int | None = Field(None, description="Only if the meeting is still at this version.")
    linked: Linked | None = Field(
        None, description="What becomes of linked meetings when the time changes; 409 until it is said."
    )


class VotesRequest(_Body):
    """What a delegation has said of each option."""

    delegation: str = Field(max_length=100, description="Its code, such as VN.")
    votes: dict[int, Spoken] = Field(
        max_length=MOST_OPTIONS, description="By number of the option: yes, if needed, or no."
    )


@router.post("/meetings/{meeting}/poll", status_code=201, tags=["date polls"], summary="Open a date poll")
def open_poll(meeting: str, body: PollRequest, container: Services, preview: Preview = False) -> PollOutcome:
    """Ask the delegations of a draft which of 2 to 10 starts suit them; only those who speak for them."""
    return container.polls.open(meeting, body, caller=CALLER, preview=preview)


@router.get("/meetings/{meeting}/poll", tags=["date polls"], summary="The newest date poll")
def get_poll(meeting: str, container: Services) -> PollView:
    """Return the newest poll, open or not, with what each delegation says and which option would win."""
    return container.polls.show(meeting)


@router.patch("/meetings/{meeting}/poll", tags=["date polls"], summary="Extend a date poll")
def extend_poll(
    meeting: str, body: ExtendRequest, container: Services, preview: Preview = False
) -> PollOutcome:
    """Let the open poll close at another time."""
    return container.polls.extend(meeting, body.closes, caller=CALLER, preview=preview)


@router.delete("/meetings/{meeting}/poll", tags=["date polls"], summary="Withdraw a date poll")
def withdraw_poll(meeting: str, container: Services, preview: Preview = False) -> PollOutcome:
    """End the open poll without a result; mails that have not left yet do not leave any more."""
    return container.polls.withdraw(meeting, caller=CALLER, preview=preview)


@router.post("/meetings/{meeting}/poll/remind", tags=["date polls"], summary="Ask again for dates")
def remind_of_poll(meeting: str, container: Services, preview: Preview = False) -> PollOutcome:
    """Ask those again who have not answered; at most once a day."""
    return container.polls.remind(meeting, caller=CALLER, preview=preview)


@router.post("/meetings/{meeting}/poll/close", tags=["date polls"], summary="Choose the date")
def close_poll(
    meeting: str, body: CloseRequest, container: Services, preview: Preview = False
) -> PollOutcome:
    """Make an option the meeting's time and end the poll; the meeting stays a draft."""
    return container.polls.close(
        meeting, body.option, caller=CALLER, version=body.version, preview=preview, linked=body.linked
    )


@router.post("/meetings/{meeting}/poll/votes", tags=["date polls"], summary="Enter a delegation's votes")
def enter_votes(
    meeting: str, body: VotesRequest, container: Services, preview: Preview = False
) -> PollOutcome:
    """Record what a delegation has said by other means, in place of what it had said."""
    return container.polls.vote_for(meeting, body.delegation, body.votes, caller=CALLER, preview=preview)
