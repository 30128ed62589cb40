"""The REST API, version 1: finding a start that is fair."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from orchestrator.services.dates.fair_starts import SlotQuery, SlotsView
from orchestrator.web.api.meetings.meetings import Services
from orchestrator.web.security import require_token

router = APIRouter(prefix="/api/v1", dependencies=[Depends(require_token)])


@router.get("/slots", tags=["slots"], summary="Find a start")
def find_slots(query: Annotated[SlotQuery, Query()], container: Services) -> SlotsView:
    """Return the best starts of a window, with what each costs every delegation, and why."""
    return container.slots.find(query)
