"""The REST API, version 1: minutes."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import File, Response, UploadFile
from pydantic import Field

from orchestrator.web.api.inputs import Body, Id, Preview
from orchestrator.web.api.meetings.schemas import MinutesModel
from orchestrator.web.api.timelines.schemas import EffectModel
from orchestrator.web.container import (
    MinutesDep,
    ReadingDep,
    SettingsDep,
)
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("minutes")


@router.get("/meetings/{meeting}/minutes", summary="Versions of the minutes")
def list_minutes(meeting: str, reading: ReadingDep) -> list[MinutesModel]:
    """Return all versions, oldest first."""
    return [MinutesModel.showing(item) for item in reading.meeting(meeting).minutes]


@router.post("/meetings/{meeting}/minutes", status_code=201, summary="Attach minutes")
def attach_minutes(
    meeting: str,
    settings: SettingsDep,
    minutes: MinutesDep,
    caller: ApiCaller,
    file: Annotated[UploadFile, File()],
    preview: Preview = False,
) -> EffectModel:
    """Attach a PDF, DOCX, Markdown or text file to a concluded meeting; it goes to all who were invited."""
    # One byte more than the limit is enough to know that it is too large.
    content = file.file.read(settings.attachment_max_bytes + 1)
    return EffectModel.showing(
        minutes.attach(meeting, file.filename or "", content, caller=caller, dry_run=preview)
    )


class AdoptionRequest(Body):
    """When a version was adopted."""

    adopted_on: date | None = Field(description="The day; `null` makes it a draft after all.")


@router.put("/meetings/{meeting}/minutes/{version}/adoption", summary="Mark minutes as adopted")
def adopt_minutes(
    meeting: str,
    version: Id,
    body: AdoptionRequest,
    minutes: MinutesDep,
    reading: ReadingDep,
    caller: ApiCaller,
) -> list[MinutesModel]:
    """Mark a version as adopted, and return all versions; nobody is told."""
    minutes.adopt(meeting, version, body.adopted_on, caller=caller)
    return [MinutesModel.showing(item) for item in reading.meeting(meeting).minutes]


@router.get("/meetings/{meeting}/minutes/{version}", summary="Download minutes")
def download_minutes(meeting: str, version: Id, minutes: MinutesDep) -> Response:
    """Return the file of one version."""
    _, media_type, content = minutes.content(meeting, version)
    return Response(content, media_type=media_type, headers={"Content-Disposition": "attachment"})
