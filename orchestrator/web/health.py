"""``/livez`` and ``/readyz``, for supervisors and load balancers."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from orchestrator.web.container import DatabaseDep, ReadingDep, WriteProbeDep

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """This process answers."""

    status: Literal["ok"] = "ok"


class Ready(Alive):
    """This process can do its work; ``late`` counts actions due for a minute or more."""

    late: int


class Unready(BaseModel):
    """This process cannot do its work, and why."""

    status: Literal["unready"] = "unready"
    reason: str


@router.get("/livez", summary="Whether this process answers")
def livez() -> Alive:
    """Answer as long as the process runs; nothing else is looked at."""
    return Alive()


@router.get(
    "/readyz",
    summary="Whether this process can do its work",
    response_model=Ready,
    responses={503: {"model": Unready, "description": "It cannot."}},
)
def readyz(database: DatabaseDep, reading: ReadingDep, probe: WriteProbeDep) -> Ready | Response:
    """Answer 200 when the database has the schema of this version and takes what is written, else 503.

    ``late`` counts actions that should have gone out a minute ago or more; it does not make the
    process unready, because restarting the web process would not send them.
    """
    try:
        present, newest = database.revisions()
        if present != newest:
            return _unready("the database needs 'orchestrator db upgrade'")
        late = reading.late()
    except Exception as error:  # noqa: BLE001 - whatever keeps the database from answering is the answer.
        return _unready(f"the database does not answer ({type(error).__name__})")
    try:
        probe.require()
    except Exception as error:  # noqa: BLE001 - and whatever keeps anything from being written.
        return _unready(f"nothing can be written ({type(error).__name__})")
    return Ready(late=late)


def _unready(reason: str) -> Response:
    return JSONResponse(Unready(reason=reason).model_dump(), 503)
