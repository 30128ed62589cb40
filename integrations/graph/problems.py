"""What a failed answer of Graph means, and what to do about it.

Source: Graph documentation, "Microsoft Graph error responses and resource types" and "Microsoft
Graph throttling guidance".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure
from orchestrator.facts import Fact

NOT_FOUND = "graph-not-found"
ACCESS_POLICY = "graph-access-policy"
LICENCE = "graph-licence"
FORBIDDEN = "graph-forbidden"
UNAUTHORIZED = "graph-unauthorized"
REDIRECTED = "graph-redirected"

_PASSING = frozenset({408, 409, 423, 425, 429, 509})
_CERTAINLY_NOT_ACTED = frozenset({503, 509})
_POLICY_SECONDS = 1800.0
"""A new application access policy takes up to half an hour to have effect."""
_LONGEST_WAIT = 3600.0
_LONGEST_TEXT = 500
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
# There is no code for a missing policy: these texts are the only sign of it, and they come with different
# codes ("Forbidden", "General", "Unauthorized") and statuses.
_POLICY = re.compile(
    r"application access policy"
    r"|is not authori[sz]ed to .{0,200}\bon behalf of\b"
    r"|application is not allowed to perform operations on the user",
    re.IGNORECASE | re.DOTALL,
)
_UNLICENSED = re.compile(r"\blicen[cs]e|\bnot licen[cs]ed\b", re.IGNORECASE)


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
    if _misses_policy(problem):
        # It is granted outside, and nobody tells us when that has had effect; so it is tried again by itself.
        return TransientFailure(
            Fact.of("outside.graph.no-access-policy", answer=answer),
            code=ACCESS_POLICY,
            answer=answer,
            retry_after=_POLICY_SECONDS,
            needs_person=True,
        )
    if _passes(problem.status, idempotent=idempotent):
        key, code = _passing(problem.status)
        return TransientFailure(
            Fact.of(key, answer=answer),
            code=code,
            answer=answer,
            retry_after=retry_after(response.headers),
            unknown=_may_have_acted(problem.status) and response.request.method != "GET",
        )
    key, code = _permanent(problem)
    return PermanentFailure(Fact.of(key, answer=answer), code=code, answer=answer)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that Retry-After asks to wait (RFC 9110 section 10.2.3), if it says so.

    It may be seconds or a date; anything else, and what lies in the past, is ignored, and more than an hour
    is an hour. A date is compared with the answer's own Date header: both are the server's time, so a wrong
    clock on this machine does no harm.
    """
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), _LONGEST_WAIT)
    until, now = _http_date(value), _http_date(headers.get("Date", ""))
    if until is None or now is None or until <= now:
        return None
    return min((until - now).total_seconds(), _LONGEST_WAIT)


def _misses_policy(problem: GraphProblem) -> bool:
    return problem.status in (401, 403) and _POLICY.search(problem.message) is not None


def _passes(status: int, *, idempotent: bool) -> bool:
    """Tell whether the same request may succeed later; a 401 has been tried with a fresh token before."""
    if status == 500:
        return idempotent
    return status in _PASSING or status == 401 or status > 500 or 300 <= status < 400


def _may_have_acted(status: int) -> bool:
    return status >= 500 and status not in _CERTAINLY_NOT_ACTED


def _passing(status: int) -> tuple[str, str | None]:
    """Return the key of the words and the code of an error that may pass by itself."""
    if status == 401:
        return "outside.graph.not-signed-in", UNAUTHORIZED
    if 300 <= status < 400:
        return "outside.graph.redirected", REDIRECTED
    return "outside.graph.not-now", None


def _permanent(problem: GraphProblem) -> tuple[str, str]:
    """Return the key of the words and the code of an error that only a person can mend."""
    if problem.status in (400, 403, 404) and _UNLICENSED.search(problem.message):
        return "outside.graph.no-licence", LICENCE
    if problem.status == 403:
        return "outside.graph.not-allowed", FORBIDDEN
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
    """Read a date of HTTP; one without a zone, or with the ``-0000`` of RFC 5322, is in UTC."""
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
