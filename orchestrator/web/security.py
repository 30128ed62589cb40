"""Who may use the API and the console.

The API takes a bearer token. The console takes a signed cookie, given for the same token; in the
sandbox, which answers on this machine only and reaches nobody, no sign-in is needed.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from orchestrator.bootstrap import Container
from orchestrator.web.services import services

COOKIE = "orchestrator_session"
_BEARER = HTTPBearer(
    auto_error=False, description="The API token, in a new installation the file `api-token`."
)


def require_token(
    container: Annotated[Container, Depends(services)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> None:
    """Let a request of the API pass that carries the token; 401 otherwise."""
    if credentials is None or not token_matches(container, credentials.credentials):
        raise HTTPException(
            401, "Send the API token as 'Authorization: Bearer …'.", {"WWW-Authenticate": "Bearer"}
        )


def token_matches(container: Container, token: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(token.encode(), container.api_token.encode())


def session_value(container: Container) -> str:
    """Return the cookie's value: proof of the token that does not reveal it; a new token ends it."""
    return hmac.new(container.api_token.encode(), b"console session", hashlib.sha256).hexdigest()


def signed_in(container: Container, request: Request) -> bool:
    """Whether a request of the console may pass."""
    if container.settings.sandbox:
        return True
    return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), session_value(container).encode())


def from_own_page(request: Request) -> bool:
    """Whether a form was sent from a page of ours, not by another site in the person's name.

    Browsers send ``Origin`` with every POST; a request without it is no browser's.
    """
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
