"""Errors as people and programs read them.

The API and the health checks answer with ``application/problem+json`` (RFC 9457), each with the code
of the error; the console and the personal pages answer with a page of their own look.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from orchestrator.domain.problems import problems_of
from orchestrator.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    OrchestratorError,
    Problem,
    TooMany,
)
from orchestrator.facts import Fact, Said, plain
from orchestrator.store.engine import is_outage
from orchestrator.web.pages import pages_of
from orchestrator.web.security import SignInRequiredError

_STATUS = {Forbidden: 403, NotFound: 404, Conflict: 409, InvalidInput: 422, TooMany: 429}
_TITLES = {
    403: "Forbidden",
    404: "Not found",
    409: "Conflict",
    422: "Invalid input",
    429: "Too many tries",
    500: "Internal error",
    503: "Not available now",
}
_FOR_PROGRAMS = ("/api/", "/livez", "/readyz", "/metrics")
_FOR_CALENDARS = "/feed/"
_BY_LINK = "/a/"
_RETRY_SECONDS = "30"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a request is not answered as it wished, before it is known who reads it."""

    status: int
    message: str
    code: str
    title: str
    problems: tuple[Problem, ...] = ()
    fact: Fact | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def status_of(error: OrchestratorError) -> int:
    """Return the HTTP status for an error; 500 for what no request can cause."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def install(app: FastAPI) -> None:
    """Answer every error: as a problem document to programs, as a page to people."""
    for kind in (OrchestratorError, RequestValidationError, HTTPException, SignInRequiredError):
        app.add_exception_handler(kind, _on_error)
    # What keeps anything from being read or written is no fault of ours, and passes.
    app.add_exception_handler(SQLAlchemyError, _on_error)
    app.add_exception_handler(OSError, _on_error)
    app.add_exception_handler(Exception, _on_unforeseen)


async def _on_error(request: Request, error: Exception) -> Response:
    return response_to(request, error)


async def _on_unforeseen(request: Request, _: Exception) -> Response:
    """Say that it is our fault; the server then logs the error, which no answer shows."""
    said = "Something went wrong here. It was noted. Nothing more is known to this page."
    return _answer(request, Complaint(500, said, "internal", _TITLES[500]))


def response_to(request: Request, error: Exception) -> Response:
    """Return the answer to a request that cannot be served; raises what is no error of a request again."""
    if isinstance(error, SignInRequiredError):
        return RedirectResponse(error.location, 303)
    refusal = _refusal(error)
    if refusal is None:
        raise error
    return _answer(request, refusal)


def _refusal(error: Exception) -> Complaint | None:
    """Return what an error says; ``None`` for one that nobody foresaw."""
    if isinstance(error, RequestValidationError):
        found = problems_of(ValidationError.from_exception_data("request", _without_place(error.errors())))
        error = InvalidInput(found)
    if isinstance(error, OrchestratorError):
        return _own_refusal(error)
    if isinstance(error, HTTPException):
        said, headers = str(error.detail), error.headers or {}
        return Complaint(error.status_code, said, f"http-{error.status_code}", said, headers=headers)
    if is_outage(error):
        _LOG.error("A request could not be served: %s.", type(error).__name__)
        said = "Nothing can be read or stored at the moment. Nothing was done. Try again in a minute."
        return Complaint(503, said, "unavailable", _TITLES[503], headers={"Retry-After": _RETRY_SECONDS})
    return None


def _own_refusal(error: OrchestratorError) -> Complaint:
    status = status_of(error)
    problems = error.problems if isinstance(error, InvalidInput) else ()
    headers = {"Retry-After": str(int(error.retry_after))} if isinstance(error, TooMany) else {}
    title = _TITLES.get(status, "Error")
    return Complaint(status, error.message, error.code, title, problems, error.fact, headers)


def _answer(request: Request, refusal: Complaint) -> Response:
    """Return the refusal as who asked can read it: a program, a calendar, a reader of a page."""
    path = str(request.scope["path"])
    response: Response
    if path.startswith(_FOR_PROGRAMS):
        response = problem(
            refusal.status, refusal.title, refusal.message, refusal.code, refusal.problems, refusal.fact
        )
    elif path.startswith(_FOR_CALENDARS):
        response = PlainTextResponse(refusal.message, refusal.status)
    elif path.startswith(_BY_LINK):
        response = pages_of(request).personal_error(request, refusal.status, refusal.message, refusal.code)
    else:
        response = pages_of(request).error(request, refusal.status, refusal.message, refusal.problems)
    response.headers.update(refusal.headers)
    return response


def problem(
    status: int,
    title: str,
    detail: str,
    code: str,
    problems: Sequence[Problem] = (),
    fact: Fact | None = None,
) -> JSONResponse:
    """Return a problem document; ``problems`` lists field, value, message and remedy of each.

    Beside every sentence stands what it says, as key and parameters; ``fact`` is that of ``detail``.
    """
    said = fact or plain(detail)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **said.to_json(),
    }
    if problems:
        body["problems"] = [_item(found) for found in problems]
    return JSONResponse(body, status, media_type="application/problem+json")


def _item(found: Problem) -> dict[str, Any]:
    return {
        "field": found.field,
        "value": found.value,
        "message": found.message,
        "remedy": found.remedy,
        "message_fact": _fact(found.wrong).to_json(),
        "remedy_fact": _fact(found.advice).to_json(),
    }


def _fact(said: Said) -> Fact:
    return said if isinstance(said, Fact) else plain(said)


def _without_place(errors: Any) -> list[Any]:
    """Drop the leading ``body`` or ``query`` of a location; unreadable JSON has a character instead."""
    return [
        {
            "type": item["type"],
            "loc": item["loc"][1:] or item["loc"],
            "input": item.get("input"),
            "ctx": item.get("ctx", {}),
        }
        if item["type"] != "json_invalid"
        else {
            "type": item["type"],
            "loc": ("document",),
            "input": f"character {item['loc'][-1]}",
            "ctx": item["ctx"],
        }
        for item in errors
    ]
