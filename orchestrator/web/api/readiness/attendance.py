"""The REST API, version 1: which delegations were in a meeting."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import Field

from orchestrator.domain.readiness.attendance import Presence
from orchestrator.services.answers.recording import LONGEST_COMMENT
from orchestrator.web.api.answering import AnswerModel
from orchestrator.web.api.inputs import Body
from orchestrator.web.container import AttendanceDep
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("readiness")


class AttendanceModel(AnswerModel):
    """Whether a delegation was there, and who noted that when."""

    delegation: str
    presence: Presence
    note: str | None
    actor: str | None
    channel: str | None
    at: datetime | None


class AttendanceRequest(Body):
    """Whether a delegation was there."""

    presence: Presence = Field(description="`not known` takes back what was noted.")
    note: str | None = Field(None, max_length=LONGEST_COMMENT)


@router.get("/meetings/{meeting}/attendance", summary="Attendance")
def list_attendance(meeting: str, attendance: AttendanceDep) -> list[AttendanceModel]:
    """Return how it stands for each delegation, in protocol order."""
    return [AttendanceModel.showing(item) for item in attendance.of(meeting)]


@router.put("/meetings/{meeting}/attendance/{code}", summary="Note attendance")
def note_attendance(
    meeting: str,
    code: Annotated[str, Path(description="Code of the delegation, such as VN.")],
    body: AttendanceRequest,
    attendance: AttendanceDep,
    caller: ApiCaller,
) -> list[AttendanceModel]:
    """Note whether a delegation was in a meeting that has begun; nobody is told."""
    found = attendance.note(meeting, {code: body.presence}, caller=caller, note=body.note)
    return [AttendanceModel.showing(item) for item in found]
