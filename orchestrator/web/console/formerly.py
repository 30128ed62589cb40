"""Old addresses of the console: kept links, and forms that stood open, lead on to the present ones."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from orchestrator.web.pages import meeting_path, path_of

OLD_SEGMENTS = {"outcomes": "decisions", "poll": "date-poll", "link": "join-link"}
"""What stood behind a meeting in an address, and what stands there now. They go with the next version."""

router = APIRouter()


def lead_on(request: Request, reference: str, rest: str = "") -> RedirectResponse:
    """Lead to the present address; the browser keeps method and form (308, RFC 9110 section 15.4.9)."""
    asked = path_of(request)
    old = asked[: len(asked) - len(rest)].rstrip("/").rpartition("/")[2]
    there = meeting_path(reference, OLD_SEGMENTS[old], *([quote(rest)] if rest else []))
    query = request.scope["query_string"].decode("ascii")
    return RedirectResponse(f"{there}?{query}" if query else there, 308)


for segment in OLD_SEGMENTS:
    for path in (f"/meetings/{{reference}}/{segment}", f"/meetings/{{reference}}/{segment}/{{rest:path}}"):
        router.add_api_route(path, lead_on, methods=["GET", "POST"])
