"""The REST API, version 1: working calendars, what is entered over them, and the versions in use."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from orchestrator.services.delegations.calendars import (
    CalendarChange,
    CalendarsView,
    CalendarView,
    NewOverride,
    OverrideView,
    Versions,
)
from orchestrator.web.api.meetings.meetings import CALLER, Id, Preview, Services
from orchestrator.web.security import require_token

router = APIRouter(prefix="/api/v1", dependencies=[Depends(require_token)])
First = Annotated[date | None, Query(alias="from", description="By default the first of the month.")]
Last = Annotated[date | None, Query(alias="to", description="By default the last of the month.")]


@router.get("/calendars", tags=["calendars"], summary="All delegations")
def list_calendars(container: Services) -> CalendarsView:
    """Return every delegation in protocol order, as it is today, and the versions in use."""
    return container.calendars.all()


# Before the one that takes any code, which "overrides" would be.
@router.delete("/calendars/overrides/{override_id}", tags=["calendars"], summary="Withdraw an override")
def withdraw_override(override_id: Id, container: Services, preview: Preview = False) -> CalendarChange:
    """Take an override out of force, and say what moves; it stays listed."""
    return container.calendars.withdraw(override_id, caller=CALLER, preview=preview)


@router.get("/calendars/overrides", tags=["calendars"], summary="Overrides of all delegations")
def list_all_overrides(container: Services) -> list[OverrideView]:
    """Return everything that was ever entered, newest first, also what was withdrawn."""
    return container.calendars.overrides()


@router.get("/calendars/{code}", tags=["calendars"], summary="The calendar of a delegation")
def get_calendar(code: str, container: Services, first: First = None, last: Last = None) -> CalendarView:
    """Return each day of a period: working or not, hours, holiday, estimated or not, who changed it why."""
    return container.calendars.show(code, first, last)


@router.get("/calendars/{code}/overrides", tags=["calendars"], summary="Overrides of a delegation")
def list_overrides(code: str, container: Services) -> list[OverrideView]:
    """Return everything that was entered for a delegation, newest first, also what was withdrawn."""
    return container.calendars.overrides(code)


@router.post("/calendars/{code}/overrides", tags=["calendars"], summary="Enter an override", status_code=201)
def enter_override(
    code: str, body: NewOverride, container: Services, preview: Preview = False
) -> CalendarChange:
    """Enter a day off, a day that is worked, or other hours, and say what moves in which meeting.

    Other hours hold on the working days of their period, or on those weekdays that ``days`` names.
    """
    return container.calendars.enter(code, body, caller=CALLER, preview=preview)


@router.get("/versions", tags=["calendars"], summary="Versions in use")
def get_versions(container: Services) -> Versions:
    """Return the versions of zone data, holiday data and files, and which plans rest on older ones."""
    return container.calendars.versions()
