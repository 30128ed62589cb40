"""Errors as ``application/problem+json`` (RFC 9457), each with the code of the error."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from orchestrator.domain.problems import problems_of
from orchestrator.errors import Conflict, InvalidInput, NotFound, OrchestratorError, Problem

_STATUS = {NotFound: 404, Conflict: 409, InvalidInput: 422}
_TITLES = {404: "Not found", 409: "Conflict", 422: "Invalid input"}


def status_of(error: OrchestratorError) -> int:
    """Return the HTTP status for an error; 500 for what no request can cause."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def install(app: FastAPI) -> None:
    """Answer every error of the API as a problem document."""
    app.add_exception_handler(OrchestratorError, _on_own_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)


async def _on_own_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, OrchestratorError):
        raise error
    status = status_of(error)
    problems = error.problems if isinstance(error, InvalidInput) else ()
    return problem(status, _TITLES.get(status, "Error"), error.message, error.code, problems)


async def _on_invalid_request(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    found = problems_of(ValidationError.from_exception_data("request", _without_place(error.errors())))
    detail = "\n".join(str(item) for item in found)
    return problem(422, "Invalid input", detail, InvalidInput.code, found)


async def _on_http_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    response = problem(error.status_code, str(error.detail), str(error.detail), f"http-{error.status_code}")
    response.headers.update(error.headers or {})
    return response


def problem(
    status: int, title: str, detail: str, code: str, problems: tuple[Problem, ...] | list[Problem] = ()
) -> JSONResponse:
    """Return a problem document; ``problems`` lists field, value, message and remedy of each."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if problems:
        body["problems"] = [
            {"field": item.field, "value": item.value, "message": item.message, "remedy": item.remedy}
            for item in problems
        ]
    return JSONResponse(body, status, media_type="application/problem+json")


def _without_place(errors: Any) -> list[Any]:
    """Drop the leading ``body`` or ``query`` of a location, and what only messages need."""
    return [
        {
            "type": item["type"] if item["type"] != "value_error" else "value_error",
            "loc": item["loc"][1:] or item["loc"],
            "input": item.get("input"),
            "ctx": item.get("ctx", {}),
        }
        for item in errors
    ]
