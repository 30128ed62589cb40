"""What a failed answer of Graph means, and what to do about it.

Source: Graph documentation, "Microsoft Graph error responses and resource types" and "Microsoft
Graph throttling guidance".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure
from orchestrator.facts import Fact

NOT_FOUND = "graph-not-found"
ACCESS_POLICY = "graph-access-policy"
UNAUTHORIZED = "graph-unauthorized"

_TRANSIENT = frozenset({408, 429, 502, 503, 504})
_MAY_HAVE_ACTED = frozenset({500, 502, 504})
_LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class GraphProblem:
    """An error answer, with empty strings for what it does not say."""

    status: int
    code: str
    message: str
    request_id: str

    def __str__(self) -> str:
        words = " ".join(part for part in (str(self.status), self.code, self.message) if part)
        return f"{words} (request-id {self.request_id})" if self.request_id else words


def describe(response: requests.Response) -> GraphProblem:
    """Read an error answer in any of its shapes.

    The error may be nested, have an empty code, spell ``innerError`` as ``innererror``, or not be
    JSON at all when a gateway answers instead of Graph.
    """
    levels = list(_levels(_json(response)))
    codes = [code for level in levels if (code := _string(level, "code"))]
    messages = [message for level in levels if (message := _string(level, "message"))]
    ids = [found for level in levels if (found := _string(level, "request-id"))]
    return GraphProblem(
        status=response.status_code,
        # The outermost code is the documented one; it is empty at times.
        code=codes[0] if codes else "",
        message=(messages[0] if messages else response.reason or "")[:_LONGEST_TEXT],
        request_id=response.headers.get("request-id") or (ids[0] if ids else ""),
    )


def failure(response: requests.Response, *, idempotent: bool) -> DeliveryError:
    """Return the error to raise for an answer that is not a success.

    ``idempotent`` tells whether the same request may safely be made again.
    """
    problem = describe(response)
    answer = str(problem)
    if problem.status in _TRANSIENT or (problem.status == 500 and idempotent):
        return TransientFailure(
            Fact.of("outside.graph.not-now", answer=answer),
            answer=answer,
            retry_after=retry_after(response),
            unknown=problem.status in _MAY_HAVE_ACTED and response.request.method != "GET",
        )
    key, code = _permanent(problem)
    return PermanentFailure(Fact.of(key, answer=answer), code=code, answer=answer)


def retry_after(response: requests.Response) -> float | None:
    """Return the seconds that Retry-After asks to wait (RFC 9110 §10.2.3), if it says so.

    A date is compared with the answer's own Date header: both are the server's time, so a wrong
    clock on this machine does no harm.
    """
    value = response.headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    until, now = _http_date(value), _http_date(response.headers.get("Date", ""))
    if until is None or now is None:
        return None
    return max((until - now).total_seconds(), 0.0)


def _permanent(problem: GraphProblem) -> tuple[str, str]:
    """Return the key of the words and the code of an error that only a person can mend."""
    if problem.status == 401:
        return "outside.graph.not-signed-in", UNAUTHORIZED
    # There is no code for a missing policy: the message is the only sign of it.
    if problem.status == 403 and "application access policy" in problem.message.lower():
        return "outside.graph.no-access-policy", ACCESS_POLICY
    if problem.status == 403:
        return "outside.graph.not-allowed", "graph-forbidden"
    if problem.status == 404:
        return "outside.graph.unknown-thing", NOT_FOUND
    if problem.status == 500:
        return "outside.graph.may-have-acted", "graph-unknown"
    return "outside.graph.refused", "graph-refused"


def _levels(body: object) -> Iterator[dict[str, Any]]:
    """Yield the error object and whatever errors are nested in it, from the outside in."""
    found = body.get("error") if isinstance(body, dict) else None
    while isinstance(found, dict):
        yield found
        found = found.get("innerError") or found.get("innererror") or found.get("error")


def _json(response: requests.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None


def _string(level: dict[str, Any], key: str) -> str:
    value = level.get(key)
    return value.strip() if isinstance(value, str) else ""


def _http_date(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value)
    except ValueError:
        return None
