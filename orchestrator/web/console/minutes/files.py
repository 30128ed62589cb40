"""Files of a meeting: put up, listed with all their versions, downloaded, withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.minutes.file_types import TYPES
from orchestrator.domain.minutes.files import by_file
from orchestrator.errors import Conflict, InvalidInput, NotFound, Problem
from orchestrator.services.meetings.reading import Reading
from orchestrator.services.minutes.files import MeetingFiles
from orchestrator.services.minutes.filing import NewFile
from orchestrator.web.console.forms import Number, Typed, refusals, status_of_refusal
from orchestrator.web.container import DirectoryDep, MeetingFilesDep, ReadingDep, SettingsDep
from orchestrator.web.pages import Pages, PagesDep, meeting_path, see_other, stream
from orchestrator.web.security import ConsoleCaller
from orchestrator.web.uploads import UploadForm, UploadsDep, receive_form

router = APIRouter()


@dataclass(frozen=True, slots=True)
class FilesPage:
    """Shows the files of a meeting, also with a form that could not be taken."""

    request: Request
    pages: Pages
    reading: Reading
    files: MeetingFiles
    directory: Directory
    largest: int

    def show(
        self,
        reference: str,
        status: int = 200,
        *,
        done: str = "",
        typed: UploadForm | None = None,
        problems: Sequence[Problem] = (),
    ) -> Response:
        """Return the page; files that were withdrawn stand below the others."""
        meeting = self.reading.meeting(reference)
        found = self.files.all(reference)
        return self.pages.render(
            self.request,
            "minutes/files.html.j2",
            status=status,
            meeting=meeting,
            place=host_place(meeting, self.directory, meeting.starts_at),
            standing=by_file(item for item in found if not item.withdrawn),
            withdrawn=[item for item in found if item.withdrawn],
            delegations=list(dict.fromkeys(item.delegation for item in meeting.attendees)),
            types=",".join(f".{item}" for item in TYPES),
            largest=self.largest,
            typed=typed or UploadForm(),
            fields={item.field: item for item in problems},
            done=done,
        )

    def again(self, reference: str, error: InvalidInput | Conflict, typed: UploadForm) -> Response:
        """Return the page with what is wrong."""
        return self.show(reference, status_of_refusal(error), typed=typed, problems=refusals(error))


def _files_page(
    request: Request,
    pages: PagesDep,
    reading: ReadingDep,
    files: MeetingFilesDep,
    directory: DirectoryDep,
    settings: SettingsDep,
) -> FilesPage:
    return FilesPage(request, pages, reading, files, directory, settings.file_max_bytes)


FilesPageDep = Annotated[FilesPage, Depends(_files_page)]


@router.get("/meetings/{reference}/files")
def list_files(reference: str, page: FilesPageDep, done: str = "") -> Response:
    """Show every file with its versions, and the form to put one up."""
    return page.show(reference, done=done)


@router.post("/meetings/{reference}/files")
async def put_up_file(
    request: Request,
    reference: str,
    files: MeetingFilesDep,
    uploads: UploadsDep,
    page: FilesPageDep,
    caller: ConsoleCaller,
) -> Response:
    """Take a file as it comes, and put it up."""
    typed = UploadForm()
    try:
        await run_in_threadpool(files.require_possible, reference)
        with uploads.one(f"console {reference}"), files.receiving() as arriving:
            typed = await receive_form(request, arriving)
            new = NewFile(
                arriving.filename, typed.number("item"), typed.audience, typed.text("delegation") or None
            )
            await run_in_threadpool(files.put_up, reference, new, arriving, caller=caller)
    except (InvalidInput, Conflict) as error:
        return await run_in_threadpool(page.again, reference, error, typed)
    return see_other(meeting_path(reference, "files"), done="put-up")


@router.get("/meetings/{reference}/files/{number}")
def download_file(reference: str, number: Number, files: MeetingFilesDep) -> Response:
    """Return the content of one version, under its own name."""
    return stream(files.open(reference, number))


@router.post("/meetings/{reference}/files/{number}/withdraw")
def withdraw_file(
    reference: str,
    number: Number,
    files: MeetingFilesDep,
    page: FilesPageDep,
    caller: ConsoleCaller,
    reason: Typed = "",
) -> Response:
    """Hide a file with all its versions; nothing is deleted."""
    try:
        files.withdraw(reference, number, reason, caller=caller)
    except NotFound:
        raise
    except (InvalidInput, Conflict) as error:
        return page.again(reference, error, UploadForm({"withdrawing": str(number)}))
    return see_other(meeting_path(reference, "files"), done="withdrawn")
