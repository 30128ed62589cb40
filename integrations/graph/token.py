"""Access tokens for Graph, by the client credentials flow (RFC 6749 §4.4) through MSAL."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msal  # type: ignore[import-untyped] # It ships no type information.
import requests
from msal.exceptions import MsalServiceError  # type: ignore[import-untyped] # As above.

from integrations.graph.problems import REDIRECTED, retry_after
from integrations.graph.transport import AnswerHead, TimedSession
from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure, Unavailable
from orchestrator.facts import Fact

logger = logging.getLogger(__name__)

_NETWORK_ERRORS = (requests.RequestException, MsalServiceError)
# How MSAL trips over an answer that is not JSON, or other JSON than an authority's, such as a gateway's.
_SENSELESS = (json.JSONDecodeError, AttributeError, KeyError, TypeError)
_TRANSIENT_ERRORS = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


class TokenSource:
    """Signs the application in and keeps its token until it expires.

    ``authority_url`` is the sign-in host without the tenant, ``graph_url`` the API the token is for,
    ``timeout`` the most seconds for one request. Safe to use from several threads; only one of them signs in
    at a time. After an answer that asks for it, the authority is left alone for a while.
    """

    def __init__(
        self,
        *,
        tenant_id: str,
        client_id: str,
        client_secret: str,
        graph_url: str,
        authority_url: str,
        ca_file: Path | None = None,
        proxy: str | None = None,
        timeout: float = 20.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authority = f"{authority_url.rstrip('/')}/{tenant_id}"
        self._client_id = client_id
        self._client_secret = client_secret
        self._scopes = [f"https://{urlsplit(graph_url).netloc}/.default"]
        self._ca_file = ca_file
        self._proxy = proxy
        self._timeout = timeout
        self._now = now
        self._not_before = 0.0
        self._application: Any = None
        self._session: TimedSession | None = None
        # Without it, threads that find the cache empty would all sign in at the same time.
        self._single_flight = threading.Lock()

    def token(self, seconds: float | None = None) -> str:
        """Return a valid access token, each request for it taking ``seconds`` at most.

        Raises ``TransientFailure`` when the authority is away or throttles and ``PermanentFailure``
        when it refuses the application.
        """
        with self._single_flight:
            self._respect_throttling()
            try:
                return self._acquired(min(seconds or self._timeout, self._timeout))
            except DeliveryError:
                # MSAL would answer the next callers with the same failure, without asking. There is no valid
                # token to lose.
                self._application = None
                raise

    def _acquired(self, seconds: float) -> str:
        session = self._connected()
        session.timeout = seconds
        session.last_answer = None
        try:
            result = self._signed_in(session).acquire_token_for_client(
                # With these named, a token that is still valid outlives a failed refresh.
                self._scopes,
                http_exceptions=_NETWORK_ERRORS,
            )
        except (*_NETWORK_ERRORS, *_SENSELESS, ValueError, RuntimeError) as error:
            raise self._unusable(error, session.last_answer) from None
        if "access_token" in result:
            return str(result["access_token"])
        raise self._passing(session.last_answer, str(result.get("error"))) or _refused(result)

    def _unusable(self, error: Exception, answer: AnswerHead | None) -> DeliveryError:
        """Return the error for an answer that MSAL could make nothing of, or for none at all."""
        passing = self._passing(answer, type(error).__name__)
        if passing is not None:
            return passing
        if isinstance(error, (*_NETWORK_ERRORS, *_SENSELESS)):
            return _away(type(error).__name__)
        # MSAL's way to say that the tenant is unknown to the authority. Its text may quote the answer.
        return _misdirected(self._authority, error)

    def _passing(self, answer: AnswerHead | None, reason: str) -> TransientFailure | None:
        """Return the error for a throttled or broken authority, whatever its body says, or None."""
        if answer is None:
            return None
        if 300 <= answer.status < 400:
            return TransientFailure(
                Fact.of("outside.graph.redirected", answer=f"sign-in: {answer.status}"),
                code=REDIRECTED,
                answer=str(answer.status),
            )
        if answer.status != 429 and answer.status < 500:
            return None
        wait = retry_after(answer.headers)
        self._not_before = self._now() + (wait or 0.0)
        return _away(f"{answer.status} {reason}", wait)

    def _respect_throttling(self) -> None:
        left = self._not_before - self._now()
        if left > 0:
            raise _away("asked to wait", left)

    def drop(self) -> None:
        """Forget the token, because Graph did not accept it."""
        with self._single_flight:
            if self._application is not None:
                self._application.remove_tokens_for_client()

    def close(self) -> None:
        """Close the connection to the authority; a later call signs in again."""
        with self._single_flight:
            session, self._session, self._application = self._session, None, None
            if session is not None:
                session.close()

    def _connected(self) -> TimedSession:
        if self._session is None:
            self._session = TimedSession(self._timeout, self._ca_file, self._proxy)
        return self._session

    def _signed_in(self, session: TimedSession) -> Any:
        """Return the MSAL application. Made when first used, because making it asks the authority."""
        if self._application is None:
            self._application = msal.ConfidentialClientApplication(
                self._client_id,
                client_credential=self._client_secret,
                authority=self._authority,
                instance_discovery=False,
                http_client=session,
            )
        return self._application


def _away(reason: str, wait: float | None = None) -> Unavailable:
    return Unavailable(
        Fact.of("outside.graph.sign-in-away", reason=reason),
        code="graph-sign-in-away",
        answer=reason,
        retry_after=wait,
    )


def _misdirected(authority: str, error: Exception) -> PermanentFailure:
    return PermanentFailure(
        Fact.of("outside.graph.no-sign-in", authority=authority, error=type(error).__name__),
        code="graph-sign-in",
    )


def _refused(result: dict[str, Any]) -> DeliveryError:
    """Return the error for an OAuth error answer (RFC 6749 §5.2)."""
    code = str(result.get("error") or "unknown error")
    # The first line names the AADSTS number and the reason; the rest is trace and correlation ids.
    lines = str(result.get("error_description") or "").splitlines()
    answer = f"{code}: {lines[0]}" if lines else code
    logger.info("Sign-in refused: %s, correlation id %s", code, result.get("correlation_id"))
    if code in _TRANSIENT_ERRORS:
        return _away(answer)
    key = "outside.graph.secret-refused" if code == "invalid_client" else "outside.graph.sign-in-refused"
    return PermanentFailure(
        Fact.of(key, answer=answer),
        code="graph-sign-in",
        answer=answer,
    )
