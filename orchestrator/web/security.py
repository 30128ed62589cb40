"""Who may use the API and the console.

The API takes a bearer token. The console takes a signed cookie, given for the same token; in the
sandbox, which answers on this machine only and reaches nobody, no sign-in is needed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.people.caller import Access, Caller, Channel, token_holder
from orchestrator.web.container import ContainerDep

COOKIE = "orchestrator_session"
_BEARER = HTTPBearer(
    auto_error=False, description="The API token, in a new installation the file `api-token`."
)

# Everything a page needs comes from here; nothing inline runs, and no other site may frame a page.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A mail is HTML that its sender wrote: it may style itself inline, and do nothing else.
MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # With "no-referrer" browsers would send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_PAGE_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class SecurityHeaders:
    """Puts security headers on every response that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, adding the headers as the response starts."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                page = headers.get("content-type", "").startswith("text/html")
                for name, value in {**_HEADERS, **(_PAGE_HEADERS if page else {})}.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class SignInRequiredError(Exception):
    """A page was asked for without signing in; carries where to go."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.location = f"/sign-in?to={quote(path, safe='/')}" if path != "/" else "/sign-in"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Tells who is signed in: the holder of the token, or of a cookie that was given for it."""

    settings: Settings
    read_token: Callable[[], str]

    @classmethod
    def of(cls, container: Container) -> SignIn:
        """Return it for a process; the token is read when it is first needed."""
        return cls(container.settings, lambda: container.api_token)

    def has_token(self, token: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(token.encode(), self.read_token().encode())

    @property
    def cookie(self) -> str:
        """The cookie's value: proof of the token that does not reveal it; a new token ends it."""
        return hmac.new(self.read_token().encode(), b"console session", hashlib.sha256).hexdigest()

    def signed_in(self, request: Request) -> bool:
        """Whether a request of the console may pass."""
        if self.settings.sandbox:
            return True
        return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self.cookie.encode())

    def from_own_page(self, request: Request) -> bool:
        """Whether a form was sent from a page of ours, not by another site in the person's name.

        Browsers send ``Origin`` with every POST; a request without it is no browser's. A proxy before the
        service may change ``Host``, so the address people use, ``public_url``, counts as ours as well.
        """
        origin = request.headers.get("origin")
        own = (request.headers.get("host"), urlsplit(self.settings.public_url or "").netloc or None)
        return origin is None or urlsplit(origin).netloc in own


def _sign_in(container: ContainerDep) -> SignIn:
    return SignIn.of(container)


SignInDep = Annotated[SignIn, Depends(_sign_in)]


def require_own_page(sign_in: SignInDep, request: Request) -> None:
    """Refuse what another site sends in a signed-in person's name."""
    if request.method == "POST" and not sign_in.from_own_page(request):
        raise HTTPException(403, "This form was not sent from a page of this console. Nothing was done.")


def require_sign_in(sign_in: SignInDep, request: Request) -> None:
    """Let a request of the console pass that comes from a signed-in person, on a page of ours."""
    if not sign_in.signed_in(request):
        # What was to be posted cannot be repeated after signing in, so that leads to the start.
        raise SignInRequiredError(request.url.path if request.method == "GET" else "/")
    require_own_page(sign_in, request)


def console_caller(_: Annotated[None, Depends(require_sign_in)]) -> Caller:
    """Return who uses the console; a visitor who is not signed in is sent to sign in."""
    return _coordinator(token_holder(Channel.CONSOLE))


def api_caller(
    sign_in: SignInDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Caller:
    """Return who calls the API, which the token says; 401 without it."""
    if credentials is None or not sign_in.has_token(credentials.credentials):
        raise HTTPException(
            401, "Send the API token as 'Authorization: Bearer …'.", {"WWW-Authenticate": "Bearer"}
        )
    return _coordinator(token_holder(Channel.API))


def _coordinator(caller: Caller) -> Caller:
    """Return the caller; raises ``Forbidden`` for one who is no coordinator.

    This is the place where roles are asked for: today everything behind it is for coordinators.
    """
    caller.require(Access.COORDINATOR)
    return caller


ConsoleCaller = Annotated[Caller, Depends(console_caller)]
ApiCaller = Annotated[Caller, Depends(api_caller)]
