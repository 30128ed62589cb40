"""Old names of the API: they work for one more version, and say how they are called now.

A path that was renamed answers at its old address too, is marked as deprecated in the description, and says
so in two headers of every answer: ``Deprecation`` (RFC 9745) and ``Link`` with the relation
``successor-version`` (RFC 5829). A field of an answer that was renamed stands there under both names.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from pydantic import Field
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from orchestrator.web.openapi import ApiRoute

OLD_SEGMENTS = {
    "decisions": "outcomes",
    "connection-tests": "rehearsal",
    "date-poll": "poll",
    "fair-starts": "slots",
    "join-link": "link",
}
"""What stands in a path now, and what stood there. The old ones go with the next version."""
RENAMED_AT = datetime(2026, 12, 1, tzinfo=UTC)
_SUCCESSOR = "x-successor"
_DEPRECATION = f"@{int(RENAMED_AT.timestamp())}"


def formerly(name: str) -> Any:
    """Return the field that an answer has under its old name; ``name`` is the one it has now."""
    return Field(validation_alias=name, deprecated=True, description=f"Old name of `{name}`.")


def old_path(path: str) -> str:
    """Return what the path of an operation was before it was renamed; the same, if it was not."""
    return "/".join(OLD_SEGMENTS.get(segment, segment) for segment in path.split("/"))


class RenamedRoute(ApiRoute):
    """An operation at its old address: every answer, also a refusal, says that, and names the present one."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the operation does, with the two headers."""
        present: str = (self.openapi_extra or {})[_SUCCESSOR]
        named = {name: quote(str(value), safe="") for name, value in scope["path_params"].items()}

        async def with_hint(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Deprecation"] = _DEPRECATION
                headers.append("Link", f'<{present.format(**named)}>; rel="successor-version"')
            await send(message)

        await super().handle(scope, receive, with_hint)


def at_old_paths(room: APIRouter) -> APIRouter:
    """Return the operations of a room whose paths were renamed, at their old addresses."""
    found = APIRouter(route_class=RenamedRoute)
    for route in room.routes:
        if not isinstance(route, ApiRoute) or old_path(route.path) == route.path:
            continue
        found.add_api_route(
            old_path(route.path),
            route.endpoint,
            methods=sorted(route.methods or ()),
            status_code=route.status_code,
            response_model=route.response_model,
            tags=route.tags,
            summary=route.summary,
            description=f"Old address of `{route.path}`.",
            dependencies=route.dependencies,
            responses=route.responses,
            name=f"old_{route.name}",
            deprecated=True,
            openapi_extra={_SUCCESSOR: route.path},
        )
    return found
