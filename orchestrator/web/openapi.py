"""What the published description of the API says of every operation, written once.

An operation answers its errors as one kind of document, ``ProblemDocument``. Which of them it can answer
follows from what it is: one that names a thing may not find it, one that changes something may come too
late, one that takes a document may be sent one that nobody can read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp

from orchestrator.web.security import SecurityHeaders, api_caller

PROBLEM = "application/problem+json"
_TITLES = {
    400: "The body cannot be read at all.",
    401: "The token is missing or wrong.",
    403: "The caller may not do this.",
    404: "There is nothing of that name.",
    409: "The thing is not in a state that allows this, or was changed meanwhile.",
    408: "The body came too slowly.",
    413: "The body is larger than this operation takes; the rest of it was not read.",
    422: "What was sent cannot be accepted; every problem found is listed, and nothing was saved.",
    429: "Too many wrong tokens came from there; `Retry-After` says how many seconds to wait.",
    503: "Nothing can be read or stored at the moment; `Retry-After` says when to try again.",
}


class FactDocument(BaseModel):
    """What is the case, for programs: a stable key, and the parameters of its sentence."""

    key: str = Field(description="`<room>.<what>`; never changes its meaning.")
    params: dict[str, Any] = Field(
        description="By name: text, numbers, lists, `{date: …}`, `{fact: {key, params}}`, `{local: …}`."
    )

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"key": "operations.discarded", "params": {"name": "console"}}]}
    )


class ProblemItem(BaseModel):
    """One thing wrong with what was sent."""

    field: str = Field(description="Where, such as `attendees[3].delegation`.")
    value: str = Field(description="What was given, as text; empty where that is missing, or not text.")
    message: str = Field(description="What is wrong, in English.")
    remedy: str = Field(description="What would be right, in English.")
    message_fact: FactDocument
    remedy_fact: FactDocument


class ProblemDocument(BaseModel):
    """Why something was not done (RFC 9457)."""

    type: str = Field(description="Always `about:blank`; `code` says what it is.")
    title: str
    status: int
    detail: str = Field(description="What is the case, in English.")
    code: str = Field(description="Stable; programs tell errors apart by it.")
    key: str = Field(description="The key of `detail`, as in a fact.")
    params: dict[str, Any] = Field(description="The parameters of `detail`, as in a fact.")
    problems: list[ProblemItem] | None = Field(None, description="Each thing wrong with what was sent.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Not found",
                    "status": 404,
                    "detail": "There is no meeting SOM-2026. 'orchestrator meeting list' shows them all.",
                    "code": "not-found",
                    "key": "meetings.no-such-meeting",
                    "params": {"name": "SOM-2026"},
                }
            ]
        }
    )


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how an operation declares that it may answer these statuses with a problem document."""
    schema = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
    return {
        status: {"description": _TITLES[status], "content": {PROBLEM: {"schema": schema}}}
        for status in statuses
    }


class ApiRoute(APIRoute):
    """An operation of the API, which declares the problems that any of its kind can answer."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        given = options.get("responses") or {}
        changes = not {*(options.get("methods") or ("GET",))} <= {"GET"}
        statuses = (
            400,
            401,
            403,
            *([404] if "{" in path else []),
            *([409] if changes else []),
            422,
            429,
            503,
        )
        super().__init__(path, endpoint, **{**options, "responses": problem_responses(*statuses) | given})
        if self.body_field is not None:
            self.responses = problem_responses(408, 413) | self.responses


def api_router(*tags: str) -> APIRouter:
    """Return a router for operations of the API, which only callers who may use it reach."""
    return APIRouter(prefix="/api/v1", tags=[*tags], route_class=ApiRoute, dependencies=[Depends(api_caller)])


class Application(FastAPI):
    """The web application, whose description names its operations as the code does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, generate_unique_id_function=lambda route: route.name)

    def build_middleware_stack(self) -> ASGIApp:
        """Return what serves requests; headers go on top of all, also on the answer to an error of ours."""
        return SecurityHeaders(super().build_middleware_stack(), https=self.state.https)

    def openapi(self) -> dict[str, Any]:
        """Return the published description."""
        return self._description

    @cached_property
    def _description(self) -> dict[str, Any]:
        described = super().openapi()
        schema = ProblemDocument.model_json_schema(
            mode="serialization", ref_template="#/components/schemas/{model}"
        )
        described["components"]["schemas"] |= schema.pop("$defs") | {ProblemDocument.__name__: schema}
        return described
