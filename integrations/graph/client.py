"""Requests to Microsoft Graph, with sign-in, time limits and errors as the rest of us understand them."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from urllib3.exceptions import NewConnectionError

from integrations.graph.clouds import GLOBAL
from integrations.graph.problems import failure
from integrations.graph.token import TokenSource
from integrations.graph.transport import TimedSession
from orchestrator.errors import Silent, TransientFailure, Unavailable
from orchestrator.facts import Fact

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """A successful answer: HTTP status and JSON object (empty when there is no body)."""

    status: int
    body: Mapping[str, Any]


class GraphClient:
    """Makes requests to Graph as one application.

    ``graph_url`` ends in the API version, ``authority_url`` is the sign-in host; see
    ``integrations.graph.clouds``. ``ca_file`` is trusted beside the usual certificate authorities, ``proxy``
    is the URL of an HTTPS proxy, ``timeout`` the most seconds for one request. Connections are made when
    first needed and are not shared with a forked process.
    """

    def __init__(
        self,
        *,
        tenant_id: str,
        client_id: str,
        client_secret: str,
        graph_url: str = GLOBAL.graph_url,
        authority_url: str = GLOBAL.authority_url,
        ca_file: Path | None = None,
        proxy: str | None = None,
        timeout: float = 20.0,
    ) -> None:
        self.client_id = client_id
        self._base = graph_url.rstrip("/")
        self._tokens = TokenSource(
            tenant_id=tenant_id,
            client_id=client_id,
            client_secret=client_secret,
            graph_url=graph_url,
            authority_url=authority_url,
            ca_file=ca_file,
            proxy=proxy,
            timeout=timeout,
        )
        self._ca_file = ca_file
        self._proxy = proxy
        self._timeout = timeout
        self._ends: float | None = None
        self._session: TimedSession | None = None
        self._owner = os.getpid()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give all requests of the block, with their sign-ins, ``seconds`` together.

        A request that time is not left for is not begun, and raises ``TransientFailure``.
        """
        self._ends = time.monotonic() + seconds
        try:
            yield
        finally:
            self._ends = None

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        idempotent: bool = True,
    ) -> GraphAnswer:
        """Make one request; ``path`` begins with a slash and is quoted already.

        ``idempotent=False`` is for requests that must not simply be made again. Raises
        ``TransientFailure`` (with ``retry_after`` in seconds if Graph asked for it, and ``unknown``
        if it may have acted) or ``PermanentFailure``; the codes are in
        ``integrations.graph.problems``.
        """
        response = self._attempt(method, path, body, params)
        if response.status_code == 401:
            # A token can end before its time, for example when permissions change. It was not
            # looked at any further, so asking once more with a fresh one is safe for any request.
            self._tokens.drop()
            response = self._attempt(method, path, body, params)
        if response.status_code == 503:
            # Throttling guidance: the connection leads to the server that is too busy.
            self._hang_up()
        # A redirect is no success either: Graph does not send any, so it comes from something between.
        if not 200 <= response.status_code < 300:
            raise failure(response, idempotent=idempotent)
        return GraphAnswer(response.status_code, _object(response))

    def sign_in(self) -> None:
        """Get a token; raises what ``request`` raises when that fails."""
        self._part_from_parent()
        self._tokens.token(self._left())

    def close(self) -> None:
        """Close all connections; a later request opens them again."""
        self._hang_up()
        self._tokens.close()

    def _attempt(
        self, method: str, path: str, body: Mapping[str, Any] | None, params: Mapping[str, str] | None
    ) -> requests.Response:
        self._part_from_parent()
        attempt = str(uuid4())
        headers = {
            "Authorization": f"Bearer {self._tokens.token(self._left())}",
            "Accept": "application/json",
            "client-request-id": attempt,
        }
        try:
            response = self._connected().request(
                method, self._base + path, json=body, params=params, headers=headers
            )
        except requests.RequestException as error:
            self._hang_up()
            logger.info("Graph %s failed: %s, client-request-id %s", method, type(error).__name__, attempt)
            raise _unanswered(error, reading_only=method == "GET") from None
        logger.info(
            "Graph %s answered %s, request-id %s, client-request-id %s",
            method,
            response.status_code,
            response.headers.get("request-id"),
            attempt,
        )
        return response

    def _left(self) -> float:
        """Return the seconds that the next request may take; raises ``TransientFailure`` if none are left."""
        if self._ends is None:
            return self._timeout
        left = min(self._timeout, self._ends - time.monotonic())
        if left <= 0:
            raise TransientFailure(Fact.of("outside.graph.too-slow"), code="graph-slow", answer="too slow")
        return left

    def _connected(self) -> TimedSession:
        if self._session is None:
            self._session = TimedSession(self._timeout, self._ca_file, self._proxy)
        self._session.timeout = self._left()
        return self._session

    def _part_from_parent(self) -> None:
        """Let go of connections made before a fork: parent and child would read each other's answers."""
        if self._owner != os.getpid():
            self.close()
            self._owner = os.getpid()

    def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


def _object(response: requests.Response) -> Mapping[str, Any]:
    if not response.content:
        return {}
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise TransientFailure(
            Fact.of("outside.graph.no-json"),
            answer=f"{response.status_code} {response.headers.get('Content-Type', '')}",
            unknown=response.request.method != "GET",
        )
    return body


def _unanswered(error: requests.RequestException, *, reading_only: bool) -> TransientFailure:
    reason = type(error).__name__
    if isinstance(error, requests.exceptions.SSLError):
        return TransientFailure(
            Fact.of("outside.graph.untrusted"),
            code="graph-tls",
            answer=reason,
        )
    never_connected = isinstance(error, requests.ConnectTimeout) or _refused_connection(error)
    found = Fact.of("outside.graph.unanswered", reason=reason)
    if never_connected:
        return Unavailable(found, answer=reason)
    return Silent(found, answer=reason, unknown=not reading_only)


def _refused_connection(error: requests.RequestException) -> bool:
    """Tell whether no connection came about, so that the request surely did not arrive."""
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)
