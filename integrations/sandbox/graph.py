"""The sandbox's sign-in authority and Microsoft Graph v1.0 (users, online meetings), over HTTP.

It answers as Microsoft's documentation says and checks every body against ``graph.schema.json``, so
that what passes here has the right form for the real service. ``/sandbox/…`` steers it.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from hmac import compare_digest
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from jsonschema import Draft202012Validator

from integrations.sandbox.faults import Faults, GraphFault, SmtpFault
from integrations.sandbox.meetings import Meeting, MeetingBook
from orchestrator.ports import Clock

_JOIN_LINK = re.compile(r"JoinWebUrl eq '([^']+)'")
_TOKEN_SECONDS = 3599
_REQUESTS_KEPT = 10_000


class GraphError(Exception):
    """A request that Graph would refuse."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class SandboxGraph:
    """What the sandbox's Graph knows, and what it does, apart from HTTP.

    ``meetings_file`` keeps the online meetings. The tenant has one user, the organizer.
    """

    def __init__(
        self,
        *,
        meetings_file: Path,
        clock: Clock,
        tenant_id: str,
        client_id: str,
        client_secret: str,
        organizer_id: str,
        organizer_upn: str,
    ) -> None:
        self.meetings = MeetingBook(meetings_file, organizer_id)
        self.tenant_id = tenant_id
        self._clock = clock
        self._client_id = client_id
        self._client_secret = client_secret
        self._organizer_id = organizer_id
        self._organizer_upn = organizer_upn
        self._tokens: set[str] = set()

    def sign_in(self, client_id: str, client_secret: str) -> str | None:
        """Return a new access token, or None for a wrong client id or secret."""
        known = compare_digest(client_id.encode(), self._client_id.encode())
        if not (known and compare_digest(client_secret.encode(), self._client_secret.encode())):
            return None
        token = secrets.token_urlsafe(32)
        self._tokens.add(token)
        return token

    def authorize(self, header: str) -> None:
        """Raise ``GraphError`` unless the Authorization header carries a token from here."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or token not in self._tokens:
            raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty, wrong or expired.")

    def user(self, name: str) -> Mapping[str, Any]:
        """Return the user with this object id or user principal name; raises ``GraphError``."""
        if name.lower() not in (self._organizer_id.lower(), self._organizer_upn.lower()):
            raise GraphError(
                404,
                "Request_ResourceNotFound",
                f"Resource '{name}' does not exist or one of its queried reference-property objects are "
                "not present.",
            )
        return {
            "id": self._organizer_id,
            "userPrincipalName": self._organizer_upn,
            "accountEnabled": True,
            "userType": "Member",
            "assignedPlans": [{"service": "TeamspaceAPI", "capabilityStatus": "Enabled"}],
        }

    def create(self, user: str, body: bytes) -> Meeting:
        """Make a new meeting, each time."""
        self._require_organizer(user)
        return self._create(_valid("req.onlineMeeting.create", body))

    def create_or_get(self, user: str, body: bytes) -> tuple[Meeting, bool]:
        """Return the meeting with the external id, and whether it was made now.

        One that exists is not changed: the documentation promises no more.
        """
        self._require_organizer(user)
        values = _valid("req.onlineMeeting.createOrGet", body)
        found = self.meetings.by_external_id(values["externalId"])
        return (found, False) if found is not None else (self._create(values), True)

    def by_join_link(self, user: str, condition: str) -> list[Meeting]:
        """Return the meetings of a ``$filter``, which may ask for a join link only; raises ``GraphError``."""
        self._require_organizer(user)
        asked = _JOIN_LINK.fullmatch(condition)
        if asked is None:
            raise GraphError(400, "BadRequest", "Only a filter by JoinWebUrl is supported.")
        return [item for item in self.meetings.all() if item["joinWebUrl"] == asked[1]]

    def get(self, user: str, meeting_id: str) -> Meeting:
        """Return a meeting; raises ``GraphError`` where there is none."""
        self._require_organizer(user)
        found = self.meetings.get(meeting_id)
        if found is None:
            raise GraphError(404, "NotFound", "The requested online meeting does not exist.")
        return found

    def change(self, user: str, meeting_id: str, body: bytes) -> Meeting:
        """Change a meeting and return it."""
        meeting = self.get(user, meeting_id)
        self.meetings.change(meeting, _as_answered(_valid("req.onlineMeeting.patch", body)))
        return meeting

    def delete(self, user: str, meeting_id: str) -> None:
        """Remove a meeting."""
        self.meetings.remove(self.get(user, meeting_id))

    def _create(self, values: Meeting) -> Meeting:
        organizer = {"upn": self._organizer_upn, "identity": {"user": {"id": self._organizer_id}}}
        answered = _as_answered(values)
        answered["participants"] = {"attendees": [], **values.get("participants", {}), "organizer": organizer}
        return self.meetings.create(answered, _written(self._clock.now()))

    def _require_organizer(self, user: str) -> None:
        # Online meetings want the object id in the path; a user principal name is not found.
        if user.lower() != self._organizer_id.lower():
            raise GraphError(404, "UnknownError", "")


def graph_app(
    graph: SandboxGraph, graph_faults: Faults[GraphFault], smtp_faults: Faults[SmtpFault]
) -> FastAPI:
    """Return the web application that serves ``graph`` and the controls of the sandbox."""
    app = FastAPI(openapi_url=None)
    recorded: deque[Mapping[str, Any]] = deque(maxlen=_REQUESTS_KEPT)
    _add_faults_and_record(app, graph_faults, recorded)
    _add_authority(app, graph)
    _add_lookups(app, graph)
    _add_online_meetings(app, graph)
    _add_controls(app, graph, graph_faults, smtp_faults, recorded)

    @app.exception_handler(GraphError)
    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, GraphError):
            raise error
        return _error(request, error.status, error.code, error.message)

    return app


def _add_faults_and_record(
    app: FastAPI, faults: Faults[GraphFault], recorded: deque[Mapping[str, Any]]
) -> None:
    @app.middleware("http")
    async def disturb(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        path = request.url.path
        if path.startswith("/sandbox/"):
            return await call_next(request)
        body = await request.body()
        fault = faults.take(lambda each: each.applies(f"{request.method} {path}"))
        if fault is None:
            response = await call_next(request)
        else:
            if fault.drop:
                await call_next(request)
            response = _spoilt(request, fault)
        if path.startswith("/v1.0/"):
            # Requests to the authority hold the client secret and are not recorded.
            recorded.append(_record(request, body, response.status_code))
        return response


def _add_authority(app: FastAPI, graph: SandboxGraph) -> None:
    tenant = f"/{graph.tenant_id}"

    @app.get(f"{tenant}/v2.0/.well-known/openid-configuration")
    async def discovery(request: Request) -> Mapping[str, str]:
        base = f"{str(request.base_url).rstrip('/')}{tenant}"
        return {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        }

    @app.post(f"{tenant}/oauth2/v2.0/token")
    async def token(request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return _oauth_error(400, "unsupported_grant_type", "AADSTS70003: Not supported here.")
        granted = graph.sign_in(*_credentials(request, form))
        if granted is None:
            return _oauth_error(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        return JSONResponse(
            {
                "token_type": "Bearer",
                "expires_in": _TOKEN_SECONDS,
                "ext_expires_in": _TOKEN_SECONDS,
                "access_token": granted,
            }
        )


def _add_lookups(app: FastAPI, graph: SandboxGraph) -> None:
    base = "/v1.0/users/{user}"

    @app.get(base)
    async def get_user(request: Request, user: str) -> Mapping[str, Any]:
        graph.authorize(request.headers.get("Authorization", ""))
        fields = request.query_params.get("$select", "id,userPrincipalName").split(",")
        return {name: value for name, value in graph.user(user).items() if name in fields}

    @app.get(f"{base}/onlineMeetings")
    async def find_meetings(request: Request, user: str) -> Mapping[str, Any]:
        graph.authorize(request.headers.get("Authorization", ""))
        return {"value": graph.by_join_link(user, request.query_params.get("$filter", ""))}


def _add_online_meetings(app: FastAPI, graph: SandboxGraph) -> None:
    meetings = "/v1.0/users/{user}/onlineMeetings"
    meeting = f"{meetings}/{{meeting_id}}"

    def authorize(request: Request) -> None:
        graph.authorize(request.headers.get("Authorization", ""))

    @app.post(f"{meetings}/createOrGet")
    async def create_or_get(request: Request, user: str) -> Response:
        authorize(request)
        found, created = graph.create_or_get(user, await request.body())
        return JSONResponse(found, 201 if created else 200)

    @app.post(meetings)
    async def create(request: Request, user: str) -> Response:
        authorize(request)
        return JSONResponse(graph.create(user, await request.body()), 201)

    @app.get(meeting)
    async def get(request: Request, user: str, meeting_id: str) -> Response:
        authorize(request)
        return JSONResponse(graph.get(user, meeting_id))

    @app.patch(meeting)
    async def patch(request: Request, user: str, meeting_id: str) -> Response:
        authorize(request)
        return JSONResponse(graph.change(user, meeting_id, await request.body()))

    @app.delete(meeting)
    async def delete(request: Request, user: str, meeting_id: str) -> Response:
        authorize(request)
        graph.delete(user, meeting_id)
        return Response(status_code=204)


def _add_controls(
    app: FastAPI,
    graph: SandboxGraph,
    graph_faults: Faults[GraphFault],
    smtp_faults: Faults[SmtpFault],
    recorded: deque[Mapping[str, Any]],
) -> None:
    @app.post("/sandbox/faults", status_code=204)
    async def add_graph_fault(fault: GraphFault) -> None:
        graph_faults.add(fault)

    @app.post("/sandbox/smtp-faults", status_code=204)
    async def add_smtp_fault(fault: SmtpFault) -> None:
        smtp_faults.add(fault)

    @app.delete("/sandbox/faults", status_code=204)
    async def forget_faults() -> None:
        graph_faults.clear()
        smtp_faults.clear()

    @app.get("/sandbox/requests")
    async def requests() -> list[Mapping[str, Any]]:
        return list(recorded)

    @app.get("/sandbox/meetings")
    async def meetings() -> list[Meeting]:
        return graph.meetings.all()


def _credentials(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Return client id and secret from the form or from HTTP Basic (RFC 6749 §2.3.1 allows both)."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(client_id), unquote_plus(secret)


def _spoilt(request: Request, fault: GraphFault) -> Response:
    if isinstance(fault.body, str):
        response = Response(fault.body, fault.status, media_type="text/html")
    elif fault.body is not None:
        response = JSONResponse(fault.body, fault.status)
    else:
        response = _error(request, fault.status, fault.code, fault.message)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = (
            fault.retry_after if isinstance(fault.retry_after, str) else f"{fault.retry_after:g}"
        )
    return response


def _record(request: Request, body: bytes, status: int) -> Mapping[str, Any]:
    try:
        content = json.loads(body) if body else None
    except ValueError:
        content = body.decode("utf-8", "replace")
    return {
        "method": request.method,
        "path": request.url.path,
        "body": content,
        "status": status,
        "client-request-id": request.headers.get("client-request-id"),
    }


def _error(request: Request, status: int, code: str, message: str) -> Response:
    request_id = str(uuid4())
    inner = {
        "request-id": request_id,
        "client-request-id": request.headers.get("client-request-id", request_id),
    }
    return JSONResponse(
        {"error": {"code": code, "message": message, "innerError": inner}},
        status,
        headers={"request-id": request_id},
    )


def _oauth_error(status: int, error: str, description: str) -> Response:
    return JSONResponse(
        {"error": error, "error_description": description, "correlation_id": str(uuid4())}, status
    )


def _valid(definition: str, body: bytes) -> Meeting:
    """Return a request body that agrees with its definition; ``GraphError`` 400 otherwise."""
    try:
        content = json.loads(body)
    except ValueError:
        raise GraphError(400, "BadRequest", "Unable to read JSON request payload.") from None
    problem = next(_validator(definition).iter_errors(content), None)
    if problem is not None:
        raise GraphError(400, "BadRequest", f"{problem.json_path}: {problem.message}")
    values: Meeting = content
    return values


@cache
def _validator(definition: str) -> Draft202012Validator:
    schema = json.loads(files("integrations.sandbox").joinpath("graph.schema.json").read_bytes())
    return Draft202012Validator({**schema, "$ref": f"#/$defs/{definition}"})


def _as_answered(values: Meeting) -> Meeting:
    """Return request values in the form of answers: instants in UTC with seven fractional digits."""
    instants: Meeting = {
        name: _written(datetime.fromisoformat(values[name]))
        for name in ("startDateTime", "endDateTime")
        if name in values
    }
    return {**values, **instants}


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
