"""Noting which delegations were in a meeting."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.readiness.attendance import Presence
from orchestrator.errors import InvalidInput
from orchestrator.web.container import AttendanceDep, DirectoryDep, ReadingDep
from orchestrator.web.pages import PagesDep, meeting_path, see_other
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


@router.get("/meetings/{reference}/attendance")
def show_attendance(
    request: Request,
    reference: str,
    reading: ReadingDep,
    attendance: AttendanceDep,
    directory: DirectoryDep,
    pages: PagesDep,
    done: str = "",
) -> Response:
    """Show how it stands for each delegation, with a choice for each."""
    meeting = reading.meeting(reference)
    noted = attendance.of(reference)
    return pages.render(
        request,
        "readiness/attendance.html.j2",
        meeting=meeting,
        place=host_place(meeting, directory, meeting.starts_at),
        attendance=noted,
        names={item.delegation: directory.get(item.delegation).name for item in noted},
        presences=list(Presence),
        done=done,
    )


async def _sent(request: Request) -> FormData:
    return await request.form()


@router.post("/meetings/{reference}/attendance")
def note_attendance(
    reference: str,
    attendance: AttendanceDep,
    caller: ConsoleCaller,
    form: Annotated[FormData, Depends(_sent)],
) -> Response:
    """Note what was chosen for each delegation."""
    known = frozenset(Presence)
    chosen = {code: str(value) for code, value in form.items() if code.isalpha()}
    wrong = next((value for value in chosen.values() if value not in known), None)
    if wrong is not None:
        raise InvalidInput.of("presence", wrong, "is none", f"Say {', '.join(Presence)}.")
    presences = {code: Presence(value) for code, value in chosen.items()}
    attendance.note(reference, presences, caller=caller)
    return see_other(meeting_path(reference, "attendance"), done="noted")
