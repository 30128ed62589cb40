"""Who may use the API and the console.

The API takes a bearer token. The console takes a session, which is opened with the same token; in the
sandbox, which answers on this machine only and reaches nobody, no sign-in is needed. Both are asked for by
the gate (``orchestrator.web.gate``), before anything of a request is read; what stands here is what handlers
see of it.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.people.caller import Access, Caller, Channel, token_holder
from orchestrator.services.people.sessions import ConsoleSessions
from orchestrator.services.people.throttle import Allowance, Throttle
from orchestrator.store.engine import is_outage
from orchestrator.web.container import ContainerDep
from orchestrator.web.origins import origin_of, own_origins, source_of

COOKIE = "orchestrator_session"
_BEARER = HTTPBearer(
    auto_error=False, description="The API token, in a new installation the file `api-token`."
)
_LOG = logging.getLogger(__name__)
_GUESSES = timedelta(minutes=15)
API_GUESSES = Allowance("wrong token of the API", 10, _GUESSES)
SIGN_IN_GUESSES = Allowance("wrong token of the console", 10, _GUESSES)

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
    # For what is no page. A browser that opens it all the same runs nothing and shows it in no frame.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}
_PAGE_HEADERS = {"Content-Security-Policy": PAGE_POLICY}
_FOR_EVERYBODY = "/static/"
_TWO_YEARS = "max-age=63072000"


class SecurityHeaders:
    """Puts security headers on every response that does not bring its own, whoever made it."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        """With ``https`` people reach the service over HTTPS, perhaps through a proxy that ends it."""
        self._app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, adding the headers as the response starts."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(scope, MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, with_headers)

    def _add(self, scope: Scope, headers: MutableHeaders) -> None:
        page = headers.get("content-type", "").startswith("text/html")
        for name, value in {**_HEADERS, **(_PAGE_HEADERS if page else {})}.items():
            headers.setdefault(name, value)
        if not scope.get("path", "").startswith(_FOR_EVERYBODY):
            headers.setdefault("Cache-Control", "no-store")
        if self._https or scope.get("scheme") == "https":
            headers.setdefault("Strict-Transport-Security", _TWO_YEARS)


class SignInRequiredError(Exception):
    """A page was asked for without signing in; carries where to go."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.location = f"/sign-in?to={quote(path, safe='/')}" if path != "/" else "/sign-in"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Tells who is signed in: the holder of the token, or of a session that was opened with it."""

    settings: Settings
    container: Container

    @classmethod
    def of(cls, container: Container) -> SignIn:
        """Return it for a process; the token and the database are asked for when they are first needed."""
        return cls(container.settings, container)

    @property
    def _sessions(self) -> ConsoleSessions:
        return self.container.sessions

    @property
    def _throttle(self) -> Throttle:
        return self.container.throttle

    # Tokens

    def by_token(self, request: Request) -> Caller:
        """Return who calls the API; 401 without the token, ``TooMany`` for one who guesses."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _no_token()
        if not self.right_token(token, source_of(request.scope), API_GUESSES):
            raise _no_token()
        return _coordinator(token_holder(Channel.API))

    def right_token(self, token: str, source: str, allowance: Allowance) -> bool:
        """Whether it is the token; a wrong one is counted. Raises ``TooMany`` after too many of them.

        Then the right one is refused as well, or guessing would only be slower.
        """
        self._throttle.require(allowance, source)
        if hmac.compare_digest(token.strip().encode(), self.container.api_token.encode()):
            return True
        tries = self._throttle.count(allowance, source).count
        what = "refused from now on" if tries >= allowance.most else f"{tries} of {allowance.most}"
        _LOG.warning("A %s came from %s: %s.", allowance.what, source, what)
        return False

    # Sessions

    def cookie_name(self, request: Request) -> str:
        """Return the cookie's name; over HTTPS browsers let no other host and no plain page set it."""
        return f"__Host-{COOKIE}" if self.over_https(request) else COOKIE

    def over_https(self, request: Request) -> bool:
        """Whether people reach the console over HTTPS, perhaps through a proxy that ends it."""
        return request.scope["scheme"] == "https" or (self.settings.public_url or "").startswith("https://")

    def find_session(self, request: Request) -> None:
        """Look up the session of a request, for ``signed_in``; one in use is noted as that."""
        found = self._sessions.find(request.cookies.get(self.cookie_name(request), ""))
        request.state.session = found
        if found is None:
            return
        try:
            self._sessions.used(found)
        except Exception as error:
            # A database that only reads shows its pages all the same.
            if not is_outage(error):
                raise

    def signed_in(self, request: Request) -> bool:
        """Whether a request of the console may pass."""
        return self.settings.sandbox or getattr(request.state, "session", None) is not None

    def open(self, request: Request, token: str) -> str | None:
        """Open a session and return its secret; ``None`` for a wrong token. Raises ``TooMany``."""
        source = source_of(request.scope)
        if not self.right_token(token, source, SIGN_IN_GUESSES):
            return None
        self._throttle.forget(SIGN_IN_GUESSES, source)
        return self._sessions.open(
            source=source,
            browser=request.headers.get("user-agent", ""),
            instead_of=request.cookies.get(self.cookie_name(request), ""),
        )

    def close(self, request: Request) -> None:
        """End the session of a request, here and not only in the browser."""
        self._sessions.end(request.cookies.get(self.cookie_name(request), ""))

    def give_cookie(self, request: Request, response: Response, secret: str) -> None:
        """Let the browser keep the session's secret, as long as the session can last."""
        response.set_cookie(
            self.cookie_name(request),
            secret,
            max_age=self.settings.session_hours * 60 * 60,
            httponly=True,
            samesite="lax",
            secure=self.over_https(request),
        )

    def take_cookie(self, request: Request, response: Response) -> None:
        """Take the cookie back."""
        response.delete_cookie(
            self.cookie_name(request), secure=self.over_https(request), httponly=True, samesite="lax"
        )

    # Forms

    def from_own_page(self, request: Request) -> bool:
        """Whether a form was sent from a page of ours, not by another site in the person's name.

        Browsers send ``Origin`` with every POST; a request without it, that also does not say that it comes
        from another site, is no browser's.
        """
        origin = request.headers.get("origin")
        if origin is None:
            return request.headers.get("sec-fetch-site", "none") in ("same-origin", "none")
        own = own_origins(request.scope["scheme"], request.headers.get("host", ""), self.settings.public_url)
        return origin_of(origin) in own


def _no_token() -> HTTPException:
    return HTTPException(
        401, "Send the API token as 'Authorization: Bearer …'.", {"WWW-Authenticate": "Bearer"}
    )


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
        raise SignInRequiredError(request.scope["path"] if request.method == "GET" else "/")
    require_own_page(sign_in, request)


def console_caller(_: Annotated[None, Depends(require_sign_in)]) -> Caller:
    """Return who uses the console; a visitor who is not signed in is sent to sign in."""
    return _coordinator(token_holder(Channel.CONSOLE))


def api_caller(
    request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Caller:
    """Return who calls the API, which the gate has found out; 401 when it has not."""
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        raise _no_token()
    return _coordinator(caller)


def _coordinator(caller: Caller) -> Caller:
    """Return the caller; raises ``Forbidden`` for one who is no coordinator.

    This is the place where roles are asked for: today everything behind it is for coordinators.
    """
    caller.require(Access.COORDINATOR)
    return caller


ConsoleCaller = Annotated[Caller, Depends(console_caller)]
ApiCaller = Annotated[Caller, Depends(api_caller)]
