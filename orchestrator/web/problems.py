"""Errors as people and programs read them.

The API and the health checks answer with ``application/problem+json`` (RFC 9457), each with the code
of the error; the console answers with a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from orchestrator.domain.problems import problems_of
from orchestrator.errors import Conflict, Forbidden, InvalidInput, NotFound, OrchestratorError, Problem
from orchestrator.facts import Fact, Said, plain
from orchestrator.web.pages import pages_of
from orchestrator.web.security import SignInRequiredError

_STATUS = {Forbidden: 403, NotFound: 404, Conflict: 409, InvalidInput: 422}
_TITLES = {403: "Forbidden", 404: "Not found", 409: "Conflict", 422: "Invalid input"}
_FOR_PROGRAMS = ("/api/", "/livez", "/readyz", "/metrics")


def status_of(error: OrchestratorError) -> int:
    """Return the HTTP status for an error; 500 for what no request can cause."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def install(app: FastAPI) -> None:
    """Answer every error: as a problem document to programs, as a page to people."""
    app.add_exception_handler(OrchestratorError, _on_own_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(SignInRequiredError, _on_sign_in_required)


async def _on_own_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, OrchestratorError):
        raise error
    status = status_of(error)
    problems = error.problems if isinstance(error, InvalidInput) else ()
    if _for_people(request):
        return pages_of(request).error(request, status, error.message, problems)
    return problem(status, _TITLES.get(status, "Error"), error.message, error.code, problems, error.fact)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = problems_of(ValidationError.from_exception_data("request", _without_place(error.errors())))
    return await _on_own_error(request, InvalidInput(found))


async def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    response: Response
    if _for_people(request):
        response = pages_of(request).error(request, error.status_code, str(error.detail))
    else:
        code = f"http-{error.status_code}"
        response = problem(error.status_code, str(error.detail), str(error.detail), code)
    response.headers.update(error.headers or {})
    return response


async def _on_sign_in_required(_: Request, error: Exception) -> Response:
    if not isinstance(error, SignInRequiredError):
        raise error
    return RedirectResponse(error.location, 303)


def _for_people(request: Request) -> bool:
    return not request.url.path.startswith(_FOR_PROGRAMS)


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
