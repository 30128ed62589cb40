"""Every other address below those of personal links."""

from __future__ import annotations

from fastapi import Response

from orchestrator.errors import NotFound
from orchestrator.web.personal.routing import LOOK, personal_router

router = personal_router()


@router.api_route("/a/{rest:path}", methods=LOOK)
def nowhere(rest: str) -> Response:
    """Refuse an address that is not complete; raises ``NotFound``."""
    raise NotFound("This address is not complete. Open the link in the mail again.")
