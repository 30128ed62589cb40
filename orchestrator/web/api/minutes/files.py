"""The REST API, version 1: the files of meetings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from orchestrator.domain.meetings.reasons import LONGEST_REASON
from orchestrator.domain.minutes.file_types import TYPES
from orchestrator.domain.minutes.files import FileAudience
from orchestrator.services.minutes.filing import NewFile
from orchestrator.web.api.answering import AnswerModel
from orchestrator.web.api.inputs import ONE_LINE, Body, Id, OneLine
from orchestrator.web.container import MeetingFilesDep
from orchestrator.web.openapi import api_router, problem_responses
from orchestrator.web.pages import stream
from orchestrator.web.security import ApiCaller
from orchestrator.web.uploads import UploadsDep, receive_form

router = api_router("files")
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": f"One of {', '.join(f'.{item}' for item in TYPES)}.",
                        },
                        "item": {
                            "type": "integer",
                            "minimum": 1,
                            "maximum": 99_999,
                            "description": "The number of the agenda item.",
                        },
                        "audience": {
                            "type": "string",
                            "enum": [item.value for item in FileAudience],
                            "default": FileAudience.MEMBERS.value,
                        },
                        "delegation": {
                            "type": "string",
                            "description": "Code of the delegation whose paper it is, such as VN.",
                        },
                    },
                }
            }
        },
    }
}

_CONTENT = {item.media_type: {"schema": {"type": "string", "format": "binary"}} for item in TYPES.values()}


class FileModel(AnswerModel):
    """One version of a file of a meeting."""

    id: int
    filename: str
    media_type: str
    size: int
    digest: str = Field(description="SHA-256 of the content.")
    version: int
    delegation: str | None = Field(description="Whose paper it is; `null` for a document of the coordinator.")
    item: int | None = Field(description="The number of its agenda item.")
    audience: FileAudience = Field(description="`members`, or `partners` too.")
    actor: str = Field(description="Who put it up.")
    channel: str = Field(description="Through which door.")
    at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None
    lost_since: datetime | None = Field(description="Since when its content is missing from the store.")


class WithdrawRequest(Body):
    """Why a file is taken back."""

    reason: Annotated[str, OneLine] = Field(
        max_length=LONGEST_REASON, description="One sentence.", json_schema_extra=ONE_LINE
    )


@router.get("/meetings/{meeting}/files", summary="Files of a meeting")
def list_files(meeting: str, files: MeetingFilesDep) -> list[FileModel]:
    """Return every version of every file, withdrawn ones too, oldest first."""
    return [FileModel.showing(item) for item in files.all(meeting)]


@router.post(
    "/meetings/{meeting}/files",
    status_code=201,
    summary="Put up a file",
    openapi_extra=_FORM,
    responses=problem_responses(408, 413),
)
async def put_up_file(
    request: Request, meeting: str, files: MeetingFilesDep, uploads: UploadsDep, caller: ApiCaller
) -> FileModel:
    """Put up a file, or the next version of the file of this name; nobody is told by that.

    With a delegation it is that delegation's paper, which it then owes no more.
    """
    await run_in_threadpool(files.require_possible, meeting)
    with uploads.one(f"api {meeting}"), files.receiving() as arriving:
        form = await receive_form(request, arriving)
        new = NewFile(arriving.filename, form.number("item"), form.audience, form.text("delegation") or None)
        made = await run_in_threadpool(files.put_up, meeting, new, arriving, caller=caller)
    return FileModel.showing(made)


@router.get(
    "/meetings/{meeting}/files/{number}",
    summary="Download a file",
    response_class=Response,
    responses={200: {"description": "The content, to be kept.", "content": _CONTENT}},
)
def download_file(meeting: str, number: Id, files: MeetingFilesDep) -> Response:
    """Return the content of one version."""
    return stream(files.open(meeting, number))


@router.post("/meetings/{meeting}/files/{number}/withdraw", status_code=204, summary="Withdraw a file")
def withdraw_file(
    meeting: str, number: Id, body: WithdrawRequest, files: MeetingFilesDep, caller: ApiCaller
) -> None:
    """Hide a file with all its versions from everybody but coordinators; nothing is deleted."""
    files.withdraw(meeting, number, body.reason, caller=caller)
