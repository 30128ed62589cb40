"""Access tokens for Graph, by the client credentials flow (RFC 6749 §4.4) through MSAL."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msal  # type: ignore[import-untyped] # It ships no type information.
import requests
from msal.exceptions import MsalServiceError  # type: ignore[import-untyped] # As above.

from integrations.graph.transport import TimedSession
from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure
from orchestrator.facts import Fact

logger = logging.getLogger(__name__)

_NETWORK_ERRORS = (requests.RequestException, MsalServiceError)
_TRANSIENT_ERRORS = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


class TokenSource:
    """Signs the application in and keeps its token until it expires.

    ``authority_url`` is the sign-in host without the tenant, ``graph_url`` the API the token is for,
    ``timeout`` in seconds. Safe to use from several threads; only one of them signs in at a time.
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
        timeout: float = 20.0,
    ) -> None:
        self._authority = f"{authority_url.rstrip('/')}/{tenant_id}"
        self._client_id = client_id
        self._client_secret = client_secret
        self._scopes = [f"https://{urlsplit(graph_url).netloc}/.default"]
        self._ca_file = ca_file
        self._timeout = timeout
        self._application: Any = None
        self._session: TimedSession | None = None
        # Without it, threads that find the cache empty would all sign in at the same time.
        self._single_flight = threading.Lock()

    def token(self) -> str:
        """Return a valid access token.

        Raises ``TransientFailure`` when the authority is away or throttles and ``PermanentFailure``
        when it refuses the application.
        """
        with self._single_flight:
            try:
                result = self._signed_in().acquire_token_for_client(
                    # With these named, a token that is still valid outlives a failed refresh.
                    self._scopes,
                    http_exceptions=_NETWORK_ERRORS,
                )
            except _NETWORK_ERRORS as error:
                raise _away(error) from None
            except (ValueError, RuntimeError) as error:
                # MSAL's way to say that the authority's answer made no sense, or that the tenant is
                # unknown to it. The text may quote the answer, so it is not passed on.
                if _passing(error):
                    raise _away(error) from None
                raise _misdirected(self._authority, error) from None
        if "access_token" not in result:
            raise _refused(result)
        return str(result["access_token"])

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

    def _signed_in(self) -> Any:
        """Return the MSAL application. Made when first used, because making it asks the authority."""
        if self._application is None:
            if self._session is None:
                self._session = TimedSession(self._timeout, self._ca_file)
            self._application = msal.ConfidentialClientApplication(
                self._client_id,
                client_credential=self._client_secret,
                authority=self._authority,
                instance_discovery=False,
                http_client=self._session,
            )
        return self._application


def _away(error: Exception) -> TransientFailure:
    reason = type(error).__name__
    return TransientFailure(
        Fact.of("outside.graph.sign-in-away", reason=reason),
        code="graph-sign-in-away",
        answer=reason,
    )


def _passing(error: Exception) -> bool:
    """Tell an answer that is not JSON (a gateway's) or a throttled discovery from a wrong tenant."""
    return isinstance(error, json.JSONDecodeError) or "HTTP status: 429" in f"{error} {error.__context__}"


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
        return TransientFailure(Fact.of("outside.graph.sign-in-busy", answer=answer), answer=answer)
    key = "outside.graph.secret-refused" if code == "invalid_client" else "outside.graph.sign-in-refused"
    return PermanentFailure(
        Fact.of(key, answer=answer),
        code="graph-sign-in",
        answer=answer,
    )
