"""The calendar of all of a person's meetings."""

from __future__ import annotations

from fastapi import Request, Response

from orchestrator.services.people.links import FEED_NAME
from orchestrator.web.container import CalendarFeedsDep
from orchestrator.web.personal.routing import CALENDAR, LOOK, personal_router

router = personal_router()


@router.api_route(f"/feed/{{token}}/{FEED_NAME}", methods=LOOK)
# Calendars that subscribed to version 0.1 have this address; it goes with the version after the next.
@router.api_route("/feed/{token}.ics", methods=LOOK)
def feed(request: Request, token: str, feeds: CalendarFeedsDep) -> Response:
    """Return the calendar, or say that it is as it was."""
    found = feeds.feed(token)
    tag = f'"{found.tag}"'
    headers = {
        "ETag": tag,
        "Last-Modified": f"{found.modified:%a, %d %b %Y %H:%M:%S} GMT",
        # A calendar keeps what it shows by itself, and asks with its tag; nothing in between keeps any of it.
        "Cache-Control": "no-store",
    }
    # Only the tag decides: two changes may fall into the same second.
    known = {item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'inline; filename="{FEED_NAME}"'
    return Response(found.content, media_type=CALENDAR, headers=headers)
