"""Minutes: attached, shown to whom they would go, distributed, downloaded."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, File, Request, Response, UploadFile

from orchestrator.errors import InvalidInput
from orchestrator.web.console.confirmation import ConfirmationDep
from orchestrator.web.console.forms import Number, Typed
from orchestrator.web.container import DocumentsDep, MinutesDep, ReadingDep, SettingsDep
from orchestrator.web.pages import PagesDep, download, meeting_path, see_other
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


@router.post("/meetings/{reference}/minutes")
def attach_minutes(
    request: Request,
    reference: str,
    reading: ReadingDep,
    minutes: MinutesDep,
    documents: DocumentsDep,
    settings: SettingsDep,
    caller: ConsoleCaller,
    pages: PagesDep,
    confirmation: ConfirmationDep,
    file: Annotated[UploadFile, File()],
) -> Response:
    """Show to whom minutes would go."""
    found = reading.meeting(reference)
    # One byte more than the limit is enough to know that it is too large.
    content = file.file.read(settings.attachment_max_bytes + 1)
    filename = file.filename or ""
    try:
        effect = minutes.attach(reference, filename, content, caller=caller, dry_run=True)
    except InvalidInput as error:
        return pages.render(
            request, "minutes/minutes.html.j2", status=422, meeting=found, problem=error.problems[0]
        )
    # The preview has kept the file, so the page need only name it instead of sending it round again.
    hidden = {"digest": documents.put(content), "filename": filename}
    action = meeting_path(found.reference, "minutes", "confirmed")
    return confirmation.show("minutes", found, effect, hidden, action=action, filename=file.filename)


@router.post("/meetings/{reference}/minutes/confirmed")
def distribute_minutes(
    reference: str,
    minutes: MinutesDep,
    documents: DocumentsDep,
    caller: ConsoleCaller,
    digest: Typed,
    filename: Typed,
) -> Response:
    """Attach the file that was shown."""
    effect = minutes.attach(reference, filename, documents.get(digest), caller=caller)
    return see_other(meeting_path(effect.reference), done="minutes", count=effect.count("minutes"))


@router.post("/meetings/{reference}/minutes/{version}/adoption")
def adopt_minutes(
    reference: str, version: Number, minutes: MinutesDep, caller: ConsoleCaller, adopted_on: Typed = ""
) -> Response:
    """Mark a version as adopted on a day, or without one as a draft after all; nobody is told."""
    minutes.adopt(reference, version, _day(adopted_on), caller=caller)
    return see_other(meeting_path(reference) + "#minutes")


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip()) if typed.strip() else None
    except ValueError:
        raise InvalidInput.of("adopted_on", typed, "is no day", "Write it as 2027-05-24.") from None


@router.get("/meetings/{reference}/minutes/{version}")
def download_minutes(reference: str, version: Number, minutes: MinutesDep) -> Response:
    """Return the file of one version, under its own name."""
    filename, media_type, content = minutes.content(reference, version)
    return download(content, media_type, filename)
