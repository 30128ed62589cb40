"""The calendar of all of a person's meetings."""

from __future__ import annotations

from fastapi import Request, Response

from orchestrator.web.container import CalendarFeedsDep
from orchestrator.web.personal.routing import CALENDAR, LOOK, personal_router

router = personal_router()


@router.api_route("/feed/{token}.ics", methods=LOOK)
def feed(request: Request, token: str, feeds: CalendarFeedsDep) -> Response:
    """Return the calendar, or say that it is as it was."""
    found = feeds.feed(token)
    tag = f'"{found.tag}"'
    headers = {
        "ETag": tag,
        "Last-Modified": f"{found.modified:%a, %d %b %Y %H:%M:%S} GMT",
        "Cache-Control": "private, no-cache",
    }
    # Only the tag decides: two changes may fall into the same second.
    known = {item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="meetings.ics"'
    return Response(found.content, media_type=CALENDAR, headers=headers)
