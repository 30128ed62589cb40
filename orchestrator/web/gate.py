"""Stands before all routes: who asks, and how much of what they send is read.

A stranger costs little. Before the body of a request is read, the gate looks at its address, its host, and
the token or session that its area needs; then it reads no more than the route takes, in no more time than
that needs. Routing, parsing and handlers see only what has passed.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import unquote_to_bytes

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.settings import Settings
from orchestrator.web import bodies, problems
from orchestrator.web.bodies import BodyPatience, ClientLeftError
from orchestrator.web.origins import allowed_hosts, host_allowed
from orchestrator.web.security import SignIn, SignInRequiredError

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_ADDRESS = 8 * 1024
_FORM, _DOCUMENT = 256 * 1024, 1024 * 1024
_MEETING_FILE = 3 * _DOCUMENT
_AROUND_A_FILE = 64 * 1024


class Door(Enum):
    """What an area asks of who comes."""

    NOTHING = auto()
    TOKEN = auto()
    SESSION = auto()


@dataclass(frozen=True, slots=True)
class Area:
    """Addresses that ask for the same: ``largest`` is the most bytes that a request may carry.

    What is ``streamed`` is not read here: its handler takes it in pieces, once it knows that it can be taken.
    """

    path: re.Pattern[str]
    needs: Door
    largest: int
    streamed: bool = False


def _areas(settings: Settings) -> tuple[Area, ...]:
    """Return all areas; the first one that an address lies in counts, and the last one takes every one."""
    minutes = settings.attachment_max_bytes + _AROUND_A_FILE
    file = settings.file_max_bytes + _AROUND_A_FILE

    def area(path: str, needs: Door, largest: int, *, streamed: bool = False) -> Area:
        return Area(re.compile(path, re.DOTALL), needs, largest, streamed)

    return (
        area(r"/api/v1/openapi\.json", Door.NOTHING, 0),
        area(r"/api/v1/meetings/[^/]+/minutes", Door.TOKEN, minutes),
        area(r"/api/v1/meetings/[^/]+/files", Door.TOKEN, file, streamed=True),
        area(r"/api(/.*)?", Door.TOKEN, _DOCUMENT),
        area(r"/(livez|readyz|metrics|static/.*)", Door.NOTHING, 0),
        area(r"/(sign-in|sign-out)", Door.NOTHING, 8 * 1024),
        area(r"/feed/.*", Door.NOTHING, 0),
        # Nobody signs in here: the address itself is the secret, and its pages send small forms.
        area(r"/a/[^/]+/papers", Door.NOTHING, file, streamed=True),
        area(r"/a/.*", Door.NOTHING, 200_000),
        area(r"/meetings/[^/]+/minutes", Door.SESSION, minutes),
        area(r"/meetings/[^/]+/files", Door.SESSION, file, streamed=True),
        area(r"/meetings/new", Door.SESSION, _MEETING_FILE),
        area(r".*", Door.SESSION, _FORM),
    )


class FrontGate:
    """Lets requests pass that may, with a body that was read and looked at."""

    def __init__(
        self, app: ASGIApp, sign_in: SignIn, settings: Settings, patience: BodyPatience | None = None
    ) -> None:
        """``patience`` says how long a body may take."""
        self._app = app
        self._sign_in = sign_in
        self._areas = _areas(settings)
        self._hosts = allowed_hosts(settings.public_url, settings.allowed_hosts)
        self._patience = patience or BodyPatience()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            _require_readable(request)
            if not host_allowed(request.headers.get("host", ""), self._hosts):
                raise HTTPException(400, "The service does not answer to this host name.")
            area = next(item for item in self._areas if item.path.fullmatch(scope["path"]))
            await run_in_threadpool(self._admit, request, area)
            onward = await self._onward(request, receive, area)
        except ClientLeftError:
            return
        except Exception as error:  # noqa: BLE001 - answered by kind; what nobody foresaw is raised again.
            response = problems.response_to(request, error)
            await response(scope, receive, send)
            return
        with suppress(ClientLeftError):
            await self._app(scope, onward, send)

    def _admit(self, request: Request, area: Area) -> None:
        """Find out who asks, and refuse who may not be here; nothing of the body has been read."""
        if area.needs is Door.TOKEN:
            request.state.caller = self._sign_in.by_token(request)
        elif not request.scope["path"].startswith(("/static/", "/livez", "/readyz", "/metrics")):
            self._sign_in.find_session(request)
        signed_in = area.needs is not Door.SESSION or self._sign_in.signed_in(request)
        if not signed_in and request.method not in _READING:
            raise SignInRequiredError("/")

    async def _onward(self, request: Request, receive: Receive, area: Area) -> Receive:
        """Return what gives the body to the application: read already, or counted as it comes."""
        if area.streamed and request.method in _WITH_BODY:
            _require_length(request, area.largest)
            return bodies.bounded(receive, area.largest, self._patience)
        return _replaying(await self._body(request, receive, area.largest), receive)

    async def _body(self, request: Request, receive: Receive, largest: int) -> bytes:
        """Return what a request carries, and let its headers say what it is; others carry nothing."""
        if request.method not in _WITH_BODY:
            return b""
        _require_length(request, largest)
        body = await bodies.read_body(receive, largest, self._patience)
        given = request.headers.get("content-type")
        if given is None:
            return body
        content = await run_in_threadpool(bodies.checked, body, given.encode("latin-1"))
        MutableHeaders(scope=request.scope)["content-type"] = content.kind.decode("latin-1")
        return content.body


def _require_length(request: Request, largest: int) -> None:
    """Refuse the length that is told before a byte is read; the one that comes is counted as it comes."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and (len(length) > 15 or int(length) > largest):
        raise bodies.too_large(largest)


def _require_readable(request: Request) -> None:
    """Refuse an address that no page has, and that a database could not even look for."""
    path, query = request.scope["path"], request.scope.get("query_string", b"")
    if len(path) + len(query) > _LONGEST_ADDRESS:
        raise HTTPException(414, "This address is too long.")
    try:
        # A query is ASCII, with everything else escaped (RFC 3986, section 2).
        unreadable = b"\x00" in path.encode("utf-8") + unquote_to_bytes(query) or not query.isascii()
    except UnicodeEncodeError:
        unreadable = True
    if unreadable:
        raise HTTPException(400, "This address cannot be read.")


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return what gives the body that was read, and after it only tells when the client has left."""
    given = False

    async def again() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        unwanted = 0
        while (message := await receive())["type"] == "http.request":
            # A body that nobody asked for; a client that goes on sending one waits for no answer.
            unwanted += len(message.get("body", b""))
            if unwanted > _FORM:
                return {"type": "http.disconnect"}
        return message

    return again
