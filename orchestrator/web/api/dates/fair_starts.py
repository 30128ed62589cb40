"""The REST API, version 1: finding a start that is fair."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from orchestrator.services.dates.fair_starts import SlotQuery, SlotsView
from orchestrator.web.container import (
    SlotsDep,
)
from orchestrator.web.openapi import api_router

router = api_router("slots")


@router.get("/slots", summary="Find a start")
def find_slots(query: Annotated[SlotQuery, Query()], slots: SlotsDep) -> SlotsView:
    """Return the best starts of a window, with what each costs every delegation, and why."""
    return slots.find(query)
