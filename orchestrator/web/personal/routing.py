"""What all personal pages share: their addresses, their headers, and how they refuse.

A GET changes nothing, because mail scanners open every link; an answer in the address only chooses what
stands out. The addresses are secrets: they stand in no log, no search engine and no other site's log.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from orchestrator.errors import OrchestratorError, TooMany
from orchestrator.services.personal.followed_link import LinkClosedError
from orchestrator.web.pages import pages_of
from orchestrator.web.problems import status_of
from orchestrator.web.security import require_own_page

# Mail scanners look with HEAD, and must see that there is something.
LOOK = ["GET", "HEAD"]
CALENDAR = "text/calendar; charset=utf-8"
_GONE = frozenset({"link-revoked", "link-expired", "not-invited"})
_HEADERS = {
    # Our own forms need the origin; no other site gets an address that answers for its owner.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class PersonalRoute(APIRoute):
    """A route whose refusals are pages of its own, without the console's way about."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler: the same look of refusals, and the same headers on all."""
        handle = super().get_route_handler()

        async def serve(request: Request) -> Response:
            try:
                response = await handle(request)
            except (OrchestratorError, HTTPException, RequestValidationError) as error:
                response = _refused(request, error)
                if isinstance(error, TooMany):
                    again_after(response, error)
            response.headers.update(_HEADERS)
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return serve


def personal_router() -> APIRouter:
    """Return a router for pages that the holder of a link uses, from no other site."""
    return APIRouter(
        include_in_schema=False, dependencies=[Depends(require_own_page)], route_class=PersonalRoute
    )


def page_path(token: str, *more: str) -> str:
    """Return the address of a personal page, or of what lies below it."""
    return "/".join([f"/a/{quote(token, safe='')}", *more])


def to_page(token: str, *more: str) -> Response:
    """Lead to a personal page, for example from the address of a form that is loaded again."""
    return RedirectResponse(page_path(token, *more), 303)


def again_after(response: Response, error: TooMany) -> Response:
    """Return the response with when to try again (RFC 9110 section 10.2.3)."""
    response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def _refused(request: Request, error: Exception) -> Response:
    """Say what is wrong: in one line to a calendar that subscribes, else on a page."""
    status, message = _status_of(error), _message_of(error)
    if request.scope["path"].startswith("/feed/"):
        return PlainTextResponse(message, status)
    contact = error.contact if isinstance(error, LinkClosedError) else None
    return pages_of(request).personal_error(request, status, message, getattr(error, "code", ""), contact)


def _status_of(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, OrchestratorError):
        return 410 if error.code in _GONE else status_of(error)
    return 422


def _message_of(error: Exception) -> str:
    if isinstance(error, HTTPException):
        if error.status_code == 403:
            return "This form was sent from another site. Nothing was done. Open the link in the mail again."
        return str(error.detail)
    if isinstance(error, OrchestratorError):
        return error.message
    return "Something in this address or form cannot be read. Nothing was done."
