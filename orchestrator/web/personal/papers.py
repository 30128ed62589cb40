"""Files on the personal page: downloading what one may see, and sending a paper of the delegation."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request, Response
from starlette.concurrency import run_in_threadpool

from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.personal.followed_link import LinkClosedError
from orchestrator.web.container import PapersDep
from orchestrator.web.pages import see_other, stream
from orchestrator.web.personal.personal_page import PersonalPageDep
from orchestrator.web.personal.routing import LOOK, page_path, personal_router, to_page
from orchestrator.web.uploads import UploadsDep, receive_form

router = personal_router()
FileNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.api_route("/a/{token}/files/{number}", methods=LOOK)
def download_file(token: str, number: FileNumber, papers: PapersDep) -> Response:
    """Return a file that the holder of the link may see, under its own name."""
    return stream(papers.open(token, number))


@router.get("/a/{token}/papers")
def back_from_form(token: str) -> Response:
    """Lead a reader who reloads the address of the form back to the page."""
    return to_page(token)


@router.post("/a/{token}/papers")
async def send_paper(
    request: Request, token: str, papers: PapersDep, uploads: UploadsDep, page: PersonalPageDep
) -> Response:
    """Take a paper as it comes, for an item of the agenda; the delegation then owes none any more."""
    try:
        await run_in_threadpool(papers.require_possible, token)
        with uploads.one(f"link {token}"), papers.receiving() as arriving:
            form = await receive_form(request, arriving)
            item, to_partners = form.number("item"), form.text("partners") == "yes"
            changed = await run_in_threadpool(papers.send, token, arriving, item, to_partners=to_partners)
    except LinkClosedError:
        raise
    except Conflict as error:
        return await run_in_threadpool(page.again, token, 409, conflict=error.message)
    except InvalidInput as error:
        return await run_in_threadpool(page.again, token, 422, problems=error.problems)
    return see_other(page_path(token), done="paper-sent" if changed else "same")


@router.post("/a/{token}/files/{number}/withdraw")
def withdraw_paper(token: str, number: FileNumber, papers: PapersDep, page: PersonalPageDep) -> Response:
    """Take back a paper of the own delegation."""
    try:
        changed = papers.withdraw(token, number)
    except LinkClosedError:
        raise
    except Conflict as error:
        return page.again(token, 409, conflict=error.message)
    return see_other(page_path(token), done="paper-withdrawn" if changed else "same")
