"""``/livez`` and ``/readyz``, for supervisors and load balancers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from orchestrator.bootstrap import Container
from orchestrator.web.container import services

router = APIRouter(tags=["health"])


@router.get("/livez", summary="Whether this process answers")
def livez() -> dict[str, str]:
    """Answer as long as the process runs; nothing else is looked at."""
    return {"status": "ok"}


@router.get("/readyz", summary="Whether this process can do its work")
def readyz(container: Annotated[Container, Depends(services)], response: Response) -> dict[str, object]:
    """Answer 200 when the database answers with the schema of this version, else 503.

    ``late`` counts actions that should have gone out a minute ago or more; it does not make the
    process unready, because restarting the web process would not send them.
    """
    try:
        present, newest = container.database.revisions()
        if present != newest:
            response.status_code = 503
            return {"status": "unready", "reason": "the database needs 'orchestrator db upgrade'"}
        return {"status": "ok", "late": container.reading.late()}
    except Exception as error:  # noqa: BLE001 - whatever keeps the database from answering is the answer.
        response.status_code = 503
        return {"status": "unready", "reason": f"the database does not answer ({type(error).__name__})"}
